//! `npki demo`.

use std::path::PathBuf;

use clap::Args;

use super::Ending;
use crate::output::{Format, Outcome, Simple};
use crate::service::{self, Afterwards, DemoPlan, Telling};
use crate::session::Session;

/// Where the demonstration runs.
#[derive(Debug, Args)]
pub struct DemoArguments {
    /// The folder it works in, cleared by the next demo
    #[arg(long, value_name = "DIR", default_value = "npki-demo")]
    data: PathBuf,
    /// Leave the services running
    #[arg(long)]
    keep: bool,
}

/// Runs the demonstration to its end.
pub fn run(arguments: &DemoArguments, session: &Session) -> Ending {
    let plan = DemoPlan {
        data: arguments.data.clone(),
        after: if arguments.keep { Afterwards::Keep } else { Afterwards::Stop },
        telling: match session.settings.format.value {
            Format::Text => Telling::Aloud,
            Format::Json | Format::Ndjson => Telling::Silent,
        },
    };
    let report = service::demo(&plan, &session.console)?;
    // Whoever watches has been told everything already.
    Ok(Outcome::done(Simple::new("npki.demo/1", report, |_, _| {})))
}
