//! OpenSSL as the judge.

use std::path::{Path, PathBuf};
use std::process::Command;

use ca_core::serial::SerialNumber;
use time::Duration;

use crate::authority::{Ca, actor};

fn write(folder: &Path, name: &str, tag: &str, der: &[u8]) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, pem::encode(&pem::Pem::new(tag, der))).unwrap();
    path
}

fn openssl(arguments: &[&std::ffi::OsStr]) -> (bool, String) {
    let output = Command::new("openssl").args(arguments).output().expect("openssl is installed");
    let text = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&text).into_owned())
}

/// `openssl verify -x509_strict -crl_check_all` accepts the chain.
pub(crate) fn verifies(ca: &Ca, leaf: &[u8], what: &str) {
    let folder = tempfile::tempdir().unwrap();
    let root_crl = ca.root.publish_crl(Duration::days(90), &actor()).unwrap();
    let crl = ca.issuing.publish_crl(Duration::hours(24), &actor()).unwrap();
    let root = write(folder.path(), "root.pem", "CERTIFICATE", ca.root.certificate());
    let issuing = write(folder.path(), "issuing.pem", "CERTIFICATE", ca.issuing.certificate());
    let root_crl = write(folder.path(), "root-crl.pem", "X509 CRL", &root_crl.der);
    let crl = write(folder.path(), "crl.pem", "X509 CRL", &crl.der);
    let leaf = write(folder.path(), "leaf.pem", "CERTIFICATE", leaf);
    let (accepted, said) = openssl(&[
        "verify".as_ref(),
        "-x509_strict".as_ref(),
        "-crl_check_all".as_ref(),
        "-CAfile".as_ref(),
        root.as_ref(),
        "-untrusted".as_ref(),
        issuing.as_ref(),
        "-CRLfile".as_ref(),
        root_crl.as_ref(),
        "-CRLfile".as_ref(),
        crl.as_ref(),
        leaf.as_ref(),
    ]);
    assert!(accepted, "{what}: {said}");
}

/// What `openssl x509 -ext` says of extensions of a certificate.
pub(crate) fn shows(certificate: &[u8], extensions: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let certificate = write(folder.path(), "leaf.pem", "CERTIFICATE", certificate);
    let (read, said) = openssl(&[
        "x509".as_ref(),
        "-noout".as_ref(),
        "-ext".as_ref(),
        extensions.as_ref(),
        "-in".as_ref(),
        certificate.as_ref(),
    ]);
    assert!(read, "{said}");
    said
}

/// The whole of a certificate as `openssl x509 -text` reads it. Some versions have a name for 2.5.29.56, others show the digits:
/// here it is the digits.
pub(crate) fn reads(certificate: &[u8]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let certificate = write(folder.path(), "leaf.pem", "CERTIFICATE", certificate);
    let text = ["x509", "-noout", "-text", "-in"].map(std::ffi::OsStr::new);
    let (read, said) = openssl(&[&text[..], &[certificate.as_ref()]].concat());
    assert!(read, "{said}");
    said.replace("X509v3 No Revocation Available", "2.5.29.56")
}

/// `openssl crl` verifies the CRL and shows the serial number with this reason.
pub(crate) fn lists_as_revoked(ca: &Ca, crl: &[u8], serial: &SerialNumber, reason: &str) {
    let folder = tempfile::tempdir().unwrap();
    let issuing = write(folder.path(), "issuing.pem", "CERTIFICATE", ca.issuing.certificate());
    let crl = write(folder.path(), "crl.pem", "X509 CRL", crl);
    let (accepted, said) = openssl(&[
        "crl".as_ref(),
        "-in".as_ref(),
        crl.as_ref(),
        "-CAfile".as_ref(),
        issuing.as_ref(),
        "-noout".as_ref(),
        "-text".as_ref(),
    ]);
    assert!(accepted && said.contains("verify OK"), "{said}");
    assert!(said.contains(&serial.to_string().to_uppercase()) && said.contains(reason), "{said}");
}

/// `openssl crl` shows no entry.
pub(crate) fn lists_nothing(crl: &[u8]) {
    let folder = tempfile::tempdir().unwrap();
    let crl = write(folder.path(), "crl.pem", "X509 CRL", crl);
    let (_, said) =
        openssl(&["crl".as_ref(), "-in".as_ref(), crl.as_ref(), "-noout".as_ref(), "-text".as_ref()]);
    assert!(said.contains("No Revoked Certificates"), "{said}");
}
