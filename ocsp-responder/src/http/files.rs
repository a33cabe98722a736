//! CRLs and CA certificates as files (RFC 2585, RFC 5280 sections 4.2.1.13 and 4.2.2.1).

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use ca_core::certificate::CaId;

use super::caching::Validators;
use super::{PublicState, blocking, plain};

/// RFC 2585 section 4.2.
const CRL_TYPE: &str = "application/pkix-crl";
/// RFC 2585 section 4.1.
const CERTIFICATE_TYPE: &str = "application/pkix-cert";
/// RFC 5280 section 4.2.2.1 and RFC 8551 section 3.2.2.
const BUNDLE_TYPE: &str = "application/pkcs7-mime; smime-type=certs-only";
/// How long link certificates are kept by caches.
const BUNDLE_LIFE: time::Duration = time::Duration::minutes(5);

pub(super) async fn crl(
    State(state): State<PublicState>,
    file: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
) -> Response {
    let Some(ca) = ca_of(file, ".crl") else { return unpublished() };
    let publication = std::sync::Arc::clone(&state.publication);
    match blocking(move || publication.crl(&ca)).await {
        Some(Ok(Some(crl))) => {
            let validators = Validators::new(&crl.der).modified(crl.this_update);
            let validators = match crl.next_update {
                Some(moment) => validators.expiring(state.clock.now(), moment),
                None => validators,
            };
            validators.respond(&headers, CRL_TYPE, crl.der)
        }
        Some(Ok(None)) => unpublished(),
        Some(Err(error)) => {
            tracing::error!(%error, "a CRL was not published");
            plain::unavailable()
        }
        None => plain::unavailable(),
    }
}

/// A CA's certificate, `.cer`, or what vouches for it, `.p7c`.
pub(super) async fn certificates(
    state: State<PublicState>,
    file: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
) -> Response {
    match file {
        Ok(Path(name)) if name.ends_with(".p7c") => bundle(&state.0, &name, &headers).await,
        file => certificate(state, file, headers).await,
    }
}

async fn bundle(state: &PublicState, name: &str, headers: &HeaderMap) -> Response {
    let Some(ca) = name.strip_suffix(".p7c").and_then(|name| CaId::new(name).ok()) else {
        return unpublished();
    };
    let publication = std::sync::Arc::clone(&state.publication);
    match blocking(move || publication.bundle(&ca)).await {
        // It changes when another root vouches: nobody keeps it for a day.
        Some(Ok(Some(der))) => {
            let now = state.clock.now();
            Validators::new(&der).expiring(now, now + BUNDLE_LIFE).respond(headers, BUNDLE_TYPE, der)
        }
        Some(Ok(None)) => unpublished(),
        Some(Err(error)) => {
            tracing::error!(%error, "certificates were not published");
            plain::unavailable()
        }
        None => plain::unavailable(),
    }
}

async fn certificate(
    State(state): State<PublicState>,
    file: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
) -> Response {
    let published = ca_of(file, ".cer").and_then(|ca| state.publication.certificate(&ca).map(<[u8]>::to_vec));
    match published {
        Some(der) => Validators::new(&der).respond(&headers, CERTIFICATE_TYPE, der),
        None => unpublished(),
    }
}

/// The CA that a file is named after.
fn ca_of(file: Result<Path<String>, PathRejection>, ending: &str) -> Option<CaId> {
    CaId::new(file.ok()?.strip_suffix(ending)?).ok()
}

fn unpublished() -> Response {
    plain::problem(
        StatusCode::NOT_FOUND,
        "No such file is published. A certificate names its CRL and its issuer's certificate itself.",
    )
}
