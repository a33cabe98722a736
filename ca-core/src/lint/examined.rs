//! A certificate as lint reads it: with x509-parser, which had no part in writing it. The raw fields stand beside it
//! where a rule is about the encoding. Whatever several rules ask for is read once.

use std::borrow::Cow;

use const_oid::ObjectIdentifier;
use der::asn1::AnyRef;
use der::{Decode, Tagged};
use x509_parser::certificate::TbsCertificate;
use x509_parser::extensions::{GeneralName, ParsedExtension, X509Extension};
use x509_parser::prelude::FromDer;
use x509_parser::x509::X509Name;

use super::element::{self, Elements};
use super::issuer::{Issuer, SigningKey};
use super::judge::{Known, SoundExtensions};
use super::rule::Verdict;
use super::{Context, Found, Kind, Rule, Severity};
use crate::csr::{KeyKind, SubjectPublicKey};
use crate::profile::{AttributeType, Oid, Profile, ProfileKind};

/// Object identifiers of extensions.
pub(super) mod extension {
    use const_oid::ObjectIdentifier;
    pub(in crate::lint) use const_oid::db::rfc5280::{
        ID_CE_AUTHORITY_KEY_IDENTIFIER as AUTHORITY_KEY_IDENTIFIER,
        ID_CE_BASIC_CONSTRAINTS as BASIC_CONSTRAINTS, ID_CE_CERTIFICATE_POLICIES as CERTIFICATE_POLICIES,
        ID_CE_CRL_DISTRIBUTION_POINTS as CRL_DISTRIBUTION_POINTS, ID_CE_EXT_KEY_USAGE as EXTENDED_KEY_USAGE,
        ID_CE_FRESHEST_CRL as FRESHEST_CRL, ID_CE_INHIBIT_ANY_POLICY as INHIBIT_ANY_POLICY,
        ID_CE_ISSUER_ALT_NAME as ISSUER_ALT_NAME, ID_CE_KEY_USAGE as KEY_USAGE,
        ID_CE_NAME_CONSTRAINTS as NAME_CONSTRAINTS, ID_CE_POLICY_CONSTRAINTS as POLICY_CONSTRAINTS,
        ID_CE_POLICY_MAPPINGS as POLICY_MAPPINGS, ID_CE_SUBJECT_ALT_NAME as SUBJECT_ALT_NAME,
        ID_CE_SUBJECT_DIRECTORY_ATTRIBUTES as SUBJECT_DIRECTORY_ATTRIBUTES,
        ID_CE_SUBJECT_KEY_IDENTIFIER as SUBJECT_KEY_IDENTIFIER,
        ID_PE_AUTHORITY_INFO_ACCESS as AUTHORITY_INFORMATION_ACCESS,
        ID_PE_SUBJECT_INFO_ACCESS as SUBJECT_INFORMATION_ACCESS,
    };
    /// id-pe-qcStatements (RFC 3739 section 3.2.6).
    pub(in crate::lint) const QC_STATEMENTS: ObjectIdentifier =
        ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.1.3");
    /// id-pkix-ocsp-nocheck (RFC 6960 section 4.2.2.2.1).
    pub(in crate::lint) const OCSP_NO_CHECK: ObjectIdentifier =
        ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.48.1.5");
    /// id-ce-noRevAvail (RFC 9608 section 2).
    pub(in crate::lint) const NO_REV_AVAIL: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.56");
    /// id-ce-privateKeyUsagePeriod (ITU-T X.509 section 9.2.2.5).
    pub(in crate::lint) const PRIVATE_KEY_USAGE_PERIOD: ObjectIdentifier =
        ObjectIdentifier::new_unwrap("2.5.29.16");
    /// ext-etsi-valassured-ST-certs (ETSI EN 319 412-1 section 5.2.2).
    pub(in crate::lint) const SHORT_TERM: ObjectIdentifier = ObjectIdentifier::new_unwrap("0.4.0.194121.2.1");
}

/// id-ad-ocsp
pub(super) const ACCESS_OCSP: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.48.1");
/// id-ad-caIssuers
pub(super) const ACCESS_CA_ISSUERS: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.48.2");

/// The bits of a key usage, by the numbers of RFC 5280 section 4.2.1.3.
pub(super) mod bit {
    pub(in crate::lint) const DIGITAL_SIGNATURE: u16 = 1;
    pub(in crate::lint) const NON_REPUDIATION: u16 = 1 << 1;
    pub(in crate::lint) const KEY_ENCIPHERMENT: u16 = 1 << 2;
    pub(in crate::lint) const DATA_ENCIPHERMENT: u16 = 1 << 3;
    pub(in crate::lint) const KEY_AGREEMENT: u16 = 1 << 4;
    pub(in crate::lint) const KEY_CERT_SIGN: u16 = 1 << 5;
    pub(in crate::lint) const CRL_SIGN: u16 = 1 << 6;
    pub(in crate::lint) const ENCIPHER_ONLY: u16 = 1 << 7;
    pub(in crate::lint) const DECIPHER_ONLY: u16 = 1 << 8;
}

/// The fields of a TBSCertificate, in their order.
#[derive(Debug, Clone, Copy)]
pub(super) enum Field {
    Serial,
    Algorithm,
    Validity,
}

/// An attribute of a name as it is encoded.
#[derive(Debug)]
pub(super) struct Attribute<'a> {
    /// `None` for types that profiles do not have.
    pub(super) kind: Option<AttributeType>,
    pub(super) tag: u32,
    pub(super) octets: &'a [u8],
    /// Empty when it cannot be read.
    pub(super) text: &'a str,
}

/// A certificate, or what will be one; its issuer; its profile, when it is issued here.
#[derive(Debug)]
pub(super) struct Examined<'a> {
    bytes: &'a [u8],
    tbs: TbsCertificate<'a>,
    fields: Vec<AnyRef<'a>>,
    /// The algorithm that stands beside the signature, once there is one.
    outer_algorithm: Option<AnyRef<'a>>,
    issuer: Option<Cow<'a, Issuer>>,
    profile: Option<&'a Profile>,
    kind: Kind,
    key: Result<KeyKind, String>,
    attributes: Vec<Attribute<'a>>,
    purposes: Vec<ObjectIdentifier>,
    policies: Vec<Oid>,
    /// Extensions that were looked at before; `None`: none were.
    sound: Option<&'a SoundExtensions>,
}

/// Bytes that break it no other rule can look at.
pub(super) const SHAPE: Rule<()> = Rule {
    id: "rfc5280.tbs-certificate",
    clause: "RFC 5280 section 4.1",
    severity: Severity::Error,
    says: "it can be read at all, and nothing follows it",
    check: (),
};

impl<'a> Examined<'a> {
    /// Reads what is to be signed under a profile, and its issuer's certificate, and nothing after them.
    pub(super) fn to_be_signed(bytes: &'a [u8], context: &Context<'a>) -> Result<Self, String> {
        let issuer = context.issuer.map(Issuer::read).transpose()?;
        Self::read(bytes, issuer.map(Cow::Owned), None)?.under(context.profile)
    }

    /// The same below an issuer that was read before.
    pub(super) fn below(
        bytes: &'a [u8],
        issuer: &'a Issuer,
        profile: &'a Profile,
        known: Known<'a>,
    ) -> Result<Self, String> {
        let examined = Self::read(bytes, Some(Cow::Borrowed(issuer)), Some(known.key))?;
        Self { sound: Some(known.sound), ..examined }.under(profile)
    }

    fn under(self, profile: &'a Profile) -> Result<Self, String> {
        let is_root = profile.kind == ProfileKind::RootCa;
        if is_root != self.issuer.is_none() {
            return Err("a root, and nothing else, has no issuer but itself".to_owned());
        }
        Ok(Self { profile: Some(profile), kind: Kind::of_profile(profile), ..self })
    }

    /// Reads a certificate that somebody signed.
    pub(super) fn found(found: &Found<'a>) -> Result<Self, String> {
        let parts = Vec::<AnyRef<'a>>::from_der(found.certificate)
            .map_err(|error| format!("it is not the DER of a certificate: {error}"))?;
        let outer = element::whole(found.certificate, element::SEQUENCE);
        let to_be_signed = outer.ok().and_then(|outer| Elements::of(outer.body).accept(element::SEQUENCE));
        let to_be_signed = to_be_signed.ok_or("it has not the shape of a certificate")?;
        if parts.len() != 3 {
            return Err("it has not the three parts of a certificate".to_owned());
        }
        let issuer = found.issuer.map(Issuer::read).transpose()?;
        let mut examined = Self::read(to_be_signed.whole, issuer.map(Cow::Owned), None)?;
        examined.outer_algorithm = parts.get(1).copied();
        examined.kind = found.kind.unwrap_or_else(|| Kind::of_content(&examined));
        Ok(examined)
    }

    /// `known` is a key whose quality was looked at before.
    fn read(
        bytes: &'a [u8],
        issuer: Option<Cow<'a, Issuer>>,
        known: Option<&SubjectPublicKey>,
    ) -> Result<Self, String> {
        let (rest, tbs) = TbsCertificate::from_der(bytes)
            .map_err(|error| format!("the to-be-signed bytes cannot be read: {error}"))?;
        if !rest.is_empty() {
            return Err(format!("{} octets follow the to-be-signed bytes", rest.len()));
        }
        let fields = Vec::<AnyRef<'_>>::from_der(bytes)
            .map_err(|error| format!("the to-be-signed bytes are not DER: {error}"))?;
        Ok(Self {
            bytes,
            fields,
            outer_algorithm: None,
            issuer,
            profile: None,
            kind: Kind::Other,
            key: key_of(&tbs, known),
            attributes: attributes_of(&tbs.subject),
            purposes: purposes_of(&tbs),
            policies: policies_of(&tbs),
            sound: None,
            tbs,
        })
    }

    pub(super) const fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    pub(super) const fn tbs(&self) -> &TbsCertificate<'a> {
        &self.tbs
    }

    /// What it is for.
    pub(super) const fn kind(&self) -> Kind {
        self.kind
    }

    /// The profile, when it is issued here.
    pub(super) const fn profile(&self) -> Option<&'a Profile> {
        self.profile
    }

    /// The issuer's certificate; `None` for a root, and when it is not known.
    pub(super) fn issuer(&self) -> Option<&Issuer> {
        self.issuer.as_deref()
    }

    /// Whether issuer and subject are one name.
    pub(super) fn is_self_issued(&self) -> bool {
        self.tbs.issuer.as_raw() == self.tbs.subject.as_raw()
    }

    /// Whose key signs it: the issuer's; its own when it is a root; `None` when that is not known.
    pub(super) fn signer(&self) -> Option<SigningKey<'_>> {
        match &self.issuer {
            Some(issuer) => Some(issuer.key()),
            None => self.is_self_issued().then(|| SigningKey::of(&self.tbs)),
        }
    }

    /// The kind of that key, as [`Self::key`] tells it; `None` when it is not known.
    pub(super) fn signer_kind(&self) -> Option<Result<KeyKind, String>> {
        match &self.issuer {
            Some(issuer) => Some(issuer.kind()),
            None => self.is_self_issued().then(|| self.key()),
        }
    }

    /// The algorithm beside the signature, once there is one.
    pub(super) const fn outer_algorithm(&self) -> Option<AnyRef<'a>> {
        self.outer_algorithm
    }

    /// One field, as encoded.
    pub(super) fn field(&self, field: Field) -> Result<AnyRef<'a>, String> {
        // The version, [0], is left out by version 1.
        let first = usize::from(self.fields.first().is_some_and(|field| field.tag().is_context_specific()));
        let index = first
            + match field {
                Field::Serial => 0,
                Field::Algorithm => 1,
                Field::Validity => 3,
            };
        self.fields.get(index).copied().ok_or_else(|| format!("the field {field:?} is missing"))
    }

    /// The extensions as they are encoded: the contents of their SEQUENCE, empty where there are none.
    pub(super) fn encoded_extensions(&self) -> &'a [u8] {
        // RFC 5280 section 4.1: [3] EXPLICIT, the last field.
        const EXTENSIONS: der::TagNumber = der::TagNumber(3);
        let field = self
            .fields
            .last()
            .filter(|field| field.tag().number() == EXTENSIONS && field.tag().is_context_specific());
        let list = field.and_then(|field| element::whole(field.value(), element::SEQUENCE).ok());
        list.map_or(&[], |list| list.body)
    }

    /// The subject's key, read with the checks that a request's key must pass.
    pub(super) fn key(&self) -> Result<KeyKind, String> {
        self.key.clone()
    }

    /// Whether basicConstraints say cA.
    pub(super) fn is_ca(&self) -> bool {
        self.tbs.is_ca()
    }

    /// The subject's attributes, in their order.
    pub(super) fn attributes(&self) -> &[Attribute<'a>] {
        &self.attributes
    }

    /// The values of one type in the subject.
    pub(super) fn values(&self, kind: AttributeType) -> impl Iterator<Item = &'a str> {
        self.attributes.iter().filter(move |attribute| attribute.kind == Some(kind)).map(|found| found.text)
    }

    /// Whether the subject has an attribute.
    pub(super) fn has(&self, kind: AttributeType) -> bool {
        self.attributes.iter().any(|attribute| attribute.kind == Some(kind))
    }

    /// One extension.
    pub(super) fn extension(&self, oid: ObjectIdentifier) -> Option<&X509Extension<'a>> {
        self.tbs.extensions().iter().find(|extension| same_oid(&extension.oid, oid))
    }

    /// Goes on if `check`, which looks at nothing but this extension's octets, finds no fault, now or before.
    pub(super) fn look_once(
        &self,
        extension: &X509Extension<'_>,
        check: impl FnOnce() -> Verdict,
    ) -> Verdict {
        match self.sound {
            Some(sound) => sound.or_check(extension.oid.as_bytes(), extension.value, check),
            None => check(),
        }
    }

    /// The first extension that `read` recognises.
    pub(super) fn parsed<'s, T>(&'s self, read: impl Fn(&'s ParsedExtension<'a>) -> Option<T>) -> Option<T> {
        self.tbs.extensions().iter().find_map(|extension| read(extension.parsed_extension()))
    }

    /// The key usage's bits.
    pub(super) fn key_usage(&self) -> Option<u16> {
        self.parsed(|extension| match extension {
            ParsedExtension::KeyUsage(usage) => Some(usage.flags),
            _ => None,
        })
    }

    /// The extended key usage's purposes.
    pub(super) fn purposes(&self) -> &[ObjectIdentifier] {
        &self.purposes
    }

    /// The subject alternative names.
    pub(super) fn alternative_names(&self) -> &[GeneralName<'a>] {
        let names = self.parsed(|extension| match extension {
            ParsedExtension::SubjectAlternativeName(names) => Some(names.general_names.as_slice()),
            _ => None,
        });
        names.unwrap_or_default()
    }

    /// The certificate policies.
    pub(super) fn policies(&self) -> &[Oid] {
        &self.policies
    }

    /// How often an access method stands in the authority information access.
    pub(super) fn count_access(&self, method: ObjectIdentifier) -> usize {
        let access = self.parsed(|extension| match extension {
            ParsedExtension::AuthorityInfoAccess(access) => Some(&access.accessdescs),
            _ => None,
        });
        access.into_iter().flatten().filter(|found| same_oid(&found.access_method, method)).count()
    }
}

fn key_of(tbs: &TbsCertificate<'_>, known: Option<&SubjectPublicKey>) -> Result<KeyKind, String> {
    let info = tbs.subject_pki.raw;
    match known.filter(|known| known.der() == info) {
        Some(known) => Ok(known.kind()),
        None => SubjectPublicKey::from_der(info).map(|key| key.kind()).map_err(|error| error.to_string()),
    }
}

/// A name's attributes, in their order.
pub(super) fn attributes_of<'a>(name: &X509Name<'a>) -> Vec<Attribute<'a>> {
    let read = |attribute: &x509_parser::x509::AttributeTypeAndValue<'a>| Attribute {
        kind: AttributeType::ALL.into_iter().find(|kind| same_oid(attribute.attr_type(), kind.oid().0)),
        tag: attribute.attr_value().header.tag().0,
        octets: attribute.attr_value().data,
        text: attribute.as_str().unwrap_or_default(),
    };
    name.iter_attributes().map(read).collect()
}

fn purposes_of(tbs: &TbsCertificate<'_>) -> Vec<ObjectIdentifier> {
    let found = tbs.extensions().iter().find(|found| same_oid(&found.oid, extension::EXTENDED_KEY_USAGE));
    found.and_then(|found| <Vec<ObjectIdentifier> as Decode>::from_der(found.value).ok()).unwrap_or_default()
}

/// A certificate's policies.
pub(super) fn policies_of(tbs: &TbsCertificate<'_>) -> Vec<Oid> {
    let parsed = tbs.extensions().iter().find_map(|extension| match extension.parsed_extension() {
        ParsedExtension::CertificatePolicies(policies) => Some(policies),
        _ => None,
    });
    let read = |policy: &x509_parser::extensions::PolicyInformation<'_>| {
        ObjectIdentifier::from_bytes(policy.policy_id.as_bytes()).ok().map(Oid)
    };
    parsed.into_iter().flat_map(|policies| policies.iter()).filter_map(read).collect()
}

/// Compares an object identifier of x509-parser's with one of ours.
pub(super) fn same_oid(theirs: &x509_parser::der_parser::Oid<'_>, ours: ObjectIdentifier) -> bool {
    theirs.as_bytes() == ours.as_bytes()
}
