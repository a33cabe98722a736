//! `npki key batch-check`: RSA keys that share a prime. The search runs on this machine, not in the service: the keys
//! come page by page from the server, from an installation's own store, or from files.

use std::collections::BTreeMap;
use std::path::PathBuf;

use ca_core::key_quality::rsa_key;
use ca_core::key_quality::shared_primes::{common_factors, find};
use clap::Args;
use num_bigint::BigUint;
use serde::Serialize;

use super::super::Ending;
use super::{file, holders};
use crate::failure::{Exit, Failure};
use crate::output::{Meaning, Outcome, Page, Simple};
use crate::service;
use crate::session::Session;

/// Which keys to compare.
#[derive(Debug, Args)]
pub struct BatchArguments {
    /// Further keys: certificates, certification requests or public keys
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Read the keys from an installation's store instead of asking its server
    #[arg(long, value_name = "DIR", conflicts_with = "only_files")]
    data: Option<PathBuf>,
    /// Compare the files with each other only
    #[arg(long, requires = "files")]
    only_files: bool,
}

#[derive(Debug, Serialize)]
struct Answer {
    verdict: &'static str,
    /// How many different moduli were compared.
    moduli: usize,
    shared: Vec<Shared>,
}

/// Keys that have a factor in common.
#[derive(Debug, Serialize)]
struct Shared {
    keys: Vec<Key>,
}

#[derive(Debug, Serialize)]
struct Key {
    /// SHA-256 of the SubjectPublicKeyInfo, hex: npki key block takes it.
    sha256: String,
    /// Where it was found: `CA/SERIAL` or a file's name.
    found_in: Vec<String>,
}

/// Collects the keys, each once, and compares them.
pub fn run(arguments: &BatchArguments, session: &mut Session) -> Ending {
    let mut collected = Collected::default();
    for path in &arguments.files {
        for found in file::keys(path)? {
            collected.take(&found.public_key_info, path.display().to_string());
        }
    }
    if let Some(data) = &arguments.data {
        service::rsa_keys(data, &mut |place, key| collected.take(key, place))?;
    } else if !arguments.only_files {
        let client = session.client()?;
        holders::each(&client, |holder, key| {
            collected.take(&key, format!("{}/{}", holder.issuer, holder.serial));
        })?;
    }
    let answer = compare(collected, session)?;
    let exit = if answer.shared.is_empty() { Exit::Done } else { Exit::No };
    Ok(Outcome::with_exit(Simple::new("npki.key.batch-check/1", answer, text), exit))
}

/// Moduli and the keys that have them: one modulus may be in several keys, with different exponents.
#[derive(Debug, Default)]
struct Collected(BTreeMap<BigUint, BTreeMap<String, Vec<String>>>);

impl Collected {
    fn take(&mut self, public_key_info: &[u8], place: String) {
        let Some(key) = rsa_key(public_key_info).filter(|key| key.modulus > BigUint::from(1_u32)) else {
            return;
        };
        let digest = ca_core::blocked_keys::SpkiDigest::of(public_key_info).to_string();
        self.0.entry(key.modulus).or_default().entry(digest).or_default().push(place);
    }
}

fn compare(collected: Collected, session: &Session) -> Result<Answer, Failure> {
    let (moduli, keys): (Vec<BigUint>, Vec<BTreeMap<String, Vec<String>>>) = collected.0.into_iter().unzip();
    let gauge = session.console.count("comparing");
    let found = find(&moduli, &mut |progress| {
        gauge.turn_to("comparing", progress.total);
        gauge.set(progress.done);
    });
    drop(gauge);
    let with = |index: usize| {
        let keys = keys.get(index).into_iter().flatten();
        keys.map(|(sha256, found_in)| Key { sha256: sha256.clone(), found_in: found_in.clone() })
    };
    let mut shared: Vec<Shared> = common_factors(&moduli, &found)
        .into_iter()
        .map(|common| Shared { keys: common.keys.into_iter().flat_map(with).collect() })
        .collect();
    // The same modulus with another exponent: whoever holds one private key has the other.
    let twice = (0..keys.len()).filter(|index| keys.get(*index).is_some_and(|keys| keys.len() > 1));
    shared.extend(twice.map(|index| Shared { keys: with(index).collect() }));
    let verdict = if shared.is_empty() { "sound" } else { "shared" };
    Ok(Answer { verdict, moduli: moduli.len(), shared })
}

fn text(answer: &Answer, page: &mut Page) {
    if answer.shared.is_empty() {
        page.verdict(Meaning::Good, "sound", format!("{} moduli share no prime", answer.moduli));
        return;
    }
    for group in &answer.shared {
        page.verdict(
            Meaning::Bad,
            "shared",
            "these keys have a prime in common: their private keys can be computed",
        );
        for key in &group.keys {
            page.facts(&[(&key.sha256, key.found_in.join(", "))]);
        }
    }
    page.line("next: npki key block SHA256 --reason weak --source 'shares a prime' --revoke, for each");
}
