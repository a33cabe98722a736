//! The blast radius over HTTP.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use ca_core::certificate::CertificatePlace;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;

use super::super::authorised::Authorised;
use super::super::blocking;
use super::super::input::{Body, parameter};
use super::super::key_origins::OriginView;
use super::super::problem::Problem;
use super::super::route::Service;
use super::selection::SelectionView;
use crate::campaign::{Addressee, BlastRadius, Detail, PlanPage, Selected};
use crate::permission::ReadCampaigns;

/// What to look for.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct PlanAsked {
    /// Which certificates.
    selection: SelectionView,
    /// How many end by themselves before this moment is told.
    #[serde(with = "time::serde::rfc3339::option", default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    by: Option<OffsetDateTime>,
    /// How much is told.
    #[serde(default)]
    detail: DetailAsked,
    /// Begin after what the part before ended with.
    after: Option<String>,
}

/// How much is told.
#[derive(Debug, Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
enum DetailAsked {
    /// Counts.
    #[default]
    Counts,
    /// Counts, and each certificate.
    Certificates,
    /// The same, and whom to write to. It names people: each look at a person is in the ledger.
    Addressees,
}

impl From<DetailAsked> for Detail {
    fn from(asked: DetailAsked) -> Self {
        match asked {
            DetailAsked::Counts => Self::Counts,
            DetailAsked::Certificates => Self::Certificates,
            DetailAsked::Addressees => Self::Addressees,
        }
    }
}

/// A part of a blast radius: parts are added up.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BlastRadius)]
pub(in super::super) struct RadiusView {
    /// How many certificates were looked at in this part, whether in force or not.
    looked_at: u64,
    /// How many of them are selected: in force, and an identity's of the registry.
    selected: u64,
    /// Of these, how many end by themselves before the moment that was asked about.
    ending: u64,
    /// How many are selected of each profile.
    profiles: BTreeMap<String, u64>,
    /// Of each issuing CA.
    issuers: BTreeMap<String, u64>,
    /// Of each kind of key.
    algorithms: BTreeMap<String, u64>,
    /// Of each model of token, where that is known.
    models: BTreeMap<String, u64>,
    /// Of each organisation; persons have none.
    organisations: BTreeMap<String, u64>,
    /// Certificates of staff that would be selected: an administrator enrols whoever needs another one.
    staff: u64,
    /// Certificates of npki itself that would be selected.
    installation: u64,
    /// Certificates in force that a selection by token could not judge: it is not known where their keys live.
    origin_unknown: u64,
    /// The certificates that are selected, where they were asked for.
    items: Vec<SelectedView>,
    /// Where the next part begins; null at the end.
    next: Option<String>,
    /// How far through all certificates this part has come, in thousandths.
    thousandths: u16,
}

/// A certificate that is selected.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SelectedCertificate)]
struct SelectedView {
    serial: String,
    issuer: String,
    profile: String,
    identity: String,
    organisation: Option<String>,
    /// The kind of its key.
    algorithm: Option<String>,
    key_sha256: String,
    key_origin: Option<OriginView>,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    not_after: OffsetDateTime,
    /// Whom to write to, where that was asked for; null when the identity was erased.
    #[serde(skip_serializing_if = "Option::is_none")]
    addressee: Option<AddresseeView>,
}

/// Whom to write to.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Addressee)]
pub(in super::super) struct AddresseeView {
    /// The holder's name.
    name: String,
    /// A person's or organisation's number, a device's asset tag.
    identifier: Option<String>,
    /// The holder's mailboxes.
    email_addresses: Vec<String>,
    /// The person who answers for a device or application.
    sponsor: Option<SponsorView>,
}

/// The person who answers for a device or application.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Sponsor)]
struct SponsorView {
    id: String,
    /// Null when the person was erased.
    name: Option<String>,
    identifier: Option<String>,
    email_addresses: Vec<String>,
}

impl From<Addressee> for AddresseeView {
    fn from(addressee: Addressee) -> Self {
        let Addressee { name, identifier, email_addresses, sponsor } = addressee;
        let sponsor = sponsor.map(|sponsor| SponsorView {
            id: sponsor.id.to_string(),
            name: sponsor.name,
            identifier: sponsor.identifier,
            email_addresses: sponsor.email_addresses,
        });
        Self { name, identifier, email_addresses, sponsor }
    }
}

impl From<Selected> for SelectedView {
    fn from(selected: Selected) -> Self {
        let Selected { record, identity, organisation, kind, origin, addressee } = selected;
        Self {
            serial: record.serial.to_string(),
            issuer: record.issuer.to_string(),
            profile: record.profile.to_string(),
            identity: identity.to_string(),
            organisation: organisation.map(|id| id.to_string()),
            algorithm: kind.map(|kind| kind.name()),
            key_sha256: record.key_sha256,
            key_origin: origin.as_ref().map(OriginView::of),
            not_after: record.not_after,
            addressee: addressee.map(AddresseeView::from),
        }
    }
}

impl From<PlanPage> for RadiusView {
    fn from(page: PlanPage) -> Self {
        let BlastRadius { looked_at, selected, ending, aside, origin_unknown, .. } = page.radius;
        Self {
            looked_at,
            selected,
            ending,
            profiles: page.radius.profiles,
            issuers: page.radius.issuers,
            algorithms: page.radius.algorithms,
            models: page.radius.models,
            organisations: page.radius.organisations,
            staff: aside.staff,
            installation: aside.installation,
            origin_unknown,
            items: page.items.into_iter().map(SelectedView::from).collect(),
            next: page.next.map(|place| place.to_string()),
            thousandths: page.thousandths,
        }
    }
}

/// Looks at a part of all certificates for those that a selection selects. It changes nothing; a call takes some tenths of
/// a second, and the next one goes on after it.
#[utoipa::path(post, path = "/v1/blast-radius", tag = "campaigns", operation_id = "blast_radius",
    request_body = PlanAsked, responses((status = 200, body = RadiusView)))]
pub(in super::super) async fn blast_radius(
    State(registry): Service,
    who: Authorised<ReadCampaigns>,
    Body(asked): Body<PlanAsked>,
) -> Result<Json<RadiusView>, Problem> {
    let selection = asked.selection.read()?;
    let after = parameter::<CertificatePlace>("after", asked.after.as_deref())?;
    let look = move |registry: &crate::Registry| {
        let PlanAsked { by, detail, .. } = asked;
        Ok(registry.blast_radius(&who.permit, &selection, by, detail.into(), after.as_ref())?.into())
    };
    Ok(Json(blocking(&registry, look).await?))
}
