//! A responder signs OCSP answers and does nothing else.

use crate::lint::examined::Examined;
use crate::lint::{Rule, Severity, Verdict, ensure};
use crate::profile::oids;

pub(in crate::lint) const RULE: Rule = Rule {
    id: "rfc6960.purpose",
    clause: "RFC 6960 section 4.2.2.2",
    severity: Severity::Error,
    says: "a responder signs OCSP answers and does nothing else",
    check,
};

/// RFC 6960 section 4.2.2.2: id-kp-OCSPSigning. CA/Browser Forum BR section 7.1.2.8.5: and no other.
fn check(examined: &Examined<'_>) -> Verdict {
    ensure(examined.purposes() == [oids::OCSP_SIGNING.0], "OCSPSigning does not stand alone")
}
