//! Name constraints constrain something, in the form of each kind of name.

use der::Decode;
use x509_cert::ext::pkix::NameConstraints;
use x509_cert::ext::pkix::constraints::name::GeneralSubtree;
use x509_cert::ext::pkix::name::GeneralName;

use crate::lint::examined::{Examined, extension};
use crate::lint::{Rule, Severity, Verdict, ensure, ensure_or};

pub(in crate::lint) const RULE: Rule = Rule {
    id: "rfc5280.name-constraints-form",
    clause: "RFC 5280 section 4.2.1.10",
    severity: Severity::Error,
    says: "name constraints constrain something, in the form of each kind of name",
    check,
};

/// RFC 5280 section 4.2.1.10: MUST NOT be an empty sequence; minimum is zero and maximum absent; an address is an address
/// and its mask, 8 or 32 octets.
fn check(examined: &Examined<'_>) -> Verdict {
    let Some(found) = examined.extension(extension::NAME_CONSTRAINTS) else { return Ok(()) };
    let constraints = NameConstraints::from_der(found.value).map_err(|error| error.to_string())?;
    let lists = [&constraints.permitted_subtrees, &constraints.excluded_subtrees];
    ensure(lists.iter().any(|list| list.is_some()), "it is empty")?;
    let mut lists = lists.into_iter().flatten();
    lists.try_for_each(|list| {
        ensure(!list.is_empty(), "a list is empty")?;
        list.iter().try_for_each(subtree)
    })
}

fn subtree(subtree: &GeneralSubtree) -> Verdict {
    ensure(subtree.minimum == 0 && subtree.maximum.is_none(), "minimum is not 0, or there is a maximum")?;
    match &subtree.base {
        GeneralName::IpAddress(octets) => {
            let octets = octets.as_bytes();
            ensure(matches!(octets.len(), 8 | 32), "an address has not 8 or 32 octets")?;
            let (_, mask) = octets.split_at(octets.len() / 2);
            ensure(is_prefix(mask), "a mask is no prefix (RFC 4632 section 3.1)")
        }
        GeneralName::DnsName(name) => {
            let name = name.as_str();
            ensure_or(!name.starts_with('.') && !name.contains('*'), || format!("{name:?} is no domain"))
        }
        _ => Ok(()),
    }
}

/// Ones, then zeros.
fn is_prefix(mask: &[u8]) -> bool {
    let ones: u32 = mask.iter().map(|octet| octet.leading_ones()).sum();
    let set: u32 = mask.iter().map(|octet| octet.count_ones()).sum();
    let full = mask.iter().take_while(|octet| **octet == 0xff).count();
    let partial = mask.get(full).map_or(0, |octet| octet.leading_ones());
    ones == set && u32::try_from(full * 8).is_ok_and(|full| full + partial == set)
}
