//! Words for what profiles name by identifiers and keywords.

use time::Duration;

use crate::profile::{KeyUsage, NameSource, Pattern, ValueSource};

/// Certificate policies that others have defined.
const POLICIES: [(&str, &str); 9] = [
    ("0.4.0.2042.1.1", "NCP: normalised certificate policy (ETSI EN 319 411-1)"),
    ("0.4.0.2042.1.2", "NCP+: the key is in a secure device (ETSI EN 319 411-1)"),
    ("0.4.0.2042.1.3", "LCP: lightweight certificate policy (ETSI EN 319 411-1)"),
    ("0.4.0.2023.1.1", "BTSP: best practices for time-stamps (ETSI EN 319 421)"),
    ("2.5.29.32.0", "any policy (RFC 5280 section 4.2.1.4)"),
    ("2.23.140.1.1", "extended validation (CA/Browser Forum)"),
    ("2.23.140.1.2.1", "domain validated (CA/Browser Forum)"),
    ("2.23.140.1.2.2", "organisation validated (CA/Browser Forum)"),
    ("2.23.140.1.2.3", "individual validated (CA/Browser Forum)"),
];

/// The arc for documentation (RFC 5612): nobody's own.
const EXAMPLES: &str = "1.3.6.1.4.1.32473.";

/// What a policy's identifier means, where that is known.
pub(super) fn policy(oid: &str) -> Option<String> {
    let known = POLICIES.iter().find(|(known, _)| *known == oid).map(|(_, name)| (*name).to_owned());
    known.or_else(|| is_example(oid).then(|| "an example identifier, no country's own (RFC 5612)".to_owned()))
}

/// Whether an object identifier is for documentation only.
pub(in crate::profile) fn is_example(oid: &str) -> bool {
    oid.starts_with(EXAMPLES)
}

/// What an extended key usage means, where that is known.
pub(super) fn purpose(name: &str) -> &'static str {
    match name {
        "client-auth" => "logs in to servers (TLS client)",
        "server-auth" => "is a TLS server",
        "ocsp-signing" => "answers for its CA whether certificates are revoked",
        "time-stamping" => "signs time-stamps",
        "document-signing" => "signs documents (RFC 9336)",
        "1.3.6.1.5.5.7.3.4" => "protects e-mail",
        "1.3.6.1.5.5.7.3.3" => "signs program code",
        "1.3.6.1.4.1.311.20.2.2" => "logs in to Windows by smart card",
        _ => "a purpose that npki has no name for",
    }
}

pub(super) const fn key_usage(usage: KeyUsage) -> &'static str {
    match usage {
        KeyUsage::DigitalSignature => "signs what proves who is there: logging in, TLS",
        KeyUsage::NonRepudiation => "commits its holder to what is signed",
        KeyUsage::KeyEncipherment => "has keys encrypted to it; written for RSA keys only",
        KeyUsage::KeyCertSign => "signs certificates",
        KeyUsage::CrlSign => "signs CRLs",
    }
}

/// Where a value of the subject comes from.
pub(super) fn source(value: &ValueSource) -> String {
    match value {
        ValueSource::Fixed(fixed) => format!("always {fixed:?}"),
        ValueSource::Fact(fact) => format!("the registry's {fact}"),
        ValueSource::Request => PROPOSED.to_owned(),
    }
}

pub(super) const PROPOSED: &str = "proposed by the applicant, approved by an officer";

pub(super) const fn name_source(source: NameSource) -> &'static str {
    match source {
        NameSource::Registry => "registry",
        NameSource::Request => "request",
    }
}

/// A pattern as its author wrote it.
pub(super) fn pattern(pattern: &Pattern) -> String {
    let whole = pattern.0.as_str();
    let inner = whole.strip_prefix("^(?:").and_then(|rest| rest.strip_suffix(")$"));
    inner.map_or_else(|| whole.to_owned(), |inner| format!("^{inner}$"))
}

/// How long something lasts.
pub(super) fn duration(duration: Duration) -> String {
    let hours = duration.whole_hours();
    match (hours / 24, hours % 24) {
        (1, 0) => "1 day".to_owned(),
        (days, 0) => format!("{days} days"),
        _ if hours == 1 => "1 hour".to_owned(),
        _ => format!("{hours} hours"),
    }
}
