//! What lint says of a certificate.

use crate::issuance::IssueError;

/// How much a finding weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Advice that a profile may decide against.
    Notice,
    /// A standard's SHOULD, or a rule of our own, which everything signed here keeps.
    Warning,
    /// A standard's MUST.
    Error,
}

impl Severity {
    /// All of them, the weightiest first.
    pub const ALL: [Self; 3] = [Self::Error, Self::Warning, Self::Notice];

    /// Its name: `error`, `warning`, `notice`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Notice => "notice",
        }
    }
}

impl std::fmt::Display for Severity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// A rule that is broken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{rule}: {message} ({clause})")]
pub struct Finding {
    /// The rule's name, `rfc5280.serial-number`.
    pub rule: &'static str,
    /// Where the rule stands.
    pub clause: &'static str,
    /// How much it weighs.
    pub severity: Severity,
    /// What is wrong.
    pub message: String,
}

/// Lint found faults: the bytes must not be signed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
pub struct Findings(pub Vec<Finding>);

impl From<Findings> for IssueError {
    fn from(findings: Findings) -> Self {
        Self::Lint(findings.0.iter().map(ToString::to_string).collect())
    }
}
