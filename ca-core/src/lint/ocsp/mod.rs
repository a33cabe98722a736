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
type Rule = super::Rule<fn(&Answer<'_>) -> Verdict>;

/// It can be read at all.
const SHAPE: super::Rule<()> = super::Rule {
    id: "rfc6960.answer-shape",
    clause: "RFC 6960 section 4.2.1",
    severity: Severity::Error,
    says: "an answer can be read, and nothing follows it",
    check: (),
};

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
    RULES.iter().map(|rule| rule.listed("OCSP answers")).collect()
}

/// Checks every rule of OCSP answers over a ResponseData, DER.
///
/// # Errors
/// All rules that are broken; one finding alone when the bytes cannot be read.
pub fn lint(response_data: &[u8]) -> Result<LintedAnswer<'_>, Findings> {
    let Some(answer) = Answer::read(response_data) else {
        return Err(Findings(vec![SHAPE.finding("it has not the shape of ResponseData".to_owned())]));
    };
    let broken = |rule: &Rule| Some(rule.finding((rule.check)(&answer).err()?));
    let findings: Vec<Finding> = RULES.iter().filter_map(broken).collect();
    if findings.is_empty() { Ok(LintedAnswer(response_data)) } else { Err(Findings(findings)) }
}
