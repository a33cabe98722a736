//! A common name is one of the alternative names, and there is at most one.

use x509_parser::extensions::GeneralName;

use crate::alternative_name::Name;
use crate::lint::examined::Examined;
use crate::lint::{Rule, Severity, Verdict, ensure, ensure_or};
use crate::profile::AttributeType;

pub(in crate::lint) const RULE: Rule = Rule {
    id: "cabf.common-name",
    clause: "CA/Browser Forum BR section 7.1.4.3",
    severity: Severity::Error,
    says: "a common name is one of the alternative names, and there is at most one",
    check,
};

/// CA/Browser Forum BR section 7.1.4.3: exactly one value, if any, which is one of the alternative names.
fn check(examined: &Examined<'_>) -> Verdict {
    let names = examined.alternative_names();
    ensure(examined.values(AttributeType::CommonName).count() <= 1, "there are several common names")?;
    examined.values(AttributeType::CommonName).try_for_each(|common| {
        let repeated = names.iter().any(|name| match name {
            GeneralName::DNSName(name) => *name == common,
            GeneralName::IPAddress(octets) => is_address(common, octets),
            _ => false,
        });
        ensure_or(repeated, || format!("common name {common:?} is not one of the alternative names"))
    })
}

/// RFC 5952 section 4: an address of version 6 in its one recommended form.
fn is_address(text: &str, octets: &[u8]) -> bool {
    Name::of_address(octets).is_some_and(|address| address.text() == text)
}
