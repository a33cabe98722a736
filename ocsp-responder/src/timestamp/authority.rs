//! A time-stamping authority: the unit that gives its tokens at present, and what is counted of its work.

use std::sync::{Arc, PoisonError, RwLock};

use prometheus_client::encoding::{EncodeLabelSet, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use time::OffsetDateTime;

use super::clock::WatchedClock;
use super::refusal::Refusal;
use super::reply::Reply;
use super::unit::TimestampingUnit;

/// An authority with at most one unit at work: before the first certificate is there, it refuses.
#[derive(Debug)]
pub struct TimestampingAuthority {
    unit: RwLock<Option<Arc<TimestampingUnit>>>,
    clock: Arc<WatchedClock>,
    registry: Registry,
    replies: Family<Kind, Counter>,
    believed: Gauge,
    /// Requests of whoever asked too often.
    refused: Counter,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Kind {
    status: &'static str,
}

impl TimestampingAuthority {
    /// Without a unit yet.
    pub fn new(clock: Arc<WatchedClock>) -> Self {
        let (replies, believed, refused) = (Family::default(), Gauge::default(), Counter::default());
        let mut registry = Registry::with_prefix("npki");
        let told = "Time-stamp requests answered: granted, or by why there was no token";
        registry.register("timestamp_replies", told, replies.clone());
        registry.register("clock_believed", "1 while the clock is believed, else 0", believed.clone());
        let often = "HTTP requests refused because their address asks too often";
        registry.register("http_refused", often, refused.clone());
        Self { unit: RwLock::default(), clock, registry, replies, believed, refused }
    }

    /// Where requests are counted that were refused because their address asks too often.
    pub(crate) fn refusals(&self) -> Counter {
        self.refused.clone()
    }

    /// Goes over to a unit.
    pub fn appoint(&self, unit: TimestampingUnit) {
        *self.unit.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(unit));
    }

    /// The unit at work.
    pub fn unit(&self) -> Option<Arc<TimestampingUnit>> {
        self.unit.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Answers a request.
    pub fn answer(&self, request: &[u8]) -> Reply {
        let reply = match self.unit() {
            Some(unit) => unit.answer(request),
            None => Reply::refused(Refusal::SystemFailure),
        };
        let status = reply.refusal().map_or("granted", Refusal::name);
        self.replies.get_or_create(&Kind { status }).inc();
        reply
    }

    /// Whether tokens are given, and until when.
    ///
    /// # Errors
    /// Why not, for the operator.
    pub fn check_ready(&self) -> Result<OffsetDateTime, String> {
        let unit = self.unit().ok_or("there is no certificate yet: npki tsa request")?;
        unit.check_ready()?;
        Ok(unit.ends())
    }

    /// What was counted, as Prometheus reads it.
    ///
    /// # Errors
    /// It cannot be written, which has no cause that could be told.
    pub fn metrics(&self) -> Result<String, std::fmt::Error> {
        self.believed.set(i64::from(self.clock.moment().is_ok()));
        let mut written = String::new();
        text::encode(&mut written, &self.registry)?;
        Ok(written)
    }
}
