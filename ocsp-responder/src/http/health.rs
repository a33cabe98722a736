//! Whether the process lives, and whether it can serve.

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::{PublicState, blocking, plain};

/// The process answers.
pub(super) async fn alive() -> &'static str {
    "ok\n"
}

/// The store answers, and no responder's certificate has run out; how old what is told of certificates is.
pub(super) async fn ready(State(state): State<PublicState>) -> Response {
    if let Err(cause) = state.responders.check_ready() {
        return plain::problem(StatusCode::SERVICE_UNAVAILABLE, &format!("not ready: {cause}"));
    }
    let status = match state.status_age() {
        Some(age) => format!("the status of certificates is of {:.1} s ago", age.as_seconds_f64()),
        None => "the status of certificates is read from the store: the index is being filled".to_owned(),
    };
    match blocking(move || state.publication.check_ready()).await {
        Some(Ok(())) => ([(header::CACHE_CONTROL, "no-store")], format!("ready\n{status}\n")).into_response(),
        Some(Err(error)) => {
            tracing::error!(%error, "not ready");
            plain::problem(StatusCode::SERVICE_UNAVAILABLE, "not ready: storage does not answer")
        }
        None => plain::unavailable(),
    }
}
