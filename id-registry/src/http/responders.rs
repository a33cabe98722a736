//! Certificates for OCSP responders on other machines.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use ca_core::certificate::{CaId, CertificateRecord};
use ca_core::csr::CertificationRequest;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;

use super::authorised::Authorised;
use super::input::{At, Body};
use super::problem::{self as table, Problem};
use super::route::Service;
use super::{blocking, pem};
use crate::permission::ManageCas;
use crate::registry::Registry;
use crate::remote::RemoteName;

/// A responder's key, to be certified.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CertifyResponder {
    /// The responder's name: 1 to 32 letters, digits, `-` and `.`.
    name: String,
    /// A certification request, PEM: proves that the responder holds the key. Its subject and wishes are not looked at.
    csr: String,
}

/// A certificate for a responder.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ResponderCertificate {
    /// The CA that it may answer for.
    ca: String,
    /// Its serial number, hex.
    serial: String,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    not_after: OffsetDateTime,
    /// The certificate, PEM.
    certificate: String,
}

/// Certifies the key of an OCSP responder on another machine: it may answer for this CA from now on.
#[utoipa::path(post, path = "/v1/cas/{id}/responders", tag = "cas", operation_id = "certify_responder",
    params(("id" = String, Path, description = "The CA")), request_body = CertifyResponder,
    responses((status = 201, body = ResponderCertificate)))]
pub(super) async fn certify(
    State(registry): Service,
    who: Authorised<ManageCas>,
    (At(id), Body(asked)): (At, Body<CertifyResponder>),
) -> Result<(StatusCode, Json<ResponderCertificate>), Problem> {
    let ca = named(&id)?;
    let name: RemoteName =
        asked.name.parse().map_err(|error| Problem::new(table::FIELD_UNFIT, format!("name: {error}")))?;
    let act = move |registry: &Registry| {
        let csr = CertificationRequest::parse(asked.csr.as_bytes())?.verify()?;
        let issued = registry.certify_responder(&who.permit, &ca, &name, &csr)?;
        Ok(ResponderCertificate::of(&ca, &issued.record, &issued.der))
    };
    Ok((StatusCode::CREATED, Json(blocking(&registry, act).await?)))
}

/// What a responder sends to have its next key certified.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RenewResponder {
    /// A JSON Web Signature of the type `npki-responder-renewal+jws` under the present key, with the present certificate in `x5c`: it
    /// names the CA (`ca`) and holds a certification request for the new key (`csr`, PEM).
    statement: String,
}

/// Certifies the next key of an OCSP responder on another machine. Takes no client certificate: the statement proves who sends it.
#[utoipa::path(post, path = "/v1/cas/{id}/responders/renewals", tag = "cas", operation_id = "renew_responder",
    params(("id" = String, Path, description = "The CA")), request_body = RenewResponder,
    responses((status = 201, body = ResponderCertificate)))]
pub(super) async fn renew(
    State(registry): Service,
    (At(id), Body(asked)): (At, Body<RenewResponder>),
) -> Result<(StatusCode, Json<ResponderCertificate>), Problem> {
    let ca = named(&id)?;
    let act = move |registry: &Registry| {
        let renewed = registry.renew_responder(&ca, &asked.statement)?;
        Ok(ResponderCertificate::of(&ca, &renewed.record, &renewed.der))
    };
    Ok((StatusCode::CREATED, Json(blocking(&registry, act).await?)))
}

fn named(id: &str) -> Result<CaId, Problem> {
    let shown: String = id.chars().take(40).collect();
    CaId::new(id).map_err(|_| Problem::new(table::UNKNOWN_CA, format!("no CA is called {shown:?}")))
}

impl ResponderCertificate {
    fn of(ca: &CaId, record: &CertificateRecord, der: &[u8]) -> Self {
        Self {
            ca: ca.to_string(),
            serial: record.serial.to_string(),
            not_after: record.not_after,
            certificate: pem::certificate(der),
        }
    }
}
