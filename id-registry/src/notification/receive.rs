//! Taking what a source tells, and doing what it causes, in one commit.

use ca_core::ledger::EventId;
use ca_core::storage::{AuditedChange, Change, Version};
use ca_core::subject::IdentityRef;
use ca_core::vault::purpose_of_field;

use super::{
    ALL, Content, Kind, NOTIFICATIONS, NOTIFICATIONS_BY_EVENT, NOTIFICATIONS_BY_TIME, NewNotification,
    Notification, NotificationError, RECEIVED, SourcePermit, State, WAITING, Why,
};
use crate::fault::{Attempt, Fault, until_settled};
use crate::id::{IdentityId, IdentityKind, NotificationId};
use crate::identity::{IDENTITY_NUMBERS, IdentityError, Number, bearer, line};
use crate::life::change::{ChangeAsked, ChangeReason, ChangeRefused, NewFacts};
use crate::life::{Cause, LifeError, Step};
use crate::record::{self, encode};
use crate::registry::{Registry, reference};
use crate::timed;

/// How long certificates stay that say what was known before a change that a source told of, in days: the person learns of it
/// when it is confirmed, and needs time to have them replaced.
const REPLACED_WITHIN: u16 = 30;

/// What a notification comes to.
struct Judged {
    person: Option<IdentityId>,
    state: State,
    why: Option<Why>,
    change: Option<EventId>,
    caused: AuditedChange,
}

impl Judged {
    fn of(person: Option<IdentityId>, state: State) -> Self {
        Self { person, state, why: None, change: None, caused: AuditedChange::nothing() }
    }

    fn waits(person: Option<IdentityId>, why: Why) -> Self {
        Self { why: Some(why), ..Self::of(person, State::Waits) }
    }
}

/// A notification that is about to be taken.
struct Coming<'a> {
    id: NotificationId,
    permit: &'a SourcePermit,
    kind: Kind,
    content: &'a Content,
}

impl Registry {
    /// Takes a notification. Told again under the same name, it is answered the same and does nothing more.
    ///
    /// # Errors
    /// A field does not fit, the source does not tell of this, it told something else under this name before, or the registry
    /// failed: then nothing is kept, and the source tells it again.
    pub fn notify(
        &self,
        permit: &SourcePermit,
        new: &NewNotification<'_>,
    ) -> Result<Notification, NotificationError> {
        let event_id = line("event_id", new.event_id, 100)?;
        let (kind, content) = Content::read(new)?;
        let source = &permit.source;
        if !source.kinds.contains(&kind) {
            let (source_id, admitted) = (source.application, source.kinds.clone());
            return Err(NotificationError::NotAdmitted { source_id, admitted, asked: kind });
        }
        let text = String::from_utf8_lossy(&encode(&content)?).into_owned();
        let digest = hex::encode(self.blinded(&["notification", kind.name(), &text])?);
        let place = self.blinded(&["notification event", &source.application.to_string(), &event_id])?;
        until_settled(|| {
            if let Some(entry) = self.store().get(NOTIFICATIONS_BY_EVENT, &place)? {
                let (earlier, _) =
                    self.notification_record(timed::named(NOTIFICATIONS_BY_EVENT, &entry.value)?)?;
                let same = earlier.digest == digest;
                return if same {
                    Ok(Attempt::Settled(Ok(earlier)))
                } else {
                    Err(NotificationError::OtherContent(earlier.id))
                };
            }
            let id = NotificationId::draw(self.entropy()).map_err(Fault::from)?;
            let coming = Coming { id, permit, kind, content: &content };
            let Judged { person, state, why, change, caused } = self.judge(&coming)?;
            let (envelope, stands) = self.vault().for_writing(&keeper(id, person))?;
            let notification = Notification {
                id,
                source: source.application,
                kind,
                received_at: self.now(),
                person,
                state,
                why,
                change,
                settled: None,
                digest: digest.clone(),
                content: Some(envelope.seal_text(&purpose(id), &text)?),
            };
            let kept = stands.insert(NOTIFICATIONS, id.to_string(), encode(&notification)?).insert(
                NOTIFICATIONS_BY_EVENT,
                place.clone(),
                id.to_string(),
            );
            let event = self.event(&permit.actor(), RECEIVED, format!("notification:{id}"))?;
            let event = event.with("kind", kind.name()).with("state", state.name());
            let event = why.into_iter().fold(event, |event, why| event.with("why", why.name()));
            let event = person.into_iter().fold(event, |event, id| event.with("identity", id.to_string()));
            let kept = listed(kept, &notification).explained_by(&event);
            Ok(Attempt::of(self.commit(kept.and(caused)), || notification))
        })
    }

    fn judge(&self, coming: &Coming<'_>) -> Result<Judged, NotificationError> {
        let person = self.person_numbered(coming.content.person.as_deref())?;
        let Some(day) = coming.content.day(self.now().date()) else {
            return Ok(Judged::waits(person, Why::Date));
        };
        let person = match (coming.kind, person) {
            (Kind::Birth, None) => return Ok(Judged::waits(None, Why::Birth)),
            // The child is registered.
            (Kind::Birth, Some(_)) => return Ok(Judged::of(person, State::Known)),
            (_, None) => return Ok(Judged::waits(None, Why::UnknownPerson)),
            (_, Some(person)) => person,
        };
        let identity = self.with_details(self.identity_record(person)?.0)?;
        let Some(details) = &identity.details else { return Ok(Judged::waits(None, Why::UnknownPerson)) };
        let born = details.further().born().and_then(|born| born.first().ok());
        if born.is_some_and(|born| born > day) {
            return Ok(Judged::waits(Some(person), Why::Date));
        }
        let note = note(coming);
        match (&coming.content.facts, coming.content.reason) {
            (Some(facts), Some(reason)) => self.told_change(coming, person, (facts, reason), &note),
            _ => self.told_death(coming, person, &note),
        }
    }

    /// Word of a death, as an officer's report of it: the person is suspended, and an officer confirms it.
    fn told_death(
        &self,
        coming: &Coming<'_>,
        person: IdentityId,
        note: &str,
    ) -> Result<Judged, NotificationError> {
        let step = Step::ReportDeath(coming.permit.source.speaks_for);
        match self.taking(step, person, &coming.permit.actor(), note, None) {
            Ok((_, caused)) => Ok(Judged { caused, ..Judged::of(Some(person), State::Reported) }),
            Err(LifeError::SignalTwice(_) | LifeError::Elsewhere { cause: Some(Cause::Deceased), .. }) => {
                Ok(Judged::of(Some(person), State::Known))
            }
            Err(LifeError::Elsewhere { .. }) => Ok(Judged::waits(Some(person), Why::Closed)),
            Err(error) => Err(error.into()),
        }
    }

    /// Word of another fact, as an officer's proposal: an officer confirms it.
    fn told_change(
        &self,
        coming: &Coming<'_>,
        person: IdentityId,
        (facts, reason): (&NewFacts, ChangeReason),
        note: &str,
    ) -> Result<Judged, NotificationError> {
        // What a thief got ends at once.
        let replace_within = (reason != ChangeReason::IdentityTheft).then_some(REPLACED_WITHIN);
        let asked = ChangeAsked { facts, reason, replace_within, note };
        match self.proposal(coming.permit.teller(), person, &asked) {
            Ok((open, caused)) => {
                let change = Some(open.proposed.id);
                Ok(Judged { change, caused, ..Judged::of(Some(person), State::Proposed) })
            }
            Err(LifeError::Change(ChangeRefused::Nothing(_))) => Ok(Judged::of(Some(person), State::Known)),
            Err(LifeError::Change(ChangeRefused::WaitsAlready { .. })) => {
                Ok(Judged::waits(Some(person), Why::ChangeWaits))
            }
            Err(
                LifeError::Change(_)
                | LifeError::Field(_)
                | LifeError::Identity(IdentityError::Field(_) | IdentityError::Taken { .. }),
            ) => Ok(Judged::waits(Some(person), Why::Facts)),
            Err(LifeError::Identity(IdentityError::Closed(_) | IdentityError::Erased(_))) => {
                Ok(Judged::waits(Some(person), Why::Closed))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Who has a number; nobody has what is no number.
    fn person_numbered(&self, number: Option<&str>) -> Result<Option<IdentityId>, NotificationError> {
        let number = number.and_then(|number| Number::naming("person", IdentityKind::Person, number).ok());
        let Some(number) = number else { return Ok(None) };
        let found = self.store().get(IDENTITY_NUMBERS, &self.number_key(&number)?)?;
        Ok(found.as_ref().map(bearer).transpose()?)
    }

    /// A notification, and the version to expect when changing it.
    pub(super) fn notification_record(
        &self,
        id: NotificationId,
    ) -> Result<(Notification, Version), NotificationError> {
        record::find(self.store(), NOTIFICATIONS, id.to_string())?.ok_or(NotificationError::Unknown(id))
    }
}

/// Under whom a notification is sealed: with the person it goes when the person is erased.
pub(super) fn keeper(id: NotificationId, person: Option<IdentityId>) -> IdentityRef {
    person.map_or_else(|| IdentityRef(format!("notification:{id}")), reference)
}

pub(super) fn purpose(id: NotificationId) -> String {
    purpose_of_field(NOTIFICATIONS, id, "content")
}

/// Where a notification that waits is listed.
pub(super) fn waiting(notification: &Notification) -> String {
    timed::key(WAITING, notification.received_at, notification.id)
}

fn listed(change: Change, notification: &Notification) -> Change {
    let all = timed::key(ALL, notification.received_at, notification.id);
    let change = change.insert(NOTIFICATIONS_BY_TIME, all, []);
    match notification.state {
        State::Waits => change.insert(NOTIFICATIONS_BY_TIME, waiting(notification), []),
        _ => change,
    }
}

/// What stands in the person's history.
fn note(coming: &Coming<'_>) -> String {
    let Coming { id, kind, content, .. } = coming;
    let reference = content.reference.as_ref().map(|reference| format!(", entry {reference}"));
    format!("notification {id}: {kind} on {}{}", content.date, reference.unwrap_or_default())
}
