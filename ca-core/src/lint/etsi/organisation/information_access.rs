//! Where the issuer's certificate is can be found.

use crate::lint::Rule;
use crate::lint::etsi::person;

/// As for natural persons: ETSI EN 319 412-2 section 4.4.1 makes no difference.
pub(in crate::lint) const RULE: Rule =
    Rule { id: "etsi.organisation-information-access", ..person::information_access::RULE };
