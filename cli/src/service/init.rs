//! `npki init`: founds an installation: root CA, issuing CA, responder, server certificate, first administrator.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ca_core::algorithm::KeyAlgorithm;
use ca_core::authority::{Addresses, Authority, RootParts, found_root};
use ca_core::certificate::CaId;
use ca_core::clock::{Clock, SystemClock, SystemEntropy};
use ca_core::csr::SubjectPublicKey;
use ca_core::keys::Signer;
use ca_core::keys::software::SoftwareKey;
use ca_core::ledger::Actor;
use ca_core::profile::{self, ProfileSet};
use ca_core::storage::AuditedChange;
use ca_core::subject::{ApprovedSubject, Fact, IdentityRef};

use super::draft;
use super::key_folder::{KeyFolder, Passphrase};
use super::master_keys::MasterKeyKeeper;
use super::rotation::{OwnCertificate, certificate_path, pem_text};
use super::serve::{Foundation, own_certificates, registry};
use super::settings::{self, Settings};
use super::{ISSUING, ROOT, ServiceError, ledger, own_subject, vault};
use crate::files::{Readers, create};
use crate::request_file::certification_request;

/// What an installation is founded from.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    /// The data directory: must not exist, or be empty.
    pub(crate) data: PathBuf,
    pub(crate) country: String,
    pub(crate) organisation: String,
    pub(crate) organisation_identifier: String,
    pub(crate) administrator: String,
    pub(crate) service: SocketAddr,
    pub(crate) public: SocketAddr,
    pub(crate) base_url: String,
    pub(crate) registry_url: String,
    pub(crate) tls_names: Vec<String>,
    /// Where the store is to be, instead of a folder of the data directory.
    pub(crate) store: Option<String>,
    /// A passphrase for the keys that is kept elsewhere; without one, a new one is drawn and written beside them.
    pub(crate) passphrase_file: Option<PathBuf>,
}

/// What was founded.
#[derive(Debug, Clone, serde::Serialize)]
pub(crate) struct Founded {
    pub(crate) root_name: String,
    /// SHA-256 of the root's certificate, lower-case hex: to be compared wherever it is installed.
    pub(crate) root_sha256: String,
    pub(crate) issuing_name: String,
    pub(crate) administrator: String,
}

/// Founds an installation. Works in a folder beside the final one and renames it at the end: it is there whole, or
/// not at all.
///
/// # Errors
/// The folder is in use, a value does not fit, or a file cannot be written.
pub(crate) fn init(plan: &Plan) -> Result<Founded, ServiceError> {
    let folders = ["profiles", "keys", "secrets", "certificates", "admin"];
    draft::founded(&plan.data, &folders, |folder| found(plan, folder))
}

fn found(plan: &Plan, folder: &Path) -> Result<Founded, ServiceError> {
    let text = settings_text(plan);
    let settings = Settings::parse(&text, folder)
        .map_err(|why| ServiceError::Settings { path: plan.data.join(settings::FILE), why })?;
    create(&folder.join(settings::FILE), text.as_bytes(), Readers::Anyone)?;
    for (name, text) in profile::BUILT_IN {
        let path = settings.profiles.join(format!("{name}.toml"));
        create(&path, text.as_bytes(), Readers::Anyone)?;
    }
    let passphrase = match &plan.passphrase_file {
        Some(path) => Passphrase::read(path)?,
        None => {
            let passphrase = Passphrase::draw()?;
            passphrase.write(&settings.passphrase_file)?;
            passphrase
        }
    };
    let keys = KeyFolder::new(settings.keys.clone(), passphrase);
    keys.create_master_key()?;
    let store = super::store::open(&settings)?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let foundation = Foundation {
        vault: vault::open(&store, &clock, &settings.vault, &keys)?,
        store,
        clock,
        profiles: ProfileSet::load(&settings.profiles)?,
        base_url: settings.base_url.clone(),
    };
    keys.create(ledger::KEY, &SoftwareKey::generate(KeyAlgorithm::Ed25519)?)?;
    let sealer = ledger::sealer(&foundation.store, &settings.ledger, &keys)?;
    if foundation.store.ledger_size()? > 0 {
        return Err(ServiceError::Refused(
            "the store holds an installation already; choose another database, or another schema: ?schema=NAME"
                .to_owned(),
        ));
    }
    let root = found_root_ca(&foundation, &settings, &keys)?;
    let issuing = Arc::new(found_issuing_ca(&foundation, &settings, &keys, &root)?);
    root.publish_crl(settings.root_crl_validity, &actor())?;
    issuing.publish_crl(settings.crl_plan.validity, &actor())?;
    let keeper = MasterKeyKeeper::new(Arc::clone(&foundation.vault), keys.clone(), settings.vault.current);
    let own = own_certificates(&issuing, keys, &settings, &foundation);
    own.renew(OwnCertificate::Responder)?;
    own.renew(OwnCertificate::Server)?;
    let log_key = format!("{}\n", sealer.verifier_key());
    create(&settings.certificates.join(ledger::LOG_KEY_FILE), log_key.as_bytes(), Readers::Anyone)?;
    let log = sealer.log().clone();
    let registry =
        registry(&foundation, &settings, Arc::new(keeper), Arc::clone(&issuing), root.certificate(), log)?;
    let administrator = first_administrator(&registry, &issuing, plan, folder)?;
    sealer.seal()?;
    Ok(Founded {
        root_name: ca_name(plan, "National Root CA G1"),
        root_sha256: sha256_hex(root.certificate()),
        issuing_name: ca_name(plan, "Issuing CA G1"),
        administrator,
    })
}

fn actor() -> Actor {
    Actor::system("init")
}

fn ca_name(plan: &Plan, role: &str) -> String {
    format!("{} {role}", plan.organisation)
}

fn ca_subject(settings: &Settings, id: &str, role: &str) -> ApprovedSubject {
    let name = format!("{} {role}", settings.installation.organisation);
    own_subject(&settings.installation, IdentityRef(format!("system:{id}"))).with(Fact::CommonName, name)
}

fn found_root_ca(
    foundation: &Foundation,
    settings: &Settings,
    keys: &KeyFolder,
) -> Result<Authority, ServiceError> {
    let key = SoftwareKey::generate(KeyAlgorithm::P384)?;
    keys.create(ROOT, &key)?;
    let id = CaId::new(ROOT)?;
    let parts = found_root(
        RootParts {
            store: Arc::clone(&foundation.store),
            clock: Arc::clone(&foundation.clock),
            entropy: Arc::new(SystemEntropy),
            vault: Arc::clone(&foundation.vault),
            signer: Arc::new(key),
            addresses: Addresses::under(&foundation.base_url, &id),
            id,
            profile: foundation.profiles.find("root-ca")?,
            subject: &ca_subject(settings, ROOT, "National Root CA G1"),
            profiles: foundation.profiles.clone(),
        },
        &actor(),
    )?;
    let path = certificate_path(&settings.certificates, ROOT);
    create(&path, pem_text(&parts.certificate).as_bytes(), Readers::Anyone)?;
    Ok(Authority::new(parts)?)
}

fn found_issuing_ca(
    foundation: &Foundation,
    settings: &Settings,
    keys: &KeyFolder,
    root: &Authority,
) -> Result<Authority, ServiceError> {
    let key = SoftwareKey::generate(KeyAlgorithm::P384)?;
    keys.create(ISSUING, &key)?;
    let public = SubjectPublicKey::from_der(key.public_key_info())?;
    let subject = ca_subject(settings, ISSUING, "Issuing CA G1");
    let request = root.admit_key(public, &[], subject, foundation.profiles.find("issuing-ca")?)?;
    let prepared = root.prepare(request, &actor())?;
    let issued = root.sign(prepared, &actor(), |_, _| Ok(AuditedChange::nothing()))?;
    let path = certificate_path(&settings.certificates, ISSUING);
    create(&path, pem_text(&issued.der).as_bytes(), Readers::Anyone)?;
    foundation.authority(ISSUING, issued.der, Arc::new(key))
}

/// The first administrator's key and certificate, in `admin/`: whoever founds the installation hands them over.
fn first_administrator(
    registry: &id_registry::Registry,
    issuing: &Authority,
    plan: &Plan,
    folder: &Path,
) -> Result<String, ServiceError> {
    let key = SoftwareKey::generate(KeyAlgorithm::P256)?;
    let csr = certification_request(&key, &plan.administrator, &[])
        .map_err(|failure| ServiceError::Refused(failure.sentences().join(": ")))?;
    let staff = registry.bootstrap_administrator(&plan.administrator, csr.as_bytes())?;
    let admin = folder.join("admin");
    create(&admin.join("key.pem"), key.to_pkcs8_pem().as_bytes(), Readers::Owner)?;
    let chain = format!("{}{}", pem_text(&staff.certificate.der), pem_text(issuing.certificate()));
    create(&admin.join("cert.pem"), chain.as_bytes(), Readers::Anyone)?;
    Ok(staff.record.id.to_string())
}

fn sha256_hex(bytes: &[u8]) -> String {
    hex::encode(ring::digest::digest(&ring::digest::SHA256, bytes))
}

/// The settings file: the commented sample with this installation's values put in.
fn settings_text(plan: &Plan) -> String {
    let quoted = |text: &str| toml::Value::String(text.to_owned()).to_string();
    let names = plan.tls_names.iter().map(|name| quoted(name)).collect::<Vec<_>>().join(", ");
    let values = [
        ("country", quoted(&plan.country)),
        ("organisation", quoted(&plan.organisation)),
        ("organisation_identifier", quoted(&plan.organisation_identifier)),
        ("service", quoted(&plan.service.to_string())),
        ("public", quoted(&plan.public.to_string())),
        ("tls_names", format!("[{names}]")),
        ("base_url", quoted(&plan.base_url)),
        ("registry_url", quoted(&plan.registry_url)),
    ];
    const SAMPLE: &str = include_str!("../../../config/npki.toml");
    let line = |line: &str| match line.split_once(" = ") {
        Some((key, _)) => values
            .iter()
            .find(|(name, _)| *name == key)
            .map_or_else(|| line.to_owned(), |(name, value)| format!("{name} = {value}")),
        None => line.to_owned(),
    };
    let mut text = SAMPLE.lines().map(line).collect::<Vec<_>>().join("\n");
    text.push('\n');
    match &plan.store {
        Some(address) => with_store(&text, address),
        None => text,
    }
}

/// The settings file with another store.
pub(super) fn with_store(text: &str, address: &str) -> String {
    let mut changed = String::new();
    let mut within = false;
    for line in text.lines() {
        if line.starts_with('[') {
            within = line.trim() == "[store]";
            changed.push_str(line);
            changed.push('\n');
            if within {
                changed.push_str(&super::store::section(address));
                changed.push('\n');
            }
            continue;
        }
        let set = ["engine", "path", "url"].iter().any(|key| {
            line.trim_start().strip_prefix(key).is_some_and(|rest| rest.trim_start().starts_with('='))
        });
        if !(within && set) {
            changed.push_str(line);
            changed.push('\n');
        }
    }
    changed
}
