//! `npki.toml`: the loose form as written, and the checked settings that the service runs on.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use ca_core::keys::journal::NodeName;
use ca_core::name::is_country_code;
use ca_core::storage::address::StoreAddress;
use ca_core::toml_fault::{TomlFault, TomlMistake};
use id_registry::duplicates::Thresholds;
use id_registry::evidence::AssuranceRules;
use id_registry::retention::RetentionRules;
use id_registry::staff::OfficerRules;
use id_registry::statistics::{LEAST_THRESHOLD, StatisticsSettings};
use ocsp_responder::http::PaceSettings;
use ocsp_responder::ocsp::AnswerPolicy;
use serde::Deserialize;
use time::Duration;

use super::ServiceError;
use super::answers::LooseOcsp;
use super::backup::SealedKeys;
use super::crl_plans::{CrlPlans, LooseCrl};
use super::feed::{FeedSettings, LooseFeed};
use super::filters::{FilterSettings, LooseFilters};
use super::ledger::{LedgerSettings, LooseLedger};
use super::officer_rules::LooseOfficers;
use super::pace::LoosePace;
use super::pin_file::PinFile;
use super::signing_token::{LooseSigningToken, SigningToken};
use super::store::LooseStore;
use super::trusted_list::{LooseTrustedList, TrustedListSettings};
use super::webhooks::{LooseWebhooks, WebhookSettings};

/// The settings file's name within a data directory.
pub(crate) const FILE: &str = "npki.toml";
/// The name of the file of CAs within a data directory.
pub(crate) const HIERARCHY_FILE: &str = "hierarchy.toml";

/// The file as written. Unknown keys are errors.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Loose {
    installation: LooseInstallation,
    listen: LooseListen,
    public: LoosePublic,
    #[serde(default)]
    store: LooseStore,
    #[serde(default)]
    registry: LooseRegistry,
    #[serde(default)]
    statistics: LooseStatistics,
    #[serde(default)]
    filter: LooseFilters,
    #[serde(default)]
    pace: LoosePace,
    #[serde(default)]
    retention: Vec<LooseRule>,
    #[serde(default)]
    webhooks: LooseWebhooks,
    #[serde(default)]
    keys: LooseKeys,
    #[serde(default)]
    ledger: LooseLedger,
    #[serde(default)]
    backup: LooseBackup,
    #[serde(default)]
    vault: LooseVault,
    pkcs11: Option<LooseSigningToken>,
    #[serde(default)]
    crl: LooseCrl,
    #[serde(default)]
    ocsp: LooseOcsp,
    #[serde(default)]
    feed: LooseFeed,
    trusted_list: Option<LooseTrustedList>,
    #[serde(default)]
    limits: LooseLimits,
    #[serde(default)]
    log: LooseLog,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct LooseInstallation {
    country: String,
    organisation: String,
    organisation_identifier: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct LooseListen {
    service: SocketAddr,
    public: SocketAddr,
    operator: Option<SocketAddr>,
    tls_names: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct LoosePublic {
    base_url: String,
    registry_url: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct LooseRegistry {
    sponsor_grace_days: u32,
    full_age: u32,
    reply_days: u32,
    appeal_days: u32,
    packet_days: u32,
    duplicate_ask: u32,
    duplicate_list: u32,
    assurance: Option<PathBuf>,
    officers: LooseOfficers,
}

impl Default for LooseRegistry {
    fn default() -> Self {
        let Thresholds { ask, list } = Thresholds::default();
        Self {
            sponsor_grace_days: 30,
            full_age: 18,
            reply_days: 14,
            appeal_days: 30,
            packet_days: 30,
            duplicate_ask: ask.into(),
            duplicate_list: list.into(),
            assurance: None,
            officers: LooseOfficers::default(),
        }
    }
}

impl LooseRegistry {
    fn thresholds(&self) -> Result<Thresholds, String> {
        let ask = bounded(self.duplicate_ask, 50, 100, "registry.duplicate_ask")?;
        let list = bounded(self.duplicate_list, 50, ask, "registry.duplicate_list")?;
        let percent = |value: u32| u8::try_from(value).unwrap_or(100);
        Ok(Thresholds { ask: percent(ask), list: percent(list) })
    }
}

impl LooseRegistry {
    fn assurance(&self, data: &Path) -> Result<AssuranceRules, String> {
        let Some(file) = &self.assurance else { return AssuranceRules::built_in() };
        let path = data.join(file);
        let named = |why: String| format!("registry.assurance: {}: {why}", path.display());
        // Rules are a page long: a file that is larger is another one.
        let length = std::fs::metadata(&path).map_err(|error| named(error.to_string()))?.len();
        if length > 1024 * 1024 {
            return Err(named("it is larger than 1 MiB, so it holds no such rules".to_owned()));
        }
        let text = std::fs::read_to_string(&path).map_err(|error| named(error.to_string()))?;
        AssuranceRules::from_toml(&text).map_err(named)
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct LooseStatistics {
    threshold: u32,
    hours: u32,
}

impl Default for LooseStatistics {
    fn default() -> Self {
        Self { threshold: 10, hours: 24 }
    }
}

impl LooseStatistics {
    fn check(&self) -> Result<StatisticsSettings, String> {
        let least = u32::try_from(LEAST_THRESHOLD).unwrap_or(u32::MAX);
        let threshold = bounded(self.threshold, least, 1_000, "statistics.threshold")?;
        let hours = bounded(self.hours, 0, 8_784, "statistics.hours")?;
        Ok(StatisticsSettings { threshold: threshold.into(), every: Duration::hours(hours.into()) })
    }
}

/// A rule of retention.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct LooseRule {
    matter: String,
    days: u32,
    basis: String,
}

fn check_retention(rules: &[LooseRule]) -> Result<RetentionRules, String> {
    let written = rules.iter().map(|rule| (rule.matter.as_str(), rule.days, rule.basis.as_str()));
    RetentionRules::checked(written).map_err(|why| format!("[[retention]]: {why}"))
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct LooseBackup {
    recipients: Vec<String>,
    with_keys: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct LooseKeys {
    folder: PathBuf,
    passphrase_file: PathBuf,
    node: Option<String>,
}

impl Default for LooseKeys {
    fn default() -> Self {
        Self { folder: "keys".into(), passphrase_file: "secrets/passphrase".into(), node: None }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct LooseVault {
    master_key: String,
    cached_subjects: usize,
    pkcs11: Option<LooseToken>,
}

impl Default for LooseVault {
    fn default() -> Self {
        Self { master_key: "software".to_owned(), cached_subjects: 10_000, pkcs11: None }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct LooseToken {
    module: PathBuf,
    token: String,
    key: String,
    #[serde(default)]
    retired: Vec<String>,
    pin_file: PathBuf,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct LooseLimits {
    pub(super) connections: usize,
    pub(super) handshake_seconds: u32,
    pub(super) request_seconds: u32,
}

impl Default for LooseLimits {
    fn default() -> Self {
        Self { connections: 1_024, handshake_seconds: 10, request_seconds: 30 }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct LooseLog {
    level: String,
    format: String,
}

impl Default for LooseLog {
    fn default() -> Self {
        Self { level: "info".to_owned(), format: "text".to_owned() }
    }
}

/// Who the installation belongs to: what the CAs' own names are made of.
#[derive(Debug, Clone)]
pub(crate) struct Installation {
    /// ISO 3166-1 alpha-2.
    pub(crate) country: String,
    /// Legal name.
    pub(crate) organisation: String,
    /// ETSI EN 319 412-1 section 5.1.4 identifier.
    pub(crate) organisation_identifier: String,
}

/// How personal data is sealed.
#[derive(Debug, Clone)]
pub(crate) struct VaultSettings {
    /// Which kind of master key wraps.
    pub(crate) current: MasterKeyKind,
    /// The token that holds master keys, if one does.
    pub(crate) token: Option<MasterKeyToken>,
    /// How many subjects' keys are kept unwrapped in memory, at most.
    pub(crate) cached_subjects: usize,
}

/// Which kind of master key wraps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MasterKeyKind {
    /// The newest in the folder of keys.
    Software,
    /// The one in the token.
    Token,
}

/// A token that holds master keys.
#[derive(Debug, Clone)]
pub(crate) struct MasterKeyToken {
    /// The token maker's library.
    pub(crate) module: PathBuf,
    /// The token's label.
    pub(crate) token: String,
    /// The label of the key that wraps.
    pub(crate) key: String,
    /// The labels of former keys, which only unwrap.
    pub(crate) retired: Vec<String>,
    /// Where its user PIN is.
    pub(crate) pin: PinFile,
}

/// Bounds on what one client, or all of them, may occupy.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// Connections at once, for each of the two listeners.
    pub(crate) connections: usize,
    /// How long a TLS handshake, or the head of a request, may take.
    pub(crate) handshake: std::time::Duration,
    /// How long a request may take from its head to its answer.
    pub(crate) request: std::time::Duration,
}

/// How the log is written.
#[derive(Debug, Clone)]
pub(crate) struct Log {
    /// A filter as `tracing` takes it: `info`, `warn`, `npki=debug`.
    pub(crate) level: String,
    /// Text or JSON, one line an event.
    pub(crate) format: LogFormat,
}

/// The log's form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LogFormat {
    /// For people.
    Text,
    /// For collectors.
    Json,
}

/// Checked settings. Paths are absolute or relative to the working directory, no longer to the file.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    /// The data directory.
    pub(crate) data: PathBuf,
    pub(crate) installation: Installation,
    pub(crate) service_address: SocketAddr,
    pub(crate) public_address: SocketAddr,
    /// Where metrics are served; nowhere without it.
    pub(crate) operator_address: Option<SocketAddr>,
    pub(crate) tls_names: Vec<String>,
    pub(crate) base_url: String,
    pub(crate) registry_url: String,
    pub(crate) store: StoreAddress,
    pub(crate) keys: PathBuf,
    pub(crate) passphrase_file: PathBuf,
    /// The node's name in the journals of signatures.
    pub(crate) node: NodeName,
    /// The token that holds CA keys, if one does.
    pub(crate) signing_token: Option<SigningToken>,
    pub(crate) vault: VaultSettings,
    pub(crate) certificates: PathBuf,
    pub(crate) profiles: PathBuf,
    pub(crate) hierarchy: PathBuf,
    pub(crate) ledger: LedgerSettings,
    /// Who can open backups that the running service makes.
    pub(crate) backup_recipients: Vec<String>,
    /// Whether the sealed keys go along with them.
    pub(crate) backup_keys: SealedKeys,
    pub(crate) checkpoint_file: PathBuf,
    pub(crate) crls: CrlPlans,
    /// How long a device or application whose sponsor has gone counts without a successor.
    pub(crate) sponsor_grace: Duration,
    /// The age, in years, from which on a person decides for themselves.
    pub(crate) full_age: u8,
    /// How long a person may reply before certificates are withdrawn.
    pub(crate) reply_time: Duration,
    /// How old what was enrolled without a network may be when it comes in.
    pub(crate) packet_age: Duration,
    /// How long a person may appeal after that.
    pub(crate) appeal_time: Duration,
    pub(crate) duplicates: Thresholds,
    pub(crate) assurance: AssuranceRules,
    /// When officers act, and how much of it in a day.
    pub(crate) officers: OfficerRules,
    pub(crate) statistics: StatisticsSettings,
    pub(crate) filters: FilterSettings,
    pub(crate) pace: Option<PaceSettings>,
    pub(crate) retention: RetentionRules,
    pub(crate) webhooks: WebhookSettings,
    /// How OCSP responders answer.
    pub(crate) answers: AnswerPolicy,
    pub(crate) feed: FeedSettings,
    /// How the trusted list is made, if one is.
    pub(crate) trusted_list: Option<TrustedListSettings>,
    pub(crate) limits: Limits,
    pub(crate) log: Log,
}

impl Settings {
    /// Reads and checks `DIR/npki.toml`.
    ///
    /// # Errors
    /// The file is missing, is no TOML, has an unknown key, or a value breaks a bound.
    pub(crate) fn load(data: &Path) -> Result<Self, ServiceError> {
        let path = data.join(FILE);
        let text = super::files::if_there(&path, std::fs::read_to_string(&path))?;
        let text = text.ok_or_else(|| ServiceError::NoInstallation(data.to_owned()))?;
        Self::parse(&text, data).map_err(|why| ServiceError::Settings { path, why })
    }

    /// Checks the text of a settings file whose relative paths start at `data`.
    pub(crate) fn parse(text: &str, data: &Path) -> Result<Self, String> {
        let loose: Loose = toml::from_str(text).map_err(|error| in_one_line(text, &error))?;
        check_installation(&loose.installation)?;
        let base_url = check_url(&loose.public.base_url, "public.base_url", &["http"])?;
        let registry_url = check_url(&loose.public.registry_url, "public.registry_url", &["https"])?;
        let grace = bounded(loose.registry.sponsor_grace_days, 0, 365, "registry.sponsor_grace_days")?;
        let full_age = bounded(loose.registry.full_age, 12, 30, "registry.full_age")?;
        let reply = bounded(loose.registry.reply_days, 1, 365, "registry.reply_days")?;
        let appeal = bounded(loose.registry.appeal_days, 0, 365, "registry.appeal_days")?;
        let packet = bounded(loose.registry.packet_days, 1, 365, "registry.packet_days")?;
        let installation = Installation {
            country: loose.installation.country,
            organisation: loose.installation.organisation,
            organisation_identifier: loose.installation.organisation_identifier,
        };
        let listed = loose.trusted_list.map(|list| list.check(&installation, &base_url)).transpose()?;
        Ok(Self {
            data: data.to_owned(),
            installation,
            trusted_list: listed,
            service_address: loose.listen.service,
            public_address: loose.listen.public,
            operator_address: loose.listen.operator,
            tls_names: check_tls_names(loose.listen.tls_names)?,
            ledger: loose.ledger.check(&base_url, data)?,
            feed: loose.feed.check(&base_url)?,
            backup_recipients: check_recipients(loose.backup.recipients)?,
            backup_keys: if loose.backup.with_keys { SealedKeys::Included } else { SealedKeys::LeftOut },
            checkpoint_file: data.join(super::ledger::CHECKPOINT_FILE),
            base_url,
            registry_url,
            store: loose.store.check(data)?,
            keys: data.join(loose.keys.folder),
            passphrase_file: data.join(loose.keys.passphrase_file),
            node: check_node(loose.keys.node)?,
            signing_token: loose.pkcs11.map(|token| token.check(data)).transpose()?,
            vault: check_vault(loose.vault, data)?,
            certificates: data.join("certificates"),
            profiles: data.join("profiles"),
            crls: loose.crl.check()?,
            sponsor_grace: Duration::days(grace.into()),
            full_age: u8::try_from(full_age).unwrap_or(u8::MAX),
            reply_time: Duration::days(reply.into()),
            packet_age: Duration::days(packet.into()),
            appeal_time: Duration::days(appeal.into()),
            duplicates: loose.registry.thresholds()?,
            officers: loose.registry.officers.check()?,
            assurance: loose.registry.assurance(data)?,
            statistics: loose.statistics.check()?,
            filters: loose.filter.check()?,
            pace: loose.pace.check()?,
            retention: check_retention(&loose.retention)?,
            webhooks: loose.webhooks.check(data)?,
            hierarchy: data.join(HIERARCHY_FILE),
            answers: loose.ocsp.check()?,
            limits: check_limits(&loose.limits)?,
            log: check_log(loose.log)?,
        })
    }
}

/// Where and what, in one line, with the nearest name for an unknown key.
pub(super) fn in_one_line(text: &str, error: &toml::de::Error) -> String {
    let fault = TomlFault::of(text, error);
    let place = fault.line.map(|line| format!("line {line}: ")).unwrap_or_default();
    let message = error.message().trim_end();
    match fault.what {
        TomlMistake::UnknownKey { nearest: Some(nearest), .. } => {
            format!("{place}{message}; did you mean `{nearest}`?")
        }
        _ => format!("{place}{message}"),
    }
}

fn check_installation(installation: &LooseInstallation) -> Result<(), String> {
    let country = &installation.country;
    // ISO 3166-1 alpha-2, as RFC 5280's countryName wants it.
    if !is_country_code(country) {
        return Err(format!("installation.country is {country:?}: give two capital letters, such as \"LS\""));
    }
    // RFC 5280 appendix A.1: ub-organization-name.
    if installation.organisation.is_empty() || installation.organisation.chars().count() > 64 {
        return Err("installation.organisation must have 1 to 64 characters".to_owned());
    }
    Ok(())
}

fn check_node(node: Option<String>) -> Result<NodeName, String> {
    let Some(name) = node else { return Ok(super::signatures::host_name()) };
    NodeName::new(name.clone()).map_err(|error| format!("keys.node is {name:?}: {error}"))
}

fn check_recipients(recipients: Vec<String>) -> Result<Vec<String>, String> {
    if !recipients.is_empty() {
        ca_core::backup::Recipient::parse_all(&recipients)
            .map_err(|error| format!("backup.recipients: {error}"))?;
    }
    Ok(recipients)
}

fn check_vault(vault: LooseVault, data: &Path) -> Result<VaultSettings, String> {
    let current = match (vault.master_key.as_str(), &vault.pkcs11) {
        ("software", _) => MasterKeyKind::Software,
        ("pkcs11", Some(_)) => MasterKeyKind::Token,
        ("pkcs11", None) => {
            return Err("vault.master_key is \"pkcs11\", and there is no [vault.pkcs11]".into());
        }
        (other, _) => {
            return Err(format!("vault.master_key is {other:?}: it must be \"software\" or \"pkcs11\""));
        }
    };
    if vault.cached_subjects > 10_000_000 {
        return Err(format!("vault.cached_subjects is {}: it must be 0 to 10000000", vault.cached_subjects));
    }
    let token = vault.pkcs11.map(|token| MasterKeyToken {
        module: token.module,
        token: token.token,
        key: token.key,
        retired: token.retired,
        pin: PinFile::at(data.join(token.pin_file)),
    });
    Ok(VaultSettings { current, token, cached_subjects: vault.cached_subjects })
}

fn check_tls_names(names: Vec<String>) -> Result<Vec<String>, String> {
    if names.is_empty() {
        return Err("listen.tls_names is empty: name the host under which clients reach the service".into());
    }
    Ok(names)
}

fn check_url(text: &str, key: &str, schemes: &[&str]) -> Result<String, String> {
    let url = url::Url::parse(text).map_err(|error| format!("{key} is {text:?}: {error}"))?;
    // RFC 5280 section 8: an HTTPS address in a certificate can need that very certificate to be checked.
    if !schemes.contains(&url.scheme()) {
        return Err(format!("{key} is {text:?}: it must begin with {}://", schemes.join(":// or ")));
    }
    Ok(text.trim_end_matches('/').to_owned())
}

/// A text as TOML writes it.
pub(super) fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

pub(super) fn bounded(value: u32, least: u32, most: u32, key: &str) -> Result<u32, String> {
    if (least..=most).contains(&value) {
        Ok(value)
    } else {
        Err(format!("{key} is {value}: it must be {least} to {most}"))
    }
}

pub(super) fn check_limits(limits: &LooseLimits) -> Result<Limits, String> {
    if !(16..=65_536).contains(&limits.connections) {
        return Err(format!("limits.connections is {}: it must be 16 to 65536", limits.connections));
    }
    let handshake = bounded(limits.handshake_seconds, 1, 120, "limits.handshake_seconds")?;
    let request = bounded(limits.request_seconds, 1, 600, "limits.request_seconds")?;
    Ok(Limits {
        connections: limits.connections,
        handshake: std::time::Duration::from_secs(handshake.into()),
        request: std::time::Duration::from_secs(request.into()),
    })
}

pub(super) fn check_log(log: LooseLog) -> Result<Log, String> {
    let format = match log.format.as_str() {
        "text" => LogFormat::Text,
        "json" => LogFormat::Json,
        other => return Err(format!("log.format is {other:?}: it must be \"text\" or \"json\"")),
    };
    Ok(Log { level: log.level, format })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const SAMPLE: &str = include_str!("../../../config/npki.toml");

    /// The sample with the section of the trusted list, but for the provider's.
    fn with_list() -> String {
        let (before, section) = SAMPLE.split_once("# [trusted_list]\n").unwrap();
        let (section, after) = section.split_once("# [trusted_list.provider]").unwrap();
        let said = |line: &str| line.contains(" = ") || line.starts_with("# [");
        let lines = section.lines().filter(|line| said(line)).map(|line| line.trim_start_matches("# "));
        format!("{before}[trusted_list]\n{}\n{after}", lines.collect::<Vec<_>>().join("\n"))
    }

    #[test]
    fn each_wrong_value_of_the_list_is_named() {
        for (from, to, named) in [
            ("territory = \"LS\"", "territory = \"Lesotho\"", "trusted_list.territory"),
            ("next_update_days = 90", "next_update_days = 183", "trusted_list.next_update_days"),
            ("next_update_days = 90", "next_update_day = 90", "did you mean `next_update_days`"),
            ("first_number = 1", "first_number = 0", "trusted_list.first_number"),
            ("information = { en", "information = { st", "trusted_list.information is not given in English"),
            ("\"https://lca.org.ls/trust\"", "\"lca.org.ls\"", "trusted_list.information.en"),
            ("trust@lca.org.ls", "lca.org.ls", "trusted_list.operator.mail"),
            (
                "{ en = \"Lesotho Communications",
                "{ English = \"Lesotho Communications",
                "trusted_list.operator.name",
            ),
            (
                "notice = { en = \"The applicable",
                "notice = { en = \"\", st = \"The applicable",
                "trusted_list.notice.en is empty",
            ),
            ("qualified = []", "qualified = [\"No CA\"]", "trusted_list.qualified"),
        ] {
            let text = with_list();
            assert!(text.contains(from), "{from}");
            let refused = Settings::parse(&text.replacen(from, to, 1), Path::new("/d")).unwrap_err();
            assert!(refused.contains(named), "{refused}");
        }
    }

    #[test]
    fn the_commented_sample_is_a_valid_file() {
        let settings = Settings::parse(SAMPLE, Path::new("/var/lib/npki")).unwrap();
        assert_eq!(settings.store.folder(), Some(Path::new("/var/lib/npki/store")));
        let divided = ["[crl.delta]\n", "[crl.ca.persons]\n", "[crl.ca.persons.delta]\n"]
            .iter()
            .fold(SAMPLE.to_owned(), |text, head| text.replace(&format!("# {head}# "), head));
        assert_ne!(divided, SAMPLE);
        Settings::parse(&divided, Path::new("/d")).unwrap();
        let listed = with_list();
        assert!(Settings::parse(&listed, Path::new("/d")).unwrap().trusted_list.is_some());
    }

    #[test]
    fn rules_of_assurance_are_read_from_the_file_that_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let named = SAMPLE.replace("#   assurance = ", "assurance = ");
        assert_ne!(named, SAMPLE);
        let file = folder.path().join("assurance.toml");
        std::fs::write(&file, id_registry::evidence::BUILT_IN).unwrap();
        let settings = Settings::parse(&named, folder.path()).unwrap();
        assert_eq!(settings.assurance, AssuranceRules::built_in().unwrap());
        let misspelt = id_registry::evidence::BUILT_IN.replace("remote_at_most", "remote_at_mots");
        std::fs::write(&file, misspelt).unwrap();
        let refused = Settings::parse(&named, folder.path()).unwrap_err();
        assert!(refused.contains("assurance.toml") && refused.contains("`remote_at_most`"), "{refused}");
    }

    #[test]
    fn each_wrong_value_is_named() {
        for (from, to, named) in [
            ("country = \"LS\"", "country = \"Lesotho\"", "installation.country"),
            ("master_key = \"software\"", "master_key = \"paper\"", "vault.master_key"),
            ("master_key = \"software\"", "master_key = \"pkcs11\"", "[vault.pkcs11]"),
            ("cached_subjects = 10000", "cached_subject = 10000", "did you mean `cached_subjects`"),
            ("engine = \"sled\"", "engine = \"oracle\"", "store.engine"),
            ("validity_hours = 24", "validity_hours = 0", "crl.validity_hours"),
            ("format = \"text\"", "format = \"xml\"", "log.format"),
            ("shards = 0", "shards = 20000", "crl.shards"),
            ("publish_within_seconds = 2", "publish_within_seconds = 0", "crl.publish_within_seconds"),
            ("contains = \"everything\"", "contains = \"users\"", "user-certificates"),
            (
                "# [crl.delta]\n# validity_hours = 6",
                "[crl.delta]\nvalidity_hours = 25",
                "crl.delta.validity_hours",
            ),
            ("validity_hours = 24", "validity_hour = 24", "did you mean `validity_hours`"),
            ("base_url = \"http://", "base_url = \"https://", "public.base_url"),
            ("duplicate_ask = 85", "duplicate_ask = 101", "registry.duplicate_ask"),
            ("days = 5\n", "days = 0\n", "webhooks.days"),
            ("duplicate_list = 70", "duplicate_list = 90", "registry.duplicate_list"),
            ("#   assurance = \"assurance.toml\"", "assurance = \"none.toml\"", "/d/none.toml"),
        ] {
            assert!(SAMPLE.contains(from), "{from}");
            let refused = Settings::parse(&SAMPLE.replacen(from, to, 1), Path::new("/d")).unwrap_err();
            assert!(refused.contains(named), "{refused}");
        }
    }
}
