//! What a unit must not forget: how often it was started, and the newest moment that it knows of.
//!
//! One small file, replaced as a whole and durable before anything that rests on it: the number of a start before the first token of
//! that start, as serial numbers begin with it.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::files::{Readers, replace};
use crate::service::{ServiceError, files};

const FORM: &str = "npki.tsa.starts/1";

/// What is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    form: String,
    /// How many starts there were.
    starts: u32,
    /// The newest moment that was believed.
    #[serde(with = "time::serde::rfc3339")]
    noted: OffsetDateTime,
    /// When an operator said that an earlier time is right.
    accepted: Vec<Accepted>,
}

/// An operator's word about the clock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Accepted {
    #[serde(with = "time::serde::rfc3339")]
    at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339")]
    instead_of: OffsetDateTime,
    reason: String,
}

/// The state of one unit.
#[derive(Debug)]
pub(super) struct UnitState {
    path: PathBuf,
    kept: Kept,
}

impl UnitState {
    /// The state of a new unit.
    pub(super) fn found(path: PathBuf) -> Result<(), ServiceError> {
        let kept = Kept {
            form: FORM.to_owned(),
            starts: 0,
            noted: OffsetDateTime::UNIX_EPOCH,
            accepted: Vec::new(),
        };
        Self { path, kept }.write()
    }

    /// Reads it. A unit whose state is gone does not begin anew by itself: nobody would know what it had given.
    pub(super) fn open(path: PathBuf) -> Result<Self, ServiceError> {
        let octets = std::fs::read(&path).map_err(files::at(&path))?;
        let unreadable = |why: String| ServiceError::Refused(format!("{}: {why}", path.display()));
        let kept: Kept = serde_json::from_slice(&octets).map_err(|error| unreadable(error.to_string()))?;
        if kept.form != FORM {
            return Err(unreadable(format!("it is of the form {:?}, this npki knows {FORM:?}", kept.form)));
        }
        Ok(Self { path, kept })
    }

    /// Counts a start; its number is durable when this returns.
    pub(super) fn start(&mut self) -> Result<u32, ServiceError> {
        self.kept.starts = self.kept.starts.checked_add(1).ok_or_else(|| {
            ServiceError::Refused("this unit was started too often: found another".to_owned())
        })?;
        self.write()?;
        Ok(self.kept.starts)
    }

    /// The newest moment that was noted.
    pub(super) const fn noted(&self) -> OffsetDateTime {
        self.kept.noted
    }

    /// Notes a moment that is newer than the last.
    pub(super) fn note(&mut self, newest: OffsetDateTime) -> Result<(), ServiceError> {
        if newest > self.kept.noted {
            self.kept.noted = newest;
            self.write()?;
        }
        Ok(())
    }

    /// Takes an earlier moment for right, on an operator's word.
    pub(super) fn accept(&mut self, at: OffsetDateTime, reason: &str) -> Result<(), ServiceError> {
        let instead_of = std::mem::replace(&mut self.kept.noted, at);
        self.kept.accepted.push(Accepted { at, instead_of, reason: reason.to_owned() });
        self.write()
    }

    fn write(&self) -> Result<(), ServiceError> {
        let text = serde_json::to_vec_pretty(&self.kept)
            .map_err(|error| ServiceError::Refused(error.to_string()))?;
        Ok(replace(&self.path, &text, Readers::Owner)?)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use time::macros::datetime;

    #[test]
    fn what_was_counted_and_noted_is_there_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("unit.json");
        assert!(UnitState::open(path.clone()).is_err(), "it does not begin anew by itself");
        UnitState::found(path.clone()).unwrap();
        let noon = datetime!(2027-01-01 12:00 UTC);
        let mut first = UnitState::open(path.clone()).unwrap();
        assert_eq!(first.start().unwrap(), 1);
        first.note(noon).unwrap();
        first.note(noon - time::Duration::HOUR).unwrap();
        let mut second = UnitState::open(path.clone()).unwrap();
        assert_eq!((second.noted(), second.start().unwrap()), (noon, 2));
        second.accept(noon - time::Duration::DAY, "the battery was empty").unwrap();
        let third = UnitState::open(path.clone()).unwrap();
        assert_eq!(third.noted(), noon - time::Duration::DAY);
        std::fs::write(&path, "{}").unwrap();
        assert!(UnitState::open(path).is_err());
    }
}
