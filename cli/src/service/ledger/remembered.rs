//! Asking a witness how far it has cosigned: what a restore must not fall back behind.

use std::time::Duration;

use ring::digest::{SHA256, digest};
use serde::Deserialize;

use super::settings::{LedgerSettings, WitnessSettings};
use super::witnesses::transport;

/// What a witness remembers of a log.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Remembered {
    /// How many events it cosigned last.
    pub(crate) size: u64,
}

/// How many epochs are asked for at most: each is an accepted loss of history.
const EPOCHS: u64 = 16;

/// What a witness remembers of this ledger, in all its epochs.
///
/// # Errors
/// It does not answer, or in another form.
pub(crate) fn remembered(
    witness: &WitnessSettings,
    ledger: &LedgerSettings,
    patience: Duration,
) -> Result<Vec<Remembered>, String> {
    let client = transport(witness, patience).map_err(|failure| failure.to_string())?;
    let mut found = Vec::new();
    for epoch in 0..EPOCHS {
        let origin = ledger.origin(epoch)?;
        let mut url = witness.url.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            let name = hex::encode(digest(&SHA256, origin.as_str().as_bytes()));
            segments.pop_if_empty().push("latest").push(&name);
        }
        let request = client.request(reqwest::Method::GET, url);
        let answer = client.send(request).map_err(|failure| failure.to_string())?;
        match answer.status {
            200 => found.push(serde_json::from_slice(&answer.body).map_err(|error| error.to_string())?),
            // Never seen: later epochs neither.
            404 => break,
            status => return Err(format!("it answers {status}")),
        }
    }
    Ok(found)
}
