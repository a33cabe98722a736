//! Whether a change may be applied: the one judgement that all backends share.

use std::collections::HashSet;

use super::{AuditedChange, CommitError, Expect, Operation, StorageError, Version, Write};

impl Expect {
    /// Whether this is what stands there, `None` meaning that nothing does.
    const fn is_met_by(self, found: Option<Version>) -> bool {
        match (self, found) {
            (Self::Anything, _) | (Self::Absent, None) => true,
            (Self::Version(expected), Some(found)) => expected.0 == found.0,
            (Self::Absent, Some(_)) | (Self::Version(_), None) => false,
        }
    }
}

/// Holds every expectation of `change` against the state before it, as `find` reads it.
///
/// # Errors
/// The first expectation that does not hold; a key written twice; or what `find` fails with.
pub(super) fn judge(
    change: &AuditedChange,
    find: impl Fn(&Write) -> Result<Option<Version>, StorageError>,
) -> Result<(), CommitError> {
    let mut written = HashSet::with_capacity(change.writes().len());
    for write in change.writes() {
        if write.operation != Operation::Check && !written.insert((write.table.name(), write.key.as_slice()))
        {
            return Err(CommitError::Storage(written_twice(write)));
        }
        if !write.expect.is_met_by(find(write)?) {
            return Err(CommitError::Conflict { table: write.table, key: write.key.clone() });
        }
    }
    Ok(())
}

fn written_twice(write: &Write) -> StorageError {
    let key = hex::encode(&write.key);
    StorageError(format!("a change writes {} twice (key {key}); nothing was written", write.table.name()))
}
