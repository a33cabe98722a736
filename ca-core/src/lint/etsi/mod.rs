//! ETSI EN 319 412: certificates of natural persons (part 2), legal persons (part 3), and QCStatements (part 5).

pub(super) mod organisation;
pub(super) mod person;
pub(super) mod statements;

use super::examined::{Examined, extension};
use super::{Verdict, ensure};
use crate::profile::AttributeType;

/// Exactly one value of each of these.
fn exactly_one(examined: &Examined<'_>, attributes: &[AttributeType]) -> Verdict {
    attributes.iter().try_for_each(|attribute| {
        let count = examined.values(*attribute).len();
        ensure(count == 1, format!("{attribute} stands {count} times"))
    })
}

/// ETSI EN 319 412-2 section 4.3.2, table 1, as far as npki uses it: nonRepudiation alone (type A), digitalSignature
/// alone (type C). The other types mix uses of a key, which the section advises against.
fn key_usage_type(examined: &Examined<'_>) -> Verdict {
    use x509_parser::extensions::ParsedExtension;
    const DIGITAL_SIGNATURE: u16 = 1;
    const NON_REPUDIATION: u16 = 1 << 1;
    let flags = examined.parsed(|extension| match extension {
        ParsedExtension::KeyUsage(usage) => Some(usage.flags),
        _ => None,
    });
    ensure(matches!(flags, Some(DIGITAL_SIGNATURE | NON_REPUDIATION)), "it is neither type A nor type C")
}

/// ETSI EN 319 412-2 section 4.3: policyMappings, nameConstraints, policyConstraints and inhibitAnyPolicy are for CAs.
fn no_extensions_of_cas(examined: &Examined<'_>) -> Verdict {
    let forbidden = [
        extension::POLICY_MAPPINGS,
        extension::NAME_CONSTRAINTS,
        extension::POLICY_CONSTRAINTS,
        extension::INHIBIT_ANY_POLICY,
    ];
    match forbidden.into_iter().find(|oid| examined.extension(*oid).is_some()) {
        Some(oid) => Err(format!("{oid} is for CAs")),
        None => Ok(()),
    }
}

/// ETSI EN 319 412-2 section 4.4.1: where to ask whether it is revoked, and for the issuer's certificate.
fn authority_information_access(examined: &Examined<'_>) -> Verdict {
    let found = examined.extension(extension::AUTHORITY_INFORMATION_ACCESS).is_some();
    ensure(found, "there is none")
}

/// The country of an identifier in the form of ETSI EN 319 412-1 section 5.1: three letters that name the kind, or two
/// letters and a colon for a national scheme; the country; a hyphen; the identifier.
///
/// `kinds` are the three-letter kinds that this sort of subject may have.
fn identifier_form(identifier: &str, kinds: &[&str]) -> Verdict {
    let refused = || format!("{identifier:?} has not the form of an identifier");
    let (kind, rest) = identifier.split_at_checked(3).ok_or_else(refused)?;
    let (country, rest) = rest.split_at_checked(2).ok_or_else(refused)?;
    let national = kind.ends_with(':') && kind.bytes().take(2).all(|byte| byte.is_ascii_uppercase());
    ensure(national || kinds.contains(&kind), refused())?;
    ensure(country.bytes().all(|byte| byte.is_ascii_uppercase()), refused())?;
    ensure(rest.len() > 1 && rest.starts_with('-'), refused())
}

/// Whether an identifier belongs to a national scheme, whose registrar must be named (EN 319 412-1 section 5.1.3).
fn is_national(identifier: &str) -> bool {
    identifier.as_bytes().get(2) == Some(&b':')
}
