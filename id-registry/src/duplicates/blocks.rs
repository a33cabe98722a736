//! Where persons stand who may be alike: an index of digests under the installation's secret, from which nobody without the
//! master key reads a name, a sound or a date.
//!
//! An entry is `group (16 octets) year (8 octets) identity`, both digests: all of a group stand together, those of one year
//! together within it. A person stands in a group for
//! - each pair of a part of the surname and a part of the given names, in either order, by their skeletons, whatever the date;
//! - each such pair with day and month, in either order: found when the year was mistyped;
//! - each part of the name with the birth date, day and month in either order: found when the rest of the name is another.
//!
//! The first finds namesakes; with its year it finds whoever is alike enough to be asked about. So what is read does not grow
//! with the number of namesakes in a country, but with that of those of one year.

use std::collections::BTreeSet;

use ca_core::storage::{Change, KeyRange, StorageError, Table};

use super::fold::{Names, skeleton};
use crate::fault::Fault;
use crate::id::IdentityId;
use crate::identity::{BirthDate, Details};
use crate::registry::Registry;

/// Persons by what is likely to stay the same when a name or date is written otherwise: digests, then the identity; empty
/// values.
pub const IDENTITY_BLOCKS: Table = Table::octets("identity_blocks");

/// The rule by which entries are made. Another rule gets another number, so that entries of both are told apart.
const RULE: &str = "identity block 1";
const GROUP: usize = 16;
const YEAR: usize = 8;

/// More than so many of one group are not opened one by one.
pub(super) const MOST: usize = 100;

/// A place in the index, without the identity: all of a group, or those of one year.
pub(super) type Place = Vec<u8>;

/// A group as it is known before it is digested.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Group {
    /// Two skeletons, sorted.
    Pair(String, String),
    /// Two skeletons, and day and month, each sorted.
    PairAndDay(String, String, u8, u8),
    /// A skeleton, and a birth date whose day and month are sorted.
    PartAndDate(String, i32, u8, u8),
}

/// Every group in which a person stands.
fn groups(names: &[Names], born: Option<BirthDate>) -> BTreeSet<Group> {
    let day = born.and_then(|date| Some((date.year, date.month?, date.day?)));
    let day = day.map(|(year, month, day)| (year, month.min(day), month.max(day)));
    let mut groups = BTreeSet::new();
    for form in names {
        let bones = |parts: &[String]| parts.iter().map(|part| skeleton(part)).collect::<Vec<_>>();
        let (surname, given) = (bones(&form.surname), bones(&form.given));
        for one in &surname {
            for other in &given {
                let (one, other) = (one.min(other).clone(), one.max(other).clone());
                groups.extend(
                    day.map(|(_, low, high)| Group::PairAndDay(one.clone(), other.clone(), low, high)),
                );
                groups.insert(Group::Pair(one, other));
            }
        }
        if let Some((year, low, high)) = day {
            let parts = surname.into_iter().chain(given);
            groups.extend(parts.map(|part| Group::PartAndDate(part, year, low, high)));
        }
    }
    groups
}

impl Registry {
    fn group(&self, group: &Group) -> Result<Place, Fault> {
        let digest = match group {
            Group::Pair(one, other) => self.blinded(&[RULE, "pair", one, other]),
            Group::PairAndDay(one, other, low, high) => {
                self.blinded(&[RULE, "pair and day", one, other, &low.to_string(), &high.to_string()])
            }
            Group::PartAndDate(part, year, low, high) => {
                let date = format!("{year}-{low}-{high}");
                self.blinded(&[RULE, "part and date", part, &date])
            }
        };
        let mut place = digest?;
        place.truncate(GROUP);
        Ok(place)
    }

    /// A group's place with a year; `None`: those whose year is not known.
    fn of_year(&self, group: &[u8], year: Option<i32>) -> Result<Place, Fault> {
        let year = year.map(|year| year.to_string()).unwrap_or_default();
        let mut digest = self.blinded(&[RULE, "year", &hex::encode(group), &year])?;
        digest.truncate(YEAR);
        Ok([group, &digest].concat())
    }

    /// Where a person stands in the index; nowhere for other kinds of identities.
    pub(super) fn places(&self, details: &Details) -> Result<BTreeSet<Place>, Fault> {
        let born = details.further().born();
        let year = born.map(|date| date.year);
        groups(&Names::of(details), born)
            .iter()
            .map(|group| self.of_year(&self.group(group)?, year))
            .collect()
    }

    /// Where those stand who may be asked about: of the same year with the same pair of names, or with one of the groups that
    /// hold a date; with `undated`, those too whose year is not known.
    pub(super) fn narrow(&self, details: &Details, undated: bool) -> Result<Vec<Place>, Fault> {
        let born = details.further().born();
        let mut places = Vec::new();
        for group in groups(&Names::of(details), born) {
            let place = self.group(&group)?;
            match group {
                Group::Pair(..) => {
                    if let Some(born) = born {
                        places.push(self.of_year(&place, Some(born.year))?);
                    }
                    if undated {
                        places.push(self.of_year(&place, None)?);
                    }
                }
                Group::PairAndDay(..) | Group::PartAndDate(..) => places.push(place),
            }
        }
        Ok(places)
    }

    /// Where everybody stands whose pair of names is the same.
    pub(super) fn namesakes(&self, details: &Details) -> Result<Vec<Place>, Fault> {
        let pairs = groups(&Names::of(details), None);
        pairs.iter().map(|group| self.group(group)).collect()
    }

    /// Who stands at a place, at most [`MOST`] and one more.
    pub(super) fn standing_at(&self, place: &[u8]) -> Result<Vec<IdentityId>, Fault> {
        let found = self.store().scan(IDENTITY_BLOCKS, &KeyRange::prefix(place), MOST + 1)?;
        let id = |(key, _): &(Vec<u8>, _)| {
            let id = key.get(GROUP + YEAR..).and_then(|id| std::str::from_utf8(id).ok());
            id.and_then(|id| id.parse().ok())
        };
        let ids = found.iter().map(id).collect::<Option<Vec<_>>>();
        Ok(ids.ok_or_else(|| StorageError("an entry of identity_blocks is damaged".to_owned()))?)
    }

    /// What moves a person in the index from what was known to what is known now: with `before` left out the person is new,
    /// with `after` left out erased. **Whoever changes a name or a birth date commits this with the change.** Other kinds of
    /// identities do not stand in it.
    pub(crate) fn blocks_moved(
        &self,
        id: IdentityId,
        before: Option<&Details>,
        after: Option<&Details>,
    ) -> Result<Change, Fault> {
        let places = |details: Option<&Details>| {
            details.map(|details| self.places(details)).transpose().map(Option::unwrap_or_default)
        };
        let (old, new) = (places(before)?, places(after)?);
        let key = |place: &Place| [place.as_slice(), id.to_string().as_bytes()].concat();
        // What stays is put again: whoever was registered before there was this index stands in it from now on.
        let change =
            new.iter().fold(Change::new(), |change, place| change.put(IDENTITY_BLOCKS, key(place), []));
        let gone: Vec<Vec<u8>> = old.difference(&new).map(key).collect();
        if gone.is_empty() {
            return Ok(change);
        }
        let found = self.store().get_many(IDENTITY_BLOCKS, &gone)?;
        // Nor is everything there that would have to go.
        let found = gone.into_iter().zip(found).filter_map(|(key, entry)| Some((key, entry?.version)));
        Ok(found.fold(change, |change, (key, version)| change.delete(IDENTITY_BLOCKS, key, version)))
    }
}
