//! The certificate against its profile: nothing missing, nothing added, nothing changed. Only what is issued here has one.

mod addresses;
mod alternative_names;
mod critical;
mod extended_key_usage;
mod extensions;
mod key_admitted;
mod key_identifier;
mod key_usage;
mod path_length;
mod policies;
mod private_key_usage;
mod registry_uri;
mod signature_algorithm;
mod statements;
mod subject;
mod validity;

use crate::lint::Rule;

pub(in crate::lint) const RULES: &[Rule] = &[
    signature_algorithm::RULE,
    key_admitted::RULE,
    key_identifier::RULE,
    subject::RULE,
    alternative_names::RULE,
    registry_uri::RULE,
    extensions::RULE,
    critical::RULE,
    key_usage::RULE,
    extended_key_usage::RULE,
    policies::RULE,
    path_length::RULE,
    addresses::RULE,
    statements::RULE,
    validity::RULE,
    private_key_usage::RULE,
];
