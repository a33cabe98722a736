//! Why a XAdES signature is refused.

use crate::signature::error::SignatureError;
use crate::validation::algorithm::AlgorithmError;
use crate::validation::verdict::SubIndication;
use crate::xml::XmlRefused;
use crate::xml::signature::NotRead;

/// A XAdES signature, or a file of them, was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum XadesError {
    /// It is no XML that is read.
    #[error("the file of signatures cannot be read: {0}")]
    Xml(#[from] XmlRefused),
    /// XML of another kind.
    #[error("it is no file of XAdES signatures (asic:XAdESSignatures)")]
    NotSignatures,
    /// It is not made as it must be.
    #[error("the signature is not made as XAdES has it: {0}")]
    Form(&'static str),
    /// It uses something that is not done here.
    #[error("the signature uses {0}, which is not done here")]
    Unsupported(String),
    /// An algorithm that is not accepted.
    #[error("the algorithm {0} is not accepted for signatures")]
    Algorithm(String),
    /// One with a shared secret.
    #[error("the algorithm {0} proves nothing about who signed")]
    NoSignature(String),
    /// An identifier stands twice.
    #[error("the identifier {0:?} stands twice, so that it is not certain what is signed")]
    Ambiguous(String),
    /// Something that stands elsewhere was signed.
    #[error(
        "the signature is over {0:?}, which is neither a file of the container nor a part of the signature"
    )]
    Elsewhere(String),
    /// It is over another signature that is not in its file.
    #[error(
        "it is a counter-signature: over another signature, which is not in the same file, and over none of the container's files"
    )]
    CountersNone,
    /// What it says of itself was altered.
    #[error("the signature was altered: {0} is not what was signed")]
    Altered(&'static str),
    /// As with other signatures.
    #[error(transparent)]
    Signature(#[from] SignatureError),
}

impl From<NotRead> for XadesError {
    fn from(error: NotRead) -> Self {
        match error {
            NotRead::Form(why) => Self::Form(why),
            NotRead::Unsupported(what) => Self::Unsupported(what),
            // RFC 9231 section 2.2: message authentication codes.
            NotRead::Algorithm(name) if name.contains("#hmac-") => Self::NoSignature(name),
            NotRead::Algorithm(name) => Self::Algorithm(name),
            NotRead::Ambiguous(identifier) => Self::Ambiguous(identifier),
        }
    }
}

impl From<AlgorithmError> for XadesError {
    fn from(error: AlgorithmError) -> Self {
        Self::Signature(error.into())
    }
}

impl XadesError {
    /// The sub-indication of EN 319 102-1.
    pub(in crate::signature) const fn sub_indication(&self) -> SubIndication {
        match self {
            Self::Signature(error) => error.sub_indication(),
            Self::Altered(_) => SubIndication::HashFailure,
            Self::Algorithm(_) => SubIndication::CryptoConstraintsFailureNoPoe,
            Self::Elsewhere(_) | Self::CountersNone => SubIndication::SignedDataNotFound,
            // What is there may be right.
            Self::Unsupported(_) => SubIndication::SigConstraintsFailure,
            _ => SubIndication::FormatFailure,
        }
    }
}
