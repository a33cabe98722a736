//! The whole answer about a time stamp: format, cryptography, path and status of its unit.

use std::io::Read;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;

use super::reply::{NoToken, token_of_reply};
use super::token::{TimestampToken, TokenError, VerifiedToken};
use crate::signature::ContentDigest;
use crate::validation::algorithm::AlgorithmError;
use crate::validation::verdict::Question;
use crate::validation::{Answer, Basis, Indication, SubIndication, Verdict, validate};

/// The answer about a time stamp over something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TimestampVerdict {
    /// The plain answer: valid, invalid (`TOTAL-FAILED`), or cannot tell (`INDETERMINATE`: not accepted).
    pub answer: Answer,
    /// EN 319 102-1 main indication.
    pub indication: Indication,
    /// EN 319 102-1 sub-indication; `None` when valid.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub sub_indication: Option<SubIndication>,
    /// Why not, in words; empty when valid.
    pub reasons: Vec<String>,
    /// What the token states, once its signature could be verified.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub statement: Option<StatementView>,
    /// The answer about the unit's certificate at `checked_at`, once the signature could be verified.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub certificate: Option<Verdict>,
    /// The moment that was asked about, UTC.
    #[serde(with = "time::serde::rfc3339")]
    pub checked_at: OffsetDateTime,
}

/// What a token states.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StatementView {
    /// When it was, UTC.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// By how many milliseconds that may be off at most; `None` when the policy is to say.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub accuracy_milliseconds: Option<i64>,
    /// The token's number, lower-case hex.
    pub serial: String,
    /// The policy that it was given under.
    pub policy: String,
    /// SHA-256 of the token, lower-case hex.
    pub sha256: String,
}

impl TokenError {
    /// The sub-indication of EN 319 102-1.
    pub const fn sub_indication(&self) -> SubIndication {
        match self {
            Self::Signature(error) => error.sub_indication(),
            Self::Digest(AlgorithmError::NotAccepted(_)) => SubIndication::CryptoConstraintsFailureNoPoe,
            Self::OtherContent => SubIndication::HashFailure,
            Self::NotAUnit(_) => SubIndication::ChainConstraintsFailure,
            Self::OutOfValidity => SubIndication::OutOfBoundsNoPoe,
            Self::Order => SubIndication::TimestampOrderFailure,
            _ => SubIndication::FormatFailure,
        }
    }
}

/// Verifies a time stamp, a token or the reply that carries it, over `content`.
///
/// # Errors
/// The content could not be read. A bad time stamp is an answer, not an error.
pub fn verify_timestamp(
    stamp: &[u8],
    content: impl Read,
    basis: &Basis<'_>,
) -> std::io::Result<TimestampVerdict> {
    let token = match token_of_reply(stamp) {
        Ok(token) => token,
        Err(NoToken::Malformed) => stamp.to_vec(),
        Err(refused) => {
            return Ok(conclude(Some(SubIndication::FormatFailure), vec![refused.to_string()], basis.at));
        }
    };
    let parsed = match TimestampToken::parse(&token) {
        Ok(parsed) => parsed,
        Err(error) => return Ok(refuse_token(&error, basis.at)),
    };
    let digest = ContentDigest::read(content, parsed.statement().digest)?;
    let verified = parsed.verify().and_then(|token| token.statement.verify_about(&digest).map(|()| token));
    Ok(match verified {
        Ok(token) => {
            let intermediates = [token.embedded.as_slice(), basis.intermediates].concat();
            let certificate = validate(&token.signer, &Basis { intermediates: &intermediates, ..*basis });
            judge_token(&token, certificate, basis.at)
        }
        Err(error) => refuse_token(&error, basis.at),
    })
}

/// The answer about a verified token, whose unit's certificate was judged for a moment.
pub(crate) fn judge_token(
    token: &VerifiedToken,
    certificate: Verdict,
    checked_at: OffsetDateTime,
) -> TimestampVerdict {
    let reasons = certificate.reasons.iter().map(ToString::to_string).collect();
    let sub_indication = certificate.reasons.first().map(|reason| reason.sub_indication(Question::Signature));
    let statement = &token.statement;
    let statement = StatementView {
        at: statement.at,
        accuracy_milliseconds: statement.accuracy_milliseconds(),
        serial: statement.serial.clone(),
        policy: statement.policy.to_string(),
        sha256: token.sha256.clone(),
    };
    TimestampVerdict {
        statement: Some(statement),
        certificate: Some(certificate),
        ..conclude(sub_indication, reasons, checked_at)
    }
}

/// The answer about a token that does not hold.
pub(crate) fn refuse_token(error: &TokenError, checked_at: OffsetDateTime) -> TimestampVerdict {
    conclude(Some(error.sub_indication()), vec![error.to_string()], checked_at)
}

fn conclude(
    sub_indication: Option<SubIndication>,
    reasons: Vec<String>,
    checked_at: OffsetDateTime,
) -> TimestampVerdict {
    let indication = sub_indication.map_or(Indication::TotalPassed, SubIndication::indication);
    TimestampVerdict {
        answer: indication.answer(),
        indication,
        sub_indication,
        reasons,
        statement: None,
        certificate: None,
        checked_at,
    }
}
