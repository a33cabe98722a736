//! Why a JSON Web Signature is refused.

use crate::signature::error::SignatureError;
use crate::validation::algorithm::AlgorithmError;
use crate::validation::verdict::SubIndication;

/// A JSON Web Signature was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JwsError {
    /// Larger than any that is read.
    #[error("the signature is larger than any npki reads")]
    TooLarge,
    /// More of something than is looked at.
    #[error("the signature has more {0} than are looked at ({1})")]
    TooMany(&'static str, usize),
    /// What was added to it is JSON, which a time stamp over it cannot be made of.
    #[error(
        "what was added to the signature (etsiU) is not written in base64url: a time stamp over that is neither made nor read, as \
         JSON can be written in several ways"
    )]
    ClearUnsigned,
    /// Neither compact nor flattened JSON.
    #[error("not a JSON Web Signature, compact or as flattened JSON: {0}")]
    Form(&'static str),
    /// Several signatures.
    #[error("the general JSON form, for several signatures, is not read: npki verifies one signature a file")]
    Several,
    /// JSON that can be read in two ways, or in none.
    #[error("{0} is no JSON that can be read in one way only: {1}")]
    Json(&'static str, String),
    /// Base64url with padding, other letters, or bits that mean nothing.
    #[error("{0} is not base64url as RFC 7515 asks for it")]
    Base64(&'static str),
    /// A header parameter is wrong.
    #[error("the header parameter {0} is missing, or is not as it must be")]
    Parameter(&'static str),
    /// Something critical is not understood, or not declared so.
    #[error("the header's crit is wrong, or names something that is not understood here: {0:?}")]
    Critical(String),
    /// A header parameter that nobody signed.
    #[error("the header parameter {0:?} is not signed, and decides nothing there")]
    NotProtected(String),
    /// `none`, or a shared secret.
    #[error("the algorithm {0:?} proves nothing about who signed")]
    NoSignature(String),
    /// An algorithm that is not accepted.
    #[error(
        "the algorithm {0:?} is not accepted: it is none of ES256, ES384, RS256, RS384, PS256, PS384, EdDSA"
    )]
    Algorithm(String),
    /// The signer's certificate is not in the signature.
    #[error("the signer's certificate is not in the signature (x5c)")]
    NoSigner,
    /// A way of naming what was signed that is not read.
    #[error("what was signed is named by {0:?}, which is not read here")]
    Mechanism(String),
    /// It carries no content.
    #[error("the signature does not carry what was signed: give the file too")]
    Detached,
    /// More files were signed than are there.
    #[error("the signature is over {0} files, and one was given")]
    Files(usize),
    /// As with other signatures.
    #[error(transparent)]
    Signature(#[from] SignatureError),
}

impl From<AlgorithmError> for JwsError {
    fn from(error: AlgorithmError) -> Self {
        Self::Signature(error.into())
    }
}

impl JwsError {
    /// The sub-indication of EN 319 102-1.
    pub(super) const fn sub_indication(&self) -> SubIndication {
        match self {
            Self::Signature(error) => error.sub_indication(),
            Self::Algorithm(_) => SubIndication::CryptoConstraintsFailureNoPoe,
            Self::NoSigner => SubIndication::NoSigningCertificateFound,
            Self::Mechanism(_) | Self::Several => SubIndication::SigConstraintsFailure,
            Self::Detached | Self::Files(_) => SubIndication::SignedDataNotFound,
            _ => SubIndication::FormatFailure,
        }
    }
}
