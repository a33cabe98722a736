//! Who else must accept it.

use std::path::{Path, PathBuf};
use std::process::Command;

use ca_core::algorithm::SignatureAlgorithm;

/// All that one hierarchy publishes, DER.
pub(crate) struct Published {
    pub(crate) root: Vec<u8>,
    pub(crate) issuing: Vec<u8>,
    pub(crate) leaf: Vec<u8>,
    pub(crate) revoked: Vec<u8>,
    pub(crate) responder: Vec<u8>,
    pub(crate) root_crl: Vec<u8>,
    pub(crate) crl: Vec<u8>,
    /// A certificate of a CA whose CRL is divided by now, the CRL of its part, and the delta that revokes it.
    pub(crate) in_shard: Vec<u8>,
    pub(crate) shard: Vec<u8>,
    pub(crate) delta: Vec<u8>,
    pub(crate) answer: Vec<u8>,
    pub(crate) revoked_answer: Vec<u8>,
}

impl Published {
    fn write(&self, folder: &Path) {
        for (name, octets) in [
            ("root", &self.root),
            ("issuing", &self.issuing),
            ("leaf", &self.leaf),
            ("revoked", &self.revoked),
            ("responder", &self.responder),
            ("root_crl", &self.root_crl),
            ("crl", &self.crl),
            ("in_shard", &self.in_shard),
            ("shard", &self.shard),
            ("delta", &self.delta),
            ("answer", &self.answer),
            ("revoked_answer", &self.revoked_answer),
        ] {
            std::fs::write(folder.join(format!("{name}.der")), octets).unwrap();
        }
    }
}

/// Verifies every signature with the primitives, and what the library can verify by itself with that.
const CRYPTOGRAPHY: &str = r#"
import pathlib, sys
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509 import ocsp

name, folder = sys.argv[1], pathlib.Path(sys.argv[2])
load = lambda file: (folder / f"{file}.der").read_bytes()
root, issuing, leaf, revoked, responder, in_shard = (
    x509.load_der_x509_certificate(load(file)) for file in ("root", "issuing", "leaf", "revoked", "responder", "in_shard"))
OIDS = {
    "ecdsa-with-sha256": "1.2.840.10045.4.3.2", "ecdsa-with-sha384": "1.2.840.10045.4.3.3",
    "rsa-with-sha256": "1.2.840.113549.1.1.11", "rsa-with-sha384": "1.2.840.113549.1.1.12",
    "rsa-pss-with-sha256": "1.2.840.113549.1.1.10", "rsa-pss-with-sha384": "1.2.840.113549.1.1.10",
    "ed25519": "1.3.101.112", "ml-dsa-44": "2.16.840.1.101.3.4.3.17",
    "ml-dsa-65": "2.16.840.1.101.3.4.3.18", "ml-dsa-87": "2.16.840.1.101.3.4.3.19"}

def verify(key, signature, message):
    digest = hashes.SHA384() if name.endswith("384") else hashes.SHA256()
    if isinstance(key, ec.EllipticCurvePublicKey):
        key.verify(signature, message, ec.ECDSA(digest))
    elif isinstance(key, rsa.RSAPublicKey):
        pss = padding.PSS(padding.MGF1(digest), digest.digest_size)
        key.verify(signature, message, pss if "pss" in name else padding.PKCS1v15(), digest)
    else:
        key.verify(signature, message)

def signed(key, oid, signature, message):
    assert oid.dotted_string == OIDS[name], oid
    verify(key, signature, message)
    try:
        verify(key, signature, message + b"x")
    except InvalidSignature:
        return
    raise AssertionError("it verifies over other octets")

for certificate, issuer in ((root, root), (issuing, root), (leaf, issuing), (revoked, issuing), (responder, issuing)):
    signed(issuer.public_key(), certificate.signature_algorithm_oid, certificate.signature,
           certificate.tbs_certificate_bytes)
    certificate.verify_directly_issued_by(issuer)
lists = {}
for file, issuer in (("root_crl", root), ("crl", issuing), ("shard", issuing), ("delta", issuing)):
    crl = lists[file] = x509.load_der_x509_crl(load(file))
    signed(issuer.public_key(), crl.signature_algorithm_oid, crl.signature, crl.tbs_certlist_bytes)
    assert crl.is_signature_valid(issuer.public_key())
listed = lambda file, of: lists[file].get_revoked_certificate_by_serial_number(of.serial_number) is not None
assert listed("crl", revoked) and not listed("crl", in_shard)
assert listed("delta", in_shard) and not listed("shard", in_shard)
value = lambda file, of: lists[file].extensions.get_extension_for_class(of).value
assert value("delta", x509.DeltaCRLIndicator).crl_number == value("shard", x509.CRLNumber).crl_number
assert value("delta", x509.IssuingDistributionPoint) == value("shard", x509.IssuingDistributionPoint)
for file, status in (("answer", ocsp.OCSPCertStatus.GOOD), ("revoked_answer", ocsp.OCSPCertStatus.REVOKED)):
    answer = ocsp.load_der_ocsp_response(load(file))
    assert answer.certificate_status == status and answer.certificates == [responder]
    signed(responder.public_key(), answer.signature_algorithm_oid, answer.signature, answer.tbs_response_bytes)
print("accepted")
"#;

/// The Python that tests/run.sh prepared, or the one on PATH.
fn python() -> PathBuf {
    let installed = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/judges/bin");
    let folders = std::env::var_os("NPKI_PYTHON_BIN").map(PathBuf::from).into_iter().chain([installed]);
    let mut found = folders.map(|folder| folder.join("python3")).filter(|file| file.is_file());
    found.next().unwrap_or_else(|| PathBuf::from("python3"))
}

/// Python's `cryptography` verifies every signature.
pub(crate) fn cryptography_accepts(published: &Published, signs_with: SignatureAlgorithm) {
    let folder = tempfile::tempdir().unwrap();
    published.write(folder.path());
    let judge = Command::new(python())
        .args(["-c", CRYPTOGRAPHY, signs_with.name()])
        .arg(folder.path())
        .output()
        .expect("python3 with cryptography is installed");
    let said = String::from_utf8_lossy(&[judge.stdout, judge.stderr].concat()).into_owned();
    assert!(judge.status.success() && said.contains("accepted"), "{signs_with}: {said}");
}

/// `openssl verify -x509_strict -crl_check_all` accepts the path, and `openssl ocsp` the answer.
pub(crate) fn openssl_accepts(published: &Published, signs_with: SignatureAlgorithm) {
    let folder = tempfile::tempdir().unwrap();
    published.write(folder.path());
    let run = |arguments: &str| openssl(folder.path(), arguments);
    for name in ["root", "issuing", "leaf", "responder", "in_shard"] {
        run(&format!("x509 -inform DER -in {name}.der -out {name}.pem"));
    }
    for name in ["root_crl", "crl", "shard", "delta"] {
        run(&format!("crl -inform DER -in {name}.der -out {name}.pem"));
    }
    let verified = run(
        "verify -x509_strict -crl_check_all -CAfile root.pem -untrusted issuing.pem -CRLfile root_crl.pem \
         -CRLfile crl.pem leaf.pem",
    );
    assert!(verified.contains("leaf.pem: OK"), "{signs_with}: {verified}");
    let in_shard = "verify -x509_strict -crl_check_all -extended_crl -CAfile root.pem -untrusted issuing.pem \
                    -CRLfile root_crl.pem -CRLfile shard.pem";
    let verified = run(&format!("{in_shard} in_shard.pem"));
    assert!(verified.contains("in_shard.pem: OK"), "{signs_with}: {verified}");
    let (accepted, said) =
        try_openssl(folder.path(), &format!("{in_shard} -CRLfile delta.pem -use_deltas in_shard.pem"));
    assert!(!accepted && said.contains("revoked"), "{signs_with}: {said}");
    let answered = run(
        "ocsp -sha256 -issuer issuing.pem -cert leaf.pem -respin answer.der -CAfile root.pem -verify_other issuing.pem",
    );
    assert!(
        answered.contains("Response verify OK") && answered.contains("leaf.pem: good"),
        "{signs_with}: {answered}"
    );
}

/// A key as `openssl genpkey` writes it.
pub(crate) fn rsa_key(bits: u32) -> String {
    let folder = tempfile::tempdir().unwrap();
    openssl(
        folder.path(),
        &format!("genpkey -quiet -algorithm RSA -pkeyopt rsa_keygen_bits:{bits} -out key.pem"),
    );
    std::fs::read_to_string(folder.path().join("key.pem")).unwrap()
}

fn openssl(folder: &Path, arguments: &str) -> String {
    let (accepted, said) = try_openssl(folder, arguments);
    assert!(accepted, "openssl {arguments}: {said}");
    said
}

fn try_openssl(folder: &Path, arguments: &str) -> (bool, String) {
    let run = Command::new("openssl")
        .args(arguments.split_whitespace())
        .current_dir(folder)
        .output()
        .expect("openssl is installed");
    let said = String::from_utf8_lossy(&[run.stdout, run.stderr].concat()).into_owned();
    (run.status.success(), said)
}
