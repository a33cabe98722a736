//! Who may be in the registry twice, under two numbers. Nothing is decided here: whoever registers is shown who is there, and
//! says that it is somebody else, or does not register.
//!
//! Persons who may be alike are found by an index ([`blocks`]), opened and compared by one rule ([`likeness`]). From `ask` of 100 on a
//! registration waits for the officer's word; from `list` on `npki registry duplicates` shows them. Everybody stays in the index who
//! ever was registered, also who has died or left: to be born again is what such a registration would be. Erased identities do not.
//!
//! On one node registrations of persons with a birth date take turns, so that of two at once the second sees the first. Nodes of a
//! cluster do not wait for each other: what slips through between two of them is found by `duplicates`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use ca_core::ledger::Event;
use ca_core::vault::purpose_of;

use crate::fault::Fault;
use crate::id::{IdentityId, IdentityKind};
use crate::identity::{
    Details, FieldError, IDENTITY_DETAILS, Identity, IdentityError, demand_kind, reason_line,
};
use crate::permission::{Permit, ReadRegistry};
use crate::registry::{Registry, reference};

mod blocks;
mod fold;
mod likeness;

pub use blocks::IDENTITY_BLOCKS;
use blocks::{MOST, Place};
use fold::Names;
use likeness::{Likeness, MOST_UNDATED};

/// More candidates than these are not told at once: those most alike are.
const MOST_TOLD: usize = 20;

/// From which likeness on, of 100, something is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Thresholds {
    /// A registration waits for the officer's word.
    pub ask: u8,
    /// It is listed among those that may be the same.
    pub list: u8,
}

impl Default for Thresholds {
    fn default() -> Self {
        Self { ask: 85, list: 70 }
    }
}

/// Somebody who may be the same person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// Who.
    pub id: IdentityId,
    /// How much they are alike, 0 to 100.
    pub score: u8,
    /// What agrees, in words.
    pub agree: Vec<&'static str>,
}

impl std::fmt::Display for Candidate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ({} of 100: {})", self.id, self.score, self.agree.join(", "))
    }
}

/// Candidates as one line of text.
pub(crate) fn told(candidates: &[Candidate]) -> String {
    let mut text = String::new();
    for (at, candidate) in candidates.iter().enumerate() {
        let _ = write!(text, "{}{candidate}", if at == 0 { "" } else { "; " });
    }
    text
}

/// Whom an officer says the new person is not, and why. The default says nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NotTheSame {
    ids: BTreeSet<IdentityId>,
    reason: String,
}

impl NotTheSame {
    /// Reads what an officer says.
    ///
    /// # Errors
    /// Somebody is named who cannot be, or more than can be looked at; or there is no reason.
    pub fn entered(ids: &[String], reason: Option<&str>) -> Result<Self, FieldError> {
        let refuse = |why: String| FieldError {
            field: "not_the_same_as",
            why,
            fits: "the identifiers of the persons that the refusal named: P-7QF3K2M9T4",
        };
        if ids.is_empty() {
            return match reason {
                None => Ok(Self::default()),
                Some(_) => Err(refuse("there is a reason, and nobody whom it is about".to_owned())),
            };
        }
        if ids.len() > MOST {
            return Err(refuse(format!("{} are named, at most {MOST} are looked at", ids.len())));
        }
        let id = |text: &String| text.parse().map_err(|_| refuse("one is no identifier".to_owned()));
        let ids: BTreeSet<IdentityId> = ids.iter().map(id).collect::<Result<_, _>>()?;
        if ids.iter().any(|id| id.kind() != IdentityKind::Person) {
            return Err(refuse("one is no person".to_owned()));
        }
        Ok(Self { ids, reason: reason_line("reason", reason.unwrap_or_default())? })
    }

    /// Enters into the event of a registration who was shown and said to be somebody else.
    pub(crate) fn noted(&self, event: Event, shown: &[Candidate]) -> Event {
        if shown.is_empty() {
            return event;
        }
        let shown: Vec<String> = shown.iter().map(|candidate| candidate.id.to_string()).collect();
        event.with("not-the-same-as", shown.join(" ")).because(self.reason.clone())
    }
}

/// Persons who are entered in the same commit, and do not stand in the index yet.
#[derive(Debug, Default)]
pub(crate) struct Fresh {
    places: BTreeMap<Place, Vec<IdentityId>>,
    details: BTreeMap<IdentityId, Details>,
}

impl Fresh {
    /// Adds a person.
    pub(crate) fn enter(
        &mut self,
        registry: &Registry,
        id: IdentityId,
        details: &Details,
    ) -> Result<(), Fault> {
        if id.kind() != IdentityKind::Person {
            return Ok(());
        }
        for place in registry.places(details)? {
            self.places.entry(place).or_default().push(id);
        }
        self.details.insert(id, details.clone());
        Ok(())
    }

    fn standing_at(&self, place: &[u8]) -> impl Iterator<Item = IdentityId> {
        let from = self.places.range(place.to_vec()..);
        let here = from.take_while(move |(key, _)| key.starts_with(place));
        here.flat_map(|(_, ids)| ids.iter().copied()).collect::<Vec<_>>().into_iter()
    }
}

/// Who stands where one looks.
#[derive(Debug, Default)]
struct Found {
    ids: BTreeSet<IdentityId>,
    /// Some group is larger than what is opened.
    cut: bool,
}

/// Who may be the same as somebody.
#[derive(Debug)]
pub struct Duplicates {
    /// Each with its likeness, those most alike first.
    pub items: Vec<(Candidate, Identity)>,
    /// More persons share the name than were compared.
    pub cut: bool,
}

impl Registry {
    /// Who may be the same person as one that is registered. Each that is shown is a look at that person's record.
    ///
    /// # Errors
    /// No such identity, it is no person or was erased, it belongs to somebody else, or the registry failed.
    pub fn duplicates(
        &self,
        permit: &Permit<ReadRegistry>,
        id: IdentityId,
    ) -> Result<Duplicates, IdentityError> {
        demand_kind(id, IdentityKind::Person)?;
        let (record, _) = self.identity_record(id)?;
        record.within(permit.scope())?;
        let identity = self.with_details(record)?;
        let details = identity.known()?;
        let threshold = self.settings().duplicates.list;
        let Found { mut ids, cut } = self.standing_near(details, threshold, None)?;
        ids.remove(&id);
        let mut known = self.known_of(&ids)?;
        let mut candidates = scored(details, &known, threshold);
        let cut = cut || candidates.len() > MOST_TOLD;
        candidates.truncate(MOST_TOLD);
        let mut records = self.identity_records(candidates.iter().map(|candidate| candidate.id).collect())?;
        let identity = |candidate: Candidate| {
            let id = candidate.id;
            let (record, _) = records.remove(&id).ok_or(IdentityError::Unknown(id))?;
            Ok((candidate, Identity { record, details: known.remove(&id) }))
        };
        let items = candidates.into_iter().map(identity).collect::<Result<Vec<_>, IdentityError>>()?;
        self.look_up(permit, std::iter::once(id).chain(items.iter().map(|(candidate, _)| candidate.id)))?;
        Ok(Duplicates { items, cut })
    }

    /// Goes on when a new person is like nobody, or like those only whom the officer says it is not: these.
    ///
    /// # Errors
    /// [`IdentityError::Resembles`] with those whom the officer has not named; or the registry failed.
    pub(crate) fn demand_distinct(
        &self,
        details: &Details,
        said: &NotTheSame,
        fresh: Option<&Fresh>,
    ) -> Result<Vec<Candidate>, IdentityError> {
        let threshold = self.settings().duplicates.ask;
        let Found { ids, .. } = self.standing_near(details, threshold, fresh)?;
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let (new, known): (BTreeSet<_>, BTreeSet<_>) =
            ids.into_iter().partition(|id| fresh.is_some_and(|fresh| fresh.details.contains_key(id)));
        let mut opened = self.known_of(&known)?;
        if let Some(fresh) = fresh {
            opened.extend(new.into_iter().filter_map(|id| Some((id, fresh.details.get(&id)?.clone()))));
        }
        let candidates = scored(details, &opened, threshold);
        let (shown, left): (Vec<_>, Vec<_>) =
            candidates.into_iter().partition(|candidate| said.ids.contains(&candidate.id));
        if left.is_empty() {
            return Ok(shown);
        }
        Err(IdentityError::Resembles(left.into_iter().take(MOST_TOLD).collect()))
    }

    /// Everybody who may come to a likeness; more than that, and fewer than all.
    fn standing_near(&self, details: &Details, threshold: u8, fresh: Option<&Fresh>) -> Result<Found, Fault> {
        let mut found = Found::default();
        let undated = threshold <= MOST_UNDATED;
        if details.kind() != IdentityKind::Person || (details.further().born().is_none() && !undated) {
            return Ok(found);
        }
        for place in self.narrow(details, undated)? {
            let standing = self.standing_at(&place)?;
            found.cut |= standing.len() > MOST;
            found.ids.extend(standing.into_iter().take(MOST));
            found.ids.extend(fresh.into_iter().flat_map(|fresh| fresh.standing_at(&place)));
        }
        if undated {
            for place in self.namesakes(details)? {
                let standing = self.standing_at(&place)?;
                // A group that is too large is cut to those of the same year, who are there already.
                if standing.len() > MOST {
                    found.cut = true;
                } else {
                    found.ids.extend(standing);
                }
                found.ids.extend(fresh.into_iter().flat_map(|fresh| fresh.standing_at(&place)));
            }
        }
        Ok(found)
    }

    /// What is known of persons; those erased meanwhile are left out.
    fn known_of(&self, ids: &BTreeSet<IdentityId>) -> Result<BTreeMap<IdentityId, Details>, Fault> {
        let keys: Vec<Vec<u8>> = ids.iter().map(|id| id.to_string().into_bytes()).collect();
        let mut opened = BTreeMap::new();
        if keys.is_empty() {
            return Ok(opened);
        }
        for (id, sealed) in ids.iter().zip(self.store().get_many(IDENTITY_DETAILS, &keys)?) {
            let Some(sealed) = sealed else { continue };
            let purpose = purpose_of(IDENTITY_DETAILS, id);
            let details = self.vault().open_record(&reference(id), &purpose, &sealed.value)?;
            opened.extend(details.map(|details| (*id, details)));
        }
        Ok(opened)
    }
}

/// Those who are alike enough, the most alike first.
fn scored(details: &Details, known: &BTreeMap<IdentityId, Details>, threshold: u8) -> Vec<Candidate> {
    let (names, born) = (Names::of(details), details.further().born());
    let candidate = |(id, other): (&IdentityId, &Details)| {
        let likeness = Likeness::between((&names, born), (&Names::of(other), other.further().born()));
        Candidate { id: *id, score: likeness.score, agree: likeness.agree }
    };
    let mut candidates: Vec<Candidate> =
        known.iter().map(candidate).filter(|candidate| candidate.score >= threshold).collect();
    candidates.sort_by_key(|candidate| (std::cmp::Reverse(candidate.score), candidate.id));
    candidates
}
