//! An answer says which certificate it is about.

use super::{Answer, Rule};
use crate::lint::{Severity, Verdict, ensure};

pub(super) const RULE: Rule = Rule {
    id: "rfc6960.answer-serial-number",
    clause: "RFC 6960 section 4.1.1",
    severity: Severity::Error,
    says: "an answer says which certificate it is about",
    check,
};

const UNKNOWN: u8 = 0x82;

/// RFC 6960 section 4.1.1: digests of the issuer's name and key, of one length, and the serial number as it was asked. An
/// answer that it is unknown (section 4.2.1, [2]) repeats whatever was asked.
fn check(answer: &Answer<'_>) -> Verdict {
    answer.singles.iter().try_for_each(|single| {
        if single.status.tag == UNKNOWN {
            return Ok(());
        }
        let lengths = (single.name_digest.len(), single.key_digest.len());
        ensure(lengths.0 == lengths.1 && lengths.0 >= 20, "the issuer's digests are of different lengths")?;
        ensure(!single.serial.is_empty(), "there is no serial number")
    })
}
