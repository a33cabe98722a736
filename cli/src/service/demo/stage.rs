//! Runs the demo's commands and tells what they did.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Serialize;
use serde_json::Value;

use super::super::{ServiceError, files};
use super::Telling;
use crate::output::Console;

/// One step as it happened.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Step {
    /// What it is, for a person.
    pub(crate) title: String,
    /// The command that did it.
    pub(crate) command: String,
    /// How it ended: the command's exit code.
    pub(crate) exit: i32,
    /// What came of it, for a person.
    pub(crate) outcome: Vec<String>,
}

/// Where the demo's commands run.
pub(super) struct Stage {
    program: PathBuf,
    config: PathBuf,
    telling: Telling,
    console: Console,
    steps: Vec<Step>,
}

impl Stage {
    pub(super) fn new(folder: &Path, telling: Telling, console: Console) -> Result<Self, ServiceError> {
        let program = std::env::current_exe().map_err(files::at(Path::new("npki")))?;
        Ok(Self { program, config: folder.join("contexts"), telling, console, steps: Vec::new() })
    }

    /// The npki program itself.
    pub(super) fn program(&self) -> &Path {
        &self.program
    }

    /// The folder of the demo's own contexts: the user's are left alone.
    pub(super) fn config(&self) -> &Path {
        &self.config
    }

    /// Opens a chapter.
    pub(super) fn chapter(&self, title: &str) {
        self.say("");
        self.say(title);
    }

    /// Runs `npki` with these arguments. Gives the `data` of its JSON document.
    ///
    /// # Errors
    /// It ended with an exit code that is not `expected`.
    pub(super) fn run(
        &mut self,
        title: &str,
        expected: Expected,
        arguments: &[&str],
    ) -> Result<Value, ServiceError> {
        let command = shown(arguments);
        self.say("");
        self.say(&format!("  {title}"));
        self.say(&format!("    $ {command}"));
        let (exit, data) = self.execute(expected, arguments)?;
        self.steps.push(Step { title: title.to_owned(), command, exit, outcome: Vec::new() });
        Ok(data)
    }

    /// Runs a command that must succeed, without telling of it: where the demo only waits for something.
    pub(super) fn run_quietly(&self, arguments: &[&str]) -> Result<Value, ServiceError> {
        Ok(self.execute(Expected::Done, arguments)?.1)
    }

    fn execute(&self, expected: Expected, arguments: &[&str]) -> Result<(i32, Value), ServiceError> {
        let command = shown(arguments);
        let output = Command::new(&self.program)
            .args(arguments)
            .args(["--json", "--no-input"])
            .env("NPKI_CONFIG_DIR", &self.config)
            .env_remove("NPKI_CONTEXT")
            .env_remove("NPKI_OUTPUT")
            .output()
            .map_err(files::at(&self.program))?;
        let exit = output.status.code().unwrap_or(-1);
        let text = String::from_utf8_lossy(&output.stdout);
        if !expected.admits(exit) {
            let said = String::from_utf8_lossy(&output.stderr);
            return Err(ServiceError::DemoStep { command, exit, said: told(&text, &said) });
        }
        let document: Value = serde_json::from_str(&text).map_err(|error| ServiceError::DemoStep {
            command,
            exit,
            said: format!("{error}: {text}"),
        })?;
        Ok((exit, document.get("data").cloned().unwrap_or(Value::Null)))
    }

    /// Tells what came of the step before.
    pub(super) fn outcome(&mut self, text: impl Into<String>) {
        let text = text.into();
        self.say(&format!("    {text}"));
        if let Some(step) = self.steps.last_mut() {
            step.outcome.push(text);
        }
    }

    /// Says a line to the person who watches.
    pub(super) fn say(&self, line: &str) {
        if self.telling == Telling::Aloud {
            self.console.tell(line);
        }
    }

    pub(super) fn into_steps(self) -> Vec<Step> {
        self.steps
    }
}

/// How a step should end.
#[derive(Debug, Clone, Copy)]
pub(super) enum Expected {
    /// Done, or the answer is yes.
    Done,
    /// Accepted, waiting for a person.
    Waiting,
    /// The answer is no, or cannot be told.
    NotAccepted,
}

impl Expected {
    fn admits(self, exit: i32) -> bool {
        match self {
            Self::Done => exit == 0,
            Self::Waiting => exit == 9,
            Self::NotAccepted => matches!(exit, 3 | 8),
        }
    }
}

/// What a failed command said: its error's words, or all it printed when there is none.
fn told(document: &str, notes: &str) -> String {
    let error =
        serde_json::from_str::<Value>(document).ok().and_then(|document| document.get("error").cloned());
    let Some(error) = error else { return format!("{document}{notes}") };
    let word = |key: &str| error.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    format!("{}; {} ({})", word("detail"), word("cause"), word("code"))
}

/// The command as one would type it.
pub(super) fn shown(arguments: &[&str]) -> String {
    let quoted = arguments.iter().map(|argument| {
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=,@".contains(c);
        if !argument.is_empty() && argument.chars().all(plain) {
            (*argument).to_owned()
        } else {
            format!("'{}'", argument.replace('\'', r"'\''"))
        }
    });
    std::iter::once("npki".to_owned()).chain(quoted).collect::<Vec<_>>().join(" ")
}
