//! The part of an event at which those look who follow the ledger: read without a copy of anything, since each of them
//! reads every event.

use std::borrow::Cow;
use std::collections::BTreeMap;

use base64::Engine as _;
use serde::Deserialize;
use time::OffsetDateTime;

use super::effect::BASE64;
use super::{Position, Recorded};
use crate::storage::{StorageError, Table};

/// What of an [`Event`](super::Event) tells whether it is of interest.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Glimpse<'a> {
    /// When, UTC.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    #[serde(borrow)]
    actor: Text<'a>,
    #[serde(borrow)]
    action: Text<'a>,
    #[serde(borrow)]
    subject: Text<'a>,
    #[serde(borrow, default)]
    detail: BTreeMap<Text<'a>, Text<'a>>,
    #[serde(borrow, default)]
    effects: Vec<Touched<'a>>,
}

/// Borrowed where nothing in it is escaped.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(transparent)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

impl std::borrow::Borrow<str> for Text<'_> {
    fn borrow(&self) -> &str {
        &self.0
    }
}

/// What was written to, without what it became.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
struct Touched<'a> {
    #[serde(borrow, rename = "t")]
    table: Text<'a>,
    #[serde(borrow, rename = "k")]
    key: Text<'a>,
}

impl<'a> Glimpse<'a> {
    /// Looks at an event as stored.
    ///
    /// # Errors
    /// The octets are no event.
    pub fn of(recorded: &'a Recorded) -> Result<Self, StorageError> {
        serde_json::from_slice(&recorded.octets).map_err(|error| unreadable(recorded.position, &error))
    }

    /// Who.
    pub fn actor(&self) -> &str {
        &self.actor.0
    }

    /// What.
    pub fn action(&self) -> &str {
        &self.action.0
    }

    /// On whom or what.
    pub fn subject(&self) -> &str {
        &self.subject.0
    }

    /// A further fact.
    pub fn detail(&self, name: &str) -> Option<&str> {
        self.detail.get(name).map(|text| text.0.as_ref())
    }

    /// The keys of `table` that its change wrote to.
    ///
    /// # Errors
    /// A key is not in base64.
    pub fn touched(&self, table: Table) -> impl Iterator<Item = Result<Vec<u8>, StorageError>> {
        let of_table = self.effects.iter().filter(move |touched| touched.table.0 == table.name());
        of_table.map(|touched| {
            let key = BASE64.decode(touched.key.0.as_bytes());
            key.map_err(|error| StorageError(format!("a key in an event's effects cannot be read: {error}")))
        })
    }
}

pub(super) fn unreadable(position: Position, error: &serde_json::Error) -> StorageError {
    StorageError(format!("event {position} cannot be read: {error}"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]

    use std::sync::Arc;

    use super::*;
    use crate::clock::{SetClock, SystemEntropy};
    use crate::ledger::{Action, Actor, Effect, Event, Ledger, Written, encode};

    const THINGS: Table = Table::records("things");
    const OTHERS: Table = Table::records("others");

    fn event(effects: Vec<Effect>) -> Event {
        let clock = SetClock::at(time::macros::datetime!(2026-11-30 10:00 UTC));
        let ledger = Ledger::new(Arc::new(clock), Arc::new(SystemEntropy));
        let event = ledger
            .event(&Actor::system("test"), Action::named("thing.made"), "thing:\"one\"\n")
            .unwrap()
            .with("identity", "P-7QF3K2M9T4")
            .with("why", "quoted: \"\\\u{1}");
        Event { effects, ..event }
    }

    fn recorded(event: &Event) -> Recorded {
        Recorded { position: Position(3), octets: encode(event) }
    }

    #[test]
    fn it_shows_what_the_event_says() {
        let effect = |table: Table, key: &[u8]| Effect {
            table: table.name().to_owned(),
            key: key.to_vec(),
            value: Some(Written::of(b"value")),
        };
        let event = event(vec![effect(THINGS, &[0, 255]), effect(OTHERS, b"b"), effect(THINGS, b"")]);
        let recorded = recorded(&event);
        let glimpse = Glimpse::of(&recorded).unwrap();
        assert_eq!(glimpse.at, event.at);
        assert_eq!((glimpse.actor(), glimpse.action()), ("system:test", "thing.made"));
        assert_eq!(glimpse.subject(), event.subject);
        assert_eq!(glimpse.detail("why"), event.detail.get("why").map(String::as_str));
        assert_eq!(glimpse.detail("other"), None);
        let touched: Vec<Vec<u8>> = glimpse.touched(THINGS).map(Result::unwrap).collect();
        assert_eq!(touched, [vec![0, 255], Vec::new()]);
    }

    #[test]
    fn what_is_no_event_is_refused() {
        let whole = recorded(&event(Vec::new()));
        let cut = Recorded { octets: whole.octets[..40].to_vec(), ..whole.clone() };
        let other = Recorded { octets: br#"{"actor":"a","action":"b"}"#.to_vec(), ..whole };
        for damaged in [cut, other] {
            let error = Glimpse::of(&damaged).unwrap_err();
            assert!(error.0.starts_with("event 3 cannot be read"), "{error}");
        }
    }
}
