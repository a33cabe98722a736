//! CRLs: verified, then read, over `ocsp_responder::validation`.

use ocsp_responder::validation::crl::{CrlRefusal, VerifiedList, crl_status};
use ocsp_responder::validation::status::ReportedStatus;
use rustls_pki_types::CertificateDer;
use serde::Serialize;
use time::OffsetDateTime;

use super::judgement;
use super::standing::{Said, Status};
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
    let found = crl_status(crl, &judgement::certificate(certificate)?, &judgement::certificate(issuer)?, now)
        .map_err(|refusal| unproven(&refusal))?;
    let status = match found.status {
        ReportedStatus::Good => Status::Good,
        ReportedStatus::Unknown => Status::Unknown,
        ReportedStatus::Revoked { at, reason } => {
            Status::Revoked { at, reason: reason.map(|reason| reason.name().to_owned()) }
        }
    };
    Ok(Said { status, this_update: found.this_update, next_update: found.next_update })
}

/// Verifies a CRL and reads all of it.
///
/// # Errors
/// It cannot be read, or its signature does not hold.
pub fn read_crl(crl: &[u8], issuer: &CertificateDer<'_>) -> Result<ReadCrl, Failure> {
    let list =
        VerifiedList::verify(crl, &judgement::certificate(issuer)?).map_err(|refusal| unproven(&refusal))?;
    let revoked = list.entries.into_iter().map(|entry| ListedCertificate {
        serial: entry.serial.to_string(),
        at: entry.at,
        reason: entry.reason.map(|reason| reason.name().to_owned()),
    });
    Ok(ReadCrl {
        issuer: list.issuer,
        number: list.number,
        this_update: list.this_update,
        next_update: Some(list.next_update),
        revoked: revoked.collect(),
    })
}

fn unproven(refusal: &CrlRefusal) -> Failure {
    Failure::of(&catalogue::UNPROVEN).cause(refusal.to_string())
}
