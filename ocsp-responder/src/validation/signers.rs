//! Who may have signed a CRL, and whether to believe it (RFC 5280 section 6.3.3 (f)): the issuer in the path, or another
//! certificate of the CRL's issuer whose own path leads to the same trust anchor and whose own status is good.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

use super::Inquiry;
use super::certificate::Certificate;
use super::crl::list::RevocationList;
use super::crl::point::DistributionPoint;
use super::crl::{CrlRefusal, Signers};
use super::path::{ValidPath, Visit};
use super::status::{CertificateStatus, GatheredEvidence, MAX_EVIDENCE, find_status};

/// The most signatures of CRLs that are checked for one verdict.
pub(crate) const MAX_CRL_SIGNATURES: usize = 64;
/// The most certificates that one CRL is tried with.
const MAX_CANDIDATES: usize = 4;
/// How far signers of CRLs are followed: the signer of the CRL that speaks of a CRL's signer, and so on.
const MAX_DEPTH: usize = 3;

/// The signers that one verdict believes, and what it has spent on them.
pub(super) struct PathSigners<'a> {
    inquiry: &'a Inquiry<'a>,
    spent: Cell<usize>,
    /// What was gathered for pairs of a certificate and its issuer: asked for once, though they stand in several paths.
    gathered: RefCell<HashMap<[Vec<u8>; 2], Rc<GatheredEvidence>>>,
    /// Those whose own validity is being found out: they cannot speak for themselves.
    pending: RefCell<Vec<Certificate>>,
}

impl<'a> PathSigners<'a> {
    pub(super) fn new(inquiry: &'a Inquiry<'a>) -> Self {
        Self { inquiry, spent: Cell::new(0), gathered: RefCell::default(), pending: RefCell::default() }
    }

    /// The evidence at hand for a certificate.
    pub(super) fn evidence(&self, certificate: &Certificate, issuer: &Certificate) -> Rc<GatheredEvidence> {
        let pair = [certificate.der().to_vec(), issuer.der().to_vec()];
        if let Some(known) = self.gathered.borrow().get(&pair) {
            return Rc::clone(known);
        }
        let source = self.inquiry.evidence;
        let mut found = GatheredEvidence {
            ocsp_responses: source.ocsp_responses(certificate, issuer),
            crls: source.crls(certificate, issuer),
        };
        found.ocsp_responses.truncate(MAX_EVIDENCE);
        found.crls.truncate(MAX_EVIDENCE);
        let found = Rc::new(found);
        self.gathered.borrow_mut().insert(pair, Rc::clone(&found));
        found
    }

    /// For the status of the certificate at this position of this path.
    pub(super) const fn at<'p>(&'p self, path: &'p ValidPath, position: usize) -> SignersAt<'p> {
        SignersAt { signers: self, path, position }
    }
}

pub(super) struct SignersAt<'p> {
    signers: &'p PathSigners<'p>,
    path: &'p ValidPath,
    position: usize,
}

impl SignersAt<'_> {
    /// The CAs above the certificate, whose own status the path answers for; the trust anchor last.
    fn above(&self) -> &[Certificate] {
        self.path.certificates().get(self.position + 1..).unwrap_or_default()
    }

    fn stands_above(&self, certificate: &Certificate) -> bool {
        self.above().iter().any(|above| above.der() == certificate.der())
    }

    /// Whether it is the certificate in question itself, and its issuer has named it as the one whose CRLs speak of it:
    /// there is nobody else to ask, and a CRL that lists its own signer is believed.
    fn speaks_for_itself(&self, signer: &Certificate) -> bool {
        let itself = self.path.certificates().get(self.position);
        itself.is_some_and(|itself| itself.der() == signer.der())
            && DistributionPoint::of(signer).iter().any(|point| point.names_crl_issuer(signer.subject_name()))
    }

    /// Whether the CAs of a signer's path bear the names of those above the certificate, self-issued ones aside.
    ///
    /// Stricter than section 6.3.3 (f), to which one trust anchor is enough: any CA below it could then certify a namesake
    /// of another CA, whose CRLs would speak of that one's certificates. A CRL issuer that the certificate itself
    /// names (cRLIssuer) may be anywhere.
    fn is_in_line(&self, path: &ValidPath) -> bool {
        let issuer = self.path.certificates().get(self.position).map(Certificate::issuer_name);
        let signer = path.certificates().first().map(Certificate::subject_name);
        let names = |certificates: &[Certificate]| {
            let mut names: Vec<_> = certificates.iter().map(|ca| ca.subject_name().clone()).collect();
            names.dedup();
            names
        };
        signer != issuer || names(path.certificates()) == names(self.above())
    }

    /// Whether all certificates of a signer's path, but those of the path itself, are of good status.
    fn is_good(&self, path: &ValidPath) -> bool {
        let good = |position: usize, certificate: &Certificate| {
            self.stands_above(certificate)
                || matches!(
                    find_status(path, position, self.signers.inquiry, self.signers).status,
                    CertificateStatus::Good
                        | CertificateStatus::NoRevocation
                        | CertificateStatus::TrustAnchor
                )
        };
        path.certificates().iter().enumerate().all(|(position, certificate)| good(position, certificate))
    }
}

impl Signers for SignersAt<'_> {
    fn of(&self, list: &RevocationList<'_>) -> Vec<Certificate> {
        let named = |certificate: &&Certificate| *certificate.subject_name() == list.issuer;
        let mut candidates: Vec<Certificate> = self.above().iter().filter(named).cloned().collect();
        for other in self.signers.inquiry.pool.named(&list.issuer) {
            if !candidates.iter().any(|known| known.der() == other.der()) {
                candidates.push(other.clone());
            }
        }
        // A hint only: issuers leave it out, or are wrong about it.
        let key = list.authority_key();
        candidates.sort_by_key(|candidate| key.is_some() && candidate.subject_key_identifier() != key);
        candidates.truncate(MAX_CANDIDATES);
        candidates
    }

    fn spend(&self) -> Result<(), CrlRefusal> {
        let spent = self.signers.spent.get();
        if spent >= MAX_CRL_SIGNATURES {
            return Err(CrlRefusal::Limit);
        }
        self.signers.spent.set(spent + 1);
        Ok(())
    }

    fn vouch(&self, signer: &Certificate) -> Result<(), CrlRefusal> {
        if self.stands_above(signer) {
            return Ok(());
        }
        if self.speaks_for_itself(signer) {
            return Ok(());
        }
        let is_pending = |pending: &Certificate| pending.der() == signer.der();
        if self.signers.pending.borrow().len() >= MAX_DEPTH
            || self.signers.pending.borrow().iter().any(is_pending)
        {
            return Err(CrlRefusal::UnprovenSigner);
        }
        self.signers.pending.borrow_mut().push(signer.clone());
        let inquiry = self.signers.inquiry;
        let mut proven = false;
        // What the relying party asks of policies it asks of the certificate, not of who signs CRLs.
        let visited = inquiry.pool.visit_paths(signer, &super::Demands::NONE, inquiry.at, &mut |path| {
            // The trust anchor MUST be the same.
            let anchor = |path: &ValidPath| path.certificates().last().map(|anchor| anchor.der().to_vec());
            proven = anchor(&path) == anchor(self.path) && self.is_in_line(&path) && self.is_good(&path);
            if proven { Visit::Enough } else { Visit::Another }
        });
        self.signers.pending.borrow_mut().pop();
        if visited.is_ok() && proven { Ok(()) } else { Err(CrlRefusal::UnprovenSigner) }
    }
}
