//! No part of a name is empty, has blanks around it, or control characters in it.

use super::attributes::each;
use crate::lint::examined::Examined;
use crate::lint::{Rule, Severity, Verdict, ensure_or};

pub(in crate::lint) const RULE: Rule = Rule {
    id: "rfc5280.blanks",
    clause: "RFC 5280 section 7.1",
    severity: Severity::Warning,
    says: "no part of a name is empty, has blanks around it, or control characters in it",
    check,
};

/// RFC 5280 section 7.1 compares names without outer blanks, so two subjects could look different and be the same.
/// A value that does not show at all is refused as well.
fn check(examined: &Examined<'_>) -> Verdict {
    each(examined, |kind, attribute| {
        let text = attribute.text;
        ensure_or(!text.is_empty(), || format!("{kind} is empty or cannot be read"))?;
        ensure_or(text.trim() == text, || format!("{kind} has blanks around it"))?;
        ensure_or(!text.contains(char::is_control), || format!("{kind} has control characters"))
    })
}
