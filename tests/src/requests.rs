//! Certification requests, good and bad, made by the programs that people use.

use std::path::{Path, PathBuf};

use crate::npki::text;
use crate::programs::Program;

/// A request made by openssl: what follows `-newkey`, and the digest it signs with.
#[derive(Debug, Clone, Copy)]
pub struct OpensslKey {
    /// For messages and file names.
    pub name: &'static str,
    /// Arguments that make the key.
    pub key: &'static [&'static str],
    /// Arguments that choose the digest.
    pub digest: &'static [&'static str],
}

/// NIST P-256 with SHA-256: what most clients send.
pub const P256: OpensslKey =
    OpensslKey { name: "p256", key: &["ec", "-pkeyopt", "ec_paramgen_curve:P-256"], digest: &[] };
/// NIST P-384 with SHA-384.
pub const P384: OpensslKey =
    OpensslKey { name: "p384", key: &["ec", "-pkeyopt", "ec_paramgen_curve:P-384"], digest: &["-sha384"] };
/// NIST P-384 signing with SHA-256: a pair that some libraries mistake for P-256.
pub const P384_SHA256: OpensslKey = OpensslKey {
    name: "p384-sha256",
    key: &["ec", "-pkeyopt", "ec_paramgen_curve:P-384"],
    digest: &["-sha256"],
};
/// NIST P-521: not admitted anywhere.
pub const P521: OpensslKey =
    OpensslKey { name: "p521", key: &["ec", "-pkeyopt", "ec_paramgen_curve:P-521"], digest: &["-sha512"] };
/// RSA, 1024 bits: broken.
pub const RSA1024: OpensslKey = OpensslKey { name: "rsa1024", key: &["rsa:1024"], digest: &[] };
/// RSA, 2048 bits.
pub const RSA2048: OpensslKey = OpensslKey { name: "rsa2048", key: &["rsa:2048"], digest: &[] };
/// RSA, 3072 bits.
pub const RSA3072: OpensslKey = OpensslKey { name: "rsa3072", key: &["rsa:3072"], digest: &[] };
/// RSA, 4096 bits.
pub const RSA4096: OpensslKey = OpensslKey { name: "rsa4096", key: &["rsa:4096"], digest: &[] };
/// Ed25519.
pub const ED25519: OpensslKey = OpensslKey { name: "ed25519", key: &["ed25519"], digest: &[] };

/// Makes a key and a request with openssl; the request's file, PEM.
pub fn openssl(folder: &Path, key: &OpensslKey) -> PathBuf {
    openssl_with_subject(folder, key, "/CN=whatever the applicant writes")
}

/// The same with a subject of one's own.
pub fn openssl_with_subject(folder: &Path, key: &OpensslKey, subject: &str) -> PathBuf {
    let number = crate::installation::random_u16();
    let file = |ending: &str| folder.join(format!("{}-{number}.{ending}", key.name));
    let (request, private) = (file("csr.pem"), file("key.pem"));
    let program = Program::named("openssl").args(["req", "-new", "-nodes", "-subj", subject, "-newkey"]);
    let program = program.args(key.key).args(key.digest);
    program.args(["-keyout", text(&private), "-out", text(&request)]).run().succeeded();
    request
}

/// A P-384 request made by GnuTLS.
pub fn certtool(folder: &Path) -> PathBuf {
    let (request, key, template) =
        (folder.join("gnutls.csr"), folder.join("gnutls.key"), folder.join("gnutls.cfg"));
    std::fs::write(&template, "cn = \"from certtool\"\norganization = \"RSL\"\nsigning_key\n").unwrap();
    let make = ["--generate-privkey", "--key-type", "ecdsa", "--curve", "secp384r1", "--outfile", text(&key)];
    Program::named("certtool").args(make).run().succeeded();
    let ask = ["--generate-request", "--load-privkey", text(&key), "--template", text(&template)];
    Program::named("certtool").args(ask).args(["--outfile", text(&request)]).run().succeeded();
    request
}

/// An RSA-3072 request made by Java's keytool, with names in an extension request.
pub fn keytool(folder: &Path) -> PathBuf {
    let (request, store) = (folder.join("keytool.csr"), folder.join("keystore.p12"));
    let at = ["-keystore", text(&store), "-storepass", "changeit", "-alias", "gate"];
    let make =
        ["-genkeypair", "-keyalg", "RSA", "-keysize", "3072", "-dname", "CN=from keytool, O=RSL, C=LS"];
    Program::named("keytool").args(make).args(at).run().succeeded();
    let ask = ["-certreq", "-file", text(&request)];
    Program::named("keytool").args(ask).args(at).run().succeeded();
    request
}

/// The DER of a request.
pub fn der(request: &Path) -> Vec<u8> {
    Program::named("openssl").args(["req", "-in", text(request), "-outform", "DER"]).run().succeeded().stdout
}

/// Writes DER as a request's PEM, whether or not it is one.
pub fn write_pem(folder: &Path, name: &str, der: &[u8]) -> PathBuf {
    use base64::Engine as _;
    let body = base64::engine::general_purpose::STANDARD.encode(der);
    let lines: Vec<&str> =
        body.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
    let (begin, end) = ("-----BEGIN CERTIFICATE REQUEST-----", "-----END CERTIFICATE REQUEST-----");
    let file = folder.join(name);
    std::fs::write(&file, format!("{begin}\n{}\n{end}\n", lines.join("\n"))).unwrap();
    file
}
