//! The subject is what the profile says, in its order.

use crate::lint::examined::Examined;
use crate::lint::{Rule, Severity, Verdict, ensure, ensure_or};
use crate::profile::{SubjectAttribute, ValueSource};

pub(in crate::lint) const RULE: Rule = Rule {
    id: "npki.subject",
    clause: "npki",
    severity: Severity::Error,
    says: "the subject is what the profile says, in its order",
    check,
};

/// Ours: the profile's attributes, in its order, required ones present, each value as the profile wants it. A foreign
/// CA's name is what it is: `npki.cross-subject` compares it.
fn check(examined: &Examined<'_>) -> Verdict {
    let Some(profile) = examined.profile().filter(|profile| profile.cross.is_none()) else { return Ok(()) };
    let mut found = examined.attributes().iter().peekable();
    for wanted in &profile.subject {
        match found.next_if(|attribute| attribute.kind == Some(wanted.attribute)) {
            Some(attribute) => value_fits(wanted, attribute.text)?,
            None => {
                ensure_or(!wanted.required, || format!("{} is missing or out of order", wanted.attribute))?
            }
        }
    }
    ensure(found.next().is_none(), "there are attributes that the profile does not have")
}

fn value_fits(wanted: &SubjectAttribute, value: &str) -> Verdict {
    let attribute = wanted.attribute;
    let fits = value.chars().count() <= wanted.max_length;
    ensure_or(fits, || format!("{attribute} is longer than the profile admits"))?;
    let matches = wanted.pattern.as_ref().is_none_or(|pattern| pattern.0.is_match(value));
    ensure_or(matches, || format!("{attribute} does not match the profile's pattern"))?;
    let fixed = matches!(&wanted.value, ValueSource::Fixed(fixed) if fixed != value);
    ensure_or(!fixed, || format!("{attribute} is not the profile's fixed value"))
}
