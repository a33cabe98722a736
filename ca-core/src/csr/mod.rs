//! Certification requests (PKCS#10, RFC 2986).
//!
//! Raw bytes become a [`CertificationRequest`] by parsing and a [`VerifiedCsr`] by proof of possession and a look
//! at the key's quality. The only things that leave here are the verified public key and what is wished for.

pub mod catalogue;
mod error;
mod framing;
mod key;
mod names;
mod oids;
mod parse;
mod signature;
pub(crate) mod strict;
mod wishes;

pub use error::CsrError;
pub use key::{KeyKind, SubjectPublicKey, UnknownKeyKind};
pub use names::RequestedAttribute;
pub(crate) use wishes::names_of_extension;
pub use wishes::{RequestedExtension, RequestedName, Wishes};

/// The most octets a request may have, PEM framing included. The largest that real clients send (RSA-4096 with many
/// names) stay below 8 kB.
pub const MAX_OCTETS: usize = 64 * 1024;

/// A certification request as read: nothing in it is proven yet.
#[derive(Debug)]
pub struct CertificationRequest {
    wishes: Wishes,
    key: Vec<u8>,
    signed: Vec<u8>,
    signature_algorithm: Vec<u8>,
    signature: Vec<u8>,
    der: Vec<u8>,
}

impl CertificationRequest {
    /// Reads one request, DER or PEM, and nothing after it. Text may stand before a PEM block.
    ///
    /// # Errors
    /// Each way in which the bytes are no such request.
    pub fn parse(bytes: &[u8]) -> Result<Self, CsrError> {
        parse::request(&framing::unwrap(bytes)?)
    }

    /// Checks proof of possession (RFC 2986 section 4.2) and the key's quality.
    ///
    /// # Errors
    /// The signature does not verify, or the key or its algorithm is not admitted anywhere.
    pub fn verify(self) -> Result<VerifiedCsr, CsrError> {
        let key = SubjectPublicKey::from_der(&self.key)?;
        let algorithm = signature::algorithm(&self.signature_algorithm)?;
        signature::proof_of_possession(&key, algorithm, &self.signed, &self.signature)?;
        let mut sha256 = [0; 32];
        sha256.copy_from_slice(ring::digest::digest(&ring::digest::SHA256, &self.der).as_ref());
        Ok(VerifiedCsr { key, wishes: self.wishes, sha256, der: self.der })
    }
}

/// A request whose sender has proven to hold the private key.
#[derive(Debug, Clone)]
pub struct VerifiedCsr {
    key: SubjectPublicKey,
    wishes: Wishes,
    sha256: [u8; 32],
    der: Vec<u8>,
}

impl VerifiedCsr {
    /// The verified public key.
    pub const fn key(&self) -> &SubjectPublicKey {
        &self.key
    }

    /// What else is asked for: wishes, not facts.
    pub const fn wishes(&self) -> &Wishes {
        &self.wishes
    }

    /// SHA-256 of the request's DER.
    pub const fn sha256(&self) -> &[u8; 32] {
        &self.sha256
    }

    /// The request's DER, to be kept with what comes of it.
    pub fn der(&self) -> &[u8] {
        &self.der
    }
}
