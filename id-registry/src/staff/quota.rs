//! When officers act, and how much of it in a day. A register of persons is sold by the query at night and by the hundred: who
//! looks up more persons, or approves more, than the work of a day takes, is stopped, and the auditor sees it.

use ca_core::ledger::Action;
use ca_core::storage::{Change, Table};
use serde::{Deserialize, Serialize};
use time::{Date, Duration, OffsetDateTime, Time, UtcOffset, Weekday};

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

/// The most of each in a day, and in a minute; `None`: no bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Quota {
    /// Persons looked up.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub looks: Option<u32>,
    /// Requests approved.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub approvals: Option<u32>,
    /// Persons looked up in a minute.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub looks_a_minute: Option<u32>,
    /// Requests approved in a minute.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub approvals_a_minute: Option<u32>,
}

impl Quota {
    /// The same, where this one says nothing as `other` says.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self {
            looks: self.looks.or(other.looks),
            approvals: self.approvals.or(other.approvals),
            looks_a_minute: self.looks_a_minute.or(other.looks_a_minute),
            approvals_a_minute: self.approvals_a_minute.or(other.approvals_a_minute),
        }
    }

    const fn of(self, counted: Counted) -> (Option<u32>, Option<u32>) {
        match counted {
            Counted::Looks => (self.looks, self.looks_a_minute),
            Counted::Approvals => (self.approvals, self.approvals_a_minute),
        }
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

impl std::fmt::Display for Counted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Looks => "persons looked up",
            Self::Approvals => "requests approved",
        })
    }
}

/// What an officer did on a day.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Day {
    #[serde(with = "record::day")]
    day: Date,
    looks: u32,
    approvals: u32,
    /// Up to when the looks so far would take, one after the other at the pace allowed, UTC.
    #[serde(skip_serializing_if = "Option::is_none", default, with = "time::serde::rfc3339::option")]
    looks_until: Option<OffsetDateTime>,
    /// The same of approvals.
    #[serde(skip_serializing_if = "Option::is_none", default, with = "time::serde::rfc3339::option")]
    approvals_until: Option<OffsetDateTime>,
}

/// A quota is used up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("your quota of a {} is {most} {of}", if .wait.is_some() { "minute" } else { "day" })]
pub struct QuotaReached {
    /// Of what.
    pub of: Counted,
    /// The most in a day, or in a minute.
    pub most: u32,
    /// How long to wait, in seconds, where it is that of a minute.
    pub wait: Option<u64>,
}

impl Day {
    /// The same day with what an officer is about to do in it.
    fn with(
        mut self,
        of: Counted,
        more: u32,
        quota: Quota,
        now: OffsetDateTime,
    ) -> Result<Self, QuotaReached> {
        let (a_day, a_minute) = quota.of(of);
        let (count, until) = match of {
            Counted::Looks => (&mut self.looks, &mut self.looks_until),
            Counted::Approvals => (&mut self.approvals, &mut self.approvals_until),
        };
        *count = count.saturating_add(more);
        if let Some(most) = a_day.filter(|most| *count > *most) {
            return Err(QuotaReached { of, most, wait: None });
        }
        if let Some(most) = a_minute {
            *until = Some(paced(*until, more, most, now).map_err(|wait| {
                // A part of a second is a second for whoever waits.
                let wait = u64::try_from(wait.whole_seconds()).unwrap_or(0).saturating_add(1);
                QuotaReached { of, most, wait: Some(wait) }
            })?);
        }
        Ok(self)
    }
}

/// The generic cell rate algorithm (ITU-T I.371 annex A) with a tolerance of a minute: until when the work so far takes at this
/// pace; or how long to wait, where that lies more than a minute ahead. No border between two minutes lets twice as much through.
fn paced(
    until: Option<OffsetDateTime>,
    more: u32,
    a_minute: u32,
    now: OffsetDateTime,
) -> Result<OffsetDateTime, Duration> {
    let takes = Duration::MINUTE * f64::from(more) / f64::from(a_minute.max(1));
    if takes > Duration::MINUTE {
        // Never, at this pace: it must be less at once.
        return Err(takes);
    }
    let until = until.map_or(now, |until| until.max(now)) + takes;
    let ahead = until - now;
    if ahead <= Duration::MINUTE { Ok(until) } else { Err(ahead - Duration::MINUTE) }
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
        if quota.of(of) == (None, None) {
            return Ok(Ok(Change::new()));
        }
        let place = permit.staff().to_string();
        let offset = self.settings().officers.hours.as_ref().map_or(UtcOffset::UTC, |hours| hours.offset);
        let today = self.now().to_offset(offset).date();
        let kept = record::find::<Day>(self.store(), STAFF_DAYS, &place)?;
        let begun = Day { day: today, looks: 0, approvals: 0, looks_until: None, approvals_until: None };
        let (day, version) = match kept {
            Some((day, version)) if day.day == today => (day, Some(version)),
            // The pace of a minute knows no midnight.
            Some((Day { looks_until, approvals_until, .. }, version)) => {
                (Day { looks_until, approvals_until, ..begun }, Some(version))
            }
            None => (begun, None),
        };
        let day = match day.with(of, u32::try_from(more).unwrap_or(u32::MAX), quota, self.now()) {
            Ok(day) => day,
            Err(reached) => {
                let event = self.event(&permit.actor(), QUOTA_REACHED, format!("staff:{place}"))?;
                let event = event.with("most", reached.most.to_string()).refused();
                self.commit(Change::new().explained_by(&event))?;
                return Ok(Err(reached));
            }
        };
        let (change, day) = (Change::new(), encode(&day)?);
        Ok(Ok(match version {
            None => change.insert(STAFF_DAYS, place, day),
            Some(version) => change.replace(STAFF_DAYS, place, version, day),
        }))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use time::macros::{datetime, offset, time};

    use super::*;

    /// Of a minute's worth at once nothing is left, and comes back one by one.
    #[test]
    fn a_pace_lets_a_burst_through_and_then_one_by_one() {
        let start = datetime!(2026-11-30 23:59:30 UTC);
        let after = |seconds| start + Duration::seconds(seconds);
        let burst = paced(None, 6, 6, start).unwrap();
        assert_eq!(burst, after(60));
        assert_eq!(paced(Some(burst), 1, 6, start), Err(Duration::seconds(10)));
        assert_eq!(paced(Some(burst), 1, 6, after(9)), Err(Duration::SECOND));
        let next = paced(Some(burst), 1, 6, after(10)).unwrap();
        assert_eq!(paced(Some(next), 1, 6, after(11)), Err(Duration::seconds(9)));
        assert_eq!(paced(Some(next), 6, 6, after(70)).unwrap(), after(130), "an idle minute brings all back");
        assert!(paced(None, 7, 6, start).is_err(), "more at once than a minute has");
        assert!(paced(None, u32::MAX, 1, start).is_err());
    }

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
