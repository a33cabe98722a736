//! The registry: what its acts work with.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ca_core::authorities::Authorities;
use ca_core::clock::{Clock, Entropy, whole_seconds};
use ca_core::ledger::{Action, Actor, Event, Ledger};
use ca_core::profile_book::{Current, InForce, NotInForce, ProfileBook};
use ca_core::storage::{AuditedChange, CommitError, Committed, StorageError, Store, Table};
use ca_core::subject::IdentityRef;
use ca_core::tlog::checkpoint::Log;
use ca_core::vault::Vault;
use url::Url;

use crate::backup::Backups;
use crate::duplicates::Thresholds;
use crate::evidence::AssuranceRules;
use crate::fault::Fault;
use crate::index_key::Secrets;
use crate::master_keys::MasterKeys;
use crate::retention::RetentionRules;
use crate::staff::OfficerRules;
use crate::statistics::StatisticsSettings;
use crate::webhook::Carrier;

/// What an installation says about itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// ISO 3166-1 alpha-2 country, upper case.
    pub country: String,
    /// Legal name of the organisation that runs the registry: the one its staff works for.
    pub organisation: String,
    /// Where this registry is reached; identities' addresses are made under it.
    pub registry_url: Url,
    /// The certificates that relying parties anchor their trust in.
    pub trust_anchors: Vec<TrustAnchor>,
    /// How long a device or application whose sponsor has gone counts without a successor.
    pub sponsor_grace: time::Duration,
    /// The age, in years, from which on a person decides for themselves.
    pub full_age: u8,
    /// How long a person may reply before certificates are withdrawn.
    pub reply_time: time::Duration,
    /// How old what was enrolled without a network may be when it comes in.
    pub packet_age: time::Duration,
    /// How long a person may appeal after that.
    pub appeal_time: time::Duration,
    /// From which likeness on it is said that a person may be registered already.
    pub duplicates: Thresholds,
    /// When officers act, and how much of it in a day.
    pub officers: OfficerRules,
    /// By which rules evidence carries an assurance level.
    pub assurance: AssuranceRules,
    /// How statistics are made.
    pub statistics: StatisticsSettings,
    /// What is erased when its time has come.
    pub retention: RetentionRules,
    /// How long a webhook is tried whose receiver takes nothing.
    pub webhook_patience: time::Duration,
}

/// A certificate that relying parties anchor their trust in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrustAnchor {
    /// The CA's name in this installation.
    pub ca: String,
    /// Its subject, as text.
    pub subject: String,
    /// Its certificate, DER.
    pub certificate: Vec<u8>,
}

/// What a [`Registry`] is put together from.
#[derive(Debug)]
pub struct RegistryParts {
    /// Where everything is kept.
    pub store: Arc<dyn Store>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The randomness.
    pub entropy: Arc<dyn Entropy>,
    /// What seals everything personal.
    pub vault: Arc<Vault>,
    /// Whoever keeps the vault's master keys.
    pub master_keys: Arc<dyn MasterKeys>,
    /// The CAs that issue to what is registered.
    pub authorities: Arc<Authorities>,
    /// The ledger's log, for receipts.
    pub log: Log,
    /// What makes backups.
    pub backups: Arc<dyn Backups>,
    /// What carries messages to the receivers of webhooks.
    pub carrier: Arc<dyn Carrier>,
    /// What the installation says about itself.
    pub settings: Settings,
}

/// The registration authority. Its acts are in the modules they belong to.
#[derive(Debug)]
pub struct Registry {
    pub(crate) parts: RegistryParts,
    ledger: Ledger,
    pub(crate) secrets: Secrets,
    campaigns: Mutex<()>,
    persons: Mutex<()>,
}

impl Registry {
    /// Puts a registry together.
    pub fn new(parts: RegistryParts) -> Self {
        let ledger = Ledger::new(Arc::clone(&parts.clock), Arc::clone(&parts.entropy));
        Self {
            parts,
            ledger,
            secrets: Secrets::default(),
            campaigns: Mutex::new(()),
            persons: Mutex::new(()),
        }
    }

    /// What the installation says about itself.
    pub const fn settings(&self) -> &Settings {
        &self.parts.settings
    }

    /// The ledger's public key, in the form of C2SP signed-note.
    pub fn log_key(&self) -> String {
        self.parts.log.keys().first().map(ToString::to_string).unwrap_or_default()
    }

    /// The CAs that issue to what is registered.
    pub fn authorities(&self) -> &Authorities {
        &self.parts.authorities
    }

    /// The book of profiles that certificates are issued under.
    pub(crate) fn book(&self) -> &ProfileBook {
        self.parts.authorities.profiles()
    }

    /// The profiles that are in force at this moment.
    pub(crate) fn profiles_in_force(&self) -> Result<Arc<Current>, StorageError> {
        self.book().current()
    }

    pub(crate) fn profile(&self, id: &str) -> Result<InForce, NotInForce> {
        self.book().find(id)
    }

    /// Whether the store answers.
    ///
    /// # Errors
    /// It does not.
    pub fn ready(&self) -> Result<(), StorageError> {
        self.store().get(READINESS, b"probe").map(|_| ())
    }

    pub(crate) fn store(&self) -> &dyn Store {
        self.parts.store.as_ref()
    }

    pub(crate) fn vault(&self) -> &Vault {
        &self.parts.vault
    }

    pub(crate) fn entropy(&self) -> &dyn Entropy {
        self.parts.entropy.as_ref()
    }

    /// The present moment, whole seconds: what records keep.
    pub(crate) fn now(&self) -> time::OffsetDateTime {
        whole_seconds(self.parts.clock.now())
    }

    /// Waits for one's turn at campaigns. Each batch rewrites the campaign's record, so two at once would only be in each
    /// other's way; other nodes are told apart by the record's version.
    pub(crate) fn take_turn(&self) -> MutexGuard<'_, ()> {
        self.campaigns.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for one's turn at registering persons: of two at once the second must see the first, to whom it may be alike.
    pub(crate) fn take_turn_at_persons(&self) -> MutexGuard<'_, ()> {
        self.persons.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn event(
        &self,
        actor: &Actor,
        action: Action,
        subject: impl Into<String>,
    ) -> Result<Event, Fault> {
        Ok(self.ledger.event(actor, action, subject)?)
    }

    pub(crate) fn commit(&self, change: AuditedChange) -> Result<Committed, CommitError> {
        self.parts.store.commit(change)
    }
}

/// Never written: read to see whether the store answers.
pub(crate) const READINESS: Table = Table::octets("readiness");

/// How the authority refers to what the registry knows.
pub(crate) fn reference(id: impl ToString) -> IdentityRef {
    IdentityRef(id.to_string())
}
