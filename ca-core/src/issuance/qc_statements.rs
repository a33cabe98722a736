//! The QCStatements extension (RFC 3739 section 3.2.6, ETSI EN 319 412-5).

use const_oid::ObjectIdentifier;
use der::asn1::{Ia5String, PrintableString};
use der::{Any, Encode, Sequence};
use rcgen::CustomExtension;
use x509_cert::ext::pkix::name::GeneralName;

use super::EncodingError;
use super::extensions::{Criticality, extension};
use crate::profile::{LegalStatements, QcLimit, QcPurpose, QcStatements, Semantics};

/// id-pe-qcStatements
const QC_STATEMENTS: &[u64] = &[1, 3, 6, 1, 5, 5, 7, 1, 3];

const QCS_PKIX_SYNTAX_V2: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.11.2");
const SEMANTICS_NATURAL: ObjectIdentifier = ObjectIdentifier::new_unwrap("0.4.0.194121.1.1");
const SEMANTICS_LEGAL: ObjectIdentifier = ObjectIdentifier::new_unwrap("0.4.0.194121.1.2");
const QC_COMPLIANCE: ObjectIdentifier = ObjectIdentifier::new_unwrap("0.4.0.1862.1.1");
const QC_LIMIT_VALUE: ObjectIdentifier = ObjectIdentifier::new_unwrap("0.4.0.1862.1.2");
const QC_RETENTION_PERIOD: ObjectIdentifier = ObjectIdentifier::new_unwrap("0.4.0.1862.1.3");
const QC_SSCD: ObjectIdentifier = ObjectIdentifier::new_unwrap("0.4.0.1862.1.4");
const QC_PDS: ObjectIdentifier = ObjectIdentifier::new_unwrap("0.4.0.1862.1.5");
const QC_TYPE: ObjectIdentifier = ObjectIdentifier::new_unwrap("0.4.0.1862.1.6");
const QC_TYPE_ESIGN: ObjectIdentifier = ObjectIdentifier::new_unwrap("0.4.0.1862.1.6.1");
const QC_TYPE_ESEAL: ObjectIdentifier = ObjectIdentifier::new_unwrap("0.4.0.1862.1.6.2");
const QC_CC_LEGISLATION: ObjectIdentifier = ObjectIdentifier::new_unwrap("0.4.0.1862.1.7");

/// QCStatement (RFC 3739 section 3.2.6).
#[derive(Sequence)]
struct Statement {
    id: ObjectIdentifier,
    value: Option<Any>,
}

/// SemanticsInformation (RFC 3739 section 3.2.6.1).
#[derive(Sequence)]
struct SemanticsInformation {
    identifier: Option<ObjectIdentifier>,
    name_registration_authorities: Option<Vec<GeneralName>>,
}

/// MonetaryValue (ETSI EN 319 412-5 section 4.3.2), its currency by the alphabetic code.
#[derive(Sequence)]
struct MonetaryValue {
    currency: PrintableString,
    amount: u32,
    exponent: u8,
}

impl MonetaryValue {
    fn of(limit: &QcLimit) -> Result<Self, EncodingError> {
        let currency = PrintableString::new(&limit.currency)?;
        Ok(Self { currency, amount: limit.amount, exponent: limit.exponent })
    }
}

/// PdsLocation (ETSI EN 319 412-5 section 4.3.4).
#[derive(Sequence)]
struct PdsLocation {
    url: Ia5String,
    language: PrintableString,
}

/// The extension; never critical, so that a verifier without it still sees the certificate.
pub(super) fn qc_statements(wanted: &QcStatements) -> Result<CustomExtension, EncodingError> {
    let mut statements = vec![semantics(wanted)?];
    if let Some(legal) = &wanted.legal {
        statements.extend(legal_statements(legal)?);
    }
    if let Some(limit) = &wanted.limit {
        statements.push(with_value(QC_LIMIT_VALUE, &MonetaryValue::of(limit)?)?);
    }
    if let Some(years) = wanted.retention_years {
        statements.push(with_value(QC_RETENTION_PERIOD, &years)?);
    }
    if !wanted.disclosure.is_empty() {
        statements.push(disclosure(&wanted.disclosure)?);
    }
    Ok(extension(QC_STATEMENTS, Criticality::NonCritical, statements.to_der()?))
}

fn semantics(wanted: &QcStatements) -> Result<Statement, EncodingError> {
    let identifier = Some(match wanted.semantics {
        Semantics::Natural => SEMANTICS_NATURAL,
        Semantics::Legal => SEMANTICS_LEGAL,
    });
    let authority = |uri: &String| -> Result<_, EncodingError> {
        Ok(vec![GeneralName::UniformResourceIdentifier(Ia5String::new(uri)?)])
    };
    let name_registration_authorities =
        wanted.name_registration_authority.as_ref().map(authority).transpose()?;
    with_value(QCS_PKIX_SYNTAX_V2, &SemanticsInformation { identifier, name_registration_authorities })
}

/// ETSI EN 319 412-5 sections 4.2.1 to 4.2.4: QcCompliance stands beside QcCClegislation outside the EU.
fn legal_statements(legal: &LegalStatements) -> Result<Vec<Statement>, EncodingError> {
    let mut statements = vec![Statement { id: QC_COMPLIANCE, value: None }];
    if legal.certified_device {
        statements.push(Statement { id: QC_SSCD, value: None });
    }
    let purpose = match legal.purpose {
        QcPurpose::Signature => QC_TYPE_ESIGN,
        QcPurpose::Seal => QC_TYPE_ESEAL,
    };
    statements.push(with_value(QC_TYPE, &vec![purpose])?);
    let countries = legal.countries.iter().map(PrintableString::new).collect::<Result<Vec<_>, _>>()?;
    statements.push(with_value(QC_CC_LEGISLATION, &countries)?);
    Ok(statements)
}

fn disclosure(locations: &[(String, String)]) -> Result<Statement, EncodingError> {
    let location = |(url, language): &(String, String)| -> Result<_, EncodingError> {
        Ok(PdsLocation { url: Ia5String::new(url)?, language: PrintableString::new(language)? })
    };
    with_value(QC_PDS, &locations.iter().map(location).collect::<Result<Vec<_>, _>>()?)
}

fn with_value<T>(id: ObjectIdentifier, value: &T) -> Result<Statement, EncodingError>
where
    T: der::Tagged + der::EncodeValue,
{
    Ok(Statement { id, value: Some(Any::encode_from(value)?) })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// A person's signature certificate with the legal switch on, as encoded by an independent tool.
    const SAMPLE: &str = "3081a6301506082b06010505070b023009060704008bec4901013008060604008e4601013008060604\
        008e4601043013060604008e4601063009060704008e46010601300e060604008e460107300413024c53305406060400\
        8e460105304a3023161d68747470733a2f2f706b692e676f762e6c732f7064732d656e2e7064661302656e3023161d68\
        747470733a2f2f706b692e676f762e6c732f7064732d73742e70646613027374";

    #[test]
    fn the_statements_are_encoded_as_the_independent_sample() {
        let pds = |language: &str| (format!("https://pki.gov.ls/pds-{language}.pdf"), language.to_owned());
        let statements = QcStatements {
            semantics: Semantics::Natural,
            name_registration_authority: None,
            retention_years: None,
            limit: None,
            disclosure: vec![pds("en"), pds("st")],
            legal: Some(LegalStatements {
                countries: vec!["LS".to_owned()],
                purpose: QcPurpose::Signature,
                certified_device: true,
            }),
        };
        assert_eq!(hex::encode(qc_statements(&statements).unwrap().content()), SAMPLE);
    }
}
