//! Every fault of a profile's file, for whoever writes it. What issues stops at the first ([`Profile::from_toml`]); here
//! it is read on, as if the nearest word had been written.

use super::{Place, Profile, ProfileError, file, place};

/// How many faults of one file are told: whoever has more of them has another kind of file.
const MOST: usize = 50;

/// One thing that is wrong with a profile's file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// What kind of fault it is.
    pub kind: FaultKind,
    /// The line, from 1, where it is known.
    pub line: Option<usize>,
    /// The character of the line, from 1, where it is known.
    pub column: Option<usize>,
    /// What is wrong.
    pub what: String,
    /// The most similar word that there is.
    pub nearest: Option<String>,
    /// Where the rule stands that is broken.
    pub clause: Option<&'static str>,
}

/// What kind of fault it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultKind {
    /// The file's name cannot be a profile's.
    Name,
    /// It is not TOML, or a key is missing or of another type.
    Malformed,
    /// A key that profiles do not have.
    UnknownKey,
    /// A word that is none of those that the key may have.
    UnknownValue,
    /// Certificates of it would break a rule.
    Rule,
}

impl Profile {
    /// Reads a profile from TOML and checks it; `id` is the file's stem.
    ///
    /// # Errors
    /// Everything that is wrong with it, in the order of the lines. What [`Profile::from_toml`] takes has no fault.
    pub fn examine(id: &str, text: &str) -> Result<Self, Vec<Fault>> {
        let mut faults = Vec::new();
        let mut reading = text.to_owned();
        loop {
            let error = match file::read(id, id, &reading) {
                Ok(profile) if faults.is_empty() => return Ok(profile),
                Ok(_) => break,
                Err(error) => error,
            };
            let found = of(&error, &reading);
            let further = next(&error, &reading);
            faults.extend(found.into_iter().filter(|fault| !faults.contains(fault)).collect::<Vec<_>>());
            match further {
                Some(further) if faults.len() < MOST => reading = further,
                _ => break,
            }
        }
        faults.sort_by_key(|fault| (fault.line, fault.column));
        Err(faults)
    }
}

fn of(error: &ProfileError, text: &str) -> Vec<Fault> {
    let fault = |kind, place: Option<&Place>, what: String, nearest: Option<&String>| Fault {
        kind,
        line: place.and_then(|place| place.line).and_then(long),
        column: place.and_then(|place| place.column).and_then(long),
        what,
        nearest: nearest.cloned(),
        clause: None,
    };
    match error {
        ProfileError::UnknownKey { found, place, nearest } => {
            let what = format!("profiles have no key `{found}` here");
            vec![fault(FaultKind::UnknownKey, Some(place), what, nearest.as_ref())]
        }
        ProfileError::UnknownValue { found, place, nearest } => {
            let what = format!("`{found}` is none of the values that this may have");
            vec![fault(FaultKind::UnknownValue, Some(place), what, nearest.as_ref())]
        }
        ProfileError::Malformed { place, message } => {
            vec![fault(FaultKind::Malformed, Some(place), message.clone(), None)]
        }
        ProfileError::Rules { broken, .. } => broken
            .iter()
            .map(|rule| {
                let (line, column) = place::of_key(text, rule.key).unzip();
                let what = format!("`{}`: {}", rule.key, rule.why);
                let clause = Some(rule.clause);
                Fault { line, column, clause, ..fault(FaultKind::Rule, None, what, None) }
            })
            .collect(),
        ProfileError::Name(_) => vec![fault(FaultKind::Name, None, error.to_string(), None)],
        ProfileError::File { .. } | ProfileError::NoProfiles(_) => {
            vec![fault(FaultKind::Malformed, None, error.to_string(), None)]
        }
    }
}

fn long(number: u32) -> Option<usize> {
    usize::try_from(number).ok()
}

/// The text with an unknown word as it was probably meant, or left out; `None` where that cannot be told.
fn next(error: &ProfileError, text: &str) -> Option<String> {
    let (found, place, nearest, is_key) = match error {
        ProfileError::UnknownKey { found, place, nearest } => (found, place, nearest.as_deref(), true),
        ProfileError::UnknownValue { found, place, nearest } => (found, place, nearest.as_deref(), false),
        _ => return None,
    };
    let start = place::offset(text, long(place.line?)?, long(place.column?)?)?;
    let line_end = text.get(start..)?.find('\n').map_or(text.len(), |length| start + length);
    let word = start + text.get(start..line_end)?.find(found.as_str())?;
    let meant = nearest.map(|nearest| {
        let mut meant = text.to_owned();
        meant.replace_range(word..word + found.len(), nearest);
        meant
    });
    let left_out = is_key.then(|| {
        let line_start = text.get(..start).and_then(|before| before.rfind('\n')).map_or(0, |at| at + 1);
        let mut left_out = text.to_owned();
        left_out.insert_str(line_start, "# ");
        left_out
    });
    // The key that was meant may stand there already.
    meant.into_iter().chain(left_out).find(|text| text.parse::<toml::Table>().is_ok())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::profile::tests::edited;

    /// Faults of a built-in profile in which passages were changed, each as `line:column kind nearest`.
    fn faults(name: &str, changes: &[(&str, &str)]) -> Vec<String> {
        let text = edited(name, changes);
        let told = |fault: &Fault| {
            let nearest = fault.nearest.as_deref().unwrap_or("-");
            let stands = fault.line.zip(fault.column).is_some();
            format!("{:?} {nearest} {}", fault.kind, if stands { "placed" } else { "nowhere" })
        };
        let told: Vec<_> =
            Profile::examine(name, &text).map_or_else(|all| all.iter().map(told).collect(), |_| Vec::new());
        assert_eq!(
            told.is_empty(),
            Profile::from_toml(name, &text).is_ok(),
            "{name}: what issues reads it otherwise"
        );
        told
    }

    #[test]
    fn reading_goes_on_after_a_fault() {
        assert_eq!(faults("device", &[]), [""; 0]);
        let changes = [
            ("validity_days", "validity_dais"),
            ("max_length", "max_lenght"),
            ("approvals = 0", "approvals = 3"),
            ("kind = \"end-entity\"", "kind = \"end-entty\""),
        ];
        let mut told = faults("device", &changes);
        told.sort();
        let expected = [
            "Rule - placed",
            "UnknownKey max_length placed",
            "UnknownKey validity_days placed",
            "UnknownValue end-entity placed",
        ];
        assert_eq!(told, expected);
        // What nobody could have meant is left out, and what is meant may stand there already.
        assert_eq!(faults("device", &[("title", "zzz = 1\ntitle")]), ["UnknownKey - placed"]);
        assert_eq!(faults("device", &[("title", "titel = \"x\"\ntitle")]), ["UnknownKey title placed"]);
        assert_eq!(faults("device", &[("title = ", "title ")]), ["Malformed - placed"]);
        assert_eq!(faults("device", &[("[vetting]", "[vettting]")]).len(), 1);
    }

    #[test]
    fn places_count_characters() {
        let text = "a = 1\n  ü = 2\n[[subject]]\nsubject_x = 1\n";
        assert_eq!(place::of_key(text, "subject"), Some((3, 1)));
        assert_eq!(place::of_key(text, "ü"), Some((2, 3)));
        assert_eq!(place::of_key(text, "b"), None);
        assert_eq!(place::offset(text, 2, 5), Some(11));
        assert_eq!(place::offset(text, 9, 1), None);
        assert_eq!(place::offset(text, 0, 0), None);
        let broken = "title = \"x\"\nkind = \"ééé\" x\n";
        let faults = Profile::examine("device", broken).unwrap_err();
        assert_eq!((faults[0].line, faults[0].column), (Some(2), Some(14)), "{faults:?}");
    }
}
