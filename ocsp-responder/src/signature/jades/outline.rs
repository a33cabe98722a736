//! What a JSON Web Signature says of itself, for display: nothing here is verified.

use serde_json::{Map, Value};

use super::error::JwsError;
use super::wire::{Written, octets};

/// The parts of a JSON Web Signature.
#[derive(Debug)]
pub(crate) struct JwsOutline {
    /// Whether it is written in three parts, and not as JSON.
    pub(crate) is_compact: bool,
    /// The protected header.
    pub(crate) header: Map<String, Value>,
    /// How many octets the payload has as it is written; nothing where it stands elsewhere.
    pub(crate) payload: Option<usize>,
    /// How many things were added to it since it was signed.
    pub(crate) added: usize,
}

/// Reads the outline.
pub(crate) fn outline(signature: &[u8]) -> Result<JwsOutline, JwsError> {
    let written = Written::read(signature)?;
    let header = written.header()?;
    let is_encoded = header.get("b64").and_then(Value::as_bool) != Some(false);
    let payload = match &written.payload {
        Some(payload) if is_encoded => Some(octets(payload, "the payload")?.len()),
        other => other.as_ref().map(String::len),
    };
    let added = written.etsi_u.as_ref().and_then(Value::as_array).map_or(0, Vec::len);
    Ok(JwsOutline { is_compact: written.is_compact, header, payload, added })
}
