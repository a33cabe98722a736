//! What is signed is DER, to a second reader too.

use crate::csr::strict::{self, Fault};
use crate::lint::encoded_extensions::Extensions;
use crate::lint::examined::Examined;
use crate::lint::{Rule, Severity, Verdict};

pub(in crate::lint) const RULE: Rule = Rule {
    id: "rfc5280.der",
    clause: "RFC 5280 section 4.1",
    severity: Severity::Error,
    says: "what is signed is DER, to a second reader too",
    check,
};

/// RFC 5280 section 4.1: the to-be-signed data is DER. A second reader, which shares nothing with the first, looks at every
/// element, and for what only the type can tell: that a critical of FALSE, the default, is left out (X.690 section 11.5).
/// What is inside the extensions is `rfc5280.extension-contents`.
fn check(examined: &Examined<'_>) -> Verdict {
    strict::check(examined.bytes()).map_err(|fault| in_words(&fault))?;
    Extensions::of(examined.encoded_extensions()).try_for_each(|extension| extension.map(|_| ()))
}

fn in_words(fault: &Fault) -> String {
    match fault {
        Fault::Truncated { .. } => "the bytes are cut off".to_owned(),
        Fault::Trailing { octets } => format!("{octets} octets follow"),
        Fault::Broken { offset, rule } => format!("at octet {offset}: {rule}"),
    }
}
