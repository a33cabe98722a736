//! The client certificate of a context, read from its files.

use ca_core::jws;
use ca_core::keys::software::SoftwareKey;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use zeroize::Zeroizing;

use super::IdentityFiles;
use crate::failure::{Failure, catalogue};
use crate::files;

/// A client certificate with its chain and its key.
pub struct ClientIdentity {
    chain: Vec<CertificateDer<'static>>,
    key: Zeroizing<Vec<u8>>,
}

impl std::fmt::Debug for ClientIdentity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ClientIdentity").field("chain", &self.chain.len()).finish_non_exhaustive()
    }
}

impl ClientIdentity {
    /// Reads certificate chain and key.
    ///
    /// # Errors
    /// A file cannot be read or is of another kind.
    pub fn read(source: &IdentityFiles) -> Result<Self, Failure> {
        let content = files::read(&source.certificate, files::MAX_OBJECT)?;
        let blocks = pem::parse_many(&content).unwrap_or_default();
        let chain: Vec<_> = blocks
            .into_iter()
            .filter(|block| block.tag() == "CERTIFICATE")
            .map(|block| CertificateDer::from(block.into_contents()))
            .collect();
        if chain.is_empty() {
            return Err(Failure::of(&catalogue::CONTENT)
                .what(format!("{} holds no certificate", source.certificate.display()))
                .cause("a client certificate is given as PEM, its chain after it"));
        }
        let key = private_key(&files::read(&source.key, files::MAX_OBJECT)?)
            .map_err(|failure| failure.what(format!("{} cannot be used as a key", source.key.display())))?;
        Ok(Self { chain, key })
    }

    /// The certificate, then those above it.
    pub fn chain(&self) -> &[CertificateDer<'static>] {
        &self.chain
    }

    /// Signs a statement of the type `typ` with the key, under the certificate.
    ///
    /// # Errors
    /// The key cannot be used for it.
    pub fn sign(&self, typ: &str, payload: &[u8]) -> Result<String, Failure> {
        let refused = |error: String| Failure::of(&catalogue::NOT_SIGNED).cause(error);
        let key = SoftwareKey::from_pkcs8(&self.key).map_err(|error| refused(error.to_string()))?;
        let certificate = self.chain.first().map(AsRef::as_ref).unwrap_or_default();
        jws::sign(&key, typ, certificate, payload).map_err(|error| refused(error.to_string()))
    }

    /// The key, for TLS.
    pub fn key(&self) -> PrivateKeyDer<'static> {
        PrivateKeyDer::from(PrivatePkcs8KeyDer::from(self.key.to_vec()))
    }
}

/// The PKCS#8 DER of a PEM private key.
///
/// # Errors
/// It is none, or encrypted.
pub fn private_key(content: &[u8]) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let blocks = pem::parse_many(content).unwrap_or_default();
    let found = blocks.into_iter().find(|block| block.tag().ends_with("PRIVATE KEY"));
    match found {
        Some(block) if block.tag() == "PRIVATE KEY" => Ok(Zeroizing::new(block.into_contents())),
        Some(block) if block.tag() == "ENCRYPTED PRIVATE KEY" => Err(Failure::of(&catalogue::KEY)
            .cause("it is encrypted")
            .fix("openssl pkcs8 -in KEY -out PLAIN (keep the result on a machine you trust)")),
        Some(block) => Err(Failure::of(&catalogue::KEY)
            .cause(format!("it is a {}, not PKCS#8", block.tag()))
            .fix("openssl pkcs8 -topk8 -nocrypt -in KEY -out PKCS8")),
        None => Err(Failure::of(&catalogue::KEY).cause("it holds no PEM private key")),
    }
}
