//! What was found, check by check.

use serde::Serialize;

use crate::output::Meaning;

/// How a thing is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum State {
    /// As it should be.
    Ok,
    /// Not as it should be; nobody is told anything wrong.
    Warning,
    /// Somebody is told something wrong, or nothing.
    Failed,
    /// There is nothing to look at, or something before it failed.
    Skipped,
}

impl State {
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
        }
    }

    pub(super) const fn meaning(self) -> Meaning {
        match self {
            Self::Ok => Meaning::Good,
            Self::Failed => Meaning::Bad,
            Self::Warning | Self::Skipped => Meaning::Doubtful,
        }
    }
}

/// What a check found of one thing.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Finding {
    /// The check.
    pub(super) check: &'static str,
    /// What it is about: a CA, a CRL; nothing where there is one thing only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) about: Option<String>,
    pub(super) state: State,
    /// What was found.
    pub(super) says: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) fix: Option<String>,
}

impl Finding {
    /// Check and thing.
    pub(super) fn name(&self) -> String {
        match &self.about {
            Some(about) => format!("{}.{about}", self.check),
            None => self.check.to_owned(),
        }
    }
}

/// Something that is wrong with a thing.
#[derive(Debug, Clone)]
pub(super) struct Trouble {
    pub(super) state: State,
    pub(super) says: String,
    pub(super) fix: String,
}

impl Trouble {
    pub(super) fn failed(says: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { state: State::Failed, says: says.into(), fix: fix.into() }
    }

    pub(super) fn warning(says: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { state: State::Warning, says: says.into(), fix: fix.into() }
    }
}

/// All that was found.
#[derive(Debug, Default)]
pub(super) struct Findings(Vec<Finding>);

impl Findings {
    /// A thing was looked at: what is wrong with it, a line each; or what is right about it.
    pub(super) fn found(
        &mut self,
        check: &'static str,
        about: Option<&str>,
        right: impl Into<String>,
        troubles: Vec<Trouble>,
    ) {
        let about = about.map(str::to_owned);
        if troubles.is_empty() {
            self.0.push(Finding { check, about, state: State::Ok, says: right.into(), fix: None });
            return;
        }
        self.0.extend(troubles.into_iter().map(|Trouble { state, says, fix }| Finding {
            check,
            about: about.clone(),
            state,
            says,
            fix: Some(fix),
        }));
    }

    /// A thing was not looked at.
    pub(super) fn skipped(&mut self, check: &'static str, about: Option<&str>, why: impl Into<String>) {
        let about = about.map(str::to_owned);
        self.0.push(Finding { check, about, state: State::Skipped, says: why.into(), fix: None });
    }

    /// Those of these checks; all where none is named.
    pub(super) fn only(self, checks: &[String]) -> Vec<Finding> {
        let wanted =
            |finding: &Finding| checks.is_empty() || checks.iter().any(|check| check == finding.check);
        self.0.into_iter().filter(wanted).collect()
    }
}
