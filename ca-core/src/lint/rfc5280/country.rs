//! The country is a code of ISO 3166-1, in capitals.

use crate::lint::examined::Examined;
use crate::lint::{Rule, Severity, Verdict};
use crate::profile::AttributeType;

pub(in crate::lint) const RULE: Rule = Rule {
    id: "rfc5280.country",
    clause: "X.520 section 6.3.1",
    severity: Severity::Error,
    says: "the country is a code of ISO 3166-1, in capitals",
    check,
};

/// X.520 section 6.3.1: a two-letter ISO 3166 code, in capitals (EN 319 412-2 section 4.2.4).
fn check(examined: &Examined<'_>) -> Verdict {
    let code = |value: &str| value.len() == 2 && value.bytes().all(|byte| byte.is_ascii_uppercase());
    match examined.values(AttributeType::Country).find(|value| !code(value)) {
        Some(other) => Err(format!("{other:?} is no code of two capitals")),
        None => Ok(()),
    }
}
