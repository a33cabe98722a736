//! The lists that requests stand in, each in the order of submission.

use ca_core::storage::{Change, KeyRange, StorageError, Table};
use time::OffsetDateTime;

use super::{Request, RequestStatus};
use crate::id::{IdentityId, RequestId};
use crate::timed;

/// Index: `list/time/request`, empty values. Lists are `all`, `status/…` and `organisation/…`.
pub const REQUEST_INDEX: Table = Table::octets("request_index");

/// One list of requests.
pub(super) enum List {
    All,
    Status(RequestStatus),
    Organisation(IdentityId),
}

impl List {
    fn prefix(&self) -> String {
        match self {
            Self::All => "all/".to_owned(),
            Self::Status(status) => format!("status/{status}/"),
            Self::Organisation(organisation) => format!("organisation/{organisation}/"),
        }
    }

    fn key(&self, request: &Request) -> String {
        timed::key(&self.prefix(), request.requested_at, request.id)
    }

    /// The list, or what comes after `request` in it.
    pub(super) fn range(&self, after: Option<&Request>) -> KeyRange {
        timed::range(&self.prefix(), after.map(|request| self.key(request)))
    }
}

/// All requests from a moment on, or what comes after `after` among them.
pub(super) fn since(moment: OffsetDateTime, after: Option<&Request>) -> KeyRange {
    let first = timed::key(&List::All.prefix(), moment, "");
    let begun = KeyRange { from: Some(first.into_bytes()), ..List::All.range(None) };
    match after {
        Some(request) => begun.after(List::All.key(request).as_bytes()),
        None => begun,
    }
}

/// Which request an index entry names.
pub(super) fn named(key: &[u8]) -> Result<RequestId, StorageError> {
    timed::named(REQUEST_INDEX, key)
}

/// Enters a new request into its lists.
pub(super) fn enter(change: Change, request: &Request) -> Change {
    let lists = [List::All, List::Status(request.status())];
    let own = request.organisation.map(List::Organisation);
    let keys = lists.into_iter().chain(own).map(|list| list.key(request));
    keys.fold(change, |change, key| change.insert(REQUEST_INDEX, key, []))
}

/// Moves a request that waited to the list of its present status.
pub(super) fn decided(change: Change, request: &Request) -> Change {
    let waiting = List::Status(RequestStatus::Waiting).key(request);
    timed::moved(change, REQUEST_INDEX, waiting, List::Status(request.status()).key(request))
}
