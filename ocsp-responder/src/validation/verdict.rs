//! What a relying party is told, in words of ETSI EN 319 102-1 and in a plain answer for people.

use ca_core::clock::in_words;
use ca_core::status::RevocationReason;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;

use super::certificate::CertificateSummary;
use super::path::PathFault;
use super::status::StatusReport;

/// The plain answer. The command line exits 0, 3 and 8.
///
/// About a certificate it may be a plain no where the standard's word is `INDETERMINATE`: no path, a CA revoked, a
/// constraint violated. The standard leaves these open for the sake of signatures made earlier; whoever asks about
/// the certificate at this moment must not rely on it. About a signature it follows the indication exactly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Answer {
    /// Yes.
    Valid,
    /// No.
    Invalid,
    /// Neither yes nor no can be said from what is at hand.
    CannotTell,
}

/// The main status indication of EN 319 102-1 section 5.1.3.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING-KEBAB-CASE")]
pub enum Indication {
    /// All checks succeeded.
    TotalPassed,
    /// A check failed for good.
    TotalFailed,
    /// The information at hand does not suffice for either.
    Indeterminate,
}

impl Indication {
    /// The plain answer about a signature or a time stamp.
    pub const fn answer(self) -> Answer {
        match self {
            Self::TotalPassed => Answer::Valid,
            Self::TotalFailed => Answer::Invalid,
            Self::Indeterminate => Answer::CannotTell,
        }
    }
}

/// The sub-indications of EN 319 102-1 section 5.1.3 that npki gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum SubIndication {
    /// The signature is not in a form that can be processed.
    FormatFailure,
    /// The signed digest is not that of the data.
    HashFailure,
    /// The signature value does not verify.
    SigCryptoFailure,
    /// The certificate is revoked (asked about a certificate: there is nothing whose earlier existence could help).
    Revoked,
    /// The certificate has expired (asked about a certificate).
    Expired,
    /// The certificate is not yet valid (asked about a certificate).
    NotYetValid,
    /// The signature lacks something that is asked for.
    SigConstraintsFailure,
    /// What was signed is not at hand.
    SignedDataNotFound,
    /// The path violates a constraint.
    ChainConstraintsFailure,
    /// The path cannot be processed for another reason.
    CertificateChainGeneralFailure,
    /// An algorithm that is not accepted, and no proof that the signature is older than that.
    CryptoConstraintsFailureNoPoe,
    /// The signer's certificate cannot be identified.
    NoSigningCertificateFound,
    /// No path leads to a trust anchor.
    NoCertificateChainFound,
    /// The signer's certificate is revoked, and nothing proves that the signature is older.
    RevokedNoPoe,
    /// A CA's certificate is revoked, and nothing proves that the signature is older.
    RevokedCaNoPoe,
    /// The certificate is out of its validity period, and nothing proves that the signature fell into it.
    OutOfBoundsNoPoe,
    /// The signer names a signature policy that is not at hand.
    SignaturePolicyNotAvailable,
    /// Two time stamps contradict each other.
    TimestampOrderFailure,
    /// The status could not be had now; a later attempt may have it.
    TryLater,
}

impl SubIndication {
    /// The main indication it belongs to.
    pub const fn indication(self) -> Indication {
        match self {
            Self::FormatFailure
            | Self::HashFailure
            | Self::SigCryptoFailure
            | Self::Revoked
            | Self::Expired
            | Self::NotYetValid => Indication::TotalFailed,
            _ => Indication::Indeterminate,
        }
    }
}

/// Why a certificate is not accepted. `certificate` counts from the end entity (0) up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "cause", rename_all = "kebab-case")]
pub enum Reason {
    /// No certificate at hand leads to a trust anchor.
    NoPath,
    /// The issuer's name is known, but its key did not sign the certificate.
    NotSignedByIssuer,
    /// The only path goes through an algorithm that is not accepted.
    WeakAlgorithm {
        /// What is wrong with it.
        detail: String,
    },
    /// The search for a path was given up at its limits.
    SearchLimit,
    /// The validity period has not begun.
    NotYetValid {
        /// Which certificate of the path.
        certificate: usize,
        /// Its beginning.
        #[serde(with = "time::serde::rfc3339")]
        not_before: OffsetDateTime,
    },
    /// The validity period is over.
    Expired {
        /// Which certificate of the path.
        certificate: usize,
        /// Its end.
        #[serde(with = "time::serde::rfc3339")]
        not_after: OffsetDateTime,
    },
    /// The path violates RFC 5280 section 6.1.
    PathRefused {
        /// Which certificate of the path.
        certificate: usize,
        /// What is wrong.
        fault: PathFault,
    },
    /// A certificate is revoked.
    Revoked {
        /// Which certificate of the path.
        certificate: usize,
        /// Since when.
        #[serde(with = "time::serde::rfc3339")]
        at: OffsetDateTime,
        /// Why, when the issuer said.
        #[schema(value_type = Option<String>)]
        reason: Option<RevocationReason>,
    },
    /// A certificate is on hold: not valid now, perhaps again later.
    OnHold {
        /// Which certificate of the path.
        certificate: usize,
        /// Since when.
        #[serde(with = "time::serde::rfc3339")]
        at: OffsetDateTime,
    },
    /// The responder does not know a certificate.
    StatusUnknown {
        /// Which certificate of the path.
        certificate: usize,
    },
    /// No usable evidence of a certificate's status.
    StatusUndetermined {
        /// Which certificate of the path.
        certificate: usize,
    },
}

/// What was asked about: the same fact weighs differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Question {
    /// Is this certificate valid at this moment?
    Certificate,
    /// Is this signature, made at an unproven time, valid?
    Signature,
    /// Is this signature valid, which is proven to have existed at the moment that its certificate is judged for?
    ProvenSignature,
}

impl Reason {
    /// The sub-indication for it.
    ///
    /// Asked about a certificate at a moment, no proof of existence (POE) can change the answer, so revoked and
    /// expired are final. Asked about a signature, EN 319 102-1 section 5.3 keeps them open, because a timestamp
    /// found later could still save the signature.
    pub const fn sub_indication(&self, question: Question) -> SubIndication {
        let certificate = matches!(question, Question::Certificate);
        match self {
            Self::NoPath | Self::NotSignedByIssuer | Self::SearchLimit => {
                SubIndication::NoCertificateChainFound
            }
            Self::WeakAlgorithm { .. } => SubIndication::CryptoConstraintsFailureNoPoe,
            // EN 319 102-1 clause 5.5.4: made before its certificate was, for certain.
            Self::NotYetValid { certificate: 0, .. } if !matches!(question, Question::Signature) => {
                SubIndication::NotYetValid
            }
            Self::Expired { certificate: 0, .. } if certificate => SubIndication::Expired,
            Self::NotYetValid { .. } | Self::Expired { .. } => SubIndication::OutOfBoundsNoPoe,
            Self::PathRefused {
                fault: PathFault::Encoding | PathFault::Signature | PathFault::Unspecified,
                ..
            } => SubIndication::CertificateChainGeneralFailure,
            Self::PathRefused { .. } => SubIndication::ChainConstraintsFailure,
            Self::Revoked { certificate: 0, .. } if certificate => SubIndication::Revoked,
            Self::Revoked { certificate: 0, .. } => SubIndication::RevokedNoPoe,
            Self::Revoked { .. } => SubIndication::RevokedCaNoPoe,
            // EN 319 102-1 section 5.2.6: on hold, and no status at all, are TRY_LATER.
            Self::OnHold { .. } | Self::StatusUnknown { .. } | Self::StatusUndetermined { .. } => {
                SubIndication::TryLater
            }
        }
    }

    /// Whether the certificate asked about is itself revoked or on hold.
    pub(super) const fn is_revocation_of_the_certificate(&self) -> bool {
        matches!(self, Self::Revoked { certificate: 0, .. } | Self::OnHold { certificate: 0, .. })
    }

    /// The plain answer about a certificate: only lacking evidence and an unfinished search leave it open.
    const fn certificate_answer(&self) -> Answer {
        match self {
            Self::SearchLimit | Self::StatusUnknown { .. } | Self::StatusUndetermined { .. } => {
                Answer::CannotTell
            }
            Self::PathRefused { fault: PathFault::Limit, .. } => Answer::CannotTell,
            _ => Answer::Invalid,
        }
    }
}

impl std::fmt::Display for Reason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let who = |certificate: usize| match certificate {
            0 => "the certificate".to_owned(),
            above => format!("the CA certificate {above} above it"),
        };
        match self {
            Self::NoPath => f.write_str("no certificate at hand leads to a trust anchor"),
            Self::NotSignedByIssuer => f.write_str(
                "not signed by the issuer that is named (a namesake with another key, or altered)",
            ),
            Self::WeakAlgorithm { detail } => write!(f, "the path to a trust anchor is too weak: {detail}"),
            Self::SearchLimit => {
                f.write_str("the search for a path to a trust anchor was given up at its limits")
            }
            Self::NotYetValid { certificate, not_before } => {
                write!(f, "{} is not valid before {}", who(*certificate), in_words(*not_before))
            }
            Self::Expired { certificate, not_after } => {
                write!(f, "{} expired at {}", who(*certificate), in_words(*not_after))
            }
            Self::PathRefused { certificate, fault } => write!(f, "{} {fault}", who(*certificate)),
            Self::Revoked { certificate, at, reason } => {
                let why = reason.map(|reason| format!(" ({reason})")).unwrap_or_default();
                write!(f, "{} was revoked at {}{why}", who(*certificate), in_words(*at))
            }
            Self::OnHold { certificate, at } => {
                write!(f, "{} is on hold since {}", who(*certificate), in_words(*at))
            }
            Self::StatusUnknown { certificate } => {
                write!(f, "the responder does not know {}", who(*certificate))
            }
            Self::StatusUndetermined { certificate } => {
                write!(f, "the status of {} could not be determined", who(*certificate))
            }
        }
    }
}

/// One certificate of a path and its status.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PathElement {
    /// What it is.
    #[serde(flatten)]
    pub certificate: CertificateSummary,
    /// Its status; `None` when the path was refused before any status was asked.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub status: Option<StatusReport>,
}

/// The answer about a certificate at a moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Verdict {
    /// The plain answer.
    pub answer: Answer,
    /// EN 319 102-1 main indication.
    pub indication: Indication,
    /// EN 319 102-1 sub-indication; `None` when valid.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub sub_indication: Option<SubIndication>,
    /// Why not, the weightiest first; empty when valid.
    pub reasons: Vec<Reason>,
    /// The path, end entity first, trust anchor last; as far as there is one.
    pub path: Vec<PathElement>,
    /// The certificate policies that the path is valid for (RFC 5280 section 6.1.6), dotted; 2.5.29.32.0, anyPolicy, stands for all.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub policies: Vec<String>,
    /// The moment that was asked about, UTC.
    #[serde(with = "time::serde::rfc3339")]
    pub checked_at: OffsetDateTime,
}

impl Verdict {
    /// Concludes from `reasons`: none means valid; the first decides.
    pub(crate) fn conclude(
        mut reasons: Vec<Reason>,
        path: Vec<PathElement>,
        checked_at: OffsetDateTime,
    ) -> Self {
        // What is certain weighs more than what is lacking.
        reasons.sort_by_key(|reason| match reason {
            Reason::Revoked { .. } => 0,
            Reason::OnHold { .. } => 1,
            Reason::StatusUnknown { .. } => 2,
            _ => 3,
        });
        let first = reasons.first();
        let sub_indication = first.map(|reason| reason.sub_indication(Question::Certificate));
        Self {
            answer: first.map_or(Answer::Valid, Reason::certificate_answer),
            indication: sub_indication.map_or(Indication::TotalPassed, SubIndication::indication),
            sub_indication,
            reasons,
            path,
            policies: Vec::new(),
            checked_at,
        }
    }
}
