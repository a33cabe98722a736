//! Under public trust, every address is one of the public Internet.

use x509_parser::extensions::GeneralName;

use crate::lint::examined::Examined;
use crate::lint::{Rule, Severity, Verdict, ensure};

pub(in crate::lint) const RULE: Rule = Rule {
    id: "cabf.reserved-address",
    clause: "CA/Browser Forum BR section 4.2.2",
    severity: Severity::Error,
    says: "under public trust, every address is one of the public Internet",
    check,
};

/// CA/Browser Forum BR section 4.2.2: no Reserved IP Addresses (the registries of RFC 6890).
fn check(examined: &Examined<'_>) -> Verdict {
    let reserved = |name: &GeneralName<'_>| match name {
        GeneralName::IPAddress(octets) => match **octets {
            [a, b, c, d] => is_reserved_v4(a, b, c, d),
            [a, b, ..] => is_reserved_v6(a, b) || octets.iter().take(12).all(|octet| *octet == 0),
            _ => false,
        },
        _ => false,
    };
    ensure(!examined.alternative_names().iter().any(reserved), "an address is reserved")
}

const fn is_reserved_v4(a: u8, b: u8, c: u8, d: u8) -> bool {
    let address = std::net::Ipv4Addr::new(a, b, c, d);
    let shared = a == 100 && b & 0xc0 == 64;
    let benchmark = a == 198 && b & 0xfe == 18;
    a == 0
        || a >= 224
        || address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_documentation()
        || shared
        || benchmark
        || (a == 192 && b == 0 && c == 0)
}

/// Unique local, link-local and multicast addresses.
const fn is_reserved_v6(a: u8, b: u8) -> bool {
    a & 0xfe == 0xfc || (a == 0xfe && b & 0xc0 == 0x80) || a == 0xff
}
