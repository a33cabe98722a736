//! Certificates for time-stamping units.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use ca_core::csr::CertificationRequest;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;

use super::authorised::Authorised;
use super::blocking;
use super::certificates::pem_and_chain;
use super::input::Body;
use super::problem::{self as table, Problem};
use super::route::Service;
use crate::permission::ManageCas;
use crate::registry::Registry;
use crate::remote::RemoteName;

/// A unit's key, to be certified.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CertifyTimestampingUnit {
    /// The unit's name: 1 to 32 letters, digits, `-` and `.`.
    name: String,
    /// A certification request, PEM: proves that the unit holds the key. Its subject and wishes are not looked at.
    csr: String,
}

/// A certificate for a unit.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct TimestampingUnitCertificate {
    /// The CA that issued it.
    ca: String,
    /// Its serial number, hex.
    serial: String,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    not_after: OffsetDateTime,
    /// The certificate, PEM, and those of the CAs above it up to below the root.
    chain: String,
}

/// Certifies the key of a time-stamping unit, by the CA that issues under the profile `timestamping-unit`.
#[utoipa::path(post, path = "/v1/timestamping-units", tag = "cas", operation_id = "certify_timestamping_unit",
    request_body = CertifyTimestampingUnit, responses((status = 201, body = TimestampingUnitCertificate)))]
pub(super) async fn certify(
    State(registry): Service,
    who: Authorised<ManageCas>,
    Body(asked): Body<CertifyTimestampingUnit>,
) -> Result<(StatusCode, Json<TimestampingUnitCertificate>), Problem> {
    let name: RemoteName =
        asked.name.parse().map_err(|error| Problem::new(table::FIELD_UNFIT, format!("name: {error}")))?;
    let act = move |registry: &Registry| {
        let csr = CertificationRequest::parse(asked.csr.as_bytes())?.verify()?;
        let issued = registry.certify_timestamping_unit(&who.permit, &name, &csr)?;
        let (_, chain) = pem_and_chain(registry, &issued.record.issuer, &issued.der);
        Ok(TimestampingUnitCertificate {
            ca: issued.record.issuer.to_string(),
            serial: issued.record.serial.to_string(),
            not_after: issued.record.not_after,
            chain,
        })
    };
    Ok((StatusCode::CREATED, Json(blocking(&registry, act).await?)))
}
