//! A responder elsewhere renews its certificate itself: with a statement that its present key signs.
//!
//! An administrator's word for a responder holds until one is taken back: what was certified once is certified anew, for the same name and
//! the same CA, under the profile that is in force. Revoking its newest certificate takes the word back.

use ca_core::certificate::{CaId, CertificateRecord};
use ca_core::csr::{CertificationRequest, CsrError};
use ca_core::fingerprint::fingerprint;
use ca_core::issuance::IssuedCertificate;
use ca_core::jws::{self, JwsError, Unverified};
use ca_core::keys::Signer;
use ca_core::ledger::Actor;
use ca_core::serial::SerialNumber;
use ca_core::storage::StorageError;
use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};

use super::identity;
use crate::fault::Fault;
use crate::registry::Registry;
use crate::remote::{RemoteName, RemoteRefused};

/// The type of the statement (RFC 7515 section 4.1.9).
const TYPE: &str = "npki-responder-renewal+jws";
/// By how much a responder that asks when half of a life is over may be early: the clocks of two machines.
const EARLY: Duration = Duration::hours(1);
/// How many certificates of one responder are read at once: it gets one in fifteen days.
const AT_ONCE: usize = 256;

/// What a responder states, under its present key.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Statement {
    ca: String,
    /// The responder's name.
    name: String,
    /// A certification request for the new key, PEM.
    csr: String,
}

/// Writes a statement that asks for the renewal of `certificate` (DER), which is for `key`.
///
/// # Errors
/// The key could not be used, or is of a kind that has no name in JOSE.
pub fn renewal_statement(
    key: &dyn Signer,
    certificate: &[u8],
    (ca, name): (&CaId, &RemoteName),
    csr: &str,
) -> Result<String, JwsError> {
    let statement = Statement { ca: ca.to_string(), name: name.to_string(), csr: csr.to_owned() };
    let payload = serde_json::to_vec(&statement).map_err(|_| JwsError::Form("its payload"))?;
    jws::sign(key, TYPE, certificate, &payload)
}

/// What came of it.
#[derive(Debug)]
pub struct Renewed {
    /// The new certificate, DER.
    pub der: Vec<u8>,
    /// What is kept of it.
    pub record: CertificateRecord,
}

impl From<IssuedCertificate> for Renewed {
    fn from(issued: IssuedCertificate) -> Self {
        Self { der: issued.der, record: issued.record }
    }
}

/// The certificate that a statement is signed with, and the newest of the same responder.
struct Known {
    present: CertificateRecord,
    newest: CertificateRecord,
}

impl Registry {
    /// Certifies a responder's next key, as its present key states. The same statement again gives the same certificate.
    ///
    /// # Errors
    /// See [`RenewalRefused`].
    pub fn renew_responder(&self, ca: &CaId, statement: &str) -> Result<Renewed, RenewalRefused> {
        let verified = Unverified::parse(statement, TYPE)?.verify()?;
        let stated: Statement =
            serde_json::from_slice(&verified.payload).map_err(|_| JwsError::Form("its payload"))?;
        if stated.ca != ca.as_str() {
            return Err(RenewalRefused::OtherCa);
        }
        let name: RemoteName = stated.name.parse().map_err(|_| RenewalRefused::Stranger)?;
        let known = self.known_responder(ca, &name, &fingerprint(&verified.certificate))?;
        let csr = CertificationRequest::parse(stated.csr.as_bytes())?.verify()?;
        let next = fingerprint(csr.key().der());
        // The answer did not arrive, and the responder asks again.
        if known.newest.key_sha256 == next && known.newest.serial != known.present.serial {
            return self.issued_before(ca, known.newest);
        }
        known.may_renew(&next, self.now())?;
        let actor = Actor(format!("responder:{name}"));
        Ok(self.certify(&actor, ca, &name, &csr)?.into())
    }

    /// The responder's certificates: the one of this digest, and the newest.
    fn known_responder(&self, ca: &CaId, name: &RemoteName, sha256: &str) -> Result<Known, RenewalRefused> {
        let authority = self.authorities().of(ca).ok_or_else(|| RemoteRefused::Unknown(ca.clone()))?;
        let identity = identity(ca, name);
        let (mut present, mut newest): (Option<CertificateRecord>, Option<CertificateRecord>) = (None, None);
        let mut after = None;
        loop {
            let page = authority.certificates().of_identity(&identity, after.as_ref(), AT_ONCE)?;
            let is_last = page.len() < AT_ONCE;
            after = page.last().map(|record| record.serial.clone());
            // The very certificate that was issued, and not one that somebody made with its number.
            present = present.or_else(|| page.iter().find(|record| record.sha256 == sha256).cloned());
            newest = newest.into_iter().chain(page).max_by_key(|record| record.issued_at);
            if is_last {
                break;
            }
        }
        match (present, newest) {
            (Some(present), Some(newest)) => Ok(Known { present, newest }),
            _ => Err(RenewalRefused::Stranger),
        }
    }

    fn issued_before(&self, ca: &CaId, record: CertificateRecord) -> Result<Renewed, RenewalRefused> {
        if record.revocation.is_some() {
            return Err(RenewalRefused::Withdrawn(record.serial));
        }
        let authority = self.authorities().of(ca).ok_or_else(|| RemoteRefused::Unknown(ca.clone()))?;
        let der = authority.certificates().der(&record, self.vault()).map_err(Fault::from)?;
        let der = der.ok_or(RenewalRefused::Stranger)?;
        Ok(Renewed { der, record })
    }
}

impl Known {
    /// Blocking a key revokes its certificates, so that a blocked one is no word either.
    fn may_renew(&self, next: &str, now: OffsetDateTime) -> Result<(), RenewalRefused> {
        let Self { present, newest } = self;
        if let Some(revoked) = [present, newest].into_iter().find(|record| record.revocation.is_some()) {
            return Err(RenewalRefused::Withdrawn(revoked.serial.clone()));
        }
        if newest.serial != present.serial {
            return Err(RenewalRefused::Superseded(newest.serial.clone()));
        }
        if now > present.not_after {
            return Err(RenewalRefused::Ended(present.not_after));
        }
        let half = present.not_before + (present.not_after - present.not_before) / 2;
        if now < half - EARLY {
            return Err(RenewalRefused::Early(half));
        }
        if next == present.key_sha256 {
            return Err(RenewalRefused::SameKey);
        }
        Ok(())
    }
}

/// A responder's certificate is not renewed.
#[derive(Debug, thiserror::Error)]
pub enum RenewalRefused {
    /// The statement cannot be read, or its signature does not hold.
    #[error("the statement: {0}")]
    Statement(#[from] JwsError),
    /// The statement is for another CA than it was sent to.
    #[error("the statement names another CA")]
    OtherCa,
    /// The certificate in the statement is no responder's that was certified here.
    #[error("the certificate that it is signed with was not issued here to a responder of this CA")]
    Stranger,
    /// An administrator revoked it.
    #[error(
        "certificate {0} of this responder was revoked, or its key blocked: an administrator took its appointment back"
    )]
    Withdrawn(SerialNumber),
    /// There is a newer one.
    #[error("this responder has a newer certificate, {0}: the statement must be signed with that one's key")]
    Superseded(SerialNumber),
    /// It is over.
    #[error("the certificate ended {0}: an administrator certifies the responder anew")]
    Ended(OffsetDateTime),
    /// Not yet.
    #[error("the certificate is renewed from {0} on")]
    Early(OffsetDateTime),
    /// The key stays the same.
    #[error("the new key is the present one")]
    SameKey,
    /// The request for the new key.
    #[error(transparent)]
    Csr(#[from] CsrError),
    /// What certifying refuses.
    #[error(transparent)]
    Refused(#[from] RemoteRefused),
    /// The registry failed.
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl From<StorageError> for RenewalRefused {
    fn from(error: StorageError) -> Self {
        Self::Fault(error.into())
    }
}
