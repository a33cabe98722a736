//! What the responder counts of its work, for Prometheus: never who asked, nor about which certificate.

use std::sync::atomic::AtomicU64;
use std::time::Duration as StdDuration;

use prometheus_client::encoding::{EncodeLabelSet, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};
use time::Duration;

use crate::ocsp::Answer;

/// The content type of [`Metrics::text`]: OpenMetrics 1.0, which Prometheus reads.
pub const TEXT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// How an answer came about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// It was at hand: kept, or an error.
    AtHand,
    /// It was signed, in this time.
    Signed(StdDuration),
}

/// The counts of one process.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    answers: Family<Kind, Counter>,
    signing: Histogram,
    /// Requests of whoever asked too often.
    refused: Counter,
    /// How long ago the status index knew everything.
    age: Gauge<f64, AtomicU64>,
    /// How long the first of the responders' certificates to end still lasts.
    left: Gauge<f64, AtomicU64>,
    /// Whether a responder's certificate is due and is not renewed: 1 or 0.
    unrenewed: Gauge,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Kind {
    method: &'static str,
    status: &'static str,
    origin: &'static str,
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl Metrics {
    /// Nothing is counted yet.
    pub fn new() -> Self {
        // From 20 µs, which a P-256 signature takes, to 10 s, after which a request is given up.
        let signing = Histogram::new(exponential_buckets(0.000_02, 2.0, 20));
        let (answers, refused) = (Family::default(), Counter::default());
        let (age, left) = (Gauge::default(), Gauge::default());
        let mut registry = Registry::with_prefix("npki");
        registry.register("ocsp_answers", "OCSP requests answered", answers.clone());
        let often = "HTTP requests refused because their address asks too often";
        registry.register("http_refused", often, refused.clone());
        let signed = "Time from reading an OCSP request to its signed answer";
        registry.register_with_unit("ocsp_signing", signed, Unit::Seconds, signing.clone());
        let known =
            "Age of what is known of certificates; -1 while answers come from the store, or nothing is held";
        registry.register_with_unit("status_age", known, Unit::Seconds, age.clone());
        let lasts = "Time until the first OCSP responder certificate ends";
        registry.register_with_unit("ocsp_certificate_left", lasts, Unit::Seconds, left.clone());
        let unrenewed = Gauge::default();
        let due = "1 while an OCSP responder certificate is past half of its life and is not renewed";
        registry.register("ocsp_certificate_unrenewed", due, unrenewed.clone());
        Self { registry, answers, signing, refused, age, left, unrenewed }
    }

    /// Takes note of what is wrong with the renewal of the responder's certificates.
    pub fn renewal(&self, wrong: Option<&str>) {
        self.unrenewed.set(i64::from(wrong.is_some()));
    }

    /// Counts an answer to a request that came by this HTTP method.
    pub fn answered(&self, method: &'static str, answer: &Answer, origin: Origin) {
        let name = match origin {
            Origin::AtHand => "at-hand",
            Origin::Signed(within) => {
                self.signing.observe(within.as_secs_f64());
                "signed"
            }
        };
        let kind = Kind { method, status: answer.status().name(), origin: name };
        self.answers.get_or_create(&kind).inc();
    }

    /// Where requests are counted that were refused because their address asks too often.
    pub(crate) fn refusals(&self) -> Counter {
        self.refused.clone()
    }

    /// Everything as text.
    ///
    /// # Errors
    /// It cannot be written, which has no cause that could be told.
    pub fn text(&self, age: Option<Duration>, left: Option<Duration>) -> Result<String, std::fmt::Error> {
        self.age.set(age.map_or(-1.0, Duration::as_seconds_f64));
        self.left.set(left.map_or(-1.0, Duration::as_seconds_f64));
        let mut written = String::new();
        text::encode(&mut written, &self.registry)?;
        Ok(written)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use super::*;

    #[test]
    fn what_is_counted_is_told() {
        let metrics = Metrics::new();
        metrics.answered("GET", &Answer::unauthorized(), Origin::AtHand);
        metrics.answered("POST", &Answer::try_later(), Origin::Signed(StdDuration::from_millis(3)));
        metrics.answered("POST", &Answer::try_later(), Origin::Signed(StdDuration::from_millis(3)));
        let told = metrics.text(Some(Duration::milliseconds(250)), Some(Duration::DAY)).unwrap();
        for line in [
            "npki_ocsp_answers_total{method=\"GET\",status=\"unauthorized\",origin=\"at-hand\"} 1",
            "npki_ocsp_answers_total{method=\"POST\",status=\"tryLater\",origin=\"signed\"} 2",
            "npki_ocsp_signing_seconds_count 2",
            "npki_status_age_seconds 0.25",
            "npki_ocsp_certificate_left_seconds 86400.0",
            "# EOF",
        ] {
            assert!(told.lines().any(|told| told == line), "{line}\n{told}");
        }
        assert!(metrics.text(None, None).unwrap().contains("npki_status_age_seconds -1.0"));
    }
}
