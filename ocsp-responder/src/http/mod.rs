//! The public endpoints, over plain HTTP: `/ocsp`, `/crl/{ca}.crl` and a CA's other CRLs, `/ca/{ca}.cer`, `/ca/{ca}.p7c`,
//! `/filter/{ca}.filter`, `/trusted-list/{territory}.xml` and `.json`, `/published`, `/ledger/…`, `/status/…`, `/healthz`, `/readyz`.
//!
//! Plain HTTP on purpose (RFC 5280 section 8, RFC 6960 appendix A.1): what is served is signed itself, and fetching
//! it over TLS would need the very status it tells. Bad input gets a 4xx or an OCSP error, never a 5xx.

mod caching;
mod copies;
mod feed;
mod files;
mod front;
mod health;
mod ledger;
mod ocsp;
mod operator;
mod pace;
mod plain;
mod role;
mod timestamp;
pub mod validation;

pub use front::{Answered, Front};
pub use pace::{PaceSettings, PeerAddress};

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use axum::routing::get;
use ca_core::clock::Clock;
use ca_core::status::StatusIndex;
use ca_core::status::feed::FeedPublisher;
use ca_core::tlog::note::VerifierKey;
use tower_http::timeout::TimeoutLayer;

use crate::ledger::LedgerPublication;
use crate::metrics::Metrics;
use crate::ocsp::{MAX_REQUEST, Responders};
use crate::publication::Publication;

pub use caching::read_http_date;
pub use feed::feed_router;
pub use role::{RenewalState, RoleState, role_operator_router, role_router};
pub use timestamp::{timestamp_operator_router, timestamp_router};

/// How long a request may take, its body included: a client that drips octets does not hold a place for ever.
const PATIENCE: Duration = Duration::from_secs(10);

/// What the public endpoints serve from.
#[derive(Debug, Clone)]
pub struct PublicState {
    /// Who answers OCSP requests.
    pub responders: Arc<Responders>,
    /// The certificates and CRLs.
    pub publication: Arc<Publication>,
    /// The ledger's head and tree.
    pub ledger: Arc<LedgerPublication>,
    /// The ledger's public key, in the form of C2SP signed-note.
    pub log_key: VerifierKey,
    /// The time, for cache lifetimes.
    pub clock: Arc<dyn Clock>,
    /// What the responders answer from.
    pub status: Arc<StatusIndex>,
    /// The status feed, where it is published here.
    pub feed: Option<Arc<FeedPublisher>>,
    /// What is counted.
    pub metrics: Arc<Metrics>,
}

/// What OCSP is answered from.
#[derive(Debug, Clone)]
pub struct Answering {
    /// Who answers.
    pub responders: Arc<Responders>,
    /// The time, for cache lifetimes.
    pub clock: Arc<dyn Clock>,
    /// What is counted.
    pub metrics: Arc<Metrics>,
}

impl PublicState {
    /// What OCSP is answered from.
    pub fn answering(&self) -> Answering {
        Answering {
            responders: Arc::clone(&self.responders),
            clock: Arc::clone(&self.clock),
            metrics: Arc::clone(&self.metrics),
        }
    }

    /// How long ago the status index knew everything; `None` while answers come from the store.
    fn status_age(&self) -> Option<time::Duration> {
        Some((self.clock.now() - self.status.known_until()?).max(time::Duration::ZERO))
    }
}

/// What operators watch, on a listener of its own: how much is asked, and how it goes, is nobody else's business, and the
/// public listener may stand behind a cache that would keep it.
pub fn operator_router(state: PublicState) -> Router {
    Router::new()
        .route("/metrics", get(operator::metrics))
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
        .fallback(operator::no_such_page)
        .method_not_allowed_fallback(plain::no_such_method)
        .layer(TimeoutLayer::with_status_code(StatusCode::REQUEST_TIMEOUT, PATIENCE))
        .with_state(state)
}

/// The public endpoints.
pub fn router(state: PublicState) -> Router {
    let feed = state.feed.clone().map(feed_router).unwrap_or_default();
    let ocsp = ocsp::routes(state.answering());
    Router::new()
        .route("/crl/{*path}", get(files::crl))
        .route("/ca/{file}", get(files::certificates))
        .route("/filter/{file}", get(files::filter))
        .route("/trusted-list/{file}", get(files::trusted_list))
        .route("/published", get(files::index))
        .route("/ledger/checkpoint", get(ledger::checkpoint))
        .route("/ledger/key", get(ledger::key))
        .route("/ledger/tile/{*path}", get(ledger::tile))
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
        .with_state(state)
        .merge(ocsp)
        .fallback(plain::no_such_page)
        .method_not_allowed_fallback(plain::no_such_method)
        .layer(DefaultBodyLimit::max(MAX_REQUEST))
        .layer(TimeoutLayer::with_status_code(StatusCode::REQUEST_TIMEOUT, PATIENCE))
        .merge(feed)
}

/// Runs what may wait for a disk or a remote key off the threads that serve connections.
///
/// It costs tens of microseconds. But a store that compacts, or a PKCS#11 module that stalls, must not stop every other
/// connection of the same thread.
async fn blocking<T, F>(work: F) -> Option<T>
where
    T: Send + 'static,
    F: FnOnce() -> T + Send + 'static,
{
    tokio::task::spawn_blocking(work)
        .await
        .inspect_err(|error| tracing::error!(%error, "work for a request was cut short"))
        .ok()
}
