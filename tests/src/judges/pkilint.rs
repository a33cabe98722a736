//! pkilint: the rules of RFC 5280, RFC 6960, ETSI EN 319 412 and the CA/Browser Forum, read by other people.
//!
//! What is deliberately otherwise stands in `lint_exceptions.toml` with its reason. An exception that no longer occurs
//! is a fault too: the file would be telling untruths.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

use crate::npki::text;
use crate::programs::Program;

/// A linter and the kind of thing it is told to expect.
#[derive(Debug, Clone, Copy)]
pub struct Linter {
    /// The program.
    pub tool: &'static str,
    /// Its `--type`; empty when it has none.
    pub kind: &'static str,
    /// Further arguments.
    pub more: &'static [&'static str],
}

/// RFC 5280.
pub const PKIX: Linter = Linter { tool: "lint_pkix_cert", kind: "", more: &[] };
/// RFC 6960.
pub const OCSP_RESPONSE: Linter = Linter { tool: "lint_ocsp_response", kind: "", more: &[] };
/// RFC 5280 section 5, for end-entity certificates.
pub const CRL: Linter = Linter { tool: "lint_crl", kind: "CRL", more: &["-p", "PKIX"] };
/// RFC 5280 section 5, for CA certificates.
pub const ARL: Linter = Linter { tool: "lint_crl", kind: "ARL", more: &["-p", "PKIX"] };

/// ETSI EN 319 412, for one type of certificate.
pub const fn etsi(kind: &'static str) -> Linter {
    Linter { tool: "lint_etsi_cert", kind, more: &[] }
}

/// CA/Browser Forum TLS Baseline Requirements, for one type of certificate.
pub const fn cabf(kind: &'static str) -> Linter {
    Linter { tool: "lint_cabf_serverauth_cert", kind, more: &[] }
}

/// A fault that a linter found, or one that is known and meant.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// The program that found it.
    pub tool: String,
    /// The type it was told.
    pub kind: String,
    /// The profile of the thing at fault.
    pub profile: String,
    /// The linter's code for the fault.
    pub code: String,
}

/// All findings about all things, until they are compared with the exceptions.
#[derive(Debug, Default)]
pub struct Inspection {
    findings: BTreeSet<Finding>,
    reports: Vec<String>,
}

impl Inspection {
    /// Lints one file of one profile; warnings count.
    pub fn lint(&mut self, linter: Linter, profile: &str, file: &Path) {
        let kind: &[&str] = if linter.kind.is_empty() { &[] } else { &["-t", linter.kind] };
        let program = Program::named(linter.tool).args(["lint"]).args(kind).args(linter.more);
        self.take(linter, profile, program.args(["-s", "WARNING", "-f", "JSON", text(file)]));
    }

    /// Lints a certificate against its issuer's.
    pub fn lint_pair(&mut self, profile: &str, issuer: &Path, subject: &Path) {
        let linter = Linter { tool: "lint_pkix_signer_signee_cert_chain", kind: "", more: &[] };
        let program = Program::named(linter.tool).args(["lint", "-s", "WARNING", "-f", "JSON"]);
        self.take(linter, profile, program.args([text(issuer), text(subject)]));
    }

    fn take(&mut self, linter: Linter, profile: &str, program: Program) {
        let answer = program.run();
        let report: Value = serde_json::from_slice(&answer.stdout)
            .unwrap_or_else(|error| panic!("{}: {error}\n{}", answer.line, answer.text()));
        let results = report["results"].as_array().expect("pkilint's report has results");
        let found = results.iter().flat_map(|result| result["finding_descriptions"].as_array().unwrap());
        for finding in found {
            let code = finding["code"].as_str().unwrap().to_owned();
            let (tool, kind) = (linter.tool.to_owned(), linter.kind.to_owned());
            self.reports.push(format!("{tool} {kind} on {profile}: {finding}"));
            self.findings.insert(Finding { tool, kind, profile: profile.to_owned(), code });
        }
    }

    /// Goes on only when findings and exceptions are the same.
    #[track_caller]
    pub fn agrees_with(&self, exceptions: &BTreeSet<Finding>) {
        let unknown: Vec<_> = self.findings.difference(exceptions).collect();
        let gone: Vec<_> = exceptions.difference(&self.findings).collect();
        let reports = self.reports.join("\n");
        assert!(unknown.is_empty(), "faults without an exception: {unknown:#?}\n{reports}");
        assert!(gone.is_empty(), "exceptions that no longer occur, take them out: {gone:#?}");
    }
}

/// The faults that are known and meant: `tests/lint_exceptions.toml`.
#[track_caller]
pub fn exceptions() -> BTreeSet<Finding> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("lint_exceptions.toml");
    let table: toml::Table = std::fs::read_to_string(file).unwrap().parse().unwrap();
    let entries = table.get("exception").and_then(toml::Value::as_array).cloned().unwrap_or_default();
    entries.iter().map(exception).collect()
}

#[track_caller]
fn exception(entry: &toml::Value) -> Finding {
    let member = |name: &str| entry.get(name).and_then(toml::Value::as_str).unwrap_or_default().to_owned();
    assert!(member("reason").len() > 20, "an exception needs a reason: {entry}");
    let (tool, kind) = (member("tool"), member("type"));
    Finding { tool, kind, profile: member("profile"), code: member("code") }
}
