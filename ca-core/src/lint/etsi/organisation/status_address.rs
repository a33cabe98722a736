//! A responder tells whether it is revoked, or a CRL does.

use crate::lint::Rule;
use crate::lint::etsi::person;

/// As for natural persons: ETSI EN 319 412-2 section 4.4.1 makes no difference.
pub(in crate::lint) const RULE: Rule =
    Rule { id: "etsi.organisation-status-address", ..person::status_address::RULE };
