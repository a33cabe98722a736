//! Keys and signatures: RFC 3279, 4055, 5480, 5758, 8410 and 9881, and how strong a signature must be.

mod ec_key_usage;
mod ed25519_key_usage;
mod key_parameters;
mod known;
mod ml_dsa_key_length;
mod ml_dsa_key_usage;
mod signature_parameters;
mod signature_strength;

use x509_parser::x509::AlgorithmIdentifier;

use super::Rule;
use super::issuer::SigningKey;

pub(in crate::lint) const RULES: &[Rule] = &[
    signature_strength::RULE,
    signature_parameters::RULE,
    key_parameters::RULE,
    ec_key_usage::RULE,
    ed25519_key_usage::RULE,
    ml_dsa_key_usage::RULE,
    ml_dsa_key_length::RULE,
];

/// Whether a key of the signer's kind makes signatures of this algorithm.
pub(super) fn belong_together(signer: SigningKey<'_>, signature: &AlgorithmIdentifier<'_>) -> bool {
    known::identifier(signature).is_some_and(|signature| known::belong_together(signer, signature))
}
