//! Asking (RFC 6960 section 4.1, RFC 5019 section 2.1).

use ca_core::clock::{Entropy, EntropyError};
use ca_core::serial::SerialNumber;
use der::Encode;
use der::asn1::OctetString;
use x509_cert::ext::Extension;

use crate::ocsp::asn1::{CertId, NONCE, OcspRequest, Request, TbsRequest};
use crate::ocsp::cert_id::{self, CertIdHash};
use crate::ocsp::certificate::{Certificate, CertificateError};

/// Proves that an answer was made for this question: 32 octets (RFC 9654 section 2.1, the least a client may use).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Nonce([u8; 32]);

impl Nonce {
    /// Draws a nonce.
    ///
    /// # Errors
    /// No randomness.
    pub fn draw(entropy: &dyn Entropy) -> Result<Self, EntropyError> {
        let mut octets = [0; 32];
        entropy.fill(&mut octets)?;
        Ok(Self(octets))
    }

    /// The extension that carries it.
    pub(super) fn extension(&self) -> der::Result<Extension> {
        let value = OctetString::new(self.0.to_vec())?.to_der()?;
        Ok(Extension { extn_id: NONCE, critical: false, extn_value: OctetString::new(value)? })
    }
}

/// A question about one certificate, kept to judge the answer by.
#[derive(Debug, Clone)]
pub struct Query {
    der: Vec<u8>,
    pub(super) cert_id: CertId,
    pub(super) nonce: Option<Nonce>,
    pub(super) issuer: Certificate,
}

impl Query {
    /// Asks about `certificate`, which `issuer` must have issued (both DER).
    ///
    /// # Errors
    /// A certificate cannot be read, or the one was not issued by the other.
    pub fn about(
        certificate: &[u8],
        issuer: &[u8],
        hash: CertIdHash,
        nonce: Option<Nonce>,
    ) -> Result<Self, QueryError> {
        let certificate = Certificate::parse(certificate).map_err(QueryError::Certificate)?;
        let issuer = Certificate::parse(issuer).map_err(QueryError::Issuer)?;
        certificate.verify_issued_by(&issuer).map_err(|_| QueryError::OtherIssuer)?;
        Self::build(certificate.serial(), issuer, hash, nonce)
    }

    /// Asks about a serial number of `issuer` (DER), where the certificate is not at hand.
    ///
    /// # Errors
    /// The issuer's certificate cannot be read.
    pub fn about_serial(
        serial: &SerialNumber,
        issuer: &[u8],
        hash: CertIdHash,
        nonce: Option<Nonce>,
    ) -> Result<Self, QueryError> {
        let issuer = Certificate::parse(issuer).map_err(QueryError::Issuer)?;
        let mut content = serial.as_bytes().to_vec();
        // A SerialNumber is a magnitude; an INTEGER with its top bit set would be negative.
        if content.first().is_some_and(|first| first & 0x80 != 0) {
            content.insert(0, 0);
        }
        Self::build(&content, issuer, hash, nonce)
    }

    fn build(
        serial: &[u8],
        issuer: Certificate,
        hash: CertIdHash,
        nonce: Option<Nonce>,
    ) -> Result<Self, QueryError> {
        let cert_id = cert_id::cert_id(hash, &issuer, serial)?;
        let extensions = nonce.as_ref().map(|nonce| Ok::<_, der::Error>(vec![nonce.extension()?]));
        let request = OcspRequest {
            tbs_request: TbsRequest {
                version: None,
                requestor_name: None,
                request_list: vec![Request { cert_id: cert_id.clone(), extensions: None }],
                extensions: extensions.transpose()?,
            },
            signature: None,
        };
        Ok(Self { der: request.to_der()?, cert_id, nonce, issuer })
    }

    /// The DER of the OCSPRequest: the body of a POST, or in base64 the last part of a GET's address.
    pub fn der(&self) -> &[u8] {
        &self.der
    }
}

/// A question could not be put. The caller's fault.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QueryError {
    /// The certificate asked about cannot be read.
    #[error("the certificate: {0}")]
    Certificate(CertificateError),
    /// The issuer's certificate cannot be read.
    #[error("the issuer's certificate: {0}")]
    Issuer(CertificateError),
    /// The issuer did not issue the certificate, or signed it with an algorithm that npki does not verify.
    #[error("the certificate was not issued by this issuer")]
    OtherIssuer,
    /// The request could not be encoded.
    #[error("the request could not be encoded: {0}")]
    Encoding(#[from] der::Error),
}
