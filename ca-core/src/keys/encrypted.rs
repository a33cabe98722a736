//! What is encrypted with a passphrase after PBES2 (RFC 8018 section 6.2), as OpenSSL, Java and Windows write it: private keys
//! (RFC 5958 section 3), and what else PKCS#12 files hold.

use der::asn1::{AnyRef, OctetStringRef};
use der::{Decode, Encode, Sequence};
use pkcs5::EncryptionScheme;
use pkcs5::pbes2::{Kdf, Parameters};
use spki::AlgorithmIdentifierRef;
use zeroize::Zeroizing;

use super::KeyError;

/// The most rounds of PBKDF2: a few seconds. Programs write 2 000 to a million.
pub(super) const MOST_ROUNDS: u32 = 10_000_000;
/// The most memory for scrypt, octets.
const MOST_MEMORY: u64 = 256 * 1024 * 1024;

/// EncryptedPrivateKeyInfo (RFC 5958 section 3).
#[derive(Sequence)]
struct EncryptedKey<'a> {
    algorithm: AnyRef<'a>,
    octets: &'a OctetStringRef,
}

/// A private key out of an EncryptedPrivateKeyInfo, DER: PKCS#8, DER.
///
/// # Errors
/// It is none, the passphrase does not open it, or it is encrypted in a way that npki does not open.
pub fn open_key(der: &[u8], passphrase: &str) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    let EncryptedKey { algorithm, octets } =
        EncryptedKey::from_der(der).map_err(|error| malformed(&error))?;
    open(algorithm, octets.as_bytes(), passphrase)
}

/// Decrypts octets as their AlgorithmIdentifier says.
pub(super) fn open(
    algorithm: AnyRef<'_>,
    octets: &[u8],
    passphrase: &str,
) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    let parameters = parameters(algorithm)?;
    // RFC 8018 section 6.2.2 cannot tell a wrong passphrase from altered octets.
    let opened = parameters.decrypt(passphrase, octets).map_err(|error| match error {
        pkcs5::Error::DecryptFailed => KeyError::WrongPassphrase,
        other => KeyError::Malformed(other.to_string()),
    })?;
    Ok(Zeroizing::new(opened))
}

fn parameters(algorithm: AnyRef<'_>) -> Result<Parameters, KeyError> {
    let named: AlgorithmIdentifierRef<'_> = algorithm.decode_as().map_err(|error| malformed(&error))?;
    let other = || KeyError::OtherEncryption(named.oid.to_string());
    let der = algorithm.to_der().map_err(|error| malformed(&error))?;
    let scheme = EncryptionScheme::from_der(&der).map_err(|_| other())?;
    let parameters = scheme.pbes2().ok_or_else(other)?;
    let bearable = match &parameters.kdf {
        Kdf::Pbkdf2(by) => by.iteration_count <= MOST_ROUNDS,
        Kdf::Scrypt(by) => {
            let lanes = u64::from(by.block_size) * u64::from(by.parallelization.max(1));
            by.cost_parameter.saturating_mul(128).saturating_mul(lanes) <= MOST_MEMORY
        }
        _ => return Err(other()),
    };
    if bearable { Ok(parameters.clone()) } else { Err(KeyError::TooManyRounds) }
}

pub(super) fn malformed(error: &der::Error) -> KeyError {
    KeyError::Malformed(error.to_string())
}
