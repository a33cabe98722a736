//! One witness, asked to cosign (C2SP tlog-witness, as its client).

use std::time::{Duration, Instant};

use ca_core::ledger::tree::StoredTiles;
use ca_core::storage::Store;
use ca_core::tlog::checkpoint::{SignedCheckpoint, VerifiedCheckpoint};
use ca_core::tlog::tree::consistency_proof;
use ca_core::tlog::witness::AddCheckpoint;

use super::settings::WitnessSettings;
use crate::client::{Transport, tls};
use crate::context::Anchors;
use crate::failure::Failure;

/// How long a witness may take: the next checkpoint is due after a second, a slow link needs longer.
const PATIENCE: Duration = Duration::from_secs(10);
/// A witness that failed is left alone for this many times as long as it let us wait, so that one that hangs does not
/// hold up the others each time…
const PAUSE: u32 = 4;
/// …and for this long at least.
const SHORTEST_PAUSE: Duration = Duration::from_secs(1);

/// A witness, and what is known of it.
#[derive(Debug)]
pub(super) struct Witness {
    transport: Transport,
    url: url::Url,
    /// The size of the tree that it cosigned last, as far as we know.
    cosigned: u64,
    /// Not to be asked before.
    paused_until: Option<Instant>,
    /// What it said last, so that the log tells of changes only.
    complaint: Option<Complaint>,
}

/// Why a witness did not cosign.
#[derive(Debug, thiserror::Error)]
pub(super) enum Complaint {
    /// No answer.
    #[error("{0}")]
    Unanswered(Failure),
    /// An answer that is none of tlog-witness.
    #[error("it answers {0}")]
    Refused(u16),
    /// What it sends are no cosignatures of its key.
    #[error("its answer cannot be used: {0}")]
    Answer(String),
    /// It knows more than we do.
    #[error(
        "it has cosigned {witnessed} events and the ledger has {size}: an old copy of the store was put back, or \
         somebody else signs with this key"
    )]
    Lost {
        /// The size of the tree that it cosigned.
        witnessed: u64,
        /// Ours.
        size: u64,
    },
    /// Its history is not ours.
    #[error(
        "the history that it cosigned and this ledger's differ: an old copy of the store was put back, history was \
         rewritten, or somebody else signs with this key"
    )]
    Forked,
    /// The proof could not be made.
    #[error("the proof for it could not be made: {0}")]
    Own(String),
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
    pub(super) fn new(settings: &WitnessSettings) -> Result<Self, Failure> {
        let mut url = settings.url.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().push("add-checkpoint");
        }
        let transport = transport(settings, PATIENCE)?;
        Ok(Self { transport, url, cosigned: 0, paused_until: None, complaint: None })
    }

    /// Whether it is to be asked now.
    pub(super) fn is_ready(&self) -> bool {
        self.paused_until.is_none_or(|until| until <= Instant::now())
    }

    /// Asks for a cosignature of a checkpoint: lines for [`WitnessPolicy::collect`], which judges them.
    ///
    /// [`WitnessPolicy::collect`]: ca_core::tlog::cosignature::WitnessPolicy::collect
    pub(super) fn ask(
        &mut self,
        store: &dyn Store,
        checkpoint: &VerifiedCheckpoint,
    ) -> Result<Vec<u8>, Complaint> {
        let begun = Instant::now();
        let answer = self.ask_twice(store, checkpoint);
        let pause = (begun.elapsed() * PAUSE).max(SHORTEST_PAUSE);
        self.paused_until = answer.is_err().then(|| Instant::now() + pause);
        answer
    }

    /// Once more where the witness remembers another tree than we think.
    fn ask_twice(
        &mut self,
        store: &dyn Store,
        checkpoint: &VerifiedCheckpoint,
    ) -> Result<Vec<u8>, Complaint> {
        let size = checkpoint.head().size;
        // It cannot have cosigned more than there is, unless history was lost: then it says so again.
        let mut old = self.cosigned.min(size);
        for _ in 0..2 {
            match self.ask_from(old, store, checkpoint)? {
                Answered::Cosigned(lines) => {
                    self.cosigned = size;
                    return Ok(lines);
                }
                Answered::NotFrom(witnessed) if witnessed > size => {
                    return Err(Complaint::Lost { witnessed, size });
                }
                Answered::NotFrom(witnessed) => old = witnessed,
            }
            self.cosigned = old;
        }
        Err(Complaint::Refused(409))
    }

    fn ask_from(
        &self,
        old: u64,
        store: &dyn Store,
        checkpoint: &VerifiedCheckpoint,
    ) -> Result<Answered, Complaint> {
        let body = request(old, store, checkpoint).map_err(Complaint::Own)?;
        let request = self
            .transport
            .request(reqwest::Method::POST, self.url.clone())
            // Between two heads nobody looks after an open connection: the next one would be sent into a closed one.
            .header("connection", "close")
            .body(body);
        let answer = self.transport.send(request).map_err(Complaint::Unanswered)?;
        match answer.status {
            200 => Ok(Answered::Cosigned(answer.body)),
            // tlog-witness, "add-checkpoint": "[…] 409 Conflict […] The response body MUST consist of the tree size of
            // the latest cosigned checkpoint in decimal, followed by a newline". Without one it is the other conflict:
            // the size is the same and the root is not.
            409 => known_size(&answer.body).map(Answered::NotFrom).ok_or(Complaint::Forked),
            // "If the Merkle Consistency Proof doesn't verify".
            422 => Err(Complaint::Forked),
            status => Err(Complaint::Refused(status)),
        }
    }

    /// What it said last.
    #[cfg(test)]
    pub(super) const fn complaint(&self) -> Option<&Complaint> {
        self.complaint.as_ref()
    }

    #[cfg(test)]
    pub(super) const fn forget_pause(&mut self) {
        self.paused_until = None;
    }

    /// Logs what it says, where that is something new.
    pub(super) fn note(&mut self, complaint: Option<Complaint>) {
        let kind = |complaint: &Option<Complaint>| complaint.as_ref().map(std::mem::discriminant);
        if kind(&complaint) != kind(&self.complaint) {
            match &complaint {
                Some(why) => tracing::error!(witness = %self.url, %why, "a witness does not cosign"),
                None => tracing::info!(witness = %self.url, "the witness cosigns again"),
            }
        }
        self.complaint = complaint;
    }
}

enum Answered {
    Cosigned(Vec<u8>),
    NotFrom(u64),
}

fn request(old: u64, store: &dyn Store, checkpoint: &VerifiedCheckpoint) -> Result<Vec<u8>, String> {
    let proof = match old {
        // tlog-witness, "add-checkpoint": "If the old size is zero, the proof MUST be empty".
        0 => Vec::new(),
        old => consistency_proof(&StoredTiles(store), old, checkpoint.head().size)
            .map_err(|error| error.to_string())?,
    };
    let signed = SignedCheckpoint::parse(checkpoint.without_others().to_string().as_bytes())
        .map_err(|error| error.to_string())?;
    let request = AddCheckpoint::new(old, proof, signed).map_err(|error| error.to_string())?;
    Ok(request.to_string().into_bytes())
}

fn known_size(body: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(body).ok()?.strip_suffix('\n')?;
    text.bytes().all(|octet| octet.is_ascii_digit()).then(|| text.parse().ok())?
}
