//! A directory name among the alternative names is not empty.

use x509_parser::extensions::GeneralName;

use crate::lint::examined::Examined;
use crate::lint::{Rule, Severity, Verdict, ensure};

pub(in crate::lint) const RULE: Rule = Rule {
    id: "rfc5280.directory-name",
    clause: "RFC 5280 section 4.2.1.6",
    severity: Severity::Error,
    says: "a directory name among the alternative names is not empty",
    check,
};

/// RFC 5280 sections 4.2.1.6 and 4.1.2.6: a directoryName follows the rules of subjects, and names somebody.
fn check(examined: &Examined<'_>) -> Verdict {
    let empty = |name: &GeneralName<'_>| matches!(name, GeneralName::DirectoryName(name) if name.iter_attributes().next().is_none());
    ensure(!examined.alternative_names().iter().any(empty), "a directoryName is empty")
}
