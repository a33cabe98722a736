//! `[pace]` of `npki.toml`: how much one address may ask of the public listener.

use std::net::IpAddr;
use std::num::NonZeroU32;

use ipnet::IpNet;
use ocsp_responder::http::PaceSettings;
use serde::Deserialize;

use super::settings::bounded;

/// As it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(in crate::service) struct LoosePace {
    each_second: u32,
    at_once: u32,
    proxies: Vec<String>,
}

impl Default for LoosePace {
    /// More than an agency's busiest gateway asks, and less than one processor answers.
    fn default() -> Self {
        Self { each_second: 1_000, at_once: 2_000, proxies: Vec::new() }
    }
}

impl LoosePace {
    /// `None`: there is no bound.
    pub(in crate::service) fn check(&self) -> Result<Option<PaceSettings>, String> {
        let each_second = bounded(self.each_second, 0, 1_000_000, "pace.each_second")?;
        let at_once = bounded(self.at_once, 1, 10_000_000, "pace.at_once")?;
        let proxies: Vec<IpNet> = self.proxies.iter().map(|text| network(text)).collect::<Result<_, _>>()?;
        let bounds = NonZeroU32::new(each_second).zip(NonZeroU32::new(at_once));
        Ok(bounds.map(|(each_second, at_once)| PaceSettings { each_second, at_once, proxies }))
    }
}

/// An address, or a network.
fn network(text: &str) -> Result<IpNet, String> {
    let address = text.parse::<IpAddr>().map(IpNet::from);
    address.or_else(|_| text.parse()).map_err(|_| {
        format!(
            "pace.proxies has {text:?}: each is an address or a network, as \"10.0.0.1\" or \"10.0.0.0/8\""
        )
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use super::*;

    fn checked(text: &str) -> Result<Option<PaceSettings>, String> {
        toml::from_str::<LoosePace>(text).unwrap().check()
    }

    #[test]
    fn addresses_and_networks_are_read_and_nothing_else() {
        let settings = checked("proxies = ['10.0.0.1', '2001:db8::/32']").unwrap().unwrap();
        assert_eq!(settings.proxies, ["10.0.0.1/32".parse().unwrap(), "2001:db8::/32".parse().unwrap()]);
        assert_eq!(checked("each_second = 0").unwrap(), None);
        for (text, why) in [
            ("proxies = ['proxy.gov.ls']", "proxy.gov.ls"),
            ("at_once = 0", "1 to 10000000"),
            ("each_second = 2000000", "0 to 1000000"),
        ] {
            assert!(checked(text).unwrap_err().contains(why), "{text}");
        }
    }
}
