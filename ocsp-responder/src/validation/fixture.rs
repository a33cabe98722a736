//! Hierarchies made by openssl, for the tests of this crate: an independent judge writes what we read.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use super::certificate::Certificate;

pub(crate) const CA: &str = "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\n\
    subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n";
pub(crate) const LEAF: &str = "basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\n\
    subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n";

/// A folder with keys and certificates, each under a name: `NAME.key`, `NAME.pem`.
#[derive(Debug)]
pub(crate) struct Workshop(TempDir);

impl Workshop {
    pub(crate) fn new() -> Self {
        let workshop = Self(TempDir::new().unwrap());
        fs::write(workshop.path("req.cnf"), "[req]\ndistinguished_name=dn\n[dn]\n").unwrap();
        workshop
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn folder(&self) -> &Path {
        self.0.path()
    }

    /// Runs openssl here; its failure fails the test.
    pub(crate) fn openssl(&self, arguments: &[&str]) -> Vec<u8> {
        let output = Command::new("openssl").args(arguments).current_dir(self.folder()).output().unwrap();
        assert!(
            output.status.success(),
            "openssl {arguments:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        output.stdout
    }

    /// Makes `NAME.key`; kinds are `P-256`, `P-384`, `RSA` (2048 bits), `RSA-1024` and `ED25519`.
    pub(crate) fn key(&self, name: &str, kind: &str) {
        let file = format!("{name}.key");
        match kind {
            "RSA" | "RSA-1024" => {
                let bits = if kind == "RSA" { "rsa_keygen_bits:2048" } else { "rsa_keygen_bits:1024" };
                self.openssl(&["genpkey", "-algorithm", "RSA", "-pkeyopt", bits, "-out", &file]);
            }
            "ED25519" => {
                self.openssl(&["genpkey", "-algorithm", "ED25519", "-out", &file]);
            }
            curve => {
                let curve = format!("ec_paramgen_curve:{curve}");
                self.openssl(&["genpkey", "-algorithm", "EC", "-pkeyopt", &curve, "-out", &file]);
            }
        }
    }

    /// A self-signed root, valid for ten years.
    pub(crate) fn root(&self, name: &str, kind: &str) -> Certificate {
        self.root_with(name, kind, CA)
    }

    pub(crate) fn root_with(&self, name: &str, kind: &str, extensions: &str) -> Certificate {
        self.key(name, kind);
        self.request(name, &format!("/C=LS/O=Test/CN={name}"));
        fs::write(self.path("ext.cnf"), extensions).unwrap();
        let (request, key, out) = (format!("{name}.csr"), format!("{name}.key"), format!("{name}.pem"));
        self.openssl(&[
            "x509", "-req", "-in", &request, "-signkey", &key, "-days", "3650", "-extfile", "ext.cnf",
            "-out", &out,
        ]);
        self.certificate(name)
    }

    /// A certificate for a new key, signed by `issuer`, valid for 90 days, a CA's for a year.
    pub(crate) fn issue(&self, issuer: &str, name: &str, kind: &str, extensions: &str) -> Certificate {
        self.key(name, kind);
        self.certify(issuer, name, &format!("/C=LS/O=Test/CN={name}"), extensions, &[])
    }

    /// A certificate for the key in `NAME.key`, with openssl's further options.
    pub(crate) fn certify(
        &self,
        issuer: &str,
        name: &str,
        subject: &str,
        extensions: &str,
        further: &[&str],
    ) -> Certificate {
        self.request(name, subject);
        fs::write(self.path("ext.cnf"), extensions).unwrap();
        let (request, out) = (format!("{name}.csr"), format!("{name}.pem"));
        let (ca, key) = (format!("{issuer}.pem"), format!("{issuer}.key"));
        // A CA outlives what it issues, however slow the machine is between the two.
        let days = if extensions.contains("CA:TRUE") { "365" } else { "90" };
        let mut arguments = vec![
            "x509",
            "-req",
            "-in",
            &request,
            "-CA",
            &ca,
            "-CAkey",
            &key,
            "-CAcreateserial",
            "-days",
            days,
            "-extfile",
            "ext.cnf",
            "-out",
            &out,
        ];
        arguments.extend(further);
        self.openssl(&arguments);
        self.certificate(name)
    }

    fn request(&self, name: &str, subject: &str) {
        let (key, out) = (format!("{name}.key"), format!("{name}.csr"));
        self.openssl(&["req", "-new", "-config", "req.cnf", "-key", &key, "-subj", subject, "-out", &out]);
    }

    /// The certificate in `NAME.pem`.
    pub(crate) fn certificate(&self, name: &str) -> Certificate {
        let der = self.openssl(&["x509", "-in", &format!("{name}.pem"), "-outform", "DER"]);
        Certificate::from_der(&der).unwrap()
    }

    /// A CRL of `issuer`, valid for an hour, that revokes each (certificate, reason).
    pub(crate) fn crl(&self, issuer: &str, revoked: &[(&Certificate, &str)]) -> Vec<u8> {
        self.crl_with(issuer, revoked, "", "3600")
    }

    /// The same with CRL extensions and a lifetime in seconds.
    pub(crate) fn crl_with(
        &self,
        issuer: &str,
        revoked: &[(&Certificate, &str)],
        extensions: &str,
        seconds: &str,
    ) -> Vec<u8> {
        fs::write(self.path("crlnumber"), "01\n").unwrap();
        self.next_crl(issuer, revoked, extensions, seconds)
    }

    /// The same with a number, valid for an hour.
    pub(crate) fn numbered_crl(
        &self,
        issuer: &str,
        revoked: &[(&Certificate, &str)],
        number: u8,
        extensions: &str,
    ) -> Vec<u8> {
        fs::write(self.path("crlnumber"), format!("{number:02X}\n")).unwrap();
        self.next_crl(issuer, revoked, extensions, "3600")
    }

    fn next_crl(
        &self,
        issuer: &str,
        revoked: &[(&Certificate, &str)],
        extensions: &str,
        seconds: &str,
    ) -> Vec<u8> {
        let mut index = String::new();
        for (certificate, reason) in revoked {
            let reason = if reason.is_empty() { String::new() } else { format!(",{reason}") };
            index += &entry(certificate, &format!("260101120000Z{reason}"));
        }
        self.crl_of_index(issuer, &index, extensions, seconds)
    }

    /// A CRL of `issuer`, valid for a year, that revokes a certificate since a moment (`YYMMDDHHMMSSZ`).
    pub(crate) fn crl_revoking_since(&self, issuer: &str, certificate: &Certificate, since: &str) -> Vec<u8> {
        fs::write(self.path("crlnumber"), "01\n").unwrap();
        self.crl_of_index(issuer, &entry(certificate, since), "", "31536000")
    }

    fn crl_of_index(&self, issuer: &str, index: &str, extensions: &str, seconds: &str) -> Vec<u8> {
        fs::write(self.path("index.txt"), index).unwrap();
        let settings = format!(
            "[ca]\ndefault_ca=d\n[d]\ndatabase=index.txt\ncrlnumber=crlnumber\ndefault_md=default\n\
             crl_extensions=x\n[x]\nauthorityKeyIdentifier=keyid\n{extensions}"
        );
        fs::write(self.path("ca.cnf"), settings).unwrap();
        let (cert, key) = (format!("{issuer}.pem"), format!("{issuer}.key"));
        self.openssl(&[
            "ca", "-config", "ca.cnf", "-gencrl", "-cert", &cert, "-keyfile", &key, "-crlsec", seconds,
            "-out", "out.crl",
        ]);
        self.openssl(&["crl", "-in", "out.crl", "-outform", "DER"])
    }
}

/// A line of openssl's index of revoked certificates.
fn entry(certificate: &Certificate, since: &str) -> String {
    let serial = hex::encode_upper(certificate.serial_magnitude());
    format!("R\t350101000000Z\t{since}\t{serial}\tunknown\t/CN=x\n")
}
