//! Whether a backup would take an installation back behind history that others have seen signed.
//!
//! Whoever restores an old backup undoes what came after it: certificates that were issued would be unknown, and
//! revoked ones good. So a restore is held against every signed head of the ledger that can be had: those in the
//! backup, those that the operator brings along, and what the witnesses remember.

use std::sync::Arc;
use std::time::Duration;

use ca_core::clock::{SystemClock, SystemEntropy};
use ca_core::ledger::audit::{Finding, Replay};
use ca_core::ledger::{Action, Actor, Ledger, each, heads};
use ca_core::storage::Store;
use ca_core::tlog::checkpoint::{Log, SignedCheckpoint, VerifiedCheckpoint};
use ca_core::tlog::note::VerifierKey;

use super::super::ServiceError;
use super::super::ledger::{LedgerSettings, log_key, remembered};
use super::super::settings::Settings;

/// History that was signed was given up, and by whom.
const LOSS_ACCEPTED: Action = Action::named("ledger.loss-accepted");

/// What to do when a backup does not reach as far as what was signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Loss {
    /// Nothing is restored.
    Refused,
    /// It is restored, and the ledger says so, with this reason.
    Accepted(String),
}

/// Whether the operator brought a checkpoint along.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Brought {
    /// None.
    Nothing,
    /// At least one.
    Checkpoint,
}

/// What is known of a ledger from outside its store.
#[derive(Debug)]
pub(super) struct KnownHistory {
    heads: Vec<VerifiedCheckpoint>,
    /// Whether the operator brought a checkpoint along.
    brought: Brought,
    /// Witnesses that did not answer.
    silent: Vec<String>,
}

/// How long a witness may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);

impl KnownHistory {
    /// Collects what there is. `notes` are checkpoints that were brought along; the log must have signed them.
    pub(super) fn collect(
        settings: &Settings,
        notes: &[Vec<u8>],
        brought: Brought,
    ) -> Result<Self, ServiceError> {
        let key = log_key(&settings.certificates)?;
        let known = notes.iter().map(|note| verified(note, &settings.ledger, &key));
        let mut heads: Vec<VerifiedCheckpoint> = known.collect::<Result<_, _>>()?;
        let mut silent = Vec::new();
        for witness in &settings.ledger.witnesses {
            match remembered(witness, &settings.ledger, PATIENCE) {
                // What the log did not sign is no history of it: a witness cannot hold up a restore by a lie.
                Ok(notes) => {
                    let notes = notes.iter().map(|note| verified(note, &settings.ledger, &key));
                    heads.extend(notes.filter_map(Result::ok));
                }
                Err(why) => silent.push(format!("{}: {why}", witness.url)),
            }
        }
        Ok(Self { heads, brought, silent })
    }

    /// The largest ledger that was ever signed, as far as is known.
    pub(super) fn furthest(&self) -> u64 {
        self.heads.iter().map(|head| head.head().size).max().unwrap_or(0)
    }

    /// Why a backup of so many events must not be put into use without somebody's word for it; `None` when it may.
    pub(super) fn objection(&self, ledger_size: u64) -> Option<String> {
        let furthest = self.furthest();
        if furthest > ledger_size {
            return Some(format!(
                "the backup has {ledger_size} events and {furthest} were signed: restoring it gives up {} events that \
                 others have seen; take a later backup, or say why: --accept-loss REASON",
                furthest - ledger_size
            ));
        }
        // A checkpoint that was brought along takes the place of witnesses that are out of reach.
        let witness = self.silent.first().filter(|_| self.brought == Brought::Nothing)?;
        Some(format!(
            "a witness cannot be asked how far history was signed ({witness}); bring the newest checkpoint along: \
             --checkpoint FILE, or say why it does not matter: --accept-loss REASON"
        ))
    }

    /// Whether the restored events are those that were signed, as far as both reach.
    pub(super) fn contradiction(&self, store: &dyn Store) -> Result<Option<Finding>, ServiceError> {
        let mut replay = Replay::against(&self.heads);
        each(store, self.furthest(), &mut |recorded| replay.take(&recorded.octets))?;
        // What is missing at the end was objected to already.
        Ok(replay.findings().into_iter().find(|finding| matches!(finding, Finding::Rewritten { .. })))
    }
}

/// Writes into the restored ledger that history was given up, and begins the next epoch: under the old name no witness
/// would follow.
pub(super) fn record_loss(store: &dyn Store, furthest: u64, reason: &str) -> Result<(), ServiceError> {
    let ledger = Ledger::new(Arc::new(SystemClock), Arc::new(SystemEntropy));
    let kept = store.ledger_size()?;
    let event = ledger
        .event(&Actor::system("restore"), LOSS_ACCEPTED, "ledger")?
        .because(reason)
        .with("kept", kept.to_string())
        .with("signed", furthest.to_string());
    let change = heads::next_epoch(store)?.explained_by(&event);
    store.commit(change)?;
    Ok(())
}

/// A checkpoint of the ledger, of whichever epoch.
fn verified(
    note: &[u8],
    settings: &LedgerSettings,
    key: &VerifierKey,
) -> Result<VerifiedCheckpoint, ServiceError> {
    let refused = |why: String| ServiceError::Refused(format!("a checkpoint is not this ledger's: {why}"));
    let signed = SignedCheckpoint::parse(note).map_err(|error| refused(error.to_string()))?;
    let origin = signed.claimed_origin().clone();
    if !settings.is_own(&origin) {
        return Err(refused(format!("it is of {origin}")));
    }
    let log = Log::new(origin, vec![key.clone()]).map_err(|error| refused(error.to_string()))?;
    signed.verify(&log).map_err(|error| refused(error.to_string()))
}
