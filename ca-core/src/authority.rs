//! An issuing CA at work: admits, prepares, signs, revokes, publishes CRLs.

use std::sync::Arc;

use crate::certificate::{CaId, CertificateRecord, Certificates};
use crate::clock::{Clock, Entropy, EntropyError};
use crate::csr::VerifiedCsr;
use crate::issuance::{IssuanceRequest, IssueError, IssuedCertificate, PreparedCertificate, Refusal};
use crate::keys::Signer;
use crate::ledger::Actor;
use crate::profile::{Profile, ProfileSet};
use crate::serial::SerialNumber;
use crate::status::RevocationReason;
use crate::storage::{AuditedChange, CommitError, StorageError, Store};
use crate::subject::ApprovedSubject;

/// Where what a CA publishes can be fetched, over plain HTTP (RFC 5280 section 4.2.1.13, RFC 6960 appendix A.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Addresses {
    /// The OCSP responder.
    pub ocsp: String,
    /// The CA's certificate, DER.
    pub ca_issuers: String,
    /// The CA's CRL, DER.
    pub crl: String,
}

impl Addresses {
    /// The addresses of `ca` under a base such as `http://pki.gov.ls`.
    pub fn under(base: &str, ca: &CaId) -> Self {
        let base = base.trim_end_matches('/');
        Self {
            ocsp: format!("{base}/ocsp"),
            ca_issuers: format!("{base}/ca/{ca}.cer"),
            crl: format!("{base}/crl/{ca}.crl"),
        }
    }
}

/// What an [`Authority`] is put together from.
#[derive(Debug)]
pub struct AuthorityParts {
    /// Where everything is kept.
    pub store: Arc<dyn Store>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The randomness.
    pub entropy: Arc<dyn Entropy>,
    /// The CA's key.
    pub signer: Arc<dyn Signer>,
    /// The CA's name in this installation.
    pub id: CaId,
    /// The CA's certificate, DER.
    pub certificate: Vec<u8>,
    /// The profiles it issues under.
    pub profiles: ProfileSet,
    /// Where what it publishes can be fetched.
    pub addresses: Addresses,
}

/// An issuing CA with its key at hand.
#[derive(Debug)]
pub struct Authority {
    parts: AuthorityParts,
    certificates: Certificates,
}

impl Authority {
    /// Puts a CA together and checks that key and certificate belong together.
    ///
    /// # Errors
    /// The certificate cannot be read, is no CA's, or holds another key.
    pub fn new(parts: AuthorityParts) -> Result<Self, AuthorityError> {
        let certificates = Certificates::new(Arc::clone(&parts.store), parts.id.clone());
        Ok(Self { parts, certificates })
    }

    /// Reads what this CA has issued.
    pub const fn certificates(&self) -> &Certificates {
        &self.certificates
    }

    /// The profiles it issues under.
    pub const fn profiles(&self) -> &ProfileSet {
        &self.parts.profiles
    }

    /// The CA's certificate, DER.
    pub fn certificate(&self) -> &[u8] {
        &self.parts.certificate
    }

    /// Asks a profile whether it admits a request for this identity. Changes nothing.
    ///
    /// # Errors
    /// The refusal, with its rule.
    pub fn admit(
        &self,
        csr: &VerifiedCsr,
        subject: ApprovedSubject,
        profile: &Profile,
    ) -> Result<IssuanceRequest, IssueError> {
        let _ = (csr, subject, profile, Refusal::KeyOfAnother);
        todo!("issuance")
    }

    /// Reserves a serial number durably, writes the to-be-signed bytes and lints them.
    ///
    /// # Errors
    /// Lint found a fault, or the reservation could not be committed.
    pub fn prepare(
        &self,
        request: IssuanceRequest,
        actor: &Actor,
    ) -> Result<PreparedCertificate, IssueError> {
        let _ = (request, actor);
        todo!("issuance")
    }

    /// Signs, and commits the certificate, its binding, its event and `also` in one change. By move: at most once.
    ///
    /// # Errors
    /// The key could not be used, or the change could not be committed; then the certificate is never given out.
    pub fn sign(
        &self,
        prepared: PreparedCertificate,
        actor: &Actor,
        also: impl FnOnce(&CertificateRecord) -> AuditedChange,
    ) -> Result<IssuedCertificate, IssueError> {
        let _ = (prepared, actor, also);
        todo!("issuance")
    }

    /// Revokes a certificate or puts it on hold; `also` is committed in the same change.
    ///
    /// # Errors
    /// No such certificate, already revoked, expired, or the change could not be committed.
    pub fn revoke(
        &self,
        serial: &SerialNumber,
        reason: RevocationReason,
        actor: &Actor,
        also: AuditedChange,
    ) -> Result<CertificateRecord, RevokeError> {
        let _ = (serial, reason, actor, also);
        todo!("revocation")
    }

    /// Releases a certificate from hold.
    ///
    /// # Errors
    /// No such certificate, not on hold, or the change could not be committed.
    pub fn release(
        &self,
        serial: &SerialNumber,
        actor: &Actor,
        also: AuditedChange,
    ) -> Result<CertificateRecord, RevokeError> {
        let _ = (serial, actor, also);
        todo!("revocation")
    }
}

/// A CA could not be put together.
#[derive(Debug, thiserror::Error)]
pub enum AuthorityError {
    /// Its certificate cannot be read.
    #[error("the CA's certificate cannot be read: {0}")]
    Certificate(String),
    /// Key and certificate do not belong together.
    #[error("the CA's key does not belong to its certificate")]
    WrongKey,
}

/// A certificate was not revoked or released.
#[derive(Debug, thiserror::Error)]
pub enum RevokeError {
    /// This CA never issued such a certificate.
    #[error("this CA has not issued a certificate with serial number {0}")]
    Unknown(SerialNumber),
    /// It is revoked for good.
    #[error("certificate {serial} was revoked already, {at}, {reason}")]
    AlreadyRevoked {
        /// Which.
        serial: SerialNumber,
        /// When.
        at: time::OffsetDateTime,
        /// Why.
        reason: RevocationReason,
    },
    /// It is not on hold, so it cannot be released.
    #[error("certificate {0} is not on hold")]
    NotOnHold(SerialNumber),
    /// The change could not be committed.
    #[error(transparent)]
    Commit(#[from] CommitError),
    /// No randomness.
    #[error(transparent)]
    Entropy(#[from] EntropyError),
}

impl From<StorageError> for RevokeError {
    fn from(error: StorageError) -> Self {
        Self::Commit(error.into())
    }
}
