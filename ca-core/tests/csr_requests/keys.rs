//! Keys: which are admitted, and each weakness by its own name.

use ca_core::csr::{CsrError, KeyKind, SubjectPublicKey};
use num_bigint::BigUint;

use crate::requests::*;

/// Made for this test after the paper: both primes are k·M + (65537^a mod M), M the product of the first 126
/// primes.
const ROCA: &str = "\
    b3f6b9f9307f5d1933e95f2afe54893bf191ea87a68be2cb9c4b1fb7b35915db4acd4a6816f1e42174dab9ea63ffabfa\
    78a4d5878a146d9236f44f47e3f534332ace77cd3c310810c4904bce4eb92c21e84a80d0e1ec34a3377feb39bec4e3db\
    9f14edb27e87683bfbd9cadd9d05af6047e479bc5acd912f7e0b8429a0cdc80450035822e64c68a4828794939bac89fe\
    78eecab0a401b59f49cb230b7178a2119efd6767cb7239d49dc983b2a4ca7da60c4cd0690110bb1e69fbc070976be9d1\
    c611139f42fb093bd53f1d9acd9e553f9a554c606b0814849b451044c7abda049071236cec670fc1ec0c96e2b9c08ec1\
    e36cf9078746ce794ddcf8dc2c230055";

/// A prime and the next one.
const NEIGHBOURS: &str = "\
    ae87e79eb317f21a5b63f4b2393c12dbaefb7ac38a2cd03e37d8732f1b7c519ea5b551d0a0668dc67c61de19296ca9e5\
    5e64e2f364b12d2a12f34f4f491c90463b46c02f798651d33f79072671bcb70d43c4d8d35c371b3f24dcec9100490ef3\
    4759bb4a78cc6d03a56f73e81699ba8e001a4853625c15e73b9b8de8944542463ab647fbe95a2b09fe998d0ba9b28812\
    62c81bb2b4dfaba6a1b9c6b5d62299093102bec720332b1c272e3ba91c9b6598f3a2f79d77c00f1a5e56ddbbeba0eb21\
    819a5676a64331b429061984f4966bceb3b431e98c30054c079329ae069392d6e3dc6afd2a68b78dbeee78596bd1328d\
    043f9cbaba5e7780c20cbf719e472df5";

/// Factors that Fermat's method finds in its 51st round.
const FIFTY_ROUNDS: &str = "\
    ae87e79eb317f21a5b63f4b2393c12dbaefb7ac38a2cd03e37d8732f1b7c519ea5b551d0a0668dc67c61de19296ca9e5\
    5e64e2f364b12d2a12f34f4f491c90553cb7b3e819f9f6675217c89f346a2d8a19a8d09144b85281c44e18f464e5e930\
    4a2ddd5e98b2d0396d3c0f585af722bb5b98dd98a41a40fa80faaf82cdecf762de931923e58f894c3e37cdb229a1867d\
    3dd5ed0543701b5cc78c8dfc6c68666383b076fba2cc56141c376693e66cfe40ce854872ece8ecb12b216b04038a8234\
    9fd869b4e615c83489519b7a22c287687f40392ab5282970d9017e00632912cb604580b65404337c10bf3efdd26b9905\
    65900c42f9daf268c413cb4b3e639c33";

fn key(modulus: &BigUint, exponent: u64) -> Vec<u8> {
    rsa_key(&sequence(&[&integer(&modulus.to_bytes_be()), &integer(&BigUint::from(exponent).to_bytes_be())]))
}

fn rsa_key(key: &[u8]) -> Vec<u8> {
    sequence(&[&sequence(&[&oid("1.2.840.113549.1.1.1"), &NULL]), &bit_string(key)])
}

fn integer(octets: &[u8]) -> Vec<u8> {
    if octets[0] < 0x80 { element(2, octets) } else { element(2, &[&[0], octets].concat()) }
}

fn number(hexadecimal: &str) -> BigUint {
    BigUint::parse_bytes(hexadecimal.as_bytes(), 16).unwrap()
}

fn ec_key(curve: &str, point: &[u8]) -> Vec<u8> {
    sequence(&[&sequence(&[&oid("1.2.840.10045.2.1"), &oid(curve)]), &bit_string(point)])
}

const P256: &str = "1.2.840.10045.3.1.7";
const P384: &str = "1.3.132.0.34";

fn refusal(der: &[u8]) -> CsrError {
    SubjectPublicKey::from_der(der).expect_err("must be refused")
}

/// A sound modulus, its exponent, and the octets of its key, as openssl makes them.
fn sound() -> BigUint {
    let desk = Desk::new();
    desk.key("rsa.pem", &RSA_2048);
    let told = desk.run("openssl", &["rsa", "-in", "rsa.pem", "-noout", "-modulus"]);
    number(String::from_utf8(told).unwrap().trim().strip_prefix("Modulus=").unwrap())
}

#[test]
fn weak_rsa_keys_are_refused_by_name() {
    assert_eq!(refusal(&key(&number(ROCA), 65_537)), CsrError::RsaRoca);
    assert_eq!(refusal(&key(&number(NEIGHBOURS), 65_537)), CsrError::RsaClosePrimes);
    assert_eq!(refusal(&key(&number(FIFTY_ROUNDS), 65_537)), CsrError::RsaClosePrimes);
    let sound = sound();
    assert_eq!(refusal(&key(&(&sound + 1_u32), 65_537)), CsrError::RsaSmallFactor { factor: 2 });
    // A perfect square is the closest pair there is.
    let root = number(NEIGHBOURS).sqrt();
    let root = (0_u32..)
        .map(|step| &root + step)
        .find(|root| (2_u32..752).all(|prime| root % prime != BigUint::ZERO))
        .unwrap();
    assert_eq!(refusal(&key(&(&root * &root), 65_537)), CsrError::RsaClosePrimes);
    let shifted = &sound - (&sound % 751_u32);
    let divisible = if shifted.bit(0) { shifted } else { shifted + 751_u32 };
    assert!(matches!(refusal(&key(&divisible, 65_537)), CsrError::RsaSmallFactor { factor: ..752 }));
}

#[test]
fn rsa_sizes_and_exponents_have_bounds() {
    let sound = sound();
    let kind = |modulus: &BigUint, exponent| {
        SubjectPublicKey::from_der(&key(modulus, exponent)).map(|key| key.kind())
    };
    assert_eq!(kind(&sound, 65_537), Ok(KeyKind::Rsa { bits: 2048 }));
    for exponent in [1, 3, 17, 65_535] {
        assert_eq!(kind(&sound, exponent), Err(CsrError::RsaExponent { why: "smaller than 65537" }));
    }
    assert_eq!(kind(&sound, 65_536), Err(CsrError::RsaExponent { why: "even" }));
    assert_eq!(kind(&sound, (1 << 33) + 1), Err(CsrError::RsaExponent { why: "larger than 33 bits" }));
    for bits in [1024_u64, 2040, 2047, 2049, 4095, 4097, 4104, 8192] {
        let modulus = (BigUint::from(1_u32) << (bits - 1)) + 1_u32;
        assert_eq!(kind(&modulus, 65_537), Err(CsrError::RsaSize { bits }));
    }
    assert_eq!(kind(&BigUint::from(0_u32), 65_537), Err(CsrError::RsaSize { bits: 0 }));
}

#[test]
fn openssl_weak_keys_are_refused_in_requests() {
    let desk = Desk::new();
    desk.key("small.pem", &["RSA", "-pkeyopt", "rsa_keygen_bits:1024"]);
    let refusal = |key: &str| read(&desk.request(key, &["-subj", "/CN=x"])).expect_err(key);
    assert_eq!(refusal("small.pem"), CsrError::RsaSize { bits: 1024 });
    desk.key("three.pem", &["RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-pkeyopt", "rsa_keygen_pubexp:3"]);
    assert_eq!(refusal("three.pem"), CsrError::RsaExponent { why: "smaller than 65537" });
    desk.key(
        "explicit.pem",
        &["EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-pkeyopt", "ec_param_enc:explicit"],
    );
    assert_eq!(refusal("explicit.pem"), CsrError::ExplicitCurve);
    for (arguments, name) in [
        (&["EC", "-pkeyopt", "ec_paramgen_curve:P-521"][..], "P-521"),
        (&["EC", "-pkeyopt", "ec_paramgen_curve:secp256k1"], "secp256k1"),
        (&["EC", "-pkeyopt", "ec_paramgen_curve:brainpoolP256r1"], "brainpoolP256r1"),
        (&["ED448"], "Ed448"),
        (&["RSA-PSS", "-pkeyopt", "rsa_keygen_bits:2048"], "RSASSA-PSS-only"),
    ] {
        desk.key("other.pem", arguments);
        let error = refusal("other.pem");
        assert_eq!(error, CsrError::UnsupportedKey { found: name.to_owned() });
        assert!(error.to_string().contains(name) && error.fix().contains("P-256, P-384, Ed25519 or ML-DSA"));
    }
    desk.run(
        "openssl",
        &[
            "genpkey",
            "-quiet",
            "-genparam",
            "-algorithm",
            "DSA",
            "-pkeyopt",
            "pbits:1024",
            "-pkeyopt",
            "qbits:160",
            "-out",
            "dsa.params",
        ],
    );
    desk.run("openssl", &["genpkey", "-quiet", "-paramfile", "dsa.params", "-out", "dsa.pem"]);
    assert_eq!(refusal("dsa.pem"), CsrError::UnsupportedKey { found: "DSA".to_owned() });
}

#[test]
fn rsa_keys_are_encoded_in_one_way() {
    let sound = sound().to_bytes_be();
    let exponent = [2, 3, 1, 0, 1];
    let modulus = integer(&sound);
    assert!(SubjectPublicKey::from_der(&rsa_key(&sequence(&[&modulus, &exponent]))).is_ok());
    let padded = element(2, &[&[0, 0], &sound[..]].concat());
    for bad in [
        sequence(&[&padded, &exponent]),
        sequence(&[&element(2, &sound), &exponent]),
        sequence(&[&modulus, &[2, 4, 0, 1, 0, 1]]),
        sequence(&[&modulus, &[2, 1, 0xff]]),
        sequence(&[&modulus]),
        sequence(&[&modulus, &exponent, &exponent]),
        [sequence(&[&modulus, &exponent]), vec![0]].concat(),
        sequence(&[&modulus, &exponent])[..200].to_vec(),
        vec![],
    ] {
        assert!(matches!(refusal(&rsa_key(&bad)), CsrError::KeyEncoding { key: "RSA", .. }), "{bad:02x?}");
    }
    let bits = bit_string(&sequence(&[&modulus, &exponent]));
    for parameters in [&[][..], &[4, 0]] {
        let key = sequence(&[&sequence(&[&oid("1.2.840.113549.1.1.1"), parameters]), &bits]);
        assert!(matches!(refusal(&key), CsrError::KeyParameters { key: "RSA", .. }));
    }
}

#[test]
fn points_belong_to_the_curve_that_is_named() {
    let desk = Desk::new();
    let point = |arguments: &[&str], octets: usize| {
        desk.key("key.pem", arguments);
        let public = desk.run("openssl", &["pkey", "-in", "key.pem", "-pubout", "-outform", "DER"]);
        public[public.len() - octets..].to_vec()
    };
    let (small, large) = (point(&EC_P256, 65), point(&EC_P384, 97));
    assert_eq!(SubjectPublicKey::from_der(&ec_key(P256, &small)).unwrap().kind(), KeyKind::P256);
    assert_eq!(SubjectPublicKey::from_der(&ec_key(P384, &large)).unwrap().kind(), KeyKind::P384);
    assert_eq!(
        refusal(&ec_key(P256, &large)),
        CsrError::PointLength { curve: "P-256", expected: 65, found: 97 }
    );
    assert_eq!(
        refusal(&ec_key(P384, &small)),
        CsrError::PointLength { curve: "P-384", expected: 97, found: 65 }
    );
    for (curve, point) in [(P256, &small), (P384, &large)] {
        let mut off = point.clone();
        *off.last_mut().unwrap() ^= 1;
        assert!(matches!(refusal(&ec_key(curve, &off)), CsrError::PointNotOnCurve { .. }));
        let mut compressed = point[..=point.len() / 2].to_vec();
        compressed[0] = 2 + (point[point.len() - 1] & 1);
        assert!(matches!(refusal(&ec_key(curve, &compressed)), CsrError::PointCompressed { .. }));
        let mut hybrid = point.clone();
        hybrid[0] = 6 + (point[point.len() - 1] & 1);
        assert!(matches!(refusal(&ec_key(curve, &hybrid)), CsrError::KeyEncoding { .. }));
        assert!(matches!(refusal(&ec_key(curve, &[0])), CsrError::KeyEncoding { .. }));
        let zero = [&[4][..], &vec![0; point.len() - 1]].concat();
        assert!(matches!(refusal(&ec_key(curve, &zero)), CsrError::PointNotOnCurve { .. }));
    }
    let bits = bit_string(&small);
    for parameters in [&[][..], &NULL] {
        let key = sequence(&[&sequence(&[&oid("1.2.840.10045.2.1"), parameters]), &bits]);
        assert!(matches!(refusal(&key), CsrError::KeyParameters { .. }));
    }
}

#[test]
fn a_compressed_point_in_a_real_request_is_refused_with_its_fix() {
    let desk = Desk::new();
    desk.key("key.pem", &["EC", "-pkeyopt", "ec_paramgen_curve:P-384"]);
    desk.run("openssl", &["ec", "-in", "key.pem", "-conv_form", "compressed", "-out", "compressed.pem"]);
    let error = read(&desk.request("compressed.pem", &["-subj", "/CN=x"])).unwrap_err();
    assert_eq!(error, CsrError::PointCompressed { curve: "P-384" });
    // The fix is a command that works.
    assert!(error.fix().contains("openssl ec -conv_form uncompressed"));
    desk.run("openssl", &["ec", "-in", "compressed.pem", "-conv_form", "uncompressed", "-out", "key.pem"]);
    assert!(read(&desk.request("key.pem", &["-subj", "/CN=x"])).is_ok());
}

#[test]
fn ed25519_keys_have_no_parameters() {
    assert_eq!(SubjectPublicKey::from_der(&ed25519_key()).unwrap().kind(), KeyKind::Ed25519);
    let bits = &ed25519_key()[9..];
    let key = sequence(&[&sequence(&[&oid("1.3.101.112"), &NULL]), bits]);
    assert!(matches!(refusal(&key), CsrError::KeyParameters { key: "Ed25519", .. }));
    let zero = sequence(&[&sequence(&[&oid("1.3.101.112")]), &bit_string(&[0; 32])]);
    assert_eq!(refusal(&zero), CsrError::SmallOrderPoint);
}

/// RFC 9881 section 4; lengths of FIPS 204 table 2.
#[test]
fn ml_dsa_keys_have_one_length_and_no_parameters() {
    for (last, kind, length) in
        [("17", KeyKind::MlDsa44, 1312), ("18", KeyKind::MlDsa65, 1952), ("19", KeyKind::MlDsa87, 2592)]
    {
        let oid = oid(&format!("2.16.840.1.101.3.4.3.{last}"));
        let key = |octets: usize| sequence(&[&sequence(&[&oid]), &bit_string(&vec![1; octets])]);
        assert_eq!(SubjectPublicKey::from_der(&key(length)).unwrap().kind(), kind);
        for wrong in [0, 32, length - 1, length + 1] {
            assert!(matches!(refusal(&key(wrong)), CsrError::KeyEncoding { key: "ML-DSA", .. }));
        }
        let with_null = sequence(&[&sequence(&[&oid, &NULL]), &bit_string(&vec![1; length])]);
        assert!(matches!(refusal(&with_null), CsrError::KeyParameters { key: "ML-DSA", .. }));
    }
    // SLH-DSA-SHA2-128s is another of its family.
    let other = sequence(&[&sequence(&[&oid("2.16.840.1.101.3.4.3.20")]), &bit_string(&[1; 32])]);
    assert!(matches!(refusal(&other), CsrError::UnsupportedKey { .. }));
}
