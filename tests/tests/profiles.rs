//! Profiles: in the store from the founding on, changed under dual control, in force at once.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on says so and stops"
)]

use std::path::{Path, PathBuf};

use tests::installation::copy_folder;
use tests::npki::{exit, text};
use tests::{Country, Installation, workspace};

/// A folder with the profiles that npki comes with, where one passage of one is changed.
fn profiles(folder: &Path, name: &str, from: &str, to: &str) -> PathBuf {
    let profiles = folder.join("profiles");
    copy_folder(&workspace::root().join("config/profiles"), &profiles);
    let file = profiles.join(format!("{name}.toml"));
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(text.contains(from), "{name} has no {from}");
    std::fs::write(&file, text.replacen(from, to, 1)).unwrap();
    profiles
}

#[test]
fn an_installation_is_founded_with_a_countrys_own_profiles_and_reads_no_files_later() {
    let installation = Installation::planned();
    let scratch = installation.scratch("own");
    let own = profiles(&scratch, "device", "validity_days = 365", "validity_days = 77");
    installation.found(&["--profiles", text(&own)]);
    assert!(!installation.data().join("profiles").exists(), "files that nobody reads mislead");
    let mut installation = installation;
    installation.start();
    let mut country = Country::settled_in(installation);
    let device = &country.identities.device;
    let issued = country.staff.issue(&country.installation, &country.staff.officer, "device", device);
    let shown = country.staff.officer.npki.done(&["cert", "show", &issued.serial]);
    let digest = tests::certificates::sha256(&std::fs::read(own.join("device.toml")).unwrap());
    assert_eq!(shown["profile_sha256"], digest.as_str(), "{shown}");
    // A file put there later counts for nothing, however broken.
    country.installation.stop();
    let folder = country.installation.data().join("profiles");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("device.toml"), "title = \"nonsense\"").unwrap();
    country.installation.start();
    let listed = country.staff.officer.npki.done(&["profile", "show", "device"]);
    assert_eq!(listed["validity_days"], 77, "{listed}");
    assert!(country.installation.said().contains("is not what the store has"), "whoever edits it is told");
    country.installation.stop();
    country.installation.audit_is_clean();
}

#[test]
fn wrong_profiles_found_nothing() {
    let installation = Installation::planned();
    let scratch = installation.scratch("wrong");
    let mut arguments = installation.init_arguments();
    let nobody = installation.somebody("installer");
    let broken = profiles(&scratch, "device", "validity_days", "validity_dais");
    for (folder, said) in [
        (scratch.join("nowhere"), "No such file"),
        (installation.scratch("empty"), "holds no profiles"),
        (broken, "did you mean `validity_days`?"),
    ] {
        arguments.extend(["--profiles".to_owned(), text(&folder).to_owned()]);
        let refused = nobody.run(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
        let problem = refused.problem(refused.code);
        assert_ne!(refused.code, exit::DONE);
        assert!(problem.detail.contains(said), "{problem:?}");
        assert!(!installation.data().exists(), "half of an installation is there");
        arguments.truncate(arguments.len() - 2);
    }
}
