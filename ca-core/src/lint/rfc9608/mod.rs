//! RFC 9608 and ETSI EN 319 412-1 section 5.2: certificates so short that nobody asks whether they are revoked.

mod alone;
mod form;
mod short_term;

use super::Rule;

pub(in crate::lint) const RULES: &[Rule] = &[form::RULE, alone::RULE, short_term::RULE];
