//! When the next CRL of a CA is due.
//!
//! A revocation is published at once, and then for a while no further CRL of the same partition is made for
//! revocations: a mass revocation of a million certificates makes one CRL for each such while, not a million.

use std::collections::BTreeMap;

use time::{Duration, OffsetDateTime};

use super::stored::{StoredCrl, find, published_partitions};
use super::watch::CrlWatch;
use super::{CrlName, CrlPlan, Form, Partition};
use crate::certificate::CaId;
use crate::ledger::Position;
use crate::serial::SerialNumber;
use crate::storage::{StorageError, Store};

/// Keeps in mind when each CRL of one CA is due. Holds nothing that a restart would miss: the newest CRLs say up to where
/// they cover the ledger, and what came since stands there.
#[derive(Debug)]
pub struct CrlSchedule {
    ca: CaId,
    spacing: Duration,
    /// `None` before the first look.
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
    /// Publish a full CRL whatever is there: it is not known what the newest lacks, or it is of another plan.
    unknown: bool,
}

/// What is to be made.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Due {
    Full(Partition),
    Delta(Partition, Vec<SerialNumber>),
}

impl CrlSchedule {
    /// A revocation is published within `spacing` and the time it takes to sign a CRL.
    pub const fn new(ca: CaId, spacing: Duration) -> Self {
        Self { ca, spacing, watch: None, partitions: BTreeMap::new() }
    }

    /// Looks at ledger and clock. What is due. At the first look, a CRL that `fits` does not accept, since it is not as the
    /// plan has it now, is made anew.
    pub(crate) fn due(
        &mut self,
        store: &dyn Store,
        plan: &CrlPlan,
        now: OffsetDateTime,
        fits: impl Fn(&StoredCrl) -> Result<bool, StorageError>,
    ) -> Result<Vec<Due>, StorageError> {
        if self.watch.is_none() {
            self.begin(store, plan, fits)?;
        }
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
    fn begin(
        &mut self,
        store: &dyn Store,
        plan: &CrlPlan,
        fits: impl Fn(&StoredCrl) -> Result<bool, StorageError>,
    ) -> Result<(), StorageError> {
        // Certificates name their shard for ever: one that was ever published goes on being published.
        let mut all = published_partitions(store, &self.ca)?;
        all.extend((0..=plan.shards).map(Partition::shard));
        let mut partitions = BTreeMap::new();
        for partition in all {
            let mut known = Known::default();
            known.read(store, &self.ca, partition)?;
            known.unknown = !known.full.as_ref().map_or(Ok(false), &fits)?;
            partitions.insert(partition, known);
        }
        let covered = partitions.values().filter(|known| !known.unknown).filter_map(Known::covered).min();
        let end = Position(store.ledger_size()?);
        let caught_up = CrlWatch::caught_up(store, self.ca.clone(), covered.unwrap_or(end))?;
        if caught_up.is_none() {
            partitions.values_mut().for_each(|known| known.unknown = true);
        }
        self.watch = Some(caught_up.unwrap_or_else(|| CrlWatch::from(self.ca.clone(), end)));
        self.partitions = partitions;
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

    /// The full CRL lists what stands in the ledger before this.
    fn covered(&self) -> Option<Position> {
        let manifest = self.full.as_ref().and_then(|full| full.manifest.as_ref());
        manifest.map(|manifest| Position(manifest.covers))
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
        if self.full.as_ref().is_some_and(StoredCrl::is_last) {
            return None;
        }
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
        let changes = self.covered().and_then(|since| watch.changes(partition, since));
        Some(changes.map_or(Due::Full(partition), |changes| Due::Delta(partition, changes)))
    }
}
