//! `npki init`: founds an installation: its CAs, responders, server certificate, first administrator. Where CAs have to
//! wait for an offline root, `npki ca found` completes it.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use ca_core::algorithm::KeyAlgorithm;
use ca_core::hierarchy::{Hierarchy, KeyKeeping};
use ca_core::keys::software::SoftwareKey;
use ca_core::ledger::Actor;

use super::founding::{self, Founding, OfflineCertificates};
use super::key_folder::{KeyFolder, Passphrase};
use super::serve::Foundation;
use super::settings::{self, Settings};
use super::{ServiceError, completion, draft, feed, files, ledger, profiles};
use crate::files::{Readers, create};

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
    /// The CAs: the name of a hierarchy that npki comes with, or a file's path.
    pub(crate) hierarchy: String,
    /// The folder of the profiles to begin with; without one, those that npki comes with.
    pub(crate) profiles: Option<PathBuf>,
    /// The token that is to hold CA keys, where the hierarchy says so.
    pub(crate) token: Option<TokenPlan>,
    /// The certificates of CAs whose keys are offline.
    pub(crate) offline: OfflineCertificates,
    /// A passphrase for the keys that is kept elsewhere; without one, a new one is drawn and written beside them.
    pub(crate) passphrase_file: Option<PathBuf>,
}

/// A token that is to hold CA keys.
#[derive(Debug, Clone)]
pub(crate) struct TokenPlan {
    /// The token maker's library.
    pub(crate) module: PathBuf,
    /// The token's label.
    pub(crate) label: String,
    /// The file whose first line is the user PIN.
    pub(crate) pin_file: PathBuf,
}

/// Founds an installation. Works in a folder beside the final one and renames it at the end: it is there whole, or
/// not at all.
///
/// # Errors
/// The folder is in use, a value does not fit, or a file cannot be written.
pub(crate) fn init(plan: &Plan) -> Result<Founding, ServiceError> {
    let folders = ["keys", "secrets", "certificates", "admin"];
    draft::founded(&plan.data, &folders, |folder| found(plan, folder))
}

fn found(plan: &Plan, folder: &Path) -> Result<Founding, ServiceError> {
    let text = settings_text(plan);
    let settings = Settings::parse(&text, folder)
        .map_err(|why| ServiceError::Settings { path: plan.data.join(settings::FILE), why })?;
    create(&folder.join(settings::FILE), text.as_bytes(), Readers::Anyone)?;
    let hierarchy = hierarchy_text(&plan.hierarchy)?;
    create(&settings.hierarchy, hierarchy.as_bytes(), Readers::Anyone)?;
    let profiles = profiles::chosen(plan.profiles.as_deref())?;
    let passphrase = Passphrase::given_or_drawn(plan.passphrase_file.as_deref(), &settings.passphrase_file)?;
    let keys = KeyFolder::new(settings.keys.clone(), passphrase);
    keys.create_master_key()?;
    let foundation = Foundation::open(&settings, &keys)?;
    keys.create(ledger::KEY, &SoftwareKey::generate(KeyAlgorithm::Ed25519)?)?;
    let sealer = ledger::sealer(&foundation.store, &settings.ledger, &keys)?;
    if foundation.store.ledger_size()? > 0 {
        return Err(ServiceError::Refused(
            "the store holds an installation already; choose another database, or another schema: ?schema=NAME"
                .to_owned(),
        ));
    }
    let log_key = format!("{}\n", sealer.verifier_key());
    create(&settings.certificates.join(ledger::LOG_KEY_FILE), log_key.as_bytes(), Readers::Anyone)?;
    feed::signer(&settings, &keys)?;
    profiles::found(&foundation, &profiles)?;
    let planned = Hierarchy::load(&settings.hierarchy, &*foundation.profiles.current()?)?;
    a_named_token_holds_a_key(plan, &planned)?;
    let actor = Actor::system("init");
    let hierarchy = founding::found_all(planned, &foundation, &settings, &keys, &actor, &plan.offline)?;
    let cas = hierarchy.iter().map(|(ca, opened)| founding::told(&settings, ca, opened)).collect();
    let begun = completion::Begun { administrator: plan.administrator.clone() };
    let waiting = founding::waiting(&hierarchy);
    if waiting.is_empty() {
        let administrator = completion::complete(&foundation, &settings, &keys, &hierarchy, &begun)?;
        return Ok(Founding { cas, waiting, administrator: Some(administrator) });
    }
    completion::begin(folder, &begun)?;
    sealer.seal()?;
    Ok(Founding { cas, waiting, administrator: None })
}

/// Whoever names a token believes that a CA's key is made in it.
fn a_named_token_holds_a_key(plan: &Plan, planned: &Hierarchy) -> Result<(), ServiceError> {
    let in_token = planned.iter().any(|ca| matches!(ca.kept, KeyKeeping::Token { .. }));
    if plan.token.is_none() || in_token {
        return Ok(());
    }
    Err(ServiceError::Refused(
        "--token would hold no key, as the hierarchy keeps none there: say kept = \"pkcs11\" and token_key = \"NAME\" for a CA in a \
         hierarchy's file (--hierarchy FILE), or leave --token out"
            .to_owned(),
    ))
}

/// The text of a hierarchy that npki comes with, or of a file.
///
/// # Errors
/// It is neither, or the file cannot be read.
pub(crate) fn hierarchy_text(wanted: &str) -> Result<String, ServiceError> {
    if let Some((_, text)) = ca_core::hierarchy::BUILT_IN.iter().find(|(name, _)| *name == wanted) {
        return Ok((*text).to_owned());
    }
    let path = Path::new(wanted);
    if !path.exists() {
        let names = ca_core::hierarchy::BUILT_IN.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
        let why = format!("{wanted:?} is neither a hierarchy that npki comes with ({names}) nor a file");
        return Err(ServiceError::Refused(why));
    }
    std::fs::read_to_string(path).map_err(files::at(path))
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
    if let Some(TokenPlan { module, label, pin_file }) = &plan.token {
        let path = |path: &Path| quoted(&path.to_string_lossy());
        text.push_str(&format!(
            "\n[pkcs11]\nmodule = {}\ntoken = {}\npin_file = {}\n",
            path(module),
            quoted(label),
            path(pin_file)
        ));
    }
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
