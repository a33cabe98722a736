//! The CAs of the installation, as its staff sees them.

use axum::Json;
use axum::extract::State;
use ca_core::authorities::PlacedAuthority;
use ca_core::crl::{self, CrlName};
use ca_core::fingerprint::fingerprint;
use serde::Serialize;
use time::OffsetDateTime;
use utoipa::ToSchema;

use super::authorised::Authorised;
use super::problem::Problem;
use super::route::Service;
use super::{blocking, pem};
use crate::fault::Fault;
use crate::permission::SignedIn;
use crate::registry::Registry;

/// The CAs.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CaList {
    items: Vec<CaView>,
}

/// A CA.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Ca)]
struct CaView {
    /// Its name in this installation.
    id: String,
    /// Its subject.
    subject: String,
    /// The subject of the CA that certified it: its own for a root.
    issuer: String,
    /// How it signs.
    algorithm: String,
    /// SHA-256 of its certificate's DER, hex.
    sha256: String,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    not_after: OffsetDateTime,
    /// The profiles of end entities it issues under.
    issues: Vec<String>,
    /// Whether it issues at this time.
    issuing: bool,
    /// From when on it issues; null from the beginning.
    #[serde(with = "time::serde::rfc3339::option")]
    #[schema(value_type = Option<String>, format = DateTime)]
    issues_from: Option<OffsetDateTime>,
    /// Until when it issues; null as long as what it issues ends before it does.
    #[serde(with = "time::serde::rfc3339::option")]
    #[schema(value_type = Option<String>, format = DateTime)]
    issues_until: Option<OffsetDateTime>,
    /// The number of its newest CRL; null before the first.
    crl_number: Option<u64>,
    /// When its next CRL is due at the latest.
    #[serde(with = "time::serde::rfc3339::option")]
    #[schema(value_type = Option<String>, format = DateTime)]
    crl_next_update: Option<OffsetDateTime>,
    /// Its certificate.
    pem: String,
}

/// The CAs whose keys are in this service.
#[utoipa::path(get, path = "/v1/cas", tag = "session", operation_id = "list_cas",
    responses((status = 200, body = CaList)))]
pub(super) async fn list(
    State(registry): Service,
    _who: Authorised<SignedIn>,
    _nothing: (),
) -> Result<Json<CaList>, Problem> {
    let items = blocking(&registry, |registry| {
        registry.authorities().iter().map(|placed| view(registry, placed)).collect::<Result<_, _>>()
    });
    Ok(Json(CaList { items: items.await? }))
}

fn view(registry: &Registry, placed: &PlacedAuthority) -> Result<CaView, Problem> {
    let PlacedAuthority { authority, issues, tenure, chain: _ } = placed;
    let crl = crl::find(registry.store(), &CrlName::first(authority.id().clone())).map_err(Fault::from)?;
    Ok(CaView {
        id: authority.id().to_string(),
        subject: authority.subject(),
        issuer: authority.issued_by(),
        algorithm: authority.algorithm().to_string(),
        sha256: fingerprint(authority.certificate()),
        not_after: authority.not_after(),
        issues: issues.iter().map(ToString::to_string).collect(),
        issuing: !issues.is_empty() && tenure.covers(registry.now()),
        issues_from: tenure.from,
        issues_until: tenure.until,
        crl_number: crl.as_ref().map(|crl| crl.number),
        crl_next_update: crl.map(|crl| crl.next_update),
        pem: pem::certificate(authority.certificate()),
    })
}
