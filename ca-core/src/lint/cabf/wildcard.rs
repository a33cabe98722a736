//! A wildcard stands before a domain, not before a whole top-level domain.

use x509_parser::extensions::GeneralName;

use crate::lint::examined::Examined;
use crate::lint::{Rule, Severity, Verdict, ensure};

pub(in crate::lint) const RULE: Rule = Rule {
    id: "cabf.wildcard",
    clause: "CA/Browser Forum BR section 3.2.2.6",
    severity: Severity::Error,
    says: "a wildcard stands before a domain, not before a whole top-level domain",
    check,
};

/// CA/Browser Forum BR section 3.2.2.6: a wildcard is the whole left-most label, and not directly before a registry's
/// domain. Which domains are registries' is not known here; one label is never enough.
fn check(examined: &Examined<'_>) -> Verdict {
    let wide = |name: &GeneralName<'_>| {
        matches!(name, GeneralName::DNSName(name)
            if name.contains('*') && name.strip_prefix("*.").is_none_or(|rest| !rest.contains('.') || rest.contains('*')))
    };
    ensure(!examined.alternative_names().iter().any(wide), "a wildcard stands for too much")
}
