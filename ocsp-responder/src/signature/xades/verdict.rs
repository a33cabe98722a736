//! The whole answer about a XAdES signature, less the files that it is over: those are whoever's who has them.

use std::collections::HashMap;

use ca_core::algorithm::{DigestAlgorithm, SignatureAlgorithm};
use roxmltree::Node;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::error::XadesError;
use super::references::{self, COUNTERSIGNED, Part, Reference};
use super::signer;
use super::stamped::Opened;
use super::unsigned::Unsigned;
use crate::signature::content::ContentDigest;
use crate::signature::counter;
use crate::signature::error::SignatureError;
use crate::signature::marks::SignatureMarks;
use crate::signature::material::Material;
use crate::signature::policy::SignaturePolicy;
use crate::signature::stamps::{self, InOrder};
use crate::signature::verdict::{Attested, Kept, SignatureVerdict, judge_signer};
use crate::signature::verify::SignatureForm;
use crate::validation::algorithm;
use crate::validation::certificate::Certificate;
use crate::validation::{Answer, Basis};
use crate::xml::signature::{
    DS, Stated, XADES, base64_in, child, from_xml, maybe, methods, properties, qualifying,
};
use crate::xml::{Canonicalization, canonical, elements, text};

/// The policy of signatures that an OCSP response marks with a time (Estonia's BDOC 2.1, profile TM).
const TIME_MARK: &str = "1.3.6.1.4.1.10015.1000.3.2.1";

/// A signature as read: what it says of itself is what was signed, nothing else is verified yet.
#[derive(Debug)]
pub(in crate::signature) struct XadesSignature<'d, 'input> {
    pub(super) signature: Node<'d, 'input>,
    pub(super) signed_info: Node<'d, 'input>,
    pub(super) value_node: Node<'d, 'input>,
    pub(super) key_info: Node<'d, 'input>,
    pub(super) references: Vec<Reference<'d, 'input>>,
    pub(super) unsigned: Unsigned<'d, 'input>,
    form: Canonicalization,
    algorithm: SignatureAlgorithm,
    value: Vec<u8>,
    signer: Certificate,
    /// All certificates that it carries for its key, the signer's included. Not trusted.
    carried: Vec<Certificate>,
    claimed: Option<OffsetDateTime>,
    /// The media types that it states, by the identifiers of its references.
    media_types: HashMap<&'d str, String>,
    policy: Option<SignaturePolicy>,
    /// The signatures over this one's value that stand elsewhere in the file.
    countered_by: Vec<Node<'d, 'input>>,
    has_time_mark: bool,
}

impl<'d, 'input> XadesSignature<'d, 'input> {
    /// Reads one that stands in a file of signatures.
    ///
    /// # Errors
    /// Each way in which it is none that npki verifies.
    pub(in crate::signature) fn read(signature: Node<'d, 'input>) -> Result<Self, XadesError> {
        Self::read_over(signature, None)
    }

    /// Reads one that is over this value of another one.
    fn read_over(
        signature: Node<'d, 'input>,
        countered: Option<Node<'d, 'input>>,
    ) -> Result<Self, XadesError> {
        let parts: Vec<_> = elements(signature).collect();
        let names = ["SignedInfo", "SignatureValue", "KeyInfo", "Object"];
        // XMLDSIG section 4.2: in this order; XAdES needs all of them, and may have further objects.
        let in_order = parts.iter().enumerate().all(|(place, part)| {
            names.get(place.min(names.len() - 1)).is_some_and(|name| part.has_tag_name((DS, *name)))
        });
        let [signed_info, value_node, key_info, ..] = *parts.as_slice() else {
            return Err(XadesError::Form("a part of it is missing"));
        };
        if !in_order {
            return Err(XadesError::Form("its parts are not in order"));
        }
        let (qualifying, properties) = (qualifying(signature)?, properties(signature)?);
        let (form, algorithm) = methods(signed_info)?;
        let carried = signer::carried(key_info)?;
        let signer = signer::named(properties, &carried)?;
        let references = references::read(signed_info, properties, key_info, countered)?;
        let signed = child(properties, XADES, "SignedSignatureProperties")?;
        Ok(Self {
            media_types: media_types(properties, &references)?,
            policy: SignaturePolicy::in_xml(signed)?,
            countered_by: Vec::new(),
            value: base64_in(value_node)?,
            claimed: claimed(signed)?,
            has_time_mark: has_time_mark(signed),
            unsigned: Unsigned::of(qualifying)?,
            signature,
            signed_info,
            value_node,
            key_info,
            references,
            form,
            algorithm,
            signer,
            carried,
        })
    }

    /// Knows the signatures of its file that are over its value, wherever they stand.
    pub(in crate::signature) fn countered_among(mut self, counters: &[Node<'d, 'input>]) -> Self {
        let id = self.value_node.attribute("Id");
        let own = counters.iter().copied().filter(|counter| id.is_some() && counters_what(*counter) == id);
        self.countered_by.extend(own);
        self
    }

    /// The certificate that it names as its signer's.
    pub(super) const fn signer(&self) -> &Certificate {
        &self.signer
    }

    /// All certificates that it carries for its key.
    pub(super) fn carried(&self) -> &[Certificate] {
        &self.carried
    }

    pub(super) const fn algorithm(&self) -> SignatureAlgorithm {
        self.algorithm
    }

    /// When its signer claims to have signed.
    pub(super) const fn claimed(&self) -> Option<OffsetDateTime> {
        self.claimed
    }

    /// The policy that its signer states.
    pub(super) const fn policy(&self) -> Option<&SignaturePolicy> {
        self.policy.as_ref()
    }

    /// What it says that each of its files is, by their addresses.
    pub(in crate::signature) fn media_types(&self) -> impl Iterator<Item = (&'d str, &str)> {
        self.references.iter().filter_map(|reference| match reference.part {
            Part::File(uri) => Some((uri, self.media_types.get(reference.id?)?.as_str())),
            Part::Own(..) => None,
        })
    }

    /// The addresses of the files that it is over, with the digests of these.
    pub(in crate::signature) fn files(&self) -> impl Iterator<Item = (&'d str, &Stated)> {
        self.references.iter().filter_map(|reference| match reference.part {
            Part::File(uri) => Some((uri, &reference.stated)),
            Part::Own(..) => None,
        })
    }

    /// The answer about it, and not about its files, which `opened` opens for time stamps over them.
    pub(in crate::signature) fn judged(
        &self,
        opened: &Opened<'_>,
        kept: Kept<'_>,
        basis: &Basis<'_>,
    ) -> SignatureVerdict {
        let signed = canonical(self.signed_info, &self.form, None);
        let verdict = match self.verify(&signed) {
            Ok(()) => self.verdict(opened, kept, basis),
            Err(error) => SignatureVerdict::refusing(error.sub_indication(), error.to_string(), basis.at),
        };
        let digest = self.algorithm.digest().unwrap_or(DigestAlgorithm::Sha256);
        let signed = ContentDigest::of(&signed, digest);
        // What names all files with their digests does in the place of one document.
        let marks =
            SignatureMarks { content: signed.clone(), stated: None, signed, value: self.value.clone() };
        SignatureVerdict { marks: Some(marks), ..verdict }
    }

    fn verify(&self, signed: &[u8]) -> Result<(), XadesError> {
        let key = self.signer.public_key_info();
        let value = from_xml(key, self.value.clone()).ok_or(SignatureError::Mismatch)?;
        Ok(algorithm::verify(self.algorithm, key, signed, &value)?)
    }

    fn verdict(&self, opened: &Opened<'_>, kept: Kept<'_>, basis: &Basis<'_>) -> SignatureVerdict {
        let found = self.unsigned.stamps();
        let material = self.material(
            &found.iter().filter_map(|stamp| Some(&stamp.read.as_ref().ok()?.0)).collect::<Vec<_>>(),
            kept,
        );
        let in_order = found.iter().map(|stamp| InOrder {
            place: stamp.place,
            over: stamp.over,
            token: self.token(stamp, opened),
        });
        let proof = stamps::prove_in_order(&in_order.collect::<Vec<_>>(), &material, kept.known, basis);
        // EN 319 132-1 section 6.3: baseline signatures claim a time, and say of each file what it is.
        let form = match (self.claimed, self.is_described()) {
            (Some(_), true) => SignatureForm::XadesBaselineB,
            _ => SignatureForm::Xades,
        };
        let attested =
            Attested { signer: &self.signer, algorithm: self.algorithm, form, claimed: self.claimed };
        let mut verdict = judge_signer(&attested, proof, &material, basis);
        if self.has_time_mark && verdict.answer != Answer::Valid {
            verdict.reasons.push(
                "its time is marked by an OCSP response (the profile TM of BDOC), which does not count as a time stamp here"
                    .to_owned(),
            );
        }
        verdict.countersignatures = self.counter_signatures(opened, kept, basis);
        verdict.under(self.policy.clone())
    }

    /// The answers about the signatures over its value. Those over these are not looked at.
    fn counter_signatures(
        &self,
        opened: &Opened<'_>,
        kept: Kept<'_>,
        basis: &Basis<'_>,
    ) -> Vec<SignatureVerdict> {
        let all = self.unsigned.counter_signatures().chain(self.countered_by.iter().copied());
        let judged = |signature| match Self::read_over(signature, Some(self.value_node)) {
            Ok(counter) if counter.files().next().is_some() => {
                let both =
                    XadesError::Unsupported("a counter-signature that is over files as well".to_owned());
                SignatureVerdict::refusing(both.sub_indication(), both.to_string(), basis.at)
            }
            Ok(counter) => counter.judged(opened, kept, basis),
            Err(error) => SignatureVerdict::refusing(error.sub_indication(), error.to_string(), basis.at),
        };
        all.take(counter::MOST).map(judged).collect()
    }

    /// Whether it says of each file what it is (EN 319 132-1 section 5.2.4).
    fn is_described(&self) -> bool {
        let mut files = self.references.iter().filter(|reference| matches!(reference.part, Part::File(_)));
        files.all(|file| file.id.is_some_and(|id| self.media_types.contains_key(id)))
    }

    /// What it can be judged by. Nothing of it is trusted.
    fn material(&self, tokens: &[&Vec<u8>], kept: Kept<'_>) -> Material {
        let mut material = self.unsigned.material();
        material.certificates.extend(self.carried.iter().cloned());
        tokens.iter().for_each(|token| stamps::take_token(&mut material, token));
        material.add(kept.material);
        material
    }
}

fn claimed(signed: Node<'_, '_>) -> Result<Option<OffsetDateTime>, XadesError> {
    let Some(time) = maybe(signed, XADES, "SigningTime")? else { return Ok(None) };
    let written = text(time).unwrap_or_default();
    let moment = OffsetDateTime::parse(written.trim(), &Rfc3339);
    moment.map(Some).map_err(|_| XadesError::Form("its signing time is none, or has no time zone"))
}

/// The signature whose value a signature is over by what it says of its references, by the identifier of that value; nothing for one that is
/// over something else.
pub(in crate::signature) fn counters_what<'d>(signature: Node<'d, '_>) -> Option<&'d str> {
    let info = elements(signature).find(|part| part.has_tag_name((DS, "SignedInfo")))?;
    let counters = |part: &Node<'_, '_>| part.attribute("Type") == Some(COUNTERSIGNED);
    elements(info)
        .find(counters)
        .map(|reference| reference.attribute("URI").and_then(|uri| uri.strip_prefix('#')).unwrap_or_default())
}

/// The media types that are stated (EN 319 132-1 section 5.2.4). What is said is about something that is signed.
fn media_types<'d>(
    properties: Node<'d, '_>,
    references: &[Reference<'_, '_>],
) -> Result<HashMap<&'d str, String>, XadesError> {
    let of_files = maybe(properties, XADES, "SignedDataObjectProperties")?;
    let formats =
        of_files.into_iter().flat_map(elements).filter(|one| one.has_tag_name((XADES, "DataObjectFormat")));
    let mut stated = HashMap::new();
    for format in formats {
        let about = format.attribute("ObjectReference").and_then(|to| to.strip_prefix('#'));
        let about = about.filter(|about| references.iter().any(|reference| reference.id == Some(*about)));
        let about = about.ok_or(XadesError::Form("it says what something is that it does not sign"))?;
        let kind = maybe(format, XADES, "MimeType")?.and_then(text);
        let kind = kind.map(|kind| kind.trim().to_owned()).filter(|kind| !kind.is_empty());
        stated.extend(kind.map(|kind| (about, kind)));
    }
    Ok(stated)
}

fn has_time_mark(signed: Node<'_, '_>) -> bool {
    let mut identifiers = signed.descendants().filter(|node| node.has_tag_name((XADES, "Identifier")));
    identifiers.any(|identifier| {
        text(identifier).is_some_and(|text| text.trim().trim_start_matches("urn:oid:") == TIME_MARK)
    })
}
