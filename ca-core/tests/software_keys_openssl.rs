//! Keys go to OpenSSL and come from OpenSSL in every form it writes.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::path::Path;
use std::process::Command;

use ca_core::algorithm::KeyAlgorithm;
use ca_core::keys::software::SoftwareKey;
use ca_core::keys::{KeyError, Signer};
use tempfile::TempDir;

fn openssl_octets(folder: &Path, arguments: &[&str]) -> Vec<u8> {
    let output = Command::new("openssl").args(arguments).current_dir(folder).output().expect("openssl runs");
    assert!(output.status.success(), "openssl {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

fn openssl(folder: &TempDir, arguments: &[&str]) -> String {
    String::from_utf8(openssl_octets(folder.path(), arguments)).unwrap()
}

/// Reads a key that OpenSSL wrote to `key.pem` and has OpenSSL say whether it is the same.
fn read_back(folder: &TempDir, pem: &str) -> SoftwareKey {
    let key = SoftwareKey::from_pem(pem).unwrap_or_else(|error| panic!("{error}: {pem}"));
    std::fs::write(folder.path().join("read.pem"), pem).unwrap();
    let public = openssl_octets(folder.path(), &["pkey", "-in", "read.pem", "-pubout", "-outform", "DER"]);
    assert_eq!(key.public_key_info(), public, "the public key as OpenSSL derives it");
    key
}

fn ec_key(folder: &TempDir, curve: &str) -> String {
    openssl(folder, &["genpkey", "-algorithm", "EC", "-pkeyopt", &format!("ec_paramgen_curve:{curve}")])
}

#[test]
fn openssl_reads_our_keys_and_verifies_our_signatures() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, octets: &[u8]| std::fs::write(folder.path().join(name), octets).unwrap();
    // OpenSSL 3.0 does not know ML-DSA, which others judge.
    for algorithm in [KeyAlgorithm::P256, KeyAlgorithm::P384, KeyAlgorithm::Rsa3072, KeyAlgorithm::Ed25519] {
        let key = SoftwareKey::generate(algorithm).unwrap();
        write("key.pem", key.to_pkcs8_pem().as_bytes());
        write("message", b"message");
        write("signature", &key.sign(b"message").unwrap());
        let public = openssl_octets(folder.path(), &["pkey", "-in", "key.pem", "-pubout", "-outform", "DER"]);
        assert_eq!(public, key.public_key_info(), "{algorithm}");
        openssl(&folder, &["pkey", "-in", "key.pem", "-pubout", "-out", "public.pem"]);
        let digest: &[&str] = match algorithm {
            KeyAlgorithm::P384 => &["-digest", "sha384"],
            KeyAlgorithm::Ed25519 => &[],
            _ => &["-digest", "sha256"],
        };
        let verify = ["pkeyutl", "-verify", "-rawin", "-in", "message", "-sigfile", "signature"];
        let verify = [&verify[..], &["-pubin", "-inkey", "public.pem"], digest].concat();
        assert!(openssl(&folder, &verify).contains("Verified Successfully"), "{algorithm}");
    }
}

#[test]
fn pkcs8_keys_of_openssl_are_read() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(read_back(&folder, &ec_key(&folder, "P-256")).algorithm(), KeyAlgorithm::P256);
    assert_eq!(read_back(&folder, &ec_key(&folder, "P-384")).algorithm(), KeyAlgorithm::P384);
    let ed25519 = openssl(&folder, &["genpkey", "-algorithm", "ED25519"]);
    assert_eq!(read_back(&folder, &ed25519).algorithm(), KeyAlgorithm::Ed25519);
}

#[test]
fn traditional_ec_keys_of_openssl_are_read() {
    let folder = tempfile::tempdir().unwrap();
    for (curve, algorithm) in [("prime256v1", KeyAlgorithm::P256), ("secp384r1", KeyAlgorithm::P384)] {
        let with_parameters = openssl(&folder, &["ecparam", "-genkey", "-name", curve]);
        assert!(with_parameters.contains("BEGIN EC PARAMETERS"), "{with_parameters}");
        assert_eq!(read_back(&folder, &with_parameters).algorithm(), algorithm);
        let alone = openssl(&folder, &["ecparam", "-genkey", "-noout", "-name", curve]);
        assert_eq!(read_back(&folder, &alone).algorithm(), algorithm);
    }
}

#[test]
fn rsa_keys_of_openssl_are_read() {
    let folder = tempfile::tempdir().unwrap();
    for (bits, algorithm) in [("3072", KeyAlgorithm::Rsa3072), ("4096", KeyAlgorithm::Rsa4096)] {
        let size = format!("rsa_keygen_bits:{bits}");
        let pkcs8 = openssl(&folder, &["genpkey", "-quiet", "-algorithm", "RSA", "-pkeyopt", &size]);
        assert_eq!(read_back(&folder, &pkcs8).algorithm(), algorithm);
        std::fs::write(folder.path().join("rsa.pem"), &pkcs8).unwrap();
        let traditional = openssl(&folder, &["rsa", "-in", "rsa.pem", "-traditional"]);
        assert!(traditional.contains("BEGIN RSA PRIVATE KEY"));
        assert_eq!(read_back(&folder, &traditional).algorithm(), algorithm);
    }
    let pss = ["genpkey", "-quiet", "-algorithm", "RSA-PSS", "-pkeyopt", "rsa_keygen_bits:3072"];
    let refused = SoftwareKey::from_pem(&openssl(&folder, &pss)).unwrap_err();
    assert!(matches!(refused, KeyError::UnsupportedAlgorithm(kind) if kind.contains("PSS")));
}

#[test]
fn ec_keys_without_their_public_key_are_read() {
    let folder = tempfile::tempdir().unwrap();
    for curve in ["P-256", "P-384"] {
        std::fs::write(folder.path().join("key.pem"), ec_key(&folder, curve)).unwrap();
        let traditional = openssl(&folder, &["ec", "-in", "key.pem", "-no_public"]);
        read_back(&folder, &traditional);
        std::fs::write(folder.path().join("bare.pem"), &traditional).unwrap();
        let pkcs8 = openssl(&folder, &["pkcs8", "-topk8", "-nocrypt", "-in", "bare.pem"]);
        assert!(pkcs8.contains("BEGIN PRIVATE KEY"));
        read_back(&folder, &pkcs8);
    }
}

#[test]
fn encrypted_keys_are_refused_as_such() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("key.pem"), ec_key(&folder, "P-256")).unwrap();
    let pkcs8 = openssl(&folder, &["pkcs8", "-topk8", "-in", "key.pem", "-passout", "pass:secret"]);
    let traditional = openssl(&folder, &["ec", "-in", "key.pem", "-aes256", "-passout", "pass:secret"]);
    assert!(traditional.contains("Proc-Type: 4,ENCRYPTED"), "{traditional}");
    for encrypted in [pkcs8, traditional] {
        assert!(matches!(SoftwareKey::from_pem(&encrypted), Err(KeyError::Encrypted)), "{encrypted}");
    }
}

#[test]
fn keys_of_other_kinds_are_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let rsa = openssl(&folder, &["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"]);
    std::fs::write(folder.path().join("rsa.pem"), &rsa).unwrap();
    let traditional_rsa = openssl(&folder, &["rsa", "-in", "rsa.pem", "-traditional"]);
    let p521 = ec_key(&folder, "P-521");
    let ed448 = openssl(&folder, &["genpkey", "-algorithm", "ED448"]);
    for (pem, named) in
        [(rsa, "RSA"), (traditional_rsa, "RSA"), (p521, "1.3.132.0.35"), (ed448, "1.3.101.113")]
    {
        match SoftwareKey::from_pem(&pem) {
            Err(KeyError::UnsupportedAlgorithm(kind)) => assert!(kind.contains(named), "{kind}"),
            other => panic!("{other:?}"),
        }
    }
    let traditional_p521 = openssl(&folder, &["ecparam", "-genkey", "-name", "secp521r1"]);
    assert!(SoftwareKey::from_pem(&traditional_p521).is_err());
}
