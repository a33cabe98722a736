//! The constraints that a signature was held against, in the order of EN 319 102-1 clause 5.2 but for policies, and how each ended.

use crate::signature::SignatureVerdict;
use crate::validation::{Answer, Indication, SubIndication};

/// What is asked of every signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Constraint {
    /// Clause 5.2.2: it is in one of the forms that are read.
    Format,
    /// Clause 5.2.3: its signer's certificate is in it, and is the one that it refers to.
    SignerCertificate,
    /// Clause 5.2.7: the content is the one that was signed.
    Content,
    /// Clause 5.2.7: its value verifies with the signer's key.
    Value,
    /// Clause 5.2.8: its algorithms, and those of the path, are accepted.
    Algorithms,
    /// Clause 5.2.6: the path to a trust anchor satisfies RFC 5280, and the key may sign files.
    Path,
    /// Clauses 5.2.6 and 5.6.2.4: the certificates were in force.
    Validity,
    /// Clause 5.2.6: none of the path was revoked, as fresh evidence says.
    Revocation,
    /// Clause 5.2.4: a signature policy that its signer names is at hand. Looked at where all else holds.
    Policy,
}

/// How it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ended {
    Passed,
    Failed,
    Open,
}

impl Constraint {
    const ALL: [Self; 9] = [
        Self::Format,
        Self::SignerCertificate,
        Self::Content,
        Self::Value,
        Self::Algorithms,
        Self::Path,
        Self::Validity,
        Self::Revocation,
        Self::Policy,
    ];

    /// A name of npki's own: clause 4.2.5 leaves them to who validates.
    pub(super) const fn address(self) -> &'static str {
        match self {
            Self::Format => "urn:x-npki:constraint:format",
            Self::SignerCertificate => "urn:x-npki:constraint:signer-certificate",
            Self::Policy => "urn:x-npki:constraint:signature-policy",
            Self::Content => "urn:x-npki:constraint:signed-content",
            Self::Value => "urn:x-npki:constraint:signature-value",
            Self::Algorithms => "urn:x-npki:constraint:algorithms",
            Self::Path => "urn:x-npki:constraint:certificate-path",
            Self::Validity => "urn:x-npki:constraint:certificate-validity",
            Self::Revocation => "urn:x-npki:constraint:revocation-status",
        }
    }

    /// The one that was not satisfied.
    const fn behind(why: SubIndication) -> Self {
        match why {
            SubIndication::FormatFailure | SubIndication::SigConstraintsFailure => Self::Format,
            SubIndication::NoSigningCertificateFound => Self::SignerCertificate,
            SubIndication::SignaturePolicyNotAvailable => Self::Policy,
            SubIndication::HashFailure | SubIndication::SignedDataNotFound => Self::Content,
            SubIndication::SigCryptoFailure => Self::Value,
            SubIndication::CryptoConstraintsFailureNoPoe => Self::Algorithms,
            SubIndication::ChainConstraintsFailure
            | SubIndication::CertificateChainGeneralFailure
            | SubIndication::NoCertificateChainFound => Self::Path,
            SubIndication::Expired
            | SubIndication::NotYetValid
            | SubIndication::OutOfBoundsNoPoe
            | SubIndication::TimestampOrderFailure => Self::Validity,
            SubIndication::Revoked
            | SubIndication::RevokedNoPoe
            | SubIndication::RevokedCaNoPoe
            | SubIndication::TryLater => Self::Revocation,
        }
    }
}

/// Those that were applied: up to the one that was not satisfied, and beyond it where the certificate was judged all the same.
pub(super) fn applied(verdict: &SignatureVerdict) -> Vec<(Constraint, Ended)> {
    let broken = verdict.sub_indication.map(Constraint::behind);
    let path_holds =
        verdict.certificate.as_ref().is_some_and(|certificate| certificate.answer == Answer::Valid);
    let ended = |constraint: Constraint| match broken {
        None => Some(Ended::Passed),
        Some(broken) if constraint == broken => Some(match verdict.indication {
            Indication::TotalFailed => Ended::Failed,
            _ => Ended::Open,
        }),
        Some(_) if constraint == Constraint::Policy => None,
        Some(broken) if constraint < broken || path_holds => Some(Ended::Passed),
        Some(_) => None,
    };
    Constraint::ALL.into_iter().filter_map(|one| Some((one, ended(one)?))).collect()
}
