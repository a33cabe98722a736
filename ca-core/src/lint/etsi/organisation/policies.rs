//! A policy is named, and not critical.

use crate::lint::Rule;
use crate::lint::etsi::person;

/// As for natural persons: ETSI EN 319 412-2 section 4.3.3 makes no difference.
pub(in crate::lint) const RULE: Rule = Rule { id: "etsi.organisation-policies", ..person::policies::RULE };
