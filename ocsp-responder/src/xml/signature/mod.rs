//! Signatures in XML (XMLDSIG, RFC 9231) with what XAdES adds (ETSI EN 319 132-1): what trusted lists and containers have in common.
//!
//! Nothing is found by an address here but an element of the signature itself that stands where it must; an identifier that stands twice
//! is refused; of transforms there are canonical forms, and where the caller says so the enveloped signature.

mod algorithm;
mod reading;

pub(crate) use algorithm::{digest_identifier, from_xml, identifier, to_xml};
pub(crate) use reading::{
    NotRead, Stated, base64_in, canonicalization, child, maybe, methods, names_certificate, properties,
    qualifying, transforms, unambiguous,
};

/// XML Signature Syntax and Processing.
pub(crate) const DS: &str = "http://www.w3.org/2000/09/xmldsig#";
/// ETSI EN 319 132-1: the namespace that XAdES 1.3.2 began.
pub(crate) const XADES: &str = "http://uri.etsi.org/01903/v1.3.2#";
/// EN 319 132-1 section 4.4.2: the type of the reference to what is signed about the signature.
pub(crate) const SIGNED_PROPERTIES: &str = "http://uri.etsi.org/01903#SignedProperties";
