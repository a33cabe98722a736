//! Whether OCSP, CRL and filter say the same of the same certificates.

use ca_core::clock::in_words;
use ca_core::serial::SerialNumber;
use ocsp_responder::filter::{FilterStatus, VerifiedFilter};
use ocsp_responder::ocsp::client::{CertificateStatus, SignedBy, VerifiedStatus};
use rustls_pki_types::CertificateDer;
use time::Duration;

use super::answers::{Asked, Silent};
use super::findings::Trouble;
use super::lists::Lists;
use super::visit::{KnownCa, Visit};
use crate::failure::Failure;
use crate::relying_party::judgement;
use crate::relying_party::standing::{Said, Standing, Status, together};

const FIX: &str =
    "ask again in a minute; if it stays, trust what says \"revoked\", and tell the installation's operator";

/// OCSP tells of a revocation within a second, on a cluster within five.
const OCSP_IS_BEHIND: Duration = Duration::seconds(5);
/// A CRL tells of it within seconds, and caches may keep the one before for five minutes.
const CRL_IS_BEHIND: Duration = Duration::minutes(10);

/// A certificate that is asked about.
struct Asking {
    serial: SerialNumber,
    /// Where it is at hand.
    certificate: Option<CertificateDer<'static>>,
}

impl Visit<'_> {
    /// Asks everybody about what the CRLs list, about the given certificates of this CA, and about the responder's own.
    ///
    /// # Errors
    /// There is no randomness.
    pub(super) fn agreement(
        &mut self,
        ca: &KnownCa,
        lists: &Lists,
        filter: Option<&VerifiedFilter>,
        own: &SignedBy,
    ) -> Result<(), Failure> {
        let listed = lists.sample(self.sample);
        let revoked = listed.len();
        let mut asking: Vec<Asking> =
            listed.into_iter().map(|serial| Asking { serial, certificate: None }).collect();
        // It was issued by this CA, and answers: nobody may call it revoked.
        if let SignedBy::Delegate { certificate, .. } = own {
            asking.extend(at_hand(CertificateDer::from(certificate.clone()), ca));
        }
        let given = self.given.iter().filter_map(|chain| at_hand(chain.certificate.clone(), ca));
        asking.extend(given);
        let mut troubles = Vec::new();
        for one in &asking {
            troubles.extend(self.agree(ca, one, lists, filter)?);
        }
        let says = format!("{revoked} of its CRLs and {} others: all say the same", asking.len() - revoked);
        self.findings.found("agreement", Some(ca.id.as_str()), says, troubles);
        Ok(())
    }

    fn agree(
        &self,
        ca: &KnownCa,
        asking: &Asking,
        lists: &Lists,
        filter: Option<&VerifiedFilter>,
    ) -> Result<Option<Trouble>, Failure> {
        let Asking { serial, certificate } = asking;
        let trouble = |says: String| Some(Trouble::failed(format!("{serial}: {says}"), FIX));
        let verified = match self.status_of(ca, serial, Asked::Afresh)? {
            Ok((verified, _)) => verified,
            Err(Silent::Wrong(wrong)) => return Ok(trouble(format!("OCSP: {}", wrong.says))),
            Err(Silent::NotForThisCa) => return Ok(trouble("OCSP does not answer for it".to_owned())),
        };
        let (ocsp, crl) = (said(&verified), lists.say(serial));
        if certificate.is_some() && ocsp.status == Status::Unknown {
            return Ok(trouble("OCSP does not know it, and its CA signed it".to_owned()));
        }
        let standing = together(Some(&ocsp), crl.as_ref());
        if standing == Standing::Disagreement {
            let word = |said: &Said| match said.status {
                Status::Good => "good",
                Status::Revoked { .. } => "revoked",
                Status::Unknown => "unknown",
            };
            let crl = crl.as_ref().map_or("nothing", word);
            return Ok(trouble(format!("OCSP says {}, the CRL {crl}", word(&ocsp))));
        }
        if let Some(behind) = crl.and_then(|crl| self.behind(&ocsp, &crl)) {
            return Ok(Some(Trouble { says: format!("{serial}: {}", behind.says), ..behind }));
        }
        let Some(filter) = filter else { return Ok(None) };
        Ok(by_filter(filter, asking, &ocsp).and_then(|says| trouble(says.to_owned())))
    }
}

impl Visit<'_> {
    /// Two answers that do not contradict each other, as one was made before the revocation; but it should not be that old.
    fn behind(&self, ocsp: &Said, crl: &Said) -> Option<Trouble> {
        match (&ocsp.status, &crl.status) {
            (Status::Good, Status::Revoked { at, .. })
                if ocsp.this_update <= *at && self.now - *at > OCSP_IS_BEHIND =>
            {
                let says = format!("revoked {}, and OCSP, as of before, says good", in_words(*at));
                Some(Trouble::failed(
                    says,
                    "it does not hear from its feed or store: read its /readyz and its log",
                ))
            }
            (Status::Revoked { at, .. }, Status::Good)
                if crl.this_update <= *at && self.now - *at > CRL_IS_BEHIND =>
            {
                let says = format!("revoked {}, and the CRL, as of before, does not list it", in_words(*at));
                Some(Trouble::warning(
                    says,
                    "read the log of the installation, which makes a CRL within seconds",
                ))
            }
            _ => None,
        }
    }
}

/// What is wrong with what the filter says, against OCSP, which is newer.
fn by_filter(filter: &VerifiedFilter, asking: &Asking, ocsp: &Said) -> Option<&'static str> {
    let as_of = filter.head().as_of;
    match &ocsp.status {
        Status::Revoked { at, .. } if *at < as_of && !filter.lists_serial(&asking.serial) => {
            Some("OCSP says revoked, and the filter, which was made later, does not list it")
        }
        // Only of a certificate that it covers does a filter say anything: of others it may take one for a revoked one.
        Status::Good => {
            let certificate = judgement::certificate(asking.certificate.as_ref()?).ok()?;
            let says = filter.status(&certificate).ok()?;
            (says == FilterStatus::Revoked)
                .then_some("OCSP says good, and the filter revoked (if it was released from hold since, the next filter says good)")
        }
        _ => None,
    }
}

/// A certificate, if this CA issued it.
fn at_hand(certificate: CertificateDer<'static>, ca: &KnownCa) -> Option<Asking> {
    let (_, parsed) = x509_parser::parse_x509_certificate(&certificate).ok()?;
    let (_, issuer) = x509_parser::parse_x509_certificate(&ca.certificate).ok()?;
    if parsed.issuer().as_raw() != issuer.subject().as_raw() {
        return None;
    }
    let serial = SerialNumber::from_der_content(parsed.raw_serial()).ok()?;
    Some(Asking { serial, certificate: Some(certificate) })
}

fn said(verified: &VerifiedStatus) -> Said {
    let status = match verified.status {
        CertificateStatus::Good => Status::Good,
        CertificateStatus::Unknown => Status::Unknown,
        CertificateStatus::Revoked { at, reason } => {
            Status::Revoked { at, reason: reason.map(|reason| reason.name().to_owned()) }
        }
    };
    Said { status, this_update: verified.this_update, next_update: verified.next_update }
}
