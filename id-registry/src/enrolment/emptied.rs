//! What is left of a request when its time has come.

use ca_core::storage::{Change, Expect, Operation, StorageError, Version};

use super::{REQUEST_CSRS, REQUESTS, Request, RequestState};
use crate::record::encode;
use crate::registry::Registry;

impl Registry {
    /// Whether anything of a decided request can be emptied.
    pub(crate) fn is_anything_written(&self, request: &Request) -> Result<bool, StorageError> {
        let by_officers = request.approvals.iter().any(|one| one.note.is_some() || one.statement.is_some());
        let Some(rejection) = request.rejection() else { return Ok(by_officers) };
        if by_officers || rejection.reason.is_some() || request.names.is_some() {
            return Ok(true);
        }
        Ok(self.store().get(REQUEST_CSRS, request.id.to_string().as_bytes())?.is_some())
    }

    /// The change that empties a decided request: what officers wrote, and of one that was rejected all that was asked.
    pub(crate) fn request_emptied(
        &self,
        mut request: Request,
        version: Version,
    ) -> Result<Change, StorageError> {
        for approval in &mut request.approvals {
            (approval.note, approval.statement) = (None, None);
        }
        let key = request.id.to_string();
        let mut change = Change::new();
        if let RequestState::Rejected(rejection) = &mut request.state {
            rejection.reason = None;
            request.names = None;
            request.dns_names.clear();
            change = change.write(REQUEST_CSRS, key.clone(), Expect::Anything, Operation::Delete);
        }
        Ok(change.replace(REQUESTS, key, version, encode(&request)?))
    }
}
