//! TLS to the server, by rustls with ring. The server's certificate is verified against the CA that the address
//! names, for the host that it names (RFC 9525); with SCRAM, the password is bound to that certificate (RFC 5929).

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::storage::StorageError;

/// The files that TLS is made from.
#[derive(Debug, Clone)]
pub(super) struct TlsFiles {
    /// The CA certificates, PEM.
    pub(super) root: PathBuf,
    /// The certificate, with its chain, and the key that npki shows, PEM.
    pub(super) client: Option<(PathBuf, PathBuf)>,
}

/// How a connection is protected.
pub(super) enum Tls {
    /// Not at all: it does not leave this machine, or the address says so.
    Plain,
    /// By TLS.
    Verified(Box<MakeRustlsConnect>),
}

impl TlsFiles {
    /// Reads the files.
    ///
    /// # Errors
    /// One of them cannot be read or holds something else.
    pub(super) fn read(&self) -> Result<Tls, StorageError> {
        let mut roots = RootCertStore::empty();
        for certificate in certificates(&self.root)? {
            roots.add(certificate).map_err(|error| fault(&self.root, &error))?;
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| StorageError(format!("no TLS: {error}")))?
            .with_root_certificates(roots);
        let config = match &self.client {
            None => config.with_no_client_auth(),
            Some((chain, key)) => {
                let secret = PrivateKeyDer::from_pem_file(key).map_err(|error| fault(key, &error))?;
                config
                    .with_client_auth_cert(certificates(chain)?, secret)
                    .map_err(|error| fault(chain, &error))?
            }
        };
        Ok(Tls::Verified(Box::new(MakeRustlsConnect::new(config))))
    }
}

fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, StorageError> {
    let certificates: Vec<_> = CertificateDer::pem_file_iter(file)
        .and_then(Iterator::collect)
        .map_err(|error| fault(file, &error))?;
    if certificates.is_empty() { Err(fault(file, &"it holds no certificate")) } else { Ok(certificates) }
}

fn fault(file: &Path, what: &dyn std::fmt::Display) -> StorageError {
    StorageError(format!("TLS to PostgreSQL: {}: {what}", file.display()))
}
