//! Certificate profiles: what a certificate of one kind contains, who may have it, and what it takes.
//!
//! A profile is data: a TOML file under `config/profiles/`. `file` holds the loose form as written; [`Profile`] is
//! the checked form that issuance works from. Nothing else decides a certificate's content.

mod advice;
mod assemble;
mod attribute;
pub mod describe;
mod error;
mod faults;
mod file;
mod nature;
pub(crate) mod oids;
mod place;
mod rules;
mod set;

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use time::{Date, Duration, OffsetDateTime};

use crate::algorithm::KeyAlgorithm;
use crate::alternative_name::NameForm;
use crate::csr::KeyKind;
use crate::subject::Fact;

pub use advice::Advice;
pub(crate) use attribute::is_printable;
pub use error::{BrokenRule, Place, ProfileError};
pub use faults::{Fault, FaultKind};
pub use set::{BUILT_IN, ProfileSet, UnknownProfile, built_in};

pub use crate::toml_fault::nearest;

/// Names a profile: the file's stem, `person-signature`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ProfileId(pub String);

impl std::fmt::Display for ProfileId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// A checked profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// Its name.
    pub id: ProfileId,
    /// What it is for, in one line.
    pub title: String,
    /// What kind of certificate it makes.
    pub kind: ProfileKind,
    /// The subject's attributes, in the order they are encoded.
    pub subject: Vec<SubjectAttribute>,
    /// What becomes of the subject that a certification request asks for.
    pub request_subject: RequestSubject,
    /// Subject alternative names, in the order they are encoded.
    pub alternative_names: Vec<AlternativeName>,
    /// Key usage bits; the extension is always critical (RFC 5280 section 4.2.1.3).
    pub key_usage: Vec<KeyUsage>,
    /// Extended key usages; empty leaves the extension out.
    pub extended_key_usage: Vec<Oid>,
    /// Whether the extended key usage extension is critical (RFC 3161 section 2.3 demands it of a TSA).
    pub extended_key_usage_critical: bool,
    /// Certificate policies; empty leaves the extension out.
    pub policies: Vec<Policy>,
    /// QCStatements (ETSI EN 319 412-5); `None` leaves the extension out.
    pub qc_statements: Option<QcStatements>,
    /// Whether the subject key identifier is written.
    pub subject_key_identifier: bool,
    /// Whether the basic constraints of an end entity are written (always critical, cA false). CAs always have them.
    pub end_entity_constraints: bool,
    /// Authority information access: the OCSP responder's address.
    pub ocsp_address: bool,
    /// Authority information access: where the issuer's certificate is.
    pub ca_issuers_address: bool,
    /// CRL distribution point.
    pub crl_address: bool,
    /// id-pkix-ocsp-nocheck (RFC 6960 section 4.2.2.2.1).
    pub ocsp_no_check: bool,
    /// Whether a change of a certificate's status is published as soon as the CA's settings allow, or only with the next
    /// CRL that is due anyway.
    pub crl_at_once: bool,
    /// How long it is valid, where no rule of a day says less: see [`Profile::validity_at`].
    pub validity: Duration,
    /// The longest lifetimes from certain days on, where a rule changes on a day.
    pub max_validity: Vec<LongestFrom>,
    /// How long the private key is used (2.5.29.16): shorter than the certificate, whose signatures are verified for longer.
    pub private_key_usage: Option<Duration>,
    /// Whether it is so short that nobody asks whether it is revoked.
    pub short_term: Option<ShortTerm>,
    /// Which public keys are admitted.
    pub keys: KeyRules,
    /// Who may ask and who must approve.
    pub vetting: Vetting,
    /// What a cross-certificate has besides; made in a ceremony, for one certificate, and never in a profile's file.
    pub cross: Option<CrossCertification>,
}

/// What the certificate of a CA that is none of ours, or of another root of ours, takes over from it, and the limits it gets
/// (RFC 5280 sections 4.2.1.5, 4.2.1.10 and 4.2.1.11).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CrossCertification {
    /// That CA's name, DER: the very octets that stand as issuer in what it issues.
    pub subject: Vec<u8>,
    /// Its key identifier, as in its own certificate.
    pub key_identifier: Vec<u8>,
    /// From when on, UTC.
    pub not_before: OffsetDateTime,
    /// Until when, inclusive, UTC.
    pub not_after: OffsetDateTime,
    /// NameConstraints, DER; `None` for a root of ours.
    pub name_constraints: Option<Vec<u8>>,
    /// PolicyMappings, DER; `None` leaves the extension out.
    pub policy_mappings: Option<Vec<u8>>,
    /// PolicyConstraints, DER; `None` for a root of ours.
    pub policy_constraints: Option<Vec<u8>>,
}

/// From a day on, UTC, certificates last this long at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LongestFrom {
    /// The first day.
    pub from: Date,
    /// How long at most.
    pub longest: Duration,
}

/// Certificates whose revocation nobody asks about, since they have ended before it would be known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ShortTerm {
    /// noRevAvail (2.5.29.56, RFC 9608).
    NoRevocation,
    /// noRevAvail, and beside it ext-etsi-valassured-ST-certs (0.4.0.194121.2.1, ETSI EN 319 412-1 section 5.2).
    ValidityAssured,
}

impl Profile {
    /// How long a certificate lasts at most that is issued at this moment.
    pub fn validity_at(&self, moment: OffsetDateTime) -> Duration {
        self.validity_on(moment.to_offset(time::UtcOffset::UTC).date())
    }

    pub(crate) fn validity_on(&self, day: Date) -> Duration {
        let limits = self.max_validity.iter().filter(|limit| limit.from <= day);
        limits.map(|limit| limit.longest).fold(self.validity, Duration::min)
    }
}

/// What kind of certificate a profile makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProfileKind {
    /// A self-signed root CA.
    RootCa,
    /// A CA under another, with this pathLenConstraint.
    IssuingCa {
        /// How many CAs may follow below.
        path_length: u8,
    },
    /// Not a CA.
    EndEntity,
}

/// An attribute of the subject.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubjectAttribute {
    /// Its type.
    pub attribute: AttributeType,
    /// Where its value comes from.
    pub value: ValueSource,
    /// Whether issuance is refused when there is no value.
    pub required: bool,
    /// The most characters admitted (RFC 5280 appendix A upper bounds are the ceiling).
    pub max_length: usize,
    /// What the whole value must match.
    pub pattern: Option<Pattern>,
}

/// What becomes of the subject that a certification request asks for. It never reaches a certificate as a whole.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RequestSubject {
    /// Nothing: tools write something into it, and nobody reads it.
    #[default]
    Ignored,
    /// What it says must be what the certificate says: a request that names somebody else is a mistake, or worse.
    MustMatch,
}

/// A regular expression over a whole value, kept with its source. Shared: a copy of its own would begin with an empty
/// cache, and cost each issuance more than the match.
#[derive(Debug, Clone)]
pub struct Pattern(pub Arc<regex::Regex>);

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_str() == other.0.as_str()
    }
}

impl Eq for Pattern {}

/// A value's source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ValueSource {
    /// The same in every certificate.
    Fixed(String),
    /// Vouched for by the registry.
    Fact(Fact),
    /// Proposed by the applicant in the certification request; nobody vouches for it but the officer who approves.
    Request,
}

/// Attribute types a subject may have. The string type follows from the attribute: PrintableString for C,
/// serialNumber (X.520 demands it), UTF8String for the rest (RFC 5280 section 4.1.2.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AttributeType {
    /// countryName, 2.5.4.6
    Country,
    /// localityName, 2.5.4.7
    Locality,
    /// organizationName, 2.5.4.10
    Organization,
    /// organizationIdentifier, 2.5.4.97
    OrganizationIdentifier,
    /// commonName, 2.5.4.3
    CommonName,
    /// surname, 2.5.4.4
    Surname,
    /// givenName, 2.5.4.42
    GivenName,
    /// serialNumber, 2.5.4.5
    SerialNumber,
    /// pseudonym, 2.5.4.65
    Pseudonym,
    /// businessCategory, 2.5.4.15
    BusinessCategory,
}

/// One form of alternative name of a profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlternativeName {
    /// Which.
    pub form: NameForm,
    /// Where its values come from.
    pub source: NameSource,
    /// Whether issuance is refused when there is no value.
    pub required: bool,
    /// What each whole value must match, in the spelling of [`Name::text`](crate::alternative_name::Name::text).
    pub pattern: Option<Pattern>,
    /// For a directory name: the sector whose pseudonym it carries.
    pub sector: Option<String>,
}

/// Where alternative names come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NameSource {
    /// The registry's fact of the form: [`NameForm::fact`].
    Registry,
    /// The applicant, who proposes them; nobody vouches for them but the officer who approves.
    Request,
}

/// Key usage bits (RFC 5280 section 4.2.1.3) that profiles use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeyUsage {
    /// digitalSignature (0)
    DigitalSignature,
    /// nonRepudiation, also called contentCommitment (1)
    NonRepudiation,
    /// keyEncipherment (2): written only for RSA keys
    KeyEncipherment,
    /// keyCertSign (5)
    KeyCertSign,
    /// cRLSign (6)
    CrlSign,
}

/// A dotted object identifier that has been checked to encode.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Oid(pub const_oid::ObjectIdentifier);

/// A certificate policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// The policy's identifier.
    pub oid: Oid,
    /// Where the certification practice statement is (id-qt-cps).
    pub cps: Option<String>,
}

/// QCStatements (ETSI EN 319 412-5, RFC 3739 section 3.2.6).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QcStatements {
    /// Whose identifiers the subject carries.
    pub semantics: Semantics,
    /// Names registered by this authority (an `https` address); required with national identifier schemes.
    pub name_registration_authority: Option<String>,
    /// PKI disclosure statements: address and ISO 639-1 language.
    pub disclosure: Vec<(String, String)>,
    /// QcRetentionPeriod: how many years after its end what is known of the holder is kept.
    pub retention_years: Option<u16>,
    /// QcLimitValue: the most that a transaction may be worth.
    pub limit: Option<QcLimit>,
    /// Statements with legal effect; `None` until the law is in force.
    pub legal: Option<LegalStatements>,
}

/// ETSI EN 319 412-1 section 5.1: which identifier semantics hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Semantics {
    /// 0.4.0.194121.1.1
    Natural,
    /// 0.4.0.194121.1.2
    Legal,
}

/// QcLimitValue (ETSI EN 319 412-5 section 4.3.2): `amount` times ten to the power of `exponent`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QcLimit {
    /// ISO 4217 alphabetic code.
    pub currency: String,
    /// How much.
    pub amount: u32,
    /// Of which power of ten.
    pub exponent: u8,
}

/// Statements that claim a legal status. Together or not at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LegalStatements {
    /// QcCClegislation: ISO 3166-1 countries under whose law the certificate is qualified.
    pub countries: Vec<String>,
    /// QcType: electronic signature or seal.
    pub purpose: QcPurpose,
    /// QcSSCD: the key is in a certified device.
    pub certified_device: bool,
}

/// QcType (ETSI EN 319 412-5 section 4.2.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum QcPurpose {
    /// 0.4.0.1862.1.6.1
    Signature,
    /// 0.4.0.1862.1.6.2
    Seal,
}

/// Which public keys a profile admits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyRules {
    /// Elliptic-curve keys.
    pub curves: Vec<KeyAlgorithm>,
    /// RSA modulus bits, smallest and largest; `None` admits no RSA.
    pub rsa_bits: Option<(u32, u32)>,
    /// ML-DSA keys.
    pub ml_dsa: Vec<KeyAlgorithm>,
}

impl KeyUsage {
    /// Its name in profiles.
    pub const fn name(self) -> &'static str {
        match self {
            Self::DigitalSignature => "digital-signature",
            Self::NonRepudiation => "non-repudiation",
            Self::KeyEncipherment => "key-encipherment",
            Self::KeyCertSign => "key-cert-sign",
            Self::CrlSign => "crl-sign",
        }
    }
}

impl KeyRules {
    /// Whether a key of this kind and size is among them.
    pub fn admit(&self, kind: KeyKind) -> bool {
        let listed =
            |list: &[KeyAlgorithm]| kind.algorithm().is_some_and(|algorithm| list.contains(&algorithm));
        match kind {
            KeyKind::P256 | KeyKind::P384 | KeyKind::Ed25519 => listed(&self.curves),
            KeyKind::Rsa { bits } => {
                self.rsa_bits.is_some_and(|(least, most)| (least..=most).contains(&bits))
            }
            KeyKind::MlDsa44 | KeyKind::MlDsa65 | KeyKind::MlDsa87 => listed(&self.ml_dsa),
        }
    }

    /// Whether a key that the installation makes for itself is admitted.
    pub fn admits_own(&self, algorithm: KeyAlgorithm) -> bool {
        let kind = match algorithm {
            KeyAlgorithm::P256 => KeyKind::P256,
            KeyAlgorithm::P384 => KeyKind::P384,
            KeyAlgorithm::Ed25519 => KeyKind::Ed25519,
            KeyAlgorithm::Rsa3072 => KeyKind::Rsa { bits: 3072 },
            KeyAlgorithm::Rsa4096 => KeyKind::Rsa { bits: 4096 },
            KeyAlgorithm::MlDsa44 => KeyKind::MlDsa44,
            KeyAlgorithm::MlDsa65 => KeyKind::MlDsa65,
            KeyAlgorithm::MlDsa87 => KeyKind::MlDsa87,
        };
        self.admit(kind)
    }

    /// What is admitted, each as a person would choose it: `p256`, `rsa 2048 to 4096`, `ml-dsa-65`.
    pub fn names(&self) -> Vec<String> {
        let rsa = self.rsa_bits.map(|(least, most)| format!("rsa {least} to {most}"));
        let curves = self.curves.iter().map(ToString::to_string);
        curves.chain(rsa).chain(self.ml_dsa.iter().map(ToString::to_string)).collect()
    }
}

/// Who may ask for a certificate and what must happen before it is issued.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vetting {
    /// The kind of identity it is for, by the registry's name: `person`, `organisation`, `device`, `application`,
    /// `staff`; `None` for what no registry asks for (CAs, the responder).
    pub identity_kind: Option<String>,
    /// How many officers must approve, none of them the one who asked: 0, 1 or 2.
    pub approvals: u8,
    /// Who may ask.
    pub requested_by: Vec<Requester>,
    /// To which assurance level at least each approving officer must have seen the identity proven.
    pub assurance: Option<Assurance>,
    /// Whether each approving officer must be of another office than the officer who asked.
    pub other_office: bool,
}

impl Vetting {
    /// For what no registry asks for.
    pub const fn of_nobody() -> Self {
        Self {
            identity_kind: None,
            approvals: 0,
            requested_by: Vec::new(),
            assurance: None,
            other_office: false,
        }
    }
}

/// Who may ask for certificates, by the name of the registry's role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Requester {
    /// A registration officer.
    Officer,
    /// An agency's operator, for what belongs to the agency.
    AgencyOperator,
}

impl Requester {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Officer, Self::AgencyOperator];

    /// The role's name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Officer => "officer",
            Self::AgencyOperator => "agency-operator",
        }
    }
}

/// How surely an identity was proven: the levels of Regulation (EU) 910/2014 article 8 and of ISO/IEC 29115.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Assurance {
    /// Some confidence.
    Low,
    /// The identity was verified against a recognised document.
    Substantial,
    /// The same, and the person was present, or as good as present.
    High,
}

impl Assurance {
    /// All of them, the lowest first.
    pub const ALL: [Self; 3] = [Self::Low, Self::Substantial, Self::High];

    /// Its name in profiles, in JSON and on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Substantial => "substantial",
            Self::High => "high",
        }
    }
}

impl std::fmt::Display for Assurance {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

impl std::str::FromStr for Assurance {
    type Err = UnknownAssurance;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|level| level.name() == text).ok_or(UnknownAssurance)
    }
}

/// Not a name of [`Assurance`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("unknown assurance level: choose low, substantial or high")]
pub struct UnknownAssurance;

#[cfg(test)]
mod tests;
