//! `npki profile check`: profiles' files as the service would read them, before they are founded with or proposed.
//! Offline; every file is told of, with every fault.

mod together;

use std::path::{Path, PathBuf};

use ca_core::hierarchy::Hierarchy;
use ca_core::profile::{Advice, Fault, FaultKind, Profile};
use ca_core::profile_book::{MOST_OCTETS, digest};
use clap::{Args, ValueEnum};
use serde::Serialize;
use time::Date;

use crate::commands::Ending;
use crate::failure::{Exit, Failure, Problem, catalogue};
use crate::files;
use crate::output::{Meaning, Outcome, Page, Simple};
use crate::session::Session;

/// Shown below the help.
pub const EXAMPLES: &str = "Examples:
  npki profile check person-signature.toml
  npki profile check profiles/ --hierarchy national

Ends with 3 when something is found that weighs as much as --fail-on says.";

/// What to check.
#[derive(Debug, Args)]
pub struct CheckArguments {
    /// Profiles' files, NAME.toml each; of a folder, all of them, and what they are together
    #[arg(value_name = "FILE|FOLDER", required = true)]
    paths: Vec<PathBuf>,
    /// Hold the folder's profiles against these CAs: "pilot", "national", or a file
    #[arg(long, value_name = "NAME|FILE")]
    hierarchy: Option<String>,
    /// The least finding that makes the answer no
    #[arg(long, value_enum, value_name = "SEVERITY", default_value = "error")]
    fail_on: Severity,
}

/// How much a finding weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
enum Severity {
    /// The service would refuse it.
    Error,
    /// It would be taken, and is worth a look.
    Warning,
}

/// Everything that was looked at.
#[derive(Debug, Default, Serialize)]
struct Checked {
    files: Vec<CheckedFile>,
    /// What the files are together; null where no folder was given.
    together: Option<together::Together>,
    errors: usize,
    warnings: usize,
}

#[derive(Debug, Serialize)]
struct CheckedFile {
    file: PathBuf,
    /// The profile's name.
    profile: Option<String>,
    title: Option<String>,
    /// SHA-256 of the text: what an administrator approves.
    sha256: Option<String>,
    findings: Vec<Finding>,
    #[serde(skip)]
    good: Option<Profile>,
}

/// One finding.
#[derive(Debug, Serialize)]
struct Finding {
    severity: Severity,
    code: &'static str,
    /// What a warning is called.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'static str>,
    /// The profile, where several are told of.
    #[serde(skip_serializing_if = "Option::is_none")]
    profile: Option<String>,
    line: Option<usize>,
    column: Option<usize>,
    message: String,
    /// The word that was probably meant.
    nearest: Option<String>,
    clause: Option<&'static str>,
}

/// Checks all of them, and the set.
pub fn run(arguments: &CheckArguments, session: &Session) -> Ending {
    let paths = &arguments.paths;
    let folders = paths.iter().any(|path| path.is_dir());
    if arguments.hierarchy.is_some() && !folders {
        return Err(Failure::of(&catalogue::USAGE)
            .what("--hierarchy is for the profiles of a folder")
            .cause("CAs are held against all profiles of an installation, not against some")
            .fix("npki profile check FOLDER --hierarchy FILE"));
    }
    let hierarchy = arguments.hierarchy.as_deref().map(together::hierarchy).transpose()?;
    let today = session.clock.now().date();
    let files = named(paths)?.iter().map(|path| checked(path, today)).collect();
    let mut checked = Checked { files, ..Checked::default() };
    checked.together = folders.then(|| together::judged(&checked.files, hierarchy));
    checked.count();
    let no = checked.errors > 0 || arguments.fail_on == Severity::Warning && checked.warnings > 0;
    let exit = if no { Exit::No } else { Exit::Done };
    Ok(Outcome::with_exit(Simple::new("npki.profile.check/1", checked, text), exit))
}

/// The files that were named, and those of folders. A word that is neither is a slip of the command line.
fn named(paths: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    let mut files = Vec::new();
    for path in paths {
        if !path.is_dir() {
            std::fs::metadata(path).map_err(|error| files::unreadable(path, &error))?;
            files.push(path.clone());
            continue;
        }
        let entries = std::fs::read_dir(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
        let entries = entries.map_err(|error| files::unreadable(path, &error))?;
        let mut found: Vec<_> = entries.iter().map(std::fs::DirEntry::path).collect();
        found.retain(|file| file.extension().is_some_and(|ending| ending == "toml"));
        if found.is_empty() {
            return Err(Failure::of(&catalogue::CONTENT)
                .what(format!("{} holds no profiles", path.display()))
                .cause("no file in it ends in .toml")
                .fix("profiles to begin with: npki profile export --built-in --out DIR"));
        }
        found.sort();
        files.extend(found);
    }
    Ok(files)
}

fn checked(file: &Path, today: Date) -> CheckedFile {
    let mut checked = CheckedFile {
        file: file.to_owned(),
        profile: None,
        title: None,
        sha256: None,
        findings: Vec::new(),
        good: None,
    };
    let is_toml = file.extension().is_some_and(|ending| ending == "toml");
    let stem = file.file_stem().and_then(|stem| stem.to_str()).filter(|_| is_toml).unwrap_or_default();
    checked.profile = (!stem.is_empty()).then(|| stem.to_owned());
    let text = match read(file) {
        Ok(text) => text,
        Err(finding) => {
            checked.findings.push(*finding);
            return checked;
        }
    };
    checked.sha256 = Some(digest(&text));
    if stem.is_empty() {
        let message = "a profile's file is called NAME.toml".to_owned();
        checked.findings.push(Finding::error(&catalogue::PROFILE_NAME, message));
    }
    // What else is wrong with it is told under any name.
    match Profile::examine(if stem.is_empty() { "profile" } else { stem }, &text) {
        Ok(profile) => {
            checked.findings.extend(profile.advice(&text, today).into_iter().map(Finding::from));
            checked.title = Some(profile.title.clone());
            checked.good = (!stem.is_empty()).then_some(profile);
        }
        Err(faults) => checked.findings.extend(faults.into_iter().map(Finding::from)),
    }
    checked
}

/// A file's text; no file keeps the others from being told of.
fn read(file: &Path) -> Result<String, Box<Finding>> {
    let octets = files::read(file, MOST_OCTETS as u64).map_err(|failure| {
        let problem = if failure.code() == catalogue::FILE_TOO_LARGE.code {
            &catalogue::FILE_TOO_LARGE
        } else {
            &catalogue::UNREADABLE
        };
        Box::new(Finding::error(problem, failure.sentences()[..2].join(": ")))
    })?;
    String::from_utf8(octets).map_err(|error| {
        let before = error.as_bytes().get(..error.utf8_error().valid_up_to()).unwrap_or_default();
        let line = before.iter().filter(|octet| **octet == b'\n').count() + 1;
        let message = "what stands here is not UTF-8".to_owned();
        Box::new(Finding { line: Some(line), ..Finding::error(&catalogue::PROFILE_TOML, message) })
    })
}

impl Checked {
    fn count(&mut self) {
        let together = self.together.iter().flat_map(|together| &together.findings);
        let all = self.files.iter().flat_map(|file| &file.findings).chain(together);
        let (errors, all): (Vec<_>, Vec<_>) = all.partition(|finding| finding.severity == Severity::Error);
        (self.errors, self.warnings) = (errors.len(), all.len());
    }
}

impl Finding {
    const fn error(problem: &Problem, message: String) -> Self {
        Self {
            severity: Severity::Error,
            code: problem.code,
            name: None,
            profile: None,
            line: None,
            column: None,
            message,
            nearest: None,
            clause: None,
        }
    }

    /// Where it stands, in the order in which compilers tell it.
    fn place(&self) -> String {
        match (self.line, self.column) {
            (Some(line), Some(column)) => format!("line {line} column {column}: "),
            (Some(line), None) => format!("line {line}: "),
            _ => String::new(),
        }
    }
}

impl From<Fault> for Finding {
    fn from(fault: Fault) -> Self {
        let problem = match fault.kind {
            FaultKind::Name => &catalogue::PROFILE_NAME,
            FaultKind::Malformed => &catalogue::PROFILE_TOML,
            FaultKind::UnknownKey => &catalogue::PROFILE_KEY,
            FaultKind::UnknownValue => &catalogue::PROFILE_VALUE,
            FaultKind::Rule => &catalogue::PROFILE_RULE,
        };
        let Fault { line, column, nearest, clause, .. } = fault;
        Self { line, column, nearest, clause, ..Self::error(problem, fault.what) }
    }
}

impl From<Advice> for Finding {
    fn from(advice: Advice) -> Self {
        let Advice { name, line, column, what, .. } = advice;
        let found = Self::error(&catalogue::PROFILE_ADVICE, what);
        Self { severity: Severity::Warning, name: Some(name), line, column, ..found }
    }
}

fn text(checked: &Checked, page: &mut Page) {
    for file in &checked.files {
        tell(&file.file.display().to_string(), &file.findings, page);
    }
    if let Some(together) = &checked.together {
        let against = match (&together.hierarchy, together.held) {
            (Some(hierarchy), true) => format!(", with the CAs of {hierarchy}"),
            (Some(hierarchy), false) => format!("; the CAs of {hierarchy} only when each file is good"),
            (None, _) => String::new(),
        };
        tell(&format!("all together{against}"), &together.findings, page);
    }
    let count = |number: usize, what: &str| match number {
        1 => format!("1 {what}"),
        more => format!("{more} {what}s"),
    };
    let (files, errors) = (count(checked.files.len(), "file"), count(checked.errors, "error"));
    page.line(format!("{files}: {errors}, {}", count(checked.warnings, "warning")));
}

fn tell(what: &str, findings: &[Finding], page: &mut Page) {
    let bad = findings.iter().any(|finding| finding.severity == Severity::Error);
    let (meaning, word) = match (bad, findings.is_empty()) {
        (true, _) => (Meaning::Bad, "bad"),
        (false, true) => (Meaning::Good, "good"),
        (false, false) => (Meaning::Doubtful, "good, with warnings"),
    };
    page.verdict(meaning, word, what);
    for finding in findings {
        let severity = if finding.severity == Severity::Error { "error" } else { "warning" };
        let code = finding.name.unwrap_or(finding.code);
        let profile = finding.profile.as_ref().map(|name| format!("{name}: ")).unwrap_or_default();
        let meant =
            finding.nearest.as_ref().map(|name| format!("; did you mean `{name}`?")).unwrap_or_default();
        let clause = finding.clause.map(|clause| format!(" ({clause})")).unwrap_or_default();
        let (place, message) = (finding.place(), &finding.message);
        page.line(format!("  {severity:<7}  {code}: {profile}{place}{message}{meant}{clause}"));
    }
}
