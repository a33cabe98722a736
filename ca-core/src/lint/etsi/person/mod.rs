//! ETSI EN 319 412-2: certificates of natural persons.

pub(super) mod extensions;
mod identifier;
pub(super) mod information_access;
pub(super) mod issuer;
pub(super) mod key_usage;
pub(super) mod policies;
mod pseudonym;
pub(super) mod status_address;
mod subject;

use crate::lint::Rule;

pub(in crate::lint) const RULES: &[Rule] = &[
    subject::RULE,
    pseudonym::RULE,
    identifier::RULE,
    key_usage::RULE,
    extensions::RULE,
    policies::RULE,
    information_access::RULE,
    status_address::RULE,
    issuer::RULE,
];
