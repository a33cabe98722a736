//! The signature algorithm is one of the issuer's key.

use crate::lint::algorithms;
use crate::lint::examined::Examined;
use crate::lint::{Rule, Severity, Verdict, ensure};

pub(in crate::lint) const RULE: Rule = Rule {
    id: "rfc5280.signature-algorithm",
    clause: "RFC 5280 section 4.1.2.3",
    severity: Severity::Error,
    says: "the signature algorithm is one of the issuer's key",
    check,
};

/// RFC 5280 section 4.1.2.3: the algorithm that the CA signs with, which its key's kind decides.
fn check(examined: &Examined<'_>) -> Verdict {
    let Some(signer) = examined.signer() else { return Ok(()) };
    let fits = algorithms::belong_together(signer, &examined.tbs().signature);
    ensure(fits, "it is not an algorithm of the issuing CA's key")
}
