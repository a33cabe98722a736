//! A token for a test, played by SoftHSM.
//!
//! A token's login belongs to a whole process, and SoftHSM finds its tokens by an environment variable: each story runs
//! in a process of its own, which the test binary starts. `ca-core`'s tests include this file as it is.

#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "not every test that includes it needs all; and a test that cannot go on says so and stops"
)]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const INSIDE: &str = "NPKI_TEST_TOKEN_PROCESS";
const CONFIGURATION: &str = "SOFTHSM2_CONF";

/// The token's label.
pub const TOKEN: &str = "npki test";
/// Its user PIN.
pub const PIN: &str = "20771";

/// Runs the test of this name once more in a process that finds a fresh token, or, in that process, tells the story.
pub fn with_token(name: &str, story: fn()) {
    if std::env::var_os(INSIDE).is_some() {
        return story();
    }
    let folder = tempfile::tempdir().unwrap();
    let configuration = new_token(folder.path());
    let again = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", name, "--nocapture"])
        .env(CONFIGURATION, configuration)
        .env(INSIDE, "1")
        .output()
        .unwrap();
    assert!(again.status.success() && said(&again).contains("1 passed"), "{}", said(&again));
}

/// What a program printed.
pub fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// SoftHSM's library.
pub fn module() -> PathBuf {
    let usual = [
        "/usr/lib/softhsm/libsofthsm2.so",
        "/usr/lib64/pkcs11/libsofthsm2.so",
        "/usr/local/lib/softhsm/libsofthsm2.so",
    ];
    let found = usual.iter().map(PathBuf::from).find(|path| path.exists());
    found.expect("libsofthsm2.so is not installed: apt-get install softhsm2")
}

/// The folder that holds the token of this process: moved away, the token is pulled.
pub fn tokens() -> PathBuf {
    let configuration = std::env::var_os(CONFIGURATION).expect("told by `with_token`");
    Path::new(&configuration).with_file_name("tokens")
}

fn new_token(folder: &Path) -> PathBuf {
    let (tokens, configuration) = (folder.join("tokens"), folder.join("softhsm2.conf"));
    std::fs::create_dir(&tokens).unwrap();
    let text = format!("directories.tokendir = {}\nobjectstore.backend = file\n", tokens.display());
    std::fs::write(&configuration, text).unwrap();
    let made = Command::new("softhsm2-util")
        .args(["--init-token", "--free", "--label", TOKEN, "--so-pin", "12345678", "--pin", PIN])
        .env(CONFIGURATION, &configuration)
        .output()
        .expect("softhsm2-util is not installed, and without a token this test means nothing: apt-get install softhsm2");
    assert!(made.status.success(), "{}", said(&made));
    configuration
}
