//! What is published at one address, with the headers it comes with.

use std::time::Duration;

use reqwest::Method;
use rustls::ClientConfig;

use super::transport::{Answer, DOWNLOAD};
use super::{Transport, published, tls};
use crate::context::Anchors;
use crate::failure::{Failure, catalogue};

/// How long a CRL of tens of megabytes may take over a slow line.
const FILE_PATIENCE: Duration = Duration::from_secs(600);

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
        Self::over(tls, base, patience)
    }

    /// The same, with this TLS.
    ///
    /// # Errors
    /// The machine refused it.
    pub(super) fn over(tls: ClientConfig, base: url::Url, patience: Duration) -> Result<Self, Failure> {
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

    /// The file at a path as it is now, past caches, of at most `most` octets; it may take minutes to come.
    ///
    /// # Errors
    /// No answer, another status than 200, or it is longer.
    pub fn file(&self, path: &str, most: usize) -> Result<Vec<u8>, Failure> {
        let url = self.address(path);
        // RFC 9111 section 5.2.1.4.
        let request = self.transport.request(Method::GET, url.clone()).header("cache-control", "no-cache");
        self.downloaded(&url, request, FILE_PATIENCE, most as u64)
    }

    /// The file at a path, whoever gives it out, of at most `most` octets; it may take hours to come.
    ///
    /// # Errors
    /// No answer, another status than 200, or it is longer.
    pub fn long_file(&self, path: &str, most: u64) -> Result<Vec<u8>, Failure> {
        let url = self.address(path);
        self.downloaded(&url, self.transport.request(Method::GET, url.clone()), DOWNLOAD, most)
    }

    fn downloaded(
        &self,
        url: &url::Url,
        request: reqwest::RequestBuilder,
        patience: Duration,
        most: u64,
    ) -> Result<Vec<u8>, Failure> {
        let mut octets: Vec<u8> = Vec::new();
        let refused = self.transport.download_within(request, patience, &mut |piece| {
            if (octets.len() + piece.len()) as u64 > most {
                return Err(
                    Failure::of(&catalogue::TOO_LARGE).cause(format!("{url} has more than {most} octets"))
                );
            }
            octets.extend_from_slice(piece);
            Ok(())
        })?;
        match refused {
            None => Ok(octets),
            Some(answer) => published(url, answer),
        }
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

    pub(super) fn address(&self, path: &str) -> url::Url {
        let mut url = self.base.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(path.split('/'));
        }
        url
    }
}
