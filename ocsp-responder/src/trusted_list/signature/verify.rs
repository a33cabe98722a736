//! Verifying a list's signature.
//!
//! What is signed is the whole document, or the answer is no. The attacks on XML signatures live on the distance between what
//! a reference finds and what a reader reads; here there is none: one signature, a child of the document element, whose
//! references are the document itself and what it says about itself, and no identifier that stands twice.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ca_core::algorithm::{SignatureAlgorithm, VerifyError};
use roxmltree::{Document, Node};
use x509_parser::prelude::{FromDer, X509Certificate};

use super::algorithm::{digest_named, from_xml, named};
use super::{DS, ENVELOPED, SIGNED_PROPERTIES, XADES};
use crate::trusted_list::xml::{Canonicalization, canonical, elements, text};

/// A signature that is not one over the whole list, by who is trusted to sign it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignatureBroken {
    /// There is none.
    #[error("it is not signed")]
    Missing,
    /// There is more than one.
    #[error("it has {0} signatures, and a trusted list has one")]
    Several(usize),
    /// It is not a child of the document element.
    #[error("its signature is not where a trusted list has it, at the end of the list itself")]
    Misplaced,
    /// It is not made as a list's signature is.
    #[error("its signature is not the one of a trusted list: {0}")]
    Form(&'static str),
    /// It uses something that is not done here.
    #[error("its signature uses {0}, which npki does not")]
    Unsupported(String),
    /// An identifier stands twice.
    #[error("the identifier {0:?} stands twice in it, so that it is not certain what is signed")]
    Ambiguous(String),
    /// It was altered.
    #[error("it was altered after it was signed: {0} is not what was signed")]
    Altered(&'static str),
    /// It is signed by somebody else.
    #[error("it is signed by {found}, and not by a signer that is trusted for it")]
    OtherSigner {
        /// The subject of the certificate that it carries, and its SHA-256.
        found: String,
    },
    /// The signature does not verify.
    #[error("its signature does not verify: {0}")]
    Signature(#[from] VerifyError),
}

/// Who signed a document, which is whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    /// The signer's certificate, DER: one of those that were trusted.
    pub signer: Vec<u8>,
}

/// Verifies that the whole document is signed by one of these certificates, DER.
///
/// # Errors
/// It is not.
pub fn verify(document: &Document<'_>, signers: &[Vec<u8>]) -> Result<Signed, SignatureBroken> {
    let signature = the_signature(document)?;
    unambiguous(document)?;
    let signed_info = child(signature, DS, "SignedInfo")?;
    let signer = signer(signature, signers)?;
    let properties = properties(signature)?;
    names_signer(properties, &signer)?;
    references(document, signature, signed_info, properties)?;
    let (form, algorithm) = methods(signed_info)?;
    let (_, certificate) = X509Certificate::from_der(&signer)
        .map_err(|_| SignatureBroken::Form("its certificate cannot be read"))?;
    let key = certificate.public_key().raw;
    let value = from_xml(key, base64_in(child(signature, DS, "SignatureValue")?)?)
        .ok_or(SignatureBroken::Signature(VerifyError::Mismatch))?;
    algorithm.verify(key, &canonical(signed_info, form, None), &value)?;
    Ok(Signed { signer })
}

/// The only signature there is, wherever one might be hidden.
fn the_signature<'a, 'input>(document: &'a Document<'input>) -> Result<Node<'a, 'input>, SignatureBroken> {
    let mut found = document.descendants().filter(|node| node.has_tag_name((DS, "Signature")));
    let signature = found.next().ok_or(SignatureBroken::Missing)?;
    match found.count() {
        0 => {}
        more => return Err(SignatureBroken::Several(more + 1)),
    }
    if signature.parent() != Some(document.root_element()) {
        return Err(SignatureBroken::Misplaced);
    }
    let parts: Vec<_> = elements(signature).map(|part| part.tag_name()).collect();
    let due = ["SignedInfo", "SignatureValue", "KeyInfo", "Object"];
    let as_due = parts.len() == due.len()
        && parts.iter().zip(due).all(|(name, due)| name.namespace() == Some(DS) && name.name() == due);
    if as_due { Ok(signature) } else { Err(SignatureBroken::Form("its parts are others")) }
}

/// Attributes by which elements are found, in the spellings that other programs look for.
fn unambiguous(document: &Document<'_>) -> Result<(), SignatureBroken> {
    let mut seen = std::collections::BTreeSet::new();
    for node in document.descendants().filter(Node::is_element) {
        for attribute in node.attributes().filter(|it| it.name().eq_ignore_ascii_case("id")) {
            if !seen.insert(attribute.value()) {
                return Err(SignatureBroken::Ambiguous(attribute.value().to_owned()));
            }
        }
    }
    Ok(())
}

/// The signer's certificate: the one that the signature carries, if it is trusted. TS 119 612 section 5.7.1: it carries that
/// alone.
fn signer(signature: Node<'_, '_>, trusted: &[Vec<u8>]) -> Result<Vec<u8>, SignatureBroken> {
    let data = child(child(signature, DS, "KeyInfo")?, DS, "X509Data")?;
    let carried = base64_in(child(data, DS, "X509Certificate")?)?;
    if trusted.contains(&carried) {
        return Ok(carried);
    }
    let subject = X509Certificate::from_der(&carried)
        .map(|(_, certificate)| ca_core::name::text(certificate.subject().as_raw()))
        .unwrap_or_else(|_| "a certificate that cannot be read".to_owned());
    let sha256 = crate::publication::sha256(&carried);
    Err(SignatureBroken::OtherSigner { found: format!("{subject} (SHA-256 {sha256})") })
}

fn properties<'a, 'input>(signature: Node<'a, 'input>) -> Result<Node<'a, 'input>, SignatureBroken> {
    let qualifying = child(child(signature, DS, "Object")?, XADES, "QualifyingProperties")?;
    let target = signature.attribute("Id").map(|id| format!("#{id}"));
    if target.is_none() || qualifying.attribute("Target") != target.as_deref() {
        return Err(SignatureBroken::Form("what it says of itself is about another signature"));
    }
    child(qualifying, XADES, "SignedProperties")
}

/// EN 319 132-1 sections 5.2.2 and annex D: what is signed names the signer's certificate by its digest.
fn names_signer(properties: Node<'_, '_>, signer: &[u8]) -> Result<(), SignatureBroken> {
    let signed = child(properties, XADES, "SignedSignatureProperties")?;
    let named = child(signed, XADES, "SigningCertificateV2")
        .or_else(|_| child(signed, XADES, "SigningCertificate"))?;
    let first = elements(named).next().ok_or(SignatureBroken::Form("it does not name its certificate"))?;
    let digest = child(first, XADES, "CertDigest")?;
    if is_digest_of(digest, signer)? {
        Ok(())
    } else {
        Err(SignatureBroken::Altered("the signer's certificate"))
    }
}

/// The references are two: to the document and to what the signature says of itself.
fn references(
    document: &Document<'_>,
    signature: Node<'_, '_>,
    signed_info: Node<'_, '_>,
    properties: Node<'_, '_>,
) -> Result<(), SignatureBroken> {
    let found: Vec<_> = elements(signed_info).filter(|node| node.has_tag_name((DS, "Reference"))).collect();
    let root = document.root_element();
    let whole = |uri: &str| uri.is_empty() || names(uri, root);
    let (mut of_list, mut of_properties) = (0, 0);
    for reference in &found {
        let uri = reference.attribute("URI").ok_or(SignatureBroken::Form("a reference has no address"))?;
        let transforms = transforms(*reference)?;
        let (octets, what) = match transforms.as_slice() {
            [ENVELOPED] | [ENVELOPED, _] if whole(uri) => {
                of_list += 1;
                let form = canonicalization(transforms.get(1))?;
                // A reference to an element leaves out what stands around it; to "", comments alone.
                let apex = if uri.is_empty() { document.root() } else { root };
                (canonical(apex, form, Some(signature.id())), "the list")
            }
            [] | [_] if names(uri, properties) => {
                of_properties += 1;
                if reference.attribute("Type") != Some(SIGNED_PROPERTIES) {
                    return Err(SignatureBroken::Form("a reference does not say what it is to"));
                }
                let form = canonicalization(transforms.first())?;
                (canonical(properties, form, None), "what the signature says of itself")
            }
            _ => return Err(SignatureBroken::Form("it is over something else than the list and itself")),
        };
        if !is_digest_of(*reference, &octets)? {
            return Err(SignatureBroken::Altered(what));
        }
    }
    match (of_list, of_properties) {
        (1, 1) => Ok(()),
        _ => Err(SignatureBroken::Form("it is not over the list and what it says of itself, each once")),
    }
}

fn names(uri: &str, node: Node<'_, '_>) -> bool {
    uri.strip_prefix('#').is_some_and(|id| node.attribute("Id") == Some(id))
}

fn transforms<'a>(reference: Node<'a, '_>) -> Result<Vec<&'a str>, SignatureBroken> {
    let Ok(listed) = child(reference, DS, "Transforms") else { return Ok(Vec::new()) };
    elements(listed)
        .map(|transform| {
            if !transform.has_tag_name((DS, "Transform")) || elements(transform).next().is_some() {
                return Err(SignatureBroken::Unsupported("a transform with parameters".to_owned()));
            }
            transform.attribute("Algorithm").ok_or(SignatureBroken::Form("a transform has no name"))
        })
        .collect()
}

/// XMLDSIG section 4.4.3.2: without a transform that says so, it is Canonical XML 1.0.
fn canonicalization(named: Option<&&str>) -> Result<Canonicalization, SignatureBroken> {
    let Some(identifier) = named else { return Ok(Canonicalization::Inclusive) };
    Canonicalization::named(identifier).ok_or_else(|| SignatureBroken::Unsupported((*identifier).to_owned()))
}

fn methods(signed_info: Node<'_, '_>) -> Result<(Canonicalization, SignatureAlgorithm), SignatureBroken> {
    let of = |name: &'static str| {
        let method = child(signed_info, DS, name)?;
        if elements(method).next().is_some() {
            return Err(SignatureBroken::Unsupported(format!("{name} with parameters")));
        }
        method.attribute("Algorithm").ok_or(SignatureBroken::Form("a method has no name"))
    };
    let form = canonicalization(Some(&of("CanonicalizationMethod")?))?;
    let algorithm = of("SignatureMethod")?;
    let unknown = || SignatureBroken::Unsupported(algorithm.to_owned());
    Ok((form, named(algorithm).ok_or_else(unknown)?))
}

/// Whether the digest in an element, under the method beside it, is that of these octets.
fn is_digest_of(holder: Node<'_, '_>, octets: &[u8]) -> Result<bool, SignatureBroken> {
    let method = child(holder, DS, "DigestMethod")?.attribute("Algorithm").unwrap_or_default();
    let digest =
        digest_named(method).ok_or_else(|| SignatureBroken::Unsupported(format!("the digest {method}")))?;
    let stated = base64_in(child(holder, DS, "DigestValue")?)?;
    Ok(ring::digest::digest(digest.ring(), octets).as_ref() == stated.as_slice())
}

/// The only child of this name.
fn child<'a, 'input>(
    node: Node<'a, 'input>,
    namespace: &str,
    name: &'static str,
) -> Result<Node<'a, 'input>, SignatureBroken> {
    let mut found = elements(node).filter(|child| child.has_tag_name((namespace, name)));
    match (found.next(), found.next()) {
        (Some(child), None) => Ok(child),
        _ => Err(SignatureBroken::Form("a part of it is missing, or stands twice")),
    }
}

/// The octets of an element's text, which may be broken into lines (RFC 2045 section 6.8).
fn base64_in(node: Node<'_, '_>) -> Result<Vec<u8>, SignatureBroken> {
    let unreadable = SignatureBroken::Form("something in it is no base64");
    let written: String =
        text(node).ok_or(unreadable.clone())?.chars().filter(|c| !c.is_ascii_whitespace()).collect();
    STANDARD.decode(written).map_err(|_| unreadable)
}
