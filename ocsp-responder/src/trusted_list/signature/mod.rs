//! The signature of a trusted list: XAdES baseline B, enveloped (TS 119 612 section 5.7, ETSI EN 319 132-1 section 6.3).

mod sign;
mod verify;

pub use sign::{ListSigner, NoSignature, UnusableKey};
pub use verify::{SignatureBroken, Signed, verify};

/// XMLDSIG section 6.6.4.
const ENVELOPED: &str = "http://www.w3.org/2000/09/xmldsig#enveloped-signature";
