//! New private keys, made on this machine.

use ca_core::algorithm::KeyAlgorithm;
use ca_core::clock::Entropy;
use ca_core::keys::Signer;
use zeroize::Zeroizing;

use crate::failure::{Failure, catalogue};

/// Makes a key: to sign with, and as PKCS#8 PEM to keep.
///
/// # Errors
/// No randomness, or the key cannot be encoded.
pub fn generate(
    algorithm: KeyAlgorithm,
    entropy: &dyn Entropy,
) -> Result<(Box<dyn Signer>, Zeroizing<String>), Failure> {
    let _ = (algorithm, entropy);
    Err(Failure::of(&catalogue::NOT_LINKED))
}
