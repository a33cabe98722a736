//! A country with a second administrator: what it takes to change profiles.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::answers;
use crate::country::Country;
use crate::installation::copy_folder;
use crate::npki::{exit, text};
use crate::staff::Member;
use crate::workspace;

/// A country whose profiles can be changed.
#[derive(Debug)]
pub struct Ministry {
    /// The country; its administrator proposes.
    pub country: Country,
    /// Approves.
    pub second: Member,
}

impl Ministry {
    /// Takes a second administrator on.
    pub fn of(country: Country) -> Self {
        let administrator = &country.staff.administrator;
        let second = administrator.hire(&country.installation, "Limpho Tau", "administrator", &[]);
        Self { country, second }
    }

    /// The newest text of a profile with one passage changed, as a file.
    #[track_caller]
    pub fn edited(&self, name: &str, from: &str, to: &str) -> PathBuf {
        let number = crate::installation::random_u16();
        let folder = self.country.installation.scratch(&format!("{name}-{number}"));
        let first = &self.country.staff.administrator.npki;
        first.done(&["profile", "export", name, "--out", text(&folder)]);
        let file = folder.join(format!("{name}.toml"));
        let found = std::fs::read_to_string(&file).unwrap();
        assert!(found.contains(from), "{name} has no {from}");
        std::fs::write(&file, found.replacen(from, to, 1)).unwrap();
        file
    }

    /// Proposed by the first administrator, who must wait for the second.
    #[track_caller]
    pub fn propose(&self, file: &Path, more: &[&str]) -> Value {
        let propose = ["profile", "propose", text(file), "--reason", "the law of 2027"];
        self.country.staff.administrator.npki.answered(exit::WAITING, &[&propose, more].concat())
    }

    /// Approved by the second.
    #[track_caller]
    pub fn approve(&self, proposal: &Value) {
        let (id, digest) = (answers::id(proposal), answers::text(proposal, "sha256"));
        let approved = self.second.npki.done(&["profile", "approve", &id, "--sha256", digest]);
        assert_eq!(approved["status"], "approved", "{approved}");
    }

    /// How long certificates of a profile last.
    #[track_caller]
    pub fn days(&self, name: &str) -> u64 {
        let shown = self.country.staff.officer.npki.done(&["profile", "show", name]);
        shown["validity_days"].as_u64().unwrap()
    }
}

/// A folder with the profiles that npki comes with, where passages of some are changed: name, what stands there, what is
/// to stand there.
#[track_caller]
pub fn own_profiles(folder: &Path, changes: &[(&str, &str, &str)]) -> PathBuf {
    let profiles = folder.join("profiles");
    copy_folder(&workspace::root().join("config/profiles"), &profiles);
    for (name, from, to) in changes {
        let file = profiles.join(format!("{name}.toml"));
        let text = std::fs::read_to_string(&file).unwrap();
        assert!(text.contains(from), "{name} has no {from}");
        std::fs::write(&file, text.replacen(from, to, 1)).unwrap();
    }
    profiles
}
