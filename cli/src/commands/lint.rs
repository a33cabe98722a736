//! `npki lint`: certificates and CRLs against the rules of the standards, offline. Verifies no signature.

use std::path::{Path, PathBuf};

use ca_core::lint::{self, KeyHolders, Kind, Listed, Severity, Shape};
use clap::Args;
use clap::builder::PossibleValuesParser;
use serde::Serialize;

use super::Ending;
use crate::failure::{Exit, Failure, catalogue};
use crate::files;
use crate::output::{Meaning, Outcome, Page, Simple};
use crate::relying_party::material::Chain;

/// Shown below the help.
pub const EXAMPLES: &str = "Examples:
  npki lint person.pem --issuer issuing.pem
  npki lint certificates/ --fail-on error
  npki lint server.cer --as tls
  npki lint --list

Ends with 3 when something is found that weighs as much as --fail-on says.";

/// What to lint.
#[derive(Debug, Args)]
pub struct LintArguments {
    /// Certificates and CRLs, PEM or DER; a folder is searched, - is standard input
    #[arg(value_name = "FILE", required_unless_present = "list")]
    files: Vec<PathBuf>,
    /// The issuer's certificate, PEM or DER: rules about the issuer are checked too
    #[arg(long, value_name = "FILE")]
    issuer: Option<PathBuf>,
    /// What the certificates are for [default: what their content says]
    #[arg(long = "as", value_name = "KIND", value_parser = PossibleValuesParser::new(Kind::ALL.map(Kind::name)))]
    kind: Option<String>,
    /// The least finding that makes the answer no
    #[arg(long, value_name = "SEVERITY", default_value = "warning",
        value_parser = PossibleValuesParser::new(Severity::ALL.map(Severity::name)))]
    fail_on: String,
    /// List every rule with its clause
    #[arg(long, conflicts_with_all = ["files", "issuer", "kind"])]
    list: bool,
}

/// Everything that was looked at.
#[derive(Debug, Default, Serialize)]
struct Linted {
    objects: Vec<Object>,
    /// Files of folders that hold neither certificates nor CRLs.
    skipped: Vec<PathBuf>,
    errors: usize,
    warnings: usize,
    notices: usize,
}

#[derive(Debug, Serialize)]
struct Object {
    file: PathBuf,
    /// Counted from 1 among the objects of the file.
    position: usize,
    object: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<&'static str>,
    findings: Vec<Finding>,
}

#[derive(Debug, Serialize)]
struct Finding {
    rule: &'static str,
    severity: &'static str,
    message: String,
    clause: &'static str,
}

#[derive(Debug, Serialize)]
struct Rules {
    rules: Vec<Rule>,
}

#[derive(Debug, Serialize)]
struct Rule {
    rule: &'static str,
    severity: &'static str,
    clause: &'static str,
    says: &'static str,
    holds_for: &'static str,
}

/// Lints, or lists the rules.
pub fn run(arguments: &LintArguments) -> Ending {
    if arguments.list {
        let rules = lint::rules().iter().map(Rule::from).collect();
        return Ok(Outcome::done(Simple::new("npki.lint.list/1", Rules { rules }, list_text)));
    }
    let issuer = arguments.issuer.as_deref().map(Chain::read).transpose()?;
    let mut linter = Linter {
        issuer: issuer.as_ref().map(|chain| chain.certificate.as_ref()),
        kind: Kind::ALL.into_iter().find(|kind| Some(kind.name()) == arguments.kind.as_deref()),
        holders: KeyHolders::default(),
        linted: Linted::default(),
    };
    for path in &arguments.files {
        linter.path(path)?;
    }
    let linted = linter.linted;
    let exit = if linted.has(&arguments.fail_on) { Exit::No } else { Exit::Done };
    Ok(Outcome::with_exit(Simple::new("npki.lint/1", linted, text), exit))
}

impl Linted {
    /// Whether there is a finding of this severity, or a weightier one.
    fn has(&self, least: &str) -> bool {
        match least {
            "error" => self.errors > 0,
            "warning" => self.errors + self.warnings > 0,
            _ => self.errors + self.warnings + self.notices > 0,
        }
    }

    fn count(&mut self, finding: &lint::Finding) {
        match finding.severity {
            Severity::Error => self.errors += 1,
            Severity::Warning => self.warnings += 1,
            Severity::Notice => self.notices += 1,
        }
    }
}

struct Linter<'a> {
    issuer: Option<&'a [u8]>,
    kind: Option<Kind>,
    holders: KeyHolders,
    linted: Linted,
}

impl Linter<'_> {
    /// A file that was named must hold something; of a folder, files that do.
    fn path(&mut self, path: &Path) -> Result<(), Failure> {
        if path.is_dir() {
            return self.folder(path);
        }
        if self.file(path)? {
            return Ok(());
        }
        Err(Failure::of(&catalogue::CONTENT)
            .what(format!("{} holds neither a certificate nor a CRL", path.display()))
            .cause("it is neither PEM nor DER of one")
            .fix("look at it: npki inspect FILE; requests are checked when they are sent"))
    }

    fn folder(&mut self, folder: &Path) -> Result<(), Failure> {
        let entries = std::fs::read_dir(folder).and_then(Iterator::collect::<Result<Vec<_>, _>>);
        let entries = entries.map_err(|error| files::unreadable(folder, &error))?;
        let mut paths: Vec<PathBuf> = entries.iter().map(std::fs::DirEntry::path).collect();
        paths.sort();
        for path in paths {
            // A link could lead around in a circle.
            if path.is_symlink() {
                continue;
            }
            if path.is_dir() {
                self.folder(&path)?;
            } else if path.is_file() && !self.file(&path)? {
                self.linted.skipped.push(path);
            }
        }
        Ok(())
    }

    /// Whether there was anything in it.
    fn file(&mut self, path: &Path) -> Result<bool, Failure> {
        let content = files::read(path, files::MAX_OBJECT)?;
        let objects = objects(content);
        for (at, (shape, der)) in objects.iter().enumerate() {
            self.object(path, at + 1, *shape, der);
        }
        Ok(!objects.is_empty())
    }

    fn object(&mut self, file: &Path, position: usize, shape: Shape, der: &[u8]) {
        let (object, kind, findings) = match shape {
            Shape::Crl => {
                let context = lint::crl::Context { issuer: self.issuer, newer_than: None };
                ("crl", None, lint::crl::found(der, &context))
            }
            _ => {
                let report = lint::certificate(&self.found(der));
                let shared = self.holders.see(der);
                ("certificate", report.kind, report.findings.into_iter().chain(shared).collect())
            }
        };
        findings.iter().for_each(|finding| self.linted.count(finding));
        let findings = findings.into_iter().map(Finding::from).collect();
        let kind = kind.map(Kind::name);
        self.linted.objects.push(Object { file: file.to_owned(), position, object, kind, findings });
    }

    /// A root is its own issuer, whatever was given for the others.
    fn found<'d>(&'d self, der: &'d [u8]) -> lint::Found<'d> {
        let root = x509_parser::parse_x509_certificate(der)
            .is_ok_and(|(_, parsed)| parsed.subject().as_raw() == parsed.issuer().as_raw());
        lint::Found { certificate: der, issuer: self.issuer.filter(|_| !root), kind: self.kind }
    }
}

/// The certificates and CRLs in a file, in its order.
fn objects(content: Vec<u8>) -> Vec<(Shape, Vec<u8>)> {
    let blocks = pem::parse_many(&content).unwrap_or_default();
    let shape = |tag: &str| match tag {
        "CERTIFICATE" | "X509 CERTIFICATE" | "TRUSTED CERTIFICATE" => Some(Shape::Certificate),
        "X509 CRL" => Some(Shape::Crl),
        _ => None,
    };
    if !blocks.is_empty() {
        return blocks
            .into_iter()
            .filter_map(|block| Some((shape(block.tag())?, block.into_contents())))
            .collect();
    }
    match Shape::of(&content) {
        shape @ (Shape::Certificate | Shape::Crl) => vec![(shape, content)],
        Shape::Request | Shape::Other => Vec::new(),
    }
}

impl From<lint::Finding> for Finding {
    fn from(finding: lint::Finding) -> Self {
        let lint::Finding { rule, clause, severity, message } = finding;
        Self { rule, severity: severity.name(), message, clause }
    }
}

impl From<&Listed> for Rule {
    fn from(listed: &Listed) -> Self {
        let Listed { id, clause, severity, says, scope } = *listed;
        Self { rule: id, severity: severity.name(), clause, says, holds_for: scope }
    }
}

fn text(linted: &Linted, page: &mut Page) {
    for object in &linted.objects {
        let what = object
            .kind
            .map_or_else(|| object.object.to_owned(), |kind| format!("{} ({kind})", object.object));
        let place = format!("{} #{}: {what}", object.file.display(), object.position);
        match object.findings.is_empty() {
            true => page.verdict(Meaning::Good, "clean", place),
            false => page.verdict(Meaning::Bad, "found", place),
        }
        for finding in &object.findings {
            let Finding { rule, severity, message, clause } = finding;
            page.line(format!("  {severity:<7}  {rule}: {message} ({clause})"));
        }
    }
    let Linted { errors, warnings, notices, skipped, objects } = linted;
    let others = if skipped.is_empty() { String::new() } else { format!("; {} other files", skipped.len()) };
    page.line(format!(
        "{} objects: {errors} errors, {warnings} warnings, {notices} notices{others}",
        objects.len()
    ));
}

fn list_text(rules: &Rules, page: &mut Page) {
    let rows = rules.rules.iter().map(|rule| {
        [
            rule.rule.to_owned(),
            rule.severity.to_owned(),
            rule.holds_for.to_owned(),
            rule.clause.to_owned(),
            rule.says.to_owned(),
        ]
    });
    page.table(["RULE", "SEVERITY", "HOLDS FOR", "CLAUSE", "IT SAYS"], rows.collect(), "there are no rules");
}
