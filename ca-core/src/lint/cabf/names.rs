//! A server is named by DNS names and addresses, and by at least one.

use x509_parser::extensions::GeneralName;

use crate::lint::examined::Examined;
use crate::lint::{Rule, Severity, Verdict, ensure};

pub(in crate::lint) const RULE: Rule = Rule {
    id: "cabf.names",
    clause: "CA/Browser Forum BR section 7.1.2.7.12",
    severity: Severity::Error,
    says: "a server is named by DNS names and addresses, and by at least one",
    check,
};

/// CA/Browser Forum BR section 7.1.2.7.12: at least one entry, dNSName or iPAddress. Their syntax is `rfc5280.dns-name`'s
/// and `rfc5280.ip-address`'s.
fn check(examined: &Examined<'_>) -> Verdict {
    let names = examined.alternative_names();
    ensure(!names.is_empty(), "there is none")?;
    names.iter().try_for_each(|name| match name {
        GeneralName::DNSName(_) | GeneralName::IPAddress(_) => Ok(()),
        other => Err(format!("{other} is neither dNSName nor iPAddress")),
    })
}
