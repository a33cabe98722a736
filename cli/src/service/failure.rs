//! What keeps a service from being founded or run, in the four lines of the command line.

use super::ServiceError;
use ca_core::backup::BackupError;

use crate::failure::{Failure, catalogue};

impl From<ServiceError> for Failure {
    fn from(error: ServiceError) -> Self {
        let said = error.to_string();
        match error {
            ServiceError::NoInstallation(folder) => Self::of(&catalogue::NO_INSTALLATION)
                .what(said)
                .fix(format!("npki init --data {}", folder.display())),
            ServiceError::NotEmpty(_) => Self::of(&catalogue::FOLDER_TAKEN).what(said),
            ServiceError::File { .. } => Self::of(&catalogue::SERVICE_FILE).cause(said),
            ServiceError::Settings { path, .. } => Self::of(&catalogue::SERVICE_SETTINGS)
                .cause(said)
                .fix(format!("correct {}; every key stands in the comments of that file", path.display())),
            ServiceError::StoreHeld(_) => Self::of(&catalogue::STORE_HELD).cause(said),
            ServiceError::Backup(error) => of_backup(&error),
            ServiceError::Bind { .. } => Self::of(&catalogue::BIND).what(said),
            ServiceError::NoPassphrase(_) => Self::of(&catalogue::PASSPHRASE).cause(said),
            ServiceError::NoWitness(folder) => Self::of(&catalogue::NO_WITNESS)
                .what(said)
                .fix(format!("npki witness init --data {} --name NAME", folder.display())),
            ServiceError::WitnessRuns(_) => Self::of(&catalogue::WITNESS_RUNS).what(said),
            ServiceError::WitnessSettings { path, .. } => Self::of(&catalogue::WITNESS_SETTINGS)
                .cause(said)
                .fix(format!("correct {}; every key stands in the comments of that file", path.display())),
            ServiceError::LogKnown { .. } => Self::of(&catalogue::LOG_KNOWN).what(said),
            ServiceError::NoResponder(folder) => Self::of(&catalogue::NO_RESPONDER)
                .what(said)
                .fix(format!("npki responder init --data {} --name NAME --key KEY", folder.display())),
            ServiceError::ResponderRuns(_) => Self::of(&catalogue::RESPONDER_RUNS).what(said),
            ServiceError::ResponderSettings { path, .. } => Self::of(&catalogue::RESPONDER_SETTINGS)
                .cause(said)
                .fix(format!("correct {}; every key stands in the comments of that file", path.display())),
            ServiceError::NoTsa(folder) => Self::of(&catalogue::NO_TSA)
                .what(said)
                .fix(format!("npki tsa init --data {} --name NAME", folder.display())),
            ServiceError::TsaRuns(_) => Self::of(&catalogue::TSA_RUNS).what(said),
            ServiceError::FeedRefused(_) => Self::of(&catalogue::FEED_REFUSED).cause(said),
            ServiceError::WitnessState(_) => Self::of(&catalogue::WITNESS_STATE).cause(said),
            ServiceError::DemoStillServing { process, .. } => {
                Self::of(&catalogue::DEMO_RUNNING).what(said).fix(format!("kill {process}"))
            }
            ServiceError::BehindHistory(_) => Self::of(&catalogue::RESTORE_REFUSED).cause(said),
            ServiceError::OtherHistory(_) => Self::of(&catalogue::OTHER_HISTORY).cause(said),
            ServiceError::DemoStep { .. } => Self::of(&catalogue::DEMO_STEP).cause(said),
            ServiceError::Exchange(_) => Self::of(&catalogue::CEREMONY_EXCHANGE).cause(said),
            ServiceError::Unwritten(failure) => failure,
            ServiceError::Tls(_) | ServiceError::Refused(_) => Self::of(&catalogue::SERVICE).cause(said),
        }
    }
}

fn of_backup(error: &BackupError) -> Failure {
    let problem = match error {
        BackupError::NoRecipient | BackupError::Recipient { .. } => &catalogue::RECIPIENT,
        BackupError::Identity { .. } | BackupError::Exposed(_) => &catalogue::IDENTITY,
        BackupError::WrongIdentity => &catalogue::WRONG_IDENTITY,
        BackupError::NotABackup => &catalogue::NO_BACKUP,
        BackupError::Truncated { .. } | BackupError::Damaged { .. } => &catalogue::BACKUP_DAMAGED,
        BackupError::Newer { .. } => &catalogue::BACKUP_NEWER,
        BackupError::Read(_) => &catalogue::UNREADABLE,
        BackupError::Write(_) => &catalogue::UNWRITABLE,
        BackupError::Refused(_) => &catalogue::RESTORE_REFUSED,
        BackupError::File { .. } | BackupError::TooLarge { .. } | BackupError::Storage(_) => {
            &catalogue::BACKUP_FAILED
        }
    };
    Failure::of(problem).cause(error.to_string())
}
