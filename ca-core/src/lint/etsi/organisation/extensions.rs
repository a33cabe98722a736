//! What is for CAs stands in no other certificate.

use crate::lint::Rule;
use crate::lint::etsi::person;

/// ETSI EN 319 412-3 section 4.3.1: as for natural persons.
pub(in crate::lint) const RULE: Rule =
    Rule { id: "etsi.organisation-extensions", ..person::extensions::RULE };
