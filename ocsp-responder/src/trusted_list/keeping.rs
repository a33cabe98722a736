//! Keeping the installation's list: one record in the store, so that all nodes publish the same and its number never comes
//! twice.

use std::sync::Arc;

use ca_core::clock::{Clock, whole_seconds};
use ca_core::ledger::{Action, Actor, Ledger};
use ca_core::storage::{Change, CommitError, StorageError, Store, Table, Version};
use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};

use super::compose::{LiveService, compose};
use super::model::{Organisation, Scheme, TrustedList};
use super::reading::{ListRefused, VerifiedList};
use super::signature::{ListSigner, NoSignature};
use super::writing::unsigned;

/// The lists, by territory.
pub const TRUSTED_LISTS: Table = Table::records("trusted_lists");
/// The ledger's word for a list that was signed.
const ISSUED: Action = Action::named("trusted-list.issued");

/// A list was not made, or cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum KeepError {
    /// The store failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// The list could not be kept.
    #[error(transparent)]
    Commit(#[from] CommitError),
    /// It was not signed.
    #[error(transparent)]
    Signature(#[from] NoSignature),
    /// What was signed does not verify, so it is not published.
    #[error("the list that was signed is not one that relying parties would take: {0}")]
    Refused(#[from] ListRefused),
}

/// A list as kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeptList {
    /// What it says.
    pub list: TrustedList,
    /// It, signed.
    pub xml: String,
    /// SHA-256 of the signer's certificate, lower-case hex.
    pub signer_sha256: String,
}

/// What the next list is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Whose list it is.
    pub scheme: Scheme,
    /// Who provides the services.
    pub provider: Organisation,
    /// The services at work.
    pub live: Vec<LiveService>,
    /// For how long a list counts; half of it later the next one is made.
    pub lifetime: Duration,
    /// The least number that it may have.
    pub least_number: u64,
}

/// Keeps the list of a territory.
#[derive(Debug, Clone)]
pub struct TrustedListKeeper {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    ledger: Ledger,
}

impl TrustedListKeeper {
    /// One that keeps it in `store`.
    pub const fn new(store: Arc<dyn Store>, clock: Arc<dyn Clock>, ledger: Ledger) -> Self {
        Self { store, clock, ledger }
    }

    /// The list as it is kept; `None` before the first.
    ///
    /// # Errors
    /// The store failed, or holds something else.
    pub fn kept(&self, territory: &str) -> Result<Option<KeptList>, StorageError> {
        Ok(self.find(territory)?.map(|(kept, _)| kept))
    }

    fn find(&self, territory: &str) -> Result<Option<(KeptList, Version)>, StorageError> {
        let Some(entry) = self.store.get(TRUSTED_LISTS, territory.as_bytes())? else { return Ok(None) };
        let unreadable =
            |error| StorageError(format!("the trusted list of {territory} cannot be read: {error}"));
        Ok(Some((serde_json::from_slice(&entry.value).map_err(unreadable)?, entry.version)))
    }

    /// Signs the next list where one is due: it would say something else, another key signs, or half of its time is over.
    /// Where another node was faster, its list counts and this does nothing.
    ///
    /// # Errors
    /// It could not be signed or kept.
    pub fn issue_due(&self, wanted: &Wanted, signer: &ListSigner) -> Result<Option<KeptList>, KeepError> {
        let territory = &wanted.scheme.territory;
        let known = self.find(territory)?;
        let before = known.as_ref().map(|(kept, _)| kept);
        let now = whole_seconds(self.clock.now());
        let list = next(before.map(|kept| &kept.list), wanted, now);
        let signer_sha256 = crate::publication::sha256(signer.certificate());
        if before.is_some_and(|before| !is_due(before, &list, &signer_sha256, wanted)) {
            return Ok(None);
        }
        let xml = signer.sign(&unsigned(&list), list.issued)?;
        // What relying parties would not take is never published.
        VerifiedList::read(xml.as_bytes(), &[signer.certificate().to_vec()], list.issued)?;
        let kept = KeptList { list, xml, signer_sha256 };
        match self.keep(&kept, known.map(|(_, version)| version)) {
            Ok(()) => Ok(Some(kept)),
            Err(KeepError::Commit(CommitError::Conflict { .. })) => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn keep(&self, kept: &KeptList, known: Option<Version>) -> Result<(), KeepError> {
        let territory = kept.list.scheme.territory.as_str();
        let value = serde_json::to_vec(kept).map_err(|error| StorageError(error.to_string()))?;
        let change = match known {
            Some(version) => Change::new().replace(TRUSTED_LISTS, territory, version, value),
            None => Change::new().insert(TRUSTED_LISTS, territory, value),
        };
        let event = self
            .ledger
            .event(&Actor::system("trusted-list"), ISSUED, format!("trusted-list:{territory}"))
            .map_err(|error| StorageError(error.to_string()))?
            .with("number", kept.list.sequence.to_string())
            .with("sha256", crate::publication::sha256(kept.xml.as_bytes()));
        self.store.commit(change.explained_by(&event))?;
        Ok(())
    }
}

fn next(before: Option<&TrustedList>, wanted: &Wanted, now: OffsetDateTime) -> TrustedList {
    let number = before.map_or(1, |before| before.sequence.saturating_add(1));
    // A clock that was set back makes no list that is older than the one before.
    let issued = before.map_or(now, |before| now.max(before.issued));
    TrustedList {
        sequence: number.max(wanted.least_number),
        issued,
        next_update: Some(issued + wanted.lifetime),
        scheme: wanted.scheme.clone(),
        providers: vec![compose(before, wanted.provider.clone(), &wanted.live, now)],
    }
}

fn is_due(before: &KeptList, next: &TrustedList, signer_sha256: &str, wanted: &Wanted) -> bool {
    let says_the_same = before.list.scheme == next.scheme && before.list.providers == next.providers;
    let half_over = next.issued - before.list.issued >= wanted.lifetime / 2;
    let promised_too_late = before.list.next_update > next.next_update;
    !says_the_same
        || half_over
        || promised_too_late
        || before.signer_sha256 != signer_sha256
        || before.list.sequence < wanted.least_number
}
