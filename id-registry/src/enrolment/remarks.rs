//! What officers write about a request, sealed under the identity that it is for: who is erased takes it along.

use ca_core::vault::{Envelope, SealedText, VaultError, purpose_of_field};

use super::{REQUESTS, Request};
use crate::fault::Fault;
use crate::id::{RequestId, StaffId};
use crate::registry::{Registry, reference};

/// What officers wrote about a request, opened. Nothing of it is left when the identity was erased.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Remarks {
    /// The notes of the approvals, in their order.
    pub notes: Vec<Option<String>>,
    /// Why it was rejected.
    pub rejection: Option<String>,
}

impl std::fmt::Debug for Remarks {
    /// Personal data does not reach logs.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Remarks").finish_non_exhaustive()
    }
}

impl Registry {
    /// Opens what officers wrote about a request.
    ///
    /// # Errors
    /// Something does not open, or key or store failed.
    pub fn remarks(&self, request: &Request) -> Result<Remarks, Fault> {
        let silent = request.rejection().is_none() && request.approvals.iter().all(|one| one.note.is_none());
        if silent {
            return Ok(Remarks { notes: vec![None; request.approvals.len()], rejection: None });
        }
        let Some(envelope) = self.vault().for_reading(&reference(request.identity))? else {
            return Ok(Remarks { notes: vec![None; request.approvals.len()], rejection: None });
        };
        let note = |approval: &super::Approval| {
            let purpose = note_purpose(request.id, approval.by);
            approval.note.as_ref().map(|note| envelope.open_text(&purpose, note)).transpose()
        };
        let notes = request.approvals.iter().map(note).collect::<Result<_, VaultError>>()?;
        let purpose = rejection_purpose(request.id);
        let reason = request.rejection().and_then(|rejection| rejection.reason.as_ref());
        let rejection = reason.map(|reason| envelope.open_text(&purpose, reason));
        Ok(Remarks { notes, rejection: rejection.transpose()? })
    }
}

pub(super) fn seal_note(
    envelope: &Envelope,
    request: RequestId,
    officer: StaffId,
    note: &str,
) -> Result<SealedText, VaultError> {
    envelope.seal_text(&note_purpose(request, officer), note)
}

pub(super) fn seal_rejection(
    envelope: &Envelope,
    request: RequestId,
    reason: &str,
) -> Result<SealedText, VaultError> {
    envelope.seal_text(&rejection_purpose(request), reason)
}

/// An officer approves a request once.
fn note_purpose(request: RequestId, officer: StaffId) -> String {
    purpose_of_field(REQUESTS, request, format_args!("note/{officer}"))
}

fn rejection_purpose(request: RequestId) -> String {
    purpose_of_field(REQUESTS, request, "rejection")
}
