//! No extension stands twice, and none is critical.

use super::{Answer, Rule};
use crate::lint::{Severity, Verdict, ensure_or};

pub(super) const RULE: Rule = Rule {
    id: "rfc6960.answer-extensions",
    clause: "RFC 6960 section 4.4",
    severity: Severity::Error,
    says: "no extension stands twice, and none is critical",
    check,
};

/// RFC 6960 section 4.4: as in certificates, where section 4.2 of RFC 5280 admits one of each. None that is defined for
/// answers has to be understood.
fn check(answer: &Answer<'_>) -> Verdict {
    let lists =
        std::iter::once(&answer.extensions).chain(answer.singles.iter().map(|single| &single.extensions));
    lists.flat_map(|list| list.iter().enumerate().map(move |(at, found)| (list, at, found))).try_for_each(
        |(list, at, found)| {
            ensure_or(!found.critical, || format!("{} is critical", found.name()))?;
            let again = list.iter().skip(at + 1).any(|other| other.is_same_as(found));
            ensure_or(!again, || format!("{} stands more than once", found.name()))
        },
    )
}
