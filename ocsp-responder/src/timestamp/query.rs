//! Asking for a token.

use ca_core::clock::{Entropy, EntropyError};
use der::Encode;
use der::asn1::{Int, ObjectIdentifier, OctetString, Uint};
use spki::AlgorithmIdentifierOwned;

use super::asn1::{MessageImprint, TimeStampReq};
use super::reply::{NoToken, token_of_reply};
use super::token::{TimestampToken, TokenError, VerifiedToken};
use crate::signature::ContentDigest;

/// A question, kept to judge the answer by.
#[derive(Debug, Clone)]
pub struct TimestampQuery {
    der: Vec<u8>,
    digest: ContentDigest,
    nonce: Int,
    policy: Option<ObjectIdentifier>,
}

/// A question could not be put.
#[derive(Debug, thiserror::Error)]
pub enum QueryError {
    /// There is no randomness.
    #[error(transparent)]
    Entropy(#[from] EntropyError),
    /// It could not be written.
    #[error("the request could not be encoded: {0}")]
    Encoding(#[from] der::Error),
}

/// What a unit answered is not what was asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotAnswered {
    /// There is no token.
    #[error(transparent)]
    NoToken(#[from] NoToken),
    /// The token does not hold.
    #[error(transparent)]
    Token(#[from] TokenError),
}

/// A token that answers a question.
#[derive(Debug, Clone)]
pub struct Answered {
    /// The token, DER.
    pub token: Vec<u8>,
    /// What it states, and who signed it.
    pub verified: VerifiedToken,
}

impl TimestampQuery {
    /// Asks for a token about what has this digest, its certificates included, with a fresh nonce of 64 bits.
    ///
    /// # Errors
    /// It could not be put.
    pub fn about(
        digest: ContentDigest,
        policy: Option<ObjectIdentifier>,
        entropy: &dyn Entropy,
    ) -> Result<Self, QueryError> {
        let mut nonce = [0; 8];
        entropy.fill(&mut nonce)?;
        let nonce = Int::from(Uint::new(&nonce)?);
        let algorithm = AlgorithmIdentifierOwned { oid: digest.algorithm().oid(), parameters: None };
        let request = TimeStampReq {
            version: 1,
            imprint: MessageImprint { algorithm, digest: OctetString::new(digest.octets())? },
            policy,
            nonce: Some(nonce.clone()),
            certificate_wanted: true,
            extensions: None,
        };
        Ok(Self { der: request.to_der()?, digest, nonce, policy })
    }

    /// The request, DER.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// Verifies a reply: its token's signature, and that it answers this question (RFC 3161 section 2.2).
    ///
    /// # Errors
    /// It does not. Whether the unit can be relied on is another question.
    pub fn read(&self, reply: &[u8]) -> Result<Answered, NotAnswered> {
        let token = token_of_reply(reply)?;
        let verified = TimestampToken::parse(&token)?.verify()?;
        let statement = &verified.statement;
        statement.verify_about(&self.digest)?;
        if statement.nonce.as_ref() != Some(&self.nonce) {
            return Err(TokenError::OtherNonce.into());
        }
        if self.policy.is_some_and(|asked| asked != statement.policy) {
            return Err(TokenError::OtherPolicy(statement.policy).into());
        }
        Ok(Answered { token, verified })
    }
}
