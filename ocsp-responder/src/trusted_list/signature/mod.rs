//! The signature of a trusted list: XAdES baseline B, enveloped (TS 119 612 section 5.7, ETSI EN 319 132-1 section 6.3).

mod algorithm;
mod sign;
mod verify;

pub use algorithm::UnusableKey;
pub(crate) use algorithm::{digest_identifier, identifier};
pub use sign::{ListSigner, NoSignature};
pub use verify::{SignatureBroken, Signed, verify};

/// XML Signature Syntax and Processing.
const DS: &str = "http://www.w3.org/2000/09/xmldsig#";
/// ETSI EN 319 132-1: the namespace that XAdES 1.3.2 began.
const XADES: &str = "http://uri.etsi.org/01903/v1.3.2#";
/// XMLDSIG section 6.6.4.
const ENVELOPED: &str = "http://www.w3.org/2000/09/xmldsig#enveloped-signature";
/// EN 319 132-1 section 4.4.2: the type of the reference to what is signed about the signature.
const SIGNED_PROPERTIES: &str = "http://uri.etsi.org/01903#SignedProperties";
