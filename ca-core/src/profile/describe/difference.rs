//! What differs between two profiles, in words.

use serde::Serialize;
use serde_json::{Value, json};

use super::{Audience, Part, Profile, Statement};

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// Of which part of the profile.
    pub part: Part,
    /// What it is about, where a part has several.
    pub about: Option<String>,
    /// What became of it.
    pub turn: Turn,
    /// The difference in words.
    pub words: String,
    /// Whom it concerns first.
    pub concerns: Audience,
    /// What it was, for programs; null where it is new.
    pub from: Value,
    /// What it is; null where it is gone.
    pub to: Value,
}

/// What became of a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Turn {
    /// It is new.
    Added,
    /// It is gone.
    Removed,
    /// It says something else.
    Changed,
}

impl Turn {
    /// A mark before a line.
    pub const fn mark(self) -> &'static str {
        match self {
            Self::Added => "+",
            Self::Removed => "-",
            Self::Changed => "~",
        }
    }
}

/// Everything in which two profiles differ, in the order of their parts; empty where both mean the same. Names are not
/// compared.
pub fn differences(before: &Profile, after: &Profile) -> Vec<Difference> {
    let (before, after) = (keyed(before.statements()), keyed(after.statements()));
    let mut found = Vec::new();
    for (key, was) in &before {
        match after.iter().find(|(other, _)| other == key) {
            Some((_, is)) if is.value == was.value => {}
            Some((_, is)) => found.push(Difference::changed(was, is)),
            None => found.push(Difference::removed(was)),
        }
    }
    let is_new = |(key, _): &&(Key, Statement)| !before.iter().any(|(other, _)| other == key);
    found.extend(after.iter().filter(is_new).map(|(_, is)| Difference::added(is)));
    found.extend(reordered(&before, &after));
    found.sort_by_key(|difference| difference.part);
    found
}

/// What a statement is about, and the how manyth about it: nothing forbids two of one name for good.
type Key = (Part, Option<String>, usize);

fn keyed(statements: Vec<Statement>) -> Vec<(Key, Statement)> {
    let mut keyed: Vec<(Key, Statement)> = Vec::with_capacity(statements.len());
    for statement in statements {
        let same =
            |((part, about, _), _): &&(Key, Statement)| *part == statement.part && *about == statement.about;
        let nth = keyed.iter().filter(same).count();
        keyed.push(((statement.part, statement.about.clone(), nth), statement));
    }
    keyed
}

/// Parts whose statements stand in another order; what only one of both has does not count.
fn reordered(before: &[(Key, Statement)], after: &[(Key, Statement)]) -> Vec<Difference> {
    let mut parts: Vec<_> =
        before.iter().map(|((part, ..), _)| *part).filter(|part| part.is_ordered()).collect();
    parts.dedup();
    let common = |part: Part, of: &[(Key, Statement)], other: &[(Key, Statement)]| {
        let shared = of.iter().map(|(key, _)| key).filter(|key| key.0 == part);
        let shared = shared.filter(|key| other.iter().any(|(candidate, _)| candidate == *key));
        shared.map(|(_, about, _)| about.clone().unwrap_or_default()).collect::<Vec<_>>()
    };
    let told = |part: Part| {
        let (was, is) = (common(part, before, after), common(part, after, before));
        (was != is).then(|| Difference {
            part,
            about: Some("order".to_owned()),
            turn: Turn::Changed,
            words: format!("{} instead of {}", is.join(", "), was.join(", ")),
            concerns: part.concerns(),
            from: json!(was),
            to: json!(is),
        })
    };
    parts.into_iter().filter_map(told).collect()
}

impl Difference {
    fn of(statement: &Statement, turn: Turn, words: String) -> Self {
        Self {
            part: statement.part,
            about: statement.about.clone(),
            turn,
            words,
            concerns: statement.part.concerns(),
            from: Value::Null,
            to: Value::Null,
        }
    }

    fn added(statement: &Statement) -> Self {
        Self { to: statement.value.clone(), ..Self::of(statement, Turn::Added, statement.words()) }
    }

    fn removed(statement: &Statement) -> Self {
        Self { from: statement.value.clone(), ..Self::of(statement, Turn::Removed, statement.words()) }
    }

    fn changed(was: &Statement, is: &Statement) -> Self {
        let words = match (was.measure, is.measure) {
            (Some(from), Some(to)) if from.amount != to.amount => {
                let [less, more] = to.verbs;
                let verb = if to.amount < from.amount { less } else { more };
                format!("{verb} from {} to {}", was.words(), is.words())
            }
            _ if was.says.len() == 1 && is.says.len() == 1 => {
                format!("{} (before: {})", is.words(), was.words())
            }
            _ => clauses(was, is),
        };
        Self { from: was.value.clone(), to: is.value.clone(), ..Self::of(is, Turn::Changed, words) }
    }
}

/// The clauses that only one of both has.
fn clauses(was: &Statement, is: &Statement) -> String {
    let only = |these: &Statement, others: &Statement, word: &str| {
        let these = these.says.iter().filter(|clause| !others.says.contains(clause));
        let these: Vec<_> = these.map(String::as_str).collect();
        (!these.is_empty()).then(|| format!("{word}: {}", these.join("; ")))
    };
    let told = [only(was, is, "no longer"), only(is, was, "now")];
    told.into_iter().flatten().collect::<Vec<_>>().join(". ")
}
