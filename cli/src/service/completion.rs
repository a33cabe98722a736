//! The last part of founding an installation, when every CA has its certificate: responders, server, first administrator.
//!
//! Where CAs wait for an offline root, `founding.json` keeps what is still needed, and says that the founding is not
//! complete. Interrupted anywhere, it is done again and makes nothing twice.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use ca_core::algorithm::KeyAlgorithm;
use ca_core::authorities::Authorities;
use ca_core::fingerprint::fingerprint;
use ca_core::hierarchy::STAFF_PROFILE;
use ca_core::keys::Signer;
use ca_core::keys::software::SoftwareKey;
use ca_core::profile::AttributeType;
use id_registry::staff::StaffError;
use serde::{Deserialize, Serialize};

use super::hierarchy::OpenedHierarchy;
use super::key_folder::KeyFolder;
use super::master_keys::MasterKeyKeeper;
use super::rotation::OwnCertificate;
use super::serve::{Foundation, own_certificates, registry};
use super::settings::Settings;
use super::webhooks::NobodyCarries;
use super::{ServiceError, files, ledger};
use crate::files::{Readers, create, replace};
use crate::request_file::certification_request;

/// What is kept of a founding that waits.
const FILE: &str = "founding.json";
/// How many certificates a new installation has at most before its first administrator's is found.
const FIRST_CERTIFICATES: usize = 10_000;

/// A founding that is not complete.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Begun {
    /// The first administrator's name.
    pub(super) administrator: String,
}

/// Notes that the founding is not complete.
pub(super) fn begin(data: &Path, begun: &Begun) -> Result<(), ServiceError> {
    let text = serde_json::to_vec_pretty(begun).map_err(|error| ServiceError::Refused(error.to_string()))?;
    Ok(create(&path(data), &text, Readers::Owner)?)
}

/// The founding that is not complete; `None` for an installation that is founded.
pub(super) fn begun(data: &Path) -> Result<Option<Begun>, ServiceError> {
    let path = path(data);
    let Some(text) = files::if_there(&path, std::fs::read(&path))? else { return Ok(None) };
    let unreadable = |error: serde_json::Error| ServiceError::Refused(format!("{}: {error}", path.display()));
    serde_json::from_slice(&text).map(Some).map_err(unreadable)
}

/// The founding is complete.
pub(super) fn forget(data: &Path) -> Result<(), ServiceError> {
    let path = path(data);
    std::fs::remove_file(&path).map_err(files::at(&path))?;
    files::sync_folder(data)
}

fn path(data: &Path) -> PathBuf {
    data.join(FILE)
}

/// Makes responders, server and first administrator; the administrator's identifier.
pub(super) fn complete(
    foundation: &Foundation,
    settings: &Settings,
    keys: &KeyFolder,
    hierarchy: &OpenedHierarchy,
    begun: &Begun,
) -> Result<String, ServiceError> {
    let authorities = Arc::new(hierarchy.authorities(foundation)?);
    let own = own_certificates(&authorities, keys.clone(), settings, foundation);
    for ca in hierarchy.answering(&*foundation.profiles.current()?) {
        own.current(&OwnCertificate::Responder(ca.id().clone()))?;
    }
    own.current(&OwnCertificate::Server)?;
    let sealer = ledger::sealer(&foundation.store, &settings.ledger, keys)?;
    let keeper = MasterKeyKeeper::new(Arc::clone(&foundation.vault), keys.clone(), settings.vault.current);
    let log = sealer.log().clone();
    let registry = registry(
        foundation,
        settings,
        Arc::new(keeper),
        Arc::clone(&authorities),
        hierarchy,
        log,
        Arc::new(NobodyCarries),
    )?;
    let administrator =
        first_administrator(foundation, &registry, &authorities, begun, &settings.data.join("admin"))?;
    sealer.seal()?;
    Ok(administrator)
}

/// The first administrator's key and certificate, in `admin/`: whoever founds the installation hands them over.
fn first_administrator(
    foundation: &Foundation,
    registry: &id_registry::Registry,
    authorities: &Authorities,
    begun: &Begun,
    folder: &Path,
) -> Result<String, ServiceError> {
    let path = folder.join("key.pem");
    let key = if path.exists() {
        SoftwareKey::from_pem(&std::fs::read_to_string(&path).map_err(files::at(&path))?)?
    } else {
        let key = SoftwareKey::generate(KeyAlgorithm::P256)?;
        create(&path, key.to_pkcs8_pem().as_bytes(), Readers::Owner)?;
        key
    };
    let subject = [(AttributeType::CommonName, begun.administrator.clone())];
    let csr = certification_request(&key, &subject)
        .map_err(|failure| ServiceError::Refused(failure.sentences().join(": ")))?;
    let (id, issuer, der) = match registry.bootstrap_administrator(&begun.administrator, csr.as_bytes()) {
        Ok(staff) => {
            let certificate = staff.certificate;
            (staff.record.id.to_string(), certificate.record.issuer, certificate.der)
        }
        // Enrolled before a crash that came before the certificate's file.
        Err(StaffError::StaffExists) => enrolled_before(foundation, authorities, &key)?,
        Err(error) => return Err(error.into()),
    };
    let above = authorities.chain(&issuer).iter().map(|der| crate::files::certificate_pem(der));
    let chain: String = std::iter::once(crate::files::certificate_pem(&der)).chain(above).collect();
    replace(&folder.join("cert.pem"), chain.as_bytes(), Readers::Anyone)?;
    Ok(id)
}

fn enrolled_before(
    foundation: &Foundation,
    authorities: &Authorities,
    key: &SoftwareKey,
) -> Result<(String, ca_core::certificate::CaId, Vec<u8>), ServiceError> {
    let of_key = fingerprint(key.public_key_info());
    let issued = authorities.list(None, FIRST_CERTIFICATES)?;
    let found = issued.into_iter().find(|it| it.key_sha256 == of_key && it.profile.0 == STAFF_PROFILE);
    let lost =
        || ServiceError::Refused("this installation has staff already, enrolled with another key".to_owned());
    let record = found.ok_or_else(lost)?;
    let der = authorities.der(&record, &foundation.vault)?.ok_or_else(lost)?;
    Ok((record.identity.0, record.issuer, der))
}
