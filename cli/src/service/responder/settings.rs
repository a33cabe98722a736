//! `responder.toml`: the loose form as written, and the checked settings.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use ca_core::tlog::note::VerifierKey;
use id_registry::remote::RemoteName;
use ocsp_responder::http::PaceSettings;
use ocsp_responder::ocsp::{AnswerPolicy, ThisUpdate};
use serde::Deserialize;
use time::Duration;

use crate::service::answers::LooseOcsp;
use crate::service::pace::LoosePace;
use crate::service::settings::{
    self, Limits, LooseLimits, LooseLog, bounded, check_limits, check_log, in_one_line, quoted,
};
use crate::service::{ServiceError, files};

/// The settings file's name within a responder's folder.
pub(super) const FILE: &str = "responder.toml";

const SAMPLE: &str = include_str!("../../../../config/responder.toml");

/// The file as written. Unknown keys are errors.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Loose {
    name: String,
    listen: SocketAddr,
    operator: Option<SocketAddr>,
    feed: LooseFollowed,
    #[serde(default)]
    cut_off: LooseCutOff,
    #[serde(default)]
    renewal: LooseRenewal,
    #[serde(default)]
    copies: LooseCopies,
    #[serde(default)]
    ocsp: LooseOcsp,
    #[serde(default)]
    pace: LoosePace,
    #[serde(default)]
    limits: LooseLimits,
    #[serde(default)]
    log: LooseLog,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct LooseFollowed {
    url: Option<url::Url>,
    trust: Option<PathBuf>,
    keys: Vec<String>,
    #[serde(default = "every_second")]
    poll_seconds: u32,
}

const fn every_second() -> u32 {
    1
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct LooseCutOff {
    hours: u32,
    this_update: String,
}

impl Default for LooseCutOff {
    fn default() -> Self {
        Self { hours: 24, this_update: "known".to_owned() }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct LooseRenewal {
    url: Option<url::Url>,
    trust: Option<PathBuf>,
}

/// Where certificates are renewed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Renewal {
    /// The REST interface of the installation, HTTPS.
    pub(super) url: url::Url,
    /// To what its certificate must lead, PEM; without it, the CAs that the feed tells of.
    pub(super) trust: Option<PathBuf>,
}

impl LooseRenewal {
    fn check(self, data: &Path) -> Result<Option<Renewal>, String> {
        let trust = self.trust.map(|file| data.join(file));
        match self.url {
            Some(url) if url.scheme() == "https" => Ok(Some(Renewal { url, trust })),
            Some(url) => Err(format!("renewal.url: {url} is not an https:// address")),
            None if trust.is_some() => Err("renewal.trust is of no use without renewal.url".to_owned()),
            None => Ok(None),
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct LooseCopies {
    published: bool,
}

impl Default for LooseCopies {
    fn default() -> Self {
        Self { published: true }
    }
}

/// Whether what the installation publishes is published here, too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Copying {
    /// It is.
    Published,
    /// OCSP alone is answered.
    Off,
}

/// Checked settings.
#[derive(Debug, Clone)]
pub(super) struct ResponderSettings {
    /// The responder's folder.
    pub(super) data: PathBuf,
    pub(super) name: RemoteName,
    pub(super) listen: SocketAddr,
    /// Where metrics are served; nowhere without it.
    pub(super) operator: Option<SocketAddr>,
    /// Where the feed is fetched; without it, files come by hand.
    pub(super) url: Option<url::Url>,
    /// To what its HTTPS certificate must lead, PEM.
    pub(super) trust: Option<PathBuf>,
    /// The keys that the feed may be signed with.
    pub(super) keys: Vec<VerifierKey>,
    pub(super) poll: std::time::Duration,
    /// For how long it answers without having heard from the feed.
    pub(super) longest: Duration,
    /// Where its certificates are renewed; without it, a person does it.
    pub(super) renewal: Option<Renewal>,
    pub(super) copying: Copying,
    pub(super) answers: AnswerPolicy,
    /// How much one address may ask; without it, as much as it likes.
    pub(super) pace: Option<PaceSettings>,
    pub(super) limits: Limits,
    pub(super) log: settings::Log,
}

impl ResponderSettings {
    /// Reads and checks `DIR/responder.toml`.
    ///
    /// # Errors
    /// The file is missing, is no TOML, has an unknown key, or a value breaks a bound.
    pub(super) fn load(data: &Path) -> Result<Self, ServiceError> {
        let path = data.join(FILE);
        let text = files::if_there(&path, std::fs::read_to_string(&path))?;
        let text = text.ok_or_else(|| ServiceError::NoResponder(data.to_owned()))?;
        Self::parse(&text, data).map_err(|why| ServiceError::ResponderSettings { path, why })
    }

    /// Checks the text of a settings file whose relative paths start at `data`.
    pub(super) fn parse(text: &str, data: &Path) -> Result<Self, String> {
        let loose: Loose = toml::from_str(text).map_err(|error| in_one_line(text, &error))?;
        let key = |key: &String| key.parse().map_err(|error| format!("feed.keys: {key:?}: {error}"));
        let hours = bounded(loose.cut_off.hours, 1, 168, "cut_off.hours")?;
        let poll = bounded(loose.feed.poll_seconds, 1, 600, "feed.poll_seconds")?;
        let this_update = match loose.cut_off.this_update.as_str() {
            "known" => ThisUpdate::Known,
            "now" => ThisUpdate::Now,
            _ => return Err("cut_off.this_update is \"known\" or \"now\"".to_owned()),
        };
        Ok(Self {
            data: data.to_owned(),
            name: loose.name.parse().map_err(|error| format!("name is {:?}: {error}", loose.name))?,
            listen: loose.listen,
            operator: loose.operator,
            url: loose.feed.url.map(|url| check_url(url, loose.feed.trust.as_deref())).transpose()?,
            trust: loose.feed.trust.map(|file| data.join(file)),
            keys: loose.feed.keys.iter().map(key).collect::<Result<_, String>>()?,
            poll: std::time::Duration::from_secs(poll.into()),
            longest: Duration::hours(hours.into()),
            renewal: loose.renewal.check(data)?,
            copying: if loose.copies.published { Copying::Published } else { Copying::Off },
            pace: loose.pace.check()?,
            answers: AnswerPolicy { this_update, ..loose.ocsp.check()? },
            limits: check_limits(&loose.limits)?,
            log: check_log(loose.log)?,
        })
    }
}

fn check_url(url: url::Url, trust: Option<&Path>) -> Result<url::Url, String> {
    match (url.scheme(), trust) {
        ("http", _) | ("https", Some(_)) => Ok(url),
        ("https", None) => Err(format!(
            "feed.url: {url} needs feed.trust, the CA certificate that its server's certificate leads to (npki responder init \
             --trust FILE)"
        )),
        (other, _) => Err(format!("feed.url: {other}:// cannot be used, http:// and https:// can")),
    }
}

/// What the file of a new responder says.
#[derive(Debug)]
pub(super) struct Fresh<'a> {
    pub(super) name: &'a RemoteName,
    pub(super) listen: SocketAddr,
    pub(super) url: Option<&'a url::Url>,
    /// The name of a file in the folder.
    pub(super) trust: Option<&'a str>,
    /// Where its certificates are renewed.
    pub(super) renewal: Option<&'a url::Url>,
    pub(super) key: &'a VerifierKey,
}

/// The file of a new responder: the commented sample with its own values put in.
pub(super) fn fresh(of: &Fresh<'_>) -> String {
    // Both sections have an address and what it is trusted by.
    let (feed, rest) = SAMPLE.split_once("[renewal]").unwrap_or((SAMPLE, ""));
    let line = |line: &str| match (line.split_once(" = "), of.url, of.trust) {
        (Some(("name", _)), ..) => format!("name = {}\n", quoted(of.name.as_str())),
        (Some(("listen", _)), ..) => format!("listen = {}\n", quoted(&of.listen.to_string())),
        (Some(("keys", _)), ..) => format!("keys = [{}]\n", quoted(&of.key.to_string())),
        (Some(("# url", _)), Some(url), _) => format!("url = {}\n", quoted(url.as_str())),
        (Some(("# trust", _)), _, Some(trust)) => format!("trust = {}\n", quoted(trust)),
        _ => format!("{line}\n"),
    };
    let renewal = |line: &str| match (line.split_once(" = "), of.renewal) {
        (Some(("# url", _)), Some(url)) => format!("url = {}\n", quoted(url.as_str())),
        _ => format!("{line}\n"),
    };
    let rest = format!("[renewal]{rest}");
    feed.lines().map(line).chain(rest.lines().map(renewal)).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    const KEY: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";

    #[test]
    fn the_commented_sample_is_a_valid_file_of_defaults() {
        let sample = ResponderSettings::parse(SAMPLE, Path::new("/d")).unwrap();
        let least = "name = \"a\"\nlisten = \"127.0.0.1:1\"\n[feed]\nkeys = []";
        let of_defaults = ResponderSettings::parse(least, Path::new("/d")).unwrap();
        assert_eq!((sample.answers, sample.longest), (of_defaults.answers, of_defaults.longest));
        assert_eq!(sample.limits.connections, of_defaults.limits.connections);
        assert_eq!((sample.copying, sample.pace), (of_defaults.copying, of_defaults.pace));
    }

    #[test]
    fn a_new_file_says_what_it_was_told() {
        let (name, url) = ("beta".parse().unwrap(), "https://pki.gov.ls/".parse().unwrap());
        let (listen, key) = ("127.0.0.1:9".parse().unwrap(), KEY.parse().unwrap());
        let renewal: url::Url = "https://pki.gov.ls:8443/".parse().unwrap();
        let trust = Some("ca.pem");
        let fresh_one =
            Fresh { name: &name, listen, url: Some(&url), trust, renewal: Some(&renewal), key: &key };
        let text = fresh(&fresh_one);
        let settings = ResponderSettings::parse(&text, Path::new("/d")).unwrap();
        assert_eq!((settings.name, settings.listen, settings.url), (name, listen, Some(url)));
        assert_eq!(settings.trust.as_deref(), Some(Path::new("/d/ca.pem")));
        assert_eq!(settings.keys, [key]);
        assert_eq!(settings.renewal, Some(Renewal { url: renewal, trust: None }));
    }

    #[test]
    fn each_wrong_value_is_named() {
        for (from, to, named) in [
            ("name = \"alpha\"", "name = \"two words\"", "name is"),
            ("keys = []", "keys = [\"nonsense\"]", "feed.keys"),
            ("# url = \"http://", "url = \"ftp://", "feed.url"),
            ("# url = \"http://", "url = \"https://", "needs feed.trust"),
            ("poll_seconds = 1", "poll_seconds = 0", "feed.poll_seconds"),
            ("hours = 24", "hours = 0", "cut_off.hours"),
            ("this_update = \"known\"", "this_update = \"never\"", "cut_off.this_update"),
            ("at_once = 2000", "at_once = 0", "pace.at_once"),
            ("# url = \"https://", "url = \"http://", "renewal.url"),
            ("hours = 24", "hour = 24", "did you mean `hours`"),
        ] {
            assert!(SAMPLE.contains(from), "{from}");
            let refused =
                ResponderSettings::parse(&SAMPLE.replacen(from, to, 1), Path::new("/d")).unwrap_err();
            assert!(refused.contains(named), "{refused}");
        }
    }
}
