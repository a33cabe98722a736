//! CRLs: verified, then read. LINK: `ocsp_responder::validation`.

use rustls_pki_types::CertificateDer;
use serde::Serialize;
use time::OffsetDateTime;

use super::standing::Said;
use crate::failure::{Failure, catalogue};

/// A CRL whose signature was verified.
#[derive(Debug, Clone, Serialize)]
pub struct ReadCrl {
    /// Its issuer.
    pub issuer: String,
    /// Its number (RFC 5280 section 5.2.3), decimal.
    pub number: Option<String>,
    /// When it was made.
    #[serde(with = "time::serde::rfc3339")]
    pub this_update: OffsetDateTime,
    /// When the next one comes at the latest.
    #[serde(with = "time::serde::rfc3339::option")]
    pub next_update: Option<OffsetDateTime>,
    /// What it lists.
    pub revoked: Vec<ListedCertificate>,
}

/// An entry of a CRL.
#[derive(Debug, Clone, Serialize)]
pub struct ListedCertificate {
    /// The serial number, lower-case hex.
    pub serial: String,
    /// Since when.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// Why, where it is said.
    pub reason: Option<String>,
}

/// Verifies a CRL and looks a certificate up in it.
///
/// # Errors
/// Its signature, scope or times do not hold.
pub fn crl_says(
    crl: &[u8],
    certificate: &CertificateDer<'_>,
    issuer: &CertificateDer<'_>,
    now: OffsetDateTime,
) -> Result<Said, Failure> {
    let _ = (crl, certificate, issuer, now);
    Err(Failure::of(&catalogue::NOT_LINKED))
}

/// Verifies a CRL and reads all of it.
///
/// # Errors
/// It cannot be read, or its signature does not hold.
pub fn read_crl(crl: &[u8], issuer: &CertificateDer<'_>) -> Result<ReadCrl, Failure> {
    let _ = (crl, issuer);
    Err(Failure::of(&catalogue::NOT_LINKED))
}
