//! Certification requests (PKCS#10, RFC 2986).
//!
//! Raw bytes become a [`CertificationRequest`] by parsing and a [`VerifiedCsr`] by proof of possession and a look
//! at the key's quality. The only things that leave here are the verified public key and the names asked for.

/// The most octets a request may have, PEM framing included. The largest that real clients send (RSA-4096 with many
/// names) stay below 8 kB.
pub const MAX_OCTETS: usize = 64 * 1024;

/// A certification request as read: nothing in it is proven yet.
#[derive(Debug)]
pub struct CertificationRequest {}

impl CertificationRequest {
    /// Reads one request, DER or PEM, and nothing after it.
    ///
    /// # Errors
    /// Each way in which the bytes are no such request.
    pub fn parse(bytes: &[u8]) -> Result<Self, CsrError> {
        let _ = bytes;
        todo!("csr helper")
    }

    /// Checks proof of possession (RFC 2986 section 4.2) and the key's quality.
    ///
    /// # Errors
    /// The signature does not verify, or the key or its algorithm is not admitted anywhere.
    pub fn verify(self) -> Result<VerifiedCsr, CsrError> {
        todo!("csr helper")
    }
}

/// A request whose sender has proven to hold the private key.
#[derive(Debug, Clone)]
pub struct VerifiedCsr {
    key: SubjectPublicKey,
    dns_names: Vec<String>,
    sha256: [u8; 32],
    der: Vec<u8>,
}

impl VerifiedCsr {
    /// The verified public key.
    pub const fn key(&self) -> &SubjectPublicKey {
        &self.key
    }

    /// DNS names asked for in a subjectAltName extension request, lower case; a wish, not a fact.
    pub fn dns_names(&self) -> &[String] {
        &self.dns_names
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

/// A public key that passed the quality checks, byte for byte as its holder wrote it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubjectPublicKey {
    der: Vec<u8>,
    kind: KeyKind,
}

impl SubjectPublicKey {
    /// Reads and checks a DER SubjectPublicKeyInfo (for keys of our own, which need no proof of possession).
    ///
    /// # Errors
    /// As for a request's key.
    pub fn from_der(der: &[u8]) -> Result<Self, CsrError> {
        let _ = der;
        todo!("csr helper")
    }

    /// The DER SubjectPublicKeyInfo.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// Its kind and size.
    pub const fn kind(&self) -> KeyKind {
        self.kind
    }
}

/// A subscriber key's kind and size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyKind {
    /// NIST P-256.
    P256,
    /// NIST P-384.
    P384,
    /// Ed25519.
    Ed25519,
    /// RSA with a modulus of this many bits.
    Rsa {
        /// Bits of the modulus.
        bits: u32,
    },
}

/// A request was refused before any policy was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CsrError {
    /// Placeholder of the first commit: the csr module's author replaces it by one variant for each cause.
    #[error("the request cannot be read")]
    Malformed,
}
