//! ML-DSA private keys (FIPS 204) in the three forms of RFC 9881 section 6: the seed, the expanded key, or both. The
//! seed is what we write; an expanded key that came without one stays as it is, since no seed can be had from it.

use ::ml_dsa::{
    ExpandedSigningKey, ExpandedSigningKeyBytes, MlDsa44, MlDsa65, MlDsa87, MlDsaParams, Seed, Verifier,
};
use const_oid::db::fips204;
use der::asn1::{ObjectIdentifier, OctetStringRef};
use der::{Decode, Encode, Sequence};
use getrandom::SysRng;
use p256::pkcs8::PrivateKeyInfoRef;
use spki::{AlgorithmIdentifierRef, SubjectPublicKeyInfoRef};
use zeroize::Zeroizing;

use super::encoding::{Decoded, malformed, public_key_info};
use super::pair::Pair;
use crate::algorithm::KeyAlgorithm;
use crate::keys::KeyError;

/// A key of each parameter set. It wipes itself when it is dropped.
pub(super) enum MlDsaKey {
    Of44(Box<ExpandedSigningKey<MlDsa44>>),
    Of65(Box<ExpandedSigningKey<MlDsa65>>),
    Of87(Box<ExpandedSigningKey<MlDsa87>>),
}

/// What differs between the parameter sets (FIPS 204 section 4 table 1).
pub(super) trait ParameterSet: MlDsaParams {
    /// The key's algorithm.
    const ALGORITHM: KeyAlgorithm;
    /// Its object identifier (RFC 9881 section 2).
    const OID: ObjectIdentifier;
    /// How many polynomials s₁ and s₂ have together.
    const SECRET_POLYNOMIALS: usize;
    /// η: secret coefficients lie within −η and η.
    const ETA: u8;

    fn keep(key: ExpandedSigningKey<Self>) -> MlDsaKey;
}

impl ParameterSet for MlDsa44 {
    const ALGORITHM: KeyAlgorithm = KeyAlgorithm::MlDsa44;
    const OID: ObjectIdentifier = fips204::ID_ML_DSA_44;
    const SECRET_POLYNOMIALS: usize = 4 + 4;
    const ETA: u8 = 2;

    fn keep(key: ExpandedSigningKey<Self>) -> MlDsaKey {
        MlDsaKey::Of44(Box::new(key))
    }
}

impl ParameterSet for MlDsa65 {
    const ALGORITHM: KeyAlgorithm = KeyAlgorithm::MlDsa65;
    const OID: ObjectIdentifier = fips204::ID_ML_DSA_65;
    const SECRET_POLYNOMIALS: usize = 6 + 5;
    const ETA: u8 = 4;

    fn keep(key: ExpandedSigningKey<Self>) -> MlDsaKey {
        MlDsaKey::Of65(Box::new(key))
    }
}

impl ParameterSet for MlDsa87 {
    const ALGORITHM: KeyAlgorithm = KeyAlgorithm::MlDsa87;
    const OID: ObjectIdentifier = fips204::ID_ML_DSA_87;
    const SECRET_POLYNOMIALS: usize = 8 + 7;
    const ETA: u8 = 2;

    fn keep(key: ExpandedSigningKey<Self>) -> MlDsaKey {
        MlDsaKey::Of87(Box::new(key))
    }
}

/// RFC 9881 section 6: seed and expanded key together.
#[derive(Sequence)]
struct Both<'a> {
    seed: &'a OctetStringRef,
    expanded: &'a OctetStringRef,
}

/// Makes a key from 32 octets of the operating system's randomness.
pub(super) fn generate<P: ParameterSet>() -> Result<Decoded, KeyError> {
    let mut seed = Zeroizing::new(Seed::default());
    getrandom::fill(&mut seed).map_err(|_| KeyError::Entropy(crate::clock::EntropyError))?;
    of_seed::<P>(&seed)
}

/// Reads a PKCS#8 key of this parameter set.
pub(super) fn decode_pkcs8<P: ParameterSet>(info: &PrivateKeyInfoRef<'_>) -> Result<Decoded, KeyError> {
    // RFC 9881 section 2: the parameters MUST be absent.
    if info.algorithm.parameters.is_some() {
        return Err(malformed(&"an ML-DSA key with parameters"));
    }
    let decoded = of_private_key::<P>(info.private_key.as_bytes())?;
    let public = SubjectPublicKeyInfoRef::from_der(&decoded.public_key_info);
    let public = public.map_err(|error| malformed(&error))?.subject_public_key;
    if info.public_key.is_some_and(|given| given != public) {
        return Err(malformed(&"the public key beside the private key is not its own"));
    }
    Ok(decoded)
}

/// RFC 9881 section 6: `CHOICE { seed [0], expandedKey OCTET STRING, both SEQUENCE }`.
fn of_private_key<P: ParameterSet>(der: &[u8]) -> Result<Decoded, KeyError> {
    match der {
        [0x80, 0x20, seed @ ..] => of_seed::<P>(&*seed_of(seed)?),
        [0x04, ..] => {
            let expanded = <&OctetStringRef>::from_der(der).map_err(|error| malformed(&error))?;
            of_expanded::<P>(expanded.as_bytes(), der)
        }
        [0x30, ..] => {
            let both = Both::from_der(der).map_err(|error| malformed(&error))?;
            of_both::<P>(&*seed_of(both.seed.as_bytes())?, both.expanded.as_bytes())
        }
        _ => Err(malformed(&"it is neither a seed nor an expanded ML-DSA key (RFC 9881 section 6)")),
    }
}

fn seed_of(octets: &[u8]) -> Result<Zeroizing<Seed>, KeyError> {
    Seed::try_from(octets).map(Zeroizing::new).map_err(|_| malformed(&"an ML-DSA seed has 32 octets"))
}

fn of_seed<P: ParameterSet>(seed: &Seed) -> Result<Decoded, KeyError> {
    let written = Zeroizing::new([&[0x80, 0x20], seed.as_slice()].concat());
    decoded(ExpandedSigningKey::<P>::from_seed(seed), &written)
}

/// RFC 9881 section 8: the two must belong together. OpenSSL refuses it too when they do not.
#[allow(deprecated, reason = "to_expanded is discouraged for writing keys; here one that came is compared")]
fn of_both<P: ParameterSet>(seed: &Seed, expanded: &[u8]) -> Result<Decoded, KeyError> {
    let key = ExpandedSigningKey::<P>::from_seed(seed);
    let derived = Zeroizing::new(key.to_expanded());
    // Whoever gave the file knows both: no secret is in the time this takes.
    if derived.as_slice() != expanded {
        return Err(malformed(&"its seed and its expanded key do not belong together"));
    }
    of_seed::<P>(seed)
}

#[allow(
    deprecated,
    reason = "there is no other reader; what it leaves unchecked is checked before and after"
)]
fn of_expanded<P: ParameterSet>(expanded: &[u8], written: &[u8]) -> Result<Decoded, KeyError> {
    let octets = ExpandedSigningKeyBytes::<P>::try_from(expanded).map(Zeroizing::new);
    let octets =
        octets.map_err(|_| malformed(&"the expanded key is not as long as its parameter set wants"))?;
    if !secrets_in_range::<P>(expanded) {
        return Err(malformed(&"the expanded key has coefficients out of range"));
    }
    let key = ExpandedSigningKey::<P>::from_expanded(&octets);
    // The parts of an expanded key may contradict each other: then its signatures do not verify.
    let consistent = key
        .sign_deterministic(b"npki", &[])
        .is_ok_and(|signature| key.verifying_key().verify(b"npki", &signature).is_ok());
    if !consistent {
        return Err(malformed(&"the parts of its expanded key do not belong together"));
    }
    decoded(key, written)
}

/// FIPS 204 algorithm 25, skDecode: s₁ and s₂ "lie in [−η, η] if sk is a valid private key"; each coefficient is
/// packed as η minus it, in 3 bits for η = 2 and 4 bits for η = 4.
fn secrets_in_range<P: ParameterSet>(expanded: &[u8]) -> bool {
    // ρ, K and tr come first.
    const BEFORE: usize = 32 + 32 + 64;
    const COEFFICIENTS: usize = 256;
    let width = if P::ETA == 2 { 3 } else { 4 };
    let octets = expanded.iter().skip(BEFORE).take(P::SECRET_POLYNOMIALS * COEFFICIENTS * width / 8);
    let (mut pending, mut bits) = (0_u16, 0);
    octets.copied().all(|octet| {
        pending |= u16::from(octet) << bits;
        bits += 8;
        let mut fit = true;
        while bits >= width {
            fit &= pending & ((1 << width) - 1) <= u16::from(2 * P::ETA);
            pending >>= width;
            bits -= width;
        }
        fit
    })
}

fn decoded<P: ParameterSet>(key: ExpandedSigningKey<P>, written: &[u8]) -> Result<Decoded, KeyError> {
    let algorithm = AlgorithmIdentifierRef { oid: P::OID, parameters: None };
    let private_key = OctetStringRef::new(written).map_err(|error| malformed(&error))?;
    let pkcs8 = PrivateKeyInfoRef::new(algorithm, private_key).to_der().map_err(|error| malformed(&error))?;
    Ok(Decoded {
        algorithm: P::ALGORITHM,
        public_key_info: public_key_info(algorithm, key.verifying_key().encode().as_slice())?,
        pkcs8: Zeroizing::new(pkcs8),
        pair: Pair::MlDsa(P::keep(key)),
    })
}

impl MlDsaKey {
    /// Signs with an empty context (RFC 9881 section 3), hedged: FIPS 204 section 3.4 prefers that to the
    /// deterministic variant, from which faults and side channels would learn more.
    pub(super) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        fn hedged<P: MlDsaParams>(key: &ExpandedSigningKey<P>, message: &[u8]) -> Result<Vec<u8>, KeyError> {
            key.sign_randomized(message, &[], &mut SysRng)
                .map(|signature| signature.encode().to_vec())
                .map_err(|_| KeyError::Unusable("there was no randomness to sign with"))
        }
        match self {
            Self::Of44(key) => hedged(key, message),
            Self::Of65(key) => hedged(key, message),
            Self::Of87(key) => hedged(key, message),
        }
    }
}
