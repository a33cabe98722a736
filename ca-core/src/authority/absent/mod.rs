//! A CA of the installation whose key is elsewhere: offline, or retired. What it made is brought over in files, and
//! believed only for the signatures on them: its certificate, those it issued to other CAs, its CRLs.

mod crl;
mod list;

use std::sync::Arc;

use time::OffsetDateTime;

use super::root::CA_CERTIFICATES;
use super::{AuthorityError, own_revocation};
use crate::algorithm::KeyAlgorithm;
use crate::certificate::CaId;
use crate::clock::{Clock, Entropy, EntropyError};
use crate::csr::SubjectPublicKey;
use crate::issuance::issuer::Issuer;
use crate::ledger::signatures::{Seen, TO_BE_SIGNED};
use crate::ledger::{Action, Actor, Event, Ledger};
use crate::name;
use crate::status::Revocation;
use crate::storage::{Change, CommitError, StorageError, Store};

pub use crl::{CRL_INSTALLED, CrlRefused, TakenCrl, Taking};

/// A CA's certificate that was made elsewhere was taken over.
pub const INSTALLED: Action = Action::named("ca.installed");

/// What an [`AbsentAuthority`] is put together from.
#[derive(Debug, Clone)]
pub struct AbsentParts {
    /// Where everything is kept.
    pub store: Arc<dyn Store>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The randomness.
    pub entropy: Arc<dyn Entropy>,
    /// The CA's name in this installation.
    pub id: CaId,
    /// The CA's certificate, DER.
    pub certificate: Vec<u8>,
    /// The CA that certified it; `None` for a root.
    pub certified_by: Option<CaId>,
}

/// A CA whose key is elsewhere.
#[derive(Debug)]
pub struct AbsentAuthority {
    parts: AbsentParts,
    issuer: Issuer,
    /// What kind of key it has; `None` for one that npki does not make.
    key: Option<KeyAlgorithm>,
    ledger: Ledger,
}

impl AbsentAuthority {
    /// Reads the CA's certificate.
    ///
    /// # Errors
    /// It is no CA's, or its key is not one to rely on.
    pub fn new(parts: AbsentParts) -> Result<Self, AuthorityError> {
        let issuer = Issuer::of_certificate(&parts.certificate).map_err(AuthorityError::Certificate)?;
        let key = SubjectPublicKey::from_der(&issuer.public_key_info)
            .map_err(|error| AuthorityError::Certificate(error.to_string()))?;
        let ledger = Ledger::new(Arc::clone(&parts.clock), Arc::clone(&parts.entropy));
        Ok(Self { key: key.kind().algorithm(), parts, issuer, ledger })
    }

    /// Goes on with a root only: signed by its own key, of the kind that was planned, and in force.
    ///
    /// # Errors
    /// Which of these it is not.
    pub fn must_be_root(&self, planned: KeyAlgorithm) -> Result<(), AuthorityError> {
        let refused = |why: String| Err(AuthorityError::Certificate(why));
        let signed = Seen::of_der(&self.parts.certificate)
            .is_some_and(|seen| seen.is_signed_with(&self.issuer.public_key_info));
        // RFC 5280 section 3.2: self-signed, that is issued under its own name too.
        if self.issuer.name != self.issuer.issued_by || !signed {
            return refused("it is no root's: its own key did not sign it".to_owned());
        }
        let now = self.parts.clock.now();
        if now < self.issuer.not_before || now > self.issuer.not_after {
            return refused(format!(
                "it is valid from {} until {}",
                crate::clock::in_words(self.issuer.not_before),
                crate::clock::in_words(self.issuer.not_after)
            ));
        }
        match self.key {
            Some(key) if key == planned => Ok(()),
            found => {
                let found = found.map_or_else(|| "another kind".to_owned(), |key| key.to_string());
                refused(format!("its key is of {found}, and {planned} was planned"))
            }
        }
    }

    /// Writes the CA's own certificate into the store and the ledger. Nothing is done where it is there.
    ///
    /// # Errors
    /// Another certificate is there under this name, or the store failed.
    pub fn install(&self, actor: &Actor) -> Result<(), InstallError> {
        let event = self.ledger.event(actor, INSTALLED, format!("ca:{}", self.parts.id))?;
        self.keep(&self.parts.id, &self.parts.certificate, event)
    }

    /// Writes a certificate that this CA issued to another CA of the installation into the store and the ledger. Nothing
    /// is done where it is there.
    ///
    /// # Errors
    /// This CA's key did not sign it, another certificate is there under this name, or the store failed.
    pub fn install_issued(&self, ca: &CaId, certificate: &[u8], actor: &Actor) -> Result<(), InstallError> {
        let signed =
            Seen::of_der(certificate).is_some_and(|seen| seen.is_signed_with(&self.issuer.public_key_info));
        let issued = Issuer::of_certificate(certificate).ok().filter(|it| it.issued_by == self.issuer.name);
        let Some(issued) = issued.filter(|_| signed) else {
            return Err(InstallError::NotIssuedHere { ca: ca.clone(), by: self.parts.id.clone() });
        };
        // Named as the ledger of an online CA would name it.
        let subject = format!("certificate:{}/{}", self.parts.id, issued.serial);
        let event = self.ledger.event(actor, INSTALLED, subject)?.with("ca", ca.to_string());
        self.keep(ca, certificate, event)
    }

    fn keep(&self, ca: &CaId, certificate: &[u8], event: Event) -> Result<(), InstallError> {
        match self.parts.store.get(CA_CERTIFICATES, ca.as_str().as_bytes())? {
            Some(kept) if kept.value == certificate => return Ok(()),
            Some(_) => return Err(InstallError::Another(ca.clone())),
            None => {}
        }
        let event = told(event, certificate);
        let change = Change::new().insert(CA_CERTIFICATES, ca.as_str(), certificate).explained_by(&event);
        self.parts.store.commit(change)?;
        Ok(())
    }

    /// The CA's name in this installation.
    pub const fn id(&self) -> &CaId {
        &self.parts.id
    }

    /// The CA's certificate, DER.
    pub fn certificate(&self) -> &[u8] {
        &self.parts.certificate
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

    /// What kind of key it has; `None` for one that npki does not make.
    pub const fn key(&self) -> Option<KeyAlgorithm> {
        self.key
    }

    /// The last second of its certificate, UTC.
    pub const fn not_after(&self) -> OffsetDateTime {
        self.issuer.not_after
    }

    /// Whether it is a root.
    pub const fn is_root(&self) -> bool {
        self.parts.certified_by.is_none()
    }

    /// Whether its own certificate is revoked or on hold.
    ///
    /// # Errors
    /// The store failed.
    pub fn revocation(&self) -> Result<Option<Revocation>, StorageError> {
        own_revocation(self.parts.store.as_ref(), self.parts.certified_by.as_ref(), &self.issuer)
    }
}

/// An event with the digests of what was signed and of the whole, so that what is seen in the wild is found again.
pub(super) fn told(event: Event, der: &[u8]) -> Event {
    let event = event.with("sha256", crate::fingerprint::fingerprint(der));
    match Seen::of_der(der) {
        Some(seen) => event.with(TO_BE_SIGNED, seen.to_be_signed.to_string()),
        None => event,
    }
}

/// A certificate was not taken over.
#[derive(Debug, thiserror::Error)]
pub enum InstallError {
    /// The CA did not sign it.
    #[error("the certificate of {ca} was not issued by {by}")]
    NotIssuedHere {
        /// Whose certificate it is said to be.
        ca: CaId,
        /// The CA that should have issued it.
        by: CaId,
    },
    /// The CA has another certificate.
    #[error("{0} has another certificate in this installation's store")]
    Another(CaId),
    /// The change could not be committed.
    #[error(transparent)]
    Commit(#[from] CommitError),
    /// No randomness.
    #[error(transparent)]
    Entropy(#[from] EntropyError),
}

impl From<StorageError> for InstallError {
    fn from(error: StorageError) -> Self {
        Self::Commit(error.into())
    }
}
