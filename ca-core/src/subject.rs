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
    /// IP addresses the identity is reached at; several.
    IpAddress,
    /// Mailboxes of the identity; several.
    EmailAddress,
    /// Addresses of the identity's own, `https`; several.
    Uri,
    /// An identifier that stays when other names change, `VALUE` or `OID/VALUE` (RFC 4043).
    PermanentIdentifier,
    /// The name under which directory services of Windows know a person: `thabo@gov.ls`.
    UserPrincipalName,
    /// An object identifier that was registered for an organisation.
    RegisteredId,
    /// A person's pseudonym in one sector, which stays the same there and leads to no other sector's.
    SectorPseudonym,
    /// The class of an organisation's membership in X-Road: `GOV`, `COM`.
    MemberClass,
    /// An organisation's code as a member of X-Road.
    MemberCode,
    /// Member code and server code of an X-Road security server, with a slash between them.
    ServerCode,
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
            Self::IpAddress => "IP address",
            Self::EmailAddress => "e-mail address",
            Self::Uri => "own address",
            Self::PermanentIdentifier => "permanent identifier",
            Self::UserPrincipalName => "user principal name",
            Self::RegisteredId => "registered identifier",
            Self::SectorPseudonym => "pseudonym for the sector",
            Self::MemberClass => "member class in X-Road",
            Self::MemberCode => "member code in X-Road",
            Self::ServerCode => "server code in X-Road",
        })
    }
}

/// An identity's facts, as vouched for by the registry at this moment.
///
/// The authority takes subject and alternative names from here, never from the certification request but where a
/// profile lets the applicant propose a value and an officer approve it.
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

    /// The same with this value in the place of a fact's own, where there is one.
    #[must_use]
    pub fn instead(mut self, fact: Fact, value: impl Into<String>) -> Self {
        if let Some(values) = self.facts.get_mut(&fact) {
            *values = vec![value.into()];
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
