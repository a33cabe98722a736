#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;
use std::process::Command;

use ca_core::algorithm::KeyAlgorithm;
use ca_core::clock::{Clock, SystemClock};
use ca_core::keys::{KeyError, Signer};
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, EcdsaKeyPair, Ed25519KeyPair,
};
use time::{Duration, OffsetDateTime};

use super::{
    ContentDigest, SignError, SignatureError, SignatureForm, SignatureVerdict, SignedFile, sign_attached,
    sign_detached, verify_signed_file,
};
use crate::validation::certificate::Certificate;
use crate::validation::fixture::{CA, LEAF, Workshop};
use crate::validation::status::{CrlOnly, GatheredEvidence};
use crate::validation::{Answer, Basis, Indication, SubIndication};

const CONTENT: &[u8] = b"Kopo ea lengolo la tsoalo\r\n\0binary\xff\n";

enum Pair {
    Ecdsa(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

pub(crate) struct TestSigner {
    pair: Pair,
    algorithm: KeyAlgorithm,
    public_key_info: Vec<u8>,
}

impl std::fmt::Debug for TestSigner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TestSigner")
    }
}

impl Signer for TestSigner {
    fn algorithm(&self) -> KeyAlgorithm {
        self.algorithm
    }

    fn public_key_info(&self) -> &[u8] {
        &self.public_key_info
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        Ok(match &self.pair {
            Pair::Ecdsa(pair) => pair.sign(&SystemRandom::new(), message).unwrap().as_ref().to_vec(),
            Pair::Ed25519(pair) => pair.sign(message).as_ref().to_vec(),
        })
    }
}

impl TestSigner {
    pub(crate) fn open(workshop: &Workshop, name: &str, kind: &str) -> Self {
        let file = format!("{name}.key");
        let pkcs8 = workshop.openssl(&["pkcs8", "-topk8", "-nocrypt", "-in", &file, "-outform", "DER"]);
        let public_key_info = workshop.openssl(&["pkey", "-in", &file, "-pubout", "-outform", "DER"]);
        let random = SystemRandom::new();
        let ecdsa = |kind| Pair::Ecdsa(EcdsaKeyPair::from_pkcs8(kind, &pkcs8, &random).unwrap());
        let (pair, algorithm) = match kind {
            "P-256" => (ecdsa(&ECDSA_P256_SHA256_ASN1_SIGNING), KeyAlgorithm::P256),
            "P-384" => (ecdsa(&ECDSA_P384_SHA384_ASN1_SIGNING), KeyAlgorithm::P384),
            _ => (
                Pair::Ed25519(Ed25519KeyPair::from_pkcs8_maybe_unchecked(&pkcs8).unwrap()),
                KeyAlgorithm::Ed25519,
            ),
        };
        Self { pair, algorithm, public_key_info }
    }
}

struct Office {
    workshop: Workshop,
    root: Certificate,
    issuing: Certificate,
    leaf: Certificate,
    kind: &'static str,
}

fn office(kind: &'static str) -> Office {
    office_with(kind, LEAF)
}

fn office_with(kind: &'static str, leaf: &str) -> Office {
    let workshop = Workshop::new();
    let root = workshop.root("root", kind);
    let issuing = workshop.issue("root", "issuing", kind, CA);
    let leaf = workshop.issue("issuing", "leaf", kind, leaf);
    fs::write(workshop.path("content"), CONTENT).unwrap();
    Office { workshop, root, issuing, leaf, kind }
}

impl Office {
    fn sign(&self) -> Vec<u8> {
        let signer = TestSigner::open(&self.workshop, "leaf", self.kind);
        let chain = [self.issuing.clone(), self.root.clone()];
        sign_detached(CONTENT, &signer, &self.leaf, &chain, SystemClock.now()).unwrap()
    }

    fn evidence(&self) -> GatheredEvidence {
        GatheredEvidence {
            crls: vec![self.workshop.crl("root", &[]), self.workshop.crl("issuing", &[])],
            ocsp_responses: Vec::new(),
        }
    }

    fn verdict(&self, signature: &[u8], content: &[u8], evidence: &GatheredEvidence) -> SignatureVerdict {
        self.verdict_at(signature, content, evidence, SystemClock.now())
    }

    fn verdict_at(
        &self,
        signature: &[u8],
        content: &[u8],
        evidence: &GatheredEvidence,
        at: OffsetDateTime,
    ) -> SignatureVerdict {
        let anchors = std::slice::from_ref(&self.root);
        let basis = Basis { anchors, intermediates: &[], evidence, ocsp: &CrlOnly, at };
        verify_signed_file(signature, content, &basis).unwrap()
    }

    /// A signature by openssl, with further options.
    fn openssl_signs(&self, options: &[&str]) -> Vec<u8> {
        let mut arguments = vec![
            "cms",
            "-sign",
            "-binary",
            "-nosmimecap",
            "-in",
            "content",
            "-signer",
            "leaf.pem",
            "-inkey",
            "leaf.key",
            "-certfile",
            "issuing.pem",
            "-outform",
            "DER",
        ];
        arguments.extend(options);
        self.workshop.openssl(&arguments)
    }
}

#[test]
fn openssl_accepts_what_we_sign() {
    // OpenSSL 3.0 verifies no Ed25519 in CMS: the next two tests are its judges.
    for kind in ["P-256", "P-384"] {
        let office = office(kind);
        fs::write(office.workshop.path("ours.p7s"), office.sign()).unwrap();
        let content = office.workshop.openssl(&[
            "cms", "-verify", "-binary", "-inform", "DER", "-in", "ours.p7s", "-content", "content",
            "-CAfile", "root.pem", "-purpose", "any", "-cades",
        ]);
        assert_eq!(content, CONTENT, "{kind}");
    }
}

#[test]
fn certtool_accepts_what_we_sign() {
    for kind in ["P-256", "P-384", "ED25519"] {
        let office = office(kind);
        fs::write(office.workshop.path("ours.p7s"), office.sign()).unwrap();
        let output = Command::new("certtool")
            .args(["--p7-verify", "--inder", "--infile", "ours.p7s", "--load-data", "content"])
            .args(["--load-ca-certificate", "root.pem"])
            .current_dir(office.workshop.folder())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{kind}: {said}");
    }
}

#[test]
fn what_we_sign_is_valid_here() {
    for kind in ["P-256", "P-384", "ED25519"] {
        let office = office(kind);
        let verdict = office.verdict(&office.sign(), CONTENT, &office.evidence());
        assert_eq!(verdict.answer, Answer::Valid, "{kind}: {:?}", verdict.reasons);
        assert_eq!(verdict.form, Some(SignatureForm::CadesBaselineB));
        assert!(verdict.claimed_signing_time.is_some());
        assert_eq!(verdict.certificate.unwrap().path.len(), 3);
    }
}

#[test]
fn what_openssl_signs_is_valid_here() {
    let pss = ["-keyopt", "rsa_padding_mode:pss", "-keyopt", "rsa_pss_saltlen:digest"];
    for (kind, options, form) in [
        ("P-256", &["-cades", "-md", "sha256"][..], SignatureForm::CadesBaselineB),
        ("P-256", &["-cades", "-md", "sha512"], SignatureForm::CadesBaselineB),
        ("P-384", &["-cades", "-md", "sha384"], SignatureForm::CadesBaselineB),
        ("P-384", &["-md", "sha512"], SignatureForm::Cms),
        ("RSA", &["-cades", "-md", "sha256"], SignatureForm::CadesBaselineB),
        ("RSA", &["-keyid"], SignatureForm::Cms),
        ("RSA", &pss, SignatureForm::Cms),
    ] {
        let office = office(kind);
        let verdict = office.verdict(&office.openssl_signs(options), CONTENT, &office.evidence());
        assert_eq!(verdict.answer, Answer::Valid, "{kind} {options:?}: {:?}", verdict.reasons);
        assert_eq!(verdict.form, Some(form), "{kind} {options:?}");
    }
}

#[test]
fn what_is_attached_is_verified_as_what_is_not() {
    let office = office("P-256");
    let theirs = office.openssl_signs(&["-nodetach", "-cades", "-md", "sha256"]);
    let signer = TestSigner::open(&office.workshop, "leaf", "P-256");
    let chain = [office.issuing.clone()];
    let ours = sign_attached(CONTENT, &signer, &office.leaf, &chain, SystemClock.now()).unwrap();
    fs::write(office.workshop.path("ours.p7m"), &ours).unwrap();
    let content = office.workshop.openssl(&[
        "cms", "-verify", "-binary", "-inform", "DER", "-in", "ours.p7m", "-CAfile", "root.pem", "-purpose",
        "any", "-cades",
    ]);
    assert_eq!(content, CONTENT);
    for signature in [&theirs, &ours] {
        let signed = SignedFile::parse(signature).unwrap();
        assert_eq!(signed.attached(), Some(CONTENT));
        assert_eq!(signed.verify_attached().unwrap().form, SignatureForm::CadesBaselineB);
        // Beside the file, too; another file is none of it.
        assert_eq!(office.verdict(signature, CONTENT, &office.evidence()).answer, Answer::Valid);
        let other = office.verdict(signature, b"other", &office.evidence());
        assert_eq!(other.sub_indication, Some(SubIndication::HashFailure));
    }
    // What is inside is altered, and the file beside it is not.
    let place = ours.windows(CONTENT.len()).position(|part| part == CONTENT).unwrap();
    let mut altered = ours;
    altered[place] ^= 1;
    let other = office.verdict(&altered, CONTENT, &office.evidence());
    assert_eq!(other.sub_indication, Some(SubIndication::HashFailure));
    let detached = SignedFile::parse(&office.sign()).unwrap().verify_attached().unwrap_err();
    assert_eq!(detached, SignatureError::Detached);
}

#[test]
fn what_cannot_be_verified_is_refused_by_name() {
    let office = office("RSA");
    office.workshop.issue("issuing", "second", "P-256", LEAF);
    for (options, error) in [
        (&["-stream"][..], SignatureError::Ber),
        (&["-noattr"], SignatureError::NoSignedAttributes),
        (&["-nocerts"], SignatureError::NoSignerCertificate),
        (&["-signer", "second.pem", "-inkey", "second.key"], SignatureError::SeveralSigners(2)),
    ] {
        assert_eq!(SignedFile::parse(&office.openssl_signs(options)).unwrap_err(), error, "{options:?}");
    }
    let sha1 = SignedFile::parse(&office.openssl_signs(&["-md", "sha1"])).unwrap_err();
    assert_eq!(sha1.sub_indication(), SubIndication::CryptoConstraintsFailureNoPoe);
    let mut salt = vec!["-keyopt", "rsa_padding_mode:pss"];
    salt.extend(["-keyopt", "rsa_pss_saltlen:20"]);
    assert!(matches!(SignedFile::parse(&office.openssl_signs(&salt)), Err(SignatureError::Algorithm(_))));
}

#[test]
fn der_and_both_pem_labels_are_read() {
    let office = office("P-256");
    fs::write(office.workshop.path("ours.p7s"), office.sign()).unwrap();
    let cms =
        office.workshop.openssl(&["cms", "-cmsout", "-inform", "DER", "-in", "ours.p7s", "-outform", "PEM"]);
    let pkcs7 = office.workshop.openssl(&["pkcs7", "-inform", "DER", "-in", "ours.p7s", "-outform", "PEM"]);
    assert!(pkcs7.starts_with(b"-----BEGIN PKCS7"));
    for pem in [&cms, &pkcs7] {
        assert_eq!(office.verdict(pem, CONTENT, &office.evidence()).answer, Answer::Valid);
    }
    let certificate = fs::read(office.workshop.path("leaf.pem")).unwrap();
    for other in [certificate, b"hello".to_vec(), Vec::new(), vec![0x30; 2_000_000]] {
        let verdict = office.verdict(&other, CONTENT, &office.evidence());
        assert_eq!(verdict.sub_indication, Some(SubIndication::FormatFailure));
    }
    for junk in [&b"\0"[..], b"\n"] {
        let longer = [office.sign().as_slice(), junk].concat();
        assert_eq!(SignedFile::parse(&longer).unwrap_err(), SignatureError::NotCms);
    }
}

#[test]
fn an_altered_file_is_a_hash_failure() {
    let office = office("P-256");
    let verdict = office.verdict(&office.sign(), b"other content", &office.evidence());
    assert_eq!(verdict.answer, Answer::Invalid);
    assert_eq!(
        (verdict.indication, verdict.sub_indication),
        (Indication::TotalFailed, Some(SubIndication::HashFailure))
    );
}

#[test]
fn a_revoked_held_or_expired_signer_is_no_longer_accepted() {
    let office = office("P-256");
    let signature = office.sign();
    for (reason, expected) in
        [("keyCompromise", SubIndication::RevokedNoPoe), ("certificateHold", SubIndication::TryLater)]
    {
        let mut evidence = office.evidence();
        evidence.crls[1] = office.workshop.crl("issuing", &[(&office.leaf, reason)]);
        let verdict = office.verdict(&signature, CONTENT, &evidence);
        assert_eq!(verdict.answer, Answer::CannotTell);
        assert_eq!((verdict.indication, verdict.sub_indication), (Indication::Indeterminate, Some(expected)));
        // The certificate's own answer stays a plain no.
        assert_eq!(verdict.certificate.unwrap().answer, Answer::Invalid);
    }
    let mut evidence = office.evidence();
    evidence.crls[0] = office.workshop.crl("root", &[(&office.issuing, "CACompromise")]);
    let verdict = office.verdict(&signature, CONTENT, &evidence);
    assert_eq!(verdict.sub_indication, Some(SubIndication::RevokedCaNoPoe));
    let late = SystemClock.now() + Duration::days(91);
    let verdict = office.verdict_at(&signature, CONTENT, &office.evidence(), late);
    assert_eq!(
        (verdict.answer, verdict.sub_indication),
        (Answer::CannotTell, Some(SubIndication::OutOfBoundsNoPoe))
    );
}

#[test]
fn no_status_and_no_anchor_leave_it_open() {
    let office = office("P-256");
    let signature = office.sign();
    let verdict = office.verdict(&signature, CONTENT, &GatheredEvidence::default());
    assert_eq!((verdict.answer, verdict.sub_indication), (Answer::CannotTell, Some(SubIndication::TryLater)));
    let stranger = Workshop::new().root("stranger", "P-256");
    let basis = Basis {
        anchors: &[stranger],
        intermediates: &[],
        evidence: &office.evidence(),
        ocsp: &CrlOnly,
        at: SystemClock.now(),
    };
    let verdict = verify_signed_file(&signature, CONTENT, &basis).unwrap();
    assert_eq!(verdict.sub_indication, Some(SubIndication::NoCertificateChainFound));
    assert_eq!(verdict.answer, Answer::CannotTell);
}

#[test]
fn a_key_that_may_not_sign_files_does_not() {
    let agreement = LEAF.replace("digitalSignature", "keyAgreement");
    let office = office_with("P-256", &agreement);
    let signer = TestSigner::open(&office.workshop, "leaf", "P-256");
    let now = SystemClock.now();
    let refused = sign_detached(CONTENT, &signer, &office.leaf, &[], now);
    assert!(matches!(refused, Err(SignError::KeyUsage)));
    let verdict = office.verdict(&office.openssl_signs(&["-cades"]), CONTENT, &office.evidence());
    assert_eq!(verdict.sub_indication, Some(SubIndication::ChainConstraintsFailure));
    assert_ne!(verdict.answer, Answer::Valid);
}

#[test]
fn signing_with_the_wrong_certificate_or_out_of_its_validity_is_refused() {
    let office = office("P-256");
    let signer = TestSigner::open(&office.workshop, "leaf", "P-256");
    let now = SystemClock.now();
    assert!(matches!(sign_detached(CONTENT, &signer, &office.issuing, &[], now), Err(SignError::OtherKey)));
    let late = now + Duration::days(100);
    let refused = sign_detached(CONTENT, &signer, &office.leaf, &[], late);
    assert!(matches!(refused, Err(SignError::OutOfValidity { .. })));
}

#[test]
fn a_second_certificate_for_the_same_key_cannot_take_the_signers_place() {
    // Ed25519 signatures all have one length, so one certificate can be put in the other's place.
    let office = office("ED25519");
    let mut message = office.sign();
    let serial = format!("0x{}", hex::encode(office.leaf.serial_magnitude()));
    let subject = "/C=LS/O=Test/CN=twin";
    // Same issuer, serial number and key, other name: only the signed reference tells them apart.
    let twin = office.workshop.certify("issuing", "leaf", subject, LEAF, &["-set_serial", &serial]);
    let length = office.leaf.der().len();
    assert_eq!(twin.der().len(), length);
    let place = message.windows(length).position(|part| part == office.leaf.der()).unwrap();
    message.splice(place..place + length, twin.der().iter().copied());
    let verdict = office.verdict(&message, CONTENT, &office.evidence());
    assert_eq!(
        verdict.sub_indication,
        Some(SubIndication::NoSigningCertificateFound),
        "{:?}",
        verdict.reasons
    );
    assert_eq!(verdict.answer, Answer::CannotTell);
}

#[test]
fn the_digest_must_be_the_signatures() {
    let office = office("P-256");
    let signed = SignedFile::parse(&office.sign()).unwrap();
    let other = crate::validation::algorithm::DigestAlgorithm::Sha512;
    let digest = ContentDigest::read(CONTENT, other).unwrap();
    assert!(matches!(signed.verify(digest), Err(SignatureError::OtherDigest { .. })));
}

#[test]
fn no_flipped_octet_passes() {
    let office = office("P-256");
    let (signature, evidence) = (office.sign(), office.evidence());
    let at = SystemClock.now();
    assert_eq!(office.verdict_at(&signature, CONTENT, &evidence, at).answer, Answer::Valid);
    let passed: Vec<_> = (0..signature.len())
        .flat_map(|place| [(place, 0x01), (place, 0x80), (place, 0x20)])
        .filter(|(place, bits)| {
            let mut altered = signature.clone();
            altered[*place] ^= bits;
            office.verdict_at(&altered, CONTENT, &evidence, at).answer == Answer::Valid
        })
        .collect();
    assert!(passed.is_empty(), "{passed:?}");
}

#[test]
fn no_shortened_signature_passes_and_none_panics() {
    let office = office("ED25519");
    let signature = office.sign();
    for length in 0..signature.len() {
        assert!(SignedFile::parse(&signature[..length]).is_err());
    }
}
