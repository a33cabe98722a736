//! The address of a registry's entry is https.

use x509_parser::extensions::GeneralName;

use crate::lint::examined::Examined;
use crate::lint::{Rule, Severity, Verdict, ensure};

pub(in crate::lint) const RULE: Rule = Rule {
    id: "npki.registry-uri",
    clause: "npki",
    severity: Severity::Error,
    says: "the address of a registry's entry is https",
    check,
};

/// Ours: what leads to a registry's entry is fetched over https.
fn check(examined: &Examined<'_>) -> Verdict {
    let other =
        |name: &GeneralName<'_>| matches!(name, GeneralName::URI(uri) if !uri.starts_with("https://"));
    ensure(!examined.alternative_names().iter().any(other), "a URI is not https")
}
