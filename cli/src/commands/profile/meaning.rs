//! What a changed profile means, told wherever somebody is about to decide: when it is compared, proposed or approved.

use ca_core::profile::Profile;
use ca_core::profile::describe::{Audience, Difference, Statement, differences};
use serde::Serialize;

/// What a text means beside the one before.
#[derive(Debug, Default, Serialize)]
pub struct Change {
    /// What differs; null where nothing was before, or it cannot be told.
    pub differences: Option<Vec<Difference>>,
    /// All that it says, where nothing was before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub statements: Option<Vec<Statement>>,
    /// Why it cannot be told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub untold: Option<String>,
}

impl Change {
    /// Compares a text with the one before; none was where the profile is new.
    pub fn of(name: &str, former: Option<&str>, text: &str) -> Self {
        let read = |text: &str| Profile::from_toml(name, text).map_err(|error| error.to_string());
        let told = read(text).and_then(|profile| {
            Ok(match former.map(read).transpose()? {
                Some(former) => Self { differences: Some(differences(&former, &profile)), ..Self::default() },
                None => Self { statements: Some(profile.statements()), ..Self::default() },
            })
        });
        told.unwrap_or_else(|why| Self { untold: Some(why), ..Self::default() })
    }

    /// In words, line by line.
    pub fn lines(&self) -> Vec<String> {
        let differences = self.differences.iter().flat_map(|found| difference_lines(found));
        let statements = self.statements.iter().flat_map(|told| statement_lines(told));
        let untold = self.untold.iter().map(|why| format!("What it means cannot be told here: {why}"));
        differences.chain(statements).chain(untold).collect()
    }
}

/// Differences in words, for relying parties first.
pub fn difference_lines(differences: &[Difference]) -> Vec<String> {
    if differences.is_empty() {
        return vec!["No difference in meaning: only comments, or how it is written.".to_owned()];
    }
    let mut lines = Vec::new();
    for audience in Audience::ALL {
        let concerned: Vec<_> = differences.iter().filter(|it| it.concerns == audience).collect();
        if !concerned.is_empty() {
            lines.push(format!("{}:", audience.heading()));
        }
        lines.extend(concerned.iter().map(|it| {
            let about = it.about.as_deref().map(|about| format!(" {about}")).unwrap_or_default();
            format!("  {} {}{about}: {}", it.turn.mark(), it.part.name(), it.words)
        }));
    }
    lines
}

/// Statements in words, aligned.
pub fn statement_lines(statements: &[Statement]) -> Vec<String> {
    let name = |statement: &Statement| match &statement.about {
        Some(about) => format!("{} {about}", statement.part.name()),
        None => statement.part.name().to_owned(),
    };
    let width = statements.iter().map(|it| name(it).chars().count()).max().unwrap_or_default();
    statements.iter().map(|it| format!("  {:width$}  {}", name(it), it.words())).collect()
}
