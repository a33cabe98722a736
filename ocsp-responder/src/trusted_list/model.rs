//! What a trusted list says, whichever form it comes in.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use time::OffsetDateTime;
use x509_parser::prelude::{FromDer, X509Certificate};

use super::identifiers::{ServiceKind, Status};

/// Text in several languages, by their tags (RFC 5646): `en`, `st`.
pub type Texts = BTreeMap<String, String>;

/// The text for people who read English; of those there are, where there is none.
pub fn for_people(texts: &Texts) -> &str {
    texts.get("en").or_else(|| texts.values().next()).map_or("", String::as_str)
}

/// A trusted list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrustedList {
    /// Section 5.3.2: grows with each list of the scheme.
    pub sequence: u64,
    /// Section 5.3.14: when it was made, UTC, whole seconds.
    #[serde(with = "time::serde::rfc3339")]
    pub issued: OffsetDateTime,
    /// Section 5.3.15: when the next one comes at the latest, UTC. Nothing in the last list of a scheme.
    #[serde(with = "time::serde::rfc3339::option")]
    pub next_update: Option<OffsetDateTime>,
    /// Whose list it is.
    pub scheme: Scheme,
    /// Who provides the services.
    pub providers: Vec<Provider>,
}

/// Whose list it is (section 5.3).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scheme {
    /// The country: ISO 3166-1 alpha-2, or what ETSI has instead (`EL`, `UK`, `EU`).
    pub territory: String,
    /// Who makes the list.
    pub operator: Organisation,
    /// What the scheme is called.
    pub name: Texts,
    /// Addresses at which the scheme is explained.
    pub information: Texts,
    /// What the law says of the list, or addresses at which it is said.
    pub notice: Texts,
    /// Addresses at which the list is published.
    pub distribution: Vec<String>,
}

/// An organisation and how it is reached.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Organisation {
    /// Its legal name.
    pub name: Texts,
    /// Its other name; of a provider its official registration as ETSI EN 319 412-1 section 5.1.4 writes it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub trade_name: Texts,
    /// Where it is, by language.
    pub address: BTreeMap<String, PostalAddress>,
    /// Addresses of the web and of mail (`mailto:`), with the language of what is found there.
    pub electronic: Vec<(String, String)>,
    /// Addresses at which it tells of itself.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub information: Texts,
}

/// A postal address (section 5.3.5.1).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PostalAddress {
    /// Street and number, or a box.
    pub street: String,
    /// Town.
    pub locality: String,
    /// District, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub province: Option<String>,
    /// Postal code, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub postal_code: Option<String>,
    /// ISO 3166-1 alpha-2.
    pub country: String,
}

/// Who provides services, and which (section 5.4).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Provider {
    /// Who.
    pub organisation: Organisation,
    /// Which.
    pub services: Vec<Service>,
}

/// A service as it is, and as it was (section 5.5).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Service {
    /// What kind it is.
    pub kind: ServiceKind,
    /// What it is called.
    pub name: Texts,
    /// Its key, as certificates of it.
    pub identity: Identity,
    /// Its state.
    pub status: Status,
    /// Since when.
    #[serde(with = "time::serde::rfc3339")]
    pub since: OffsetDateTime,
    /// Addresses at which it is reached.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub supply_points: Vec<String>,
    /// What is said of it besides (section 5.5.9.4), as identifiers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub information: Vec<String>,
    /// Extensions that must be understood by who relies on it, and that this npki does not know.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_understood: Vec<String>,
    /// What it was before, the latest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub history: Vec<PastState>,
}

/// What a service was (section 5.6).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PastState {
    /// What kind it was.
    pub kind: ServiceKind,
    /// What it was called.
    pub name: Texts,
    /// Its state.
    pub status: Status,
    /// Since when. It ended when what came after began.
    #[serde(with = "time::serde::rfc3339")]
    pub since: OffsetDateTime,
    /// What was said of it besides, as identifiers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub information: Vec<String>,
}

/// The key of a service (section 5.5.3).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Identity {
    /// Certificates of the key.
    pub certificates: Vec<CertificateDer>,
    /// The subject in them, RFC 4514.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// The key's identifier (RFC 5280 section 4.2.1.2), lower-case hex.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_id: Option<String>,
}

/// A certificate: DER, base64 in JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateDer(pub Vec<u8>);

impl Serialize for CertificateDer {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for CertificateDer {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        STANDARD.decode(text).map(Self).map_err(serde::de::Error::custom)
    }
}

impl Identity {
    /// Of a service with this certificate, DER; `None` where it is none.
    pub fn of(certificate: &[u8]) -> Option<Self> {
        let (_, parsed) = X509Certificate::from_der(certificate).ok()?;
        let key_id = parsed.iter_extensions().find_map(|extension| match extension.parsed_extension() {
            x509_parser::extensions::ParsedExtension::SubjectKeyIdentifier(id) => Some(hex::encode(id.0)),
            _ => None,
        });
        Some(Self {
            certificates: vec![CertificateDer(certificate.to_vec())],
            subject: Some(ca_core::name::text(parsed.subject().as_raw())),
            key_id,
        })
    }

    /// The SubjectPublicKeyInfo, DER: what makes one service another. Empty where there is no certificate to tell.
    pub fn public_key_info(&self) -> Vec<u8> {
        let first = self.certificates.first().map(|certificate| certificate.0.as_slice()).unwrap_or_default();
        X509Certificate::from_der(first)
            .map(|(_, parsed)| parsed.public_key().raw.to_vec())
            .unwrap_or_default()
    }
}

impl Service {
    /// Its state at a moment; `None` before the list knew it.
    pub fn status_at(&self, moment: OffsetDateTime) -> Option<&Status> {
        let past = self.history.iter().map(|past| (&past.status, past.since));
        std::iter::once((&self.status, self.since))
            .chain(past)
            .find(|(_, since)| *since <= moment)
            .map(|(status, _)| status)
    }

    /// As it is, for its history.
    pub(super) fn as_past(&self) -> PastState {
        PastState {
            kind: self.kind.clone(),
            name: self.name.clone(),
            status: self.status.clone(),
            since: self.since,
            information: self.information.clone(),
        }
    }
}

impl TrustedList {
    /// All services, with who provides them.
    pub fn services(&self) -> impl Iterator<Item = (&Provider, &Service)> {
        self.providers
            .iter()
            .flat_map(|provider| provider.services.iter().map(move |service| (provider, service)))
    }
}
