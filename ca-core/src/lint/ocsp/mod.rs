//! OCSP answers: RFC 6960 section 4.2, over the ResponseData that is to be signed.

mod answer;
mod extensions;
mod nonce;
mod not_empty;
mod responder;
mod serial_number;
mod status;
mod times;
mod version;

#[cfg(test)]
mod tests;

use super::{Finding, Findings, Listed, Severity, Verdict};
use answer::Answer;

/// ResponseData in which lint found no fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LintedAnswer<'a>(&'a [u8]);

impl<'a> LintedAnswer<'a> {
    /// The DER of the ResponseData, as it was linted and as it is to be signed.
    pub const fn as_bytes(&self) -> &'a [u8] {
        self.0
    }
}

/// A rule about answers.
struct Rule {
    id: &'static str,
    clause: &'static str,
    severity: Severity,
    says: &'static str,
    check: fn(&Answer<'_>) -> Verdict,
}

const RULES: &[Rule] = &[
    version::RULE,
    responder::RULE,
    times::RULE,
    not_empty::RULE,
    status::RULE,
    serial_number::RULE,
    extensions::RULE,
    nonce::RULE,
];

/// Every rule about answers.
pub(super) fn listed() -> Vec<Listed> {
    let listed = |rule: &Rule| Listed {
        id: rule.id,
        clause: rule.clause,
        severity: rule.severity,
        says: rule.says,
        scope: "OCSP answers",
    };
    RULES.iter().map(listed).collect()
}

/// Checks every rule of OCSP answers over a ResponseData, DER.
///
/// # Errors
/// All rules that are broken; one finding alone when the bytes cannot be read.
pub fn lint(response_data: &[u8]) -> Result<LintedAnswer<'_>, Findings> {
    let Some(answer) = Answer::read(response_data) else {
        let (rule, clause, severity) = ("rfc6960.answer-shape", "RFC 6960 section 4.2.1", Severity::Error);
        let message = "it has not the shape of ResponseData".to_owned();
        return Err(Findings(vec![Finding { rule, clause, severity, message }]));
    };
    let broken = |rule: &Rule| {
        let message = (rule.check)(&answer).err()?;
        Some(Finding { rule: rule.id, clause: rule.clause, severity: rule.severity, message })
    };
    let findings: Vec<Finding> = RULES.iter().filter_map(broken).collect();
    if findings.is_empty() { Ok(LintedAnswer(response_data)) } else { Err(Findings(findings)) }
}
