//! A CA at work: admits, prepares, signs, revokes, publishes CRLs. One [`Authority`] is one CA with its key at hand.

use std::sync::Arc;

use crate::algorithm::KeyAlgorithm;
use crate::certificate::{CaId, CertificateRecord, Certificates, REVOCATIONS};
use crate::clock::{Clock, Entropy, EntropyError, in_words};
use crate::crl::CrlPlan;
use crate::issuance::IssueError;
use crate::issuance::issuer::Issuer;
use crate::issuance::reservation::{self, AbandonError};
use crate::keys::Signer;
use crate::ledger::Ledger;
use crate::lint::Judge;
use crate::name;
use crate::profile::Profile;
use crate::profile_book::ProfileBook;
use crate::serial::SerialNumber;
use crate::status::{Revocation, RevocationReason};
use crate::storage::{Change, CommitError, Expect, StorageError, Store};
use crate::vault::Vault;

mod ability;
pub mod absent;
mod cross;
mod issue;
pub mod link;
mod listing;
mod publish;
pub mod rehearsal;
pub mod retire;
mod revocations;
mod revoke;
mod root;

pub use ability::Unable;
pub use issue::{BACKDATE, ISSUED};
pub use publish::{CRL_PREPARED, CRL_PUBLISHED, CRL_STORED};
pub use revoke::{HELD, RELEASED, REVOKED};
pub use root::{CA_CERTIFICATES, FOUNDED, PREPARED, RootError, RootParts, found_root};

/// Where what a CA publishes can be fetched, over plain HTTP (RFC 5280 section 4.2.1.13, RFC 6960 appendix A.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Addresses {
    /// The OCSP responder.
    pub ocsp: String,
    /// The CA's certificate, DER.
    pub ca_issuers: String,
    /// The CA's CRL, DER. Of the certificates that name a shard, the shard's lies beside it.
    pub crl: String,
    /// The delta CRL, DER, where certificates name it.
    pub freshest_crl: Option<String>,
}

impl Addresses {
    /// The addresses that stand in certificates issued by `ca`, under a base such as `http://pki.gov.ls`.
    pub fn under(base: &str, ca: &CaId) -> Self {
        let base = base.trim_end_matches('/');
        Self {
            ocsp: format!("{base}/ocsp"),
            ca_issuers: format!("{base}/ca/{ca}.cer"),
            crl: format!("{base}/crl/{ca}.crl"),
            freshest_crl: None,
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
    /// What seals the certificates it keeps.
    pub vault: Arc<Vault>,
    /// The CA's key.
    pub signer: Arc<dyn Signer>,
    /// The CA's name in this installation.
    pub id: CaId,
    /// The CA's certificate, DER.
    pub certificate: Vec<u8>,
    /// The CA that certified it; `None` for a root.
    pub certified_by: Option<CaId>,
    /// The profiles it issues under.
    pub profiles: Arc<ProfileBook>,
    /// Where what it publishes can be fetched.
    pub addresses: Addresses,
}

/// A CA with its key at hand.
#[derive(Debug)]
pub struct Authority {
    parts: AuthorityParts,
    issuer: Issuer,
    certificates: Certificates,
    ledger: Ledger,
    plan: CrlPlan,
    judge: Judge,
}

impl Authority {
    /// Puts a CA together and checks that key and certificate belong together.
    ///
    /// # Errors
    /// The certificate cannot be read, is no CA's, or holds another key.
    pub fn new(parts: AuthorityParts) -> Result<Self, AuthorityError> {
        let issuer = Issuer::read(&parts.certificate, parts.signer.signature_algorithm())
            .map_err(AuthorityError::Certificate)?;
        if issuer.public_key_info != parts.signer.public_key_info() {
            return Err(AuthorityError::WrongKey);
        }
        let judge = Judge::of(&parts.certificate).map_err(AuthorityError::Certificate)?;
        let certificates = Certificates::new(Arc::clone(&parts.store), parts.id.clone());
        let ledger = Ledger::new(Arc::clone(&parts.clock), Arc::clone(&parts.entropy));
        Ok(Self { parts, issuer, certificates, ledger, plan: CrlPlan::default(), judge })
    }

    /// Publishes its CRLs, and divides the certificates among them, as `plan` says; else one full CRL lists everything.
    #[must_use]
    pub fn with_crl_plan(mut self, plan: CrlPlan) -> Self {
        self.plan = plan;
        self
    }

    /// Closes what a crash left between reserving a serial number and issuing, of `older_than` and more. Returns how
    /// many reservations there were. Choose a time that no issuance takes: other nodes may be at work on the same
    /// store, and what is closed under their hands is refused.
    ///
    /// # Errors
    /// The store failed.
    pub fn abandon_open_reservations(&self, older_than: time::Duration) -> Result<usize, AbandonError> {
        let made_before = self.parts.clock.now() - older_than;
        reservation::abandon_open(self.parts.store.as_ref(), &self.ledger, &self.parts.id, made_before)
    }

    /// Reads what this CA has issued.
    pub const fn certificates(&self) -> &Certificates {
        &self.certificates
    }

    /// The profiles it issues under.
    pub const fn profiles(&self) -> &Arc<ProfileBook> {
        &self.parts.profiles
    }

    /// The CA's certificate, DER.
    pub fn certificate(&self) -> &[u8] {
        &self.parts.certificate
    }

    /// The CA's own public key, a DER SubjectPublicKeyInfo.
    pub fn public_key_info(&self) -> &[u8] {
        &self.issuer.public_key_info
    }

    /// The CA's name in this installation.
    pub const fn id(&self) -> &CaId {
        &self.parts.id
    }

    /// The CA's own name, DER.
    pub fn name(&self) -> &[u8] {
        &self.issuer.name
    }

    /// The CA's own name, as RFC 4514 text.
    pub fn subject(&self) -> String {
        name::text(&self.issuer.name)
    }

    /// The name of the CA that certified it, as RFC 4514 text: its own for a root.
    pub fn issued_by(&self) -> String {
        name::text(&self.issuer.issued_by)
    }

    /// How it signs.
    pub fn algorithm(&self) -> KeyAlgorithm {
        self.parts.signer.algorithm()
    }

    /// The last second of its certificate, UTC.
    pub const fn not_after(&self) -> time::OffsetDateTime {
        self.issuer.not_after
    }

    /// Whether it is a root.
    pub const fn is_root(&self) -> bool {
        self.parts.certified_by.is_none()
    }

    /// Whether its own certificate is revoked or on hold. Then it issues nothing more.
    ///
    /// # Errors
    /// The store failed.
    pub fn revocation(&self) -> Result<Option<Revocation>, StorageError> {
        own_revocation(self.parts.store.as_ref(), self.parts.certified_by.as_ref(), &self.issuer)
    }

    /// Goes on only while the CA's own certificate counts, or for what tells status; and for nothing once it was retired.
    fn must_stand(&self, profile: &Profile) -> Result<(), IssueError> {
        if let Some(retired) = retire::retirement(self.parts.store.as_ref(), &self.parts.id)? {
            return Err(IssueError::IssuerRetired { ca: self.parts.id.clone(), at: retired.at });
        }
        if issue::tells_status(profile) {
            return Ok(());
        }
        match self.revocation()? {
            None => Ok(()),
            Some(Revocation { at, reason, .. }) => {
                Err(IssueError::IssuerRevoked { ca: self.parts.id.clone(), at, reason })
            }
        }
    }

    /// Demands, in the very change that keeps a certificate, that the CA's own still counts and that it was not retired,
    /// whichever node did either.
    fn still_stands(&self, profile: &Profile) -> Change {
        match &self.parts.certified_by {
            Some(above) if !issue::tells_status(profile) => {
                self.not_retired().check(REVOCATIONS, above.key(&self.issuer.serial), Expect::Absent)
            }
            _ => self.not_retired(),
        }
    }

    fn subject_of(&self, serial: &SerialNumber) -> String {
        format!("certificate:{}/{serial}", self.parts.id)
    }
}

/// What the store says of a CA's own certificate, whether the CA that certified it is here or its CRL was brought over.
fn own_revocation(
    store: &dyn Store,
    certified_by: Option<&CaId>,
    own: &Issuer,
) -> Result<Option<Revocation>, StorageError> {
    let Some(above) = certified_by else { return Ok(None) };
    let Some(entry) = store.get(REVOCATIONS, &above.key(&own.serial))? else { return Ok(None) };
    let found: revoke::RevocationEntry = serde_json::from_slice(&entry.value)
        .map_err(|error| StorageError(format!("a revocation cannot be read: {error}")))?;
    Ok(Some(found.revocation))
}

/// A CA could not be put together.
#[derive(Debug, thiserror::Error)]
pub enum AuthorityError {
    /// Its certificate cannot be used.
    #[error("the CA's certificate cannot be used: {0}")]
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
    /// It is on hold already.
    #[error("certificate {0} is on hold already")]
    AlreadyOnHold(SerialNumber),
    /// It is not on hold, so it cannot be released.
    #[error("certificate {0} is not on hold")]
    NotOnHold(SerialNumber),
    /// Its profile forbids suspension.
    #[error("certificate {serial} is of profile {profile}, which must not be suspended")]
    HoldForbidden {
        /// Which.
        serial: SerialNumber,
        /// Its profile.
        profile: String,
    },
    /// The date since which it is said to be invalid cannot be right.
    #[error(
        "certificate {serial} cannot be invalid since {}: give a moment from {} to {}",
        in_words(*since), in_words(*from), in_words(*until)
    )]
    InvalidSince {
        /// Which.
        serial: SerialNumber,
        /// The date given.
        since: time::OffsetDateTime,
        /// When it was issued for.
        from: time::OffsetDateTime,
        /// Now.
        until: time::OffsetDateTime,
    },
    /// The key of the CA that issued it is not here.
    #[error("certificate {serial} was issued by {ca}, whose key is not in this service")]
    KeyElsewhere {
        /// Which.
        serial: SerialNumber,
        /// Its CA.
        ca: CaId,
    },
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

/// Writes a record of ours as JSON.
fn encode(record: &CertificateRecord) -> Result<Vec<u8>, StorageError> {
    serde_json::to_vec(record).map_err(|error| StorageError(format!("a record cannot be written: {error}")))
}
