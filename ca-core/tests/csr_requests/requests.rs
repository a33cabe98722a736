//! Makes requests: with openssl, certtool and keytool, or octet by octet.

use std::path::{Path, PathBuf};
use std::process::Command;

use base64::Engine as _;
use ca_core::csr::{CertificationRequest, CsrError, VerifiedCsr};
use ring::signature::{Ed25519KeyPair, KeyPair as _};

/// Parses and verifies, as every caller does.
pub(crate) fn read(bytes: &[u8]) -> Result<VerifiedCsr, CsrError> {
    CertificationRequest::parse(bytes)?.verify()
}

/// A folder in which tools leave keys and requests.
pub(crate) struct Desk(tempfile::TempDir);

impl Desk {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.path(name)).unwrap()
    }

    /// Runs a tool here and gives what it printed; a tool that is missing or fails is a failure of the test.
    pub(crate) fn run(&self, tool: &str, arguments: &[&str]) -> Vec<u8> {
        run(self.0.path(), tool, arguments)
    }

    /// Makes a key with `openssl genpkey` and these further arguments.
    pub(crate) fn key(&self, name: &str, arguments: &[&str]) {
        self.run("openssl", &[&["genpkey", "-quiet", "-out", name, "-algorithm"], arguments].concat());
    }

    /// Makes a request with `openssl req`, as DER.
    pub(crate) fn request(&self, key: &str, arguments: &[&str]) -> Vec<u8> {
        self.run("openssl", &[&["req", "-new", "-key", key, "-outform", "DER"], arguments].concat())
    }
}

fn run(folder: &Path, tool: &str, arguments: &[&str]) -> Vec<u8> {
    let output = Command::new(tool)
        .args(arguments)
        .current_dir(folder)
        .env("LC_ALL", "C.UTF-8")
        .output()
        .unwrap_or_else(|error| panic!("{tool} is needed for this test: {error}"));
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{tool} {arguments:?}: {told}");
    output.stdout
}

/// Arguments of `openssl genpkey` for the curve.
pub(crate) const EC_P256: [&str; 3] = ["EC", "-pkeyopt", "ec_paramgen_curve:P-256"];
pub(crate) const EC_P384: [&str; 3] = ["EC", "-pkeyopt", "ec_paramgen_curve:P-384"];
pub(crate) const RSA_2048: [&str; 3] = ["RSA", "-pkeyopt", "rsa_keygen_bits:2048"];

/// One DER element.
pub(crate) fn element(tag: u8, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let mut der = vec![tag];
    match length {
        0..0x80 => der.push(u8::try_from(length).unwrap()),
        0x80..0x100 => der.extend([0x81, u8::try_from(length).unwrap()]),
        _ => der.extend([0x82, u8::try_from(length >> 8).unwrap(), u8::try_from(length & 0xff).unwrap()]),
    }
    der.extend_from_slice(body);
    der
}

pub(crate) fn sequence(parts: &[&[u8]]) -> Vec<u8> {
    element(0x30, &parts.concat())
}

/// An object identifier in DER.
pub(crate) fn oid(dotted: &str) -> Vec<u8> {
    element(0x06, const_oid::ObjectIdentifier::new(dotted).unwrap().as_bytes())
}

pub(crate) fn bit_string(octets: &[u8]) -> Vec<u8> {
    element(0x03, &[&[0], octets].concat())
}

pub(crate) const NULL: [u8; 2] = [0x05, 0x00];

/// A relative distinguished name of one attribute with this string type.
pub(crate) fn attribute(dotted: &str, tag: u8, value: &[u8]) -> Vec<u8> {
    element(0x31, &sequence(&[&oid(dotted), &element(tag, value)]))
}

/// The subjectPublicKeyInfo of the key that [`signed`] signs with.
pub(crate) fn ed25519_key() -> Vec<u8> {
    sequence(&[&sequence(&[&oid("1.3.101.112")]), &bit_string(pair().public_key().as_ref())])
}

fn pair() -> Ed25519KeyPair {
    Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap()
}

/// Signs contents of a certificationRequestInfo, whatever they are.
pub(crate) fn signed(information: &[&[u8]]) -> Vec<u8> {
    let information = sequence(information);
    let signature = pair().sign(&information);
    sequence(&[&information, &sequence(&[&oid("1.3.101.112")]), &bit_string(signature.as_ref())])
}

/// A well-signed request for these relative distinguished names with these attributes.
pub(crate) fn asking(names: &[Vec<u8>], attributes: &[Vec<u8>]) -> Vec<u8> {
    let subject = element(0x30, &names.concat());
    signed(&[&[2, 1, 0], &subject, &ed25519_key(), &element(0xa0, &attributes.concat())])
}

/// An extensionRequest attribute of these extensions.
pub(crate) fn extension_request(extensions: &[Vec<u8>]) -> Vec<u8> {
    let list = element(0x30, &extensions.concat());
    sequence(&[&oid("1.2.840.113549.1.9.14"), &element(0x31, &list)])
}

pub(crate) fn extension(dotted: &str, value: &[u8]) -> Vec<u8> {
    sequence(&[&oid(dotted), &element(0x04, value)])
}

/// A subjectAltName extension of these DNS names.
pub(crate) fn alternative_names(names: &[&[u8]]) -> Vec<u8> {
    let names: Vec<Vec<u8>> = names.iter().map(|name| element(0x82, name)).collect();
    extension("2.5.29.17", &element(0x30, &names.concat()))
}

pub(crate) fn pem(label: &str, der: &[u8]) -> String {
    let base64 = base64::engine::general_purpose::STANDARD.encode(der);
    let lines: Vec<&str> =
        base64.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}

const ML_DSA_REQUEST: &str = r#"
import sys
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import mldsa
from cryptography.hazmat.primitives.serialization import Encoding
key = getattr(mldsa, f"MLDSA{sys.argv[1]}PrivateKey").generate()
name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "portal")])
request = x509.CertificateSigningRequestBuilder().subject_name(name).sign(key, None)
sys.stdout.buffer.write(request.public_bytes(Encoding.DER))
"#;

/// A request of an ML-DSA key, made by Python's `cryptography`, as DER.
pub(crate) fn ml_dsa_request(parameter_set: &str) -> Vec<u8> {
    let installed = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/judges/bin");
    let folders = std::env::var_os("NPKI_PYTHON_BIN").map(PathBuf::from).into_iter().chain([installed]);
    let mut found = folders.map(|folder| folder.join("python3")).filter(|file| file.is_file());
    let python = found.next().unwrap_or_else(|| PathBuf::from("python3"));
    run(Path::new("."), &python.to_string_lossy(), &["-c", ML_DSA_REQUEST, parameter_set])
}
