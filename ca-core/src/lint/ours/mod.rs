//! Rules of our own, which hold for certificates of any origin; and under `profile`, those that compare a certificate with
//! its profile.

mod critical_known;
pub(super) mod cross;
mod issuer_by_key;
mod key_of_its_own;
mod key_sound;
mod key_usage_present;
mod no_any_purpose;
pub(super) mod profile;
mod serial_entropy;
mod status_known;
mod subject_flat;
mod within_issuer;

use super::Rule;

pub(in crate::lint) const RULES: &[Rule] = &[
    serial_entropy::RULE,
    key_sound::RULE,
    key_of_its_own::RULE,
    within_issuer::RULE,
    issuer_by_key::RULE,
    no_any_purpose::RULE,
    critical_known::RULE,
    key_usage_present::RULE,
    status_known::RULE,
];

/// The subject's name, where it is the issuer's to choose.
pub(in crate::lint) const NAME_RULES: &[Rule] = &[subject_flat::RULE];
