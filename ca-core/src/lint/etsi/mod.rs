//! ETSI EN 319 412: identifiers (part 1), certificates of natural persons (part 2), legal persons (part 3), and
//! QCStatements (part 5).

mod identifier;
pub(super) mod organisation;
pub(super) mod person;
pub(super) mod statement;
pub(super) mod statements;

use const_oid::ObjectIdentifier;

use super::examined::{Examined, extension};
use super::{Verdict, ensure_or};
use crate::profile::AttributeType;

/// What ETSI EN 319 412-2 section 4.3 keeps out of end-entity certificates.
const EXTENSIONS_OF_CAS: [ObjectIdentifier; 4] = [
    extension::POLICY_MAPPINGS,
    extension::NAME_CONSTRAINTS,
    extension::POLICY_CONSTRAINTS,
    extension::INHIBIT_ANY_POLICY,
];

/// What names an issuer (ETSI EN 319 412-2 section 4.2.3.1).
const ISSUER: [AttributeType; 3] =
    [AttributeType::Country, AttributeType::Organization, AttributeType::CommonName];

/// Exactly one value of each of these.
fn exactly_one(examined: &Examined<'_>, attributes: &[AttributeType]) -> Verdict {
    attributes.iter().try_for_each(|attribute| {
        let count = examined.values(*attribute).count();
        ensure_or(count == 1, || format!("{attribute} stands {count} times"))
    })
}
