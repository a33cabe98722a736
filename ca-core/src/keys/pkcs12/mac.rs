//! The MAC over a PKCS#12 file, whose key comes of the passphrase (RFC 7292 section 5.1 and appendix B).

use der::asn1::ObjectIdentifier;
use ring::digest::{Algorithm, Context, SHA1_FOR_LEGACY_USE_ONLY, SHA256, SHA384, SHA512, digest};
use ring::hmac;
use zeroize::Zeroizing;

use super::asn1::MacData;
use crate::keys::KeyError;
use crate::keys::encrypted::MOST_ROUNDS;

/// Appendix B.3: the purpose of a key for a MAC.
const FOR_A_MAC: u8 = 3;

const SHA1_OID: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.14.3.2.26");
const SHA256_OID: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.1");
const SHA384_OID: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.2");
const SHA512_OID: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.3");

impl MacData<'_> {
    /// Verifies that whoever knew the passphrase made these octets.
    pub(super) fn verify(&self, octets: &[u8], passphrase: &str) -> Result<(), KeyError> {
        if self.rounds > MOST_ROUNDS {
            return Err(KeyError::TooManyRounds);
        }
        let oid = self.mac.algorithm.oid;
        // SHA-1 keeps nothing secret here: HMAC with it is not known to be broken, and older programs write nothing else.
        let hash = match oid {
            SHA1_OID => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
            SHA256_OID => hmac::HMAC_SHA256,
            SHA384_OID => hmac::HMAC_SHA384,
            SHA512_OID => hmac::HMAC_SHA512,
            _ => return Err(KeyError::Malformed(format!("its MAC is {oid}, and npki verifies HMAC"))),
        };
        let key = key(hash, passphrase, self.salt.as_bytes(), self.rounds);
        hmac::verify(&hmac::Key::new(hash, &key), octets, self.mac.digest.as_bytes())
            .map_err(|_| KeyError::WrongPassphrase)
    }
}

/// Appendix B.2, for a key as long as the hash: one block of it.
fn key(hash: hmac::Algorithm, passphrase: &str, salt: &[u8], rounds: u32) -> Zeroizing<Vec<u8>> {
    let hash = digest_of(hash);
    let block = hash.block_len();
    let mut context = Context::new(hash);
    context.update(&vec![FOR_A_MAC; block]);
    context.update(&filled(salt, block));
    context.update(&filled(&in_utf16(passphrase), block));
    let mut key = Zeroizing::new(context.finish().as_ref().to_vec());
    for _ in 1..rounds {
        let next = digest(hash, &key);
        key.copy_from_slice(next.as_ref());
    }
    key
}

fn digest_of(hash: hmac::Algorithm) -> &'static Algorithm {
    match hash {
        hash if hash == hmac::HMAC_SHA256 => &SHA256,
        hash if hash == hmac::HMAC_SHA384 => &SHA384,
        hash if hash == hmac::HMAC_SHA512 => &SHA512,
        _ => &SHA1_FOR_LEGACY_USE_ONLY,
    }
}

/// Repeated up to whole blocks (appendix B.2, steps 2 and 3).
fn filled(octets: &[u8], block: usize) -> Zeroizing<Vec<u8>> {
    let length = octets.len().div_ceil(block) * block;
    Zeroizing::new(octets.iter().copied().cycle().take(length).collect())
}

/// Appendix B.1: a BMPString, big-endian, with two octets of zero behind it.
fn in_utf16(passphrase: &str) -> Zeroizing<Vec<u8>> {
    let units = passphrase.encode_utf16().chain([0]);
    Zeroizing::new(units.flat_map(u16::to_be_bytes).collect())
}
