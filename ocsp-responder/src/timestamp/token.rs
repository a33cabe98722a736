//! Tokens as relying parties read them (RFC 3161 section 2.4.2, RFC 5816).

use ca_core::fingerprint::fingerprint;
use der::asn1::{Int, ObjectIdentifier};
use der::{Decode, Encode};
use time::{Duration, OffsetDateTime};

use super::asn1::{MessageImprint, TST_INFO, TstInfo};
use super::certificate::{NotAUnit, verify_purpose};
use super::moment;
use crate::signature::{ContentDigest, SignatureError, SignedFile, VerifiedSignature};
use crate::validation::algorithm::{AlgorithmError, DigestAlgorithm, read_digest};
use crate::validation::certificate::Certificate;

/// A token was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// The CMS message around it.
    #[error("the time-stamp token: {0}")]
    Signature(#[from] SignatureError),
    /// What it states cannot be read.
    #[error("what the time-stamp token states cannot be read")]
    Malformed,
    /// Its digest's algorithm.
    #[error("the digest in the time-stamp token: {0}")]
    Digest(AlgorithmError),
    /// It has a critical extension that is not understood.
    #[error("the time-stamp token has the critical extension {0}, which is not understood")]
    CriticalExtension(ObjectIdentifier),
    /// Its certificate is not one of a time-stamping unit.
    #[error("the time-stamp token's signer: {0}")]
    NotAUnit(#[from] NotAUnit),
    /// The certificate was not in force, or the key had no longer to sign, at the moment that the token states.
    #[error("the time-stamp token states a moment outside of its certificate's validity")]
    OutOfValidity,
    /// It states a later moment than a time stamp that covers it.
    #[error("the time-stamp token states a later moment than a time stamp that covers it")]
    Order,
    /// What holds of the document that it stands in does not hold.
    #[error("{0}")]
    Document(String),
    /// It is about something else.
    #[error("the time-stamp token is about something else")]
    OtherContent,
    /// It does not have the nonce that was asked with.
    #[error("the time-stamp token does not carry the request's nonce: it may be a replay")]
    OtherNonce,
    /// It is of another policy than asked for.
    #[error("the time-stamp token was given under the policy {0}, which was not asked for")]
    OtherPolicy(ObjectIdentifier),
}

/// A token as read: nothing is verified.
#[derive(Debug)]
pub struct TimestampToken {
    signed: SignedFile,
    statement: Statement,
    sha256: String,
}

/// What a token states.
#[derive(Debug, Clone)]
pub struct Statement {
    pub(super) imprint: MessageImprint,
    pub(super) nonce: Option<Int>,
    /// The digest's algorithm.
    pub digest: DigestAlgorithm,
    /// The policy that it was given under.
    pub policy: ObjectIdentifier,
    /// Its serial number, lower-case hex.
    pub serial: String,
    /// When it was, UTC.
    pub at: OffsetDateTime,
    /// By how much that may be off; `None` when the policy is to say.
    pub accuracy: Option<Duration>,
}

/// A token whose signature verifies, by a certificate that is a time-stamping unit's. Says nothing about whether that
/// certificate can be relied on.
#[derive(Debug, Clone)]
pub struct VerifiedToken {
    /// What it states.
    pub statement: Statement,
    /// The unit's certificate.
    pub signer: Certificate,
    /// All certificates in the token. Not trusted.
    pub embedded: Vec<Certificate>,
    /// SHA-256 of the token, lower-case hex.
    pub sha256: String,
}

impl TimestampToken {
    /// Reads one token, DER, and nothing after it.
    ///
    /// # Errors
    /// Each way in which the octets are none that npki verifies.
    pub fn parse(der: &[u8]) -> Result<Self, TokenError> {
        let signed = SignedFile::parse_as(der, TST_INFO)?;
        let statement = Statement::read(signed.attached().ok_or(SignatureError::Detached)?)?;
        Ok(Self { signed, statement, sha256: fingerprint(der) })
    }

    /// What it states. Nothing proves it yet.
    pub const fn statement(&self) -> &Statement {
        &self.statement
    }

    /// Verifies its signature, and that its signer is a time-stamping unit.
    ///
    /// # Errors
    /// Each way in which they do not hold.
    pub fn verify(self) -> Result<VerifiedToken, TokenError> {
        let VerifiedSignature { signer, embedded, is_bound, .. } = self.signed.verify_attached()?;
        // RFC 3161 section 2.4.2 and RFC 5816: the signer's certificate is bound by a signed reference.
        if !is_bound {
            let missing = crate::signature::SIGNING_CERTIFICATE_V2;
            return Err(SignatureError::MissingAttribute(missing).into());
        }
        verify_purpose(&signer)?;
        let at = self.statement.at;
        if at < signer.not_before() || at > signer.not_after() {
            return Err(TokenError::OutOfValidity);
        }
        Ok(VerifiedToken { statement: self.statement, signer, embedded, sha256: self.sha256 })
    }
}

impl Statement {
    pub(crate) fn read(der: &[u8]) -> Result<Self, TokenError> {
        let read = TstInfo::from_der(der).map_err(|_| TokenError::Malformed)?;
        // One encoding for one statement, as for the message around it.
        if read.version != 1 || read.to_der().ok().as_deref() != Some(der) {
            return Err(TokenError::Malformed);
        }
        let mut extensions = read.extensions.iter().flatten();
        if let Some(unknown) = extensions.find(|extension| extension.critical) {
            return Err(TokenError::CriticalExtension(unknown.extn_id));
        }
        let accuracy = read.accuracy.map(|parts| {
            Duration::seconds(parts.seconds.unwrap_or_default().into())
                + Duration::milliseconds(parts.milliseconds.unwrap_or_default().into())
                + Duration::microseconds(parts.microseconds.unwrap_or_default().into())
        });
        let serial = hex::encode(read.serial.as_bytes());
        Ok(Self {
            digest: read_digest(&read.imprint.algorithm).map_err(TokenError::Digest)?,
            imprint: read.imprint,
            nonce: read.nonce,
            policy: read.policy,
            serial: serial.strip_prefix("00").filter(|rest| !rest.is_empty()).unwrap_or(&serial).to_owned(),
            at: moment::read(&read.time).map_err(|_| TokenError::Malformed)?,
            accuracy,
        })
    }

    /// Checks that it is about what has this digest.
    ///
    /// # Errors
    /// It is not.
    pub fn verify_about(&self, digest: &ContentDigest) -> Result<(), TokenError> {
        let same = digest.algorithm() == self.digest && digest.octets() == self.imprint.digest.as_bytes();
        if same { Ok(()) } else { Err(TokenError::OtherContent) }
    }

    /// By how many milliseconds the moment may be off; `None` when the policy is to say.
    pub fn accuracy_milliseconds(&self) -> Option<i64> {
        self.accuracy.and_then(|accuracy| i64::try_from(accuracy.whole_milliseconds()).ok())
    }

    /// The request's nonce, lower-case hex.
    pub fn nonce_hex(&self) -> Option<String> {
        self.nonce.as_ref().map(|nonce| hex::encode(nonce.as_bytes()))
    }

    /// The digest that it is about, lower-case hex.
    pub fn digest_hex(&self) -> String {
        hex::encode(self.imprint.digest.as_bytes())
    }
}
