//! What the machine says about itself, for the transcript. It proves nothing; it helps whoever investigates later.

use std::collections::BTreeMap;
use std::fs;

use crate::failure::{Failure, catalogue};
use crate::files;

/// System, kernel, name, and what the kernel says of its randomness.
pub fn facts() -> BTreeMap<String, String> {
    let mut facts = BTreeMap::new();
    for (name, path) in [
        ("kernel", "/proc/sys/kernel/osrelease"),
        ("machine", "/proc/sys/kernel/hostname"),
        ("kernel-entropy-bits", "/proc/sys/kernel/random/entropy_avail"),
    ] {
        if let Ok(text) = fs::read_to_string(path) {
            facts.insert(name.to_owned(), text.trim().to_owned());
        }
    }
    let release = fs::read_to_string("/etc/os-release").unwrap_or_default();
    if let Some(name) = release.lines().find_map(|line| line.strip_prefix("PRETTY_NAME=")) {
        facts.insert("system".to_owned(), name.trim_matches('"').to_owned());
    }
    facts.insert("architecture".to_owned(), std::env::consts::ARCH.to_owned());
    facts
}

/// Network interfaces that are up, but for the machine's own.
pub fn interfaces_up() -> Vec<String> {
    let Ok(entries) = fs::read_dir("/sys/class/net") else { return Vec::new() };
    let mut up: Vec<String> = entries
        .flatten()
        .filter(|entry| {
            let state = fs::read_to_string(entry.path().join("operstate")).unwrap_or_default();
            entry.file_name() != "lo" && state.trim() == "up"
        })
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    up.sort_unstable();
    up
}

/// SHA-256 of this program's file, hex.
///
/// # Errors
/// It cannot be read.
pub fn executable_sha256() -> Result<String, Failure> {
    let failed = |error: std::io::Error| {
        Failure::of(&catalogue::MACHINE)
            .what("this program's own file cannot be read")
            .cause(error.to_string())
    };
    let program = std::env::current_exe().map_err(failed)?;
    files::sha256(&program).map(|(digest, _)| digest).map_err(failed)
}
