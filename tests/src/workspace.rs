//! Where the sources and the program under test are.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::SystemTime;

/// Names the program to test instead of the one built beside the tests.
pub const PROGRAM: &str = "NPKI_BIN";

/// The root of the workspace.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_path_buf()
}

/// The `npki` program, at least as new as its sources.
///
/// Cargo tells a test only of its own package's programs, and `cargo test -p tests` does not build another package's:
/// so an absent or outdated program is built here, once.
pub fn npki() -> &'static Path {
    static FOUND: OnceLock<PathBuf> = OnceLock::new();
    FOUND.get_or_init(|| std::env::var_os(PROGRAM).map_or_else(built_beside_the_tests, PathBuf::from))
}

fn built_beside_the_tests() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let folder = test.parent().and_then(Path::parent).unwrap();
    let program = folder.join("npki");
    let built = program.metadata().and_then(|found| found.modified()).unwrap_or(SystemTime::UNIX_EPOCH);
    if newest_source() > built {
        build(folder.ends_with("release"));
    }
    assert!(program.is_file(), "{} is not there, even after a build", program.display());
    program
}

/// Builds as `cargo build --workspace` does: the same features, so nothing is compiled twice.
fn build(release: bool) {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--quiet", "--workspace", "--bins", "--locked"]).current_dir(root());
    if release {
        cargo.arg("--release");
    }
    let status = cargo.status().unwrap();
    assert!(status.success(), "npki does not build");
}

fn newest_source() -> SystemTime {
    let modified = |file: PathBuf| file.metadata().and_then(|found| found.modified()).unwrap();
    let crates = ["ca-core", "id-registry", "ocsp-responder", "cli"];
    let sources = crates.iter().flat_map(|name| files_under(&root().join(name).join("src")));
    sources.map(modified).max().unwrap()
}

/// All files under a folder, in no order.
pub fn files_under(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = folder.read_dir() else { return Vec::new() };
    let paths = entries.map(|entry| entry.unwrap().path());
    paths.flat_map(|path| if path.is_dir() { files_under(&path) } else { vec![path] }).collect()
}
