//! Extensions, decoded for reading.

use der::asn1::ObjectIdentifier;
use x509_parser::extensions::{
    DistributionPointName, IssuingDistributionPoint, KeyUsage, ParsedExtension, X509Extension,
};

use super::names;
use super::view::ExtensionView;
use crate::validation::statements::{self, QcStatement};

const QC_STATEMENTS: &str = "1.3.6.1.5.5.7.1.3";

pub(super) fn view(extension: &X509Extension<'_>) -> ExtensionView {
    let oid = extension.oid.to_id_string();
    let values = match oid.as_str() {
        QC_STATEMENTS => qc_statements(extension.value),
        _ => values(extension.parsed_extension()),
    };
    ExtensionView {
        name: names::oid(&oid),
        critical: extension.critical,
        values: values.unwrap_or_else(|| vec![hex::encode(extension.value)]),
        oid,
    }
}

/// What a parsed extension says; `None` when its value is not understood.
pub(super) fn values(parsed: &ParsedExtension<'_>) -> Option<Vec<String>> {
    Some(match parsed {
        ParsedExtension::SubjectAlternativeName(names) => {
            names.general_names.iter().map(names::general).collect()
        }
        ParsedExtension::IssuerAlternativeName(names) => {
            names.general_names.iter().map(names::general).collect()
        }
        ParsedExtension::KeyUsage(usage) => key_usage(usage),
        ParsedExtension::ExtendedKeyUsage(usage) => extended_key_usage(usage),
        ParsedExtension::BasicConstraints(found) => {
            let length = found.path_len_constraint.map(|length| format!("at most {length} CAs below"));
            [Some(if found.ca { "CA" } else { "not a CA" }.to_owned()), length]
                .into_iter()
                .flatten()
                .collect()
        }
        ParsedExtension::SubjectKeyIdentifier(id) => vec![hex::encode(id.0)],
        ParsedExtension::AuthorityKeyIdentifier(found) => authority(found),
        ParsedExtension::CertificatePolicies(policies) => {
            policies.iter().map(|policy| names::oid(&policy.policy_id.to_id_string())).collect()
        }
        ParsedExtension::AuthorityInfoAccess(access) => access
            .iter()
            .map(|entry| described(&entry.access_method.to_id_string(), &entry.access_location))
            .collect(),
        ParsedExtension::SubjectInfoAccess(access) => access
            .iter()
            .map(|entry| described(&entry.access_method.to_id_string(), &entry.access_location))
            .collect(),
        ParsedExtension::CRLDistributionPoints(points) => points
            .iter()
            .filter_map(|point| point.distribution_point.as_ref())
            .flat_map(point_names)
            .collect(),
        ParsedExtension::IssuingDistributionPoint(scope) => issuing_scope(scope),
        ParsedExtension::NameConstraints(found) => name_constraints(found),
        ParsedExtension::InhibitAnyPolicy(found) => vec![format!("after {} certificates", found.skip_certs)],
        ParsedExtension::CRLNumber(number) => vec![number.to_string()],
        _ => return None,
    })
}

fn described(method: &str, location: &x509_parser::extensions::GeneralName<'_>) -> String {
    let method = match method {
        "1.3.6.1.5.5.7.48.1" => "OCSP".to_owned(),
        "1.3.6.1.5.5.7.48.2" => "CA issuers".to_owned(),
        other => names::oid(other),
    };
    format!("{method} {}", names::general(location))
}

fn key_usage(usage: &KeyUsage) -> Vec<String> {
    let named = [
        (usage.digital_signature(), "digitalSignature"),
        (usage.non_repudiation(), "nonRepudiation"),
        (usage.key_encipherment(), "keyEncipherment"),
        (usage.data_encipherment(), "dataEncipherment"),
        (usage.key_agreement(), "keyAgreement"),
        (usage.key_cert_sign(), "keyCertSign"),
        (usage.crl_sign(), "cRLSign"),
        (usage.encipher_only(), "encipherOnly"),
        (usage.decipher_only(), "decipherOnly"),
    ];
    named.into_iter().filter(|(set, _)| *set).map(|(_, name)| name.to_owned()).collect()
}

fn extended_key_usage(usage: &x509_parser::extensions::ExtendedKeyUsage<'_>) -> Vec<String> {
    let named = [
        (usage.any, "anyExtendedKeyUsage"),
        (usage.server_auth, "serverAuth"),
        (usage.client_auth, "clientAuth"),
        (usage.code_signing, "codeSigning"),
        (usage.email_protection, "emailProtection"),
        (usage.time_stamping, "timeStamping"),
        (usage.ocsp_signing, "OCSPSigning"),
    ];
    let known = named.into_iter().filter(|(set, _)| *set).map(|(_, name)| name.to_owned());
    known.chain(usage.other.iter().map(|oid| names::oid(&oid.to_id_string()))).collect()
}

fn authority(found: &x509_parser::extensions::AuthorityKeyIdentifier<'_>) -> Vec<String> {
    let key = found.key_identifier.as_ref().map(|id| hex::encode(id.0));
    let issuer = found.authority_cert_issuer.iter().flatten().map(names::general);
    let serial = found.authority_cert_serial.map(|serial| format!("serial {}", names::serial(serial)));
    key.into_iter().chain(issuer).chain(serial).collect()
}

fn point_names(name: &DistributionPointName<'_>) -> Vec<String> {
    match name {
        DistributionPointName::FullName(full) => full.iter().map(names::general).collect(),
        DistributionPointName::NameRelativeToCRLIssuer(_) => vec!["relative to the CRL's issuer".to_owned()],
    }
}

fn issuing_scope(scope: &IssuingDistributionPoint<'_>) -> Vec<String> {
    let flags = [
        (scope.only_contains_user_certs, "end entities only"),
        (scope.only_contains_ca_certs, "CAs only"),
        (scope.only_contains_attribute_certs, "attribute certificates only"),
        (scope.indirect_crl, "indirect"),
        (scope.only_some_reasons.is_some(), "some reasons only"),
    ];
    let flags = flags.into_iter().filter(|(set, _)| *set).map(|(_, name)| name.to_owned());
    scope.distribution_point.iter().flat_map(point_names).chain(flags).collect()
}

fn name_constraints(found: &x509_parser::extensions::NameConstraints<'_>) -> Vec<String> {
    let permitted = found.permitted_subtrees.iter().flatten();
    let excluded = found.excluded_subtrees.iter().flatten();
    permitted
        .map(|tree| format!("permitted {}", names::general(&tree.base)))
        .chain(excluded.map(|tree| format!("excluded {}", names::general(&tree.base))))
        .collect()
}

// ETSI EN 319 412-5 sections 4.2 and 4.3.
fn qc_statements(value: &[u8]) -> Option<Vec<String>> {
    Some(QcStatement::all(value)?.iter().map(qc_statement).collect())
}

fn qc_statement(statement: &QcStatement) -> String {
    let types = || {
        let found = statement.types()?;
        Some(found.iter().map(|oid| qc_type(*oid)).collect::<Vec<_>>().join(", "))
    };
    match statement.id.to_string().as_str() {
        "0.4.0.1862.1.1" => "QcCompliance".to_owned(),
        "0.4.0.1862.1.4" => "QcSSCD".to_owned(),
        "0.4.0.1862.1.5" => "QcPDS".to_owned(),
        "0.4.0.1862.1.3" => "QcRetentionPeriod".to_owned(),
        "0.4.0.1862.1.6" => format!("QcType {}", types().unwrap_or_default()),
        "0.4.0.1862.1.7" => "QcCClegislation".to_owned(),
        other => names::oid(other),
    }
}

fn qc_type(oid: ObjectIdentifier) -> String {
    match oid {
        statements::TYPE_SIGNATURE => "esign".to_owned(),
        statements::TYPE_SEAL => "eseal".to_owned(),
        statements::TYPE_WEB => "web".to_owned(),
        other => other.to_string(),
    }
}
