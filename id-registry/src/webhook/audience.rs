//! Who is told what.
//!
//! - What everybody may know anyway, as CRLs list it, each webhook may tell: that a certificate was revoked, by its serial
//!   number, and not whose it is.
//! - What concerns an organisation and what it owns, it is told, as its operators can read it.
//! - Of a person an organisation is told what makes untrue what it was told before, and nothing else: it was told something of
//!   that very person (`attributes.disclosed`), for a purpose that it still has, and that purpose admits the attribute by
//!   which it could have asked for the same. Whoever holds a copy has to learn that it does not hold any more (GDPR article 19); who was never
//!   told of a person does not learn that there is one, so nobody is told of persons who are newly registered. Two
//!   administrators decided what a purpose admits; a webhook adds nothing to it.
//! - A person is named as the organisation named that person when it asked: who knows a pseudonym does not learn the
//!   identifier. Then neither the event's place in the ledger nor its hour is told, by which two agencies could join what they
//!   know. That they were told at the same moment nothing can hide.

use std::collections::BTreeMap;

use ca_core::ledger::index::Query;
use ca_core::ledger::{Event, EventId, Outcome, Position, Recorded};
use time::OffsetDateTime;

use super::{Kind, Webhook, WebhookError};
use crate::id::{IdentityId, IdentityKind};
use crate::identity::IdentityError;
use crate::party::{self, Attribute, Purpose};
use crate::registry::Registry;

/// How many events about a person are read at once.
const READ_AT_ONCE: usize = 500;

/// What is told of one event.
#[derive(Debug, Clone)]
pub(super) struct Notice {
    /// What happened, as far as it is told.
    pub(super) kind: Kind,
    /// The event.
    pub(super) event: EventId,
    /// Its place.
    pub(super) position: Position,
    /// When it happened.
    pub(super) at: OffsetDateTime,
    /// To whom or what, by what it is: `certificate`, `issuing/0A1B`.
    pub(super) about: BTreeMap<String, String>,
    /// The person whom it is about, where it is told because of a purpose.
    pub(super) person: Option<Basis>,
}

/// Because of what an organisation is told of a person.
#[derive(Debug, Clone)]
pub(super) struct Basis {
    pub(super) person: IdentityId,
    pub(super) purpose: String,
    pub(super) legal_basis: String,
    pub(super) named: NamedBy,
}

/// How the organisation named the person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NamedBy {
    Identifier,
    Pseudonym,
}

impl Registry {
    /// What a webhook tells of an event, if anything.
    pub(super) fn notice(
        &self,
        webhook: &Webhook,
        recorded: &Recorded,
    ) -> Result<Option<Notice>, WebhookError> {
        let event = recorded.event()?;
        let Some(kind) = Kind::of(&event).filter(|_| event.outcome == Outcome::Done) else { return Ok(None) };
        let concerned = concerned(&event);
        let own = match concerned {
            Some(id) => self.organisation_of(id)? == Some(webhook.organisation),
            None => event.subject == format!("party:{}", webhook.organisation),
        };
        let notice = Notice {
            kind,
            event: event.id,
            position: recorded.position,
            at: event.at,
            about: about(&event, concerned.filter(|_| own)),
            person: None,
        };
        if own || kind.is_public() {
            return Ok(Some(notice).filter(|_| webhook.kinds.contains(&kind)));
        }
        match concerned.filter(|id| id.kind() == IdentityKind::Person) {
            Some(person) => self.notice_of_person(webhook, &event, person, notice),
            None => Ok(None),
        }
    }

    fn notice_of_person(
        &self,
        webhook: &Webhook,
        event: &Event,
        person: IdentityId,
        notice: Notice,
    ) -> Result<Option<Notice>, WebhookError> {
        let Some(party) = self.current_party(webhook.organisation)? else { return Ok(None) };
        let asked = self.asked_before(webhook.organisation, person, notice.position)?;
        let purposes: Vec<&Purpose> =
            party.purposes.iter().filter(|purpose| asked.contains_key(&purpose.name)).collect();
        let Some(purpose) = purposes.first() else { return Ok(None) };
        let admitted: Vec<Attribute> =
            purposes.iter().flat_map(|purpose| purpose.attributes.iter().copied()).collect();
        let told = notice.kind.as_told(event, &admitted).filter(|kind| webhook.kinds.contains(kind));
        let Some(kind) = told else { return Ok(None) };
        let by_identifier =
            purposes.iter().any(|purpose| asked.get(&purpose.name) == Some(&NamedBy::Identifier));
        let (named, name) = if by_identifier {
            (NamedBy::Identifier, person.to_string())
        } else {
            (NamedBy::Pseudonym, self.pseudonym_of(person, &party.sector)?.to_string())
        };
        let basis =
            Basis { person, purpose: purpose.name.clone(), legal_basis: purpose.legal_basis.clone(), named };
        let about = BTreeMap::from([("identity".to_owned(), name)]);
        Ok(Some(Notice { kind, about, person: Some(basis), ..notice }))
    }

    /// For which purposes an organisation was told something of a person before an event, and how it named the person: by
    /// identifier where it ever did.
    fn asked_before(
        &self,
        organisation: IdentityId,
        person: IdentityId,
        before: Position,
    ) -> Result<BTreeMap<String, NamedBy>, WebhookError> {
        let query = Query {
            about: Some(format!("identity:{person}")),
            action: Some(party::DISCLOSED.as_str().to_owned()),
            ..Query::default()
        };
        let receiver = organisation.to_string();
        let (mut asked, mut from) = (BTreeMap::new(), Some(Position(0)));
        while let Some(place) = from.filter(|place| *place < before) {
            let found = query.run(self.store(), place, READ_AT_ONCE)?;
            for recorded in found.items.iter().filter(|recorded| recorded.position < before) {
                let detail = recorded.event()?.detail;
                if let Some(purpose) =
                    detail.get("purpose").filter(|_| detail.get("receiver") == Some(&receiver))
                {
                    let named = match detail.get(party::NAMED_BY).map(String::as_str) {
                        Some(party::BY_IDENTIFIER) => NamedBy::Identifier,
                        _ => NamedBy::Pseudonym,
                    };
                    let known = asked.entry(purpose.clone()).or_insert(named);
                    if named == NamedBy::Identifier {
                        *known = named;
                    }
                }
            }
            from = found.next;
        }
        Ok(asked)
    }

    /// The organisation that an identity is or belongs to.
    fn organisation_of(&self, id: IdentityId) -> Result<Option<IdentityId>, WebhookError> {
        match self.identity_record(id) {
            Ok((record, _)) => Ok(record.organisation()),
            Err(IdentityError::Unknown(_)) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}

/// The identity that an event is about: its subject, or whose certificate or request it is.
fn concerned(event: &Event) -> Option<IdentityId> {
    let named = event.subject.strip_prefix("identity:");
    named.or_else(|| event.detail.get("identity").map(String::as_str))?.parse().ok()
}

/// What an event is about, without whose it is, but for whom it belongs to.
fn about(event: &Event, own: Option<IdentityId>) -> BTreeMap<String, String> {
    let subject = event.subject.split_once(':').map(|(kind, name)| (kind.to_owned(), name.to_owned()));
    subject.into_iter().chain(own.map(|id| ("identity".to_owned(), id.to_string()))).collect()
}
