//! No truncation, no flipped bit and no garbage gets through, and nothing panics.

use proptest::prelude::*;

use crate::requests::*;

/// A request of every kind of signature.
fn one_of_each(desk: &Desk) -> Vec<Vec<u8>> {
    desk.key("p256", &EC_P256);
    desk.key("p384", &EC_P384);
    desk.key("ed", &["ED25519"]);
    [("p256", "-sha256"), ("p256", "-sha512"), ("p384", "-sha384"), ("ed", "-sha256")]
        .map(|(key, digest)| {
            desk.request(key, &[digest, "-subj", "/C=LS/CN=x", "-addext", "subjectAltName=DNS:a.ls"])
        })
        .to_vec()
}

fn rsa(desk: &Desk, options: &[&str]) -> Vec<u8> {
    desk.key("rsa", &RSA_2048);
    desk.request("rsa", &[&["-sha256", "-subj", "/CN=x"], options].concat())
}

fn assert_every_flip_is_refused(der: &[u8]) {
    assert!(read(der).is_ok());
    for bit in 0..der.len() * 8 {
        let mut flipped = der.to_vec();
        flipped[bit / 8] ^= 1 << (bit % 8);
        assert!(read(&flipped).is_err(), "bit {} of octet {}", bit % 8, bit / 8);
    }
}

#[test]
fn no_truncation_is_read() {
    let desk = Desk::new();
    for der in one_of_each(&desk).into_iter().chain([rsa(&desk, &[])]) {
        assert!(read(&der).is_ok());
        for length in 0..der.len() {
            assert!(read(&der[..length]).is_err(), "{length}");
        }
        let text = pem("CERTIFICATE REQUEST", &der);
        // The last dash and the final newline end the block; without the newline it is still whole.
        for length in 0..text.len() - 1 {
            assert!(read(&text.as_bytes()[..length]).is_err(), "{length}");
        }
    }
}

#[test]
fn no_flipped_bit_verifies() {
    for der in one_of_each(&Desk::new()) {
        assert_every_flip_is_refused(&der);
    }
}

#[test]
fn no_flipped_bit_verifies_under_rsa() {
    let desk = Desk::new();
    assert_every_flip_is_refused(&rsa(&desk, &[]));
    let pss = ["-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:digest"];
    assert_every_flip_is_refused(&rsa(&desk, &pss));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn garbage_is_refused(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        prop_assert!(read(&bytes).is_err());
    }

    #[test]
    fn garbage_in_a_frame_is_refused(bytes in proptest::collection::vec(any::<u8>(), 130..600)) {
        prop_assert!(read(&element(0x30, &bytes)).is_err());
        prop_assert!(read(pem("CERTIFICATE REQUEST", &bytes).as_bytes()).is_err());
    }

    #[test]
    fn well_signed_garbage_never_panics(
        name in proptest::collection::vec(any::<u8>(), 0..100),
        attributes in proptest::collection::vec(any::<u8>(), 0..100),
        extensions in proptest::collection::vec(any::<u8>(), 0..100),
        alternative in proptest::collection::vec(any::<u8>(), 0..100),
    ) {
        let key = ed25519_key();
        let none = element(0xa0, &[]);
        let empty = element(0x30, &[]);
        let _ = read(&signed(&[&[2, 1, 0], &element(0x30, &name), &key, &none]));
        let _ = read(&signed(&[&[2, 1, 0], &empty, &key, &element(0xa0, &attributes)]));
        let _ = read(&asking(&[], &[extension_request(&[extensions])]));
        let names = extension("2.5.29.17", &element(0x30, &alternative));
        let _ = read(&asking(&[], &[extension_request(&[names])]));
    }

    #[test]
    fn any_name_that_is_read_is_read_as_it_was_written(name in "\\PC{1,40}") {
        let der = asking(&[attribute("2.5.4.3", 0x0c, name.as_bytes())], &[]);
        if let Ok(request) = read(&der) {
            prop_assert_eq!(request.wishes().subject()[0].value(), name);
        }
    }
}
