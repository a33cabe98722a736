//! Runs `npki` as a person's separate process and checks that it keeps its output contract.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::workspace;

/// Exit codes of the output contract (`npki help exit-codes`).
pub mod exit {
    /// Done, or the answer is yes.
    pub const DONE: i32 = 0;
    /// Failed, unclassified.
    pub const FAILED: i32 = 1;
    /// Wrong usage or unusable input.
    pub const USAGE: i32 = 2;
    /// The answer is no.
    pub const NO: i32 = 3;
    /// Sign-in needed, or not permitted.
    pub const NOT_PERMITTED: i32 = 4;
    /// Not found.
    pub const NOT_FOUND: i32 = 5;
    /// Conflict, or a state that forbids the act.
    pub const CONFLICT: i32 = 6;
    /// The service cannot be reached, or cannot do it now.
    pub const UNAVAILABLE: i32 = 7;
    /// Cannot tell.
    pub const CANNOT_TELL: i32 = 8;
    /// Accepted, waiting for a person.
    pub const WAITING: i32 = 9;
}

/// The case that everybody works on who names no other.
pub const CASE: &str = "TESTS-1";

/// One person's `npki`: an own configuration folder, an own working folder.
#[derive(Debug, Clone)]
pub struct Npki {
    home: PathBuf,
    context: Option<String>,
}

/// How a command ended and what it said.
#[derive(Debug)]
pub struct Outcome {
    /// The command line, for messages.
    pub line: String,
    /// The exit code; -1 when a signal ended it.
    pub code: i32,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

/// What the envelope of a refusal holds.
#[derive(Debug)]
pub struct Problem {
    /// The stable code, such as `E-CSR-003`.
    pub code: String,
    /// What happened and why, for a person.
    pub detail: String,
    /// What to do about it.
    pub fix: String,
}

impl Npki {
    /// An `npki` of somebody who keeps everything in `home`.
    pub fn at_home(home: &Path) -> Self {
        std::fs::create_dir_all(home).unwrap();
        Self { home: home.to_path_buf(), context: None }
    }

    /// The same, always in one context.
    #[must_use]
    pub fn in_context(&self, name: &str) -> Self {
        Self { context: Some(name.to_owned()), ..self.clone() }
    }

    /// The working folder.
    pub fn home(&self) -> &Path {
        &self.home
    }

    /// A path in the working folder, as text for a command line.
    pub fn file(&self, name: &str) -> String {
        text(&self.home.join(name)).to_owned()
    }

    /// The command without its arguments: nothing of the caller's environment steers it.
    pub fn command(&self) -> Command {
        let mut command = Command::new(workspace::npki());
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("NPKI_")) {
            command.env_remove(name);
        }
        command
            .current_dir(&self.home)
            .env("NPKI_CASE", CASE)
            .env("HOME", &self.home)
            .env("NPKI_CONFIG_DIR", self.home.join("config"))
            .env("XDG_CONFIG_HOME", self.home.join("xdg-config"))
            .env("XDG_STATE_HOME", self.home.join("state"))
            .stdin(Stdio::null());
        command
    }

    /// Runs a command for a machine: JSON, no questions.
    pub fn run(&self, args: &[&str]) -> Outcome {
        let mut command = self.command();
        command.args(["--json", "--no-input"]);
        if let Some(context) = &self.context {
            command.args(["--context", context]);
        }
        Outcome::of(command.args(args))
    }

    /// Runs a command for a person: plain text.
    pub fn run_as_text(&self, args: &[&str]) -> Outcome {
        let mut command = self.command();
        if let Some(context) = &self.context {
            command.args(["--context", context]);
        }
        Outcome::of(command.args(["--no-input", "--color", "never"]).args(args))
    }

    /// Runs a command that must succeed; its data.
    #[track_caller]
    pub fn done(&self, args: &[&str]) -> Value {
        self.run(args).data(exit::DONE)
    }

    /// Runs a command that must end with this exit code and still answer; its data.
    #[track_caller]
    pub fn answered(&self, code: i32, args: &[&str]) -> Value {
        self.run(args).data(code)
    }

    /// Runs a command that must be refused with this exit code.
    #[track_caller]
    pub fn refused(&self, code: i32, args: &[&str]) -> Problem {
        self.run(args).problem(code)
    }
}

impl Outcome {
    /// Runs a command as it is.
    pub fn of(command: &mut Command) -> Self {
        let line = format!("{command:?}");
        let output = command.output().unwrap();
        Self {
            line,
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// Goes on only with this exit code.
    #[track_caller]
    pub fn exits(&self, code: i32) -> &Self {
        let (stdout, stderr) = (&self.stdout, &self.stderr);
        assert_eq!(self.code, code, "exit code of {}\n{stdout}\n{stderr}", self.line);
        assert!(!stderr.contains("panicked"), "{} panicked:\n{stderr}", self.line);
        self
    }

    /// The one JSON document on standard output.
    #[track_caller]
    pub fn document(&self) -> Value {
        // `from_str` refuses anything after the first document.
        let document: Value = serde_json::from_str(&self.stdout).unwrap_or_else(|error| {
            panic!("{}\nnot one JSON document: {error}\n{}\n{}", self.line, self.stdout, self.stderr)
        });
        let schema = document["schema"].as_str().unwrap_or_default();
        assert!(schema.starts_with("npki.") && schema.contains('/'), "{}: schema {schema:?}", self.line);
        assert!(document["ok"].is_boolean(), "{}: no `ok` in {document}", self.line);
        document
    }

    /// The data of an answer.
    #[track_caller]
    pub fn data(&self, code: i32) -> Value {
        let document = self.exits(code).document();
        assert!(document.get("data").is_some(), "{}: no data in {document}", self.line);
        document["data"].clone()
    }

    /// The problem of a refusal: complete, with a code and a way out.
    #[track_caller]
    pub fn problem(&self, code: i32) -> Problem {
        let document = self.exits(code).document();
        assert_eq!(document["ok"], false, "{}", self.line);
        let said = |member: &str| document["error"][member].as_str().unwrap_or_default().to_owned();
        let detail = format!("{} {}", said("detail"), said("cause")).trim().to_owned();
        let problem = Problem { code: said("code"), detail, fix: said("fix") };
        assert!(problem.code.starts_with("E-"), "{}: code {:?}", self.line, problem.code);
        assert!(!problem.detail.is_empty() && !problem.fix.is_empty(), "{}: {document}", self.line);
        problem
    }
}

/// A path as text for a command line.
pub fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}
