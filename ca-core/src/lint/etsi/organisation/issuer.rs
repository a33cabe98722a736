//! The issuer is named by country, organisation and common name.

use crate::lint::Rule;
use crate::lint::etsi::person;

/// ETSI EN 319 412-3 section 4.2: as for natural persons.
pub(in crate::lint) const RULE: Rule = Rule { id: "etsi.organisation-issuer", ..person::issuer::RULE };
