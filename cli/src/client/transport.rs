//! HTTP without knowledge of the interface: sends, bounds what comes back, names what went wrong.

use std::error::Error;
use std::io;
use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use rustls::{AlertDescription, CertificateError, ClientConfig};

use crate::failure::{Failure, catalogue};

/// An HTTP client on a runtime of its own, which runs only while a call is under way.
#[derive(Debug)]
pub struct Transport {
    http: reqwest::Client,
    runtime: tokio::runtime::Runtime,
}

/// An answer, whatever its status.
#[derive(Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// Whether it is a problem document (RFC 9457).
    pub is_problem: bool,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Vec<u8>,
}

impl Answer {
    /// A header's value; nothing where there is none, or it is no text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// An answer's body, PEM chains and pages of a hundred entries included, stays far below.
const MAX_ANSWER: usize = 32 * 1024 * 1024;

/// A client with this TLS that follows no redirection and waits at most `timeout` for a whole answer.
pub fn client_builder(tls: ClientConfig, timeout: Duration) -> reqwest::ClientBuilder {
    reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .redirect(reqwest::redirect::Policy::none())
        .user_agent(concat!("npki/", env!("CARGO_PKG_VERSION")))
        .timeout(timeout)
}

impl Transport {
    /// A client with this TLS, waiting at most `timeout` for a whole answer.
    ///
    /// # Errors
    /// The machine refused it.
    pub fn new(tls: ClientConfig, url: &url::Url, timeout: Duration) -> Result<Self, Failure> {
        let machine = |cause: String| Failure::of(&catalogue::MACHINE).cause(cause);
        let mut builder = client_builder(tls, timeout);
        if is_local(url) {
            // A proxy is for the way out; this machine is reached directly.
            builder = builder.no_proxy();
        }
        let http = builder.build().map_err(|error| machine(error.to_string()))?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| machine(error.to_string()))?;
        Ok(Self { http, runtime })
    }

    /// Begins a request.
    pub fn request(&self, method: reqwest::Method, url: url::Url) -> reqwest::RequestBuilder {
        self.http.request(method, url)
    }

    /// Sends it and waits for the whole answer.
    ///
    /// # Errors
    /// No answer came, or one beyond the bound.
    pub fn send(&self, request: reqwest::RequestBuilder) -> Result<Answer, Failure> {
        let request = request.build().map_err(|error| unanswered(&error, ""))?;
        let address = origin(request.url());
        tracing::info!(method = %request.method(), url = %request.url(), "sending");
        self.runtime.block_on(async {
            let response = self.http.execute(request).await.map_err(|error| unanswered(&error, &address))?;
            whole(response, &address).await
        })
    }
}

impl Transport {
    /// Sends a request and hands its answer on piece by piece, whatever its length: a download may take hours. An answer
    /// that is no success is given back whole instead.
    ///
    /// # Errors
    /// No answer came, it broke off, or `take` failed.
    pub fn download(
        &self,
        request: reqwest::RequestBuilder,
        take: &mut dyn FnMut(&[u8]) -> Result<(), Failure>,
    ) -> Result<Option<Answer>, Failure> {
        self.download_within(request, DOWNLOAD, take)
    }

    /// The same, for at most so long.
    ///
    /// # Errors
    /// As [`Transport::download`].
    pub fn download_within(
        &self,
        request: reqwest::RequestBuilder,
        patience: Duration,
        take: &mut dyn FnMut(&[u8]) -> Result<(), Failure>,
    ) -> Result<Option<Answer>, Failure> {
        let request = request.timeout(patience).build().map_err(|error| unanswered(&error, ""))?;
        let address = origin(request.url());
        self.runtime.block_on(async {
            let mut response =
                self.http.execute(request).await.map_err(|error| unanswered(&error, &address))?;
            if !response.status().is_success() {
                return whole(response, &address).await.map(Some);
            }
            while let Some(chunk) = response.chunk().await.map_err(|error| unanswered(&error, &address))? {
                take(&chunk)?;
            }
            Ok(None)
        })
    }
}

/// How long a download may take.
pub const DOWNLOAD: Duration = Duration::from_secs(24 * 60 * 60);

async fn whole(mut response: reqwest::Response, address: &str) -> Result<Answer, Failure> {
    let status = response.status().as_u16();
    let headers = std::mem::take(response.headers_mut());
    let kind = headers.get(CONTENT_TYPE).map(HeaderValue::as_bytes).unwrap_or_default();
    let is_problem = kind.starts_with(b"application/problem+json");
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| unanswered(&error, address))? {
        if body.len() + chunk.len() > MAX_ANSWER {
            return Err(Failure::of(&catalogue::TOO_LARGE).cause(format!("more than {MAX_ANSWER} octets")));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Answer { status, is_problem, headers, body })
}

fn is_local(url: &url::Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// Scheme, host and port: what is said of an address in messages.
fn origin(url: &url::Url) -> String {
    url.origin().ascii_serialization()
}

/// Names why no answer came.
fn unanswered(error: &reqwest::Error, address: &str) -> Failure {
    if error.is_timeout() {
        return Failure::of(&catalogue::TIMEOUT).what(format!("{address} did not answer in time"));
    }
    match Root::of(error) {
        Root::Tls(error) => tls_failure(&error, address),
        Root::Refused => Failure::of(&catalogue::REFUSED).what(format!("{address} refused the connection")),
        Root::Other(cause) => {
            Failure::of(&catalogue::UNREACHABLE).what(format!("{address} could not be reached")).cause(cause)
        }
    }
}

/// Whether no answer came because the server's certificate does not lead to what is trusted.
pub fn is_distrust(error: &reqwest::Error) -> bool {
    matches!(Root::of(error), Root::Tls(rustls::Error::InvalidCertificate(_)))
}

/// What lies at the bottom of an HTTP error.
enum Root {
    Tls(rustls::Error),
    Refused,
    Other(String),
}

impl Root {
    fn of(error: &(dyn Error + 'static)) -> Self {
        let mut next = Some(error);
        let mut last = error.to_string();
        while let Some(error) = next {
            if let Some(tls) = error.downcast_ref::<rustls::Error>() {
                return Self::Tls(tls.clone());
            }
            last = error.to_string();
            next = match error.downcast_ref::<io::Error>() {
                Some(io) if io.kind() == io::ErrorKind::ConnectionRefused => return Self::Refused,
                // The source of an io::Error skips the very error it wraps.
                Some(io) => io.get_ref().map(|inner| inner as &(dyn Error + 'static)),
                None => error.source(),
            };
        }
        Self::Other(last)
    }
}

fn tls_failure(error: &rustls::Error, address: &str) -> Failure {
    match error {
        rustls::Error::InvalidCertificate(reason) => Failure::of(&catalogue::SERVER_UNTRUSTED)
            .what(format!("the certificate of {address} is not accepted: {}", distrust(reason))),
        rustls::Error::AlertReceived(alert) if is_about_our_certificate(*alert) => {
            Failure::of(&catalogue::CLIENT_REFUSED).cause(format!("the server's TLS alert: {alert:?}"))
        }
        other => Failure::of(&catalogue::TLS)
            .what(format!("no secure connection to {address} could be made"))
            .cause(other.to_string()),
    }
}

/// Why a server's certificate is not accepted.
fn distrust(reason: &CertificateError) -> String {
    match reason {
        CertificateError::UnknownIssuer => "it does not lead to what is trusted here".to_owned(),
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "it is for other names".to_owned()
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            "it has run out, by this machine's clock".to_owned()
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "it is not valid yet, by this machine's clock".to_owned()
        }
        other => format!("{other:?}"),
    }
}

const fn is_about_our_certificate(alert: AlertDescription) -> bool {
    matches!(
        alert,
        AlertDescription::CertificateRequired
            | AlertDescription::BadCertificate
            | AlertDescription::UnsupportedCertificate
            | AlertDescription::CertificateRevoked
            | AlertDescription::CertificateExpired
            | AlertDescription::CertificateUnknown
            | AlertDescription::UnknownCA
            | AlertDescription::AccessDenied
            | AlertDescription::NoCertificate
    )
}
