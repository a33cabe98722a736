//! `npki completion`.

use clap::Args;
use clap_complete::Shell;
use serde::Serialize;

use super::Ending;
use crate::arguments;
use crate::output::{Outcome, Simple};

/// For which shell.
#[derive(Debug, Args)]
pub struct CompletionArguments {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

#[derive(Debug, Serialize)]
struct Script {
    shell: String,
    script: String,
}

/// Writes the script.
pub fn run(arguments: &CompletionArguments) -> Ending {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut arguments::command(), "npki", &mut script);
    let script =
        Script { shell: arguments.shell.to_string(), script: String::from_utf8_lossy(&script).into_owned() };
    Ok(Outcome::done(Simple::new("npki.completion/1", script, |script, page| page.verbatim(&script.script))))
}
