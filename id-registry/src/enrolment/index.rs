//! The lists that requests stand in, each in the order of submission.

use ca_core::storage::{Change, Expect, KeyRange, Operation, StorageError, Table};
use time::OffsetDateTime;

use super::{Request, RequestStatus};
use crate::id::{IdentityId, RequestId};

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
        let seconds = u64::try_from(request.requested_at.unix_timestamp()).unwrap_or(0);
        format!("{}{seconds:016x}/{}", self.prefix(), request.id)
    }

    /// The list, or what comes after `request` in it.
    pub(super) fn range(&self, after: Option<&Request>) -> KeyRange {
        let range = KeyRange::prefix(self.prefix().as_bytes());
        match after {
            Some(request) => range.after(self.key(request).as_bytes()),
            None => range,
        }
    }
}

/// All requests from a moment on, or what comes after `after` among them.
pub(super) fn since(moment: OffsetDateTime, after: Option<&Request>) -> KeyRange {
    let seconds = u64::try_from(moment.unix_timestamp()).unwrap_or(0);
    let prefix = List::All.prefix();
    let begun =
        KeyRange { from: Some(format!("{prefix}{seconds:016x}/").into_bytes()), ..List::All.range(None) };
    match after {
        Some(request) => begun.after(List::All.key(request).as_bytes()),
        None => begun,
    }
}

/// Which request an index entry names.
pub(super) fn named(key: &[u8]) -> Result<RequestId, StorageError> {
    let id = key.rsplit(|byte| *byte == b'/').next().and_then(|id| std::str::from_utf8(id).ok());
    id.and_then(|id| id.parse().ok())
        .ok_or_else(|| StorageError("an entry of request_index is damaged".to_owned()))
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
    change.write(REQUEST_INDEX, waiting, Expect::Anything, Operation::Delete).put(
        REQUEST_INDEX,
        List::Status(request.status()).key(request),
        [],
    )
}
