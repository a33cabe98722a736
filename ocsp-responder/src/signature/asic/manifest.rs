//! Manifests: what a signature in an ASiC-E container is over (EN 319 162-1 clause A.4, the schema's ASiCManifest).

use std::borrow::Cow;
use std::collections::HashSet;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use roxmltree::Node;

use super::error::ContainerError;
use crate::signature::content::ContentDigest;
use crate::xml::signature::{DS, Stated, digest_identifier};
use crate::xml::{Bounds, elements, parse};

/// The namespace of EN 319 162-1 clause A.4.
pub(super) const ASIC: &str = "http://uri.etsi.org/02918/v1.2.1#";
/// RFC 3986 section 2.3, and the slash between folders: what stands for itself in a reference.
const REFERENCE: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');

/// A manifest as read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Manifest {
    /// The file of the signature, or time stamp, over the manifest.
    pub(super) signature: String,
    pub(super) references: Vec<Reference>,
}

/// One file that is signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reference {
    pub(super) name: String,
    /// Its digest; the name of the algorithm where that is not accepted.
    pub(super) digest: Result<ContentDigest, String>,
}

impl Manifest {
    /// Reads one: no document type, no entities, nothing that is not known.
    pub(super) fn read(octets: &[u8]) -> Result<Self, ContainerError> {
        let malformed = |why: &str| ContainerError::Manifest(why.to_owned());
        let document =
            parse(octets, Bounds::MANIFEST).map_err(|error| ContainerError::Manifest(error.to_string()))?;
        let root = document.root_element();
        if !root.has_tag_name((ASIC, "ASiCManifest")) {
            return Err(malformed("it is another document"));
        }
        let mut children = elements(root);
        let signature = children.next().filter(|first| first.has_tag_name((ASIC, "SigReference")));
        let signature = signature.ok_or_else(|| malformed("it does not say which signature it is about"))?;
        let mut references = Vec::new();
        for child in children {
            if child.has_tag_name((ASIC, "DataObjectReference")) {
                references.push(Reference::read(child)?);
            } else if child.has_tag_name((ASIC, "ASiCManifestExtensions")) {
                uncritical(child)?;
            } else {
                return Err(malformed("it has an element that is not known"));
            }
        }
        let mut names = HashSet::new();
        if references.is_empty() || !references.iter().all(|reference| names.insert(&reference.name)) {
            return Err(malformed("it names no file, or one of them twice"));
        }
        Ok(Self { signature: uri(signature)?, references })
    }

    /// Writes one about files and their digests, which is to be signed.
    pub(super) fn write(signature: &str, files: &[(String, ContentDigest)]) -> Vec<u8> {
        written(signature, "application/pkcs7-signature", files, None)
    }

    /// Writes one that is to be stamped. `former` is the archive manifest that was the newest (clause A.7).
    pub(super) fn write_archive(
        stamp: &str,
        files: &[(String, ContentDigest)],
        former: Option<&str>,
    ) -> Vec<u8> {
        written(stamp, "application/vnd.etsi.timestamp-token", files, former)
    }
}

fn written(over: &str, media_type: &str, files: &[(String, ContentDigest)], former: Option<&str>) -> Vec<u8> {
    let mut written = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<asic:ASiCManifest xmlns:asic=\"{ASIC}\" xmlns:ds=\"{DS}\">\
         <asic:SigReference MimeType=\"{media_type}\" URI=\"{}\"/>",
        reference_to(over)
    );
    for (name, digest) in files {
        written.push_str(&format!(
            "<asic:DataObjectReference URI=\"{}\"{}><ds:DigestMethod Algorithm=\"{}\"/>\
             <ds:DigestValue>{}</ds:DigestValue></asic:DataObjectReference>",
            reference_to(name),
            if former == Some(name.as_str()) { " Rootfile=\"true\"" } else { "" },
            digest_identifier(digest.algorithm()),
            STANDARD.encode(digest.octets()),
        ));
    }
    written.push_str("</asic:ASiCManifest>");
    written.into_bytes()
}

impl Reference {
    fn read(element: Node<'_, '_>) -> Result<Self, ContainerError> {
        let malformed = || ContainerError::Manifest("a reference to a file is not complete".to_owned());
        for (place, part) in elements(element).enumerate() {
            match (place, part.tag_name().name()) {
                (0, "DigestMethod") | (1, "DigestValue") if part.tag_name().namespace() == Some(DS) => {}
                (2.., "DataObjectReferenceExtensions") if part.tag_name().namespace() == Some(ASIC) => {
                    uncritical(part)?;
                }
                _ => return Err(malformed()),
            }
        }
        let stated = Stated::of(element).map_err(|_| malformed())?;
        Self::stated(uri(element)?, stated).ok_or_else(malformed)
    }

    /// One to a file of this name with the digest that is stated; `None` where that is none of its algorithm.
    pub(super) fn stated(name: String, stated: Stated) -> Option<Self> {
        let digest = match stated.algorithm {
            Ok(algorithm) => Ok(ContentDigest::given(algorithm, stated.octets)?),
            Err(unaccepted) => Err(unaccepted),
        };
        Some(Self { name, digest })
    }
}

/// Clause A.4: an extension that is critical must be understood, and none is here.
fn uncritical(extensions: Node<'_, '_>) -> Result<(), ContainerError> {
    let is_critical = |node: Node<'_, '_>| {
        node.attribute("Critical").is_some_and(|value| !matches!(value.trim(), "false" | "0"))
    };
    if extensions.descendants().any(is_critical) {
        return Err(ContainerError::Manifest("it has a critical extension that is not known".to_owned()));
    }
    Ok(())
}

fn uri(element: Node<'_, '_>) -> Result<String, ContainerError> {
    let uri = element.attribute("URI").and_then(|uri| named(uri).transpose());
    uri.unwrap_or_else(|| {
        Err(ContainerError::Manifest("a reference is none to a file in the container".to_owned()))
    })
}

/// The name of the file that an address is of, from the container's root; `None` where it is of something else.
pub(super) fn named(uri: &str) -> Result<Option<String>, ContainerError> {
    if uri.contains(['?', '#']) {
        return Ok(None);
    }
    let Ok(name) = percent_decode_str(uri).decode_utf8().map(Cow::into_owned) else { return Ok(None) };
    super::names::read(name.as_bytes(), true).map(Some)
}

fn reference_to(name: &str) -> String {
    utf8_percent_encode(name, REFERENCE).to_string()
}
