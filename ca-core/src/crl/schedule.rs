//! When the next CRL of a CA is due.
//!
//! A revocation is published at once, and then for a while no further CRL of the same partition is made for
//! revocations: a mass revocation of a million certificates makes one CRL for each such while, not a million.

use std::collections::BTreeMap;

use time::{Duration, OffsetDateTime};

use super::stored::{StoredCrl, find, published_partitions};
use super::{CrlName, CrlPlan, CrlWatch, Form, Partition};
use crate::certificate::CaId;
use crate::ledger::Position;
use crate::serial::SerialNumber;
use crate::storage::{StorageError, Store};

/// Keeps in mind when each CRL of one CA is due. Holds nothing that a restart would miss: what is not known is
/// published anew.
#[derive(Debug)]
pub struct CrlSchedule {
    ca: CaId,
    spacing: Duration,
    /// `None` when it is not known what the newest CRLs lack, as after a crash that may have come between a revocation
    /// and its CRL.
    watch: Option<CrlWatch>,
    partitions: BTreeMap<Partition, Known>,
}

/// What is known of the newest CRLs of a partition.
#[derive(Debug, Default)]
struct Known {
    full: Option<StoredCrl>,
    delta: Option<StoredCrl>,
    /// When a CRL was last made here.
    made: Option<OffsetDateTime>,
    /// Look the CRLs up again: another node may have published.
    stale: bool,
    /// Publish whatever is there.
    unknown: bool,
}

/// What is to be made.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Due {
    Full(Partition),
    Delta(Partition, Vec<SerialNumber>),
}

impl CrlSchedule {
    /// Begins without knowing what the newest CRLs lack: each is made anew at the first look. A revocation is published
    /// within `spacing` and the time it takes to sign a CRL.
    pub const fn new(ca: CaId, spacing: Duration) -> Self {
        Self { ca, spacing, watch: None, partitions: BTreeMap::new() }
    }

    /// Begins where everything that stands in the ledger before `from` is known to be covered.
    #[must_use]
    pub fn following(mut self, from: Position) -> Self {
        self.watch = Some(CrlWatch::from(self.ca.clone(), from));
        self
    }

    /// Looks at ledger and clock. What is due.
    pub(crate) fn due(
        &mut self,
        store: &dyn Store,
        plan: &CrlPlan,
        now: OffsetDateTime,
    ) -> Result<Vec<Due>, StorageError> {
        self.begin(store, plan)?;
        let Some(watch) = &mut self.watch else { return Ok(Vec::new()) };
        watch.look(store)?;
        let mut due = Vec::new();
        for (partition, known) in &mut self.partitions {
            if known.stale || known.runs_out(plan, now) {
                known.read(store, &self.ca, *partition)?;
            }
            due.extend(known.due(*partition, plan, watch, now, self.spacing));
        }
        Ok(due)
    }

    /// At the first look: which partitions there are, and from where on the ledger is followed.
    fn begin(&mut self, store: &dyn Store, plan: &CrlPlan) -> Result<(), StorageError> {
        if !self.partitions.is_empty() {
            return Ok(());
        }
        let unknown = self.watch.is_none();
        if unknown {
            let from = Position(store.ledger_size()?);
            self.watch = Some(CrlWatch::from(self.ca.clone(), from));
        }
        // Certificates name their shard for ever: one that was ever published goes on being published.
        let mut all = published_partitions(store, &self.ca)?;
        all.extend((0..=plan.shards).map(Partition::shard));
        let known = |partition| (partition, Known { stale: true, unknown, ..Known::default() });
        self.partitions = all.into_iter().map(known).collect();
        Ok(())
    }

    /// Notes a CRL that was made at the moment `now`.
    pub(crate) fn made(&mut self, crl: StoredCrl, now: OffsetDateTime) {
        let known = self.partitions.entry(crl.name.partition).or_default();
        known.made = Some(now);
        known.unknown = false;
        match crl.name.form {
            Form::Full => known.full = Some(crl),
            Form::Delta => known.delta = Some(crl),
        }
    }

    /// Notes that somebody else was faster: the next look settles it.
    pub(crate) fn overtaken(&mut self, partition: Partition) {
        self.partitions.entry(partition).or_default().stale = true;
    }
}

impl Known {
    fn read(&mut self, store: &dyn Store, ca: &CaId, partition: Partition) -> Result<(), StorageError> {
        let find = |form| find(store, &CrlName::new(ca.clone(), partition, form));
        self.full = find(Form::Full)?;
        self.delta = find(Form::Delta)?;
        self.stale = false;
        Ok(())
    }

    fn runs_out(&self, plan: &CrlPlan, now: OffsetDateTime) -> bool {
        let over = |crl: &Option<StoredCrl>| crl.as_ref().is_none_or(|crl| now >= crl.half_life());
        over(&self.full) || (plan.delta.is_some() && over(&self.delta))
    }

    fn due(
        &self,
        partition: Partition,
        plan: &CrlPlan,
        watch: &CrlWatch,
        now: OffsetDateTime,
        spacing: Duration,
    ) -> Option<Due> {
        let full = match &self.full {
            Some(full) if !self.unknown && now < full.half_life() => full,
            _ => return Some(Due::Full(partition)),
        };
        let rested = self.made.is_none_or(|made| now - made >= spacing || now < made);
        let lacking = watch.lacks(partition) && rested;
        if plan.delta.is_none() {
            return lacking.then_some(Due::Full(partition));
        }
        // After each full CRL a delta CRL that begins from it: the one before is older than what it would amend.
        let outdated =
            self.delta.as_ref().is_none_or(|delta| now >= delta.half_life() || delta.number < full.number);
        // RFC 5280 section 5.2.3: a full and a delta CRL of one moment would need the same number.
        if !(lacking || outdated) || now.unix_timestamp() <= full.this_update.unix_timestamp() {
            return None;
        }
        let since = full.manifest.as_ref().map(|manifest| Position(manifest.covers));
        let changes = since.and_then(|since| watch.changes(partition, since));
        Some(changes.map_or(Due::Full(partition), |changes| Due::Delta(partition, changes)))
    }
}
