//! `npki demo`: a newcomer's first minute. What it leaves behind must be real.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on says so and stops"
)]

use std::path::{Path, PathBuf};

use tempfile::TempDir;
use tests::judges::openssl;
use tests::npki::{exit, text};
use tests::{Npki, answers, workspace};

#[test]
fn a_demonstration_leaves_real_certificates_and_signatures() {
    let home = TempDir::new().unwrap();
    let npki = Npki::at_home(home.path());
    let data = home.path().join("demo");
    npki.done(&["demo", "--data", text(&data)]);
    let files = workspace::files_under(&data);
    let named =
        |name: &str| files.iter().find(|file| file.ends_with(name)).unwrap_or_else(|| panic!("no {name}"));
    let (root, issuing) = (named("certificates/root.pem"), named("certificates/issuing.pem"));

    let issued: Vec<&PathBuf> = files.iter().filter(|file| file.ends_with("cert.pem")).collect();
    assert!(issued.len() >= 4, "a person, an organisation, a device, an application: {files:?}");
    for certificate in issued {
        openssl::verify_path(root, issuing, certificate).succeeded();
    }
    let signatures: Vec<&PathBuf> = files.iter().filter(|file| has_ending(file, "p7s")).collect();
    assert!(!signatures.is_empty(), "nothing was signed: {files:?}");
    for signature in signatures {
        openssl::cms_verify(root, issuing, &signature.with_extension(""), signature).succeeded();
    }
}

#[test]
fn a_demonstration_can_be_given_again_in_the_same_folder() {
    let home = TempDir::new().unwrap();
    let npki = Npki::at_home(home.path());
    let demo = ["demo", "--data", &npki.file("stage")];
    for _ in ["first", "second"] {
        let shown = npki.run_as_text(&demo);
        let said = format!("{}{}", shown.exits(exit::DONE).stdout, shown.stderr);
        assert!(said.contains("revoke") && said.contains("verify"), "{said}");
    }
    // Contexts of the person who watches are left alone.
    assert!(answers::items(&npki.done(&["context", "list"])).is_empty());
}

#[test]
fn a_demonstration_never_clears_what_is_not_its_own() {
    let home = TempDir::new().unwrap();
    let npki = Npki::at_home(home.path());
    let folder = home.path().join("thesis");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("chapter one.txt"), "the only copy").unwrap();
    let refused = npki.run(&["demo", "--data", text(&folder)]);
    assert_ne!(refused.code, exit::DONE);
    refused.problem(refused.code);
    assert_eq!(workspace::files_under(&folder).len(), 1, "something was made or lost");
}

fn has_ending(file: &Path, ending: &str) -> bool {
    file.extension().is_some_and(|found| found == ending)
}
