//! The interface of an npki server, as its clients see it.

mod feed;
mod public_site;
pub mod records;
pub mod tls;
mod tls_server;
mod transport;

use std::time::Duration;

use ca_core::clock::Entropy;
use reqwest::Method;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::context::{Anchors, ClientIdentity, Context, Fingerprint};
use crate::failure::{Failure, catalogue};
pub use feed::{FeedClient, Following};
pub use public_site::PublicSite;
use records::{Page, TrustAnchors};
pub use tls_server::{ServerAddress, ShownByServer};
pub use transport::{Answer, Transport, client_builder, is_distrust};

/// A client of one server.
#[derive(Debug)]
pub struct Client {
    transport: Transport,
    base: url::Url,
    /// The case that persons are looked up for.
    case: Option<String>,
}

/// The header that names the case.
const CASE: &str = "npki-case";

impl Client {
    /// A client of a context's server, with the context's certificate.
    ///
    /// # Errors
    /// A file of the context cannot be read or used.
    pub fn of_context(context: &Context, timeout: Duration) -> Result<Self, Failure> {
        let identity = context.identity.as_ref().map(ClientIdentity::read).transpose()?;
        Self::pinned(&context.url, &context.anchors, identity.as_ref(), timeout)
    }

    /// A client of a server that this machine trusts by these anchors, with no certificate of its own.
    ///
    /// # Errors
    /// The anchors cannot be used, or the machine refused it.
    pub fn of_nobody(base: &url::Url, anchors: &Anchors, timeout: Duration) -> Result<Self, Failure> {
        Self::pinned(base, anchors, None, timeout)
    }

    fn pinned(
        base: &url::Url,
        anchors: &Anchors,
        identity: Option<&ClientIdentity>,
        timeout: Duration,
    ) -> Result<Self, Failure> {
        let tls = tls::pinned(anchors, identity)?;
        Ok(Self { transport: Transport::new(tls, base, timeout)?, base: base.clone(), case: None })
    }

    /// The same client, at work on a case.
    #[must_use]
    pub fn in_case(self, case: Option<&str>) -> Self {
        Self { case: case.map(str::to_owned), ..self }
    }

    fn request(&self, method: Method, url: url::Url) -> reqwest::RequestBuilder {
        let request = self.transport.request(method, url);
        match &self.case {
            Some(case) => request.header(CASE, case),
            None => request,
        }
    }

    /// Reads one thing. `path` holds the segments after `/v1`, each encoded as needed.
    ///
    /// # Errors
    /// No answer, a problem, or an answer of another form.
    pub fn read<T: DeserializeOwned>(&self, path: &[&str]) -> Result<T, Failure> {
        self.ask(path, &[])
    }

    /// Reads a page of things.
    ///
    /// # Errors
    /// As [`Client::read`].
    pub fn list<T: DeserializeOwned>(
        &self,
        path: &[&str],
        query: &[(&str, Option<String>)],
    ) -> Result<Page<T>, Failure> {
        self.read_at(address(&self.base, path, query))
    }

    /// Reads one thing that is asked for with parameters.
    ///
    /// # Errors
    /// As [`Client::read`].
    pub fn ask<T: DeserializeOwned>(
        &self,
        path: &[&str],
        query: &[(&str, Option<String>)],
    ) -> Result<T, Failure> {
        self.read_at(address(&self.base, path, query))
    }

    /// Asks for a change. The same key sent again changes nothing twice.
    ///
    /// # Errors
    /// No answer, a problem, an answer of another form, or no randomness.
    pub fn change<T: DeserializeOwned>(
        &self,
        path: &[&str],
        body: &impl Serialize,
        entropy: &dyn Entropy,
    ) -> Result<T, Failure> {
        let mut key = [0; 16];
        entropy.fill(&mut key)?;
        self.change_once(path, body, &hex::encode(key))
    }

    /// The same under a key that whoever asks makes up: of visible ASCII, and the same for the same change.
    ///
    /// # Errors
    /// No answer, a problem, or an answer of another form.
    pub fn change_once<T: DeserializeOwned>(
        &self,
        path: &[&str],
        body: &impl Serialize,
        key: &str,
    ) -> Result<T, Failure> {
        let request = self
            .request(Method::POST, address(&self.base, path, &[]))
            .header("idempotency-key", key)
            .json(body);
        answered(&self.transport.send(request)?)
    }

    /// Fetches what is made while it is sent, piece by piece.
    ///
    /// # Errors
    /// No answer, a problem, an answer that breaks off, or `take` failed.
    pub fn download(
        &self,
        path: &[&str],
        take: &mut dyn FnMut(&[u8]) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let request = self.request(Method::POST, address(&self.base, path, &[]));
        match self.transport.download(request, take)? {
            None => Ok(()),
            Some(answer) => Err(refused(&answer)),
        }
    }

    fn read_at<T: DeserializeOwned>(&self, url: url::Url) -> Result<T, Failure> {
        let answer = self.transport.send(self.request(Method::GET, url))?;
        answered(&answer)
    }
}

/// Fetches a server's trust anchor and accepts it when it has this fingerprint; then asks again, with the anchor
/// pinned, so that a context is never saved for a server that the anchor does not cover.
///
/// # Errors
/// No answer, no anchor with this fingerprint, or a server that the anchor does not cover.
pub fn fetch_anchors(url: &url::Url, expected: Fingerprint, timeout: Duration) -> Result<Anchors, Failure> {
    let transport = Transport::new(tls::without_server_authentication()?, url, timeout)?;
    let unproven = Client { transport, base: url.clone(), case: None };
    let offered: TrustAnchors = unproven.read(&["trust-anchors"])?;
    let mut seen = Vec::new();
    for offer in &offered.anchors {
        let anchors = Anchors::parse(offer.pem.as_bytes())?;
        if let Some(anchor) = anchors.iter().find(|anchor| anchor.fingerprint() == expected) {
            let pinned = Anchors::of(anchor.clone());
            Client::pinned(url, &pinned, None, timeout)?.read::<TrustAnchors>(&["trust-anchors"])?;
            return Ok(pinned);
        }
        seen.extend(anchors.iter().map(|anchor| anchor.fingerprint().to_string()));
    }
    Err(Failure::of(&catalogue::FINGERPRINT).cause(format!(
        "expected {expected}, the server offers {}",
        if seen.is_empty() { "none".to_owned() } else { seen.join(", ") }
    )))
}

/// Fetches a published object (CRL, CA certificate, OCSP answer) over plain HTTP: such objects carry their own
/// signatures.
#[derive(Debug)]
pub struct Publications {
    timeout: Duration,
}

impl Publications {
    /// Fetches within `timeout`.
    pub const fn within(timeout: Duration) -> Self {
        Self { timeout }
    }

    /// GET.
    ///
    /// # Errors
    /// No answer, or another status than 200.
    pub fn fetch(&self, url: &url::Url) -> Result<Vec<u8>, Failure> {
        let transport = Transport::new(tls::none()?, url, self.timeout)?;
        published(url, transport.send(transport.request(Method::GET, url.clone()))?)
    }

    /// POST of an OCSP request (RFC 6960 appendix A.1).
    ///
    /// # Errors
    /// No answer, or another status than 200.
    pub fn ask_ocsp(&self, url: &url::Url, request: Vec<u8>) -> Result<Vec<u8>, Failure> {
        self.ask(url, "application/ocsp-request", request)
    }

    /// POST of a time-stamp request (RFC 3161 section 3.4).
    ///
    /// # Errors
    /// No answer, or another status than 200.
    pub fn ask_for_timestamp(&self, url: &url::Url, request: Vec<u8>) -> Result<Vec<u8>, Failure> {
        self.ask(url, "application/timestamp-query", request)
    }

    fn ask(&self, url: &url::Url, content_type: &str, request: Vec<u8>) -> Result<Vec<u8>, Failure> {
        let transport = Transport::new(tls::none()?, url, self.timeout)?;
        let builder =
            transport.request(Method::POST, url.clone()).header("content-type", content_type).body(request);
        published(url, transport.send(builder)?)
    }
}

fn published(url: &url::Url, answer: Answer) -> Result<Vec<u8>, Failure> {
    match answer.status {
        200 => Ok(answer.body),
        status => Err(Failure::of(&catalogue::PUBLICATION)
            .what(format!("{url} cannot be fetched"))
            .cause(format!("the server answered {status}"))),
    }
}

/// An address under `/v1`; segments and values are encoded, whatever they hold.
fn address(base: &url::Url, path: &[&str], query: &[(&str, Option<String>)]) -> url::Url {
    let mut url = base.clone();
    if let Ok(mut segments) = url.path_segments_mut() {
        segments.clear().push("v1").extend(path);
    }
    let given: Vec<_> =
        query.iter().filter_map(|(name, value)| value.as_ref().map(|value| (name, value))).collect();
    if !given.is_empty() {
        url.query_pairs_mut().extend_pairs(given);
    }
    url
}

fn answered<T: DeserializeOwned>(answer: &Answer) -> Result<T, Failure> {
    if !(200..300).contains(&answer.status) {
        return Err(refused(answer));
    }
    serde_json::from_slice(&answer.body)
        .map_err(|error| Failure::of(&catalogue::ANSWER).cause(error.to_string()))
}

/// The failure that the server's problem document tells of (RFC 9457).
fn refused(answer: &Answer) -> Failure {
    let problem =
        answer.is_problem.then(|| serde_json::from_slice::<records::Problem>(&answer.body).ok()).flatten();
    match problem {
        Some(problem) => problem.into_failure(answer.status),
        None => unexplained(answer.status),
    }
}

fn unexplained(status: u16) -> Failure {
    let failure = match status {
        500..=599 | 429 => Failure::of(&catalogue::SERVER_FAILED),
        401 | 403 => Failure::of(&catalogue::CLIENT_REFUSED),
        _ => Failure::of(&catalogue::ANSWER),
    };
    failure.cause(format!("the server answered {status} without an explanation"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use reqwest::header::HeaderMap;

    use super::transport::Answer;
    use super::{address, answered};
    use serde_json::Value;

    #[test]
    fn what_people_type_stays_in_its_segment() {
        let base = url::Url::parse("https://pki.gov.ls:8443").unwrap();
        let url = address(
            &base,
            &["identities", "../staff?x=1#y"],
            &[("kind", Some("a&b=c".into())), ("after", None)],
        );
        assert_eq!(url.as_str(), "https://pki.gov.ls:8443/v1/identities/..%2Fstaff%3Fx=1%23y?kind=a%26b%3Dc");
    }

    #[test]
    fn problems_become_failures_with_their_exit_code() {
        let body = br#"{"type":"https://npki.invalid/problems/E-CSR-003","title":"The request is not signed by its key",
            "status":422,"detail":"signature does not verify","code":"E-CSR-003","fix":"make a new request","retryable":false}"#;
        let answer = Answer { status: 422, is_problem: true, headers: HeaderMap::new(), body: body.to_vec() };
        let failure = answered::<Value>(&answer).unwrap_err();
        assert_eq!((failure.code(), failure.exit().number()), ("E-CSR-003", 2));
        assert_eq!(
            failure.sentences(),
            ["The request is not signed by its key", "signature does not verify", "make a new request"]
        );
    }

    #[test]
    fn an_error_without_explanation_is_still_named() {
        for (status, code, exit) in [(500, "E-NET-009", 7), (403, "E-NET-006", 4), (302, "E-NET-007", 7)] {
            let answer =
                Answer { status, is_problem: false, headers: HeaderMap::new(), body: b"<html>".to_vec() };
            let failure = answered::<Value>(&answer).unwrap_err();
            assert_eq!((failure.code(), failure.exit().number()), (code, exit), "{status}");
        }
    }
}
