//! `[trusted_list]` in `npki.toml`: who makes the list, what stands in it besides the services, and which services are qualified.

use std::collections::{BTreeMap, BTreeSet};

use ca_core::certificate::CaId;
use ca_core::hierarchy::Hierarchy;
use ca_core::name::is_country_code;
use ca_core::profile::nearest;
use ocsp_responder::trusted_list::{Organisation, PostalAddress, Scheme, Texts};
use serde::Deserialize;
use time::Duration;

use crate::service::settings::{Installation, bounded};

/// The section as written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::service) struct LooseTrustedList {
    territory: Option<String>,
    #[serde(default = "quarter")]
    next_update_days: u32,
    #[serde(default = "one")]
    first_number: u64,
    name: Texts,
    information: Texts,
    notice: Texts,
    #[serde(default)]
    qualified: Vec<String>,
    #[serde(default)]
    withdrawn: Vec<String>,
    #[serde(default)]
    timestamping: LooseTimestamping,
    operator: LooseOrganisation,
    provider: Option<LooseOrganisation>,
}

const fn quarter() -> u32 {
    90
}

const fn one() -> u64 {
    1
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct LooseTimestamping {
    qualified: bool,
    addresses: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct LooseOrganisation {
    name: Texts,
    #[serde(default)]
    trade_name: Texts,
    address: BTreeMap<String, LooseAddress>,
    mail: String,
    web: Texts,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct LooseAddress {
    street: String,
    locality: String,
    province: Option<String>,
    postal_code: Option<String>,
    country: String,
}

/// How the installation's trusted list is made.
#[derive(Debug, Clone)]
pub(crate) struct TrustedListSettings {
    /// Whose list it is.
    pub(super) scheme: Scheme,
    /// Who provides the services.
    pub(super) provider: Organisation,
    /// For how long a list counts.
    pub(super) lifetime: Duration,
    /// The least number that a list may have.
    pub(super) first_number: u64,
    /// The CAs whose certificates are qualified.
    pub(super) qualified: BTreeSet<CaId>,
    /// The CAs that the country vouches for no more.
    pub(super) withdrawn: BTreeSet<CaId>,
    /// Whether time stamps are qualified.
    pub(super) qualified_timestamps: bool,
    /// Where they are given.
    pub(super) timestamping: Vec<String>,
}

impl LooseTrustedList {
    /// Checks the section.
    pub(in crate::service) fn check(
        self,
        installation: &Installation,
        base_url: &str,
    ) -> Result<TrustedListSettings, String> {
        let territory = self.territory.unwrap_or_else(|| installation.country.clone());
        if !is_country_code(&territory) {
            return Err(format!(
                "trusted_list.territory is {territory:?}: give two capital letters, such as \"LS\""
            ));
        }
        // TS 119 612 section 5.3.15: no more than six months.
        let days = bounded(self.next_update_days, 1, 182, "trusted_list.next_update_days")?;
        if self.first_number == 0 {
            return Err("trusted_list.first_number is 0: lists are numbered from 1".to_owned());
        }
        let operator = self.operator.check("trusted_list.operator")?;
        let provider = match self.provider {
            Some(provider) => provider.check("trusted_list.provider")?,
            None => provider_like(&operator, installation),
        };
        Ok(TrustedListSettings {
            scheme: Scheme {
                // TS 119 612 section 5.3.6: it begins with the country's code and a colon.
                name: prefixed(&territory, texts(self.name, "trusted_list.name")?),
                information: addresses(self.information, "trusted_list.information")?,
                notice: texts(self.notice, "trusted_list.notice")?,
                distribution: vec![format!("{base_url}/trusted-list/{territory}.xml")],
                // Of the operator a list says no more than its names and addresses.
                operator: Organisation { trade_name: Texts::new(), information: Texts::new(), ..operator },
                territory,
            },
            provider,
            lifetime: Duration::days(days.into()),
            first_number: self.first_number,
            qualified: names(&self.qualified, "trusted_list.qualified")?,
            withdrawn: names(&self.withdrawn, "trusted_list.withdrawn")?,
            qualified_timestamps: self.timestamping.qualified,
            timestamping: self.timestamping.addresses,
        })
    }
}

impl TrustedListSettings {
    /// Holds the names of CAs against those that there are.
    pub(super) fn check_names(&self, hierarchy: &Hierarchy) -> Result<(), String> {
        for (key, names) in [("qualified", &self.qualified), ("withdrawn", &self.withdrawn)] {
            if let Some(name) = names.iter().find(|name| hierarchy.find(name).is_none()) {
                let known = hierarchy.iter().map(|ca| ca.id.as_str());
                let meant = nearest(name.as_str(), known).map(|it| format!("; did you mean {it:?}?"));
                let meant = meant.unwrap_or_default();
                return Err(format!(
                    "trusted_list.{key} names the CA {:?}, which is not there{meant}",
                    name.as_str()
                ));
            }
        }
        Ok(())
    }
}

impl LooseOrganisation {
    fn check(self, key: &str) -> Result<Organisation, String> {
        let mail = self.mail.trim_start_matches("mailto:");
        if !mail.contains('@') || mail.contains(char::is_whitespace) {
            return Err(format!(
                "{key}.mail is {:?}: give an address such as \"tl@example.gov.ls\"",
                self.mail
            ));
        }
        let web = addresses(self.web, &format!("{key}.web"))?;
        if self.address.is_empty() {
            return Err(format!(
                "{key}.address is missing: give it in English at least, as [{key}.address.en]"
            ));
        }
        // TS 119 612 section 5.3.5.2: mail and web, each.
        let mail = [("en".to_owned(), format!("mailto:{mail}"))];
        let electronic = mail.into_iter().chain(web.clone()).collect();
        let address = self.address.into_iter().map(|(language, address)| (language, address.checked()));
        Ok(Organisation {
            name: texts(self.name, &format!("{key}.name"))?,
            trade_name: self.trade_name,
            address: in_english(address.collect(), &format!("{key}.address"))?,
            electronic,
            information: web,
        })
    }
}

impl LooseAddress {
    fn checked(self) -> PostalAddress {
        let Self { street, locality, province, postal_code, country } = self;
        PostalAddress { street, locality, province, postal_code, country }
    }
}

/// The installation's own organisation, which is reached where the operator is.
fn provider_like(operator: &Organisation, installation: &Installation) -> Organisation {
    let english = |text: &str| Texts::from([("en".to_owned(), text.to_owned())]);
    Organisation {
        name: english(&installation.organisation),
        // TS 119 612 section 5.4.2: the official registration stands here.
        trade_name: english(&installation.organisation_identifier),
        ..operator.clone()
    }
}

/// TS 119 612 section 5.1.4: everything is there in English.
fn in_english<T>(found: BTreeMap<String, T>, key: &str) -> Result<BTreeMap<String, T>, String> {
    let odd = |tag: &&String| {
        !tag.split('-').all(|part| {
            (1..=8).contains(&part.len()) && part.bytes().all(|octet| octet.is_ascii_alphanumeric())
        })
    };
    if let Some(tag) = found.keys().find(odd) {
        return Err(format!("{key} is given in {tag:?}: languages are written as \"en\" or \"st\""));
    }
    if found.contains_key("en") {
        Ok(found)
    } else {
        Err(format!("{key} is not given in English: {key} = {{ en = \"…\" }}"))
    }
}

fn texts(found: Texts, key: &str) -> Result<Texts, String> {
    match found.iter().find(|(_, text)| text.trim().is_empty()) {
        Some((language, _)) => Err(format!("{key}.{language} is empty")),
        None => in_english(found, key),
    }
}

fn addresses(found: Texts, key: &str) -> Result<Texts, String> {
    for (language, text) in &found {
        let url = url::Url::parse(text).map_err(|error| format!("{key}.{language} is {text:?}: {error}"))?;
        if !["http", "https"].contains(&url.scheme()) {
            return Err(format!("{key}.{language} is {text:?}: it must begin with http:// or https://"));
        }
    }
    in_english(found, key)
}

fn prefixed(territory: &str, names: Texts) -> Texts {
    let begins = format!("{territory}:");
    let with = |name: String| if name.starts_with(&begins) { name } else { format!("{begins}{name}") };
    names.into_iter().map(|(language, name)| (language, with(name))).collect()
}

fn names(written: &[String], key: &str) -> Result<BTreeSet<CaId>, String> {
    let read =
        |name: &String| CaId::new(name.clone()).map_err(|error| format!("{key} holds {name:?}: {error}"));
    written.iter().map(read).collect()
}
