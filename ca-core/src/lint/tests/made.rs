//! Certificates of the built-in profiles, as issuance writes them.

use std::sync::LazyLock;

use rcgen::{KeyPair, PublicKeyData, SigningKey};
use time::{Duration, OffsetDateTime};

use crate::algorithm::{DigestAlgorithm, KeyAlgorithm, SignatureAlgorithm};
use crate::alternative_name::Name;
use crate::authority::Addresses;
use crate::certificate::CaId;
use crate::clock::SystemEntropy;
use crate::csr::{SubjectPublicKey, Wishes};
use crate::issuance::issuer::Issuer;
use crate::issuance::to_be_signed::{self, CERTIFICATE_ALGORITHM_FIELD, Contents, IssuedBy};
use crate::keys::Signer;
use crate::keys::software::SoftwareKey;
use crate::profile::{Profile, ProfileSet};
use crate::serial::SerialNumber;
use crate::subject::{ApprovedSubject, Fact, IdentityRef};

pub(super) static PROFILES: LazyLock<ProfileSet> = LazyLock::new(|| ProfileSet::built_in().unwrap());

/// The moment everything begins: 2027-01-01, so that ten years of an issuing CA stay below 2050.
pub(super) const START: OffsetDateTime = time::macros::datetime!(2027-01-01 00:00 UTC);

/// What the P-384 keys of its CAs sign with.
const ALGORITHM: SignatureAlgorithm = SignatureAlgorithm::Ecdsa(DigestAlgorithm::Sha384);

pub(in crate::lint) struct Ca {
    pub(super) key: KeyPair,
    pub(in crate::lint) certificate: Vec<u8>,
}

pub(super) static ROOT: LazyLock<Ca> = LazyLock::new(|| ca("root-ca", None));
pub(in crate::lint) static ISSUING: LazyLock<Ca> = LazyLock::new(|| ca("issuing-ca", Some(&ROOT)));

pub(super) fn profile(id: &str) -> &'static Profile {
    PROFILES.find(id).unwrap()
}

pub(super) fn p384() -> KeyPair {
    KeyPair::generate_for(&rcgen::PKCS_ECDSA_P384_SHA384).unwrap()
}

pub(super) fn ed25519() -> KeyPair {
    KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap()
}

pub(super) fn p256() -> KeyPair {
    KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).unwrap()
}

fn ca(id: &str, issuer: Option<&Ca>) -> Ca {
    let key = p384();
    let tbs = tbs(profile(id), &key.subject_public_key_info(), issuer);
    let signature = issuer.map_or(&key, |issuer| &issuer.key).sign(&tbs).unwrap();
    let certificate = to_be_signed::assemble(&tbs, CERTIFICATE_ALGORITHM_FIELD, &signature).unwrap();
    Ca { key, certificate }
}

/// The issuer that a profile's certificates have here.
pub(super) fn issuer_of(id: &str) -> Option<&'static Ca> {
    match id {
        "root-ca" => None,
        id if profile(id).is_ca() => Some(&ROOT),
        _ => Some(&ISSUING),
    }
}

/// One for all tests: making it takes a while.
static RSA: LazyLock<Vec<u8>> =
    LazyLock::new(|| SoftwareKey::generate(KeyAlgorithm::Rsa3072).unwrap().public_key_info().to_vec());

/// The SubjectPublicKeyInfo of a key for an end entity: a new P-256 key, or RSA where the profile admits that alone.
fn of_end_entity(profile: &Profile) -> Vec<u8> {
    if profile.keys.admits_own(KeyAlgorithm::P256) { public(&p256()) } else { RSA.clone() }
}

/// To-be-signed bytes for such a key, or a new P-384 key of a CA's.
pub(super) fn of_profile(id: &str) -> Vec<u8> {
    let profile = profile(id);
    let key = if profile.is_ca() { public(&p384()) } else { of_end_entity(profile) };
    tbs(profile, &key, issuer_of(id))
}

/// The same, signed.
pub(in crate::lint) fn signed(id: &str) -> Vec<u8> {
    match id {
        "root-ca" => ROOT.certificate.clone(),
        "issuing-ca" => ISSUING.certificate.clone(),
        _ => {
            let tbs = of_profile(id);
            let signature = issuer_of(id).unwrap().key.sign(&tbs).unwrap();
            to_be_signed::assemble(&tbs, CERTIFICATE_ALGORITHM_FIELD, &signature).unwrap()
        }
    }
}

pub(super) fn tbs(profile: &Profile, key: &[u8], issuer: Option<&Ca>) -> Vec<u8> {
    written(profile, key, issuer, subject(profile).with(Fact::DnsName, "payroll.gov.ls"))
}

/// As [`of_profile`], with these names of the registry's, each `form:value`.
pub(super) fn with_names(profile: &Profile, names: &[&str]) -> Vec<u8> {
    let with = |subject: ApprovedSubject, name: &&str| {
        let name: Name = name.parse().unwrap();
        subject.with(name.form().fact(), name.text())
    };
    let subject = names.iter().fold(subject(profile), with);
    written(profile, &p256().subject_public_key_info(), issuer_of(&profile.id.0), subject)
}

fn written(profile: &Profile, key: &[u8], issuer: Option<&Ca>, subject: ApprovedSubject) -> Vec<u8> {
    let key = SubjectPublicKey::from_der(key).unwrap();
    let admitted = profile.admit(key, &Wishes::none(), subject).unwrap();
    let issuer = issuer.map(|issuer| Issuer::read(&issuer.certificate, ALGORITHM).unwrap());
    let ca = CaId::new(if profile.is_ca() { "root" } else { "issuing" }).unwrap();
    let contents = Contents {
        profile,
        attributes: &admitted.attributes,
        names: &admitted.names,
        key: &admitted.key,
        serial: &SerialNumber::draw(&SystemEntropy).unwrap(),
        not_before: START,
        not_after: START + profile.validity_at(START) - Duration::SECOND,
        addresses: &Addresses::under("http://pki.gov.ls", &ca),
    };
    let issued_by = issuer.as_ref().map_or(IssuedBy::Itself(ALGORITHM), IssuedBy::Ca);
    to_be_signed::certificate(&contents, &issued_by).unwrap()
}

/// Subjects that differ in what strings can differ in.
#[derive(Debug, Clone, Copy)]
pub(super) enum Variation {
    Plain,
    /// Letters outside ASCII.
    Accented,
    /// As long as the upper bounds admit.
    Long,
}

impl Variation {
    pub(super) const ALL: [Self; 3] = [Self::Plain, Self::Accented, Self::Long];

    /// Facts that stand before those that every subject has.
    fn facts(self) -> Vec<(Fact, String)> {
        let name = match self {
            Self::Plain => return Vec::new(),
            Self::Accented => "Ts\u{2019}ehlo \u{d6}zg\u{fc}r \u{c9}l\u{e9}onore".to_owned(),
            Self::Long => "M".repeat(64),
        };
        let named = [Fact::CommonName, Fact::Surname, Fact::GivenName, Fact::Organization];
        named.into_iter().map(|fact| (fact, name.clone())).collect()
    }
}

/// A certificate of a profile for another subject, or for a server of another name.
pub(super) fn varied(profile: &Profile, variation: Variation) -> Vec<u8> {
    let facts = variation.facts();
    let first = ApprovedSubject::new(IdentityRef("test".to_owned()));
    let first = facts.into_iter().fold(first, |subject, (fact, value)| subject.with(fact, value));
    let server = match variation {
        Variation::Plain => "payroll.gov.ls",
        Variation::Accented => "xn--tsehlo-cua.gov.ls",
        Variation::Long => "a-name-of-some-length.payroll.revenue.services.gov.ls",
    };
    let subject = with_facts(first, profile).with(Fact::DnsName, server);
    let own = p384();
    let key = if profile.is_ca() { public(&own) } else { of_end_entity(profile) };
    let issuer = issuer_of(&profile.id.0);
    let tbs = written(profile, &key, issuer, subject);
    let signature = issuer.map_or(&own, |issuer| &issuer.key).sign(&tbs).unwrap();
    to_be_signed::assemble(&tbs, CERTIFICATE_ALGORITHM_FIELD, &signature).unwrap()
}

/// Facts enough for every profile, but for DNS names.
fn subject(profile: &Profile) -> ApprovedSubject {
    with_facts(ApprovedSubject::new(IdentityRef("test".to_owned())), profile)
}

fn with_facts(first: ApprovedSubject, profile: &Profile) -> ApprovedSubject {
    let name = match profile.id.0.as_str() {
        "root-ca" => "Lesotho National Root CA G1",
        _ if profile.is_ca() => "Lesotho Issuing CA G1",
        "organisation-seal" => "Revenue Services Lesotho Seal",
        "registry-document-signer" => "Register of Licences 2027",
        "trusted-list-signer" => "Trusted List 2027",
        "xroad-signing" => "Revenue Services Lesotho",
        "agent" | "application" | "audit-log-signer" | "tls-server" => "Payroll (production)",
        "ocsp-responder" => "OCSP Responder 2027-01-01",
        "timestamping-unit" => "Time-Stamping Unit 2027-1",
        _ => "MOKOENA,THABO",
    };
    let organisation = if profile.is_ca() {
        ("Government of Lesotho", "GO:LS-GOV")
    } else {
        ("Revenue Services Lesotho", "GO:LS-RSL")
    };
    first
        .with(Fact::Country, "LS")
        .with(Fact::CommonName, name)
        .with(Fact::Surname, "Mokoena")
        .with(Fact::GivenName, "Thabo")
        .with(Fact::PersonIdentifier, "PNOLS-012345678901")
        .with(Fact::Pseudonym, "ls-7QF3K2M9TX")
        .with(Fact::Organization, organisation.0)
        .with(Fact::OrganizationIdentifier, organisation.1)
        .with(Fact::Locality, "Maseru")
        .with(Fact::AssetTag, "RSL-GATE-0001")
        .with(Fact::RegistryUri, "https://registry.gov.ls/id/D-1")
        .with(Fact::HardwareModule, "1.3.6.1.4.1.32473.1/0a0b0c01")
        .with(Fact::MemberClass, "GOV")
        .with(Fact::MemberCode, "RSL")
        .with(Fact::ServerCode, "RSL/SS1")
}

/// A key's SubjectPublicKeyInfo, DER.
pub(super) fn public(key: &KeyPair) -> Vec<u8> {
    key.subject_public_key_info()
}
