//! The ledger over HTTP: searching it, and receipts that prove what stands in it.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use ca_core::ledger::index::Query;
use ca_core::ledger::receipt::Receipt;
use ca_core::ledger::{Outcome, Position, Recorded};
use ca_core::storage::StorageError;
use ca_core::tlog::tree::TreeHead;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::{IntoParams, ToSchema};

use super::authorised::Authorised;
use super::blocking;
use super::certificates::serial_number;
use super::input::{Asked, At, moment, page_size};
use super::problem::{self as table, Problem};
use super::route::Service;
use crate::fault::Fault;
use crate::permission::{ReadLedger, ReadRegistry};

/// Which events to show: all parts that are given must fit.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct EventsAsked {
    /// Begin after the event at this position.
    after: Option<u64>,
    /// How many at most: 1 to 500.
    limit: Option<usize>,
    /// On whom or what, such as `identity:P-7QF3K2M9T4`.
    about: Option<String>,
    /// Who acted, such as `staff:S-7QF3K2M9T4`.
    actor: Option<String>,
    /// What was done, such as `certificate.issued`.
    action: Option<String>,
    /// `done` or `refused`.
    outcome: Option<String>,
    /// Not before this moment, RFC 3339.
    since: Option<String>,
    /// Before this moment, RFC 3339.
    until: Option<String>,
}

impl EventsAsked {
    fn query(self) -> Result<(Query, Position), Problem> {
        let outcome = match self.outcome.as_deref() {
            None => None,
            Some("done") => Some(Outcome::Done),
            Some("refused") => Some(Outcome::Refused),
            Some(_) => return Err(Problem::new(table::QUERY_UNFIT, "outcome: it is done or refused")),
        };
        let query = Query {
            about: self.about,
            actor: self.actor,
            action: self.action,
            outcome,
            since: moment("since", self.since.as_deref())?,
            until: moment("until", self.until.as_deref())?,
        };
        Ok((query, Position(self.after.map_or(0, |last| last.saturating_add(1)))))
    }
}

/// A page of the ledger.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct EventList {
    items: Vec<EventView>,
    /// After which position the next page begins; null at the end.
    next: Option<String>,
}

/// An entry of the ledger.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Event)]
struct EventView {
    /// Its place in the ledger, from 0.
    position: u64,
    /// Its identifier.
    id: String,
    /// When.
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    at: OffsetDateTime,
    /// Who.
    actor: String,
    /// What.
    action: String,
    /// On whom or what.
    subject: String,
    /// Why.
    reason: Option<String>,
    /// `done` or `refused`.
    outcome: &'static str,
    /// Further facts.
    detail: BTreeMap<String, String>,
    /// The event as it is stored, to the character: what the ledger's tree commits to.
    recorded: String,
}

impl EventView {
    fn of(recorded: &Recorded) -> Result<Self, StorageError> {
        let event = recorded.event()?;
        Ok(Self {
            position: recorded.position.0,
            id: event.id.to_string(),
            at: event.at,
            actor: event.actor.to_string(),
            action: event.action.as_str().to_owned(),
            subject: event.subject,
            reason: event.reason,
            outcome: match event.outcome {
                Outcome::Done => "done",
                Outcome::Refused => "refused",
            },
            detail: event.detail,
            recorded: String::from_utf8_lossy(&recorded.octets).into_owned(),
        })
    }
}

/// The ledger, oldest first; a page may be empty and have a successor.
#[utoipa::path(get, path = "/v1/events", tag = "ledger", params(EventsAsked), responses((status = 200, body = EventList)))]
pub(super) async fn list(
    State(registry): Service,
    who: Authorised<ReadLedger>,
    Asked(asked): Asked<EventsAsked>,
) -> Result<Json<EventList>, Problem> {
    let size = page_size(asked.limit)?;
    let (query, from) = asked.query()?;
    let page =
        blocking(&registry, move |registry| Ok(registry.events(&who.permit, &query, from, size)?)).await?;
    let next = page.next.map(|next| next.0.saturating_sub(1).to_string());
    let items: Result<_, _> = page.items.iter().map(EventView::of).collect();
    Ok(Json(EventList { items: items.map_err(Fault::from)?, next }))
}

/// The proof that an event stands in the ledger. Verifies offline: `npki audit verify --receipt FILE`.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Receipt)]
struct ReceiptView {
    /// `npki-receipt-1`.
    format: String,
    /// The event's place in the ledger.
    position: u64,
    /// The event as it is stored, to the character.
    event: String,
    /// The inclusion proof (RFC 9162 section 2.1.3), hashes in base64.
    proof: Vec<String>,
    /// The checkpoint that the proof leads to: a signed note, with the cosignatures of witnesses where there are.
    checkpoint: String,
}

impl From<Receipt> for ReceiptView {
    fn from(receipt: Receipt) -> Self {
        let Receipt { format, position, event, proof, checkpoint } = receipt;
        Self { format, position: position.0, event, proof, checkpoint }
    }
}

/// One event, and its receipt.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct EventShown {
    event: EventView,
    /// Null while the event is not sealed yet: a second or two.
    receipt: Option<ReceiptView>,
}

/// One event with the proof that it stands in the ledger.
#[utoipa::path(get, path = "/v1/events/{position}", tag = "ledger",
    params(("position" = u64, Path, description = "Its place in the ledger")),
    responses((status = 200, body = EventShown)))]
pub(super) async fn show(
    State(registry): Service,
    who: Authorised<ReadLedger>,
    At(position): At,
) -> Result<Json<EventShown>, Problem> {
    let position: u64 = position
        .parse()
        .map_err(|_| Problem::new(table::UNKNOWN_EVENT, "a position is a number, counted from 0"))?;
    let shown = move |registry: &crate::Registry| Ok(registry.event_at(&who.permit, Position(position))?);
    let (recorded, receipt) = blocking(&registry, shown).await?;
    let event = EventView::of(&recorded).map_err(Fault::from)?;
    Ok(Json(EventShown { event, receipt: receipt.map(ReceiptView::from) }))
}

/// A signed head of the ledger's tree.
#[derive(Debug, Serialize, ToSchema)]
struct HeadView {
    /// How many events it covers.
    size: u64,
    /// The tree's root, base64.
    root: String,
    /// The signed note (C2SP tlog-checkpoint).
    checkpoint: String,
}

impl HeadView {
    fn of(head: &TreeHead, checkpoint: String) -> Self {
        Self { size: head.size, root: head.root.to_base64(), checkpoint }
    }
}

/// How far the ledger is, and how far it is signed.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct LedgerView {
    /// Events in the ledger.
    size: u64,
    /// The log's public key (C2SP signed-note). Compare it with one that came another way.
    key: String,
    /// The latest head that the log signed.
    signed: Option<HeadView>,
    /// The latest head that enough witnesses cosigned; null where no witnesses are asked for.
    cosigned: Option<HeadView>,
}

/// How far the ledger is, and how far it is signed.
#[utoipa::path(get, path = "/v1/ledger", tag = "ledger", responses((status = 200, body = LedgerView)))]
pub(super) async fn state(
    State(registry): Service,
    who: Authorised<ReadLedger>,
    _nothing: (),
) -> Result<Json<LedgerView>, Problem> {
    let key = registry.log_key();
    let state = blocking(&registry, move |registry| Ok(registry.ledger_state(&who.permit)?)).await?;
    let view =
        |found: ca_core::tlog::checkpoint::VerifiedCheckpoint| HeadView::of(found.head(), found.to_string());
    Ok(Json(LedgerView {
        size: state.size,
        key,
        signed: state.signed.map(view),
        cosigned: state.cosigned.map(view),
    }))
}

/// Receipts.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ReceiptList {
    items: Vec<ReceiptView>,
}

/// Receipts for all that happened to a certificate.
#[utoipa::path(get, path = "/v1/certificates/{serial}/receipts", tag = "certificates",
    params(("serial" = String, Path, description = "The serial number, hexadecimal")),
    responses((status = 200, body = ReceiptList)))]
pub(super) async fn of_certificate(
    State(registry): Service,
    who: Authorised<ReadRegistry>,
    At(serial): At,
) -> Result<Json<ReceiptList>, Problem> {
    let serial = serial_number(&serial)?;
    let found = move |registry: &crate::Registry| Ok(registry.certificate_receipts(&who.permit, &serial)?);
    Ok(list_of(blocking(&registry, found).await?))
}

/// Receipts for all that happened to a request.
#[utoipa::path(get, path = "/v1/requests/{id}/receipts", tag = "requests",
    params(("id" = String, Path, description = "The request")),
    responses((status = 200, body = ReceiptList)))]
pub(super) async fn of_request(
    State(registry): Service,
    who: Authorised<ReadRegistry>,
    At(id): At,
) -> Result<Json<ReceiptList>, Problem> {
    let id: crate::id::RequestId = id.parse()?;
    let found = move |registry: &crate::Registry| Ok(registry.request_receipts(&who.permit, id)?);
    Ok(list_of(blocking(&registry, found).await?))
}

fn list_of(receipts: Vec<Receipt>) -> Json<ReceiptList> {
    Json(ReceiptList { items: receipts.into_iter().map(ReceiptView::from).collect() })
}
