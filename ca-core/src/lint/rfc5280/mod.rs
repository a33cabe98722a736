//! RFC 5280, with its updates RFC 6818, 9549 and 9598: the certificate profile of the Internet.

pub(in crate::lint) mod above;
mod address;
mod alternative_names;
mod any_purpose;
mod attributes;
mod authority_key_identifier;
mod authority_key_identifier_pair;
mod basic_constraints;
mod blanks;
mod country;
mod criticality;
mod criticality_recommended;
mod crl_address;
mod directory_name;
mod distinguished_encoding;
mod distribution_points;
mod dns_name;
mod explicit_text;
mod extended_key_usage;
mod extension_contents;
mod extensions_once;
mod information_access;
mod inhibit_any_policy;
mod ip_address;
mod issuer_is_ca;
mod issuer_key_identifier;
mod issuer_name;
mod issuer_names;
mod issuer_path_length;
mod issuer_policies;
mod issuer_present;
mod key_agreement_bits;
mod key_cert_sign;
mod key_usage;
pub(in crate::lint) mod moment;
mod name_constraints;
mod name_constraints_form;
mod path_length;
mod policies;
mod policy_constraints;
mod policy_mappings;
mod policy_qualifiers;
mod qualifiers;
mod rfc822_name;
mod serial_number;
mod signature_algorithm;
mod signature_algorithms_equal;
mod string_types;
mod subject_key_identifier;
mod subject_key_identifier_advised;
mod subject_present;
mod subtree;
mod unique_identifiers;
mod upper_bounds;
mod uri;
mod validity_encoding;
mod validity_order;
mod version;

use super::Rule;

pub(in crate::lint) const RULES: &[Rule] = &[
    distinguished_encoding::RULE,
    version::RULE,
    serial_number::RULE,
    signature_algorithm::RULE,
    signature_algorithms_equal::RULE,
    issuer_present::RULE,
    validity_order::RULE,
    validity_encoding::RULE,
    unique_identifiers::RULE,
    extensions_once::RULE,
    extension_contents::RULE,
    criticality::RULE,
    criticality_recommended::RULE,
    key_usage::RULE,
    key_cert_sign::RULE,
    key_agreement_bits::RULE,
    basic_constraints::RULE,
    path_length::RULE,
    subject_key_identifier::RULE,
    subject_key_identifier_advised::RULE,
    authority_key_identifier::RULE,
    authority_key_identifier_pair::RULE,
    policies::RULE,
    policy_qualifiers::RULE,
    explicit_text::RULE,
    policy_mappings::RULE,
    policy_constraints::RULE,
    inhibit_any_policy::RULE,
    name_constraints::RULE,
    name_constraints_form::RULE,
    alternative_names::RULE,
    dns_name::RULE,
    rfc822_name::RULE,
    uri::RULE,
    ip_address::RULE,
    directory_name::RULE,
    extended_key_usage::RULE,
    any_purpose::RULE,
    distribution_points::RULE,
    crl_address::RULE,
    information_access::RULE,
    issuer_name::RULE,
    issuer_is_ca::RULE,
    issuer_path_length::RULE,
    issuer_policies::RULE,
    issuer_key_identifier::RULE,
    issuer_names::RULE,
];

/// The subject's name, where it is the issuer's to choose.
pub(in crate::lint) const NAME_RULES: &[Rule] =
    &[subject_present::RULE, string_types::RULE, upper_bounds::RULE, blanks::RULE, country::RULE];
