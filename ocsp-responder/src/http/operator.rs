//! What operators watch.

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use time::Duration;

use super::{Answering, PublicState, plain};
use crate::metrics::TEXT_TYPE;

/// What was counted, for Prometheus.
pub(super) async fn metrics(State(state): State<PublicState>) -> Response {
    told(&state.answering(), state.status_age())
}

/// What was counted, and how old what is told is.
pub(super) fn told(state: &Answering, age: Option<Duration>) -> Response {
    let left = state.responders.first_end().map(|end| end - state.clock.now());
    match state.metrics.text(age, left) {
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

pub(super) async fn no_such_page() -> Response {
    plain::problem(StatusCode::NOT_FOUND, "There are /metrics, /healthz and /readyz.")
}
