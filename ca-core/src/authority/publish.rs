//! Making and publishing CRLs (RFC 5280 section 5).

use std::sync::Arc;

use time::{Duration, OffsetDateTime};

use super::Authority;
use super::listing::Since;
use crate::clock::whole_seconds;
use crate::crl::extensions::Extensions;
use crate::crl::list::{ListWriter, SignedList, ToBeSignedList};
use crate::crl::{
    CHUNK, CHUNKS_AT_ONCE, COVERS, CRL_CHUNKS, CRL_NUMBERS, CRLS, Crl, CrlName, CrlNumber, CrlSchedule, Due,
    Form, Manifest, NO_NEXT_UPDATE, Partition, PublishError, StoredCrl, chunk_key, newest_versioned,
    next_number, superseded_chunks,
};
use crate::fingerprint::fingerprint;
use crate::ledger::signatures::TO_BE_SIGNED;
use crate::ledger::{Action, Actor, Event};
use crate::lint;
use crate::serial::SerialNumber;
use crate::storage::{Change, CommitError, Expect, Operation, StorageError, Version};

/// A CRL's number was reserved, and its content settled; it is signed next.
pub const CRL_PREPARED: Action = Action::named("crl.prepared");
/// Some of the octets of a large CRL were stored; it is not published yet.
pub const CRL_STORED: Action = Action::named("crl.stored");
/// A CRL was signed and published.
pub const CRL_PUBLISHED: Action = Action::named("crl.published");

/// What a CRL lists.
enum Wanted<'a> {
    Everything,
    /// What became of these certificates since the base.
    Changes(&'a [SerialNumber]),
}

/// How long a CRL holds.
#[derive(Debug, Clone, Copy)]
enum Holds {
    /// For so long.
    For(Duration),
    /// Until this moment, UTC.
    Until(OffsetDateTime),
    /// For ever: there is no next one.
    ForEver,
}

impl Holds {
    fn until(self, this_update: OffsetDateTime) -> OffsetDateTime {
        match self {
            Self::For(validity) => this_update.saturating_add(validity),
            Self::Until(moment) => moment,
            Self::ForEver => NO_NEXT_UPDATE,
        }
    }
}

/// The newest CRLs of a scope, and what writing the next one must find.
struct Newest {
    full: Option<(StoredCrl, Version)>,
    delta: Option<(StoredCrl, Version)>,
}

impl Newest {
    fn number(&self) -> u64 {
        self.all().map(|crl| crl.number).max().unwrap_or(0)
    }

    fn all(&self) -> impl Iterator<Item = &StoredCrl> {
        [&self.full, &self.delta].into_iter().flatten().map(|(crl, _)| crl)
    }

    const fn of(&self, form: Form) -> Option<&(StoredCrl, Version)> {
        match form {
            Form::Full => self.full.as_ref(),
            Form::Delta => self.delta.as_ref(),
        }
    }

    fn expect(&self, form: Form) -> Expect {
        self.of(form).map_or(Expect::Absent, |(_, version)| Expect::Version(*version))
    }
}

impl Authority {
    /// Signs a full CRL of the first partition, valid for `validity`, and stores it as the newest.
    ///
    /// # Errors
    /// As [`Self::publish_full`].
    pub fn publish_crl(&self, validity: Duration, actor: &Actor) -> Result<Crl, PublishError> {
        self.publish_first(Holds::For(validity), actor)
    }

    /// As [`Self::publish_crl`], valid until `next_update`, UTC.
    ///
    /// # Errors
    /// As [`Self::publish_full`].
    pub fn publish_crl_until(&self, next_update: OffsetDateTime, actor: &Actor) -> Result<Crl, PublishError> {
        self.publish_first(Holds::Until(next_update), actor)
    }

    fn publish_first(&self, holds: Holds, actor: &Actor) -> Result<Crl, PublishError> {
        let name = CrlName::first(self.parts.id.clone());
        let (published, list) = self.publish(&name, holds, &Wanted::Everything, actor)?;
        let StoredCrl { number, this_update, next_update, .. } = published;
        Ok(Crl { number, this_update, next_update, der: list.to_der() })
    }

    /// Signs a full CRL of everything revoked now in a partition, and stores it as the newest.
    ///
    /// # Errors
    /// The clock was set back, the key could not be used, or the store failed.
    /// [`CommitError::Conflict`](crate::storage::CommitError) means that another caller published meanwhile.
    pub fn publish_full(&self, partition: Partition, actor: &Actor) -> Result<StoredCrl, PublishError> {
        let name = CrlName::new(self.parts.id.clone(), partition, Form::Full);
        Ok(self.publish(&name, Holds::For(self.plan.validity), &Wanted::Everything, actor)?.0)
    }

    /// Signs the last full CRL of a partition: after it none is made, and it names no delta CRL. That everything in its scope
    /// has ended or is revoked is for the caller to see to.
    pub(super) fn publish_last(
        &self,
        partition: Partition,
        actor: &Actor,
    ) -> Result<StoredCrl, PublishError> {
        let name = CrlName::new(self.parts.id.clone(), partition, Form::Full);
        Ok(self.publish(&name, Holds::ForEver, &Wanted::Everything, actor)?.0)
    }

    /// Signs a delta CRL that amends the newest full CRL of a partition by what became of the certificates `changed`, and
    /// stores it as the newest. `changed` must hold all whose status changed since that full CRL.
    ///
    /// # Errors
    /// As [`Self::publish_full`]; [`PublishError::NoBase`] where no full CRL of the same scope is there, or the plan has
    /// no delta CRLs.
    pub fn publish_delta(
        &self,
        partition: Partition,
        changed: &[SerialNumber],
        actor: &Actor,
    ) -> Result<StoredCrl, PublishError> {
        let validity = self.plan.delta.as_ref().ok_or(PublishError::NoBase)?.validity;
        let name = CrlName::new(self.parts.id.clone(), partition, Form::Delta);
        Ok(self.publish(&name, Holds::For(validity), &Wanted::Changes(changed), actor)?.0)
    }

    /// Publishes what is due now. Gives what was published and what failed; one failure leaves the others to be tried.
    pub fn publish_due(
        &self,
        schedule: &mut CrlSchedule,
        actor: &Actor,
    ) -> Vec<Result<StoredCrl, PublishError>> {
        let now = self.parts.clock.now();
        let fits = |crl: &StoredCrl| self.still_planned(crl);
        let due = match schedule.due(self.parts.store.as_ref(), &self.plan, now, fits) {
            Ok(due) => due,
            Err(error) => return vec![Err(error.into())],
        };
        let mut outcomes = Vec::new();
        for due in due {
            let (partition, outcome) = match &due {
                Due::Full(partition) => (*partition, self.publish_full(*partition, actor)),
                Due::Delta(partition, changed) => {
                    let delta = self.publish_delta(*partition, changed, actor);
                    let full = || self.publish_full(*partition, actor);
                    (*partition, if matches!(delta, Err(PublishError::NoBase)) { full() } else { delta })
                }
            };
            match outcome {
                Ok(crl) => {
                    schedule.made(crl.clone(), now);
                    outcomes.push(Ok(crl));
                }
                // Another publisher was faster, or made the last one; the next look settles it.
                Err(PublishError::Commit(CommitError::Conflict { .. }) | PublishError::Last(_)) => {
                    schedule.overtaken(partition);
                }
                Err(error) => outcomes.push(Err(error)),
            }
        }
        outcomes
    }

    fn publish(
        &self,
        name: &CrlName,
        holds: Holds,
        wanted: &Wanted<'_>,
        actor: &Actor,
    ) -> Result<(StoredCrl, SignedList), PublishError> {
        let newest = self.newest(name)?;
        if newest.all().any(StoredCrl::is_last) {
            return Err(PublishError::Last(name.clone()));
        }
        let this_update = self.this_update(&newest);
        let times = (this_update, holds.until(this_update));
        // Read before the revocations are: whatever has a place below it is listed.
        let covers = self.parts.store.ledger_size()?;
        let scope = self.scope(name.partition)?;
        let scope_der = scope.in_hex();
        let base = self.base(name.form, &newest, &scope_der)?;
        self.not_contrary(newest.full.as_ref().map(|(crl, _)| crl))?;
        let (number, expect) = next_number(self.parts.store.as_ref(), name, newest.number())?;
        let amended = self.plan.delta.as_ref().filter(|_| !matches!(holds, Holds::ForEver));
        let freshest = amended.map(|_| self.address(name.partition, Form::Delta));
        let extensions = Extensions {
            authority_key_identifier: &self.issuer.key_identifier,
            number,
            base: base.map(|(number, _)| number),
            scope,
            freshest: freshest.as_deref(),
        };
        let since = newest.full.as_ref().map(|(crl, _)| crl.this_update);
        let list = self.to_be_signed(name.partition, times, wanted, since)?.finish(&extensions);
        let context =
            lint::crl::Context { issuer: Some(&self.parts.certificate), newer_than: Some(newest.number()) };
        lint::crl::lint(list.as_bytes(), &context)?;
        let reserved = self.reserve_crl_number(name, number, expect, &list, actor)?;
        let signature = Arc::clone(&self.parts.signer).sign(list.as_bytes())?;
        let list = list.signed(&signature);
        let manifest = Manifest {
            base: base.map(|(number, _)| number),
            covers,
            entries: list.entries(),
            octets: list.len() as u64,
            sha256: list.sha256(),
            scope: scope_der,
            contains: self.plan.contains,
            names_delta: freshest.is_some() && base.is_none(),
            chunks: self.store_chunks(name, number, &list, actor)?,
        };
        let inline = if manifest.chunks == 0 { list.to_der() } else { Vec::new() };
        let published = StoredCrl::new(name.clone(), number, times, manifest, inline);
        let base = base.map(|(_, version)| version);
        self.commit_crl(&published, &newest, reserved, base, actor)?;
        Ok((published, list))
    }

    /// Whether a full CRL is as the next one would be, but for what it lists.
    fn still_planned(&self, crl: &StoredCrl) -> Result<bool, StorageError> {
        if crl.is_last() {
            return Ok(true);
        }
        let Some(manifest) = &crl.manifest else { return Ok(false) };
        Ok(manifest.scope == self.scope(crl.name.partition)?.in_hex()
            && manifest.names_delta == self.plan.delta.is_some()
            && crl.next_update - crl.this_update == self.plan.validity)
    }

    fn newest(&self, name: &CrlName) -> Result<Newest, StorageError> {
        let find = |form| {
            let name = CrlName { form, ..name.clone() };
            newest_versioned(self.parts.store.as_ref(), &name)
        };
        Ok(Newest { full: find(Form::Full)?, delta: find(Form::Delta)? })
    }

    /// Now. Relying parties take the CRL of the later thisUpdate for the newer one: it never goes back, also where the
    /// clock does, as what was revoked since must be told.
    fn this_update(&self, newest: &Newest) -> OffsetDateTime {
        let now = whole_seconds(self.parts.clock.now());
        newest.all().map(|crl| whole_seconds(crl.this_update)).fold(now, OffsetDateTime::max)
    }

    /// The full CRL that a delta CRL begins from. RFC 5280 section 5.2.4: it has the same scope.
    fn base(&self, form: Form, newest: &Newest, scope: &str) -> Result<Option<(u64, Version)>, PublishError> {
        if form == Form::Full {
            return Ok(None);
        }
        let same_scope = |crl: &StoredCrl| crl.manifest.as_ref().is_some_and(|known| known.scope == scope);
        let base = newest.full.as_ref().filter(|(crl, _)| same_scope(crl)).ok_or(PublishError::NoBase)?;
        Ok(Some((base.0.number, base.1)))
    }

    fn to_be_signed(
        &self,
        partition: Partition,
        (this_update, next_update): (OffsetDateTime, OffsetDateTime),
        wanted: &Wanted<'_>,
        previous: Option<OffsetDateTime>,
    ) -> Result<ListWriter, PublishError> {
        let mut list = ListWriter::new(self.issuer.algorithm, &self.issuer.name, this_update, next_update);
        match wanted {
            Wanted::Everything => self.list_everything(&mut list, partition, Since(previous))?,
            Wanted::Changes(changed) => self.list_changes(&mut list, changed, this_update)?,
        }
        Ok(list)
    }

    /// Makes the number and what will be signed under it durable. RFC 5280 section 5.2.3: numbers never go back, and
    /// two CRLs of one scope never share one; a crash between this and publishing leaves a gap, which is allowed.
    fn reserve_crl_number(
        &self,
        name: &CrlName,
        number: u64,
        expect: Expect,
        list: &ToBeSignedList,
        actor: &Actor,
    ) -> Result<Version, PublishError> {
        let to_be_signed_sha256 = fingerprint(list.as_bytes());
        let event = self
            .ledger
            .event(actor, CRL_PREPARED, subject(name))?
            .with("number", number.to_string())
            .with(TO_BE_SIGNED, to_be_signed_sha256.clone());
        let reserved = serde_json::to_vec(&CrlNumber { number, to_be_signed_sha256 })
            .map_err(|error| StorageError(error.to_string()))?;
        let change = Change::new()
            .write(CRL_NUMBERS, name.scope_key(), expect, Operation::Put(reserved))
            .explained_by(&event);
        Ok(self.parts.store.commit(change)?.version)
    }

    /// Stores a list that is too large for one value, some chunks at a time. How many there are; 0: it fits.
    fn store_chunks(
        &self,
        name: &CrlName,
        number: u64,
        list: &SignedList,
        actor: &Actor,
    ) -> Result<u32, PublishError> {
        if list.len() <= CHUNK {
            return Ok(0);
        }
        let (mut place, mut waiting) = (0, Vec::with_capacity(CHUNKS_AT_ONCE));
        let store = |waiting: &mut Vec<(Vec<u8>, Vec<u8>)>| -> Result<(), PublishError> {
            let event =
                self.ledger.event(actor, CRL_STORED, subject(name))?.with("number", number.to_string());
            let event = self.marked(event);
            let change = waiting
                .drain(..)
                .fold(Change::new(), |change, (key, octets)| change.put(CRL_CHUNKS, key, octets));
            self.parts.store.commit(change.explained_by(&event))?;
            Ok(())
        };
        list.chunks(CHUNK, |octets| {
            waiting.push((chunk_key(name, number, place), octets));
            place += 1;
            if waiting.len() == CHUNKS_AT_ONCE { store(&mut waiting) } else { Ok(()) }
        })?;
        if !waiting.is_empty() {
            store(&mut waiting)?;
        }
        Ok(place)
    }

    /// With the mark of the journal of the key's uses, so that a journal which is cut short later is found out.
    fn marked(&self, event: Event) -> Event {
        match self.parts.signer.journal_mark() {
            Some(mark) => mark.into_event(event),
            None => event,
        }
    }

    fn commit_crl(
        &self,
        published: &StoredCrl,
        newest: &Newest,
        reserved: Version,
        base: Option<Version>,
        actor: &Actor,
    ) -> Result<(), PublishError> {
        let StoredCrl { name, number, manifest, .. } = published;
        let mut event =
            self.ledger.event(actor, CRL_PUBLISHED, subject(name))?.with("number", number.to_string());
        if let Some(manifest) = manifest {
            event = event.with(COVERS, manifest.covers.to_string()).with("sha256", manifest.sha256.clone());
        }
        if let Some(base) = published.base() {
            event = event.with("base", base.to_string());
        }
        let event = self.marked(event);
        let mut change = Change::new()
            .write(CRLS, name.key(), newest.expect(name.form), Operation::Put(published.to_stored()?))
            .check(CRL_NUMBERS, name.scope_key(), Expect::Version(reserved));
        if let Some(base) = base {
            let full = CrlName { form: Form::Full, ..name.clone() };
            change = change.check(CRLS, full.key(), Expect::Version(base));
        }
        // Whoever reads the one before may finish: its octets go when the next one comes.
        if let Some(before) = newest.of(name.form) {
            change = change.and(superseded_chunks(self.parts.store.as_ref(), name, before.0.number)?);
        }
        self.parts.store.commit(change.explained_by(&event))?;
        Ok(())
    }
}

fn subject(name: &CrlName) -> String {
    format!("crl:{}", name.key())
}
