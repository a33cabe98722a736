//! `npki key check`: every fault of a key, with its clause. Asks no server.

use std::path::PathBuf;

use ca_core::key_quality::examine;
use clap::Args;
use serde::Serialize;

use super::super::Ending;
use super::file;
use crate::failure::Exit;
use crate::output::{Meaning, Outcome, Page, Simple};

/// What to check.
#[derive(Debug, Args)]
pub struct CheckArguments {
    /// Certificates, certification requests or public keys, PEM or DER; - is standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

#[derive(Debug, Serialize)]
struct Checked {
    verdict: &'static str,
    keys: Vec<Key>,
}

#[derive(Debug, Serialize)]
struct Key {
    file: PathBuf,
    /// `certificate`, `request` or `public key`.
    found_in: &'static str,
    /// SHA-256 of the SubjectPublicKeyInfo, hex.
    sha256: String,
    /// Kind and size; nothing where the key is refused.
    kind: Option<String>,
    faults: Vec<Fault>,
}

#[derive(Debug, Serialize)]
struct Fault {
    code: &'static str,
    fault: String,
    clause: &'static str,
    fix: &'static str,
}

/// Checks.
pub fn run(arguments: &CheckArguments) -> Ending {
    let mut keys = Vec::new();
    for path in &arguments.files {
        for found in file::keys(path)? {
            let examined = examine(&found.public_key_info);
            let faults = examined.weaknesses.iter().map(|weakness| Fault {
                code: weakness.fault.code(),
                fault: weakness.fault.to_string(),
                clause: weakness.clause,
                fix: weakness.fault.fix(),
            });
            keys.push(Key {
                file: path.clone(),
                found_in: found.what,
                sha256: examined.sha256,
                kind: examined.kind.map(|kind| kind.to_string()),
                faults: faults.collect(),
            });
        }
    }
    let sound = keys.iter().all(|key| key.faults.is_empty());
    let (verdict, exit) = if sound { ("sound", Exit::Done) } else { ("refused", Exit::No) };
    Ok(Outcome::with_exit(Simple::new("npki.key.check/1", Checked { verdict, keys }, text), exit))
}

fn text(checked: &Checked, page: &mut Page) {
    for key in &checked.keys {
        let (meaning, word) =
            if key.faults.is_empty() { (Meaning::Good, "sound") } else { (Meaning::Bad, "refused") };
        let kind = key.kind.as_deref().unwrap_or("key");
        page.verdict(meaning, word, format!("{}: {kind} of a {}", key.file.display(), key.found_in));
        page.facts(&[("sha256", key.sha256.clone())]);
        for fault in &key.faults {
            page.facts(&[
                ("fault", fault.fault.clone()),
                ("clause", fault.clause.to_owned()),
                ("fix", fault.fix.to_owned()),
                ("code", fault.code.to_owned()),
            ]);
        }
    }
}
