//! Counting, page by page: identities, then certificates, then requests.

use std::collections::BTreeMap;

use ca_core::certificate::CertificateRecord;
use ca_core::profile::Assurance;
use ca_core::serial::SerialNumber;
use ca_core::storage::StorageError;
use time::OffsetDateTime;

use super::Group;
use crate::certificates::CertificateStatus;
use crate::enrolment::{REQUESTS, Request, RequestStatus};
use crate::fault::Fault;
use crate::id::{IdentityId, IdentityKind, RequestId};
use crate::identity::{BirthDate, IDENTITIES, IdentityRecord, IdentityStatus};
use crate::record;
use crate::registry::Registry;
use crate::timed;

/// The first decade of birth that is told apart.
const FIRST_DECADE: i32 = 1900;
/// Of whom the year of birth, or the level, is not known.
const UNKNOWN: &str = "unknown";
const NONE: &str = "none";

type Counts = BTreeMap<String, u64>;

/// A count under way; nothing is when it is new or has ended.
#[derive(Debug, Default)]
pub struct Counting(Option<Box<Progress>>);

impl Counting {
    pub(super) const fn is_idle(&self) -> bool {
        self.0.is_none()
    }
}

/// How far a count has come.
#[derive(Debug)]
struct Progress {
    begun_at: OffsetDateTime,
    place: Place,
    tally: Tally,
}

/// After what the next page begins.
#[derive(Debug)]
enum Place {
    Identities(Option<IdentityId>),
    Certificates(Option<SerialNumber>),
    Requests(Option<RequestId>),
    End,
}

/// What was counted so far. What there may be stands there from the beginning, so that a missing cell tells nothing.
#[derive(Debug)]
struct Tally {
    /// Identities by kind and status.
    kinds: BTreeMap<IdentityKind, Counts>,
    births: Counts,
    assurance: Counts,
    /// Certificates by profile and state.
    profiles: BTreeMap<String, Counts>,
    requests: Counts,
}

fn zeros(names: impl IntoIterator<Item = impl ToString>) -> Counts {
    names.into_iter().map(|name| (name.to_string(), 0)).collect()
}

fn one_more(counts: &mut Counts, name: impl ToString) {
    *counts.entry(name.to_string()).or_default() += 1;
}

fn states() -> Counts {
    zeros(CertificateStatus::ALL.map(CertificateStatus::name))
}

/// `1980-1989`; what lies before is one band.
fn band(year: i32) -> String {
    if year < FIRST_DECADE {
        return format!("before {FIRST_DECADE}");
    }
    let decade = year - year.rem_euclid(10);
    format!("{decade}-{}", decade + 9)
}

impl Tally {
    fn begun(year: i32, profiles: impl IntoIterator<Item = String>) -> Self {
        let statuses = [IdentityStatus::Active, IdentityStatus::Suspended, IdentityStatus::Closed];
        let bands = (FIRST_DECADE - 1..=year).map(band).chain([UNKNOWN.to_owned()]);
        let levels = [Assurance::Low, Assurance::Substantial, Assurance::High].map(Assurance::name);
        let statuses = || zeros(statuses.map(IdentityStatus::name));
        Self {
            kinds: IdentityKind::ALL.into_iter().map(|kind| (kind, statuses())).collect(),
            births: zeros(bands),
            assurance: zeros(levels.into_iter().chain([NONE])),
            profiles: profiles.into_iter().map(|profile| (profile, states())).collect(),
            requests: zeros(RequestStatus::ALL.map(RequestStatus::name)),
        }
    }

    /// A whole and its parts: of a whole that is left out the parts are withheld.
    fn published(&self, threshold: u64) -> Vec<Group> {
        let sum = |counts: &Counts| counts.values().sum::<u64>();
        let kinds: Counts =
            self.kinds.iter().map(|(kind, counts)| (kind.name().to_owned(), sum(counts))).collect();
        let kinds = Group::published("identities", "kind", &kinds, threshold);
        let profiles: Counts =
            self.profiles.iter().map(|(profile, counts)| (profile.clone(), sum(counts))).collect();
        let profiles = Group::published("certificates", "profile", &profiles, threshold);
        let part = |of: &str, by: &str, counts: &Counts, whole: Option<&Option<u64>>| match whole {
            Some(Some(_)) => Group::published(of, by, counts, threshold),
            _ => Group::withheld(of, by, counts),
        };
        let persons = kinds.cells.get(IdentityKind::Person.name());
        let mut groups: Vec<Group> = Vec::new();
        for (kind, counts) in &self.kinds {
            groups.push(part(kind.name(), "status", counts, kinds.cells.get(kind.name())));
        }
        groups.push(part(IdentityKind::Person.name(), "year of birth", &self.births, persons));
        groups.push(part(IdentityKind::Person.name(), "assurance", &self.assurance, persons));
        for (profile, counts) in &self.profiles {
            groups.push(part(profile, "state", counts, profiles.cells.get(profile)));
        }
        groups.push(Group::published("requests", "outcome", &self.requests, threshold));
        groups.splice(0..0, [kinds, profiles]);
        groups
    }
}

/// When a count began, and what came of it.
type Counted = (OffsetDateTime, Vec<Group>);

impl Registry {
    /// Counts one page more, or begins. What fails makes the count begin anew.
    pub(super) fn count_on(
        &self,
        counting: &mut Counting,
        most: usize,
    ) -> Result<(usize, Option<Counted>), Fault> {
        let mut progress = match counting.0.take() {
            Some(progress) => progress,
            None => Box::new(self.count_begun()?),
        };
        let seen = self.count_page(&mut progress, most.max(1))?;
        if let Place::End = progress.place {
            let groups = progress.tally.published(self.settings().statistics.threshold);
            return Ok((seen, Some((progress.begun_at, groups))));
        }
        counting.0 = Some(progress);
        Ok((seen, None))
    }

    fn count_begun(&self) -> Result<Progress, Fault> {
        let begun_at = self.now();
        let profiles = self.profiles_in_force()?;
        let profiles = profiles.profiles().iter().map(|profile| profile.id.to_string());
        let tally = Tally::begun(begun_at.year(), profiles.collect::<Vec<_>>());
        Ok(Progress { begun_at, place: Place::Identities(None), tally })
    }

    fn count_page(&self, progress: &mut Progress, most: usize) -> Result<usize, Fault> {
        let Progress { place, tally, .. } = progress;
        let (seen, next) = match place {
            Place::Identities(after) => {
                let range = timed::range("", after.as_ref().map(ToString::to_string));
                let found = self.store().scan(IDENTITIES, &range, most)?;
                let mut last = None;
                for (_, entry) in &found {
                    let record: IdentityRecord = record::decode(IDENTITIES, entry)?;
                    last = Some(record.id);
                    self.count_identity(tally, record)?;
                }
                let next =
                    if found.len() < most { Place::Certificates(None) } else { Place::Identities(last) };
                (found.len(), next)
            }
            Place::Certificates(after) => {
                let found = self.authorities().list(after.as_ref(), most)?;
                found.iter().for_each(|record| self.count_certificate(tally, record));
                let last = found.last().map(|record| record.serial.clone());
                let next = if found.len() < most { Place::Requests(None) } else { Place::Certificates(last) };
                (found.len(), next)
            }
            Place::Requests(after) => {
                let range = timed::range("", after.as_ref().map(ToString::to_string));
                let found = self.store().scan(REQUESTS, &range, most)?;
                let read = found.iter().map(|(_, entry)| record::decode::<Request>(REQUESTS, entry));
                let requests = read.collect::<Result<Vec<_>, StorageError>>()?;
                requests.iter().for_each(|one| one_more(&mut tally.requests, one.status().name()));
                let last = requests.last().map(|request| request.id);
                (found.len(), if found.len() < most { Place::End } else { Place::Requests(last) })
            }
            Place::End => (0, Place::End),
        };
        *place = next;
        Ok(seen)
    }

    /// A person's record is opened for two facts that leave it as a number.
    fn count_identity(&self, tally: &mut Tally, record: IdentityRecord) -> Result<(), Fault> {
        let (id, status) = (record.id, record.status);
        one_more(tally.kinds.entry(id.kind()).or_default(), status.name());
        if id.kind() != IdentityKind::Person {
            return Ok(());
        }
        let details = self.with_details(record)?.details;
        let born = details.and_then(|details| details.further().birth_date.clone());
        let year = born.and_then(|date| BirthDate::read(&date).ok()).map(|date| band(date.year));
        one_more(&mut tally.births, year.as_deref().unwrap_or(UNKNOWN));
        let level = self.proven(id, None)?.carried.level;
        one_more(&mut tally.assurance, level.map_or(NONE, Assurance::name));
        Ok(())
    }

    fn count_certificate(&self, tally: &mut Tally, record: &CertificateRecord) {
        let states = tally.profiles.entry(record.profile.to_string()).or_insert_with(states);
        one_more(states, self.status_of(record).name());
    }
}
