//! What answers without a client certificate.

use axum::Json;
use axum::extract::State;
use ca_core::fingerprint::fingerprint;
use serde::Serialize;
use utoipa::ToSchema;

use super::problem::{Problem, ProblemDocument};
use super::route::Service;
use super::{blocking, pem};
use crate::fault::Fault;
use crate::registry::TrustAnchor;

/// How the service is.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Health {
    /// `alive` or `ready`.
    status: &'static str,
}

/// Whether the service runs.
#[utoipa::path(get, path = "/healthz", tag = "service", responses((status = 200, body = Health)))]
pub(super) async fn healthz(_service: Service) -> Json<Health> {
    Json(Health { status: "alive" })
}

/// Whether the service can do its work: its storage answers.
#[utoipa::path(get, path = "/readyz", tag = "service", responses(
    (status = 200, body = Health),
    (status = 503, body = ProblemDocument, content_type = "application/problem+json", description = "It cannot"),
))]
pub(super) async fn readyz(State(registry): Service) -> Result<Json<Health>, Problem> {
    blocking(&registry, |registry| Ok(registry.ready().map_err(Fault::from)?)).await?;
    Ok(Json(Health { status: "ready" }))
}

/// Certificates to anchor trust in.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct TrustAnchors {
    anchors: Vec<Anchor>,
}

/// A certificate to anchor trust in.
#[derive(Debug, Serialize, ToSchema)]
struct Anchor {
    /// The CA's name in this installation.
    ca: String,
    /// Its subject.
    subject: String,
    /// SHA-256 of the certificate's DER, hex.
    sha256: String,
    /// The certificate.
    pem: String,
}

impl From<&TrustAnchor> for Anchor {
    fn from(anchor: &TrustAnchor) -> Self {
        Self {
            ca: anchor.ca.clone(),
            subject: anchor.subject.clone(),
            sha256: fingerprint(&anchor.certificate),
            pem: pem::certificate(&anchor.certificate),
        }
    }
}

/// The certificates to anchor trust in. Compare the digest with one that came by another way.
#[utoipa::path(get, path = "/v1/trust-anchors", tag = "service", responses((status = 200, body = TrustAnchors)))]
pub(super) async fn trust_anchors(State(registry): Service) -> Json<TrustAnchors> {
    Json(TrustAnchors { anchors: registry.settings().trust_anchors.iter().map(Anchor::from).collect() })
}
