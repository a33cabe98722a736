//! How much one address may ask of the public listener: whoever asks without end slows down nobody else.

use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use ipnet::IpNet;
use prometheus_client::metrics::counter::Counter;

use super::plain;

/// After so many requests those are forgotten who have not come for a while.
const FORGET_EACH: u64 = 65_536;

/// The header in which reverse proxies say who asked them.
const FORWARDED_FOR: &str = "x-forwarded-for";

/// Where a request came from, as the listener saw it: an extension of each request.
#[derive(Debug, Clone, Copy)]
pub struct PeerAddress(pub IpAddr);

/// The most that one address may ask: of IPv6, all of a /64 network, which is what one customer is given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaceSettings {
    /// Requests in a second, on the average.
    pub each_second: NonZeroU32,
    /// Requests at once, after a pause.
    pub at_once: NonZeroU32,
    /// The reverse proxies that say who asked them; nobody else is believed.
    pub proxies: Vec<IpNet>,
}

/// Counts what each address asks, by the generic cell rate algorithm.
#[derive(Debug)]
pub(super) struct Pace {
    limiter: DefaultKeyedRateLimiter<IpAddr>,
    proxies: Vec<IpNet>,
    asked: AtomicU64,
    /// Requests that were refused.
    refused: Counter,
}

/// The same routes, for no address more often than `settings` say, where they say something; who asks too often is told so, and after how
/// many seconds to come again, as `refusal` says it.
pub(super) fn paced<S>(
    routes: Router<S>,
    settings: Option<PaceSettings>,
    refused: Counter,
    refusal: fn(u64) -> Response,
) -> Router<S>
where
    S: Clone + Send + Sync + 'static,
{
    let Some(settings) = settings else { return routes };
    let pace = Arc::new(Pace::new(settings, refused));
    routes.route_layer(from_fn(move |request: Request, next: Next| {
        let excess = pace.excess(&request);
        async move {
            match excess {
                Some(seconds) => refusal(seconds),
                None => next.run(request).await,
            }
        }
    }))
}

/// RFC 6585 section 4.
pub(super) fn too_often(seconds: u64) -> Response {
    let line = "You ask more often than one address may. Keep the answers for as long as they say, and ask again later.";
    let mut response = plain::problem(StatusCode::TOO_MANY_REQUESTS, line);
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    response
}

impl Pace {
    pub(super) fn new(settings: PaceSettings, refused: Counter) -> Self {
        let quota = Quota::per_second(settings.each_second).allow_burst(settings.at_once);
        Self {
            limiter: RateLimiter::keyed(quota),
            proxies: settings.proxies,
            asked: AtomicU64::new(0),
            refused,
        }
    }

    /// The refusal of who asks too often.
    pub(super) fn refuse<B>(&self, request: &Request<B>) -> Option<Response> {
        self.excess(request).map(too_often)
    }

    /// After how many whole seconds who asks too often is not refused any more.
    fn excess<B>(&self, request: &Request<B>) -> Option<u64> {
        // Without a listener that says where it came from there is nobody to be told apart.
        let PeerAddress(peer) = request.extensions().get().copied()?;
        let wait = self.wait(peer, request.headers())?;
        self.refused.inc();
        // Not so early that it would be refused again.
        Some(wait.as_secs() + 1)
    }

    /// How long who asks must wait; nothing if not at all.
    fn wait(&self, peer: IpAddr, headers: &HeaderMap) -> Option<Duration> {
        if self.asked.fetch_add(1, Ordering::Relaxed) % FORGET_EACH == FORGET_EACH - 1 {
            self.limiter.retain_recent();
        }
        let refused = self.limiter.check_key(&network(self.client(peer, headers))).err()?;
        Some(refused.wait_time_from(DefaultClock::default().now()))
    }

    /// Who asks: the last of those that the proxies tell of which is no proxy itself. What stands before it was written by
    /// whoever asked, who may write anything.
    fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let told = headers.get_all(FORWARDED_FOR).iter().filter_map(|value| value.to_str().ok());
        let told: Vec<&str> = told.flat_map(|line| line.split(',')).map(str::trim).collect();
        let mut client = peer.to_canonical();
        for address in told.iter().rev() {
            if !self.proxies.iter().any(|proxy| proxy.contains(&client)) {
                break;
            }
            match address.parse::<IpAddr>() {
                Ok(before) => client = before.to_canonical(),
                Err(_) => break,
            }
        }
        client
    }
}

/// What is counted as one: an address of IPv4, a /64 network of IPv6.
const fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(six) => {
            let [a, b, c, d, ..] = six.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use std::sync::Arc;

    use axum::Router;
    use axum::body::Body;
    use axum::routing::get;
    use ca_core::clock::SystemClock;
    use tower::ServiceExt;

    use super::super::{Answering, Front};
    use super::*;
    use crate::metrics::Metrics;

    fn front(proxies: &[&str]) -> (Front, Arc<Metrics>) {
        let metrics = Arc::new(Metrics::new());
        let settings = PaceSettings {
            each_second: NonZeroU32::new(1).unwrap(),
            at_once: NonZeroU32::new(3).unwrap(),
            proxies: proxies.iter().map(|proxy| proxy.parse().unwrap()).collect(),
        };
        let router = Router::new().route("/", get(|| async { "here" }));
        let clock = Arc::new(SystemClock);
        let answering = Answering { responders: Arc::default(), clock, metrics: Arc::clone(&metrics) };
        (Front::before(router, answering, Some(settings)), metrics)
    }

    async fn ask(front: &Front, peer: &str, forwarded: &[&str]) -> Response {
        let mut request = Request::builder().uri("/");
        for line in forwarded {
            request = request.header("X-Forwarded-For", *line);
        }
        let request = request.extension(PeerAddress(peer.parse().unwrap())).body(Body::empty()).unwrap();
        front.clone().oneshot(request).await.unwrap()
    }

    #[tokio::test]
    async fn who_asks_too_often_is_told_when_to_come_and_others_are_served() {
        let (router, metrics) = front(&[]);
        for _ in 0..3 {
            assert_eq!(ask(&router, "192.0.2.1", &[]).await.status(), StatusCode::OK);
        }
        let refused = ask(&router, "192.0.2.1", &["198.51.100.7"]).await;
        assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
        let wait: u64 = refused.headers()[header::RETRY_AFTER].to_str().unwrap().parse().unwrap();
        assert!((1..=2).contains(&wait), "{wait} s");
        assert_eq!(refused.headers()[header::CACHE_CONTROL], "no-store");
        assert_eq!(ask(&router, "::ffff:192.0.2.1", &[]).await.status(), StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(ask(&router, "192.0.2.2", &[]).await.status(), StatusCode::OK);
        assert!(metrics.text(None, None).unwrap().contains("npki_http_refused_total 2"));
    }

    #[tokio::test]
    async fn a_network_of_ipv6_counts_as_one() {
        let (router, _) = front(&[]);
        for host in 1..=3 {
            assert_eq!(ask(&router, &format!("2001:db8::{host}"), &[]).await.status(), StatusCode::OK);
        }
        assert_eq!(ask(&router, "2001:db8::4", &[]).await.status(), StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(ask(&router, "2001:db8:0:1::4", &[]).await.status(), StatusCode::OK);
    }

    #[tokio::test]
    async fn proxies_are_believed_of_those_who_asked_them_and_nobody_else_is() {
        let (router, _) = front(&["10.0.0.0/8"]);
        // Each of these is another client, as the nearest that is no proxy is another.
        for client in 1..=9 {
            let forwarded = format!("203.0.113.9, 192.0.2.{client}, 10.1.1.1");
            assert_eq!(ask(&router, "10.0.0.1", &[&forwarded]).await.status(), StatusCode::OK);
        }
        // What the client wrote itself makes no difference, in one line or in two.
        for forged in 1..=2 {
            let forwarded = format!("203.0.113.{forged}");
            assert_eq!(ask(&router, "10.0.0.1", &[&forwarded, "192.0.2.1"]).await.status(), StatusCode::OK);
        }
        let refused = ask(&router, "10.0.0.1", &["203.0.113.77", "192.0.2.1"]).await;
        assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
        // What is no address is not looked behind: it counts as the proxy's own.
        for _ in 0..3 {
            assert_eq!(ask(&router, "10.0.0.1", &["192.0.2.5, unknown"]).await.status(), StatusCode::OK);
        }
        let refused = ask(&router, "10.0.0.1", &["192.0.2.6, nobody"]).await;
        assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
    }
}
