//! What is signed is DER, to a second reader too.

use der::{Decode, Encode};
use x509_cert::TbsCertificate;

use crate::lint::examined::Examined;
use crate::lint::{Rule, Severity, Verdict, ensure};

pub(in crate::lint) const RULE: Rule = Rule {
    id: "rfc5280.der",
    clause: "RFC 5280 section 4.1",
    severity: Severity::Error,
    says: "what is signed is DER, to a second reader too",
    check,
};

/// RFC 5280 section 4.1: the to-be-signed data is DER. A second decoder and encoder, which shares nothing with the
/// reader, must give back the same bytes.
fn check(examined: &Examined<'_>) -> Verdict {
    let again = TbsCertificate::from_der(examined.bytes()).and_then(|tbs| tbs.to_der());
    let again = again.map_err(|error| format!("a second decoder refuses the bytes: {error}"))?;
    ensure(again == examined.bytes(), "a second encoder writes it otherwise")
}
