//! Certificates and trust anchors as they are given on the command line.

use std::path::Path;

use rustls_pki_types::CertificateDer;

use crate::context::Anchors;
use crate::failure::{Failure, catalogue};
use crate::files;
use crate::session::Session;

/// A certificate, and others that were given with it and may lead to a trust anchor.
#[derive(Debug, Clone)]
pub struct Chain {
    /// The certificate that is asked about.
    pub certificate: CertificateDer<'static>,
    /// The others, in the order given.
    pub others: Vec<CertificateDer<'static>>,
}

impl Chain {
    /// Reads PEM certificates, or one in DER; nothing when it is neither.
    pub fn parse(content: &[u8]) -> Option<Self> {
        let blocks = pem::parse_many(content).unwrap_or_default();
        let mut certificates = blocks
            .into_iter()
            .filter(|block| block.tag() == "CERTIFICATE")
            .map(|block| CertificateDer::from(block.into_contents()));
        if let Some(certificate) = certificates.next() {
            return Some(Self { certificate, others: certificates.collect() });
        }
        let (rest, _) = x509_parser::parse_x509_certificate(content).ok()?;
        let certificate = CertificateDer::from(content.to_vec());
        rest.is_empty().then_some(Self { certificate, others: Vec::new() })
    }

    /// The first certificate of a text.
    pub fn parse_text(text: &str) -> Option<CertificateDer<'static>> {
        Some(Self::parse(text.as_bytes())?.certificate)
    }

    /// Reads a file.
    ///
    /// # Errors
    /// It cannot be read, or is no certificate.
    pub fn read(path: &Path) -> Result<Self, Failure> {
        let content = files::read(path, files::MAX_OBJECT)?;
        Self::parse(&content).ok_or_else(|| {
            Failure::of(&catalogue::CONTENT)
                .what(format!("{} is not a certificate", path.display()))
                .cause("it is neither PEM nor DER of one")
        })
    }
}

/// The trust anchors to verify against: those of a file, else those of the context.
///
/// # Errors
/// There is neither, or the file cannot be read.
pub fn trusted(file: Option<&Path>, session: &mut Session) -> Result<Anchors, Failure> {
    match file {
        Some(path) => Anchors::parse(&files::read(path, files::MAX_OBJECT)?)
            .map_err(|failure| failure.what(format!("no trust anchor can be read from {}", path.display()))),
        None => match session.context_if_any()? {
            Some(context) => Ok(context.anchors),
            None => Err(Failure::of(&catalogue::NO_TRUST)),
        },
    }
}
