//! Receipts and checkpoints of ledgers.

use ca_core::ledger::receipt::Receipt;
use ca_core::tlog::checkpoint::SignedCheckpoint;
use ca_core::tlog::note::SignedNote;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::lines::line;
use super::names;

/// A ledger's statement of its tree at a size (C2SP tlog-checkpoint).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckpointView {
    /// The ledger's name.
    pub origin: String,
    /// How many events it is about.
    pub size: u64,
    /// The root of the tree over them, base64.
    pub root: String,
    /// Whose signatures and cosignatures stand below it, as they name themselves.
    pub signatures: Vec<String>,
    /// SHA-256 of it.
    pub sha256: String,
}

/// An event with the proof that it stands in a ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReceiptView {
    /// The form.
    pub format: String,
    /// The event's place in the ledger.
    pub position: u64,
    /// The event.
    pub event: Value,
    /// How many hashes the proof has.
    pub proof_hashes: usize,
    /// The checkpoint that it leads to.
    pub checkpoint: CheckpointView,
    /// SHA-256 of it.
    pub sha256: String,
}

/// Reads a checkpoint.
pub(super) fn checkpoint(octets: &[u8]) -> Option<CheckpointView> {
    let found = SignedCheckpoint::parse(octets).ok()?;
    let note = SignedNote::parse(octets).ok()?;
    Some(CheckpointView {
        origin: found.claimed_origin().to_string(),
        size: found.claimed_head().size,
        root: found.claimed_head().root.to_base64(),
        signatures: note.signatures().iter().map(|signature| signature.name().to_string()).collect(),
        sha256: names::sha256(octets),
    })
}

/// Reads a receipt.
pub(super) fn receipt(octets: &[u8]) -> Option<ReceiptView> {
    let found: Receipt = serde_json::from_slice(octets).ok()?;
    Some(ReceiptView {
        checkpoint: checkpoint(found.checkpoint.as_bytes())?,
        event: serde_json::from_str(&found.event).ok()?,
        format: found.format,
        position: found.position.0,
        proof_hashes: found.proof.len(),
        sha256: names::sha256(octets),
    })
}

/// A checkpoint for people.
pub(super) fn checkpoint_lines(view: &CheckpointView) -> Vec<String> {
    let mut lines = vec![
        "Checkpoint of a ledger".to_owned(),
        line("Ledger", &view.origin),
        line("Events", &view.size.to_string()),
        line("Root", &view.root),
    ];
    lines.extend(view.signatures.iter().map(|name| line("Signed by", name)));
    lines.push(line("SHA-256", &view.sha256));
    lines
}

/// A receipt for people.
pub(super) fn receipt_lines(view: &ReceiptView) -> Vec<String> {
    let mut lines = vec![
        "Receipt of a ledger".to_owned(),
        line("Form", &view.format),
        line("Position", &view.position.to_string()),
    ];
    for (name, value) in view.event.as_object().into_iter().flatten() {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        lines.push(line(name, &text));
    }
    lines.push(line("Proof", &format!("{} hashes", view.proof_hashes)));
    lines.push(line("SHA-256", &view.sha256));
    lines.extend(checkpoint_lines(&view.checkpoint));
    lines
}
