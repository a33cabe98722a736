//! When officers act, and how much of it in a day. A register of persons is sold by the query at night and by the hundred: who
//! looks up more persons, or approves more, than the work of a day takes, is stopped, and the auditor sees it.

use ca_core::ledger::Action;
use ca_core::storage::{Change, Table};
use serde::{Deserialize, Serialize};
use time::{Date, OffsetDateTime, Time, UtcOffset, Weekday};

use crate::fault::Fault;
use crate::permission::{Permission, Permit};
use crate::record::{self, encode};
use crate::registry::Registry;

/// What each officer did on the day of the last act, by the officer's identifier.
pub const STAFF_DAYS: Table = Table::records("staff_days");

/// An officer's quota of a day was used up, and more was asked for.
pub const QUOTA_REACHED: Action = Action::named("staff.quota-reached");

/// The rules for officers that the installation's settings hold.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OfficerRules {
    /// When officers may act; `None`: always.
    pub hours: Option<Hours>,
    /// How much of it in a day.
    pub quota: Quota,
}

/// When officers may act.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hours {
    /// On these days.
    pub days: Vec<Weekday>,
    /// Not before this time of the day.
    pub from: Time,
    /// Before this time of the day.
    pub until: Time,
    /// How far the country's time is ahead of UTC.
    pub offset: UtcOffset,
}

impl Hours {
    /// Whether they are open.
    pub fn are_open(&self, at: OffsetDateTime) -> bool {
        let local = at.to_offset(self.offset);
        self.days.contains(&local.weekday()) && self.from <= local.time() && local.time() < self.until
    }
}

impl std::fmt::Display for Hours {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let days: Vec<String> =
            self.days.iter().map(|day| day.to_string().chars().take(3).collect()).collect();
        let (from, until) = (self.from, self.until);
        write!(
            f,
            "{} {:02}:{:02} to {:02}:{:02}",
            days.join(", "),
            from.hour(),
            from.minute(),
            until.hour(),
            until.minute()
        )
    }
}

/// The most of each in a day; `None`: no bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Quota {
    /// Persons looked up.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub looks: Option<u32>,
    /// Requests approved.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub approvals: Option<u32>,
}

impl Quota {
    /// The same, where this one says nothing as `other` says.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self { looks: self.looks.or(other.looks), approvals: self.approvals.or(other.approvals) }
    }
}

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counted {
    /// Persons looked up.
    Looks,
    /// Requests approved.
    Approvals,
}

/// What an officer did on a day.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Day {
    #[serde(with = "record::day")]
    day: Date,
    looks: u32,
    approvals: u32,
}

/// A quota is used up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("your quota of a day is {most} {}", match .of { Counted::Looks => "persons looked up", Counted::Approvals => "requests approved" })]
pub struct QuotaReached {
    /// Of what.
    pub of: Counted,
    /// The most in a day.
    pub most: u32,
}

impl Registry {
    /// The change that counts what an officer is about to do; no change where nothing bounds it. Inside: the quota is used up,
    /// which is in the ledger then.
    pub(crate) fn counted<P: Permission>(
        &self,
        permit: &Permit<P>,
        of: Counted,
        more: usize,
    ) -> Result<Result<Change, QuotaReached>, Fault> {
        let quota = permit.quota();
        let most = match of {
            Counted::Looks => quota.looks,
            Counted::Approvals => quota.approvals,
        };
        let Some(most) = most else { return Ok(Ok(Change::new())) };
        let place = permit.staff().to_string();
        let offset = self.settings().officers.hours.as_ref().map_or(UtcOffset::UTC, |hours| hours.offset);
        let today = self.now().to_offset(offset).date();
        let kept = record::find::<Day>(self.store(), STAFF_DAYS, &place)?;
        let (mut day, version) = match kept {
            Some((day, version)) if day.day == today => (day, Some(version)),
            other => (Day { day: today, looks: 0, approvals: 0 }, other.map(|(_, version)| version)),
        };
        let count = match of {
            Counted::Looks => &mut day.looks,
            Counted::Approvals => &mut day.approvals,
        };
        *count = count.saturating_add(u32::try_from(more).unwrap_or(u32::MAX));
        if *count > most {
            let event = self.event(&permit.actor(), QUOTA_REACHED, format!("staff:{place}"))?;
            let event = event.with("most", most.to_string()).refused();
            self.commit(Change::new().explained_by(&event))?;
            return Ok(Err(QuotaReached { of, most }));
        }
        let (change, day) = (Change::new(), encode(&day)?);
        Ok(Ok(match version {
            None => change.insert(STAFF_DAYS, place, day),
            Some(version) => change.replace(STAFF_DAYS, place, version, day),
        }))
    }
}

#[cfg(test)]
mod tests {
    use time::macros::{datetime, offset, time};

    use super::*;

    #[test]
    fn hours_are_those_of_the_country() {
        let hours = Hours {
            days: vec![Weekday::Monday, Weekday::Friday],
            from: time!(07:30),
            until: time!(17:00),
            offset: offset!(+2),
        };
        for (at, open) in [
            (datetime!(2026-11-30 05:30 UTC), true),
            (datetime!(2026-11-30 05:29:59 UTC), false),
            (datetime!(2026-11-30 15:00 UTC), false),
            (datetime!(2026-11-30 14:59:59 UTC), true),
            (datetime!(2026-12-01 09:00 UTC), false),
            (datetime!(2026-12-04 09:00 UTC), true),
        ] {
            assert_eq!(hours.are_open(at), open, "{at}");
        }
        assert_eq!(hours.to_string(), "Mon, Fri 07:30 to 17:00");
    }
}
