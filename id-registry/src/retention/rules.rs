//! What is erased, when, and by which law.

use time::{Duration, OffsetDateTime};

use super::Matter;
use crate::identity::line;

/// The longest time that a rule may say, in days: a hundred years.
const MOST_DAYS: u32 = 36_525;

/// One rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// What it is about.
    pub matter: Matter,
    /// How long it is kept after it was decided, or after the identity was closed.
    pub days: u32,
    /// The act and section. It stands in the ledger with each erasure.
    pub basis: String,
}

impl Rule {
    /// Whether what ended at `since` has been kept long enough.
    pub(super) fn is_due(&self, since: OffsetDateTime, now: OffsetDateTime) -> bool {
        since + Duration::days(self.days.into()) <= now
    }
}

/// The rules of an installation, one for each matter at most.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RetentionRules(Vec<Rule>);

impl RetentionRules {
    /// Puts rules together from what is written: matter, days, basis.
    ///
    /// # Errors
    /// There is no such matter, two rules are about one, or days or basis do not fit; in words.
    pub fn checked<'a>(written: impl IntoIterator<Item = (&'a str, u32, &'a str)>) -> Result<Self, String> {
        let mut rules: Vec<Rule> = Vec::new();
        for (matter, days, basis) in written {
            let matter: Matter = matter.parse().map_err(|error| format!("matter {matter:?}: {error}"))?;
            if rules.iter().any(|rule| rule.matter == matter) {
                return Err(format!("two rules are about {matter}"));
            }
            let least = matter.least_days();
            if !(least..=MOST_DAYS).contains(&days) {
                return Err(format!("{matter}: days is {days}: give {least} to {MOST_DAYS}"));
            }
            let basis = line("basis", basis, 200).map_err(|error| format!("{matter}: {error}"))?;
            rules.push(Rule { matter, days, basis });
        }
        Ok(Self(rules))
    }

    /// All of them, in the order of the file.
    pub fn all(&self) -> &[Rule] {
        &self.0
    }

    pub(super) fn about(&self, matter: Matter) -> Option<&Rule> {
        self.0.iter().find(|rule| rule.matter == matter)
    }
}
