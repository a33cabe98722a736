//! The attributes of a subject, as far as profiles have them.

use crate::lint::Verdict;
use crate::lint::examined::{Attribute, Examined};
use crate::profile::AttributeType;

/// Checks each in turn. Types that no profile has are refused by `npki.subject` in what is issued here.
pub(super) fn each(
    examined: &Examined<'_>,
    check: impl Fn(AttributeType, &Attribute<'_>) -> Verdict,
) -> Verdict {
    examined.attributes().iter().try_for_each(|attribute| match attribute.kind {
        Some(kind) => check(kind, attribute),
        None => Ok(()),
    })
}
