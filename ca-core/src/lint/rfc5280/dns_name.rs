//! DNS names have the preferred syntax.

use x509_parser::extensions::GeneralName;

use crate::lint::examined::Examined;
use crate::lint::{Rule, Severity, Verdict, ensure_or};

pub(in crate::lint) const RULE: Rule = Rule {
    id: "rfc5280.dns-name",
    clause: "RFC 5280 section 4.2.1.6",
    severity: Severity::Error,
    says: "DNS names have the preferred syntax",
    check,
};

/// RFC 5280 section 4.2.1.6: the preferred name syntax of RFC 1034 section 3.5, as RFC 1123 section 2.1 widens it.
fn check(examined: &Examined<'_>) -> Verdict {
    examined.alternative_names().iter().try_for_each(|name| match name {
        GeneralName::DNSName(name) => syntax(name),
        _ => Ok(()),
    })
}

fn syntax(name: &str) -> Verdict {
    ensure_or(!name.is_empty() && name.len() <= 253, || format!("{name:?} has not 1 to 253 octets"))?;
    // RFC 6125 section 6.4.3: a wildcard is the whole of the left-most label.
    let labels = name.strip_prefix("*.").unwrap_or(name).split('.');
    let mut last = "";
    for label in labels {
        let characters = label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        let ends = label.starts_with('-') || label.ends_with('-');
        ensure_or((1..=63).contains(&label.len()) && characters && !ends, || {
            format!("{name:?} has a bad label")
        })?;
        last = label;
    }
    // RFC 1123 section 2.1: the highest label is alphabetic, so that a name is never taken for an address.
    let digits = last.bytes().all(|byte| byte.is_ascii_digit());
    ensure_or(!digits, || format!("{name:?} is an address, not a name"))
}
