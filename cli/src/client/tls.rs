//! TLS towards a context's server: its trust anchors alone, and our certificate.

use std::sync::{Arc, Mutex, PoisonError};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};

use crate::context::{Anchors, ClientIdentity};
use crate::failure::{Failure, catalogue};

/// TLS that accepts servers whose certificates lead to these anchors, and nothing else.
///
/// # Errors
/// An anchor is none, or the client's key does not fit its certificate.
pub fn pinned(anchors: &Anchors, identity: Option<&ClientIdentity>) -> Result<ClientConfig, Failure> {
    let mut roots = RootCertStore::empty();
    for anchor in anchors.iter() {
        roots
            .add(anchor.der().clone())
            .map_err(|error| Failure::of(&catalogue::NO_ANCHOR).cause(error.to_string()))?;
    }
    let builder = versions()?.with_root_certificates(roots);
    match identity {
        None => Ok(builder.with_no_client_auth()),
        Some(identity) => builder
            .with_client_auth_cert(identity.chain().to_vec(), identity.key())
            .map_err(|error| Failure::of(&catalogue::KEY_MISMATCH).cause(error.to_string())),
    }
}

/// TLS that trusts nobody: for a client that speaks plain HTTP only.
///
/// # Errors
/// The provider offers no protocol version.
pub fn none() -> Result<ClientConfig, Failure> {
    Ok(versions()?.with_root_certificates(RootCertStore::empty()).with_no_client_auth())
}

/// TLS that accepts any server's certificate: only for fetching trust anchors whose fingerprint the caller holds
/// already. What is fetched proves itself by that fingerprint; nothing is sent.
///
/// # Errors
/// The provider offers no protocol version.
pub(super) fn without_server_authentication() -> Result<ClientConfig, Failure> {
    watching(&Arc::default())
}

/// The same, for looking at what a server shows: what it staples to its certificate (RFC 6066 section 8) is left in `stapled`.
///
/// # Errors
/// The provider offers no protocol version.
pub(super) fn watching(stapled: &Arc<Mutex<Vec<u8>>>) -> Result<ClientConfig, Failure> {
    let provider = Arc::new(ring::default_provider());
    let verifier = Arc::new(AnyServer { provider, stapled: Arc::clone(stapled) });
    Ok(versions()?.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth())
}

fn versions() -> Result<rustls::ConfigBuilder<ClientConfig, rustls::WantsVerifier>, Failure> {
    ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| Failure::of(&catalogue::TLS).cause(error.to_string()))
}

#[derive(Debug)]
struct AnyServer {
    provider: Arc<CryptoProvider>,
    stapled: Arc<Mutex<Vec<u8>>>,
}

impl ServerCertVerifier for AnyServer {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        *self.stapled.lock().unwrap_or_else(PoisonError::into_inner) = ocsp_response.to_vec();
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signed, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signed, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
