//! A report of a validation after ETSI TS 119 102-2, in the namespace of its version 1.2.1, which programs read. Elements stand in the
//! order of its schema.
//!
//! What a validation rests on is named by its digest. Whether a signature is qualified is not judged, so nothing is said of its quality.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ca_core::algorithm::{DigestAlgorithm, SignatureAlgorithm};
use ca_core::status::RevocationReason;
use time::format_description::well_known::Rfc3339;
use time::{OffsetDateTime, UtcOffset};

use super::constraints::{Ended, applied};
use super::matter::{Covers, Given, Matter, Signed};
use super::objects::{self, Object, Objects};
use super::{POLICY, POLICY_SAYS};
use crate::signature::{ContentDigest, SignaturePolicy, StampedPart};
use crate::timestamp::TimestampVerdict;
use crate::validation::status::CertificateStatus;
use crate::validation::{Indication, PathElement, SubIndication, Verdict};
use crate::xml::XmlWriter;
use crate::xml::signature::{digest_identifier, identifier};

const NAMESPACES: [(&str, &str); 6] = [
    ("xmlns", "http://uri.etsi.org/19102/v1.2.1#"),
    ("xmlns:ds", "http://www.w3.org/2000/09/xmldsig#"),
    ("xmlns:xades", "http://uri.etsi.org/01903/v1.3.2#"),
    ("xmlns:tsl", "http://uri.etsi.org/02231/v2#"),
    ("xmlns:xs", "http://www.w3.org/2001/XMLSchema"),
    ("xmlns:xsi", "http://www.w3.org/2001/XMLSchema-instance"),
];
/// EN 319 102-1 clause 5.6: time stamps and what is kept are taken into account.
const PROCESS: &str = "urn:etsi:019102:validationprocess:LTA";

/// The report.
pub(super) fn written(matter: &Matter<'_>) -> Vec<u8> {
    let objects = Objects::of(matter);
    let mut writer = XmlWriter::default();
    writer.element("ValidationReport", &NAMESPACES, |writer| {
        if matter.signatures.is_empty() {
            unsigned(writer, matter);
        }
        for (number, signed) in (1..).zip(&matter.signatures) {
            signature(writer, &format!("S-{number}"), signed, matter);
        }
        if !objects.is_empty() {
            writer.element("SignatureValidationObjects", &[], |writer| {
                objects.iter().for_each(|(id, one)| object(writer, id, one, matter));
            });
        }
        validator(writer);
    });
    format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{}\n", writer.finish()).into_bytes()
}

/// Where nobody signed, or what was signed cannot be told: the answer about the file.
fn unsigned(writer: &mut XmlWriter, matter: &Matter<'_>) {
    writer.element("SignatureValidationReport", &[], |writer| {
        times(writer, matter.checked_at, None, None);
        process(writer);
        writer.element("SignatureValidationStatus", &[], |writer| {
            indications(writer, of_signature(matter.indication), matter.sub_indication);
            writer.element("AssociatedValidationReportData", &[], |writer| {
                said(writer, matter, None, matter.reasons);
            });
        });
    });
}

fn signature(writer: &mut XmlWriter, id: &str, signed: &Signed<'_>, matter: &Matter<'_>) {
    let verdict = signed.verdict;
    writer.element("SignatureValidationReport", &[], |writer| {
        identified(writer, id, signed, matter.given);
        constraints(writer, signed);
        let proof = signed.proof().and_then(|stamp| objects::of_stamp(&stamp.verdict));
        times(writer, matter.checked_at, verdict.proven_time, proof.as_deref());
        if let Some(marks) = &verdict.marks {
            writer.element("SignersDocument", &[], |writer| digest(writer, &marks.content));
        }
        attributes(writer, signed, matter);
        signer(writer, verdict.certificate.as_ref());
        process(writer);
        writer.element("SignatureValidationStatus", &[], |writer| {
            indications(writer, of_signature(verdict.indication), verdict.sub_indication);
            writer.element("AssociatedValidationReportData", &[], |writer| {
                path(writer, verdict.certificate.as_ref());
                if let Some(algorithm) = &verdict.algorithm {
                    cryptography(writer, id, algorithm);
                }
                said(writer, matter, Some(signed), &verdict.reasons);
            });
        });
    });
}

/// Clause 4.3.3. The signature itself is always looked at, of the document sometimes a digest alone.
fn identified(writer: &mut XmlWriter, id: &str, signed: &Signed<'_>, given: Given) {
    writer.element("SignatureIdentifier", &[("id", id)], |writer| {
        if let Some(marks) = &signed.verdict.marks {
            digest(writer, &marks.signed);
            writer.text("ds:SignatureValue", &[], &STANDARD.encode(&marks.value));
        }
        writer.text("HashOnly", &[], "false");
        writer.text("DocHashOnly", &[], if given == Given::Digest { "true" } else { "false" });
        if let Some(name) = signed.name {
            writer.text("DAIdentifier", &[], name);
        }
    });
}

/// Clause 4.3.5.
fn constraints(writer: &mut XmlWriter, signed: &Signed<'_>) {
    writer.element("ValidationConstraintsEvaluationReport", &[], |writer| {
        writer.element("SignatureValidationPolicy", &[], |writer| {
            writer.element("SignaturePolicyIdentifier", &[], |writer| {
                writer.element("xades:SignaturePolicyImplied", &[], |_| {});
            });
            writer.text("PolicyName", &[], &format!("{POLICY}: {POLICY_SAYS}"));
        });
        for (constraint, ended) in applied(signed.verdict) {
            writer.element("ValidationConstraint", &[], |writer| {
                writer.text("ValidationConstraintIdentifier", &[], constraint.address());
                writer.element("ConstraintStatus", &[], |writer| {
                    writer.text("Status", &[], "urn:etsi:019102:constraintStatus:applied");
                });
                writer.element("ValidationStatus", &[], |writer| match ended {
                    Ended::Passed => indications(writer, PASSED, None),
                    Ended::Failed => indications(writer, FAILED, signed.verdict.sub_indication),
                    Ended::Open => indications(writer, INDETERMINATE, signed.verdict.sub_indication),
                });
            });
        }
    });
}

/// Clause 4.3.6: without a proof the best time is that of the validation.
fn times(
    writer: &mut XmlWriter,
    checked_at: OffsetDateTime,
    proven: Option<OffsetDateTime>,
    by: Option<&str>,
) {
    writer.element("ValidationTimeInfo", &[], |writer| {
        writer.text("ValidationTime", &[], &moment(checked_at));
        writer.element("BestSignatureTime", &[], |writer| {
            existed(writer, proven.unwrap_or(checked_at), by.filter(|_| proven.is_some()));
        });
    });
}

/// A proof of existence (clause 4.4.6) that this validation has found.
fn existed(writer: &mut XmlWriter, at: OffsetDateTime, by: Option<&str>) {
    writer.text("POETime", &[], &moment(at));
    writer.text("TypeOfProof", &[], "urn:etsi:019102:poetype:validation");
    if let Some(by) = by {
        reference(writer, "POEObject", by);
    }
}

/// Annex A.
fn attributes(writer: &mut XmlWriter, signed: &Signed<'_>, matter: &Matter<'_>) {
    let stated = signed.verdict.marks.as_ref().and_then(|marks| marks.stated.as_ref());
    let own = signed.verdict.timestamps.iter().map(|stamp| {
        let name = match stamp.over {
            StampedPart::Signature => "SignatureTimeStamp",
            StampedPart::Archive => "ArchiveTimeStamp",
        };
        (name, &stamp.verdict)
    });
    let over = matter.stamps.iter().map(|stamp| ("DocTimeStamp", &stamp.verdict));
    let stamps: Vec<_> = own.chain(over).filter_map(|(name, stamp)| Some((name, placed(stamp)?))).collect();
    let policy = match &signed.verdict.policy {
        Some(SignaturePolicy::Explicit { identifier, .. }) => Some(policy_address(identifier)),
        Some(SignaturePolicy::Implied) | None => None,
    };
    if signed.claimed.is_none() && policy.is_none() && stated.is_none() && stamps.is_empty() {
        return;
    }
    writer.element("SignatureAttributes", &[], |writer| {
        if let Some(claimed) = signed.claimed {
            writer.element("SigningTime", &[("Signed", "true")], |writer| {
                writer.text("Time", &[], &moment(claimed));
            });
        }
        if let Some(policy) = policy {
            writer.element("SigPolicyIdentifier", &[("Signed", "true")], |writer| {
                writer.text("SigPolicyId", &[], &policy);
            });
        }
        if let Some(stated) = stated {
            writer.element("MessageDigest", &[("Signed", "true")], |writer| {
                writer.text("Digest", &[], &STANDARD.encode(stated));
            });
        }
        for (name, (id, at)) in stamps {
            writer.element(name, &[("Signed", "false")], |writer| {
                reference(writer, "AttributeObject", &id);
                writer.text("TimeStampValue", &[], &moment(at));
            });
        }
    });
}

/// As an address (RFC 3061).
fn policy_address(identifier: &str) -> String {
    let is_dotted = identifier.bytes().all(|octet| octet.is_ascii_digit() || octet == b'.');
    if is_dotted { format!("urn:oid:{identifier}") } else { identifier.to_owned() }
}

fn placed(stamp: &TimestampVerdict) -> Option<(String, OffsetDateTime)> {
    Some((objects::of_stamp(stamp)?, stamp.statement.as_ref()?.at))
}

/// Clause 4.3.9.
fn signer(writer: &mut XmlWriter, certificate: Option<&Verdict>) {
    let Some(signer) = certificate.and_then(|certificate| certificate.path.first()) else { return };
    writer.element("SignerInformation", &[], |writer| {
        reference(writer, "SignerCertificate", &objects::of_certificate(&signer.certificate));
        writer.text("Signer", &[], &signer.certificate.subject);
    });
}

fn process(writer: &mut XmlWriter) {
    writer.element("SignatureValidationProcess", &[], |writer| {
        writer.text("SignatureValidationProcessID", &[], PROCESS);
    });
}

const PASSED: &str = "urn:etsi:019102:mainindication:passed";
const FAILED: &str = "urn:etsi:019102:mainindication:failed";
const INDETERMINATE: &str = "urn:etsi:019102:mainindication:indeterminate";

/// Clause 4.3.4.3, of a signature.
const fn of_signature(indication: Indication) -> &'static str {
    match indication {
        Indication::TotalPassed => "urn:etsi:019102:mainindication:total-passed",
        Indication::TotalFailed => "urn:etsi:019102:mainindication:total-failed",
        Indication::Indeterminate => INDETERMINATE,
    }
}

/// The same of a part.
const fn of_part(indication: Indication) -> &'static str {
    match indication {
        Indication::TotalPassed => PASSED,
        Indication::TotalFailed => FAILED,
        Indication::Indeterminate => INDETERMINATE,
    }
}

fn indications(writer: &mut XmlWriter, main: &str, sub: Option<SubIndication>) {
    writer.text("MainIndication", &[], main);
    if let Some(sub) = sub.and_then(|sub| serde_json::to_value(sub).ok()) {
        let name = sub.as_str().unwrap_or_default();
        writer.text("SubIndication", &[], &format!("urn:etsi:019102:subindication:{name}"));
    }
}

/// Clauses 4.3.12.2, 4.3.12.3 and 4.3.12.6: the path, and the revocation in it that decided.
fn path(writer: &mut XmlWriter, verdict: Option<&Verdict>) {
    let Some((first, above)) = verdict.and_then(|verdict| verdict.path.split_first()) else { return };
    let is_anchor = |element: &&PathElement| {
        element.status.as_ref().is_some_and(|report| report.status == CertificateStatus::TrustAnchor)
    };
    let id = |element: &PathElement| objects::of_certificate(&element.certificate);
    let anchor = above.last().or(Some(first)).filter(is_anchor).map(id);
    if let Some(anchor) = &anchor {
        reference(writer, "TrustAnchor", anchor);
    }
    writer.element("CertificateChain", &[], |writer| {
        reference(writer, "SigningCertificate", &id(first));
        for between in above.iter().filter(|element| !is_anchor(element)) {
            reference(writer, "IntermediateCertificate", &id(between));
        }
        if let Some(anchor) = &anchor {
            reference(writer, "TrustAnchor", anchor);
        }
    });
    std::iter::once(first).chain(above).for_each(|element| revocation(writer, element));
}

fn revocation(writer: &mut XmlWriter, element: &PathElement) {
    let Some(report) = &element.status else { return };
    let CertificateStatus::Revoked { at, reason } = &report.status else { return };
    writer.element("RevocationStatusInformation", &[], |writer| {
        reference(writer, "ValidationObjectId", &objects::of_certificate(&element.certificate));
        writer.text("RevocationTime", &[], &moment(*at));
        if let Some(reason) = reason {
            writer.text("RevocationReason", &[], why(*reason));
        }
        let telling = report.evidence.iter().find(|evidence| Some(evidence.source) == report.source);
        if let Some(telling) = telling.and_then(objects::of_evidence) {
            reference(writer, "RevocationObject", &telling);
        }
    });
}

/// Clause 4.3.12.6.2.
const fn why(reason: RevocationReason) -> &'static str {
    match reason {
        RevocationReason::KeyCompromise => "urn:etsi:019102:revocationReason:keyCompromise",
        RevocationReason::CaCompromise => "urn:etsi:019102:revocationReason:cACompromise",
        RevocationReason::AffiliationChanged => "urn:etsi:019102:revocationReason:affiliationChanged",
        RevocationReason::Superseded => "urn:etsi:019102:revocationReason:superseded",
        RevocationReason::CessationOfOperation => "urn:etsi:019102:revocationReason:cessationOfOperation",
        RevocationReason::CertificateHold => "urn:etsi:019102:revocationReason:certificateHold",
        RevocationReason::PrivilegeWithdrawn => "urn:etsi:019102:revocationReason:privilegeWithdrawn",
    }
}

/// Clause 4.3.12.7. What is not accepted is not verified, and so not spoken of here.
fn cryptography(writer: &mut XmlWriter, id: &str, algorithm: &str) {
    writer.element("CryptoInformation", &[], |writer| {
        reference(writer, "ValidationObjectId", id);
        writer.text("Algorithm", &[], &address(algorithm));
        writer.text("SecureAlgorithm", &[], "true");
    });
}

/// The address that XML signatures have for it (RFC 9231); of what has none, its object identifier (RFC 9881 section 2).
fn address(algorithm: &str) -> String {
    match algorithm.parse::<SignatureAlgorithm>() {
        Ok(SignatureAlgorithm::Ed25519) => "http://www.w3.org/2021/04/xmldsig-more#eddsa-ed25519".to_owned(),
        Ok(SignatureAlgorithm::MlDsa44) => "urn:oid:2.16.840.1.101.3.4.3.17".to_owned(),
        Ok(SignatureAlgorithm::MlDsa65) => "urn:oid:2.16.840.1.101.3.4.3.18".to_owned(),
        Ok(SignatureAlgorithm::MlDsa87) => "urn:oid:2.16.840.1.101.3.4.3.19".to_owned(),
        Ok(known) => identifier(known).map_or_else(|| algorithm.to_owned(), str::to_owned),
        Err(_) => algorithm.to_owned(),
    }
}

/// What there is no element for: the file, what of it the signature is over, and the reasons in words.
fn said(writer: &mut XmlWriter, matter: &Matter<'_>, signed: Option<&Signed<'_>>, reasons: &[String]) {
    let one = |writer: &mut XmlWriter, kind: &str, text: &str| {
        writer.element("ReportData", &[], |writer| {
            writer.text("Type", &[], &format!("urn:x-npki:report:{kind}"));
            writer.text("Value", &[("xsi:type", "xs:string")], text);
        });
    };
    writer.element("AdditionalValidationReportData", &[], |writer| {
        one(writer, "file", matter.file);
        match signed.map(|signed| signed.covers) {
            Some(Covers::Revision) => one(writer, "covers", "the document as it stood when it was signed"),
            Some(Covers::Files { covered, left_out }) => {
                covered.iter().for_each(|name| one(writer, "covers", name));
                left_out.iter().for_each(|name| one(writer, "leaves-out", name));
            }
            _ => {}
        }
        if let Some(said) = signed.and_then(|signed| signed.restrictions) {
            one(writer, "afterwards", &said.to_string());
        }
        reasons.iter().for_each(|reason| one(writer, "reason", reason));
        let counters = signed.iter().flat_map(|signed| &signed.verdict.countersignatures);
        counters.for_each(|counter| one(writer, "counter-signature", &super::countersigned(counter)));
        matter.warnings.iter().for_each(|warning| one(writer, "warning", warning));
    });
}

/// Clause 4.4.
fn object(writer: &mut XmlWriter, id: &str, object: &Object<'_>, matter: &Matter<'_>) {
    writer.element("ValidationObject", &[("id", id)], |writer| {
        writer.text("ObjectType", &[], object.kind.address());
        writer.element("ValidationObjectRepresentation", &[], |writer| {
            let octets = hex::decode(object.sha256).unwrap_or_default();
            digest_value(writer, DigestAlgorithm::Sha256, &octets);
        });
        let known = object.stamp.map_or(matter.checked_at, |stamp| stamp.checked_at);
        writer.element("POE", &[], |writer| existed(writer, known, None));
        if let Some(verdict) = object.stamp {
            writer.element("ValidationReport", &[], |writer| stamp(writer, verdict));
        }
    });
}

fn stamp(writer: &mut XmlWriter, verdict: &TimestampVerdict) {
    times(writer, verdict.checked_at, None, None);
    signer(writer, verdict.certificate.as_ref());
    writer.element("SignatureValidationStatus", &[], |writer| {
        indications(writer, of_part(verdict.indication), verdict.sub_indication);
        writer.element("AssociatedValidationReportData", &[], |writer| {
            path(writer, verdict.certificate.as_ref());
        });
    });
}

/// Clause 4.5: who validated, by the name of the program alone: the report is not signed.
fn validator(writer: &mut XmlWriter) {
    writer.element("SignatureValidator", &[], |writer| {
        writer.element("DigitalId", &[], |writer| {
            writer.text("tsl:Other", &[], &format!("npki {}", env!("CARGO_PKG_VERSION")));
        });
    });
}

fn reference(writer: &mut XmlWriter, name: &str, to: &str) {
    writer.element(name, &[("VOReference", to)], |_| {});
}

fn digest(writer: &mut XmlWriter, digest: &ContentDigest) {
    digest_value(writer, digest.algorithm(), digest.octets());
}

fn digest_value(writer: &mut XmlWriter, algorithm: DigestAlgorithm, octets: &[u8]) {
    writer.element("DigestAlgAndValue", &[], |writer| {
        writer.element("ds:DigestMethod", &[("Algorithm", digest_identifier(algorithm))], |_| {});
        writer.text("ds:DigestValue", &[], &STANDARD.encode(octets));
    });
}

/// An xs:dateTime, UTC.
fn moment(at: OffsetDateTime) -> String {
    at.to_offset(UtcOffset::UTC).format(&Rfc3339).unwrap_or_default()
}
