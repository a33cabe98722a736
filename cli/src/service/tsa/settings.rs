//! `tsa.toml`: the loose form as written, and the checked settings.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration as StdDuration;

use ca_core::algorithm::KeyAlgorithm;
use id_registry::remote::RemoteName;
use ocsp_responder::http::PaceSettings;
use ocsp_responder::timestamp::{ClockBounds, ReferenceBounds, UnitPolicy};
use serde::Deserialize;
use time::Duration;

use crate::service::pace::LoosePace;
use crate::service::settings::{
    self, Limits, LooseLimits, LooseLog, bounded, check_limits, check_log, in_one_line, quoted,
};
use crate::service::signing_token::{LooseSigningToken, SigningToken};
use crate::service::{ServiceError, files};

/// The settings file's name within a unit's folder.
pub(super) const FILE: &str = "tsa.toml";

const SAMPLE: &str = include_str!("../../../../config/tsa.toml");

/// The file as written. Unknown keys are errors.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Loose {
    name: String,
    listen: SocketAddr,
    operator: Option<SocketAddr>,
    stamps: LooseStamps,
    #[serde(default)]
    clock: LooseClock,
    #[serde(default)]
    key: LooseKey,
    pkcs11: Option<LooseSigningToken>,
    #[serde(default)]
    pace: LoosePace,
    #[serde(default)]
    limits: LooseLimits,
    #[serde(default)]
    log: LooseLog,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct LooseStamps {
    policy: String,
    #[serde(default = "a_second")]
    accuracy_milliseconds: u32,
}

const fn a_second() -> u32 {
    1000
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct LooseClock {
    step_milliseconds: u32,
    servers: Vec<String>,
    offset_milliseconds: u32,
    ask_seconds: u32,
    silence_minutes: u32,
}

impl Default for LooseClock {
    fn default() -> Self {
        Self {
            step_milliseconds: 500,
            servers: Vec::new(),
            offset_milliseconds: 500,
            ask_seconds: 64,
            silence_minutes: 30,
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct LooseKey {
    algorithm: String,
}

impl Default for LooseKey {
    fn default() -> Self {
        Self { algorithm: KeyAlgorithm::P256.name().to_owned() }
    }
}

/// Checked settings.
#[derive(Debug, Clone)]
pub(super) struct TsaSettings {
    /// The unit's folder.
    pub(super) data: PathBuf,
    pub(super) name: RemoteName,
    pub(super) listen: SocketAddr,
    /// Where metrics are served; nowhere without it.
    pub(super) operator: Option<SocketAddr>,
    pub(super) policy: UnitPolicy,
    pub(super) bounds: ClockBounds,
    /// NTP servers to compare the clock with.
    pub(super) servers: Vec<String>,
    /// How often one is asked.
    pub(super) ask: StdDuration,
    /// The kind of a new key.
    pub(super) algorithm: KeyAlgorithm,
    /// Where the key is, when not in the folder.
    pub(super) token: Option<SigningToken>,
    /// How much one address may ask; `None`: no bound.
    pub(super) pace: Option<PaceSettings>,
    pub(super) limits: Limits,
    pub(super) log: settings::Log,
}

impl TsaSettings {
    /// Reads and checks `DIR/tsa.toml`.
    ///
    /// # Errors
    /// The file is missing, is no TOML, has an unknown key, or a value breaks a bound.
    pub(super) fn load(data: &Path) -> Result<Self, ServiceError> {
        let path = data.join(FILE);
        let text = files::if_there(&path, std::fs::read_to_string(&path))?;
        let text = text.ok_or_else(|| ServiceError::NoTsa(data.to_owned()))?;
        Self::parse(&text, data).map_err(|why| ServiceError::Settings { path, why })
    }

    /// Checks the text of a settings file whose relative paths start at `data`.
    pub(super) fn parse(text: &str, data: &Path) -> Result<Self, String> {
        let loose: Loose = toml::from_str(text).map_err(|error| in_one_line(text, &error))?;
        let accuracy =
            bounded(loose.stamps.accuracy_milliseconds, 1, 60_000, "stamps.accuracy_milliseconds")?;
        let ask = bounded(loose.clock.ask_seconds, 16, 3_600, "clock.ask_seconds")?;
        let policy = loose.stamps.policy.parse();
        let token = loose.pkcs11.map(|token| token.check(data)).transpose()?;
        Ok(Self {
            data: data.to_owned(),
            name: loose.name.parse().map_err(|error| format!("name is {:?}: {error}", loose.name))?,
            listen: loose.listen,
            operator: loose.operator,
            policy: UnitPolicy {
                policy: policy.map_err(|_| {
                    format!("stamps.policy is {:?}: write dotted digits", loose.stamps.policy)
                })?,
                accuracy,
            },
            bounds: bounds(&loose.clock, accuracy)?,
            servers: loose.clock.servers.into_iter().map(check_server).collect::<Result<_, _>>()?,
            ask: StdDuration::from_secs(ask.into()),
            algorithm: check_algorithm(&loose.key.algorithm, token.is_some())?,
            token,
            pace: loose.pace.check()?,
            limits: check_limits(&loose.limits)?,
            log: check_log(loose.log)?,
        })
    }
}

/// What the clock may be off by is part of what the tokens may be off by.
fn bounds(loose: &LooseClock, accuracy: u32) -> Result<ClockBounds, String> {
    let within = |value, key: &str| {
        let value = bounded(value, 1, accuracy, &format!("{key}, within stamps.accuracy_milliseconds,"))?;
        Ok::<_, String>(Duration::milliseconds(value.into()))
    };
    let offset = within(loose.offset_milliseconds, "clock.offset_milliseconds")?;
    let silence = bounded(loose.silence_minutes, 1, 1_440, "clock.silence_minutes")?;
    let age = StdDuration::from_secs(u64::from(silence) * 60);
    Ok(ClockBounds {
        step: within(loose.step_milliseconds, "clock.step_milliseconds")?,
        reference: Some(ReferenceBounds { offset, age }).filter(|_| !loose.servers.is_empty()),
    })
}

fn check_server(server: String) -> Result<String, String> {
    let fits =
        server.rsplit_once(':').is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok());
    if fits {
        Ok(server)
    } else {
        Err(format!("clock.servers has {server:?}: write HOST:PORT, the port of NTP is 123"))
    }
}

fn check_algorithm(name: &str, in_token: bool) -> Result<KeyAlgorithm, String> {
    // What the profile of units admits; RSA keys take minutes to make outside of a token.
    match name.parse() {
        Ok(algorithm @ (KeyAlgorithm::P256 | KeyAlgorithm::P384)) => Ok(algorithm),
        Ok(algorithm @ (KeyAlgorithm::Rsa3072 | KeyAlgorithm::Rsa4096)) if in_token => Ok(algorithm),
        _ => Err(format!(
            "key.algorithm is {name:?}: it must be \"p256\" or \"p384\"; in a token, \"rsa-3072\" or \"rsa-4096\" too"
        )),
    }
}

/// What the file of a new unit says.
#[derive(Debug)]
pub(super) struct Fresh<'a> {
    pub(super) name: &'a RemoteName,
    pub(super) listen: SocketAddr,
    pub(super) policy: Option<&'a str>,
}

/// The file of a new unit: the commented sample with its own values put in.
pub(super) fn fresh(of: &Fresh<'_>) -> String {
    let line = |line: &str| match (line.split_once(" = "), of.policy) {
        (Some(("name", _)), _) => format!("name = {}\n", quoted(of.name.as_str())),
        (Some(("listen", _)), _) => format!("listen = {}\n", quoted(&of.listen.to_string())),
        (Some(("policy", _)), Some(policy)) => format!("policy = {}\n", quoted(policy)),
        _ => format!("{line}\n"),
    };
    SAMPLE.lines().map(line).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn the_commented_sample_is_a_valid_file_of_defaults() {
        let sample = TsaSettings::parse(SAMPLE, Path::new("/d")).unwrap();
        let least =
            "name = \"a\"\nlisten = \"127.0.0.1:1\"\n[stamps]\npolicy = \"1.3.6.1.4.1.32473.426.2.1\"";
        let of_defaults = TsaSettings::parse(least, Path::new("/d")).unwrap();
        assert_eq!((sample.policy, sample.bounds), (of_defaults.policy, of_defaults.bounds));
        assert_eq!((sample.ask, sample.algorithm), (of_defaults.ask, of_defaults.algorithm));
        assert_eq!(sample.pace, of_defaults.pace);
        assert!(sample.token.is_none() && sample.bounds.reference.is_none());
    }

    #[test]
    fn a_new_file_says_what_it_was_told() {
        let (name, listen) = ("beta".parse().unwrap(), "127.0.0.1:9".parse().unwrap());
        let text = fresh(&Fresh { name: &name, listen, policy: Some("1.2.3") });
        let settings = TsaSettings::parse(&text, Path::new("/d")).unwrap();
        assert_eq!((settings.name, settings.listen), (name, listen));
        assert_eq!(settings.policy.policy, "1.2.3".parse().unwrap());
    }

    #[test]
    fn each_wrong_value_is_named() {
        for (from, to, named) in [
            ("name = \"alpha\"", "name = \"two words\"", "name is"),
            ("policy = \"1", "policy = \"x", "stamps.policy"),
            ("accuracy_milliseconds = 1000", "accuracy_milliseconds = 0", "stamps.accuracy_milliseconds"),
            ("accuracy_milliseconds = 1000", "accuracy_milliseconds = 100", "clock.offset_milliseconds"),
            ("servers = []", "servers = [\"pool\"]", "clock.servers"),
            ("algorithm = \"p256\"", "algorithm = \"rsa-3072\"", "key.algorithm"),
            ("ask_seconds = 64", "ask_seconds = 1", "clock.ask_seconds"),
        ] {
            let text = SAMPLE.replace(from, to);
            assert_ne!(text, SAMPLE, "{from}");
            let refused = TsaSettings::parse(&text, Path::new("/d")).unwrap_err();
            assert!(refused.contains(named), "{refused}");
        }
    }
}
