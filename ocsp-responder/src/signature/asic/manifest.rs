//! Manifests: what a signature in an ASiC-E container is over (EN 319 162-1 clause A.4, the schema's ASiCManifest).

use std::borrow::Cow;
use std::collections::HashSet;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use roxmltree::{Document, Node, ParsingOptions};

use super::error::ContainerError;
use crate::signature::content::ContentDigest;
use crate::validation::algorithm::DigestAlgorithm;

/// The namespace of EN 319 162-1 clause A.4.
const ASIC: &str = "http://uri.etsi.org/02918/v1.2.1#";
/// That of XML signatures.
const XMLDSIG: &str = "http://www.w3.org/2000/09/xmldsig#";
/// The most octets of a manifest.
const MAX_OCTETS: usize = 1024 * 1024;
/// The most nodes of one.
const MAX_NODES: u32 = 32 * 1024;
/// RFC 3986 section 2.3, and the slash between folders: what stands for itself in a reference.
const REFERENCE: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');

/// The names of digests (RFC 6931 section 2.1; XML Encryption section 5.7).
const DIGESTS: [(&str, DigestAlgorithm); 3] = [
    ("http://www.w3.org/2001/04/xmlenc#sha256", DigestAlgorithm::Sha256),
    ("http://www.w3.org/2001/04/xmldsig-more#sha384", DigestAlgorithm::Sha384),
    ("http://www.w3.org/2001/04/xmlenc#sha512", DigestAlgorithm::Sha512),
];

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
        if octets.len() > MAX_OCTETS {
            return Err(malformed("it is larger than any that is read"));
        }
        let text = std::str::from_utf8(octets).map_err(|_| malformed("it is not UTF-8"))?;
        let options =
            ParsingOptions { allow_dtd: false, nodes_limit: MAX_NODES, ..ParsingOptions::default() };
        let document = Document::parse_with_options(text, options)
            .map_err(|error| ContainerError::Manifest(error.to_string()))?;
        let root = document.root_element();
        if !root.has_tag_name((ASIC, "ASiCManifest")) {
            return Err(malformed("it is another document"));
        }
        let mut children = root.children().filter(Node::is_element);
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
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<asic:ASiCManifest xmlns:asic=\"{ASIC}\" xmlns:ds=\"{XMLDSIG}\">\
         <asic:SigReference MimeType=\"{media_type}\" URI=\"{}\"/>",
        reference_to(over)
    );
    for (name, digest) in files {
        let method = DIGESTS.iter().find(|(_, algorithm)| *algorithm == digest.algorithm());
        written.push_str(&format!(
            "<asic:DataObjectReference URI=\"{}\"{}><ds:DigestMethod Algorithm=\"{}\"/>\
             <ds:DigestValue>{}</ds:DigestValue></asic:DataObjectReference>",
            reference_to(name),
            if former == Some(name.as_str()) { " Rootfile=\"true\"" } else { "" },
            method.map(|(name, _)| *name).unwrap_or_default(),
            STANDARD.encode(digest.octets()),
        ));
    }
    written.push_str("</asic:ASiCManifest>");
    written.into_bytes()
}

impl Reference {
    fn read(element: Node<'_, '_>) -> Result<Self, ContainerError> {
        let malformed = || ContainerError::Manifest("a reference to a file is not complete".to_owned());
        let mut children = element.children().filter(Node::is_element);
        let method = children.next().filter(|child| child.has_tag_name((XMLDSIG, "DigestMethod")));
        let value = children.next().filter(|child| child.has_tag_name((XMLDSIG, "DigestValue")));
        for further in children {
            if !further.has_tag_name((ASIC, "DataObjectReferenceExtensions")) {
                return Err(malformed());
            }
            uncritical(further)?;
        }
        let method = method.and_then(|method| method.attribute("Algorithm")).ok_or_else(malformed)?;
        let value = value.and_then(|value| value.text()).ok_or_else(malformed)?;
        let letters: String = value.split_ascii_whitespace().collect();
        let octets = STANDARD.decode(letters).map_err(|_| malformed())?;
        let digest = match DIGESTS.iter().find(|(name, _)| *name == method) {
            Some((_, algorithm)) => Ok(ContentDigest::given(*algorithm, octets).ok_or_else(malformed)?),
            None => Err(method.chars().take(80).collect()),
        };
        Ok(Self { name: uri(element)?, digest })
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

/// The name that a reference is to, from the container's root.
fn uri(element: Node<'_, '_>) -> Result<String, ContainerError> {
    let malformed = || ContainerError::Manifest("a reference is none to a file in the container".to_owned());
    let uri = element.attribute("URI").ok_or_else(malformed)?;
    if uri.contains(['?', '#']) {
        return Err(malformed());
    }
    let name = percent_decode_str(uri).decode_utf8().map(Cow::into_owned).map_err(|_| malformed())?;
    super::names::read(name.as_bytes(), true)
}

fn reference_to(name: &str) -> String {
    utf8_percent_encode(name, REFERENCE).to_string()
}
