//! Entering whole lists of identities: persons, organisations, devices, applications and agents, a part of a list at a time.
//!
//! Each row is judged exactly as a single registration is, and answered by itself: a row that does not fit, or whose
//! number is taken, takes no other down with it. What is entered of a part is one commit, so that one flush of the disk
//! serves all of it, and each identity has its event there. The same commit keeps what became of the part: sent again,
//! after whatever happened, it enters nobody twice.

use ca_core::ledger::Action;
use ca_core::storage::{Change, StorageError, Table, Version};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::duplicates::NotTheSame;
use crate::fault::{Attempt, Fault, by_fault, until_settled};
use crate::id::{IdentityId, StaffId};
use crate::identity::{Details, FieldError, IdentityError, NewIdentity, checked};
use crate::look::Work;
use crate::permission::{ImportIdentities, Permit};
use crate::record::{self, encode};
use crate::registry::Registry;

mod judge;
mod known;

pub(crate) use judge::Judge;

/// What became of each part of a list: HMAC of the part under the installation's secret → [`KeptBatch`]. See
/// [`index_key`](crate::index_key).
pub const IMPORT_BATCHES: Table = Table::records("import_batches");

/// Identities were entered from a list.
pub const IMPORTED: Action = Action::named("identities.imported");

/// The most rows of one part.
pub const MOST_ROWS: usize = 500;

/// Owner and sponsor of a device or application as a list names them: by identifier (`O-7QF3K2M9T4`) or by number
/// (`GO:LS-RSL`, `PNOLS-012345678901`).
#[derive(Clone)]
pub struct NamedOwner {
    /// The organisation it belongs to.
    pub organisation: String,
    /// The person who answers for it.
    pub sponsor: String,
}

impl std::fmt::Debug for NamedOwner {
    /// Personal data does not reach logs.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NamedOwner").finish_non_exhaustive()
    }
}

/// One row of a list.
#[derive(Debug, Clone)]
pub struct Row {
    /// Where it stands in its list, from 1.
    pub number: u64,
    /// What is to be entered; or why it could not be read as an identity.
    pub entered: Result<NewIdentity<NamedOwner>, FieldError>,
    /// Of a person: whom it is not the same as, as the list says.
    pub not_the_same: NotTheSame,
}

/// A part of a list.
#[derive(Debug, Clone)]
pub struct Batch {
    /// Which list: the SHA-256 of the file, 64 hexadecimal digits.
    pub source: String,
    /// 1 to [`MOST_ROWS`] of its rows, in the order of their numbers.
    pub rows: Vec<Row>,
}

/// Whether rows are entered or only judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Those that fit are entered.
    Enter,
    /// Nothing is written but looks at the persons whom rows resemble.
    Try,
}

/// What became of a row.
#[derive(Debug, Clone)]
pub enum Outcome {
    /// It was entered now.
    Registered(IdentityId),
    /// It was entered before, when the same part was sent.
    Already(IdentityId),
    /// It would be entered.
    Fits,
    /// It was not entered.
    Refused(IdentityError),
}

/// A record of [`IMPORT_BATCHES`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeptBatch {
    /// What was entered, row by row; `None` where the row was refused.
    pub entered: Vec<Option<IdentityId>>,
    /// When, UTC.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// The officer who sent it.
    pub by: StaffId,
}

/// A part of a list could not be judged at all.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// No rows, or more than one commit takes.
    #[error("{0} rows were sent; one call takes 1 to {MOST_ROWS}")]
    Count(usize),
    /// Rows are numbered otherwise than their list is.
    #[error("the rows are not in the order of their numbers, each number once, from 1 on")]
    Order,
    /// The list is not named by its digest.
    #[error("the source is not the SHA-256 of the list, 64 hexadecimal digits")]
    Source,
    /// The registry failed.
    #[error(transparent)]
    Fault(#[from] Fault),
}

by_fault!(ImportError: StorageError);

/// A row whose fields fit, or why they do not.
pub(crate) type Checked = Result<(Details, Option<NamedOwner>), FieldError>;

impl Registry {
    /// Enters a part of a list, or tries it: what became of each row, in their order. Sent again, it enters what was
    /// refused before and fits by now, and nothing twice.
    ///
    /// # Errors
    /// The part has no rows, too many, or not in order; or the registry failed: then nothing of it was entered, or all.
    pub fn import_identities(
        &self,
        permit: &Permit<ImportIdentities>,
        batch: Batch,
        mode: Mode,
    ) -> Result<Vec<Outcome>, ImportError> {
        confirm(&batch)?;
        let numbers: Vec<String> = batch.rows.iter().map(|row| row.number.to_string()).collect();
        let today = self.now().date();
        let judged = |row: Row| (row.entered.and_then(|entered| checked(entered, today)), row.not_the_same);
        let (rows, said): (Vec<Checked>, Vec<NotTheSame>) = batch.rows.into_iter().map(judged).unzip();
        let place = self.place(&batch.source, &numbers, &rows)?;
        let dated = |row: &Checked| row.as_ref().is_ok_and(|(details, _)| details.further().born().is_some());
        let _turn = rows.iter().any(dated).then(|| self.take_turn_at_persons());
        until_settled(|| self.import_once(permit, (&place, &batch.source), (&rows, &said), mode))
    }

    fn import_once(
        &self,
        permit: &Permit<ImportIdentities>,
        (place, source): (&[u8], &str),
        (rows, said): (&[Checked], &[NotTheSame]),
        mode: Mode,
    ) -> Result<Attempt<Vec<Outcome>, ImportError>, ImportError> {
        let kept = record::find::<KeptBatch>(self.store(), IMPORT_BATCHES, place)?;
        let entered = |at: usize| *kept.as_ref()?.0.entered.get(at)?;
        // Of a part that was entered before, nothing is looked up.
        let left = rows.iter().enumerate().filter(|(at, _)| entered(*at).is_none());
        let left: Vec<&Checked> = left.map(|(_, row)| row).collect();
        let mut judge = Judge::begin(self, permit.staff(), &left, mode)?;
        let mut outcomes = Vec::with_capacity(rows.len());
        for (at, (row, said)) in rows.iter().zip(said).enumerate() {
            outcomes.push(match entered(at) {
                Some(before) => Outcome::Already(before),
                None => judge.row(row, said)?,
            });
        }
        self.record_looks(permit, judge.told().iter().copied(), &Work::of_kind("import"))?;
        let change = judge.finish();
        if mode == Mode::Try || change.writes().is_empty() {
            return Ok(Attempt::Settled(Ok(outcomes)));
        }
        let bookkeeping =
            self.kept_with(place, kept.map(|(_, version)| version), permit.staff(), &outcomes)?;
        let count =
            |wanted: fn(&Outcome) -> bool| outcomes.iter().filter(|it| wanted(it)).count().to_string();
        let event = self
            .event(&permit.actor(), IMPORTED, format!("list:{source}"))?
            .with("registered", count(|outcome| matches!(outcome, Outcome::Registered(_))))
            .with("refused", count(|outcome| matches!(outcome, Outcome::Refused(_))));
        let outcome = self.commit(change.and(bookkeeping.explained_by(&event)));
        Ok(Attempt::of(outcome, || outcomes))
    }

    fn kept_with(
        &self,
        place: &[u8],
        before: Option<Version>,
        by: StaffId,
        outcomes: &[Outcome],
    ) -> Result<Change, Fault> {
        let entered = outcomes.iter().map(|outcome| match outcome {
            Outcome::Registered(id) | Outcome::Already(id) => Some(*id),
            Outcome::Fits | Outcome::Refused(_) => None,
        });
        let kept = encode(&KeptBatch { entered: entered.collect(), at: self.now(), by })?;
        Ok(match before {
            Some(version) => Change::new().replace(IMPORT_BATCHES, place, version, kept),
            None => Change::new().insert(IMPORT_BATCHES, place, kept),
        })
    }

    /// Where it is kept what became of these rows of this list: who sends other rows under the same numbers sends
    /// another part.
    fn place(&self, source: &str, numbers: &[String], rows: &[Checked]) -> Result<Vec<u8>, Fault> {
        let mut parts = vec!["import batch".to_owned(), source.to_ascii_lowercase()];
        for (number, row) in numbers.iter().zip(rows) {
            parts.push(number.clone());
            let Ok((details, owner)) = row else { continue };
            let text = serde_json::to_string(details);
            parts.push(text.map_err(|_| StorageError("an identity cannot be written".to_owned()))?);
            if let Some(owner) = owner {
                parts.extend([owner.organisation.clone(), owner.sponsor.clone()]);
            }
        }
        self.blinded(&parts.iter().map(String::as_str).collect::<Vec<_>>())
    }
}

fn confirm(batch: &Batch) -> Result<(), ImportError> {
    if batch.rows.is_empty() || batch.rows.len() > MOST_ROWS {
        return Err(ImportError::Count(batch.rows.len()));
    }
    let numbers = || batch.rows.iter().map(|row| row.number);
    if numbers().zip(numbers().skip(1)).any(|(one, next)| one >= next) || numbers().next() == Some(0) {
        return Err(ImportError::Order);
    }
    if batch.source.len() != 64 || !batch.source.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return Err(ImportError::Source);
    }
    Ok(())
}
