//! The newest head, beside the store: the only thing on a machine that tells whether the store is still the one whose history was
//! signed. Another one may have been named, an old copy put back, or history rewritten.

use std::sync::Arc;

use ca_core::ledger::heads::{self, LEDGER_HEADS};
use ca_core::ledger::tree::StoredTiles;
use ca_core::storage::Store;
use ca_core::tlog::checkpoint::{CheckpointError, Log, SignedCheckpoint};
use ca_core::tlog::tree::root;

use super::log_key;
use crate::service::settings::Settings;
use crate::service::{ServiceError, files, store};

/// Opens the store of an installation, if it is the one whose history was signed.
///
/// # Errors
/// It cannot be opened or read, or is another: nothing was written to it.
pub(in crate::service) fn open_signed(settings: &Settings) -> Result<Arc<dyn Store>, ServiceError> {
    let store = store::open(settings)?;
    compared(store.as_ref(), settings)?;
    Ok(store)
}

/// The size of the head beside the store, 0 where there is none of this log. To sign on, or to back up, under a head that
/// contradicts the store would make a second history, or keep the wrong one.
pub(super) fn compared(store: &dyn Store, settings: &Settings) -> Result<u64, ServiceError> {
    compare(store, settings)?.ok_or_else(|| {
        ServiceError::OtherHistory(format!(
            "the ledger in the store is not the one that was signed, as {} shows: another store was named, an old copy of it \
             was put back, or history was rewritten",
            settings.checkpoint_file.display()
        ))
    })
}

/// The size of the head in the file, 0 where there is none of this log; `None` if it contradicts the store.
fn compare(store: &dyn Store, settings: &Settings) -> Result<Option<u64>, ServiceError> {
    let file = &settings.checkpoint_file;
    let Some(octets) = files::if_there(file, std::fs::read(file))? else { return Ok(Some(0)) };
    let unreadable = |error: CheckpointError| ServiceError::Refused(error.to_string());
    let signed = SignedCheckpoint::parse(&octets).map_err(unreadable)?;
    let epoch = heads::epoch(store)?;
    let origin = |epoch| settings.ledger.origin(epoch).map_err(ServiceError::Refused);
    let present = origin(epoch)?;
    let claimed = signed.claimed_origin();
    if *claimed != present {
        let earlier = (0..epoch).map(origin).collect::<Result<Vec<_>, _>>()?;
        // Of an epoch before: history was given up since, and that is on record. Of one that this store has not come to: it is another
        // store. And a ledger under another name says nothing of this one.
        return Ok((earlier.contains(claimed) || !settings.ledger.is_own(claimed)).then_some(0));
    }
    let log = Log::new(present, vec![log_key(&settings.certificates)?]);
    let log = log.map_err(|error| ServiceError::Refused(error.to_string()))?;
    let written = *signed.verify(&log).map_err(unreadable)?.head();
    let sealed = heads::latest(store, LEDGER_HEADS, &log)?.0;
    if sealed.is_none_or(|sealed| sealed.head().size < written.size) {
        return Ok(None);
    }
    let root =
        root(&StoredTiles(store), written.size).map_err(|error| ServiceError::Refused(error.to_string()))?;
    Ok((root == written.root).then_some(written.size))
}
