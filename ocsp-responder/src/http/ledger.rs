//! The ledger's public endpoints (C2SP tlog-tiles): `/ledger/checkpoint`, `/ledger/tile/…`, `/ledger/key`.

use std::sync::Arc;

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use ca_core::storage::StorageError;

use super::{PublicState, blocking, plain};

/// tlog-tiles, "Parameters": "The signed checkpoint […] SHOULD […] Content-Type of text/plain; charset=utf-8".
const TEXT: &str = "text/plain; charset=utf-8";
/// tlog-tiles: tiles and entry bundles "SHOULD have Content-Type application/octet-stream".
const OCTETS: &str = "application/octet-stream";
/// A tile never changes: what is asked for by its width is the same for ever.
const FOR_EVER: &str = "public, max-age=31536000, immutable";
/// A checkpoint is superseded within seconds.
const BRIEFLY: &str = "public, max-age=1";

pub(super) async fn checkpoint(State(state): State<PublicState>) -> Response {
    let ledger = Arc::clone(&state.ledger);
    answer(blocking(move || ledger.checkpoint()).await, TEXT, BRIEFLY)
}

pub(super) async fn tile(
    State(state): State<PublicState>,
    path: Result<Path<String>, PathRejection>,
) -> Response {
    let Ok(Path(path)) = path else { return absent() };
    let ledger = Arc::clone(&state.ledger);
    answer(blocking(move || ledger.resource(&format!("tile/{path}"))).await, OCTETS, FOR_EVER)
}

/// The log's public key, for convenience. Whoever audits compares it with one that came another way.
pub(super) async fn key(State(state): State<PublicState>) -> Response {
    let text = format!("{}\n", state.log_key);
    (headers(TEXT, BRIEFLY), text).into_response()
}

fn answer(
    found: Option<Result<Option<Vec<u8>>, StorageError>>,
    content_type: &'static str,
    caching: &'static str,
) -> Response {
    match found {
        Some(Ok(Some(octets))) => (headers(content_type, caching), octets).into_response(),
        Some(Ok(None)) => absent(),
        Some(Err(error)) => {
            tracing::error!(%error, "the ledger could not be published");
            plain::unavailable()
        }
        None => plain::unavailable(),
    }
}

fn headers(content_type: &'static str, caching: &'static str) -> HeaderMap {
    [(header::CONTENT_TYPE, content_type), (header::CACHE_CONTROL, caching)]
        .map(|(name, value)| (name, HeaderValue::from_static(value)))
        .into_iter()
        .collect()
}

fn absent() -> Response {
    plain::problem(
        StatusCode::NOT_FOUND,
        "The ledger has no such tile. Its checkpoint says how large it is: /ledger/checkpoint",
    )
}
