//! What was added to a signature after it was made: its unsigned properties (EN 319 132-1 sections 5.3 to 5.5).

use roxmltree::Node;

use super::error::XadesError;
use crate::signature::material::{MAX_CARRIED, Material};
use crate::signature::stamps::StampedPart;
use crate::signature::unsigned::MAX_TIMESTAMPS;
use crate::validation::certificate::Certificate;
use crate::xml::signature::{DS, NotRead, XADES, base64_in, canonicalization, maybe};
use crate::xml::{Canonicalization, elements};

/// The namespace of what XAdES 1.4.1 added.
const XADES_141: &str = "http://uri.etsi.org/01903/v1.4.1#";
/// DER, where an encoding is named (section 5.1.3); it is what is meant where none is.
const DER: &str = "http://uri.etsi.org/01903/v1.2.2#DER";

/// The properties, in their order.
#[derive(Debug)]
pub(super) struct Unsigned<'d, 'input>(Vec<Node<'d, 'input>>);

/// A time stamp among them.
#[derive(Debug)]
pub(super) struct Stamp {
    /// Which property it stands in.
    pub(super) place: usize,
    pub(super) over: StampedPart,
    /// The token, DER, and the canonical form of what it is over; why it is not looked at.
    pub(super) read: Result<(Vec<u8>, Canonicalization), String>,
}

impl<'d, 'input> Unsigned<'d, 'input> {
    /// Those of a signature that says this of itself.
    pub(super) fn of(qualifying: Node<'d, 'input>) -> Result<Self, XadesError> {
        let Some(unsigned) = maybe(qualifying, XADES, "UnsignedProperties")? else {
            return Ok(Self(Vec::new()));
        };
        let listed = maybe(unsigned, XADES, "UnsignedSignatureProperties")?;
        Ok(Self(listed.into_iter().flat_map(elements).collect()))
    }

    /// The signatures over the value of this one that stand in it (section 5.2.7.2).
    pub(super) fn counter_signatures(&self) -> impl Iterator<Item = Node<'d, 'input>> {
        let counters =
            self.0.iter().copied().filter(|property| property.has_tag_name((XADES, "CounterSignature")));
        counters.flat_map(elements).filter(|part| part.has_tag_name((DS, "Signature")))
    }

    /// The properties before one.
    pub(super) fn before(&self, place: usize) -> impl Iterator<Item = Node<'d, 'input>> {
        self.0.iter().take(place).copied()
    }

    /// The time stamps over the signature value (section 5.3), and those over all that stands before them (section 5.5.2). Of too many,
    /// those that were made first count of the former, and the last of the latter.
    pub(super) fn stamps(&self) -> Vec<Stamp> {
        let (mut last, mut first): (Vec<_>, Vec<_>) = self
            .0
            .iter()
            .enumerate()
            .flat_map(|(place, property)| stamps_in(place, *property))
            .partition(|stamp| stamp.over == StampedPart::Archive);
        first.truncate(MAX_TIMESTAMPS);
        let superseded = last.len().saturating_sub(MAX_TIMESTAMPS);
        first.extend(last.drain(superseded..));
        first
    }

    /// What it can be judged by (sections 5.4 and 5.5.1): nothing of it is trusted, and what cannot be read is passed over.
    pub(super) fn material(&self) -> Material {
        let mut material = Material::default();
        for property in &self.0 {
            let kept = match property.tag_name().name() {
                "TimeStampValidationData" | "AnyValidationData" => elements(*property).collect(),
                _ => vec![*property],
            };
            kept.into_iter().for_each(|values| take(values, &mut material));
        }
        material.certificates.truncate(MAX_CARRIED);
        material.evidence.crls.truncate(MAX_CARRIED);
        material.evidence.ocsp_responses.truncate(MAX_CARRIED);
        material
    }
}

/// The time stamps in a property: every one of several is over the same.
fn stamps_in(place: usize, property: Node<'_, '_>) -> Vec<Stamp> {
    let over = match property.tag_name().name() {
        "SignatureTimeStamp" if property.has_tag_name((XADES, "SignatureTimeStamp")) => {
            StampedPart::Signature
        }
        "ArchiveTimeStamp" => StampedPart::Archive,
        _ => return Vec::new(),
    };
    let refused = |why: &str| vec![Stamp { place, over, read: Err(why.to_owned()) }];
    if over == StampedPart::Archive && !property.has_tag_name((XADES_141, "ArchiveTimeStamp")) {
        return refused("an archive time stamp of XAdES before version 1.4.1, which is not judged here");
    }
    let method = match maybe(property, DS, "CanonicalizationMethod").and_then(canonicalization) {
        Ok(form) => form,
        Err(NotRead::Unsupported(what)) => {
            return refused(&format!("the time stamp uses {what}, which is not done here"));
        }
        Err(_) => return refused("the time stamp does not say how what it is over is written"),
    };
    let mut stamps = Vec::new();
    for part in elements(property) {
        let read = match part.tag_name().name() {
            "CanonicalizationMethod" => continue,
            "EncapsulatedTimeStamp" => encapsulated(part).ok_or("the time-stamp token cannot be read"),
            "Include" | "ReferenceInfo" => {
                return refused("the time stamp names itself what it is over, which is not judged here");
            }
            _ => Err("a time stamp of another kind (XML), which is not judged here"),
        };
        let read = read.map(|token| (token, method.clone())).map_err(str::to_owned);
        stamps.push(Stamp { place, over, read });
        if stamps.len() > MAX_TIMESTAMPS {
            break;
        }
    }
    stamps
}

fn take(values: Node<'_, '_>, material: &mut Material) {
    match values.tag_name().name() {
        "CertificateValues" | "AttrAuthoritiesCertValues" => {
            let all = elements(values).filter(|one| one.has_tag_name((XADES, "EncapsulatedX509Certificate")));
            let read = all.filter_map(|one| Certificate::from_der(&encapsulated(one)?).ok());
            material.certificates.extend(read.take(MAX_CARRIED));
        }
        "RevocationValues" | "AttributeRevocationValues" => {
            for one in elements(values).flat_map(elements) {
                let found = match one.tag_name().name() {
                    "EncapsulatedCRLValue" => &mut material.evidence.crls,
                    "EncapsulatedOCSPValue" => &mut material.evidence.ocsp_responses,
                    _ => continue,
                };
                if found.len() < MAX_CARRIED {
                    found.extend(encapsulated(one));
                }
            }
        }
        _ => {}
    }
}

/// The octets of something DER (section 5.1.3); `None` where they are encoded in another way, or cannot be read.
fn encapsulated(node: Node<'_, '_>) -> Option<Vec<u8>> {
    let is_der = node.attribute("Encoding").is_none_or(|encoding| encoding == DER);
    is_der.then(|| base64_in(node).ok()).flatten()
}
