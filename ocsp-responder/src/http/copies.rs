//! Copies of CRLs, CA certificates and filters, under the addresses that they have at the installation.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::rejection::PathRejection;
use axum::extract::{OriginalUri, Path, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use super::blocking;
use super::caching::{Validators, takes_gzip};
use super::files::{
    BUNDLE_LIFE, BUNDLE_TYPE, CERTIFICATE_TYPE, CRL_TYPE, FILTER_LIFE, FILTER_TYPE, ca_of, indexed,
    unpublished,
};
use super::role::RoleState;
use crate::publication::{CopiedFile, Copy};

/// The addresses of copies.
pub(super) fn routes(state: RoleState) -> Router {
    Router::new()
        .route("/crl/{*path}", get(copy))
        .route("/filter/{file}", get(copy))
        .route("/ca/{file}", get(certificate))
        .route("/published", get(index))
        .with_state(state)
}

async fn index(State(state): State<RoleState>) -> Response {
    indexed(&state.copies.index(&state.held.cas()))
}

/// The certificate that the feed tells of, or what vouches for it.
async fn certificate(
    State(state): State<RoleState>,
    file: Result<Path<String>, PathRejection>,
    uri: OriginalUri,
    headers: HeaderMap,
) -> Response {
    let Some(ca) = ca_of(file, ".cer") else { return copy(State(state), uri, headers).await };
    match state.held.cas().remove(&ca) {
        Some(der) => Validators::new(&der).respond(&headers, CERTIFICATE_TYPE, der),
        None => unpublished(),
    }
}

async fn copy(State(state): State<RoleState>, OriginalUri(uri): OriginalUri, headers: HeaderMap) -> Response {
    let file = CopiedFile::from_path(uri.path().trim_start_matches('/'));
    let Some(mut copy) = file.and_then(|file| state.copies.find(&file)) else { return unpublished() };
    let now = state.answering.clock.now();
    let (content_type, expires) = match &copy.file {
        CopiedFile::Crl(_) => (CRL_TYPE, copy.until.unwrap_or(now)),
        CopiedFile::Filter(_) => (FILTER_TYPE, now + FILTER_LIFE),
        CopiedFile::Bundle(_) => (BUNDLE_TYPE, now + BUNDLE_LIFE),
    };
    let mut validators = validators(&copy).expiring(now, expires);
    if matches!(copy.file, CopiedFile::Crl(_)) {
        let gzip = if takes_gzip(&headers) { compressed(&state, &copy).await } else { None };
        validators = validators.encoded(gzip.is_some());
        copy.octets = gzip.unwrap_or(copy.octets);
    }
    let held = validators.not_modified(&headers, content_type);
    held.unwrap_or_else(|| (validators.headers(content_type), Bytes::from_owner(copy.octets)).into_response())
}

async fn compressed(state: &RoleState, copy: &Copy) -> Option<Arc<[u8]>> {
    let (copies, copy) = (Arc::clone(&state.copies), copy.clone());
    blocking(move || copies.compressed(&copy)).await.flatten()
}

fn validators(copy: &Copy) -> Validators {
    let validators = Validators::of_digest(&copy.sha256);
    match copy.made {
        Some(made) => validators.modified(made),
        None => validators,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::io::Read;
    use std::sync::Arc;

    use axum::body::Body;
    use axum::http::{Request, header};
    use ca_core::clock::{Clock, SystemClock};
    use ca_core::status::feed::HeldStatus;
    use http_body_util::BodyExt;
    use tower::ServiceExt;

    use super::*;
    use crate::http::{Answering, role_router};
    use crate::publication::Copies;
    use crate::validation::fixture::Workshop;

    #[tokio::test]
    async fn a_crl_is_sent_in_gzip_to_those_who_take_it() {
        let workshop = Workshop::new();
        let root = workshop.root("root", "P-256");
        // As long as one of some hundred entries.
        let note = format!("1.3.6.1.4.1.32473.1=ASN1:UTF8String:{}", "a".repeat(3_000));
        let crl = workshop.crl_with("root", &[], &note, "3600");
        let copies = Arc::new(Copies::default());
        let file = CopiedFile::from_path("crl/root.crl").unwrap();
        copies.replace(Copy::verify(file, crl.clone(), root.der(), SystemClock.now()).unwrap()).unwrap();
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let answering =
            Answering { responders: Arc::default(), clock: Arc::clone(&clock), metrics: Arc::default() };
        let held = Arc::new(HeldStatus::new(clock, time::Duration::HOUR));
        let router = role_router(RoleState { answering, held, copies, renewal: Arc::default() });
        let ask = async |name: header::HeaderName, value: &str| {
            let request = Request::get("/crl/root.crl").header(name, value).body(Body::empty()).unwrap();
            let response = router.clone().oneshot(request).await.unwrap();
            let headers = response.headers().clone();
            (headers, response.into_body().collect().await.unwrap().to_bytes())
        };
        let (plain, octets) = ask(header::ACCEPT_ENCODING, "identity").await;
        assert_eq!((octets.as_ref(), plain.get(header::CONTENT_ENCODING)), (crl.as_slice(), None));
        let (headers, octets) = ask(header::ACCEPT_ENCODING, "br, gzip").await;
        assert_eq!(headers[header::CONTENT_ENCODING], "gzip");
        assert_eq!(headers[header::CONTENT_TYPE], CRL_TYPE);
        assert!([&plain, &headers].iter().all(|headers| headers[header::VARY] == "accept-encoding"));
        assert_ne!(headers[header::ETAG], plain[header::ETAG]);
        let mut read = Vec::new();
        flate2::read::GzDecoder::new(octets.as_ref()).read_to_end(&mut read).unwrap();
        assert_eq!((read.as_slice(), octets.len() < crl.len() / 2), (crl.as_slice(), true));
    }
}
