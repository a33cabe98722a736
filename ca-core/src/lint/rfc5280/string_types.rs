//! Names are PrintableString or UTF8String, of characters that these have.

use super::attributes::each;
use crate::lint::examined::Examined;
use crate::lint::{Rule, Severity, Verdict, ensure_or};

pub(in crate::lint) const RULE: Rule = Rule {
    id: "rfc5280.string-types",
    clause: "RFC 5280 section 4.1.2.4",
    severity: Severity::Error,
    says: "names are PrintableString or UTF8String, of characters that these have",
    check,
};

/// RFC 5280 section 4.1.2.4: PrintableString or UTF8String. X.520 sections 6.2.9 and 6.3.1: country and serial number
/// are PrintableString.
fn check(examined: &Examined<'_>) -> Verdict {
    const PRINTABLE: u32 = 19;
    const UTF8: u32 = 12;
    each(examined, |kind, attribute| {
        let printable = attribute.tag == PRINTABLE;
        let admitted = printable || (!kind.is_printable_string() && attribute.tag == UTF8);
        ensure_or(admitted, || format!("{kind} is of the ASN.1 type with tag {}", attribute.tag))?;
        let characters =
            attribute.octets.iter().all(|octet| crate::profile::is_printable(char::from(*octet)));
        ensure_or(!printable || characters, || format!("{kind} has characters outside PrintableString"))
    })
}
