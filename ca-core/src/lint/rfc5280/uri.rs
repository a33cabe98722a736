//! URIs are absolute, with a host.

use x509_parser::extensions::GeneralName;

use crate::lint::examined::Examined;
use crate::lint::{Rule, Severity, Verdict, ensure_or};

pub(in crate::lint) const RULE: Rule = Rule {
    id: "rfc5280.uri",
    clause: "RFC 5280 section 4.2.1.6",
    severity: Severity::Error,
    says: "URIs are absolute, with a host",
    check,
};

/// RFC 5280 section 4.2.1.6: MUST NOT be relative, MUST have a scheme and a scheme-specific part; with an authority, its
/// host is a name or an address. RFC 3986 section 2: ASCII without blanks.
fn check(examined: &Examined<'_>) -> Verdict {
    examined.alternative_names().iter().try_for_each(|name| match name {
        GeneralName::URI(uri) => ensure_or(is_absolute(uri), || format!("{uri:?} is no absolute URI")),
        _ => Ok(()),
    })
}

fn is_absolute(uri: &str) -> bool {
    let Some((scheme, rest)) = uri.split_once(':') else { return false };
    let letters = scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    let begins = scheme.bytes().next().is_some_and(|byte| byte.is_ascii_alphabetic());
    let host = rest.strip_prefix("//").is_none_or(|rest| !rest.is_empty() && !rest.starts_with('/'));
    letters && begins && host && !rest.is_empty() && uri.bytes().all(|byte| byte.is_ascii_graphic())
}
