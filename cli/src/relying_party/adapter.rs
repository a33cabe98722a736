//! The one file that calls the crate `ocsp-responder`: everything cryptographic a relying party needs.
//!
//! LINK: each function below is completed when the branches `ocsp` and `validation` are merged.

use rustls_pki_types::CertificateDer;
use serde::Serialize;
use serde_json::Value;
use time::OffsetDateTime;

use super::material::Chain;
use super::standing::Said;
use crate::context::Anchors;
use crate::failure::{Exit, Failure, catalogue};

/// A verdict about a certificate or a signed file.
#[derive(Debug, Clone, Serialize)]
pub struct Judgement {
    /// The verdict: valid, invalid or undetermined.
    pub verdict: Verdict,
    /// The verdict and its main reason, in one sentence.
    pub summary: String,
    /// The steps that led to it.
    pub details: Value,
}

/// The three verdicts (ETSI EN 319 102-1 section 5.1.3: TOTAL-PASSED, TOTAL-FAILED, INDETERMINATE).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Yes.
    Valid,
    /// No.
    Invalid,
    /// Cannot tell.
    Undetermined,
}

impl Verdict {
    /// The word for people.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Valid => "VALID",
            Self::Invalid => "NOT VALID",
            Self::Undetermined => "CANNOT TELL",
        }
    }

    /// The code left to the shell.
    pub const fn exit(self) -> Exit {
        match self {
            Self::Valid => Exit::Done,
            Self::Invalid => Exit::No,
            Self::Undetermined => Exit::CannotTell,
        }
    }
}

/// What is in a file.
#[derive(Debug, Clone, Serialize)]
pub struct Inspected {
    /// What it is: certificate, certification request, CRL, OCSP answer, signature.
    pub kind: String,
    /// Its content.
    pub content: Value,
}

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

/// An OCSP request and what is needed to check its answer.
#[derive(Debug)]
pub struct OcspQuestion {
    request: Vec<u8>,
}

impl OcspQuestion {
    /// A question about a certificate, with a fresh nonce.
    ///
    /// # Errors
    /// The certificates cannot be read, or there is no randomness.
    pub fn about(certificate: &CertificateDer<'_>, issuer: &CertificateDer<'_>) -> Result<Self, Failure> {
        let _ = (certificate, issuer);
        Err(not_linked())
    }

    /// The request, DER.
    pub fn request(&self) -> &[u8] {
        &self.request
    }

    /// Verifies an answer and reads it.
    ///
    /// # Errors
    /// Its signature, responder, nonce or times do not hold.
    pub fn read(&self, answer: &[u8], now: OffsetDateTime) -> Result<Said, Failure> {
        let _ = (answer, now);
        Err(not_linked())
    }
}

/// Accepts a found issuer only when it leads to a trust anchor.
///
/// # Errors
/// It does not.
pub fn trusted_issuer(
    found: &CertificateDer<'_>,
    chain: &Chain,
    anchors: &Anchors,
    now: OffsetDateTime,
) -> Result<CertificateDer<'static>, Failure> {
    let _ = (found, chain, anchors, now);
    Err(not_linked())
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
    Err(not_linked())
}

/// Verifies a CRL and reads all of it.
///
/// # Errors
/// It cannot be read, or its signature does not hold.
pub fn read_crl(crl: &[u8], issuer: &CertificateDer<'_>) -> Result<ReadCrl, Failure> {
    let _ = (crl, issuer);
    Err(not_linked())
}

/// Says what is in a file, verifying nothing.
///
/// # Errors
/// It is nothing that is known here.
pub fn inspect(content: &[u8]) -> Result<Inspected, Failure> {
    let _ = content;
    Err(not_linked())
}

/// Judges a certificate at a moment: its path, then its status.
///
/// # Errors
/// Something given cannot be read; a verdict of no is no error.
pub fn judge_certificate(
    chain: &Chain,
    anchors: &Anchors,
    at: OffsetDateTime,
    status: &dyn Fn(&CertificateDer<'_>, &CertificateDer<'_>) -> Option<super::evidence::Evidence>,
) -> Result<Judgement, Failure> {
    let _ = (chain, anchors, at, status);
    Err(not_linked())
}

/// Judges a detached signature (CMS, CAdES baseline) over a document at a moment.
///
/// # Errors
/// The signature cannot be read; a verdict of no is no error.
pub fn judge_signature(
    document: &[u8],
    signature: &[u8],
    anchors: &Anchors,
    at: OffsetDateTime,
    status: &dyn Fn(&CertificateDer<'_>, &CertificateDer<'_>) -> Option<super::evidence::Evidence>,
) -> Result<Judgement, Failure> {
    let _ = (document, signature, anchors, at, status);
    Err(not_linked())
}

/// Signs a document: a detached signature, DER (CMS, CAdES baseline B).
///
/// # Errors
/// Key and certificate do not belong together, or the key cannot sign.
pub fn sign(document: &[u8], chain: &Chain, key: &[u8], at: OffsetDateTime) -> Result<Vec<u8>, Failure> {
    let _ = (document, chain, key, at);
    Err(not_linked())
}

fn not_linked() -> Failure {
    Failure::of(&catalogue::NOT_LINKED)
}
