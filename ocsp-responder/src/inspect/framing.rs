//! PEM (RFC 7468), read as bundles come: with text between the objects.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::{InspectError, MAX_OBJECTS};

/// One PEM object.
pub(super) struct Block {
    pub(super) label: String,
    /// What is inside; empty for private keys, which are never decoded.
    pub(super) der: Vec<u8>,
}

/// The PEM objects in `bytes`; `None` when there are none.
pub(super) fn blocks(bytes: &[u8]) -> Result<Option<Vec<Block>>, InspectError> {
    let Ok(text) = std::str::from_utf8(bytes) else { return Ok(None) };
    let mut found = Vec::new();
    let mut rest = text;
    while let Some((_, after)) = rest.split_once("-----BEGIN ") {
        let position = found.len() + 1;
        if position > MAX_OBJECTS {
            return Err(InspectError::TooLarge);
        }
        let broken = InspectError::Framing(position);
        let (label, body) = after.split_once("-----").ok_or_else(|| broken.clone())?;
        let (body, after) =
            body.split_once(&format!("-----END {label}-----")).ok_or_else(|| broken.clone())?;
        if body.contains("-----BEGIN ") {
            return Err(broken);
        }
        let der = if is_private(label) { Vec::new() } else { decode(body).ok_or(broken)? };
        // `openssl ecparam -genkey` writes the curve ahead of the key, which names it again.
        if label != "EC PARAMETERS" {
            found.push(Block { label: label.to_owned(), der });
        }
        rest = after;
    }
    Ok((!found.is_empty()).then_some(found))
}

pub(super) fn is_private(label: &str) -> bool {
    label.contains("PRIVATE KEY")
}

fn decode(body: &str) -> Option<Vec<u8>> {
    let packed: String = body.chars().filter(|c| !c.is_ascii_whitespace()).collect();
    STANDARD.decode(packed).ok()
}

/// Writes PEM (RFC 7468 section 2: lines of 64 characters).
pub(super) fn pem(label: &str, der: &[u8]) -> String {
    let packed = STANDARD.encode(der);
    let mut text = format!("-----BEGIN {label}-----\n");
    let mut rest = packed.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at(rest.len().min(64));
        text.push_str(line);
        text.push('\n');
        rest = after;
    }
    text + &format!("-----END {label}-----\n")
}
