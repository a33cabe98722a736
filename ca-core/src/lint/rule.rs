//! One rule, and the rules of one source.

use super::examined::Examined;
use super::{Finding, Listed, Severity};

/// Whether a rule is kept; if not, how it is broken.
pub(super) type Verdict = Result<(), String>;

/// One rule: what it is called and says, and how it is checked, which differs with what it looks at. A rule that is checked
/// in passing has `()`.
#[derive(Clone, Copy)]
pub(super) struct Rule<C = fn(&Examined<'_>) -> Verdict> {
    /// Its name, `rfc5280.serial-number`.
    pub(super) id: &'static str,
    /// Where it stands.
    pub(super) clause: &'static str,
    pub(super) severity: Severity,
    /// What it demands, in one line.
    pub(super) says: &'static str,
    pub(super) check: C,
}

impl<C> Rule<C> {
    /// That it is broken, and how.
    pub(super) const fn finding(&self, message: String) -> Finding {
        Finding { rule: self.id, clause: self.clause, severity: self.severity, message }
    }

    pub(super) const fn listed(&self, scope: &'static str) -> Listed {
        Listed { id: self.id, clause: self.clause, severity: self.severity, says: self.says, scope }
    }
}

/// The rules of one source, and which certificates they hold for.
pub(super) struct Group {
    pub(super) holds_for: fn(&Examined<'_>) -> bool,
    /// The same in words.
    pub(super) scope: &'static str,
    pub(super) rules: &'static [Rule],
}

/// Goes on only where `kept` holds.
pub(super) fn ensure(kept: bool, otherwise: impl Into<String>) -> Verdict {
    if kept { Ok(()) } else { Err(otherwise.into()) }
}

/// As [`ensure`], where it costs something to say what is wrong: every certificate pays for that otherwise.
pub(super) fn ensure_or(kept: bool, otherwise: impl FnOnce() -> String) -> Verdict {
    if kept { Ok(()) } else { Err(otherwise()) }
}
