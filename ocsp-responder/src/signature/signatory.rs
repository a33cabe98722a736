//! Whose act a signature is: a natural person signs, a legal person seals; all other keys do neither.
//!
//! Certificates say so in several places, none of which all of them have. In this order: what the key is for (a key for servers,
//! sign-in or time stamps signs no documents, whoever has it), QcType, the semantics of the identifiers, the subject's name.

use const_oid::ObjectIdentifier;
use const_oid::db::rfc5280;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use x509_cert::ext::pkix::KeyUsages;

use crate::validation::certificate::Certificate;
use crate::validation::statements::{
    QC_STATEMENTS, QC_SYNTAX, QC_TYPE, QcStatement, SEMANTICS_LEGAL, SEMANTICS_NATURAL, TYPE_SEAL,
    TYPE_SIGNATURE, TYPE_WEB,
};

/// Attributes of a subject that only natural persons have: surname, givenName, pseudonym.
const OF_PERSONS: [ObjectIdentifier; 3] = [
    ObjectIdentifier::new_unwrap("2.5.4.4"),
    ObjectIdentifier::new_unwrap("2.5.4.42"),
    ObjectIdentifier::new_unwrap("2.5.4.65"),
];
const ORGANIZATION_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.10");
const ORGANIZATION_IDENTIFIER: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.97");

/// Purposes of keys that may sign documents, whatever else they are for: any, mail, documents (RFC 9336), and documents as
/// Microsoft and Adobe name them.
const FOR_DOCUMENTS: [ObjectIdentifier; 5] = [
    ObjectIdentifier::new_unwrap("2.5.29.37.0"),
    ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.4"),
    ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.36"),
    ObjectIdentifier::new_unwrap("1.3.6.1.4.1.311.10.3.12"),
    ObjectIdentifier::new_unwrap("1.2.840.113583.1.1.5"),
];
/// Purposes that are none of these.
const FOR_OTHERS: [(ObjectIdentifier, OtherUse); 6] = [
    (ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.1"), OtherUse::Server),
    (ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.2"), OtherUse::SignIn),
    (ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.3"), OtherUse::Code),
    (ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.8"), OtherUse::TimeStamps),
    (ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.9"), OtherUse::Ocsp),
    (ObjectIdentifier::new_unwrap("0.4.0.2231.3.0"), OtherUse::TrustedLists),
];

/// Whose act a signature is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SignatureKind {
    /// Somebody signed: a natural person, or one whose certificate does not say what they are.
    Signature,
    /// An organisation sealed.
    Seal,
}

/// Who may put a key to a document, as its certificate says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signatory {
    /// A natural person, who signs.
    Person,
    /// A legal person, which seals.
    Organisation,
    /// It does not say.
    Unstated,
    /// Nobody: the key is for something else.
    Nobody(OtherUse),
}

/// What a key is for that signs no documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OtherUse {
    /// A CA's.
    Ca,
    /// A server's (TLS).
    Server,
    /// Signing in: a device's, an application's, a person's for authentication.
    SignIn,
    /// Programs.
    Code,
    /// A time-stamping unit's.
    TimeStamps,
    /// An OCSP responder's.
    Ocsp,
    /// Trusted lists.
    TrustedLists,
    /// Nothing is signed with it at all.
    NoSignatures,
}

impl std::fmt::Display for OtherUse {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Ca => "signing certificates and CRLs, as a CA",
            Self::Server => "a server (TLS)",
            Self::SignIn => "signing in: a device's, an application's, or a person's for authentication",
            Self::Code => "signing programs",
            Self::TimeStamps => "giving time stamps",
            Self::Ocsp => "answering OCSP",
            Self::TrustedLists => "signing trusted lists",
            Self::NoSignatures => "other things than signatures",
        })
    }
}

impl Signatory {
    /// Reads who it is.
    pub fn of(certificate: &Certificate) -> Self {
        if certificate.is_ca() {
            return Self::Nobody(OtherUse::Ca);
        }
        // RFC 5280 section 4.2.1.3.
        if !certificate.key_may(&[KeyUsages::DigitalSignature, KeyUsages::NonRepudiation]) {
            return Self::Nobody(OtherUse::NoSignatures);
        }
        // RFC 5280 section 4.2.1.12: the key is for one of the purposes indicated.
        if let Some(other) = other_use(certificate) {
            return Self::Nobody(other);
        }
        let statements = certificate.extension_value(QC_STATEMENTS).and_then(QcStatement::all);
        let statements = statements.unwrap_or_default();
        stated_type(&statements).unwrap_or_else(|| by_name(certificate, &statements))
    }

    /// Whose act a signature with this key is.
    pub const fn kind(self) -> SignatureKind {
        match self {
            Self::Organisation => SignatureKind::Seal,
            Self::Person | Self::Unstated | Self::Nobody(_) => SignatureKind::Signature,
        }
    }
}

/// The first purpose of a key that has no purpose among documents.
fn other_use(certificate: &Certificate) -> Option<OtherUse> {
    let purposes: Vec<ObjectIdentifier> =
        certificate.extension(rfc5280::ID_CE_EXT_KEY_USAGE)?.unwrap_or_default();
    if purposes.iter().any(|purpose| FOR_DOCUMENTS.contains(purpose)) {
        return None;
    }
    FOR_OTHERS.iter().find(|(purpose, _)| purposes.contains(purpose)).map(|(_, other)| *other)
}

/// ETSI EN 319 412-5 section 4.2.3: QcType names what the certificate is for, where it names one thing.
fn stated_type(statements: &[QcStatement]) -> Option<Signatory> {
    let types = statements.iter().find(|statement| statement.id == QC_TYPE)?.types()?;
    match types.as_slice() {
        [TYPE_SIGNATURE] => Some(Signatory::Person),
        [TYPE_SEAL] => Some(Signatory::Organisation),
        [TYPE_WEB] => Some(Signatory::Nobody(OtherUse::Server)),
        _ => None,
    }
}

/// By the identifiers' semantics and the subject.
fn by_name(certificate: &Certificate, statements: &[QcStatement]) -> Signatory {
    let semantics =
        statements.iter().find(|statement| statement.id == QC_SYNTAX).and_then(QcStatement::semantics);
    let named = certificate.subject_name().attribute_types().unwrap_or_default();
    // ETSI EN 319 412-2 section 4.2.4: a natural person's subject has surname and givenName, or pseudonym.
    if semantics == Some(SEMANTICS_NATURAL) || named.iter().any(|kind| OF_PERSONS.contains(kind)) {
        return Signatory::Person;
    }
    // ETSI EN 319 412-3 section 4.2.1: a legal person's has organizationName and organizationIdentifier.
    let is_named = named.contains(&ORGANIZATION_NAME) && named.contains(&ORGANIZATION_IDENTIFIER);
    // ETSI EN 319 412-2 section 4.3.2, which EN 319 412-3 takes over: a key that commits to content has nonRepudiation. The
    // organisation's devices and applications, which bear its name too, have not.
    let commits = certificate.key_may(&[KeyUsages::NonRepudiation]);
    if commits && (is_named || semantics == Some(SEMANTICS_LEGAL)) {
        return Signatory::Organisation;
    }
    Signatory::Unstated
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use super::{OtherUse, Signatory, SignatureKind};
    use crate::validation::fixture::Workshop;

    const ORGANISATION: &str = "/C=LS/O=Revenue Services/organizationIdentifier=GO:LS-RSL/CN=Revenue";
    const PERSON: &str = "/C=LS/CN=Thabo Mokoena/surname=Mokoena/givenName=Thabo/serialNumber=PNOLS-1";
    const COMMITS: &str = "keyUsage=critical,nonRepudiation\n";
    const AUTHENTICATES: &str = "keyUsage=critical,digitalSignature\n";

    fn statement(id: &str, inside: &str) -> String {
        format!(
            "1.3.6.1.5.5.7.1.3=ASN1:SEQUENCE:qc\n[qc]\na=SEQUENCE:one\n[one]\nid=OID:{id}\nx=SEQUENCE:of\n[of]\nv=OID:{inside}\n"
        )
    }

    #[test]
    fn a_certificate_says_whether_it_signs_seals_or_neither() {
        let workshop = Workshop::new();
        workshop.root("root", "P-256");
        workshop.key("leaf", "P-256");
        let seal = statement("0.4.0.1862.1.6", "0.4.0.1862.1.6.2");
        let sign = statement("0.4.0.1862.1.6", "0.4.0.1862.1.6.1");
        let web = statement("0.4.0.1862.1.6", "0.4.0.1862.1.6.3");
        let legal = statement("1.3.6.1.5.5.7.11.2", "0.4.0.194121.1.2");
        let natural = statement("1.3.6.1.5.5.7.11.2", "0.4.0.194121.1.1");
        let other = Signatory::Nobody;
        let cases = [
            (ORGANISATION, COMMITS.to_owned(), Signatory::Organisation),
            (ORGANISATION, format!("{COMMITS}{legal}"), Signatory::Organisation),
            ("/CN=Revenue", format!("{COMMITS}{legal}"), Signatory::Organisation),
            ("/CN=Revenue", format!("{COMMITS}{seal}"), Signatory::Organisation),
            (PERSON, COMMITS.to_owned(), Signatory::Person),
            ("/CN=Thabo", format!("{COMMITS}{natural}"), Signatory::Person),
            (ORGANISATION, format!("{COMMITS}{sign}"), Signatory::Person),
            // A person who acts for an organisation is a person.
            (
                "/C=LS/O=Revenue/organizationIdentifier=GO:LS-RSL/CN=T/surname=Mokoena",
                COMMITS.to_owned(),
                Signatory::Person,
            ),
            // Its devices bear the organisation's name, and commit to nothing.
            (ORGANISATION, AUTHENTICATES.to_owned(), Signatory::Unstated),
            (ORGANISATION, format!("{AUTHENTICATES}extendedKeyUsage=clientAuth\n"), other(OtherUse::SignIn)),
            (PERSON, format!("{AUTHENTICATES}extendedKeyUsage=clientAuth\n"), other(OtherUse::SignIn)),
            (PERSON, format!("{COMMITS}extendedKeyUsage=clientAuth,emailProtection\n"), Signatory::Person),
            (
                ORGANISATION,
                format!("{COMMITS}extendedKeyUsage=0.4.0.2231.3.0\n"),
                other(OtherUse::TrustedLists),
            ),
            (
                ORGANISATION,
                format!("{AUTHENTICATES}extendedKeyUsage=critical,timeStamping\n"),
                other(OtherUse::TimeStamps),
            ),
            ("/CN=pay.gov.ls", format!("{AUTHENTICATES}{web}"), other(OtherUse::Server)),
            ("/CN=x", "keyUsage=critical,keyAgreement\n".to_owned(), other(OtherUse::NoSignatures)),
            ("/CN=x", String::new(), Signatory::Unstated),
        ];
        for (subject, extensions, expected) in cases {
            let extensions = format!("subjectKeyIdentifier=hash\n{extensions}");
            let certificate = workshop.certify("root", "leaf", subject, &extensions, &[]);
            assert_eq!(Signatory::of(&certificate), expected, "{subject} {extensions}");
            let sealed = expected == Signatory::Organisation;
            assert_eq!(expected.kind() == SignatureKind::Seal, sealed);
        }
        assert_eq!(Signatory::of(&workshop.certificate("root")), other(OtherUse::Ca));
    }
}
