//! Asking witnesses to cosign (C2SP tlog-witness, as its client).

use std::time::Duration;

use ca_core::ledger::tree::StoredTiles;
use ca_core::storage::Store;
use ca_core::tlog::checkpoint::{SignedCheckpoint, VerifiedCheckpoint};
use ca_core::tlog::cosignature::WitnessPolicy;
use ca_core::tlog::tree::consistency_proof;
use ca_core::tlog::witness::AddCheckpoint;

use super::settings::WitnessSettings;
use crate::client::{Transport, tls};
use crate::context::Anchors;
use crate::failure::Failure;

/// How long a witness may take: the next checkpoint is due after a second, a slow link needs longer.
const PATIENCE: Duration = Duration::from_secs(10);

/// The witnesses of this installation's ledger.
#[derive(Debug)]
pub(super) struct Witnesses {
    policy: WitnessPolicy,
    all: Vec<Witness>,
}

#[derive(Debug)]
struct Witness {
    transport: Transport,
    url: url::Url,
    /// The size of the tree that it cosigned last, as far as we know.
    cosigned: u64,
    /// What it said last, so that the log tells of changes only.
    complaint: Option<String>,
}

impl Witnesses {
    pub(super) fn new(settings: &[WitnessSettings], policy: WitnessPolicy) -> Result<Self, Failure> {
        let all = settings.iter().map(Witness::new).collect::<Result<_, _>>()?;
        Ok(Self { policy, all })
    }

    pub(super) const fn policy(&self) -> &WitnessPolicy {
        &self.policy
    }

    /// Asks everybody. Gives the checkpoint with all cosignatures, if they are enough.
    pub(super) fn cosign(
        &mut self,
        store: &dyn Store,
        checkpoint: &VerifiedCheckpoint,
    ) -> Option<VerifiedCheckpoint> {
        let mut cosigned = checkpoint.clone();
        for witness in &mut self.all {
            let outcome = witness.ask(store, checkpoint).and_then(|answer| {
                self.policy.collect(&mut cosigned, &answer).map_err(|error| error.to_string())
            });
            witness.note(outcome.err());
        }
        self.policy.verify(&cosigned).is_ok().then_some(cosigned)
    }
}

/// A way to a witness.
pub(super) fn transport(settings: &WitnessSettings, patience: Duration) -> Result<Transport, Failure> {
    let tls = match &settings.trust {
        Some(path) => {
            tls::pinned(&Anchors::parse(&crate::files::read(path, crate::files::MAX_OBJECT)?)?, None)?
        }
        None => tls::none()?,
    };
    Transport::new(tls, &settings.url, patience)
}

impl Witness {
    fn new(settings: &WitnessSettings) -> Result<Self, Failure> {
        let mut url = settings.url.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().push("add-checkpoint");
        }
        Ok(Self { transport: transport(settings, PATIENCE)?, url, cosigned: 0, complaint: None })
    }

    /// Asks for a cosignature; once more where the witness remembers another tree than we think.
    fn ask(&mut self, store: &dyn Store, checkpoint: &VerifiedCheckpoint) -> Result<Vec<u8>, String> {
        let size = checkpoint.head().size;
        let signed = checkpoint.without_others().to_string();
        for _ in 0..2 {
            let proof = match self.cosigned {
                0 => Vec::new(),
                old => {
                    consistency_proof(&StoredTiles(store), old, size).map_err(|error| error.to_string())?
                }
            };
            let signed = SignedCheckpoint::parse(signed.as_bytes()).map_err(|error| error.to_string())?;
            let request =
                AddCheckpoint::new(self.cosigned, proof, signed).map_err(|error| error.to_string())?;
            let request = self
                .transport
                .request(reqwest::Method::POST, self.url.clone())
                .body(request.to_string().into_bytes());
            let answer = self.transport.send(request).map_err(|failure| failure.to_string())?;
            match answer.status {
                200 => {
                    self.cosigned = size;
                    return Ok(answer.body);
                }
                // tlog-witness, "add-checkpoint": "[…] 409 Conflict […] The response body MUST consist of the tree
                // size of the latest cosigned checkpoint in decimal".
                409 => self.cosigned = known_size(&answer.body).ok_or("it answers 409 without a size")?,
                status => return Err(format!("it answers {status}")),
            }
            if self.cosigned > size {
                return Err(format!(
                    "it has cosigned {} events and the ledger has {size}: history was lost, or somebody else signs \
                     with this key",
                    self.cosigned
                ));
            }
        }
        Err("it does not agree on the tree it cosigned last: its history and this ledger's differ".to_owned())
    }

    fn note(&mut self, complaint: Option<String>) {
        if complaint != self.complaint {
            match &complaint {
                Some(why) => tracing::error!(witness = %self.url, %why, "a witness does not cosign"),
                None => tracing::info!(witness = %self.url, "the witness cosigns again"),
            }
            self.complaint = complaint;
        }
    }
}

fn known_size(body: &[u8]) -> Option<u64> {
    std::str::from_utf8(body).ok()?.trim().parse().ok()
}
