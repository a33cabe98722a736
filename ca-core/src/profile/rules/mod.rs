//! Rules a profile must keep before anything is issued under it, so that lint never has to refuse a certificate for
//! what its profile says. Each rule cites its clause; "npki" marks rules of our own, stricter than any standard.

mod names;
mod policies;
mod statements;
mod terms;
mod usage;
mod validity;

use super::{BrokenRule, Profile};

/// A rule: goes on, or says what is broken.
type Rule = fn(&Profile) -> Result<(), BrokenRule>;

const RULES: [&[Rule]; 6] =
    [&names::RULES, &usage::RULES, &policies::RULES, &statements::RULES, &terms::RULES, &validity::RULES];

/// Every rule that the profile breaks.
pub(super) fn broken_by(profile: &Profile) -> Vec<BrokenRule> {
    RULES.iter().flat_map(|group| group.iter()).filter_map(|rule| rule(profile).err()).collect()
}

/// Refuses where `wrong` holds.
fn refuse_if(
    wrong: bool,
    key: &'static str,
    clause: &'static str,
    why: impl Into<String>,
) -> Result<(), BrokenRule> {
    if wrong { Err(BrokenRule::new(key, clause, why)) } else { Ok(()) }
}

/// Whether a value stands twice.
fn has_duplicates<T: PartialEq>(values: &[T]) -> bool {
    values.iter().enumerate().any(|(at, value)| values.iter().skip(at + 1).any(|other| other == value))
}

/// An absolute address of one of these schemes, in ASCII without blanks (RFC 3986 section 2).
fn is_address(text: &str, schemes: &[&str]) -> bool {
    let rest = schemes.iter().find_map(|scheme| text.strip_prefix(scheme)?.strip_prefix("://"));
    rest.is_some_and(|rest| !rest.is_empty() && !rest.starts_with('/'))
        && text.bytes().all(|b| b.is_ascii_graphic())
}
