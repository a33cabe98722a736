//! The signature algorithm is written as npki writes it.

use der::Encode;

use crate::algorithm::SignatureAlgorithm;
use crate::lint::examined::{Examined, Field};
use crate::lint::{Rule, Severity, Verdict, ensure};

pub(in crate::lint) const RULE: Rule = Rule {
    id: "npki.signature-algorithm",
    clause: "RFC 5280 section 4.1.2.3",
    severity: Severity::Error,
    says: "the signature algorithm is one that npki signs with, in the octets that its specification asks for",
    check,
};

/// RFC 5280 section 4.1.2.3: the algorithm that the CA signs with, one of those for its key, in the octets that its
/// specification asks for. A stranger's RSASSA-PSS may have other parameters; ours has not.
fn check(examined: &Examined<'_>) -> Verdict {
    let kind = examined.signer_kind().ok_or("the issuer is not known")??;
    let key = kind.algorithm().ok_or_else(|| format!("npki signs with no {kind} keys"))?;
    let found = examined.field(Field::Algorithm)?.to_der().map_err(|error| error.to_string())?;
    let written = |algorithm: &SignatureAlgorithm| algorithm.identifier() == found;
    let fits = key.signature_algorithms().iter().any(written);
    ensure(fits, "it is not the algorithm of the issuing CA's key")
}
