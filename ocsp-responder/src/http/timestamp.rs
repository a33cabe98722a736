//! Time stamps over HTTP (RFC 3161 section 3.4): `POST /tsa`, `/healthz`, `/readyz`; for operators, `/metrics`.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use ca_core::clock::in_words;
use tower_http::timeout::TimeoutLayer;

use super::pace::{paced, too_often};
use super::{PATIENCE, PaceSettings, blocking, health, operator, plain};
use crate::metrics::TEXT_TYPE;
use crate::timestamp::{MAX_REQUEST, Refusal, Reply, TimestampingAuthority};

const QUERY_TYPE: &str = "application/timestamp-query";
const REPLY_TYPE: &str = "application/timestamp-reply";

type Authority = Arc<TimestampingAuthority>;

/// The public endpoints; no address asks for more time stamps than `pace` says, where it says something: each costs a signature.
pub fn timestamp_router(authority: Authority, pace: Option<PaceSettings>) -> Router {
    // Some clients append a slash.
    let stamping = Router::new().route("/tsa", post(stamp)).route("/tsa/", post(stamp));
    paced(stamping, pace, authority.refusals(), too_often)
        .route("/healthz", get(health::alive))
        .route("/readyz", get(ready))
        .fallback(no_such_page)
        .method_not_allowed_fallback(plain::no_such_method)
        .layer(DefaultBodyLimit::max(MAX_REQUEST))
        .layer(TimeoutLayer::with_status_code(StatusCode::REQUEST_TIMEOUT, PATIENCE))
        .with_state(authority)
}

/// What operators watch.
pub fn timestamp_operator_router(authority: Authority) -> Router {
    Router::new()
        .route("/metrics", get(metrics))
        .route("/healthz", get(health::alive))
        .route("/readyz", get(ready))
        .fallback(operator::no_such_page)
        .method_not_allowed_fallback(plain::no_such_method)
        .layer(TimeoutLayer::with_status_code(StatusCode::REQUEST_TIMEOUT, PATIENCE))
        .with_state(authority)
}

async fn stamp(
    State(authority): State<Authority>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    if !plain::is_of_type(&headers, QUERY_TYPE) {
        return plain::problem(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "A time-stamp request has the content type application/timestamp-query.",
        );
    }
    let request = match body {
        Ok(request) => request,
        Err(rejection) if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE => {
            return plain::problem(StatusCode::PAYLOAD_TOO_LARGE, "A time-stamp request has at most 8 KiB.");
        }
        Err(_) => return plain::problem(StatusCode::BAD_REQUEST, "The request's body could not be read."),
    };
    // A key in a token may stall, and must not stop the other connections.
    let reply = blocking(move || authority.answer(&request)).await;
    let reply = reply.unwrap_or_else(|| Reply::refused(Refusal::SystemFailure));
    // RFC 3161 section 3.4: whatever the status of the reply, HTTP itself went well.
    let headers = [(header::CONTENT_TYPE, REPLY_TYPE), (header::CACHE_CONTROL, "no-store")];
    (headers, reply.into_der()).into_response()
}

async fn ready(State(authority): State<Authority>) -> Response {
    match authority.check_ready() {
        Ok(ends) => {
            let text = format!("ready\ntokens are given until {}\n", in_words(ends));
            ([(header::CACHE_CONTROL, "no-store")], text).into_response()
        }
        Err(why) => plain::problem(StatusCode::SERVICE_UNAVAILABLE, &format!("not ready: {why}")),
    }
}

async fn metrics(State(authority): State<Authority>) -> Response {
    match authority.metrics() {
        Ok(text) => {
            let headers = [(header::CONTENT_TYPE, TEXT_TYPE), (header::CACHE_CONTROL, "no-store")];
            (headers, text).into_response()
        }
        Err(error) => {
            tracing::error!(%error, "what was counted could not be written");
            plain::unavailable()
        }
    }
}

async fn no_such_page() -> Response {
    plain::problem(StatusCode::NOT_FOUND, "Time stamps are given at /tsa.")
}
