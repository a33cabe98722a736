//! Files of the feed that are carried by hand: brought in by a command, to a responder that runs or not.
//!
//! A responder that runs is the only one that writes its state. The command lays the file into `incoming/`; the responder takes it
//! and says beside it what came of it.

use std::path::Path;
use std::time::{Duration, Instant};

use ca_core::status::feed::{Acceptance, MessageReader, Place, Taken};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::copier;
use super::settings::ResponderSettings;
use super::state::FeedState;
use super::{alone, held_by};
use crate::files::{Readers, replace};
use crate::service::{ServiceError, files};

/// How long a responder that runs may take for a file.
const PATIENCE: Duration = Duration::from_secs(120);
/// The endings of a file that continues what is held, of one that counts whatever was held, and of what is said of them.
const CONTINUING: &str = "feed";
const ANEW: &str = "anew";
const SAID: &str = "said";

/// What came of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Imported {
    /// Whether something changed, or what is held is only known for longer.
    pub(crate) changed: bool,
    /// How many events what is held covers.
    pub(crate) until: u64,
    /// Up to which moment everything is known.
    #[serde(with = "time::serde::rfc3339::option")]
    pub(crate) as_of: Option<OffsetDateTime>,
    /// Until when it is answered from.
    #[serde(with = "time::serde::rfc3339::option")]
    pub(crate) answers_until: Option<OffsetDateTime>,
}

/// What a responder that runs says of a file.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Saying {
    Taken(Imported),
    Refused(String),
}

/// Brings a file in.
pub(super) fn import(
    settings: &ResponderSettings,
    octets: &[u8],
    acceptance: Acceptance,
) -> Result<Imported, ServiceError> {
    // Whoever holds the folder's files could lay something else there: what counts is verified again where it is taken.
    for message in MessageReader::new(octets) {
        message
            .and_then(|message| message.verify(&settings.keys))
            .map_err(|error| ServiceError::FeedRefused(error.to_string()))?;
    }
    match alone(&settings.data)? {
        Some(_alone) => {
            let held = held_by(settings)?;
            let folder = settings.data.join("state");
            let mut state = FeedState::open(folder, held, settings.keys.clone())?;
            take(&mut state, octets, acceptance).map_err(ServiceError::FeedRefused)
        }
        None => hand_over(&settings.data.join("incoming"), octets, acceptance),
    }
}

/// Lays the file where the responder that runs finds it, and waits for what it says.
fn hand_over(folder: &Path, octets: &[u8], acceptance: Acceptance) -> Result<Imported, ServiceError> {
    let ending = match acceptance {
        Acceptance::Continuing => CONTINUING,
        Acceptance::Anew => ANEW,
    };
    let file = folder.join(format!("{}.{ending}", std::process::id()));
    let said = file.with_extension(SAID);
    // Of an earlier process of this number that did not wait.
    let _ = std::fs::remove_file(&said);
    replace(&file, octets, Readers::Owner)?;
    let give_up = Instant::now() + PATIENCE;
    loop {
        if let Some(octets) = files::if_there(&said, std::fs::read(&said))? {
            let _ = std::fs::remove_file(&said);
            return match serde_json::from_slice(&octets) {
                Ok(Saying::Taken(imported)) => Ok(imported),
                Ok(Saying::Refused(why)) => Err(ServiceError::FeedRefused(why)),
                Err(error) => Err(ServiceError::Refused(format!("{}: {error}", said.display()))),
            };
        }
        if Instant::now() > give_up {
            let why = "the responder that runs has not taken the file yet; it will, and its log says what came of it";
            return Err(ServiceError::Refused(why.to_owned()));
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Takes what was laid into the folder. Called by the responder that runs.
pub(super) fn bring_in(folder: &Path, state: &mut FeedState) -> Result<(), ServiceError> {
    let entries = std::fs::read_dir(folder).map_err(files::at(folder))?;
    for entry in entries {
        let file = entry.map_err(files::at(folder))?.path();
        let acceptance = match file.extension().and_then(|ending| ending.to_str()) {
            Some(CONTINUING) => Acceptance::Continuing,
            Some(ANEW) => Acceptance::Anew,
            _ => continue,
        };
        let octets = std::fs::read(&file).map_err(files::at(&file))?;
        let saying = match take(state, &octets, acceptance) {
            Ok(imported) => {
                tracing::info!(until = imported.until, as_of = ?imported.as_of, "a file of the feed was brought in");
                Saying::Taken(imported)
            }
            Err(why) => {
                tracing::error!(%why, "a file of the feed is refused");
                Saying::Refused(why)
            }
        };
        let text =
            serde_json::to_string(&saying).map_err(|error| ServiceError::Refused(error.to_string()))?;
        replace(&file.with_extension(SAID), text.as_bytes(), Readers::Owner)?;
        std::fs::remove_file(&file).map_err(files::at(&file))?;
    }
    Ok(())
}

fn take(state: &mut FeedState, octets: &[u8], acceptance: Acceptance) -> Result<Imported, String> {
    let taken = state.take_all(octets, acceptance).map_err(|error| error.to_string())?;
    if acceptance == Acceptance::Anew {
        // CRLs of the history that was left may have greater numbers than those that come now.
        copier::forget(state.folder()).map_err(|error| error.to_string())?;
    }
    let speaking = state.held().speaking();
    Ok(Imported {
        changed: taken == Taken::Changes,
        until: state.held().place().map_or(0, |Place { position, .. }| position),
        as_of: speaking.map(|speaking| speaking.as_of),
        answers_until: speaking.map(|speaking| speaking.until),
    })
}
