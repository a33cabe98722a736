//! Public keys in files of every kind.

use std::path::Path;

use der::{Decode, Encode};
use x509_parser::prelude::{FromDer, X509Certificate, X509CertificationRequest};
use x509_parser::x509::SubjectPublicKeyInfo;

use crate::failure::{Failure, catalogue};
use crate::files;

/// A key and what it was found in.
#[derive(Debug)]
pub struct Found {
    /// `certificate`, `request` or `public key`.
    pub what: &'static str,
    /// DER.
    pub public_key_info: Vec<u8>,
}

/// Every key in a file: PEM, one block or many, or DER.
///
/// # Errors
/// The file cannot be read, holds a private key, or holds no key.
pub fn keys(path: &Path) -> Result<Vec<Found>, Failure> {
    let content = files::read(path, files::MAX_OBJECT)?;
    let unknown = |cause: String| {
        Failure::of(&catalogue::NO_KEY).what(format!("{} holds no public key", path.display())).cause(cause)
    };
    // A single object in DER begins with a SEQUENCE, which no PEM file does.
    if content.first() == Some(&0x30) {
        return object(&content).map(|found| vec![found]).ok_or_else(|| {
            unknown("it is neither a certificate, nor a certification request, nor a public key".to_owned())
        });
    }
    let blocks = pem::parse_many(&content).map_err(|error| unknown(error.to_string()))?;
    if blocks.iter().any(|block| block.tag().ends_with("PRIVATE KEY")) {
        return Err(unknown("it holds a private key, which is to be shown to nobody".to_owned())
            .fix("give the public key: openssl pkey -in FILE -pubout"));
    }
    let found: Vec<Found> = blocks.iter().filter_map(block).collect();
    if found.is_empty() { Err(unknown("no PEM block in it holds a key".to_owned())) } else { Ok(found) }
}

fn block(block: &pem::Pem) -> Option<Found> {
    match block.tag() {
        // RFC 8017 appendix A.1.1: the numbers alone, without their algorithm.
        "RSA PUBLIC KEY" => Some(Found { what: "public key", public_key_info: rsa(block.contents())? }),
        _ => object(block.contents()),
    }
}

fn object(der: &[u8]) -> Option<Found> {
    if let Ok((_, certificate)) = X509Certificate::from_der(der) {
        return Some(Found { what: "certificate", public_key_info: certificate.public_key().raw.to_vec() });
    }
    if let Ok((_, request)) = X509CertificationRequest::from_der(der) {
        let info = request.certification_request_info.subject_pki.raw.to_vec();
        return Some(Found { what: "request", public_key_info: info });
    }
    let (rest, info) = SubjectPublicKeyInfo::from_der(der).ok()?;
    rest.is_empty().then(|| Found { what: "public key", public_key_info: info.raw.to_vec() })
}

fn rsa(numbers: &[u8]) -> Option<Vec<u8>> {
    let algorithm = spki::AlgorithmIdentifierOwned {
        oid: "1.2.840.113549.1.1.1".parse().ok()?,
        parameters: Some(der::Any::from_der(&[5, 0]).ok()?),
    };
    let subject_public_key = der::asn1::BitString::from_bytes(numbers).ok()?;
    spki::SubjectPublicKeyInfoOwned { algorithm, subject_public_key }.to_der().ok()
}
