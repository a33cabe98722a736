//! A cross-certificate against the terms that it was made for (RFC 5280 sections 3.2, 4.2.1.5, 4.2.1.10, 4.2.1.11).

mod name_constraints;
mod period;
mod policy_constraints;
mod policy_mappings;
mod subject;

use super::Rule;
use crate::lint::examined::Examined;
use crate::profile::CrossCertification;

pub(in crate::lint) const RULES: &[Rule] =
    &[subject::RULE, name_constraints::RULE, policy_mappings::RULE, policy_constraints::RULE, period::RULE];

/// Whether it is issued here to a foreign CA.
pub(in crate::lint) fn is_cross(examined: &Examined<'_>) -> bool {
    examined.profile().is_some_and(|profile| profile.cross.is_some())
}

fn terms<'a>(examined: &Examined<'a>) -> Result<&'a CrossCertification, String> {
    let terms = examined.profile().and_then(|profile| profile.cross.as_ref());
    terms.ok_or_else(|| "there are no terms".to_owned())
}
