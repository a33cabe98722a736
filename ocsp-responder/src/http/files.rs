//! CRLs, CA certificates, filters and trusted lists as files (RFC 2585, RFC 5280 sections 4.2.1.13 and 4.2.2.1).

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use ca_core::certificate::CaId;
use ca_core::crl::{CrlName, StoredCrl};
use ca_core::storage::StorageError;
use http_body_util::channel::Channel;

use super::caching::{Validators, takes_gzip};
use super::{PublicState, blocking, plain};
use crate::publication::{Publication, PublishedIndex};

/// RFC 2585 section 4.2.
pub(super) const CRL_TYPE: &str = "application/pkix-crl";
/// RFC 2585 section 4.1.
pub(super) const CERTIFICATE_TYPE: &str = "application/pkix-cert";
/// RFC 5280 section 4.2.2.1 and RFC 8551 section 3.2.2.
pub(super) const BUNDLE_TYPE: &str = "application/pkcs7-mime; smime-type=certs-only";
/// The form is npki's own (see [`crate::filter`]), and no type is registered for it.
pub(super) const FILTER_TYPE: &str = "application/octet-stream";
/// TS 119 612 section 6.2.
const TRUSTED_LIST_TYPE: &str = "application/vnd.etsi.tsl+xml";
/// How long filters are kept by caches: they are made every hour or less often.
pub(super) const FILTER_LIFE: time::Duration = time::Duration::minutes(5);
/// The index is superseded whenever something is published.
const INDEX_CACHING: &str = "public, max-age=1";
/// How long link certificates are kept by caches.
pub(super) const BUNDLE_LIFE: time::Duration = time::Duration::minutes(5);

pub(super) async fn crl(
    State(state): State<PublicState>,
    path: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
    method: Method,
) -> Response {
    let Some(name) = path.ok().and_then(|path| CrlName::from_path(&path)) else { return unpublished() };
    let publication = Arc::clone(&state.publication);
    let gzip = takes_gzip(&headers);
    let found = blocking(move || {
        let Some(crl) = publication.crl(&name)? else { return Ok(None) };
        if gzip && let Some(octets) = publication.compressed(&crl)? {
            return Ok(Some((crl, Beginning::Gzip(octets))));
        }
        // With the first part, so that what cannot be read is an error and not the end of a body.
        let first = publication.part(&crl, 0)?;
        Ok::<_, StorageError>(Some((crl, Beginning::Part(first))))
    });
    match found.await {
        Some(Ok(Some((crl, beginning)))) => {
            let validators = Validators::of_digest(&crl.sha256())
                .modified(crl.this_update)
                .expiring(state.clock.now(), crl.next_update)
                .encoded(matches!(beginning, Beginning::Gzip(_)));
            if let Some(response) = validators.not_modified(&headers, CRL_TYPE) {
                return response;
            }
            let length = crl.octets();
            let body = match beginning {
                Beginning::Gzip(octets) => {
                    return (validators.headers(CRL_TYPE), Bytes::from_owner(octets)).into_response();
                }
                Beginning::Part(first) if method == Method::HEAD || crl.parts() < 2 => Body::from(first),
                Beginning::Part(first) => parts(Arc::clone(&state.publication), crl, first),
            };
            let length = [(header::CONTENT_LENGTH, length.to_string())];
            (validators.headers(CRL_TYPE), length, body).into_response()
        }
        Some(Ok(None)) => unpublished(),
        Some(Err(error)) => {
            tracing::error!(%error, "a CRL was not published");
            plain::unavailable()
        }
        None => plain::unavailable(),
    }
}

/// What there is of a CRL before it is sent.
enum Beginning {
    /// All of it, in gzip.
    Gzip(Arc<[u8]>),
    /// Its first part.
    Part(Vec<u8>),
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

/// A CA's compact filter.
pub(super) async fn filter(
    State(state): State<PublicState>,
    file: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
) -> Response {
    let ca = ca_of(file, ".filter");
    let Some(filter) = ca.and_then(|ca| state.publication.filters().find(&ca)) else { return unpublished() };
    let now = state.clock.now();
    let validators =
        Validators::of_digest(&filter.sha256).modified(filter.made).expiring(now, now + FILTER_LIFE);
    let held = validators.not_modified(&headers, FILTER_TYPE);
    held.unwrap_or_else(|| {
        (validators.headers(FILTER_TYPE), Bytes::from_owner(filter.octets)).into_response()
    })
}

/// A trusted list: signed, `.xml`, or the same in plain JSON, `.json`.
pub(super) async fn trusted_list(
    State(state): State<PublicState>,
    file: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
) -> Response {
    let named = file.ok().and_then(|Path(name)| {
        let (territory, ending) = name.split_once('.')?;
        let list = state.publication.trusted_lists().find(territory)?;
        match ending {
            "xml" => Some((list.xml.clone(), list, TRUSTED_LIST_TYPE)),
            "json" => Some((list.json.clone(), list, "application/json")),
            _ => None,
        }
    });
    let Some((form, list, content_type)) = named else {
        return plain::problem(StatusCode::NOT_FOUND, "No such trusted list is published here.");
    };
    let gzip = form.gzip.filter(|_| takes_gzip(&headers));
    let now = state.clock.now();
    let validators = Validators::of_digest(&form.sha256)
        .modified(list.issued)
        .expiring(now, list.next_update.unwrap_or(now))
        .encoded(gzip.is_some());
    validators.not_modified(&headers, content_type).unwrap_or_else(|| {
        (validators.headers(content_type), Bytes::from_owner(gzip.unwrap_or(form.octets))).into_response()
    })
}

/// What is published here, for those who keep copies or look whether it agrees.
pub(super) async fn index(State(state): State<PublicState>) -> Response {
    let publication = Arc::clone(&state.publication);
    match blocking(move || publication.index()).await {
        Some(Ok(index)) => indexed(&index),
        Some(Err(error)) => {
            tracing::error!(%error, "what is published could not be listed");
            plain::unavailable()
        }
        None => plain::unavailable(),
    }
}

/// An index as it is sent.
pub(super) fn indexed(index: &PublishedIndex) -> Response {
    match index.to_json() {
        Ok(json) => {
            let headers =
                [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, INDEX_CACHING)];
            (headers, json).into_response()
        }
        Err(error) => {
            tracing::error!(%error, "what is published could not be listed");
            plain::unavailable()
        }
    }
}

async fn bundle(state: &PublicState, name: &str, headers: &HeaderMap) -> Response {
    let Some(ca) = name.strip_suffix(".p7c").and_then(|name| CaId::new(name).ok()) else {
        return unpublished();
    };
    let publication = Arc::clone(&state.publication);
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

/// A large CRL, sent while it is read: two parts of it are in memory. Where its octets are gone, since a newer CRL was
/// published twice meanwhile, the connection ends before the announced length, and the client asks again.
fn parts(publication: Arc<Publication>, crl: StoredCrl, first: Vec<u8>) -> Body {
    let (mut sender, body) = Channel::<Bytes, StorageError>::new(1);
    tokio::spawn(async move {
        let mut next = Some(Ok(first));
        let mut place = 1;
        while let Some(outcome) = next {
            match outcome {
                // The client went away.
                Ok(part) => {
                    if sender.send_data(part.into()).await.is_err() {
                        return;
                    }
                }
                Err(error) => {
                    tracing::warn!(%error, "a CRL was not sent to its end");
                    sender.abort(error);
                    return;
                }
            }
            let (publication, crl) = (Arc::clone(&publication), crl.clone());
            next = if place < crl.parts() {
                blocking(move || publication.part(&crl, place)).await
            } else {
                None
            };
            place += 1;
        }
    });
    Body::new(body)
}

/// The CA that a file is named after.
pub(super) fn ca_of(file: Result<Path<String>, PathRejection>, ending: &str) -> Option<CaId> {
    CaId::new(file.ok()?.strip_suffix(ending)?).ok()
}

pub(super) fn unpublished() -> Response {
    plain::problem(
        StatusCode::NOT_FOUND,
        "No such file is published. A certificate names its CRL and its issuer's certificate itself.",
    )
}
