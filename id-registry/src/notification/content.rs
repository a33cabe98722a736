//! What a source tells, as it came.

use std::fmt;

use serde::{Deserialize, Serialize};
use time::Date;

use super::{Kind, NotificationError};
use crate::identity::{FieldError, day, line};
use crate::life::change::{ChangeReason, NewFacts};

/// A notification as it comes: nothing in it is checked yet.
#[derive(Clone)]
pub struct NewNotification<'a> {
    /// The source's name of the event: told again under it, it is the same.
    pub event_id: &'a str,
    /// A name of [`Kind`].
    pub kind: &'a str,
    /// The person's number.
    pub person: Option<&'a str>,
    /// The day of the event, ISO 8601.
    pub date: &'a str,
    /// The entry in the source's own register.
    pub reference: Option<&'a str>,
    /// Why a fact is another, by a name of [`ChangeReason`].
    pub reason: Option<&'a str>,
    /// What is known from then on, or of the child.
    pub facts: Option<&'a NewFacts>,
}

impl fmt::Debug for NewNotification<'_> {
    /// Personal data does not reach logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewNotification").field("kind", &self.kind).finish_non_exhaustive()
    }
}

/// What a source told: whole as a message, and not yet held against the registry.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Content {
    /// The person's number; of a birth the child's, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<String>,
    /// The day of the event, as it was written.
    pub date: String,
    /// The entry in the source's own register.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// Why a fact is another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<ChangeReason>,
    /// What is known from then on, or of the child.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub facts: Option<NewFacts>,
}

impl fmt::Debug for Content {
    /// Personal data does not reach logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Content").finish_non_exhaustive()
    }
}

impl Content {
    /// Reads a message. What only the sender can put right is refused here; what an officer has to look at is not.
    pub(super) fn read(new: &NewNotification<'_>) -> Result<(Kind, Self), NotificationError> {
        let kind: Kind = new.kind.parse().map_err(|error: crate::words::UnknownWord| FieldError {
            field: "kind",
            why: error.to_string(),
            fits: "birth, death or change",
        })?;
        let text = |field, value: Option<&str>, most| value.map(|value| line(field, value, most)).transpose();
        let reason = new.reason.map(|reason| {
            reason.parse::<ChangeReason>().map_err(|error| FieldError {
                field: "reason",
                why: error.to_string(),
                fits: "why a fact is another: marriage, divorce, court or correction",
            })
        });
        let content = Self {
            person: text("person", new.person, 64)?,
            date: line("date", new.date, 40)?,
            reference: text("reference", new.reference, 100)?,
            reason: reason.transpose()?,
            facts: new.facts.cloned(),
        };
        content.demand_whole(kind)?;
        Ok((kind, content))
    }

    fn demand_whole(&self, kind: Kind) -> Result<(), FieldError> {
        let missing = |field, fits| Err(FieldError { field, why: format!("a {kind} needs it"), fits });
        let needless = |field, fits| Err(FieldError { field, why: format!("a {kind} has none"), fits });
        match kind {
            Kind::Death | Kind::Change if self.person.is_none() => missing("person", "the person's number"),
            Kind::Change if self.reason.is_none() => {
                missing("reason", "why a fact is another: marriage, divorce, court or correction")
            }
            Kind::Birth | Kind::Change if self.facts.is_none() => {
                missing("facts", "what is known: surname, given_name, birth_date")
            }
            Kind::Death if self.facts.is_some() => needless("facts", "leave it out"),
            Kind::Birth | Kind::Death if self.reason.is_some() => needless("reason", "leave it out"),
            _ => Ok(()),
        }
    }

    /// The day of the event, where there is such a day and it has come.
    pub(super) fn day(&self, today: Date) -> Option<Date> {
        day("date", &self.date, "").ok().filter(|day| *day <= today)
    }
}
