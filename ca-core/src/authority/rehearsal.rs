//! What a certificate would say, and how two such differ: for whoever is about to change a profile. Nothing is signed.

use std::collections::{BTreeMap, BTreeSet};

use time::OffsetDateTime;
use x509_parser::prelude::{FromDer, TbsCertificate};

use super::Authority;
use crate::certificate::CaId;
use crate::clock::whole_seconds;
use crate::issuance::{IssuanceRequest, IssueError};
use crate::lint::LintedTbs;
use crate::name;
use crate::serial::SerialNumber;

/// A certificate as it would be signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rehearsal {
    ca: CaId,
    to_be_signed: Vec<u8>,
}

/// How a part of a certificate differs from what it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Turn {
    /// It was not there before.
    Added,
    /// It is not there any more.
    Removed,
    /// It says something else.
    Changed,
}

impl Turn {
    /// Its name in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Removed => "removed",
            Self::Changed => "changed",
        }
    }

    fn of<T: PartialEq>(former: Option<&T>, now: Option<&T>) -> Option<Self> {
        match (former, now) {
            (None, Some(_)) => Some(Self::Added),
            (Some(_), None) => Some(Self::Removed),
            (Some(former), Some(now)) if former != now => Some(Self::Changed),
            _ => None,
        }
    }
}

/// A part of a certificate that differs. It tells which, never what stands in it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Difference {
    /// The part: `validity`, `issuer`, `subject CN`, `extension keyUsage`.
    pub part: String,
    /// How.
    pub turn: Turn,
}

/// Every rehearsal's serial number is the same, so that it makes no difference. Lint takes it for a random one.
const SERIAL: [u8; 16] = *b"Rehearsed, only.";

impl Authority {
    /// Writes and lints what would be signed at `now`. Reserves nothing, and signs nothing.
    pub(crate) fn rehearsal(
        &self,
        request: IssuanceRequest,
        now: OffsetDateTime,
    ) -> Result<Rehearsal, IssueError> {
        let serial = SerialNumber::from_der_content(&SERIAL)
            .map_err(|error| crate::storage::StorageError(error.to_string()))?;
        let linted = self.rehearse(request, serial, now)?;
        Ok(Rehearsal { ca: self.id().clone(), to_be_signed: linted.as_bytes().to_vec() })
    }

    /// Writes and lints what would be signed for a request at `now` under this serial number. Nothing is reserved, so the
    /// CA does not sign it.
    ///
    /// # Errors
    /// The CA cannot issue for so long, or lint found a fault.
    pub fn rehearse(
        &self,
        request: IssuanceRequest,
        serial: SerialNumber,
        now: OffsetDateTime,
    ) -> Result<LintedTbs, IssueError> {
        Ok(self.draft(request, serial, whole_seconds(now))?.0)
    }
}

impl Rehearsal {
    /// In what it differs from what was before.
    pub fn differences_from(&self, former: &Self) -> Vec<Difference> {
        let parsed = |rehearsal: &'_ Self| Parts::of(&rehearsal.to_be_signed, &rehearsal.ca);
        let (Some(former), Some(now)) = (parsed(former), parsed(self)) else { return Vec::new() };
        let parts: BTreeSet<_> = former.0.keys().chain(now.0.keys()).collect();
        let difference = |part: &String| {
            let turn = Turn::of(former.0.get(part), now.0.get(part))?;
            Some(Difference { part: part.clone(), turn })
        };
        parts.into_iter().filter_map(difference).collect()
    }
}

/// The parts of a certificate, each with its octets.
struct Parts(BTreeMap<String, Vec<u8>>);

impl Parts {
    fn of(to_be_signed: &[u8], ca: &CaId) -> Option<Self> {
        let (_, parsed) = TbsCertificate::from_der(to_be_signed).ok()?;
        let mut parts = BTreeMap::new();
        parts.insert("issuer".to_owned(), ca.as_str().as_bytes().to_vec());
        let (from, until) = (&parsed.validity.not_before, &parsed.validity.not_after);
        let period = [from.timestamp().to_be_bytes(), until.timestamp().to_be_bytes()];
        parts.insert("validity".to_owned(), period.concat());
        for attribute in parsed.subject.iter_attributes() {
            let kind = name::short(attribute.attr_type().as_bytes());
            let value = attribute.attr_value();
            // String type and text: one may change without the other.
            let octets = [&[u8::try_from(value.header.tag().0).unwrap_or(u8::MAX)], value.data].concat();
            parts.entry(format!("subject {kind}")).or_insert_with(Vec::new).extend(octets);
        }
        for extension in parsed.extensions() {
            let kind = extension_name(&extension.oid.to_id_string());
            let octets = [&[u8::from(extension.critical)], extension.value].concat();
            parts.insert(format!("extension {kind}"), octets);
        }
        Some(Self(parts))
    }
}

/// An extension as RFC 5280 and its kin call it, or its identifier.
fn extension_name(dotted: &str) -> String {
    let known = match dotted {
        "2.5.29.14" => "subjectKeyIdentifier",
        "2.5.29.15" => "keyUsage",
        "2.5.29.16" => "privateKeyUsagePeriod",
        "2.5.29.17" => "subjectAltName",
        "2.5.29.19" => "basicConstraints",
        "2.5.29.31" => "cRLDistributionPoints",
        "2.5.29.32" => "certificatePolicies",
        "2.5.29.35" => "authorityKeyIdentifier",
        "2.5.29.37" => "extKeyUsage",
        "2.5.29.46" => "freshestCRL",
        "2.5.29.56" => "noRevAvail",
        "1.3.6.1.5.5.7.1.1" => "authorityInfoAccess",
        "1.3.6.1.5.5.7.1.3" => "qcStatements",
        "1.3.6.1.5.5.7.48.1.5" => "ocsp-nocheck",
        other => other,
    };
    known.to_owned()
}
