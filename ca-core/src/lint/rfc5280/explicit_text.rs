//! The text of a notice is a UTF8String of at most 200 characters.

use super::qualifiers::{self, USER_NOTICE};
use crate::lint::examined::Examined;
use crate::lint::{Rule, Severity, Verdict, ensure};

pub(in crate::lint) const RULE: Rule = Rule {
    id: "rfc5280.explicit-text",
    clause: "RFC 5280 section 4.2.1.4",
    severity: Severity::Error,
    says: "the text of a notice is a UTF8String of at most 200 characters",
    check,
};

/// RFC 5280 section 4.2.1.4, as RFC 6818 section 3 changes it: explicitText SHOULD be UTF8String, MUST NOT be IA5String,
/// and has at most 200 characters. Here UTF8String, without control characters.
fn check(examined: &Examined<'_>) -> Verdict {
    qualifiers::each(examined, |id, value| {
        let Some((tag, text)) = qualifiers::explicit_text(value).filter(|_| id == USER_NOTICE) else {
            return Ok(());
        };
        ensure(tag == qualifiers::UTF8_STRING, "a notice's text is no UTF8String")?;
        let text = std::str::from_utf8(text).map_err(|_| "a notice's text is not UTF-8")?;
        ensure((1..=200).contains(&text.chars().count()), "a notice's text has not 1 to 200 characters")?;
        ensure(!text.contains(char::is_control), "a notice's text has control characters")
    })
}
