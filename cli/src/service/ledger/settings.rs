//! `[ledger]` in `npki.toml`.

use std::path::{Path, PathBuf};

use ca_core::tlog::checkpoint::Origin;
use ca_core::tlog::cosignature::WitnessPolicy;
use ca_core::tlog::note::{KeyName, VerifierKey};
use serde::Deserialize;

/// The section as written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct LooseLedger {
    name: Option<String>,
    quorum: usize,
    witnesses: Vec<LooseWitness>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct LooseWitness {
    url: url::Url,
    key: String,
    #[serde(default)]
    trust: Option<PathBuf>,
}

/// The ledger's name and its witnesses, checked.
#[derive(Debug, Clone)]
pub(crate) struct LedgerSettings {
    /// The log's name, of which the epoch is the last part (see [`LedgerSettings::origin`]).
    pub(crate) name: KeyName,
    /// Who cosigns.
    pub(crate) witnesses: Vec<WitnessSettings>,
    /// How many of them must.
    pub(crate) policy: WitnessPolicy,
}

/// One witness.
#[derive(Debug, Clone)]
pub(crate) struct WitnessSettings {
    /// Where it answers; `add-checkpoint` is appended.
    pub(crate) url: url::Url,
    /// Its public key.
    pub(crate) key: VerifierKey,
    /// Its trust anchor, PEM, where it answers over TLS.
    pub(crate) trust: Option<PathBuf>,
}

impl LooseLedger {
    /// Checks the section; paths start at `data`. Without a name, the log is called after the public address.
    pub(crate) fn check(self, base_url: &str, data: &Path) -> Result<LedgerSettings, String> {
        let host = base_url.split_once("://").map_or(base_url, |(_, rest)| rest);
        let name = self.name.unwrap_or_else(|| format!("{host}/ledger"));
        let name = name.parse().map_err(|error| format!("ledger.name is {name:?}: {error}"))?;
        let witnesses: Vec<WitnessSettings> =
            self.witnesses.into_iter().map(|witness| witness.check(data)).collect::<Result<_, _>>()?;
        let keys = witnesses.iter().map(|witness| witness.key.clone()).collect();
        let policy =
            WitnessPolicy::new(keys, self.quorum).map_err(|error| format!("ledger.quorum: {error}"))?;
        if !witnesses.is_empty() && policy.quorum() == 0 {
            return Err("ledger.quorum is 0: say how many of the witnesses must cosign".to_owned());
        }
        Ok(LedgerSettings { name, witnesses, policy })
    }
}

impl LooseWitness {
    fn check(self, data: &Path) -> Result<WitnessSettings, String> {
        let key = self
            .key
            .parse()
            .map_err(|error| format!("ledger.witnesses: the key {:?} of {}: {error}", self.key, self.url))?;
        let trust = self.trust.map(|trust| data.join(trust));
        match self.url.scheme() {
            "http" => {}
            "https" if trust.is_some() => {}
            "https" => {
                let url = self.url;
                return Err(format!("ledger.witnesses: {url}: say in `trust` which CA certificate to trust"));
            }
            other => {
                return Err(format!("ledger.witnesses: {other}:// cannot be used, http:// and https:// can"));
            }
        }
        Ok(WitnessSettings { url: self.url, key, trust })
    }
}

impl LedgerSettings {
    /// The log's name in the epoch that a store is in. A restore that gave up signed history begins a new epoch: no
    /// witness would, or should, follow it under the old name.
    pub(crate) fn origin(&self, epoch: u64) -> Result<Origin, String> {
        let origin = match epoch {
            0 => self.name.to_string(),
            epoch => format!("{}/{epoch}", self.name),
        };
        origin.parse().map_err(|error| format!("ledger.name: {error}"))
    }
}

impl LedgerSettings {
    /// Whether a log of this name is this ledger, in whichever epoch.
    pub(crate) fn is_own(&self, origin: &Origin) -> bool {
        let Some(rest) = origin.as_str().strip_prefix(self.name.as_str()) else { return false };
        rest.is_empty()
            || rest.strip_prefix('/').is_some_and(|epoch| epoch.parse::<u64>().is_ok_and(|n| n > 0))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn checked(text: &str) -> Result<LedgerSettings, String> {
        let loose: LooseLedger = toml::from_str(text).unwrap();
        loose.check("http://pki.gov.ls", Path::new("/d"))
    }

    #[test]
    fn the_log_is_called_after_the_public_address() {
        let settings = checked("").unwrap();
        assert_eq!(settings.origin(0).unwrap().as_str(), "pki.gov.ls/ledger");
        assert_eq!(settings.origin(2).unwrap().as_str(), "pki.gov.ls/ledger/2");
    }

    #[test]
    fn each_wrong_value_is_named() {
        let key = "example.org/w+ce85a8da+BG9aHPAMg0vCyLM1cGrWjpCEKZLDpZoLm1eLp0PVBw6R";
        for (text, named) in [
            ("name = \"two words\"", "ledger.name"),
            ("quorum = 1", "ledger.quorum"),
            ("quorum = 1\n[[witnesses]]\nurl = \"http://w\"\nkey = \"nonsense\"", "nonsense"),
        ] {
            let refused = checked(text).unwrap_err();
            assert!(refused.contains(named), "{refused}");
        }
        let ftp = checked(&format!("quorum = 1\n[[witnesses]]\nurl = \"ftp://w\"\nkey = \"{key}\""));
        assert!(ftp.is_err());
    }
}
