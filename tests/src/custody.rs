//! Who keeps an installation's backups, and where.

use std::path::PathBuf;

use crate::answers;
use crate::country::Country;
use crate::installation::{Installation, copy_folder};
use crate::npki::text;

/// A key pair for backups, and the backup.
#[derive(Debug)]
pub struct Custody {
    /// What opens a backup.
    pub identity: PathBuf,
    /// The backup.
    pub backup: PathBuf,
}

impl Custody {
    /// Makes a key pair for backups and names its recipient in the settings of an installation that runs.
    pub fn of(installation: &mut Installation) -> Self {
        let folder = installation.scratch("backup");
        let (identity, backup) = (folder.join("identity"), folder.join("backup"));
        let made = installation.somebody("custodian").done(&["backup", "key", "--out", text(&identity)]);
        let recipient = format!("recipients = [\"{}\"]", answers::text(&made, "recipient"));
        installation.stop();
        installation.edit_settings(|settings| {
            settings.replace("recipients = []", &recipient).replace("with_keys = false", "with_keys = true")
        });
        installation.start();
        Self { identity, backup }
    }

    /// Backs the running service up, through itself.
    #[track_caller]
    pub fn back_up_running(&self, country: &Country) {
        country.staff.administrator.npki.done(&["backup", "create", "--out", text(&self.backup)]);
    }

    /// The installation that the backup makes at another place, on the ports of the stopped one; nothing runs yet.
    #[track_caller]
    pub fn restored(&self, stopped: &Installation, target: &str) -> Installation {
        Installation::filled(stopped, |operator, data| {
            operator.done(&[
                "restore",
                text(&self.backup),
                "--identity",
                text(&self.identity),
                "--data",
                text(data),
                "--store",
                target,
            ]);
            // What no backup holds: what opens the keys.
            let _ = std::fs::remove_dir_all(data.join("secrets"));
            copy_folder(&stopped.data().join("secrets"), &data.join("secrets"));
        })
    }
}
