//! The signature algorithm is one of the issuer's key.

use x509_parser::prelude::FromDer;
use x509_parser::x509::AlgorithmIdentifier;

use super::{List, ListRule};
use crate::lint::algorithms;
use crate::lint::issuer::SigningKey;
use crate::lint::{Severity, Verdict, ensure};

pub(super) const RULE: ListRule = ListRule {
    id: "rfc5280.crl-signature-algorithm",
    clause: "RFC 5280 section 5.1.2.2",
    severity: Severity::Error,
    says: "the signature algorithm is one of the issuer's key",
    check,
};

/// RFC 5280 section 5.1.2.2: the algorithm that the CA signs with; section 5.1.1.2: beside the signature the same.
fn check(list: &List<'_>) -> Verdict {
    ensure(
        list.outer_algorithm.is_none_or(|outer| outer == list.algorithm),
        "the algorithm beside the signature is another one",
    )?;
    let Some(issuer) = &list.issuer_certificate else { return Ok(()) };
    let (_, algorithm) = AlgorithmIdentifier::from_der(list.algorithm).map_err(|error| error.to_string())?;
    let fits = algorithms::belong_together(SigningKey::of(issuer), &algorithm);
    ensure(fits, "it is not an algorithm of the issuing CA's key")
}
