//! Whom an auditor believes: the log's key, witnesses' keys, checkpoints brought along.

use std::path::{Path, PathBuf};

use ca_core::tlog::checkpoint::{Log, Origin, SignedCheckpoint, VerifiedCheckpoint};
use ca_core::tlog::cosignature::WitnessPolicy;
use ca_core::tlog::note::VerifierKey;
use clap::Args;

use crate::failure::{Failure, catalogue};
use crate::files;

/// The most octets of a checkpoint or a key.
const MAX_NOTE: u64 = 1024 * 1024;

/// Whom to believe.
#[derive(Debug, Args)]
pub struct Trust {
    /// The ledger's public key, or a file that holds it
    #[arg(long, value_name = "KEY|FILE")]
    pub log_key: Option<String>,
    /// The ledger's name in its checkpoints, where it is not the key's
    #[arg(long, value_name = "NAME")]
    origin: Vec<String>,
    /// A witness's public key, or a file that holds it; may be repeated
    #[arg(long, value_name = "KEY|FILE")]
    witness_key: Vec<String>,
    /// How many of the witnesses must have cosigned [default: all that are named]
    #[arg(long, value_name = "N", requires = "witness_key")]
    quorum: Option<usize>,
    /// A checkpoint kept from earlier, or received another way; may be repeated
    #[arg(long, value_name = "FILE")]
    checkpoint: Vec<PathBuf>,
}

impl Trust {
    /// The log under each of its names, `default` among them where none is given.
    pub fn logs(&self, key: &VerifierKey, default: Vec<Origin>) -> Result<Vec<Log>, Failure> {
        let named: Result<Vec<Origin>, _> = self.origin.iter().map(|name| name.parse()).collect();
        let mut origins = named.map_err(|error| unfit(&error))?;
        if origins.is_empty() {
            origins = default;
        }
        if origins.is_empty() {
            return Ok(vec![Log::named_by(key.clone()).map_err(|error| unfit(&error))?]);
        }
        let log = |origin| Log::new(origin, vec![key.clone()]).map_err(|error| unfit(&error));
        origins.into_iter().map(log).collect()
    }

    /// The key given, if one is.
    pub fn given_key(&self) -> Result<Option<VerifierKey>, Failure> {
        self.log_key.as_deref().map(key).transpose()
    }

    /// The witnesses given; `default` where none is.
    pub fn policy(&self, default: Option<WitnessPolicy>) -> Result<WitnessPolicy, Failure> {
        if let Some(default) = default.filter(|_| self.witness_key.is_empty()) {
            return Ok(default);
        }
        let keys: Vec<VerifierKey> =
            self.witness_key.iter().map(|text| key(text)).collect::<Result<_, _>>()?;
        let quorum = self.quorum.unwrap_or(keys.len());
        WitnessPolicy::new(keys, quorum).map_err(|error| unfit(&error))
    }

    /// The checkpoints brought along, verified.
    pub fn known(&self, logs: &[Log], policy: &WitnessPolicy) -> Result<Vec<VerifiedCheckpoint>, Failure> {
        self.checkpoint.iter().map(|file| checkpoint(file, logs, policy)).collect()
    }
}

/// Reads a checkpoint and verifies log and witnesses.
pub fn checkpoint(file: &Path, logs: &[Log], policy: &WitnessPolicy) -> Result<VerifiedCheckpoint, Failure> {
    let content = files::read(file, MAX_NOTE)?;
    verified(&content, logs, policy)
        .map_err(|failure| failure.what(format!("{}: not to be trusted", file.display())))
}

/// Verifies a checkpoint: log and witnesses.
pub fn verified(note: &[u8], logs: &[Log], policy: &WitnessPolicy) -> Result<VerifiedCheckpoint, Failure> {
    let signed = SignedCheckpoint::parse(note).map_err(|error| untrusted(&error))?;
    let log = logs.iter().find(|log| log.origin() == signed.claimed_origin()).or(logs.first());
    let log = log.ok_or_else(|| Failure::of(&catalogue::NO_LOG_KEY))?;
    let checkpoint = signed.verify(log).map_err(|error| untrusted(&error))?;
    policy.verify(&checkpoint).map_err(|error| untrusted(&error))?;
    Ok(checkpoint)
}

/// A key, as text or in a file.
pub fn key(text: &str) -> Result<VerifierKey, Failure> {
    if let Ok(key) = text.parse() {
        return Ok(key);
    }
    let content = files::read(Path::new(text), MAX_NOTE)?;
    let content = String::from_utf8_lossy(&content);
    content.trim().parse().map_err(|error: ca_core::tlog::note::NoteKeyError| unfit(&error))
}

fn unfit(error: &impl ToString) -> Failure {
    Failure::of(&catalogue::NO_LOG_KEY).cause(error.to_string())
}

fn untrusted(error: &impl ToString) -> Failure {
    Failure::of(&catalogue::CHECKPOINT).cause(error.to_string())
}
