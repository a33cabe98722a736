//! New private keys, made on this machine.

use ca_core::algorithm::KeyAlgorithm;
use ca_core::keys::software::SoftwareKey;
use zeroize::Zeroizing;

use crate::failure::{Failure, catalogue};

/// Makes a key: to sign with, and as PKCS#8 PEM to keep.
///
/// # Errors
/// No randomness.
pub fn generate(algorithm: KeyAlgorithm) -> Result<(SoftwareKey, Zeroizing<String>), Failure> {
    let key = SoftwareKey::generate(algorithm)
        .map_err(|error| Failure::of(&catalogue::KEY_GENERATION).cause(error.to_string()))?;
    let pem = key.to_pkcs8_pem();
    Ok((key, pem))
}
