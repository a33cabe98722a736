//! What is published at one address, with the headers it comes with.

use std::time::Duration;

use reqwest::Method;

use super::transport::Answer;
use super::{Transport, tls};
use crate::context::Anchors;
use crate::failure::Failure;

/// A public address. What is fetched there proves itself by its signatures; so HTTP will do.
#[derive(Debug)]
pub struct PublicSite {
    transport: Transport,
    base: url::Url,
}

impl PublicSite {
    /// At this address, each answer within `patience`; over HTTPS, its certificate must lead to one of the anchors.
    ///
    /// # Errors
    /// The anchors cannot be used, or the machine refused it.
    pub fn new(base: url::Url, anchors: Option<&Anchors>, patience: Duration) -> Result<Self, Failure> {
        let tls = match anchors {
            Some(anchors) if base.scheme() == "https" => tls::pinned(anchors, None)?,
            _ => tls::none()?,
        };
        Ok(Self { transport: Transport::new(tls, &base, patience)?, base })
    }

    /// Where it is.
    pub const fn base(&self) -> &url::Url {
        &self.base
    }

    /// GET of a path such as `crl/issuing.crl`, each part of which is encoded as needed.
    ///
    /// # Errors
    /// No answer.
    pub fn get(&self, path: &str) -> Result<Answer, Failure> {
        self.transport.send(self.transport.request(Method::GET, self.address(path)))
    }

    /// POST of an OCSP request (RFC 6960 appendix A.1).
    ///
    /// # Errors
    /// No answer.
    pub fn post_ocsp(&self, request: Vec<u8>) -> Result<Answer, Failure> {
        let post = self.transport.request(Method::POST, self.address("ocsp"));
        self.transport.send(post.header("content-type", "application/ocsp-request").body(request))
    }

    /// GET of an OCSP request (RFC 6960 appendix A.1: base64, then encoded for the address, as one part of it).
    ///
    /// # Errors
    /// No answer.
    pub fn get_ocsp(&self, base64: &str) -> Result<Answer, Failure> {
        let mut url = self.address("ocsp");
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.push(base64);
        }
        self.transport.send(self.transport.request(Method::GET, url))
    }

    fn address(&self, path: &str) -> url::Url {
        let mut url = self.base.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(path.split('/'));
        }
        url
    }
}
