//! Under public trust, every DNS name is one of the public DNS.

use x509_parser::extensions::GeneralName;

use crate::lint::examined::Examined;
use crate::lint::{Rule, Severity, Verdict, ensure};

pub(in crate::lint) const RULE: Rule = Rule {
    id: "cabf.internal-name",
    clause: "CA/Browser Forum BR section 4.2.2",
    severity: Severity::Error,
    says: "under public trust, every DNS name is one of the public DNS",
    check,
};

/// CA/Browser Forum BR section 4.2.2: no Internal Names. One label alone is one, and so is whatever ends in a name that
/// RFC 6761, RFC 6762 and RFC 8375 reserve, or in .internal.
fn check(examined: &Examined<'_>) -> Verdict {
    const RESERVED: [&str; 8] =
        ["local", "localhost", "internal", "test", "example", "invalid", "onion", "home.arpa"];
    let internal = |name: &GeneralName<'_>| {
        matches!(name, GeneralName::DNSName(name) if !name.contains('.')
            || RESERVED.iter().any(|end| name.strip_suffix(end).is_some_and(|rest| rest.ends_with('.'))))
    };
    ensure(!examined.alternative_names().iter().any(internal), "a DNS name is internal")
}
