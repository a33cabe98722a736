//! RFC 3161 section 2.3: time-stamping units.

mod key_usage;
mod purpose;

use super::Rule;

pub(in crate::lint) const RULES: &[Rule] = &[purpose::RULE, key_usage::RULE];
