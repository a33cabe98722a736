//! A file of signatures (EN 319 162-1 clause A.5): one reading, and no name in it that means two things.

use roxmltree::{Document, Node};

use super::error::XadesError;
use crate::xml::signature::{DS, unambiguous};
use crate::xml::{Bounds, XML, elements, parse};

/// The namespace of EN 319 162-1.
const ASIC: &str = "http://uri.etsi.org/02918/v1.2.1#";

/// A file of signatures as read. Nothing of it is verified.
#[derive(Debug)]
pub(in crate::signature) struct SignatureFile<'input>(Document<'input>);

impl<'input> SignatureFile<'input> {
    /// Reads one.
    ///
    /// # Errors
    /// It is no XML within bounds, is of another kind, or could be read in two ways.
    pub(in crate::signature) fn parse(octets: &'input [u8]) -> Result<Self, XadesError> {
        let file = Self(parse(octets, Bounds::SIGNATURES)?);
        if !file.0.root_element().has_tag_name((ASIC, "XAdESSignatures")) {
            return Err(XadesError::NotSignatures);
        }
        let signatures = file.signatures();
        if signatures.is_empty() || !signatures.iter().all(|part| part.has_tag_name((DS, "Signature"))) {
            return Err(XadesError::Form("something else stands beside the signatures, or there is none"));
        }
        unambiguous(&file.0)?;
        // It says what addresses are relative to, and changes canonical forms (Canonical XML 1.1 section 2.4).
        if file.0.descendants().any(|node| node.attribute((XML, "base")).is_some()) {
            return Err(XadesError::Unsupported("xml:base".to_owned()));
        }
        Ok(file)
    }

    /// Its signatures with their identifiers, in the order in which they stand there.
    pub(in crate::signature) fn signatures(&self) -> Vec<Node<'_, 'input>> {
        elements(self.0.root_element()).collect()
    }
}
