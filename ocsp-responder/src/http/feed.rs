//! The status feed, for responders on other machines: `/status/snapshot`, `/status/after/{position}/{digest}`,
//! `/status/key`.
//!
//! The addresses say everything, so that ordinary caches can stand between: thousands of responders that follow at the same
//! pace are one request a second here.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use ca_core::status::feed::{FeedFault, FeedPublisher, Increment, Place};
use tower_http::timeout::TimeoutLayer;

use super::{blocking, plain};

/// A snapshot of ten million certificates is made within this, and then sent for as long as it takes.
const PATIENCE: Duration = Duration::from_secs(60);
/// What is said of a moment is superseded within a second.
const BRIEFLY: &str = "public, max-age=1";
/// Increments follow on a snapshot of any age.
const A_WHILE: &str = "public, max-age=60";
const OCTETS: &str = "application/octet-stream";

/// The feed's addresses.
pub fn feed_router(feed: Arc<FeedPublisher>) -> Router {
    Router::new()
        .route("/status/snapshot", get(snapshot))
        .route("/status/after/{position}/{digest}", get(after))
        .route("/status/key", get(key))
        .layer(TimeoutLayer::with_status_code(StatusCode::REQUEST_TIMEOUT, PATIENCE))
        .with_state(feed)
}

/// The octets of a snapshot, which several may be sent at the same time.
struct Shared(Arc<Vec<u8>>);

impl AsRef<[u8]> for Shared {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

async fn snapshot(State(feed): State<Arc<FeedPublisher>>) -> Response {
    match blocking(move || feed.snapshot()).await {
        Some(Ok(octets)) => message(Bytes::from_owner(Shared(octets)), A_WHILE),
        Some(Err(fault)) => faulty(&fault),
        None => plain::unavailable(),
    }
}

async fn after(
    State(feed): State<Arc<FeedPublisher>>,
    path: Result<Path<(String, String)>, PathRejection>,
) -> Response {
    let place = path.ok().and_then(|Path((position, digest))| format!("{position} {digest}").parse().ok());
    let Some(place): Option<Place> = place else {
        return plain::problem(
            StatusCode::NOT_FOUND,
            "The address is /status/after/POSITION/DIGEST, as `until` in the message before says.",
        );
    };
    match blocking(move || feed.after(&place)).await {
        Some(Ok(Increment::Message(octets))) => message(octets.into(), BRIEFLY),
        Some(Ok(Increment::OtherHistory)) => plain::problem(
            StatusCode::GONE,
            "The ledger has no such place: its history is another one. Begin with /status/snapshot.",
        ),
        Some(Err(fault)) => faulty(&fault),
        None => plain::unavailable(),
    }
}

/// The feed's key, for convenience. Whoever follows has it from somewhere else.
async fn key(State(feed): State<Arc<FeedPublisher>>) -> Response {
    let headers = [(header::CONTENT_TYPE, "text/plain; charset=utf-8"), (header::CACHE_CONTROL, A_WHILE)];
    (headers, format!("{}\n", feed.key())).into_response()
}

fn message(octets: Bytes, caching: &'static str) -> Response {
    ([(header::CONTENT_TYPE, OCTETS), (header::CACHE_CONTROL, caching)], octets).into_response()
}

fn faulty(fault: &FeedFault) -> Response {
    tracing::error!(%fault, "the status feed could not be published");
    plain::unavailable()
}
