//! Why a signature is refused.

use der::asn1::ObjectIdentifier;

use crate::validation::algorithm::{AlgorithmError, DigestAlgorithm};
use crate::validation::verdict::SubIndication;

/// The most octets a signature may have, PEM framing included, besides what was signed. Ours have about 3 kB, and with CRLs and
/// time stamps for decades some hundred more.
pub const MAX_SIGNATURE_OCTETS: usize = 8 * 1024 * 1024;
/// The most octets that may be signed inside of a signature.
pub const MAX_ATTACHED_OCTETS: usize = 56 * 1024 * 1024;
/// The most certificates that a signature may carry.
pub(super) const MAX_EMBEDDED: usize = 32;

/// A signature was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// Larger than [`MAX_SIGNATURE_OCTETS`], or with too many certificates.
    #[error("the signature file is larger than any npki reads")]
    TooLarge,
    /// Neither DER nor PEM of a CMS message.
    #[error("not a CMS signature (.p7s)")]
    NotCms,
    /// A CMS message of another kind.
    #[error("a CMS message of another kind ({0}), not a signature")]
    OtherMessage(ObjectIdentifier),
    /// BER that is not DER, such as `openssl cms -stream` writes.
    #[error("the signature is in streamed BER; ask for DER (with openssl: leave out -stream)")]
    Ber,
    /// The signed file is not inside the signature, and must be given beside it.
    #[error("the signature does not carry what was signed: give the file too")]
    Detached,
    /// Something other than plain data was signed.
    #[error("the signature is over content of type {0}, not over a file's octets")]
    ContentType(ObjectIdentifier),
    /// A version number does not fit the message (RFC 5652 section 5).
    #[error("the signature's version numbers are wrong")]
    Version,
    /// Nobody signed: only certificates.
    #[error("nobody signed: the file carries certificates only")]
    NoSigner,
    /// More than one signer.
    #[error("{0} people signed in one file; npki verifies one signature a file")]
    SeveralSigners(usize),
    /// No signed attributes at all.
    #[error("the signature has no signed attributes, so it does not say what it signs")]
    NoSignedAttributes,
    /// A signed attribute that must be there is not.
    #[error("the signed attribute {0} is missing")]
    MissingAttribute(ObjectIdentifier),
    /// A signed attribute stands twice.
    #[error("the signed attribute {0} stands twice")]
    RepeatedAttribute(ObjectIdentifier),
    /// A signed attribute cannot be read.
    #[error("the signed attribute {0} cannot be read")]
    MalformedAttribute(ObjectIdentifier),
    /// The reference to the signer's certificate uses SHA-1.
    #[error("the signature refers to its certificate by SHA-1 only")]
    WeakCertificateReference,
    /// An algorithm is not accepted, or two of them do not agree.
    #[error("{0}")]
    Algorithm(AlgorithmError),
    /// An embedded certificate cannot be read.
    #[error("a certificate in the signature cannot be read")]
    Certificate,
    /// The signer's certificate is not in the signature.
    #[error("the signer's certificate is not in the signature")]
    NoSignerCertificate,
    /// The signed reference is to another certificate than the one that fits the signer.
    #[error("the signature refers to another certificate than the one it carries for its signer")]
    SignerReference,
    /// The digest given was made with another algorithm than the signature's.
    #[error("the file was digested with {given}, the signature with {wanted}")]
    OtherDigest {
        /// The algorithm of the digest given.
        given: DigestAlgorithm,
        /// The signature's.
        wanted: DigestAlgorithm,
    },
    /// The file is not the one that was signed.
    #[error("the file is not the one that was signed, or it was altered")]
    ContentAltered,
    /// The signature that a counter-signature is over is another one.
    #[error("the counter-signature is over another signature than the one that it stands in")]
    CounteredAltered,
    /// Something that an archive time stamp covers was taken out.
    #[error("something that the archive time stamp covers is not in the signature any more")]
    ArchivedPartMissing,
    /// The signature value does not verify.
    #[error("the signature does not verify with its signer's key")]
    Mismatch,
}

impl From<AlgorithmError> for SignatureError {
    fn from(error: AlgorithmError) -> Self {
        match error {
            AlgorithmError::Mismatch => Self::Mismatch,
            other => Self::Algorithm(other),
        }
    }
}

impl SignatureError {
    /// The sub-indication of EN 319 102-1.
    pub const fn sub_indication(&self) -> SubIndication {
        match self {
            Self::ContentAltered | Self::CounteredAltered | Self::ArchivedPartMissing => {
                SubIndication::HashFailure
            }
            Self::Mismatch => SubIndication::SigCryptoFailure,
            // EN 319 102-1 section 5.2.3: the signing certificate could not be identified.
            Self::NoSignerCertificate | Self::SignerReference => SubIndication::NoSigningCertificateFound,
            Self::WeakCertificateReference | Self::Algorithm(AlgorithmError::NotAccepted(_)) => {
                SubIndication::CryptoConstraintsFailureNoPoe
            }
            _ => SubIndication::FormatFailure,
        }
    }
}
