//! A key either commits or authenticates.

use crate::lint::Rule;
use crate::lint::etsi::person;

/// ETSI EN 319 412-3 section 4.3.1: as for natural persons.
pub(in crate::lint) const RULE: Rule = Rule { id: "etsi.organisation-key-usage", ..person::key_usage::RULE };
