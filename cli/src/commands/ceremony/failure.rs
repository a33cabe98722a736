//! What stops a ceremony, in the four lines of the command line.

use std::path::Path;

use ca_core::ceremony::CeremonyError;
use ca_core::ceremony::transcript::TranscriptError;

use crate::failure::{Failure, catalogue};

/// Why nothing was begun.
pub fn of(error: &CeremonyError) -> Failure {
    let problem = match error {
        CeremonyError::Script(_) => &catalogue::CEREMONY_SCRIPT,
        CeremonyError::Unfit(_) | CeremonyError::Taken(_) | CeremonyError::Foreign(_) => {
            &catalogue::CEREMONY_UNFIT
        }
        CeremonyError::Begun(_) | CeremonyError::SeveralBegun(_) => &catalogue::CEREMONY_BEGUN,
        CeremonyError::Finished(_) => &catalogue::CEREMONY_FINISHED,
        CeremonyError::NothingToResume(_) => &catalogue::CEREMONY_NONE,
        CeremonyError::NotConfirmed(_) => &catalogue::CEREMONY_NOT_CONFIRMED,
        CeremonyError::Share(_) => &catalogue::CEREMONY_SHARE,
        CeremonyError::Room(_) => &catalogue::CEREMONY_STOPPED,
        CeremonyError::Journal(_) => &catalogue::CEREMONY_JOURNAL,
        CeremonyError::Exchange(_) => &catalogue::CEREMONY_EXCHANGE,
        CeremonyError::Transcript(_) => &catalogue::CEREMONY_TRANSCRIPT,
        _ => &catalogue::CEREMONY_FAILED,
    };
    Failure::of(problem).cause(error.to_string())
}

/// Why a ceremony did not go on; says how it does.
pub fn in_ceremony(error: &CeremonyError, folder: &Path) -> Failure {
    let failure = of(error);
    match error {
        CeremonyError::Begun(_)
        | CeremonyError::NotConfirmed(_)
        | CeremonyError::Share(_)
        | CeremonyError::Room(_) => {
            failure.fix(format!("npki ceremony resume --folder {}", folder.display()))
        }
        CeremonyError::SeveralBegun(_) => {
            failure.fix(format!("npki ceremony resume --folder {} --id ID", folder.display()))
        }
        _ => failure,
    }
}

/// Why a transcript is not believed.
pub fn of_transcript(error: &TranscriptError) -> Failure {
    Failure::of(&catalogue::CEREMONY_TRANSCRIPT).cause(error.to_string())
}
