//! Link certificates: two generations of a root vouch for each other (RFC 9810 section 4.4.1, RFC 4210 section 4.4.1).
//!
//! *New with old* carries the new root's name and key, signed by the old root: who trusts only the old one gets from there
//! to whatever the new one issues. *Old with new* is the same the other way round. npki's roots have a new name with each
//! key, so that neither is self-issued in the sense of RFC 5280 section 6.1, and both carry anyPolicy to be walked through.

use std::sync::Arc;

use time::{Duration, OffsetDateTime};

use super::Authority;
use crate::algorithm::KeyAlgorithm;
use crate::certificate::{CERTIFICATES, CaId};
use crate::csr::SubjectPublicKey;
use crate::fingerprint::fingerprint;
use crate::issuance::issuer::Issuer;
use crate::issuance::{IssuanceRequest, IssueError};
use crate::ledger::signatures::Seen;
use crate::ledger::{Action, Event};
use crate::profile::{
    CrossCertification, KeyRules, KeyUsage, Policy, Profile, ProfileId, ProfileKind, RequestSubject, Vetting,
    oids,
};
use crate::serial::SerialNumber;
use crate::storage::{AuditedChange, Change, Entry, Expect, KeyRange, Operation, StorageError, Store, Table};
use crate::subject::{ApprovedSubject, IdentityRef};

/// Link certificates, DER: `subject/issuer`, both by the roots' names in this installation. The newest of each.
pub const LINK_CERTIFICATES: Table = Table::octets("link_certificates");

/// A link certificate was taken into use.
pub const LINK_INSTALLED: Action = Action::named("link.installed");

/// The name of a link certificate's profile: made for one certificate, and never in a profile's file.
pub const LINK_PROFILE: &str = "root-link";

/// How many CAs may follow below a linked root: more than any hierarchy has one below the other.
const DEPTH: u8 = 4;
/// The most roots that vouch for one root.
const MOST_LINKS: usize = 100;

/// A root that another root is to vouch for.
#[derive(Debug, Clone)]
pub struct OtherRoot {
    own: Issuer,
    key: SubjectPublicKey,
}

impl OtherRoot {
    /// Reads a self-signed root certificate, DER, and verifies it.
    ///
    /// # Errors
    /// It is no CA's, not self-signed, or its key is not one of a CA.
    pub fn read(certificate: &[u8]) -> Result<Self, LinkRefused> {
        let own = Issuer::of_certificate(certificate).map_err(LinkRefused::NoRoot)?;
        let signed = Seen::of_der(certificate).is_some_and(|seen| seen.is_signed_with(&own.public_key_info));
        if own.name != own.issued_by || !signed {
            return Err(LinkRefused::NoRoot("its own key did not sign it".to_owned()));
        }
        let key = SubjectPublicKey::from_der(&own.public_key_info)
            .map_err(|error| LinkRefused::NoRoot(error.to_string()))?;
        Ok(Self { own, key })
    }

    /// Its name as text (RFC 4514).
    pub fn name(&self) -> String {
        crate::name::text(&self.own.name)
    }

    /// Its key.
    pub const fn key(&self) -> &SubjectPublicKey {
        &self.key
    }

    /// The last second of its own certificate, UTC.
    pub const fn not_after(&self) -> OffsetDateTime {
        self.own.not_after
    }

    /// What the ledger of the root that vouches for it calls it.
    pub fn identity(&self) -> IdentityRef {
        IdentityRef(format!("root:{}", fingerprint(&self.own.public_key_info)))
    }

    /// RFC 9810 section 4.4.1: a link is of use as long as both roots are, and at most until the day that is said.
    fn until(&self, issuer_ends: OffsetDateTime, said: Option<OffsetDateTime>) -> OffsetDateTime {
        let both = self.own.not_after.min(issuer_ends);
        said.map_or(both, |said| said.min(both))
    }

    fn profile(&self, not_after: OffsetDateTime) -> Profile {
        Profile {
            id: ProfileId(LINK_PROFILE.to_owned()),
            title: "Link certificate between two generations of a root".to_owned(),
            // A root promises no length; a CA below another has one here.
            kind: ProfileKind::IssuingCa { path_length: DEPTH },
            subject: Vec::new(),
            request_subject: RequestSubject::Ignored,
            alternative_names: Vec::new(),
            key_usage: vec![KeyUsage::KeyCertSign, KeyUsage::CrlSign],
            extended_key_usage: Vec::new(),
            extended_key_usage_critical: false,
            // RFC 5280 section 6.1.3 (d): without a policy nothing below it would have any.
            policies: vec![Policy { oid: oids::ANY_POLICY, cps: None }],
            qc_statements: None,
            subject_key_identifier: true,
            end_entity_constraints: false,
            ocsp_address: false,
            ca_issuers_address: true,
            crl_address: true,
            crl_at_once: true,
            ocsp_no_check: false,
            validity: not_after - self.own.not_before + Duration::SECOND,
            max_validity: Vec::new(),
            private_key_usage: None,
            short_term: None,
            keys: every_kind(),
            vetting: Vetting::of_nobody(),
            cross: Some(CrossCertification {
                subject: self.own.name.clone(),
                key_identifier: self.own.key_identifier.clone(),
                not_before: self.own.not_before,
                not_after,
                name_constraints: None,
                policy_mappings: None,
                policy_constraints: None,
            }),
        }
    }
}

/// A root's key was judged when the root was founded.
fn every_kind() -> KeyRules {
    KeyRules {
        curves: vec![KeyAlgorithm::P256, KeyAlgorithm::P384, KeyAlgorithm::Ed25519],
        rsa_bits: Some((2048, 4096)),
        ml_dsa: vec![KeyAlgorithm::MlDsa44, KeyAlgorithm::MlDsa65, KeyAlgorithm::MlDsa87],
    }
}

impl Authority {
    /// Admits another root to a link certificate, valid until `until` or as long as both roots are. It begins with the
    /// younger of the two: RFC 9810 would have *old with new* begin with the old root, before the key that signs it was made.
    ///
    /// # Errors
    /// The key serves another identity, or the store failed.
    pub fn admit_link(
        &self,
        other: &OtherRoot,
        until: Option<OffsetDateTime>,
    ) -> Result<IssuanceRequest, IssueError> {
        let identity = other.identity();
        let profile = other.profile(other.until(self.not_after(), until));
        self.demand_fit_keys(&other.key, &identity, &profile)?;
        Ok(IssuanceRequest {
            profile: Arc::new(profile),
            subject: ApprovedSubject::new(identity),
            attributes: Vec::new(),
            names: Vec::new(),
            key: other.key.clone(),
            edition: None,
        })
    }
}

/// A root as an installation knows it.
#[derive(Debug, Clone, Copy)]
pub struct KnownRoot<'a> {
    /// Its name in this installation.
    pub id: &'a CaId,
    /// Its certificate, DER.
    pub certificate: &'a [u8],
}

/// A link certificate between two roots of an installation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// The root it is about.
    pub subject: CaId,
    /// The root that vouches for it.
    pub issuer: CaId,
    /// Its serial number.
    pub serial: SerialNumber,
    /// Its last second, UTC.
    pub not_after: OffsetDateTime,
    /// The certificate, DER.
    pub der: Vec<u8>,
}

impl Link {
    /// Takes a certificate for the link between two of these roots.
    ///
    /// # Errors
    /// It is no CA's, about or from no root of these, not signed by the one it names, or not of this time.
    pub fn verify(der: &[u8], roots: &[KnownRoot<'_>], now: OffsetDateTime) -> Result<Self, LinkRefused> {
        let link = Issuer::of_certificate(der).map_err(LinkRefused::Unreadable)?;
        let mut subject = None;
        let mut issuer = None;
        for root in roots {
            let own = Issuer::of_certificate(root.certificate).map_err(LinkRefused::Unreadable)?;
            // RFC 4210 section 4.4: the very key, name and key identifier of the root it is about.
            if own.name == link.name
                && own.public_key_info == link.public_key_info
                && own.key_identifier == link.key_identifier
            {
                subject = Some(root.id);
            } else if own.name == link.issued_by {
                issuer = Some((root.id, own));
            }
        }
        let subject = subject.ok_or_else(|| LinkRefused::OfNoRoot(crate::name::text(&link.name)))?;
        let (issuer, own) =
            issuer.ok_or_else(|| LinkRefused::ByNoRoot(crate::name::text(&link.issued_by)))?;
        if !Seen::of_der(der).is_some_and(|seen| seen.is_signed_with(&own.public_key_info)) {
            return Err(LinkRefused::Signature(issuer.clone()));
        }
        if now < link.not_before || now > link.not_after {
            return Err(LinkRefused::NotNow { from: link.not_before, until: link.not_after });
        }
        let (subject, issuer) = (subject.clone(), issuer.clone());
        let Issuer { serial, not_after, .. } = link;
        Ok(Self { subject, issuer, serial, not_after, der: der.to_vec() })
    }

    /// What the ledger calls it: a certificate of the root that signed it.
    pub fn reference(&self) -> String {
        format!("certificate:{}/{}", self.issuer, self.serial)
    }

    fn key(&self) -> String {
        format!("{}/{}", self.subject, self.issuer)
    }

    /// The change that takes it into use, explained by `event`; `None` where it is in use.
    ///
    /// # Errors
    /// The store failed.
    pub fn taking(&self, store: &dyn Store, event: Event) -> Result<Option<AuditedChange>, StorageError> {
        let found = store.get(LINK_CERTIFICATES, self.key().as_bytes())?;
        if found.as_ref().is_some_and(|found| found.value == self.der) {
            return Ok(None);
        }
        let expect = found.map_or(Expect::Absent, |found| Expect::Version(found.version));
        let event = event.with("vouches-for", self.subject.to_string());
        // What was signed here is in the ledger since before it was signed; what came from elsewhere is told now.
        let issued_here = store.get(CERTIFICATES, &self.issuer.key(&self.serial))?.is_some();
        let event = if issued_here { event } else { super::absent::told(event, &self.der) };
        let change = Change::new()
            .write(LINK_CERTIFICATES, self.key(), expect, Operation::Put(self.der.clone()))
            .explained_by(&event);
        Ok(Some(change))
    }
}

/// The link certificates about a root, and the roots that vouch for it, in the order of their names.
///
/// # Errors
/// The store failed, or holds what cannot be read.
pub fn links_of(store: &dyn Store, subject: &CaId) -> Result<Vec<(CaId, Vec<u8>)>, StorageError> {
    let prefix = format!("{subject}/");
    let found = store.scan(LINK_CERTIFICATES, &KeyRange::prefix(prefix.as_bytes()), MOST_LINKS)?;
    let read = |(key, entry): Entry| {
        let issuer = std::str::from_utf8(key.get(prefix.len()..).unwrap_or_default()).ok();
        let issuer = issuer.and_then(|name| CaId::new(name).ok());
        let damaged = || StorageError("an entry of link_certificates is damaged".to_owned());
        Ok((issuer.ok_or_else(damaged)?, entry.value))
    };
    found.into_iter().map(read).collect()
}

/// A link certificate was not made, or not taken into use.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LinkRefused {
    /// The other root's certificate cannot be used.
    #[error("it is no root's certificate: {0}")]
    NoRoot(String),
    /// It is no certificate of a CA.
    #[error("it cannot be used: {0}")]
    Unreadable(String),
    /// Its subject is no root of the installation.
    #[error("it is about {0}, which is no root here by this name and key")]
    OfNoRoot(String),
    /// Its issuer is no root of the installation.
    #[error("its issuer {0} is no root here")]
    ByNoRoot(String),
    /// Its issuer did not sign it.
    #[error("the key of {0} did not sign it, or it was altered")]
    Signature(CaId),
    /// It is not valid now.
    #[error("it is valid from {} until {}", crate::clock::in_words(*from), crate::clock::in_words(*until))]
    NotNow {
        /// From when on, UTC.
        from: OffsetDateTime,
        /// Until when, UTC.
        until: OffsetDateTime,
    },
}
