//! A witness over HTTP: `POST /add-checkpoint` (C2SP tlog-witness), `GET /latest/{log}`, `GET /healthz`.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use ca_core::clock::Clock;
use ca_core::tlog::witness::{Latest, MAX_BODY, Refusal, Witness, WitnessError};
use serde::Serialize;
use tower_http::timeout::TimeoutLayer;

use crate::service::settings::Limits;

const TEXT: &str = "text/plain; charset=utf-8";

#[derive(Debug, Clone)]
struct Shared {
    witness: Arc<Witness>,
    clock: Arc<dyn Clock>,
}

/// The witness's endpoints.
pub(in crate::service) fn router(witness: Arc<Witness>, clock: Arc<dyn Clock>, limits: Limits) -> Router {
    Router::new()
        .route("/add-checkpoint", post(add_checkpoint))
        .route("/latest/{log}", get(latest))
        .route("/healthz", get(|| async { "ok\n" }))
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .layer(TimeoutLayer::with_status_code(StatusCode::REQUEST_TIMEOUT, limits.request))
        .with_state(Shared { witness, clock })
}

async fn add_checkpoint(State(shared): State<Shared>, body: Bytes) -> Response {
    // The answer waits for a disk.
    let deciding =
        tokio::task::spawn_blocking(move || shared.witness.add_checkpoint(&body, shared.clock.as_ref()));
    match deciding.await {
        Ok(Ok(cosignatures)) => text(StatusCode::OK, TEXT, cosignatures),
        Ok(Err(error)) => refused(&error),
        Err(_) => text(StatusCode::INTERNAL_SERVER_ERROR, TEXT, "the witness failed\n".to_owned()),
    }
}

fn refused(error: &WitnessError) -> Response {
    note(error);
    let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    match error {
        // tlog-witness, "add-checkpoint": "The response body MUST consist of the tree size of the latest cosigned
        // checkpoint in decimal, followed by a newline (U+000A). The response MUST have a Content-Type of
        // text/x.tlog.size".
        WitnessError::Refused(Refusal::NotFromLatest { latest }) => {
            text(status, Refusal::SIZE_TYPE, format!("{latest}\n"))
        }
        WitnessError::Refused(refusal) => text(status, TEXT, format!("{refusal}\n")),
        // Our trouble is told to our log, not to strangers.
        WitnessError::State(_) | WitnessError::Cosign(_) => {
            text(status, TEXT, "the witness cannot cosign at present\n".to_owned())
        }
    }
}

/// A log that shows two histories is what a witness is there to find. Strangers' nonsense must not fill the disk.
fn note(error: &WitnessError) {
    match error {
        WitnessError::Refused(Refusal::Forked { .. } | Refusal::Proof(_)) => {
            tracing::error!(%error, "refused to cosign: a log that is known here shows another history");
        }
        WitnessError::Refused(Refusal::NotFromLatest { .. }) => {
            tracing::info!(%error, "not cosigned: the log begins at another size");
        }
        WitnessError::Refused(_) => tracing::debug!(%error, "refused to cosign"),
        WitnessError::State(_) | WitnessError::Cosign(_) => tracing::error!(%error, "not cosigned"),
    }
}

/// How far a log was cosigned here.
#[derive(Debug, Serialize)]
struct LatestView {
    origin: String,
    size: u64,
    root: String,
    checkpoint: Option<String>,
}

impl From<Latest> for LatestView {
    fn from(latest: Latest) -> Self {
        Self {
            origin: latest.origin.to_string(),
            size: latest.head.size,
            root: latest.head.root.to_base64(),
            checkpoint: latest.checkpoint.map(|checkpoint| checkpoint.to_string()),
        }
    }
}

async fn latest(State(shared): State<Shared>, Path(log): Path<String>) -> Response {
    let recalling = tokio::task::spawn_blocking(move || shared.witness.latest(&log));
    match recalling.await {
        Ok(Ok(Some(latest))) => {
            ([(header::CACHE_CONTROL, "no-store")], Json(LatestView::from(latest))).into_response()
        }
        Ok(Ok(None)) => text(StatusCode::NOT_FOUND, TEXT, "this log is not known here\n".to_owned()),
        Ok(Err(error)) => {
            tracing::error!(%error, "what is remembered cannot be told");
            text(StatusCode::INTERNAL_SERVER_ERROR, TEXT, "the witness cannot tell\n".to_owned())
        }
        Err(_) => text(StatusCode::INTERNAL_SERVER_ERROR, TEXT, "the witness failed\n".to_owned()),
    }
}

fn text(status: StatusCode, content_type: &'static str, body: String) -> Response {
    (status, [(header::CONTENT_TYPE, content_type), (header::CACHE_CONTROL, "no-store")], body)
        .into_response()
}
