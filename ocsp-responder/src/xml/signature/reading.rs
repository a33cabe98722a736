//! Reading the parts of a signature, each of which stands once where the schema has it.

use std::collections::BTreeSet;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ca_core::algorithm::{DigestAlgorithm, SignatureAlgorithm};
use roxmltree::{Document, Node};

use super::algorithm::{digest_named, named};
use super::{DS, XADES};
use crate::xml::{Canonicalization, elements, text};

/// That of `InclusiveNamespaces`.
const EXCLUSIVE: &str = "http://www.w3.org/2001/10/xml-exc-c14n#";
/// The most letters that are repeated of what somebody wrote.
const SHOWN: usize = 80;

/// A signature that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum NotRead {
    /// It is not made as it must be.
    Form(&'static str),
    /// It uses something that is not done here.
    Unsupported(String),
    /// It is signed by an algorithm that is not accepted.
    Algorithm(String),
    /// An identifier stands twice.
    Ambiguous(String),
}

/// Attributes by which elements are found, in the spellings that other programs look for: no value stands twice.
pub(crate) fn unambiguous(document: &Document<'_>) -> Result<(), NotRead> {
    let mut seen = BTreeSet::new();
    for node in document.descendants().filter(Node::is_element) {
        for attribute in node.attributes().filter(|it| it.name().eq_ignore_ascii_case("id")) {
            if !seen.insert(attribute.value()) {
                return Err(NotRead::Ambiguous(shown(attribute.value())));
            }
        }
    }
    Ok(())
}

/// What a signature says of itself, wherever it stands in the signature's objects: there is one, and it is about this signature.
pub(crate) fn qualifying<'a, 'input>(signature: Node<'a, 'input>) -> Result<Node<'a, 'input>, NotRead> {
    let objects = elements(signature).filter(|part| part.has_tag_name((DS, "Object")));
    let mut found =
        objects.flat_map(elements).filter(|part| part.has_tag_name((XADES, "QualifyingProperties")));
    let (Some(qualifying), None) = (found.next(), found.next()) else {
        return Err(NotRead::Form(
            "what it says of itself (QualifyingProperties) is missing, or stands twice",
        ));
    };
    let target = signature.attribute("Id").map(|id| format!("#{id}"));
    if target.is_none() || qualifying.attribute("Target") != target.as_deref() {
        return Err(NotRead::Form("what it says of itself is about another signature"));
    }
    Ok(qualifying)
}

/// What is signed of that.
pub(crate) fn properties<'a, 'input>(signature: Node<'a, 'input>) -> Result<Node<'a, 'input>, NotRead> {
    child(qualifying(signature)?, XADES, "SignedProperties")
}

/// Whether what is signed names a certificate, DER, as the signer's (EN 319 132-1 section 5.2.2 and annex D): its digest is that of the first
/// one named, in each of the two forms that is there.
pub(crate) fn names_certificate(properties: Node<'_, '_>, certificate: &[u8]) -> Result<bool, NotRead> {
    let signed = child(properties, XADES, "SignedSignatureProperties")?;
    let forms = [maybe(signed, XADES, "SigningCertificateV2")?, maybe(signed, XADES, "SigningCertificate")?];
    let mut named = forms.into_iter().flatten().peekable();
    if named.peek().is_none() {
        return Err(NotRead::Form("it does not name its certificate"));
    }
    for form in named {
        let first = elements(form).next().ok_or(NotRead::Form("it does not name its certificate"))?;
        let stated = Stated::of(child(first, XADES, "CertDigest")?)?;
        if !stated.is_of(certificate)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// A digest that is stated, with its algorithm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stated {
    /// The algorithm; its name where it is none that is accepted.
    pub(crate) algorithm: Result<DigestAlgorithm, String>,
    pub(crate) octets: Vec<u8>,
}

impl Stated {
    /// The one in an element.
    pub(crate) fn of(holder: Node<'_, '_>) -> Result<Self, NotRead> {
        let method = child(holder, DS, "DigestMethod")?;
        if elements(method).next().is_some() {
            return Err(NotRead::Unsupported("a digest with parameters".to_owned()));
        }
        let method = method.attribute("Algorithm").ok_or(NotRead::Form("a digest has no name"))?;
        let octets = base64_in(child(holder, DS, "DigestValue")?)?;
        Ok(Self { algorithm: digest_named(method).ok_or_else(|| shown(method)), octets })
    }

    /// Whether it is that of these octets.
    pub(crate) fn is_of(&self, octets: &[u8]) -> Result<bool, NotRead> {
        let accepted = self.algorithm.as_ref().map_err(|name| NotRead::Algorithm(name.clone()))?;
        Ok(ring::digest::digest(accepted.ring(), octets).as_ref() == self.octets.as_slice())
    }
}

/// The transforms of a reference, or of whatever else has some, in their order.
pub(crate) fn transforms<'a, 'input>(reference: Node<'a, 'input>) -> Result<Vec<Node<'a, 'input>>, NotRead> {
    let Some(listed) = maybe(reference, DS, "Transforms")? else { return Ok(Vec::new()) };
    let all: Vec<_> = elements(listed).collect();
    if all.is_empty() || !all.iter().all(|transform| transform.has_tag_name((DS, "Transform"))) {
        return Err(NotRead::Form("its transforms are none"));
    }
    Ok(all)
}

/// The canonical form that an element names, with the list of prefixes in it. XMLDSIG section 4.4.3.2: where none does, it is Canonical
/// XML 1.0.
pub(crate) fn canonicalization(method: Option<Node<'_, '_>>) -> Result<Canonicalization, NotRead> {
    let Some(method) = method else { return Ok(Canonicalization::INCLUSIVE) };
    let identifier = method.attribute("Algorithm").ok_or(NotRead::Form("a method has no name"))?;
    let unsupported = || NotRead::Unsupported(shown(identifier));
    let form = Canonicalization::named(identifier).ok_or_else(unsupported)?;
    let mut parameters = elements(method);
    match (parameters.next(), parameters.next()) {
        (None, _) => Ok(form),
        (Some(list), None) if list.has_tag_name((EXCLUSIVE, "InclusiveNamespaces")) => {
            form.with_prefixes(list.attribute("PrefixList").unwrap_or_default()).ok_or_else(unsupported)
        }
        _ => Err(NotRead::Unsupported(format!("{} with parameters", shown(identifier)))),
    }
}

/// The canonical form of what is signed, and the algorithm that it is signed by.
pub(crate) fn methods(signed_info: Node<'_, '_>) -> Result<(Canonicalization, SignatureAlgorithm), NotRead> {
    let form = canonicalization(Some(child(signed_info, DS, "CanonicalizationMethod")?))?;
    let method = child(signed_info, DS, "SignatureMethod")?;
    if elements(method).next().is_some() {
        return Err(NotRead::Unsupported("SignatureMethod with parameters".to_owned()));
    }
    let algorithm = method.attribute("Algorithm").ok_or(NotRead::Form("a method has no name"))?;
    Ok((form, named(algorithm).ok_or_else(|| NotRead::Algorithm(shown(algorithm)))?))
}

/// The only child of this name.
pub(crate) fn child<'a, 'input>(
    node: Node<'a, 'input>,
    namespace: &str,
    name: &'static str,
) -> Result<Node<'a, 'input>, NotRead> {
    maybe(node, namespace, name)?.ok_or(NotRead::Form("a part of it is missing, or stands twice"))
}

/// The same, where there need not be one.
pub(crate) fn maybe<'a, 'input>(
    node: Node<'a, 'input>,
    namespace: &str,
    name: &'static str,
) -> Result<Option<Node<'a, 'input>>, NotRead> {
    let mut found = elements(node).filter(|child| child.has_tag_name((namespace, name)));
    match (found.next(), found.next()) {
        (_, Some(_)) => Err(NotRead::Form("a part of it is missing, or stands twice")),
        (found, None) => Ok(found),
    }
}

/// The octets of an element's text, which may be broken into lines (RFC 2045 section 6.8).
pub(crate) fn base64_in(node: Node<'_, '_>) -> Result<Vec<u8>, NotRead> {
    let unreadable = NotRead::Form("something in it is no base64");
    let written: String =
        text(node).ok_or(unreadable.clone())?.chars().filter(|c| !c.is_ascii_whitespace()).collect();
    STANDARD.decode(written).map_err(|_| unreadable)
}

fn shown(text: &str) -> String {
    text.chars().take(SHOWN).collect()
}
