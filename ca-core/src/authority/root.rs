//! Founding a root CA: the one certificate that signs itself.

use std::sync::Arc;

use time::Duration;

use super::{Addresses, AuthorityParts};
use crate::blocked_keys;
use crate::certificate::CaId;
use crate::clock::whole_seconds;
use crate::clock::{Clock, Entropy, EntropyError};
use crate::csr::{CsrError, SubjectPublicKey, Wishes};
use crate::fingerprint::fingerprint;
use crate::issuance::to_be_signed::{self, Contents, IssuedBy};
use crate::issuance::{EncodingError, IssueError, Refusal};
use crate::keys::{KeyError, Signer};
use crate::ledger::signatures::TO_BE_SIGNED;
use crate::ledger::{Action, Actor, Ledger};
use crate::lint;
use crate::profile_book::{InForce, ProfileBook};
use crate::serial::SerialNumber;
use crate::storage::{Change, CommitError, Store, Table};
use crate::subject::ApprovedSubject;
use crate::vault::Vault;

/// Certificates of this installation's CAs, DER, by the CA's name.
pub const CA_CERTIFICATES: Table = Table::octets("ca_certificates");

/// A root CA's certificate is settled; it is signed next.
pub const PREPARED: Action = Action::named("ca.prepared");
/// A root CA was founded.
pub const FOUNDED: Action = Action::named("ca.founded");

/// What a root CA is founded from.
#[derive(Debug)]
pub struct RootParts<'a> {
    /// Where everything is kept.
    pub store: Arc<dyn Store>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The randomness.
    pub entropy: Arc<dyn Entropy>,
    /// What will seal the certificates it keeps. Its own is a CA's and public.
    pub vault: Arc<Vault>,
    /// The root's key.
    pub signer: Arc<dyn Signer>,
    /// The root's name in this installation.
    pub id: CaId,
    /// The root's profile.
    pub profile: &'a InForce,
    /// The root's own name.
    pub subject: &'a ApprovedSubject,
    /// The profiles the root will issue under.
    pub profiles: Arc<ProfileBook>,
    /// Where what it publishes can be fetched.
    pub addresses: Addresses,
}

/// Makes a self-signed root certificate, linted before it is signed, and what an
/// [`Authority`](super::Authority) needs to work with it.
///
/// # Errors
/// The profile refuses the key or name, lint finds a fault, the key cannot be used, or a CA of this name exists.
pub fn found_root(parts: RootParts<'_>, actor: &Actor) -> Result<AuthorityParts, RootError> {
    let ledger = Ledger::new(Arc::clone(&parts.clock), Arc::clone(&parts.entropy));
    let linted = to_be_self_signed(&parts)?;
    let subject = format!("ca:{}", parts.id);
    // The ledger knows of it before it is signed: where nothing can be written, nothing is signed.
    let intent = ledger.event(actor, PREPARED, subject)?.with(TO_BE_SIGNED, fingerprint(linted.as_bytes()));
    parts.store.commit(Change::new().explained_by(&intent))?;
    let signature = parts.signer.sign(linted.as_bytes())?;
    let certificate = linted.with_signature(&signature)?;
    let event =
        ledger.event(actor, FOUNDED, format!("ca:{}", parts.id))?.with("sha256", fingerprint(&certificate));
    let change =
        Change::new().insert(CA_CERTIFICATES, parts.id.as_str(), certificate.clone()).explained_by(&event);
    parts.store.commit(change)?;
    Ok(AuthorityParts {
        store: parts.store,
        clock: parts.clock,
        entropy: parts.entropy,
        vault: parts.vault,
        signer: parts.signer,
        id: parts.id,
        certified_by: None,
        certificate,
        profiles: parts.profiles,
        addresses: parts.addresses,
    })
}

fn to_be_self_signed(parts: &RootParts<'_>) -> Result<lint::LintedTbs, RootError> {
    let key = SubjectPublicKey::from_der(parts.signer.public_key_info())?;
    if let Some(blocked) =
        blocked_keys::blocked(parts.store.as_ref(), key.der()).map_err(CommitError::from)?
    {
        return Err(Refusal::from(blocked).into());
    }
    let admitted = parts.profile.admit(key, &Wishes::none(), parts.subject.clone())?;
    let not_before = whole_seconds(parts.clock.now());
    let written = to_be_signed::certificate(
        &Contents {
            profile: parts.profile,
            attributes: &admitted.attributes,
            names: &[],
            key: &admitted.key,
            serial: &SerialNumber::draw(parts.entropy.as_ref())?,
            not_before,
            not_after: not_before + parts.profile.validity_at(not_before) - Duration::seconds(1),
            addresses: &parts.addresses,
        },
        &IssuedBy::Itself(parts.signer.signature_algorithm()),
    )?;
    let context = lint::Context { issuer: None, profile: parts.profile };
    Ok(lint::lint(written, &context).map_err(IssueError::from)?)
}

/// A root CA was not founded.
#[derive(Debug, thiserror::Error)]
pub enum RootError {
    /// The profile does not admit it.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Its key is not fit for a certificate.
    #[error(transparent)]
    KeyUnfit(#[from] CsrError),
    /// Lint found a fault.
    #[error(transparent)]
    Issue(#[from] IssueError),
    /// The key could not be used.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// No randomness.
    #[error(transparent)]
    Entropy(#[from] EntropyError),
    /// The certificate could not be encoded.
    #[error(transparent)]
    Encoding(#[from] EncodingError),
    /// The change could not be committed; a conflict means that a CA of this name exists.
    #[error(transparent)]
    Commit(#[from] CommitError),
}
