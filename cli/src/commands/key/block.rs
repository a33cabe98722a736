//! `npki key block`: a digest, or a list of any length; with `--revoke` also every certificate of these keys.

use std::collections::{BTreeSet, HashSet};
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use ca_core::blocked_keys::KeyDigest;
use clap::Args;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::super::Ending;
use super::{file, holders};
use crate::client::Client;
use crate::client::records::Certificate;
use crate::failure::{Exit, Failure, catalogue};
use crate::files;
use crate::output::{Meaning, Outcome, Page, Simple};
use crate::session::Session;

/// How many keys one call blocks.
const AT_ONCE: usize = 500;
/// Octets of a line of a list at most: digests are short, and a line without an end is not read.
const LONGEST_LINE: u64 = 1_024;

/// Which keys to block, and why.
#[derive(Debug, Args)]
pub struct BlockArguments {
    /// A key's digest (SHA-256 of its SubjectPublicKeyInfo, hex or base64), a list of digests (one a line), or a
    /// certificate, certification request or public key
    #[arg(value_name = "DIGEST|FILE")]
    what: String,
    /// Why: compromised (in others' hands) or weak (can be computed)
    #[arg(long, default_value = "compromised", value_parser = ["compromised", "weak"])]
    reason: String,
    /// Where that is known from. It stays for good and applicants are told: no personal data
    #[arg(long, value_name = "TEXT")]
    source: String,
    /// Also revoke every certificate of these keys, for compromise of the key
    #[arg(long)]
    revoke: bool,
    /// A CA of the installation that is to issue nothing more, as its own key is among these; may be given several times
    #[arg(long, value_name = "CA")]
    stops_ca: Vec<String>,
}

#[derive(Debug, Default, Serialize)]
struct Done {
    /// Keys that were free before.
    blocked: u64,
    /// Keys that were blocked already.
    known: u64,
    /// Blocked keys that certificates in force are, or were, for.
    in_use: Vec<String>,
    /// CAs whose own key is blocked: they issue nothing more.
    stopped: Vec<String>,
    /// The serial numbers of certificates that were revoked now.
    revoked: Vec<String>,
    /// Certificates of CAs whose key is not at hand, as CA/SERIAL: their own operators revoke them.
    elsewhere: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct Answer {
    blocked: u64,
    known: u64,
    in_use: Vec<String>,
    stopped: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct Revoked {
    revoked: Vec<Certificate>,
    left: u64,
    elsewhere: Vec<Certificate>,
}

/// Blocks, then revokes.
pub fn run(arguments: &BlockArguments, session: &mut Session) -> Ending {
    confirm(arguments, session)?;
    let client = session.client()?;
    let mut work =
        Work { arguments, session, client: &client, done: Done::default(), debian: HashSet::new() };
    work.block_all()?;
    work.find_debian()?;
    if arguments.revoke {
        work.revoke_all()?;
    }
    let done = work.done;
    let exit = if done.elsewhere.is_empty() { Exit::Done } else { Exit::CannotTell };
    Ok(Outcome::with_exit(Simple::new("npki.key.block/1", done, text), exit))
}

fn confirm(arguments: &BlockArguments, session: &Session) -> Result<(), Failure> {
    let mut question = format!("Block {}", arguments.what);
    if arguments.revoke {
        question.push_str(", and revoke every certificate of it");
    }
    if !arguments.stops_ca.is_empty() {
        question.push_str(&format!(", and end what {} issues", arguments.stops_ca.join(", ")));
    }
    session.confirm(&format!("{question}? It cannot be undone."))
}

struct Work<'a> {
    arguments: &'a BlockArguments,
    session: &'a Session,
    client: &'a Client,
    done: Done,
    debian: HashSet<KeyDigest>,
}

impl Work<'_> {
    fn block_all(&mut self) -> Result<(), Failure> {
        let what = &self.arguments.what;
        if let Ok(digest) = what.parse::<KeyDigest>() {
            return self.block(&[digest]);
        }
        let path = Path::new(what);
        if !path.exists() {
            return Err(Failure::of(&catalogue::NO_KEY)
                .what(format!("{what:?} is neither a key's digest nor a file"))
                .cause("a digest is 64 hexadecimal digits, or base64 of 32 octets"));
        }
        match file::keys(path) {
            Ok(found) => {
                let digests: Vec<KeyDigest> = found
                    .iter()
                    .filter_map(|key| KeyDigest::all_of(&key.public_key_info).into_iter().next())
                    .collect();
                digests.chunks(AT_ONCE).try_for_each(|page| self.block(page))
            }
            Err(failure) if looks_like_pem_or_der(path) => Err(failure),
            Err(_) => self.block_list(path),
        }
    }

    /// Line by line: a list may be larger than memory. What is blocked already stays as it is, so that a list that was
    /// cut off is simply sent again.
    fn block_list(&mut self, path: &Path) -> Result<(), Failure> {
        let file = File::open(path).map_err(|error| files::unreadable(path, &error))?;
        let total = file.metadata().map(|metadata| metadata.len()).unwrap_or(0);
        let gauge = self.session.console.gauge("blocking", Some(total));
        let mut reader = BufReader::new(file);
        let (mut page, mut number, mut octets) = (Vec::new(), 0_u64, 0_u64);
        loop {
            let mut line = Vec::new();
            let read = std::io::Read::take(&mut reader, LONGEST_LINE).read_until(b'\n', &mut line);
            let read = read.map_err(|error| files::unreadable(path, &error))?;
            if read == 0 {
                break;
            }
            (number, octets) = (number + 1, octets + read as u64);
            page.extend(digest_in(&line, path, number)?);
            if page.len() == AT_ONCE {
                self.block(&page)?;
                page.clear();
                gauge.set(octets);
            }
        }
        if page.is_empty() { Ok(()) } else { self.block(&page) }
    }

    fn block(&mut self, digests: &[KeyDigest]) -> Result<(), Failure> {
        self.debian.extend(digests.iter().filter(|digest| matches!(digest, KeyDigest::DebianModulus(_))));
        let keys: Vec<String> = digests.iter().map(ToString::to_string).collect();
        let BlockArguments { reason, source, stops_ca, .. } = self.arguments;
        let body = json!({"keys": keys, "reason": reason, "source": source, "stops": stops_ca});
        let answer: Answer = self.client.change(&["blocked-keys"], &body, self.session.entropy.as_ref())?;
        self.done.blocked += answer.blocked;
        self.done.known += answer.known;
        self.done.in_use.extend(answer.in_use);
        self.done.stopped.extend(answer.stopped);
        Ok(())
    }

    /// Debian's digests are not those of the index: every RSA key is looked at once. The keys found are blocked by
    /// their own digests too.
    fn find_debian(&mut self) -> Result<(), Failure> {
        if self.debian.is_empty() {
            return Ok(());
        }
        let mut found = BTreeSet::new();
        holders::each(self.client, |_, key| {
            let digests = KeyDigest::all_of(&key);
            if digests.iter().any(|digest| self.debian.contains(digest)) {
                found.extend(digests.into_iter().filter(|digest| matches!(digest, KeyDigest::Spki(_))));
            }
        })?;
        let found: Vec<KeyDigest> = found.into_iter().collect();
        found.chunks(AT_ONCE).try_for_each(|page| self.block(page))
    }

    fn revoke_all(&mut self) -> Result<(), Failure> {
        let gauge = self.session.console.count("revoking certificates of blocked keys");
        let keys: BTreeSet<String> = self.done.in_use.iter().cloned().collect();
        gauge.turn_to("revoking certificates of blocked keys", keys.len() as u64);
        for (done, key) in (1..).zip(keys) {
            self.revoke(&key)?;
            gauge.set(done);
        }
        Ok(())
    }

    fn revoke(&mut self, key: &str) -> Result<(), Failure> {
        loop {
            let path = ["blocked-keys", key, "revocation"];
            let page: Revoked = self.client.change(&path, &json!({}), self.session.entropy.as_ref())?;
            self.done.revoked.extend(page.revoked.into_iter().map(|certificate| certificate.serial));
            if page.left == 0 {
                let elsewhere = page.elsewhere.into_iter();
                self.done
                    .elsewhere
                    .extend(elsewhere.map(|found| format!("{}/{}", found.issuer, found.serial)));
                return Ok(());
            }
        }
    }
}

/// The digest in a line; nothing in an empty one or a remark. What follows the digest is somebody's note.
fn digest_in(line: &[u8], path: &Path, number: u64) -> Result<Option<KeyDigest>, Failure> {
    let text = String::from_utf8_lossy(line);
    let Some(word) = text.split([' ', '\t', ',', ';', '\r', '\n']).find(|word| !word.is_empty()) else {
        return Ok(None);
    };
    if word.starts_with('#') {
        return Ok(None);
    }
    word.parse().map(Some).map_err(|error: ca_core::blocked_keys::InvalidDigest| {
        Failure::of(&catalogue::NO_KEY)
            .what(format!("line {number} of {} is no digest of a key", path.display()))
            .cause(error.to_string())
            .fix("correct the line and run the command again: what was blocked before stays so")
    })
}

fn looks_like_pem_or_der(path: &Path) -> bool {
    use std::io::Read;
    let mut begin = [0; 5];
    let read = File::open(path).and_then(|mut file| file.read(&mut begin)).unwrap_or(0);
    read > 1 && (begin.starts_with(b"-----") || matches!(begin, [0x30, 0x80..=0x84, ..]))
}

fn text(done: &Done, page: &mut Page) {
    page.verdict(
        Meaning::Good,
        "blocked",
        format!("{} keys; {} were blocked already", done.blocked, done.known),
    );
    for key in &done.in_use {
        page.facts(&[("in use", key.clone())]);
    }
    for ca in &done.stopped {
        page.verdict(
            Meaning::Bad,
            "stopped",
            format!(
                "CA {ca} issues nothing more; where it is a root, have it struck from every list of trust"
            ),
        );
    }
    for serial in &done.revoked {
        page.verdict(Meaning::Bad, "revoked", serial);
    }
    for certificate in &done.elsewhere {
        page.verdict(
            Meaning::Doubtful,
            "not revoked",
            format!("{certificate}: its CA's key is not at hand here"),
        );
    }
    if done.revoked.is_empty() && !done.in_use.is_empty() {
        page.line("certificates in force hold these keys: the same command with --revoke revokes them");
    }
}
