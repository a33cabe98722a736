//! The endpoints of a responder on a machine of its own: `/ocsp`, copies of what the installation publishes (`/crl/…`, `/ca/…`,
//! `/filter/…`, `/published`), `/healthz`, `/readyz`; for operators, `/metrics`.

use std::sync::{Arc, PoisonError, RwLock};

use axum::Router;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use ca_core::status::feed::{HeldStatus, Speaking};
use time::{Duration, OffsetDateTime};
use tower_http::timeout::TimeoutLayer;

use super::{Answering, PATIENCE, copies, health, ocsp, operator, plain};
use crate::ocsp::MAX_REQUEST;
use crate::publication::Copies;

/// What such a responder serves from.
#[derive(Debug, Clone)]
pub struct RoleState {
    /// Who answers OCSP requests.
    pub answering: Answering,
    /// What is held of the feed.
    pub held: Arc<HeldStatus>,
    /// Copies of what the installation publishes.
    pub copies: Arc<Copies>,
    /// How the renewal of the responder's certificates goes.
    pub renewal: Arc<RenewalState>,
}

/// What is wrong with the renewal of the responder's certificates.
#[derive(Debug, Default)]
pub struct RenewalState(RwLock<Option<String>>);

impl RenewalState {
    /// Takes note of why a certificate is not renewed; `None` where all last.
    pub fn is(&self, wrong: Option<String>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = wrong;
    }

    fn wrong(&self) -> Option<String> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// The public endpoints.
pub fn role_router(state: RoleState) -> Router {
    Router::new()
        .route("/healthz", get(health::alive))
        .route("/readyz", get(ready))
        .with_state(state.clone())
        .merge(copies::routes(state.clone()))
        .merge(ocsp::routes(state.answering))
        .fallback(no_such_page)
        .method_not_allowed_fallback(plain::no_such_method)
        .layer(DefaultBodyLimit::max(MAX_REQUEST))
        .layer(TimeoutLayer::with_status_code(StatusCode::REQUEST_TIMEOUT, PATIENCE))
}

/// What operators watch.
pub fn role_operator_router(state: RoleState) -> Router {
    Router::new()
        .route("/metrics", get(metrics))
        .route("/healthz", get(health::alive))
        .route("/readyz", get(ready))
        .fallback(operator::no_such_page)
        .method_not_allowed_fallback(plain::no_such_method)
        .layer(TimeoutLayer::with_status_code(StatusCode::REQUEST_TIMEOUT, PATIENCE))
        .with_state(state)
}

/// There is a certificate to answer with, and what is held may be told; of when it is.
async fn ready(State(state): State<RoleState>) -> Response {
    let now = state.answering.clock.now();
    let not_ready = |why: &str| plain::problem(StatusCode::SERVICE_UNAVAILABLE, &format!("not ready: {why}"));
    let Some(Speaking { as_of, until }) = state.held.speaking() else {
        return not_ready("nothing is held of the status feed yet");
    };
    let age = age(as_of, now).as_seconds_f64();
    if now > until {
        return not_ready(&format!(
            "the status of certificates is of {age:.0} s ago, too old to be told: OCSP answers tryLater until the feed is heard"
        ));
    }
    match (state.answering.responders.first_end(), state.answering.responders.check_ready()) {
        (None, _) => not_ready("there is no responder certificate yet: npki responder request"),
        (_, Err(cause)) => not_ready(&cause.to_string()),
        (Some(_), Ok(())) => {
            let left = (until - now).as_seconds_f64();
            let copies = match state.copies.compared_at() {
                Some(at) => {
                    format!("as published {:.1} s ago", (now - at).max(Duration::ZERO).as_seconds_f64())
                }
                None => "not compared with the installation's since the start".to_owned(),
            };
            // It answers as before, and somebody has two weeks to look: no reason to turn anybody away.
            let wrong = state.renewal.wrong().map_or_else(String::new, |why| format!("warning: {why}\n"));
            let text = format!(
                "ready\nthe status of certificates is of {age:.1} s ago, and is told for {left:.0} s more if nothing is heard\n\
                 the copies of CRLs and filters are {copies}\n{wrong}"
            );
            ([(header::CACHE_CONTROL, "no-store")], text).into_response()
        }
    }
}

async fn metrics(State(state): State<RoleState>) -> Response {
    let now = state.answering.clock.now();
    state.answering.metrics.renewal(state.renewal.wrong().as_deref());
    operator::told(&state.answering, state.held.speaking().map(|speaking| age(speaking.as_of, now)))
}

fn age(as_of: OffsetDateTime, now: OffsetDateTime) -> Duration {
    (now - as_of).max(Duration::ZERO)
}

async fn no_such_page() -> Response {
    plain::problem(
        StatusCode::NOT_FOUND,
        "This responder answers at /ocsp, and has copies of CRLs and CA certificates: /published lists them.",
    )
}
