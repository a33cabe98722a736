//! Reading requests.

use ca_core::storage::Version;

use super::index::{self, List};
use super::{REQUEST_INDEX, REQUESTS, Request, RequestError, RequestStatus};
use crate::id::RequestId;
use crate::page::{Page, PageSize, collect};
use crate::permission::{Permit, ReadRegistry, Scope};
use crate::record;
use crate::registry::Registry;

impl Registry {
    /// One request.
    ///
    /// # Errors
    /// No such request, it belongs to another organisation, or the store failed.
    pub fn request(&self, permit: &Permit<ReadRegistry>, id: RequestId) -> Result<Request, RequestError> {
        let (request, _) = self.request_record(id)?;
        match permit.scope() {
            Scope::Organisation(own) if request.organisation != Some(own) => {
                Err(RequestError::OfAnother { id, own })
            }
            _ => Ok(request),
        }
    }

    /// Requests in the order of their submission, of one status or of all, beginning after `after`.
    ///
    /// # Errors
    /// `after` is no request, or the store failed.
    pub fn requests(
        &self,
        permit: &Permit<ReadRegistry>,
        status: Option<RequestStatus>,
        after: Option<RequestId>,
        size: PageSize,
    ) -> Result<Page<Request, RequestId>, RequestError> {
        let list = match (permit.scope(), status) {
            (Scope::Organisation(own), _) => List::Organisation(own),
            (Scope::Country, Some(status)) => List::Status(status),
            (Scope::Country, None) => List::All,
        };
        let wanted = |request: &Request| status.is_none_or(|status| request.status() == status);
        collect(after, size, |after, limit| self.listed(&list, after, limit), wanted)
    }

    fn listed(
        &self,
        list: &List,
        after: Option<&RequestId>,
        limit: usize,
    ) -> Result<Vec<(RequestId, Request)>, RequestError> {
        let after = after.map(|id| self.request_record(*id)).transpose()?;
        let range = list.range(after.as_ref().map(|(request, _)| request));
        let found = self.store().scan(REQUEST_INDEX, &range, limit)?;
        found
            .iter()
            .map(|(key, _)| {
                let id = index::named(key)?;
                Ok((id, self.request_record(id)?.0))
            })
            .collect()
    }

    /// A request's record and the version to expect when changing it.
    pub(super) fn request_record(&self, id: RequestId) -> Result<(Request, Version), RequestError> {
        record::find(self.store(), REQUESTS, id.to_string())?.ok_or(RequestError::Unknown(id))
    }
}
