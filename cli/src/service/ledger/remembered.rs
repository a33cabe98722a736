//! Asking a witness how far it has cosigned: what a restore must not fall back behind.

use std::time::Duration;

use ring::digest::{SHA256, digest};
use serde::Deserialize;

use super::settings::{LedgerSettings, WitnessSettings};
use super::witnesses::transport;

/// What a witness remembers of a log: the last checkpoint that it cosigned, as the log signed it.
#[derive(Debug, Clone, Deserialize)]
struct Latest {
    checkpoint: Option<String>,
}

/// How many epochs are asked for at most: each is an accepted loss of history.
const EPOCHS: u64 = 16;

/// The last checkpoints of this ledger that a witness has cosigned, in all its epochs: signed notes, yet to be verified.
///
/// # Errors
/// It does not answer, or in another form.
pub(crate) fn remembered(
    witness: &WitnessSettings,
    ledger: &LedgerSettings,
    patience: Duration,
) -> Result<Vec<Vec<u8>>, String> {
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
            200 => {
                let latest: Latest =
                    serde_json::from_slice(&answer.body).map_err(|error| error.to_string())?;
                found.extend(latest.checkpoint.map(String::into_bytes));
            }
            // Never seen: later epochs neither.
            404 => break,
            status => return Err(format!("it answers {status}")),
        }
    }
    Ok(found)
}
