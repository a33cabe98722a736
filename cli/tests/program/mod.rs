//! Runs the program as a user would: its own configuration folder, no terminal, no inherited settings.

use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

/// A finished run.
pub(crate) struct Run {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Run {
    /// The one JSON document of standard output.
    pub(crate) fn document(&self) -> Value {
        let mut documents = serde_json::Deserializer::from_str(&self.stdout).into_iter::<Value>();
        let first = documents.next().expect("a document").expect("JSON");
        assert!(documents.next().is_none(), "more than one document: {}", self.stdout);
        first
    }

    /// The four lines of an error.
    pub(crate) fn four_lines(&self) -> Vec<&str> {
        assert_eq!(self.stdout, "", "an error leaves standard output empty");
        let lines: Vec<&str> = self.stderr.lines().collect();
        assert_eq!(lines.len(), 4, "{}", self.stderr);
        for (line, start) in lines.iter().zip(["error: ", "cause: ", "fix:   ", "more:  npki help E-"]) {
            assert!(line.starts_with(start), "{line}");
        }
        lines
    }
}

/// Runs `npki` with these words and variables, configuration in `folder`.
pub(crate) fn npki(folder: &Path, words: &[&str], variables: &[(&str, &str)]) -> Run {
    let mut command = Command::new(env!("CARGO_BIN_EXE_npki"));
    command.args(words).stdin(Stdio::null()).env("NPKI_CONFIG_DIR", folder);
    for name in [
        "NPKI_OUTPUT",
        "NPKI_CONTEXT",
        "NPKI_NO_INPUT",
        "NO_COLOR",
        "CLICOLOR",
        "CLICOLOR_FORCE",
        "NPKI_TIMEOUT",
        "NPKI_CASE",
    ] {
        command.env_remove(name);
    }
    command.envs(variables.iter().copied());
    let Output { status, stdout, stderr } = command.output().expect("npki runs");
    Run {
        code: status.code().expect("an exit code"),
        stdout: String::from_utf8(stdout).expect("UTF-8"),
        stderr: String::from_utf8(stderr).expect("UTF-8"),
    }
}
