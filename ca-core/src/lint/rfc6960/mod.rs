//! RFC 6960 section 4.2.2.2: delegated OCSP responders.

mod key_usage;
mod no_check;
mod nothing_else;
mod purpose;

use super::Rule;

pub(in crate::lint) const RULES: &[Rule] =
    &[purpose::RULE, key_usage::RULE, no_check::RULE, nothing_else::RULE];
