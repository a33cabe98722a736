//! `npki demo`: a nation's trust chain at work on one machine, told step by step. Every step is a real `npki` command
//! run as a process of its own, so the command printed beside it is the one that did it.

use std::path::{Path, PathBuf};

use super::ServiceError;
use crate::output::Console;

mod server;
mod stage;
mod story;

use server::Server;
use stage::Stage;

/// What the demo was asked for.
#[derive(Debug, Clone)]
pub(crate) struct DemoPlan {
    /// Where it makes its files; it must be empty, absent, or the folder of an earlier demo.
    pub(crate) data: PathBuf,
    /// Whether the services stay when it ends.
    pub(crate) after: Afterwards,
    /// How the steps are told.
    pub(crate) telling: Telling,
}

/// What becomes of the services.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Afterwards {
    /// They are stopped.
    Stop,
    /// They stay, and the demo says how to stop them.
    Keep,
}

/// How the steps are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Telling {
    /// To a person, as they happen.
    Aloud,
    /// Not at all: the caller prints what came of it.
    Silent,
}

/// What came of a demo.
#[derive(Debug, serde::Serialize)]
pub(crate) struct DemoReport {
    /// Where its files are.
    pub(crate) folder: PathBuf,
    /// Every step.
    pub(crate) steps: Vec<stage::Step>,
    /// The process that still serves, where it was asked to.
    pub(crate) serving: Option<u32>,
}

/// Marks a folder as a demo's own: only such a folder is ever cleared.
const MARKER: &str = ".npki-demo";

/// Runs the demo.
///
/// # Errors
/// A step ended otherwise than it should; the message holds what it printed.
pub(crate) fn demo(plan: &DemoPlan, console: &Console) -> Result<DemoReport, ServiceError> {
    let folder = prepare_folder(&plan.data)?;
    let mut stage = Stage::new(&folder, plan.telling, *console)?;
    let server = story::tell(&mut stage, &folder)?;
    let serving = match plan.after {
        Afterwards::Stop => None,
        Afterwards::Keep => Some(server.keep()),
    };
    story::close(&mut stage, &folder, serving);
    Ok(DemoReport { folder, steps: stage.into_steps(), serving })
}

/// Makes the folder, or clears it when an earlier demo left it. Anything else in it is somebody's, and stays.
fn prepare_folder(data: &Path) -> Result<PathBuf, ServiceError> {
    let marker = data.join(MARKER);
    if marker.exists() {
        if let Some(process) = Server::recorded(data) {
            return Err(ServiceError::DemoStillServing { folder: data.to_owned(), process });
        }
        std::fs::remove_dir_all(data).map_err(super::files::at(data))?;
    } else if super::files::holds_something(data)? {
        return Err(ServiceError::NotEmpty(data.to_owned()));
    }
    std::fs::create_dir_all(data).map_err(super::files::at(data))?;
    std::fs::write(&marker, "made by npki demo; a further demo clears this folder\n")
        .map_err(super::files::at(&marker))?;
    data.canonicalize().map_err(super::files::at(data))
}
