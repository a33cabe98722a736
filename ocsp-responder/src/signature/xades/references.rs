//! What a signature is over: files by their addresses, and parts of the signature itself.

use roxmltree::Node;

use super::error::XadesError;
use crate::xml::signature::{DS, SIGNED_PROPERTIES, Stated, canonicalization, transforms};
use crate::xml::{Canonicalization, canonical, elements};

/// What one reference is to.
#[derive(Debug)]
pub(super) enum Part<'d, 'input> {
    /// A file beside the signature, by its address.
    File(&'d str),
    /// A part of the signature, in this canonical form; where none is named, in that of whoever asks.
    Own(Node<'d, 'input>, Option<Canonicalization>),
}

/// One reference.
#[derive(Debug)]
pub(super) struct Reference<'d, 'input> {
    pub(super) id: Option<&'d str>,
    pub(super) part: Part<'d, 'input>,
    pub(super) stated: Stated,
}

/// The type of a reference to the value of a signature that is signed in turn (EN 319 132-1 section 5.2.7.3).
pub(super) const COUNTERSIGNED: &str = "http://uri.etsi.org/01903#CountersignedSignature";

/// Reads all that is signed; what stands in the signature itself, or is the value that a counter-signature is over, is verified at once.
pub(super) fn read<'d, 'input>(
    signed_info: Node<'d, 'input>,
    properties: Node<'d, 'input>,
    key_info: Node<'d, 'input>,
    countered: Option<Node<'d, 'input>>,
) -> Result<Vec<Reference<'d, 'input>>, XadesError> {
    let parts: Vec<_> = elements(signed_info).collect();
    let [canonical, method, listed @ ..] = parts.as_slice() else {
        return Err(XadesError::Form("what it signs is not complete"));
    };
    // XMLDSIG section 4.4: in this order, and nothing else.
    let in_order = canonical.has_tag_name((DS, "CanonicalizationMethod"))
        && method.has_tag_name((DS, "SignatureMethod"))
        && listed.iter().all(|part| part.has_tag_name((DS, "Reference")));
    if !in_order {
        return Err(XadesError::Form("what it signs is not in order"));
    }
    let mut own = vec![(properties, "what it says of itself"), (key_info, "its certificates (KeyInfo)")];
    own.extend(countered.map(|value| (value, "the signature that it is over")));
    let references: Vec<_> = listed.iter().map(|one| reference(*one, &own)).collect::<Result<_, _>>()?;
    let is_to_properties =
        |reference: &&Reference<'_, '_>| matches!(reference.part, Part::Own(node, _) if node == properties);
    // EN 319 132-1 section 4.4.2: there is one reference to the signed properties.
    if references.iter().filter(is_to_properties).count() != 1 {
        return Err(XadesError::Form("what it says of itself is not signed, or is signed twice"));
    }
    // Section 5.2.7.2: one of a counter-signature is to the signature that it is over.
    let is_to =
        |reference: &&Reference<'_, '_>, value| matches!(reference.part, Part::Own(node, _) if node == value);
    if countered.is_some_and(|value| references.iter().filter(|one| is_to(one, value)).count() != 1) {
        return Err(XadesError::Form("the counter-signature is not over the signature that it stands in"));
    }
    Ok(references)
}

fn reference<'d, 'input>(
    one: Node<'d, 'input>,
    own: &[(Node<'d, 'input>, &'static str)],
) -> Result<Reference<'d, 'input>, XadesError> {
    let uri = one.attribute("URI").ok_or(XadesError::Form("a reference has no address"))?;
    let stated = Stated::of(one)?;
    let transforms = transforms(one)?;
    let says_properties = one.attribute("Type") == Some(SIGNED_PROPERTIES);
    let id = one.attribute("Id");
    let Some(to) = uri.strip_prefix('#') else {
        if uri.is_empty() || says_properties {
            return Err(elsewhere(uri));
        }
        // The file is signed, octet for octet, and not what some program makes of it.
        return match transforms.first() {
            Some(_) => Err(XadesError::Unsupported("a transform of a file".to_owned())),
            None => Ok(Reference { id, part: Part::File(uri), stated }),
        };
    };
    let found = own.iter().find(|(node, _)| node.attribute("Id") == Some(to));
    let (node, what) = *found.ok_or_else(|| elsewhere(uri))?;
    // EN 319 132-1 section 4.4.2: the type says which one it is.
    if says_properties != own.first().is_some_and(|(properties, _)| node == *properties) {
        return Err(XadesError::Form("a reference does not say what it is to"));
    }
    let form = match transforms.as_slice() {
        [] => None,
        [one] => Some(canonicalization(Some(*one))?.without_comments()),
        _ => return Err(XadesError::Unsupported("several transforms".to_owned())),
    };
    let octets = canonical(node, form.as_ref().unwrap_or(&Canonicalization::INCLUSIVE), None);
    if !stated.is_of(&octets)? {
        return Err(XadesError::Altered(what));
    }
    Ok(Reference { id, part: Part::Own(node, form), stated })
}

fn elsewhere(uri: &str) -> XadesError {
    XadesError::Elsewhere(uri.chars().take(80).collect())
}
