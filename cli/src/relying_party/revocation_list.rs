//! CRLs: verified, then read, over `ocsp_responder::validation`.

use ocsp_responder::validation::crl::{CrlRefusal, VerifiedList, crl_findings};
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
    /// For a delta CRL, the number of the full CRL that it begins from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base: Option<String>,
    /// Where it is, as the certificates name it that it is about; without any, it is about all of the CA's.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub distribution_points: Vec<String>,
    /// The kind of certificates that it is restricted to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contains: Option<&'static str>,
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

/// Verifies a CRL, and the delta CRL that came with it, and looks a certificate up in both.
///
/// # Errors
/// The signature, scope or times of the CRL do not hold.
pub fn crls_say(
    crls: &[Vec<u8>],
    certificate: &CertificateDer<'_>,
    issuer: &CertificateDer<'_>,
    now: OffsetDateTime,
) -> Result<Said, Failure> {
    let (certificate, issuer) = (judgement::certificate(certificate)?, judgement::certificate(issuer)?);
    let findings = crl_findings(crls, &certificate, &issuer, now);
    // The complete CRL's comes first.
    let found = findings
        .into_iter()
        .next()
        .unwrap_or(Err(CrlRefusal::Malformed))
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
        // RFC 5280 section 5.3.1: released from hold, in a delta CRL.
        reason: if entry.removed {
            Some("remove-from-crl".to_owned())
        } else {
            entry.reason.map(|reason| reason.name().to_owned())
        },
    });
    Ok(ReadCrl {
        issuer: list.issuer,
        number: list.number,
        base: list.base,
        distribution_points: list.distribution_points,
        contains: list.contains,
        this_update: list.this_update,
        next_update: Some(list.next_update),
        revoked: revoked.collect(),
    })
}

fn unproven(refusal: &CrlRefusal) -> Failure {
    Failure::of(&catalogue::UNPROVEN).cause(refusal.to_string())
}
