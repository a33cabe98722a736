//! Verdicts about certificates and signed files. LINK: `ocsp_responder::validation` and `ocsp_responder::signature`.

use rustls_pki_types::CertificateDer;
use serde::Serialize;
use serde_json::Value;
use time::OffsetDateTime;

use super::evidence::Evidence;
use super::material::Chain;
use crate::context::Anchors;
use crate::failure::{Exit, Failure, catalogue};

/// Asks for the status of a certificate, given its issuer's; nothing when nobody may be asked.
pub type AskStatus<'a> = dyn Fn(&CertificateDer<'_>, &CertificateDer<'_>) -> Option<Evidence> + 'a;

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
    Err(Failure::of(&catalogue::NOT_LINKED))
}

/// Judges a certificate at a moment: its path, then its status.
///
/// # Errors
/// Something given cannot be read; a verdict of no is no error.
pub fn judge_certificate(
    chain: &Chain,
    anchors: &Anchors,
    at: OffsetDateTime,
    status: &AskStatus<'_>,
) -> Result<Judgement, Failure> {
    let _ = (chain, anchors, at, status);
    Err(Failure::of(&catalogue::NOT_LINKED))
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
    status: &AskStatus<'_>,
) -> Result<Judgement, Failure> {
    let _ = (document, signature, anchors, at, status);
    Err(Failure::of(&catalogue::NOT_LINKED))
}
