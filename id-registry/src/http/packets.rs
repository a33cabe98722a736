//! Packets over HTTP: what officers enrolled without a network.

use axum::Json;
use axum::extract::State;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;

use super::authorised::Authorised;
use super::blocking;
use super::input::Body;
use super::problem::{self as table, Problem};
use super::route::Service;
use crate::identity::IdentityError;
use crate::import::Mode;
use crate::packet::{EntryError, Order, Outcome, Taken, TakenEntry, Terms};
use crate::permission::ImportPackets;
use crate::registry::Registry;

/// What a machine has to know to enrol without a network. Nothing in it is secret.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PacketTerms)]
pub(super) struct TermsView {
    /// The registry's address, as packets name it.
    registry: String,
    /// Whom entries are sealed for: an X25519 recipient of age.
    recipient: String,
    /// The officer who asks.
    officer: String,
    /// For how many days what was collected is taken.
    days: u32,
    /// The rules of evidence, TOML.
    evidence: String,
    /// The registry's clock.
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    at: OffsetDateTime,
}

impl From<Terms> for TermsView {
    fn from(terms: Terms) -> Self {
        let Terms { registry, recipient, officer, days, evidence, at } = terms;
        Self { registry, recipient, officer: officer.to_string(), days, evidence, at }
    }
}

/// What a machine has to know to enrol without a network.
#[utoipa::path(get, path = "/v1/packets/terms", tag = "packets", operation_id = "packet_terms",
    responses((status = 200, body = TermsView)))]
pub(super) async fn terms(
    State(registry): Service,
    who: Authorised<ImportPackets>,
    (): (),
) -> Result<Json<TermsView>, Problem> {
    let read = move |registry: &Registry| Ok(registry.packet_terms(&who.permit)?.into());
    Ok(Json(blocking(&registry, read).await?))
}

/// A packet to be brought in.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PacketBrought {
    /// The file, in base64 (RFC 4648 section 4). Its form is that of `npki packet seal`.
    packet: String,
    /// Judge it and enter nobody.
    #[serde(default)]
    dry_run: bool,
}

/// What became of a packet.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PacketTaken)]
pub(super) struct TakenView {
    /// The packet.
    packet: String,
    /// The machine it was made on.
    device: String,
    /// Which of that machine's packets it is, from 1.
    number: u64,
    /// When it was sealed, by the machine's clock.
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    sealed_at: OffsetDateTime,
    /// The officer who signed it: whoever is in it counts as entered by this one.
    signed_by: String,
    /// Whether it had been brought in before.
    before: bool,
    /// Numbers of the same machine's packets, shortly before this one, that have not come in.
    missing: Vec<u64>,
    /// Whether packets with greater numbers came in before it.
    late: bool,
    /// Whether it contradicts another packet of the machine: its folder was copied, or put back from a copy.
    forked: bool,
    /// How many were entered now.
    registered: usize,
    /// How many had been entered before.
    already: usize,
    /// How many were not entered.
    refused: usize,
    /// Each entry, in order.
    entries: Vec<EntryView>,
}

/// What became of an entry.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PacketEntry)]
struct EntryView {
    /// Its number on the machine.
    entry: u32,
    /// `registered`, `already`, `fits` (in a dry run) or `refused`.
    outcome: &'static str,
    /// The identity.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    /// Why it was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    refusal: Option<EntryRefusal>,
    /// The request for a certificate that came with it; it waits for its approvals as any other.
    #[serde(skip_serializing_if = "Option::is_none")]
    request: Option<String>,
    /// Why the certificate was not asked for; the person is entered.
    #[serde(skip_serializing_if = "Option::is_none")]
    request_refusal: Option<EntryRefusal>,
}

/// Why an entry, or its request, was refused. Never what it holds.
#[derive(Debug, Serialize, ToSchema)]
struct EntryRefusal {
    /// The problem's code.
    code: &'static str,
    /// What is wrong.
    detail: String,
    /// What to do about it.
    fix: String,
}

impl EntryRefusal {
    fn of(problem: Problem) -> Self {
        let (code, detail, fix) = problem.told();
        Self { code, detail, fix }
    }
}

impl From<TakenEntry> for EntryView {
    fn from(taken: TakenEntry) -> Self {
        let (outcome, id, refusal) = match taken.outcome {
            Outcome::Registered(id) => ("registered", Some(id.to_string()), None),
            Outcome::Already(id) => ("already", Some(id.to_string()), None),
            Outcome::Fits => ("fits", None, None),
            Outcome::Refused(error) => ("refused", None, Some(EntryRefusal::of(error.into()))),
        };
        let (request, request_refusal) = match taken.request {
            Some(Ok(request)) => (Some(request.to_string()), None),
            Some(Err(refused)) => (None, Some(EntryRefusal::of(refused.into()))),
            None => (None, None),
        };
        Self { entry: taken.number, outcome, id, refusal, request, request_refusal }
    }
}

impl From<Taken> for TakenView {
    fn from(taken: Taken) -> Self {
        let Taken { manifest, signed_by, before, order, entries } = taken;
        let Order { missing, late, forked } = order;
        let entries: Vec<EntryView> = entries.into_iter().map(EntryView::from).collect();
        let count = |wanted: &str| entries.iter().filter(|entry| entry.outcome == wanted).count();
        Self {
            packet: manifest.packet,
            device: manifest.device,
            number: manifest.number,
            sealed_at: manifest.sealed_at,
            signed_by: signed_by.to_string(),
            before,
            missing,
            late,
            forked,
            registered: count("registered"),
            already: count("already"),
            refused: count("refused"),
            entries,
        }
    }
}

impl From<EntryError> for Problem {
    fn from(error: EntryError) -> Self {
        match error {
            // Nobody can say it in a packet that is sealed: the officer says it at the registry.
            EntryError::Identity(alike @ IdentityError::Resembles(_)) => Self::from(alike).fix(
                "look at each: npki registry show ID; somebody else is entered by npki registry add person with --not-the-same-as ID --reason TEXT",
            ),
            EntryError::Identity(identity) => identity.into(),
            EntryError::Csr(csr) => csr.into(),
            EntryError::Evidence(field) => {
                let fix = format!("{}: {}", field.field, field.fits);
                Self::new(table::FIELD_UNFIT, format!("evidence: {field}")).fix(fix)
            }
            EntryError::Time { .. } => Self::new(table::ENTRY_TIME, error.to_string()),
            EntryError::Unreadable(_) => Self::new(table::ENTRY_UNREADABLE, error.to_string()),
        }
    }
}

/// Brings a packet in, or tries it. Who is in it enters in one commit, with what became of the packet: brought in again, it
/// enters nobody twice.
#[utoipa::path(post, path = "/v1/packets", tag = "packets", operation_id = "import_packet",
    request_body = PacketBrought, responses((status = 200, body = TakenView)))]
pub(super) async fn import(
    State(registry): Service,
    who: Authorised<ImportPackets>,
    Body(brought): Body<PacketBrought>,
) -> Result<Json<TakenView>, Problem> {
    let mode = if brought.dry_run { Mode::Try } else { Mode::Enter };
    let file = STANDARD.decode(brought.packet);
    let file = file.map_err(|_| Problem::new(table::PACKET_UNFIT, "the packet did not come in base64"))?;
    let act = move |registry: &Registry| Ok(registry.import_packet(&who.permit, &file, mode)?.into());
    Ok(Json(blocking(&registry, act).await?))
}
