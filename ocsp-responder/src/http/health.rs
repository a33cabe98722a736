//! Whether the process lives, and whether it can serve.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use super::{PublicState, blocking, plain};

/// The process answers.
pub(super) async fn alive() -> &'static str {
    "ok\n"
}

/// The store answers, and no responder's certificate has run out.
pub(super) async fn ready(State(state): State<PublicState>) -> Response {
    if let Err(cause) = state.responders.check_ready() {
        return plain::problem(StatusCode::SERVICE_UNAVAILABLE, &format!("not ready: {cause}"));
    }
    match blocking(move || state.publication.check_ready()).await {
        Some(Ok(())) => "ready\n".into_response(),
        Some(Err(error)) => {
            tracing::error!(%error, "not ready");
            plain::problem(StatusCode::SERVICE_UNAVAILABLE, "not ready: storage does not answer")
        }
        None => plain::unavailable(),
    }
}
