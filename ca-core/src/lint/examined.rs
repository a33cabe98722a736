//! To-be-signed bytes as lint reads them: with x509-parser, which had no part in writing them. The raw fields stand
//! beside it where a rule is about the encoding.

use const_oid::ObjectIdentifier;
use der::asn1::AnyRef;
use der::{Decode, Tagged};
use x509_parser::certificate::{TbsCertificate, X509Certificate};
use x509_parser::extensions::{GeneralName, ParsedExtension, X509Extension};
use x509_parser::prelude::FromDer;
use x509_parser::x509::AttributeTypeAndValue;

use super::{Context, Finding};
use crate::csr::{KeyKind, SubjectPublicKey};
use crate::profile::{AttributeType, Oid, Profile, ProfileKind};

/// Object identifiers of the extensions that npki writes.
pub(super) mod extension {
    use const_oid::ObjectIdentifier;
    pub(in crate::lint) use const_oid::db::rfc5280::{
        ID_CE_AUTHORITY_KEY_IDENTIFIER as AUTHORITY_KEY_IDENTIFIER,
        ID_CE_BASIC_CONSTRAINTS as BASIC_CONSTRAINTS, ID_CE_CERTIFICATE_POLICIES as CERTIFICATE_POLICIES,
        ID_CE_CRL_DISTRIBUTION_POINTS as CRL_DISTRIBUTION_POINTS, ID_CE_EXT_KEY_USAGE as EXTENDED_KEY_USAGE,
        ID_CE_FRESHEST_CRL as FRESHEST_CRL, ID_CE_INHIBIT_ANY_POLICY as INHIBIT_ANY_POLICY,
        ID_CE_KEY_USAGE as KEY_USAGE, ID_CE_NAME_CONSTRAINTS as NAME_CONSTRAINTS,
        ID_CE_POLICY_CONSTRAINTS as POLICY_CONSTRAINTS, ID_CE_POLICY_MAPPINGS as POLICY_MAPPINGS,
        ID_CE_SUBJECT_ALT_NAME as SUBJECT_ALT_NAME, ID_CE_SUBJECT_KEY_IDENTIFIER as SUBJECT_KEY_IDENTIFIER,
        ID_PE_AUTHORITY_INFO_ACCESS as AUTHORITY_INFORMATION_ACCESS,
    };
    /// id-pe-qcStatements (RFC 3739 section 3.2.6).
    pub(in crate::lint) const QC_STATEMENTS: ObjectIdentifier =
        ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.1.3");
    /// id-pkix-ocsp-nocheck (RFC 6960 section 4.2.2.2.1).
    pub(in crate::lint) const OCSP_NO_CHECK: ObjectIdentifier =
        ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.48.1.5");
}

/// The fields of a TBSCertificate, in their order.
#[derive(Debug, Clone, Copy)]
pub(super) enum Field {
    Serial,
    Algorithm,
    Validity,
}

/// An attribute of the subject as it is encoded.
#[derive(Debug)]
pub(super) struct Attribute<'a> {
    /// `None` for types that profiles do not have.
    pub(super) kind: Option<AttributeType>,
    pub(super) tag: u32,
    pub(super) octets: &'a [u8],
    pub(super) text: &'a str,
}

/// To-be-signed bytes, their issuer and their profile.
#[derive(Debug)]
pub(super) struct Examined<'a> {
    bytes: &'a [u8],
    tbs: TbsCertificate<'a>,
    fields: Vec<AnyRef<'a>>,
    issuer: Option<X509Certificate<'a>>,
    profile: &'a Profile,
}

impl<'a> Examined<'a> {
    /// Reads the bytes of a TBSCertificate and of its issuer's certificate, and nothing after them.
    pub(super) fn read(bytes: &'a [u8], context: &Context<'a>) -> Result<Self, Finding> {
        const CLAUSE: &str = "RFC 5280 section 4.1";
        let unreadable =
            |message: String| Finding { rule: "rfc5280.tbs-certificate", clause: CLAUSE, message };
        let (rest, tbs) = TbsCertificate::from_der(bytes)
            .map_err(|error| unreadable(format!("the to-be-signed bytes cannot be read: {error}")))?;
        if !rest.is_empty() {
            return Err(unreadable(format!("{} octets follow the to-be-signed bytes", rest.len())));
        }
        let fields = Vec::<AnyRef<'_>>::from_der(bytes)
            .map_err(|error| unreadable(format!("the to-be-signed bytes are not DER: {error}")))?;
        let is_root = context.profile.kind == ProfileKind::RootCa;
        if is_root != context.issuer.is_none() {
            return Err(unreadable("a root, and nothing else, has no issuer but itself".to_owned()));
        }
        let issuer = context.issuer.map(read_issuer).transpose().map_err(unreadable)?;
        Ok(Self { bytes, tbs, fields, issuer, profile: context.profile })
    }

    pub(super) const fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    pub(super) const fn tbs(&self) -> &TbsCertificate<'a> {
        &self.tbs
    }

    pub(super) const fn profile(&self) -> &'a Profile {
        self.profile
    }

    /// The issuer's certificate; `None` for a root.
    pub(super) const fn issuer(&self) -> Option<&X509Certificate<'a>> {
        self.issuer.as_ref()
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

    /// The subject's key, read with the checks that a request's key must pass.
    pub(super) fn key(&self) -> Result<KeyKind, String> {
        key_of(&self.tbs)
    }

    /// The subject's attributes, in their order.
    pub(super) fn attributes<'s>(&'s self) -> Vec<Attribute<'s>> {
        let read = |attribute: &'s AttributeTypeAndValue<'a>| Attribute {
            kind: AttributeType::ALL.into_iter().find(|kind| same_oid(attribute.attr_type(), kind.oid().0)),
            tag: attribute.attr_value().header.tag().0,
            octets: attribute.as_slice(),
            text: attribute.as_str().unwrap_or_default(),
        };
        self.tbs.subject.iter_attributes().map(read).collect()
    }

    /// The values of one type in the subject.
    pub(super) fn values(&self, kind: AttributeType) -> Vec<String> {
        let of_kind = self.attributes().into_iter().filter(|attribute| attribute.kind == Some(kind));
        of_kind.map(|attribute| attribute.text.to_owned()).collect()
    }

    /// One extension.
    pub(super) fn extension(&self, oid: ObjectIdentifier) -> Option<&X509Extension<'a>> {
        self.tbs.extensions().iter().find(|extension| same_oid(&extension.oid, oid))
    }

    /// The first extension that `read` recognises.
    pub(super) fn parsed<'s, T>(&'s self, read: impl Fn(&'s ParsedExtension<'a>) -> Option<T>) -> Option<T> {
        self.tbs.extensions().iter().find_map(|extension| read(extension.parsed_extension()))
    }

    /// The subject alternative names.
    pub(super) fn alternative_names(&self) -> Option<&[GeneralName<'a>]> {
        self.parsed(|extension| match extension {
            ParsedExtension::SubjectAlternativeName(names) => Some(names.general_names.as_slice()),
            _ => None,
        })
    }

    /// The certificate policies.
    pub(super) fn policies(&self) -> Vec<Oid> {
        policies_of(&self.tbs)
    }
}

fn read_issuer(certificate: &[u8]) -> Result<X509Certificate<'_>, String> {
    match X509Certificate::from_der(certificate) {
        Ok(([], issuer)) => Ok(issuer),
        Ok(_) => Err("octets follow the issuer's certificate".to_owned()),
        Err(error) => Err(format!("the issuer's certificate cannot be read: {error}")),
    }
}

/// A certificate's key, read with the checks that a request's key must pass.
pub(super) fn key_of(tbs: &TbsCertificate<'_>) -> Result<KeyKind, String> {
    SubjectPublicKey::from_der(tbs.subject_pki.raw).map(|key| key.kind()).map_err(|error| error.to_string())
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
