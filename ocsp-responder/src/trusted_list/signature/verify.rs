//! Verifying a list's signature.
//!
//! What is signed is the whole document, or the answer is no. The attacks on XML signatures live on the distance between what
//! a reference finds and what a reader reads; here there is none: one signature, a child of the document element, whose
//! references are the document itself and what it says about itself, and no identifier that stands twice.

use ca_core::algorithm::VerifyError;
use roxmltree::{Document, Node};
use x509_parser::prelude::{FromDer, X509Certificate};

use super::ENVELOPED;
use crate::xml::signature::{
    DS, NotRead, SIGNED_PROPERTIES, Stated, base64_in, canonicalization, child, from_xml, methods,
    names_certificate, properties, transforms, unambiguous,
};
use crate::xml::{Canonicalization, canonical, elements};

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

impl From<NotRead> for SignatureBroken {
    fn from(error: NotRead) -> Self {
        match error {
            NotRead::Form(why) => Self::Form(why),
            NotRead::Unsupported(what) | NotRead::Algorithm(what) => Self::Unsupported(what),
            NotRead::Ambiguous(identifier) => Self::Ambiguous(identifier),
        }
    }
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
    if !names_certificate(properties, &signer)? {
        return Err(SignatureBroken::Altered("the signer's certificate"));
    }
    references(document, signature, signed_info, properties)?;
    let (form, algorithm) = methods(signed_info)?;
    let form = plain(form)?;
    let (_, certificate) = X509Certificate::from_der(&signer)
        .map_err(|_| SignatureBroken::Form("its certificate cannot be read"))?;
    let key = certificate.public_key().raw;
    let value = from_xml(key, base64_in(child(signature, DS, "SignatureValue")?)?)
        .ok_or(SignatureBroken::Signature(VerifyError::Mismatch))?;
    algorithm.verify(key, &canonical(signed_info, &form, None), &value)?;
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
        let is_enveloped = transforms.first().is_some_and(|first| {
            first.attribute("Algorithm") == Some(ENVELOPED) && elements(*first).next().is_none()
        });
        let (octets, what) = match transforms.as_slice() {
            [_] | [_, _] if is_enveloped && whole(uri) => {
                of_list += 1;
                let form = plain(canonicalization(transforms.get(1).copied())?)?;
                // A reference to an element leaves out what stands around it; to "", comments alone.
                let apex = if uri.is_empty() { document.root() } else { root };
                (canonical(apex, &form, Some(signature.id())), "the list")
            }
            [] | [_] if names(uri, properties) => {
                of_properties += 1;
                if reference.attribute("Type") != Some(SIGNED_PROPERTIES) {
                    return Err(SignatureBroken::Form("a reference does not say what it is to"));
                }
                let form = plain(canonicalization(transforms.first().copied())?)?;
                (canonical(properties, &form, None), "what the signature says of itself")
            }
            _ => return Err(SignatureBroken::Form("it is over something else than the list and itself")),
        };
        if !Stated::of(*reference)?.is_of(&octets)? {
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

/// Lists have one of the two forms, and need neither comments nor prefixes.
fn plain(form: Canonicalization) -> Result<Canonicalization, SignatureBroken> {
    if form.is_plain() { Ok(form) } else { Err(SignatureBroken::Unsupported(form.identifier().to_owned())) }
}
