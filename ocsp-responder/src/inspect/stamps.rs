//! Time-stamp requests and replies.

use super::view::{Inspected, TimestampReplyView, TimestampRequestView, TimestampView};
use super::{message, names};
use crate::timestamp::{NoToken, RequestOutline, Statement, token_of_reply};

/// A request: one that a unit would refuse is shown, too.
pub(super) fn request(der: &[u8]) -> Option<Inspected> {
    let found = RequestOutline::read(der)?;
    Some(Inspected::TimestampRequest(TimestampRequestView {
        digest_algorithm: names::oid(&found.digest_algorithm),
        digest: found.digest,
        policy: found.policy,
        nonce: found.nonce,
        certificate_wanted: found.certificate_wanted,
        sha256: names::sha256(der),
    }))
}

/// A reply, with its token or why there is none.
pub(super) fn reply(der: &[u8]) -> Option<Inspected> {
    let (refusal, token) = match token_of_reply(der) {
        Ok(token) => (None, Some(message::view(&token))),
        Err(NoToken::Malformed) => return None,
        Err(refused) => (Some(refused.to_string()), None),
    };
    Some(Inspected::TimestampReply(TimestampReplyView { refusal, token, sha256: names::sha256(der) }))
}

/// What a token's content states.
pub(super) fn statement(content: &[u8]) -> Option<TimestampView> {
    let found = Statement::read(content).ok()?;
    Some(TimestampView {
        at: found.at,
        accuracy_milliseconds: found.accuracy_milliseconds(),
        digest_algorithm: names::oid(&found.digest.oid().to_string()),
        digest: found.digest_hex(),
        nonce: found.nonce_hex(),
        policy: found.policy.to_string(),
        serial: found.serial,
    })
}
