//! Lint: the to-be-signed bytes of a certificate, read as a stranger would read them, against every rule that holds
//! for a certificate of its profile.
//!
//! What [`lint`] lets through is a [`LintedTbs`]; nothing else can make one, and only such bytes are signed. A finding
//! is always a fault of ours or of a profile, never the applicant's: what they sent was admitted before.
//!
//! Each rule is one function with its clause above it and a line in its group's table. Which groups apply follows from
//! the profile.

mod etsi;
mod examined;
mod ours;
mod rfc5280;
mod rfc6960;
mod tls;

#[cfg(test)]
mod tests;

use crate::issuance::IssueError;
use crate::profile::Profile;
use examined::Examined;

/// To-be-signed bytes in which lint found no fault.
#[derive(Debug, PartialEq, Eq)]
pub struct LintedTbs(Vec<u8>);

impl LintedTbs {
    /// The DER of the TBSCertificate, as it was linted and as it is to be signed.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// What a certificate is judged against.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// The issuing CA's certificate, DER; `None` for a root, which is its own issuer.
    pub issuer: Option<&'a [u8]>,
    /// The profile it is issued under.
    pub profile: &'a Profile,
}

/// A rule that a certificate breaks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{rule}: {message} ({clause})")]
pub struct Finding {
    /// The rule's name, `rfc5280.serial-number`.
    pub rule: &'static str,
    /// Where the rule stands.
    pub clause: &'static str,
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

/// Whether a rule is kept; if not, how it is broken.
type Verdict = Result<(), String>;

/// One rule.
struct Rule {
    id: &'static str,
    clause: &'static str,
    check: fn(&Examined<'_>) -> Verdict,
}

/// The rules of one source, and which profiles they hold for.
struct Group {
    applies: fn(&Profile) -> bool,
    rules: &'static [Rule],
}

const GROUPS: &[Group] = &[
    Group { applies: |_| true, rules: rfc5280::fields::RULES },
    // A foreign CA's name is what it is: only its very octets lead to what it has issued.
    Group { applies: |profile| profile.cross.is_none(), rules: rfc5280::names::RULES },
    Group { applies: |_| true, rules: rfc5280::extensions::RULES },
    Group { applies: |_| true, rules: rfc5280::issuer::RULES },
    Group { applies: |profile| !profile.is_ca(), rules: etsi::statements::RULES },
    Group { applies: Profile::is_for_person, rules: etsi::person::RULES },
    Group { applies: Profile::is_for_organisation, rules: etsi::organisation::RULES },
    Group { applies: Profile::is_responder, rules: rfc6960::RULES },
    Group { applies: Profile::is_tls_server, rules: tls::RULES },
    Group { applies: |_| true, rules: ours::key::RULES },
    Group { applies: |_| true, rules: ours::profile::RULES },
    Group { applies: |profile| profile.cross.is_some(), rules: ours::cross::RULES },
];

/// Reads to-be-signed bytes and checks every rule that holds for the profile.
///
/// # Errors
/// All rules that are broken; one finding alone when the bytes cannot be read.
pub fn lint(tbs: Vec<u8>, context: &Context<'_>) -> Result<LintedTbs, Findings> {
    let findings = match Examined::read(&tbs, context) {
        Ok(examined) => findings(&examined),
        Err(unreadable) => vec![unreadable],
    };
    if findings.is_empty() { Ok(LintedTbs(tbs)) } else { Err(Findings(findings)) }
}

fn findings(examined: &Examined<'_>) -> Vec<Finding> {
    let groups = GROUPS.iter().filter(|group| (group.applies)(examined.profile()));
    groups.flat_map(|group| group.rules).filter_map(|rule| finding(rule, examined)).collect()
}

fn finding(rule: &Rule, examined: &Examined<'_>) -> Option<Finding> {
    let message = (rule.check)(examined).err()?;
    Some(Finding { rule: rule.id, clause: rule.clause, message })
}

/// Goes on only where `kept` holds.
fn ensure(kept: bool, otherwise: impl Into<String>) -> Verdict {
    if kept { Ok(()) } else { Err(otherwise.into()) }
}
