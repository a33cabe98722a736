//! Trusted lists (ETSI TS 119 612), as they say they are.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::lines::{line, moment};
use super::names;
use crate::trusted_list::model::for_people;
use crate::trusted_list::reading;

/// A trusted list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrustedListView {
    /// The country.
    pub territory: String,
    /// Who makes it.
    pub operator: String,
    /// Its number.
    pub sequence: u64,
    /// When it was made.
    #[serde(with = "time::serde::rfc3339")]
    pub issued: OffsetDateTime,
    /// When the next one comes at the latest.
    #[serde(with = "time::serde::rfc3339::option", skip_serializing_if = "Option::is_none", default)]
    pub next_update: Option<OffsetDateTime>,
    /// The services that it tells of.
    pub services: Vec<ListedServiceView>,
    /// SHA-256 of it.
    pub sha256: String,
}

/// A service of a trusted list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListedServiceView {
    /// Who provides it.
    pub provider: String,
    /// What it is called.
    pub name: String,
    /// Its kind and state, as the list writes them.
    pub kind: serde_json::Value,
    /// Its state.
    pub status: serde_json::Value,
    /// Since when it has that.
    #[serde(with = "time::serde::rfc3339")]
    pub since: OffsetDateTime,
}

/// Reads a list, XML.
pub(super) fn view(octets: &[u8]) -> Option<TrustedListView> {
    let list = reading::outline(octets)?;
    let services = list.providers.iter().flat_map(|provider| {
        provider.services.iter().filter_map(|service| {
            Some(ListedServiceView {
                provider: for_people(&provider.organisation.name).to_owned(),
                name: for_people(&service.name).to_owned(),
                kind: serde_json::to_value(&service.kind).ok()?,
                status: serde_json::to_value(&service.status).ok()?,
                since: service.since,
            })
        })
    });
    Some(TrustedListView {
        services: services.collect(),
        operator: for_people(&list.scheme.operator.name).to_owned(),
        territory: list.scheme.territory.clone(),
        sequence: list.sequence,
        issued: list.issued,
        next_update: list.next_update,
        sha256: names::sha256(octets),
    })
}

/// A list for people.
pub(super) fn lines(view: &TrustedListView) -> Vec<String> {
    let next = view.next_update.map_or_else(|| "none: it is the last".to_owned(), moment);
    let mut lines = vec![
        "Trusted list".to_owned(),
        line("Territory", &view.territory),
        line("Operator", &view.operator),
        line("Number", &view.sequence.to_string()),
        line("Made", &moment(view.issued)),
        line("Next update", &next),
    ];
    let word = |value: &serde_json::Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    for service in &view.services {
        let (kind, status) = (word(&service.kind), word(&service.status));
        let said = format!(
            "{} of {}: {kind}, {status} since {}",
            service.name,
            service.provider,
            moment(service.since)
        );
        lines.push(line("Service", &said));
    }
    lines.push(line("SHA-256", &view.sha256));
    lines
}
