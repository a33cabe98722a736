//! A ceremony under way: what its steps share.

use std::path::PathBuf;
use std::sync::Arc;

use time::OffsetDateTime;

use super::{OPENED, Tool};
use crate::ceremony::CeremonyError;
use crate::ceremony::custody::Secret;
use crate::ceremony::journal::{Facts, Journal};
use crate::ceremony::room::{Room, StepMoment};
use crate::ceremony::script::Script;
use crate::ceremony::station::{RootRecord, Station};
use crate::clock::whole_seconds;
use crate::ledger::Actor;
use crate::storage::Store;

/// A ceremony under way.
pub(super) struct Session<'a> {
    pub(super) script: Script,
    pub(super) station: Station,
    /// The ceremony's own folder.
    pub(super) folder: PathBuf,
    pub(super) media: Option<PathBuf>,
    pub(super) journal: Journal,
    pub(super) room: &'a mut dyn Room,
    /// What opens the key, once the holders have put it together.
    pub(super) secret: Option<Secret>,
    store: Option<Arc<dyn Store>>,
}

impl<'a> Session<'a> {
    pub(super) fn new(
        script: Script,
        station: Station,
        folder: PathBuf,
        media: Option<PathBuf>,
        journal: Journal,
        room: &'a mut dyn Room,
    ) -> Self {
        Self { script, station, folder, media, journal, room, secret: None, store: None }
    }

    pub(super) fn now(&self) -> OffsetDateTime {
        // The journal's times come from its text again: nothing finer than what is written.
        whole_seconds(self.station.clock.now())
    }

    /// Does a step that is not recorded yet, and records it.
    pub(super) fn step(
        &mut self,
        name: &str,
        act: impl FnOnce(&mut Self) -> Result<Facts, CeremonyError>,
    ) -> Result<(), CeremonyError> {
        if self.journal.find(name).is_some() {
            return Ok(());
        }
        self.room.progress(name, StepMoment::Begins)?;
        let facts = act(self)?;
        self.room.progress(name, StepMoment::Acted)?;
        self.record(name, facts)?;
        self.room.progress(name, StepMoment::Recorded)?;
        Ok(())
    }

    /// Records something that may happen more than once.
    pub(super) fn record(&mut self, name: &str, facts: Facts) -> Result<(), CeremonyError> {
        let now = self.now();
        Ok(self.journal.append(name, facts, now)?)
    }

    /// The first entry; or, where there is one, that the ceremony was resumed.
    pub(super) fn opened(&mut self, tool: &Tool) -> Result<(), CeremonyError> {
        let mut facts = tool.machine.clone();
        facts.insert("npki-version".to_owned(), tool.version.clone());
        facts.insert("npki-executable-sha256".to_owned(), tool.executable_sha256.clone());
        if self.journal.find(OPENED).is_some() {
            return self.record("resumed", facts);
        }
        facts.insert("entropy".to_owned(), self.script.entropy.clone());
        self.step(OPENED, |_| Ok(facts))
    }

    /// When the ceremony began.
    pub(super) fn begun(&self) -> OffsetDateTime {
        self.journal.entries().first().map_or(OffsetDateTime::UNIX_EPOCH, |entry| entry.at)
    }

    pub(super) fn store(&mut self) -> Result<Arc<dyn Store>, CeremonyError> {
        if let Some(store) = &self.store {
            return Ok(Arc::clone(store));
        }
        let store = self.station.store()?;
        self.store = Some(Arc::clone(&store));
        Ok(store)
    }

    pub(super) fn root(&self) -> Result<RootRecord, CeremonyError> {
        self.station.root()?.ok_or_else(|| CeremonyError::unfit("the medium holds no root"))
    }

    /// Who acts, as the medium's ledger calls it.
    pub(super) fn actor(&self) -> Actor {
        Actor(format!("ceremony:{}", self.script.id))
    }
}

/// Facts from pairs.
pub(super) fn facts<const N: usize>(pairs: [(&str, String); N]) -> Facts {
    pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}
