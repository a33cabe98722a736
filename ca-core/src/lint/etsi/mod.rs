//! ETSI EN 319 412: identifiers (part 1), certificates of natural persons (part 2), legal persons (part 3), and
//! QCStatements (part 5).

mod identifier;
pub(super) mod organisation;
pub(super) mod person;
pub(super) mod statement;
pub(super) mod statements;

use super::examined::Examined;
use super::{Verdict, ensure_or};
use crate::profile::AttributeType;

/// Exactly one value of each of these.
fn exactly_one(examined: &Examined<'_>, attributes: &[AttributeType]) -> Verdict {
    attributes.iter().try_for_each(|attribute| {
        let count = examined.values(*attribute).count();
        ensure_or(count == 1, || format!("{attribute} stands {count} times"))
    })
}
