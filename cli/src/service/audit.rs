//! An installation as an auditor finds it: its store, and what it says about its own ledger.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use ca_core::hierarchy::Hierarchy;
use ca_core::ledger::heads;
use ca_core::storage::Store;
use ca_core::tlog::checkpoint::Origin;
use ca_core::tlog::cosignature::WitnessPolicy;
use ca_core::tlog::note::VerifierKey;

use super::ServiceError;
use super::ledger::log_key;
use super::rotation::certificate_path;
use super::settings::Settings;
use super::store;

/// What an audit begins with.
#[derive(Debug)]
pub(crate) struct AuditSubject {
    /// The store.
    pub(crate) store: Arc<dyn Store>,
    /// The names of the ledger in all its epochs, the present one first.
    pub(crate) origins: Vec<Origin>,
    /// The key that it says it signs with.
    pub(crate) log_key: VerifierKey,
    /// The witnesses that it says it asks.
    pub(crate) policy: WitnessPolicy,
    /// The folder of journals of signatures.
    pub(crate) journals: PathBuf,
    /// The checkpoint beside the store.
    pub(crate) checkpoint: Option<Vec<u8>>,
}

/// Opens an installation for an audit. On an embedded store the service must not run.
///
/// # Errors
/// There is no installation, or another npki holds its store.
pub(crate) fn for_audit(data: &Path, address: Option<&str>) -> Result<AuditSubject, ServiceError> {
    let mut settings = Settings::load(data)?;
    if let Some(address) = address {
        settings.store = store::place(data, address)?;
    }
    let store: Arc<dyn Store> = store::open(&settings)?;
    let origins = (0..=heads::epoch(store.as_ref())?).rev().map(|epoch| settings.ledger.origin(epoch));
    let origins = origins.collect::<Result<_, _>>().map_err(ServiceError::Refused)?;
    let log_key = log_key(&settings.certificates)?;
    let file = &settings.checkpoint_file;
    let checkpoint = super::files::if_there(file, std::fs::read(file))?;
    let journals = super::signatures::folder(&settings.keys);
    Ok(AuditSubject { journals, store, origins, log_key, policy: settings.ledger.policy, checkpoint })
}

/// The certificates of an installation's CAs, DER: of all that its hierarchy names and that are founded.
///
/// # Errors
/// Settings, hierarchy or a certificate cannot be read.
pub(crate) fn ca_certificates(data: &Path) -> Result<Vec<Vec<u8>>, ServiceError> {
    let settings = Settings::load(data)?;
    let hierarchy = Hierarchy::outline(&settings.hierarchy)?;
    let paths = hierarchy.iter().map(|ca| certificate_path(&settings.certificates, ca.id.as_str()));
    paths.filter(|path| path.exists()).map(|path| super::files::read_certificate(&path)).collect()
}
