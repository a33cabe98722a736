//! Reports of a validation: in the shape of SiVa's simple report, after ETSI TS 119 102-2, and as a page for people.
//!
//! Source of the first: the interface description of Estonia's signature validation service, version 3. What npki does not know is left out
//! where that is allowed: of the legal level of signatures (`signatureLevel`) a verdict says nothing.

mod constraints;
mod etsi;
mod matter;
mod objects;
mod page;
mod shown;
mod words;

use serde::Serialize;
use time::OffsetDateTime;

pub use self::matter::Judged;
use self::matter::Matter;
pub use self::shown::{NotFilledIn, ShownText};
pub use self::words::Language;
use super::pades::{DocumentStamp, PdfVerdict};
use super::verdict::{SignatureLevel, SignatureVerdict};
use super::verify::SignatureForm;
use super::{asic, stamps::StampedPart};
use crate::timestamp::TimestampVerdict;
use crate::validation::{Answer, Indication, SubIndication};
use crate::xml::signature::identifier;

/// What is said of how it was judged.
const POLICY: &str = "npki";
const POLICY_SAYS: &str = "ETSI EN 319 102-1, with the trust anchors that were given; whether a signature is qualified is not judged.";

/// How a report is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReportForm {
    /// JSON in the shape of SiVa's simple report.
    Simple,
    /// XML after ETSI TS 119 102-2.
    Etsi,
    /// HTML for people.
    Page(Language),
}

impl ReportForm {
    /// The report on what was judged of a file of this name.
    ///
    /// # Errors
    /// It cannot be put into JSON.
    pub fn written(self, filename: &str, judged: Judged<'_>) -> serde_json::Result<Vec<u8>> {
        match self {
            Self::Simple => {
                let report = match judged {
                    Judged::Signature(verdict) | Judged::ByDigest(verdict) => {
                        SimpleReport::of_signature(filename, verdict)
                    }
                    Judged::Pdf(verdict) => SimpleReport::of_pdf(filename, verdict),
                    Judged::Container(verdict) => SimpleReport::of_container(filename, verdict),
                };
                let mut written = serde_json::to_vec_pretty(&report)?;
                written.push(b'\n');
                Ok(written)
            }
            Self::Etsi => Ok(etsi::written(&Matter::of(filename, judged))),
            Self::Page(language) => Ok(page::written(&Matter::of(filename, judged), language)),
        }
    }

    /// What it is, over HTTP.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Simple => "application/json",
            Self::Etsi => "application/xml",
            Self::Page(_) => "text/html; charset=utf-8",
        }
    }
}

/// The report.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct SimpleReport {
    validation_report: ValidationReport,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ValidationReport {
    validation_conclusion: Conclusion,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Conclusion {
    policy: Policy,
    #[serde(with = "time::serde::rfc3339")]
    validation_time: OffsetDateTime,
    validation_level: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    validation_warnings: Vec<Content>,
    validated_document: Document,
    #[serde(skip_serializing_if = "Option::is_none")]
    signature_form: Option<&'static str>,
    signatures_count: usize,
    valid_signatures_count: usize,
    signatures: Vec<Signature>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    time_stamp_tokens: Vec<TimeStamp>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Policy {
    policy_name: &'static str,
    policy_description: &'static str,
}

#[derive(Debug, Serialize)]
struct Document {
    filename: String,
}

#[derive(Debug, Serialize)]
struct Content {
    content: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Signature {
    id: String,
    signature_format: String,
    signature_method: String,
    signed_by: String,
    subject_distinguished_name: Subject,
    indication: Indication,
    #[serde(skip_serializing_if = "Option::is_none")]
    sub_indication: Option<SubIndication>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<Content>,
    signature_scopes: Vec<Scope>,
    #[serde(with = "time::serde::rfc3339::option")]
    claimed_signing_time: Option<OffsetDateTime>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<Content>,
    info: Info,
}

#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Subject {
    #[serde(skip_serializing_if = "Option::is_none")]
    serial_number: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    common_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    given_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    surname: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Info {
    #[serde(with = "time::serde::rfc3339::option")]
    best_signature_time: Option<OffsetDateTime>,
    #[serde(with = "time::serde::rfc3339::option", skip_serializing_if = "Option::is_none")]
    timestamp_creation_time: Option<OffsetDateTime>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    archive_timestamps: Vec<Archive>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Archive {
    #[serde(with = "time::serde::rfc3339::option")]
    signed_time: Option<OffsetDateTime>,
    indication: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    sub_indication: Option<SubIndication>,
    signed_by: String,
}

#[derive(Debug, Serialize)]
struct Scope {
    name: String,
    scope: &'static str,
    content: &'static str,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct TimeStamp {
    indication: Indication,
    #[serde(skip_serializing_if = "Option::is_none")]
    sub_indication: Option<SubIndication>,
    signed_by: String,
    #[serde(with = "time::serde::rfc3339::option")]
    signed_time: Option<OffsetDateTime>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    error: Vec<Content>,
}

impl SimpleReport {
    /// Of a signature over a file of this name.
    fn of_signature(filename: &str, verdict: &SignatureVerdict) -> Self {
        let scope =
            Scope { name: filename.to_owned(), scope: "FullSignatureScope", content: "Full document" };
        let one = signature("S1".to_owned(), verdict, vec![scope]);
        Self::of(filename, verdict.checked_at, None, vec![one], Vec::new(), Vec::new())
    }

    /// Of a signed PDF document.
    fn of_pdf(filename: &str, verdict: &PdfVerdict) -> Self {
        let archives: Vec<&DocumentStamp> = verdict.timestamps.iter().collect();
        let signatures = verdict.signatures.iter().map(|embedded| {
            let (scope, content) = if embedded.covers_all {
                ("FullSignatureScope", "Full document")
            } else {
                ("PartialSignatureScope", "The document as it stood when it was signed")
            };
            let scope = Scope { name: filename.to_owned(), scope, content };
            let mut one = signature(embedded.field.clone(), &embedded.verdict, vec![scope]);
            one.claimed_signing_time = embedded.claimed.or(one.claimed_signing_time);
            one.info.archive_timestamps.extend(archives.iter().map(|stamp| archive(&stamp.verdict)));
            one
        });
        let signatures: Vec<Signature> = signatures.collect();
        // Where nobody signed, the time stamps are what there is.
        let alone = verdict.timestamps.iter().filter(|_| signatures.is_empty());
        let stamps = alone.map(|stamp| time_stamp(&stamp.verdict)).collect();
        Self::of(filename, verdict.checked_at, None, signatures, stamps, Vec::new())
    }

    /// Of a container.
    fn of_container(filename: &str, verdict: &asic::ContainerVerdict) -> Self {
        let form = verdict.container.map(|form| match form {
            asic::ContainerForm::Extended => "ASiC-E",
            asic::ContainerForm::Simple => "ASiC-S",
        });
        let signatures = verdict.signatures.iter().map(|one| {
            let scope = |name: &String| Scope {
                name: name.clone(),
                scope: "FullSignatureScope",
                content: "Digest of the document content",
            };
            let scopes = one.covers.iter().map(scope).collect();
            signature(one.file.clone(), &one.verdict, scopes)
        });
        let signatures: Vec<Signature> = signatures.collect();
        let whole = verdict.uncovered.iter().map(|name| format!("no signature covers {name}"));
        let refused = verdict.reasons.iter().filter(|_| signatures.is_empty()).cloned();
        let warnings = whole.chain(refused).chain(verdict.warnings.iter().cloned());
        let warnings = warnings.map(|content| Content { content }).collect();
        Self::of(filename, verdict.checked_at, form, signatures, Vec::new(), warnings)
    }

    fn of(
        filename: &str,
        validation_time: OffsetDateTime,
        signature_form: Option<&'static str>,
        signatures: Vec<Signature>,
        time_stamp_tokens: Vec<TimeStamp>,
        validation_warnings: Vec<Content>,
    ) -> Self {
        let valid = signatures.iter().filter(|one| one.indication == Indication::TotalPassed).count();
        let conclusion = Conclusion {
            policy: Policy { policy_name: POLICY, policy_description: POLICY_SAYS },
            validation_time,
            validation_level: "ARCHIVAL_DATA",
            validation_warnings,
            validated_document: Document { filename: filename.to_owned() },
            signature_form,
            signatures_count: signatures.len(),
            valid_signatures_count: valid,
            signatures,
            time_stamp_tokens,
        };
        Self { validation_report: ValidationReport { validation_conclusion: conclusion } }
    }
}

fn signature(id: String, verdict: &SignatureVerdict, signature_scopes: Vec<Scope>) -> Signature {
    let subject = verdict.certificate.as_ref().and_then(|certificate| certificate.path.first());
    let subject = subject.map(|element| Subject::read(&element.certificate.subject)).unwrap_or_default();
    let stamped = |part| verdict.timestamps.iter().filter(move |stamp| stamp.over == part);
    let holds = |stamp: &&super::StampVerdict| stamp.verdict.answer == Answer::Valid;
    let moments = stamped(StampedPart::Signature).filter(holds).filter_map(|stamp| at(&stamp.verdict));
    let contents = |reasons: &[String]| reasons.iter().cloned().map(|content| Content { content }).collect();
    let fallen = verdict.timestamps.iter().flat_map(|stamp| stamp.verdict.reasons.iter().cloned());
    let warnings: Vec<String> = fallen.chain(verdict.countersignatures.iter().map(countersigned)).collect();
    Signature {
        id,
        signature_format: format(verdict.form, verdict.level),
        signature_method: verdict.algorithm.as_deref().map(method).unwrap_or_default(),
        signed_by: subject.signed_by(),
        subject_distinguished_name: subject,
        indication: verdict.indication,
        sub_indication: verdict.sub_indication,
        errors: contents(&verdict.reasons),
        signature_scopes,
        claimed_signing_time: verdict.claimed_signing_time,
        warnings: contents(&warnings),
        info: Info {
            best_signature_time: verdict.proven_time,
            timestamp_creation_time: moments.min(),
            archive_timestamps: stamped(StampedPart::Archive).map(|stamp| archive(&stamp.verdict)).collect(),
        },
    }
}

/// Who signed a signature in turn, and whether that holds. It decides nothing about the signature.
fn countersigned(verdict: &SignatureVerdict) -> String {
    let signer = verdict.certificate.as_ref().and_then(|certificate| certificate.path.first());
    let signer = signer.map_or("somebody", |signer| signer.certificate.subject.as_str());
    let said = match verdict.answer {
        Answer::Valid => "which holds".to_owned(),
        _ => format!("which does not count: {}", verdict.reasons.join("; ")),
    };
    format!("it has a counter-signature of {signer}, {said}")
}

/// The format with its profile, as `CAdES_BASELINE_LT`.
fn format(form: Option<SignatureForm>, level: Option<SignatureLevel>) -> String {
    let standard = match form.map(|form| (form, form.standard())) {
        Some((_, Some(standard))) => standard,
        Some((SignatureForm::Xades, None)) => return "XML-NOT-ETSI".to_owned(),
        Some((SignatureForm::Jws, None)) => return "JSON-NOT-ETSI".to_owned(),
        Some((_, None)) => return "CMS-NOT-ETSI".to_owned(),
        None => return "UNKNOWN".to_owned(),
    };
    let level = match level {
        Some(SignatureLevel::T) => "T",
        Some(SignatureLevel::Lt) => "LT",
        Some(SignatureLevel::Lta) => "LTA",
        _ => "B",
    };
    format!("{standard}_BASELINE_{level}")
}

/// The address that XML signatures have for it; that of no other, its own name.
fn method(algorithm: &str) -> String {
    let known = algorithm.parse().ok().and_then(identifier);
    known.map_or_else(|| algorithm.to_owned(), str::to_owned)
}

fn at(verdict: &TimestampVerdict) -> Option<OffsetDateTime> {
    verdict.statement.as_ref().map(|statement| statement.at)
}

fn unit(verdict: &TimestampVerdict) -> String {
    let unit = verdict.certificate.as_ref().and_then(|certificate| certificate.path.first());
    unit.map(|element| Subject::read(&element.certificate.subject).signed_by()).unwrap_or_default()
}

fn archive(verdict: &TimestampVerdict) -> Archive {
    Archive {
        signed_time: at(verdict),
        indication: if verdict.answer == Answer::Valid { "PASSED" } else { "FAILED" },
        sub_indication: verdict.sub_indication,
        signed_by: unit(verdict),
    }
}

fn time_stamp(verdict: &TimestampVerdict) -> TimeStamp {
    TimeStamp {
        indication: verdict.indication,
        sub_indication: verdict.sub_indication,
        signed_by: unit(verdict),
        signed_time: at(verdict),
        error: verdict.reasons.iter().cloned().map(|content| Content { content }).collect(),
    }
}

impl Subject {
    /// Reads a name that `ca_core::name::text` wrote (RFC 4514 section 3).
    fn read(name: &str) -> Self {
        let mut subject = Self::default();
        for (kind, value) in attributes(name) {
            let place = match kind.as_str() {
                "serialNumber" => &mut subject.serial_number,
                "CN" => &mut subject.common_name,
                "givenName" => &mut subject.given_name,
                "surname" => &mut subject.surname,
                _ => continue,
            };
            place.get_or_insert(value);
        }
        subject
    }

    /// "surname, givenName, serialNumber" where all are there, else the common name.
    fn signed_by(&self) -> String {
        match (&self.surname, &self.given_name, &self.serial_number) {
            (Some(surname), Some(given), Some(serial)) => format!("{surname}, {given}, {serial}"),
            _ => self.common_name.clone().unwrap_or_default(),
        }
    }
}

/// The name of whom a certificate is for, for reading: given name and surname, else the common name, else the organisation's. `subject` is
/// as `ca_core::name::text` writes it.
fn called(subject: &str) -> Option<String> {
    let all = attributes(subject);
    let one = |kind: &str| all.iter().find_map(|(found, value)| (found == kind).then(|| value.clone()));
    let name = one("givenName").zip(one("surname")).map(|(given, surname)| format!("{given} {surname}"));
    name.or_else(|| one("CN")).or_else(|| one("O"))
}

/// The attributes of a name, with what was escaped as it was.
fn attributes(name: &str) -> Vec<(String, String)> {
    parts_of(name).into_iter().filter_map(|(kind, value)| Some((kind?, value))).collect()
}

/// The parts of a name as text (RFC 4514), with what was escaped as it was; `None` where one has no `=`.
pub(super) fn parts_of(name: &str) -> Vec<(Option<String>, String)> {
    let mut found = Vec::new();
    let (mut kind, mut octets, mut letters) = (None, Vec::new(), name.bytes().peekable());
    loop {
        let letter = letters.next();
        match letter {
            Some(b'\\') => {
                let first = letters.next().unwrap_or(b'\\');
                let pair = letters.peek().and_then(|second| {
                    let (high, low) = (char::from(first).to_digit(16)?, char::from(*second).to_digit(16)?);
                    u8::try_from(high * 16 + low).ok()
                });
                octets.push(pair.unwrap_or(first));
                if pair.is_some() {
                    let _ = letters.next();
                }
            }
            Some(b'=') if kind.is_none() => kind = Some(text(&mut octets)),
            None | Some(b',' | b'+') => {
                found.push((kind.take(), text(&mut octets)));
            }
            Some(other) => octets.push(other),
        }
        if letter.is_none() {
            return found;
        }
    }
}

fn text(octets: &mut Vec<u8>) -> String {
    String::from_utf8_lossy(&std::mem::take(octets)).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_they_were_written() {
        let read = Subject::read(
            "serialNumber=PNOLS-012345678901,givenName=Thabo,surname=Mokoena,CN=MOKOENA\\,THABO\\+\\C3\\A9,C=LS",
        );
        assert_eq!(read.signed_by(), "Mokoena, Thabo, PNOLS-012345678901");
        assert_eq!(read.common_name.as_deref(), Some("MOKOENA,THABO+\u{e9}"));
        assert_eq!(Subject::read("O=Ministry,CN=Seal\\=1+OU=x").signed_by(), "Seal=1");
        assert_eq!(Subject::read("#3000").signed_by(), "");
        assert_eq!(Subject::read("CN=a\\").signed_by(), "a\\");
    }
}
