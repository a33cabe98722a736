//! TLS servers: the CA/Browser Forum's Baseline Requirements.
//!
//! Under private trust names of internal networks, reserved addresses and the absence of the Forum's own policies are
//! admitted on purpose: no browser trusts this tree. Those rules hold for whatever claims public trust, which is what
//! asserting one of the Forum's policies means.

mod addresses;
mod common_name;
mod internal_name;
mod issuer_address;
mod key_usage;
mod names;
mod policies;
mod purpose;
mod purpose_alone;
mod reserved_address;
mod reserved_policy;
mod subject;
mod underscore;
mod validity;
mod wildcard;

use const_oid::ObjectIdentifier;

use super::Rule;
use super::examined::Examined;
use crate::profile::Oid;

pub(in crate::lint) const RULES: &[Rule] = &[
    names::RULE,
    common_name::RULE,
    wildcard::RULE,
    underscore::RULE,
    key_usage::RULE,
    purpose::RULE,
    purpose_alone::RULE,
    validity::RULE,
    issuer_address::RULE,
    subject::RULE,
    policies::RULE,
];

pub(in crate::lint) const PUBLIC_RULES: &[Rule] =
    &[reserved_policy::RULE, internal_name::RULE, reserved_address::RULE, addresses::RULE];

/// The arc of the Forum's policies: domain, organisation and individual validation, and extended validation.
const RESERVED: Oid = Oid(ObjectIdentifier::new_unwrap("2.23.140.1.2"));
const EXTENDED_VALIDATION: Oid = Oid(ObjectIdentifier::new_unwrap("2.23.140.1.1"));

/// CA/Browser Forum BR section 7.1.6.1.
fn is_reserved(policy: &Oid) -> bool {
    RESERVED.contains(policy) || *policy == EXTENDED_VALIDATION
}

/// Whether a certificate asserts one of the Forum's policies.
pub(super) fn claims_public_trust(examined: &Examined<'_>) -> bool {
    examined.policies().iter().any(is_reserved)
}
