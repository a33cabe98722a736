//! What the registry vouches for: the facts about one identity that a profile may put into a certificate.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// An identity of the registry, as the authority knows it: an opaque reference that names nobody.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct IdentityRef(pub String);

impl std::fmt::Display for IdentityRef {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// A kind of fact about an identity. Profiles name them in kebab-case: `from = "surname"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fact {
    /// ISO 3166-1 alpha-2 country, upper case.
    Country,
    /// The name shown for the identity: `MOKOENA,THABO`, `Payroll (production)`, an asset tag.
    CommonName,
    /// Family name.
    Surname,
    /// Given names.
    GivenName,
    /// A person's number in the form of ETSI EN 319 412-1 section 5.1.3: `PNOLS-…`.
    PersonIdentifier,
    /// A pseudonym that says nothing about its holder.
    Pseudonym,
    /// The legal name of the organisation that is, owns or employs the identity.
    Organization,
    /// That organisation's number in the form of ETSI EN 319 412-1 section 5.1.4: `GO:LS-…`, `NTRLS-…`.
    OrganizationIdentifier,
    /// Where the organisation sits.
    Locality,
    /// A device's asset tag.
    AssetTag,
    /// DNS names the identity may use; several.
    DnsName,
    /// `https` address of the identity's entry in the registry.
    RegistryUri,
    /// Hardware type (dotted OID) and serial number of a device, as `OID/HEX` (RFC 4108 section 5).
    HardwareModule,
}

impl std::fmt::Display for Fact {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Country => "country",
            Self::CommonName => "common name",
            Self::Surname => "surname",
            Self::GivenName => "given name",
            Self::PersonIdentifier => "person identifier",
            Self::Pseudonym => "pseudonym",
            Self::Organization => "organisation name",
            Self::OrganizationIdentifier => "organisation identifier",
            Self::Locality => "locality",
            Self::AssetTag => "asset tag",
            Self::DnsName => "DNS name",
            Self::RegistryUri => "registry address",
            Self::HardwareModule => "hardware module",
        })
    }
}

/// An identity's facts, as vouched for by the registry at this moment.
///
/// The authority takes subject and alternative names from here alone, never from the certification request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApprovedSubject {
    identity: IdentityRef,
    facts: BTreeMap<Fact, Vec<String>>,
}

impl ApprovedSubject {
    /// An identity about which nothing is known yet.
    pub const fn new(identity: IdentityRef) -> Self {
        Self { identity, facts: BTreeMap::new() }
    }

    /// Adds a fact; empty values are no facts.
    #[must_use]
    pub fn with(mut self, fact: Fact, value: impl Into<String>) -> Self {
        let value = value.into();
        if !value.is_empty() {
            self.facts.entry(fact).or_default().push(value);
        }
        self
    }

    /// Whose facts these are.
    pub const fn identity(&self) -> &IdentityRef {
        &self.identity
    }

    /// All values of a fact, in the order given.
    pub fn values(&self, fact: Fact) -> &[String] {
        self.facts.get(&fact).map_or(&[], Vec::as_slice)
    }
}
