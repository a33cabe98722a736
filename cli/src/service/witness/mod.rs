//! `npki witness`: a role of its own, far from the log it watches. It keeps a key, and for each log one small file: the
//! largest tree it has cosigned. What does not continue that tree it does not cosign (C2SP tlog-witness).

pub(super) mod http;
mod serve;
mod settings;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ca_core::algorithm::KeyAlgorithm;
use ca_core::keys::software::SoftwareKey;
use ca_core::tlog::checkpoint::Origin;
use ca_core::tlog::cosignature::Cosigner;
use ca_core::tlog::note::{KeyName, SignatureKind, VerifierKey};

use super::key_folder::{KeyFolder, Passphrase};
use super::{ServiceError, files};
use crate::files::{Readers, create};

pub(crate) use serve::serve;
pub(crate) use settings::Adding;

use settings::WitnessSettings;

/// The witness's key in its key folder.
const KEY: &str = "witness";
/// The public key as text, beside the settings: what is given to the operators of logs.
const KEY_FILE: &str = "witness.vkey";

/// What a witness is founded from.
#[derive(Debug, Clone)]
pub(crate) struct WitnessPlan {
    /// The folder: must not exist, or be empty.
    pub(crate) data: PathBuf,
    /// The name in its cosignatures.
    pub(crate) name: KeyName,
    /// Where it listens.
    pub(crate) listen: SocketAddr,
    /// A passphrase for the key that is kept elsewhere; without one, a new one is drawn and written beside it.
    pub(crate) passphrase_file: Option<PathBuf>,
}

/// Founds a witness; its public key. It is there whole, or not at all.
///
/// # Errors
/// The folder is in use, or a file cannot be written.
pub(crate) fn init(plan: &WitnessPlan) -> Result<VerifierKey, ServiceError> {
    super::draft::founded(&plan.data, &["keys", "secrets", "state"], |folder| {
        let text = settings::fresh(&plan.name, plan.listen);
        create(&folder.join(settings::FILE), text.as_bytes(), Readers::Anyone)?;
        let kept = passphrase_file(folder);
        let passphrase = Passphrase::given_or_drawn(plan.passphrase_file.as_deref(), &kept)?;
        // C2SP tlog-cosignature: a cosigner's key signs nothing else. It is made here and stays here.
        let key = SoftwareKey::generate(KeyAlgorithm::Ed25519)?;
        KeyFolder::new(folder.join("keys"), passphrase).create(KEY, &key)?;
        let public = VerifierKey::of_signer(plan.name.clone(), SignatureKind::CosignatureV1, &key)?;
        create(&folder.join(KEY_FILE), format!("{public}\n").as_bytes(), Readers::Anyone)?;
        Ok(public)
    })
}

/// Makes a log known to a witness, under the key that its operator vouched for.
///
/// # Errors
/// It is known by another key, or the settings cannot be used.
pub(crate) fn add_log(data: &Path, origin: &Origin, key: &VerifierKey) -> Result<Adding, ServiceError> {
    settings::add(data, origin, key)
}

/// The public key of a witness.
///
/// # Errors
/// There is no witness, or its key file cannot be read.
pub(crate) fn public_key(data: &Path) -> Result<VerifierKey, ServiceError> {
    WitnessSettings::load(data)?;
    let path = data.join(KEY_FILE);
    let text = std::fs::read_to_string(&path).map_err(files::at(&path))?;
    text.trim().parse().map_err(|error| ServiceError::Refused(format!("{}: {error}", path.display())))
}

fn cosigner(data: &Path, settings: &WitnessSettings) -> Result<Cosigner, ServiceError> {
    let passphrase = Passphrase::find_at(&passphrase_file(data))?;
    let key = KeyFolder::new(data.join("keys"), passphrase).open(KEY)?;
    let cosigner = Cosigner::new(settings.name.clone(), Arc::new(key))?;
    // Under another name its cosignatures would be those of a witness that nobody knows.
    if *cosigner.verifier_key() != public_key(data)? {
        return Err(ServiceError::Refused(format!(
            "{} is not the public key of {} with the key in this folder: the name must never change",
            data.join(KEY_FILE).display(),
            settings.name
        )));
    }
    Ok(cosigner)
}

fn passphrase_file(data: &Path) -> PathBuf {
    data.join("secrets/passphrase")
}
