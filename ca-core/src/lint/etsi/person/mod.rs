//! ETSI EN 319 412-2: certificates of natural persons.

mod extensions;
mod identifier;
mod information_access;
mod issuer;
mod key_usage;
mod policies;
mod pseudonym;
mod status_address;
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
