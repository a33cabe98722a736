//! `witness.toml`: the loose form as written, the checked settings, and adding a log to the file.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use ca_core::tlog::checkpoint::{Log, Origin};
use ca_core::tlog::note::{KeyName, VerifierKey};
use serde::Deserialize;

use crate::files::Readers;
use crate::service::settings::{
    self, Limits, LooseLimits, LooseLog, check_limits, check_log, in_one_line, quoted,
};
use crate::service::{ServiceError, files};

/// The settings file's name within a witness's folder.
pub(super) const FILE: &str = "witness.toml";

const SAMPLE: &str = include_str!("../../../../config/witness.toml");

/// The file as written. Unknown keys are errors.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Loose {
    name: String,
    listen: SocketAddr,
    #[serde(default = "limits")]
    limits: LooseLimits,
    #[serde(default)]
    log: LooseLog,
    #[serde(default)]
    logs: Vec<LooseWitnessed>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct LooseWitnessed {
    origin: String,
    keys: Vec<String>,
}

/// A witness has few clients: the logs it knows.
fn limits() -> LooseLimits {
    LooseLimits { connections: 64, ..LooseLimits::default() }
}

/// Checked settings.
#[derive(Debug, Clone)]
pub(super) struct WitnessSettings {
    /// The name in its cosignatures.
    pub(super) name: KeyName,
    /// Where it listens.
    pub(super) listen: SocketAddr,
    /// What its clients may occupy.
    pub(super) limits: Limits,
    /// How its log is written.
    pub(super) log: settings::Log,
    /// The logs it knows.
    pub(super) logs: Vec<Log>,
}

impl WitnessSettings {
    /// Reads and checks `DIR/witness.toml`.
    ///
    /// # Errors
    /// The file is missing, is no TOML, has an unknown key, or a value breaks a bound.
    pub(super) fn load(data: &Path) -> Result<Self, ServiceError> {
        let (path, text) = read(data)?;
        Self::parse(&text).map_err(|why| ServiceError::WitnessSettings { path, why })
    }

    /// Checks the text of a settings file.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let loose: Loose = toml::from_str(text).map_err(|error| in_one_line(text, &error))?;
        let logs: Vec<Log> = loose.logs.into_iter().map(LooseWitnessed::check).collect::<Result<_, _>>()?;
        Ok(Self {
            name: loose.name.parse().map_err(|error| format!("name is {:?}: {error}", loose.name))?,
            listen: loose.listen,
            limits: check_limits(&loose.limits)?,
            log: check_log(loose.log)?,
            logs,
        })
    }

    fn knows(&self, origin: &Origin) -> Option<&Log> {
        self.logs.iter().find(|log| log.origin() == origin)
    }
}

impl LooseWitnessed {
    fn check(self) -> Result<Log, String> {
        let Self { origin, keys } = self;
        let read = |key: &String| {
            key.parse::<VerifierKey>().map_err(|error| format!("logs: the key {key:?} of {origin}: {error}"))
        };
        let keys = keys.iter().map(read).collect::<Result<_, _>>()?;
        let parsed: Origin = origin.parse().map_err(|error| format!("logs: origin {origin:?}: {error}"))?;
        Log::new(parsed, keys).map_err(|error| format!("logs: {origin}: {error}"))
    }
}

/// The file of a new witness: the commented sample with its own values put in.
pub(super) fn fresh(name: &KeyName, listen: SocketAddr) -> String {
    let line = |line: &str| match line.split_once(" = ") {
        Some(("name", _)) => format!("name = {}\n", quoted(name.as_str())),
        Some(("listen", _)) => format!("listen = {}\n", quoted(&listen.to_string())),
        _ => format!("{line}\n"),
    };
    SAMPLE.lines().map(line).collect()
}

/// Whether a log had to be added.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Adding {
    /// It was not known before.
    Added,
    /// It was known by this very key.
    Known,
}

/// Adds a log to the file, at its end: what people wrote there stays.
///
/// # Errors
/// The log is known by another key, which a person must settle, or the file cannot be used.
pub(super) fn add(data: &Path, origin: &Origin, key: &VerifierKey) -> Result<Adding, ServiceError> {
    let (path, text) = read(data)?;
    let unusable = |why| ServiceError::WitnessSettings { path: path.clone(), why };
    let settings = WitnessSettings::parse(&text).map_err(unusable)?;
    if let Some(log) = settings.knows(origin) {
        return match log.keys().contains(key) {
            true => Ok(Adding::Known),
            false => Err(ServiceError::LogKnown { path, origin: origin.clone() }),
        };
    }
    let (origin, key) = (quoted(origin.as_str()), quoted(&key.to_string()));
    let text = format!("{}\n\n[[logs]]\norigin = {origin}\nkeys = [{key}]\n", text.trim_end());
    WitnessSettings::parse(&text).map_err(unusable)?;
    crate::files::replace(&path, text.as_bytes(), Readers::Anyone)?;
    Ok(Adding::Added)
}

fn read(data: &Path) -> Result<(PathBuf, String), ServiceError> {
    let path = data.join(FILE);
    let text = files::if_there(&path, std::fs::read_to_string(&path))?;
    let text = text.ok_or_else(|| ServiceError::NoWitness(data.to_owned()))?;
    Ok((path, text))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    const KEY: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";

    #[test]
    fn the_commented_sample_is_a_valid_file() {
        let settings = WitnessSettings::parse(SAMPLE).unwrap();
        assert_eq!((settings.limits.connections, settings.logs.len()), (64, 0));
        let of_defaults = WitnessSettings::parse("name = \"w\"\nlisten = \"127.0.0.1:1\"").unwrap();
        assert_eq!(of_defaults.limits.connections, settings.limits.connections);
        assert_eq!(of_defaults.limits.request, settings.limits.request);
    }

    #[test]
    fn each_wrong_value_is_named() {
        for (from, to, named) in [
            ("name = \"witness.example.org\"", "name = \"two words\"", "name is"),
            ("connections = 64", "connections = 0", "limits.connections"),
            ("connections = 64", "connection = 64", "did you mean `connections`"),
            ("# [[logs]]", "[[logs]]\norigin = \"a\"\nkeys = []", "a: a log is known by"),
            ("# [[logs]]", "[[logs]]\norigin = \"a\"\nkeys = [\"nonsense\"]", "nonsense"),
        ] {
            assert!(SAMPLE.contains(from), "{from}");
            let refused = WitnessSettings::parse(&SAMPLE.replacen(from, to, 1)).unwrap_err();
            assert!(refused.contains(named), "{refused}");
        }
    }

    #[test]
    fn a_log_is_added_once_and_never_under_a_second_key_by_a_command() {
        let folder = tempfile::tempdir().unwrap();
        let text = fresh(&"example.org/w".parse().unwrap(), "127.0.0.1:9".parse().unwrap());
        std::fs::write(folder.path().join(FILE), text).unwrap();
        let (origin, key): (Origin, VerifierKey) = ("a log".parse().unwrap(), KEY.parse().unwrap());
        assert_eq!(add(folder.path(), &origin, &key).unwrap(), Adding::Added);
        assert_eq!(add(folder.path(), &origin, &key).unwrap(), Adding::Known);
        let other = VerifierKey::new(key.name().clone(), key.kind(), [7; 32]);
        let refused = add(folder.path(), &origin, &other).unwrap_err();
        assert!(matches!(refused, ServiceError::LogKnown { .. }), "{refused}");
        let next = "a log/1".parse().unwrap();
        assert_eq!(add(folder.path(), &next, &other).unwrap(), Adding::Added);
        let settings = WitnessSettings::load(folder.path()).unwrap();
        assert_eq!(settings.logs.len(), 2);
        assert_eq!(settings.listen.port(), 9);
    }
}
