#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;

use super::{CertificateView, InspectError, Inspected, inspect};
use crate::validation::fixture::{CA, LEAF, Workshop};

fn only(bytes: &[u8]) -> Inspected {
    let mut found = inspect(bytes).unwrap();
    assert_eq!(found.len(), 1);
    found.remove(0)
}

fn certificate(bytes: &[u8]) -> CertificateView {
    match only(bytes) {
        Inspected::Certificate(view) => view,
        other => panic!("{other:?}"),
    }
}

fn values(view: &CertificateView, name: &str) -> Vec<String> {
    let found = view.extensions.iter().find(|extension| extension.name == name);
    found.unwrap_or_else(|| panic!("no {name} in {:?}", view.extensions)).values.clone()
}

#[test]
fn a_certificate_shows_what_openssl_shows() {
    let workshop = Workshop::new();
    let root = workshop.root("root", "P-384");
    workshop.key("leaf", "P-256");
    let extensions = format!(
        "{LEAF}subjectAltName=DNS:payroll.gov.ls,IP:10.0.0.1,URI:https://registry.gov.ls/x\n\
         extendedKeyUsage=clientAuth,1.2.3.4\ncertificatePolicies=1.3.6.1.4.1.99999.1\n\
         authorityInfoAccess=OCSP;URI:http://ocsp.gov.ls,caIssuers;URI:http://ca.gov.ls/i.cer\n\
         crlDistributionPoints=URI:http://crl.gov.ls/i.crl\n\
         1.3.6.1.5.5.7.1.3=ASN1:SEQUENCE:qc\n[qc]\na=SEQUENCE:qca\nb=SEQUENCE:qcb\n[qca]\noid=OID:0.4.0.1862.1.1\n\
         [qcb]\noid=OID:0.4.0.1862.1.6\ntypes=SEQUENCE:qct\n[qct]\noid=OID:0.4.0.1862.1.6.1\n"
    );
    let leaf =
        workshop.certify("root", "leaf", "/C=LS/O=A, B/CN=Mosa", &extensions, &["-set_serial", "0x00ab12"]);
    let view = certificate(leaf.der());
    let openssl = |option: &[&str]| {
        let arguments = [&["x509", "-in", "leaf.pem", "-noout"], option].concat();
        String::from_utf8(workshop.openssl(&arguments)).unwrap().trim().to_owned()
    };
    assert_eq!(format!("subject={}", view.subject), openssl(&["-subject", "-nameopt", "RFC2253"]));
    assert_eq!(format!("serial={}", view.serial.to_uppercase()), openssl(&["-serial"]));
    let fingerprint = openssl(&["-fingerprint", "-sha256"]).replace(':', "").to_lowercase();
    assert!(fingerprint.ends_with(&view.sha256), "{fingerprint}");
    assert_eq!(view.issuer, root.subject());
    assert_eq!(view.key.algorithm, "EC P-256");
    let key = workshop.openssl(&["pkey", "-in", "leaf.key", "-pubout", "-outform", "DER"]);
    assert_eq!(view.key.sha256, super::names::sha256(&key));
    assert_eq!(
        values(&view, "subjectAltName"),
        ["DNS:payroll.gov.ls", "IP:10.0.0.1", "URI:https://registry.gov.ls/x"]
    );
    assert_eq!(values(&view, "extKeyUsage"), ["clientAuth", "1.2.3.4"]);
    assert_eq!(values(&view, "keyUsage"), ["digitalSignature"]);
    assert_eq!(values(&view, "basicConstraints"), ["not a CA"]);
    assert_eq!(values(&view, "certificatePolicies"), ["1.3.6.1.4.1.99999.1"]);
    assert_eq!(values(&view, "cRLDistributionPoints"), ["URI:http://crl.gov.ls/i.crl"]);
    assert_eq!(values(&view, "qcStatements"), ["QcCompliance", "QcType esign"]);
    let access = view.extensions.iter().find(|extension| extension.oid == "1.3.6.1.5.5.7.1.1").unwrap();
    assert_eq!(access.values, ["OCSP URI:http://ocsp.gov.ls", "CA issuers URI:http://ca.gov.ls/i.cer"]);
    let again = workshop.openssl(&["x509", "-in", "leaf.pem"]);
    assert_eq!(view.pem.as_bytes(), again);
}

#[test]
fn a_bundle_shows_all_its_objects_and_no_private_key() {
    let workshop = Workshop::new();
    workshop.root("root", "RSA");
    let leaf = workshop.issue("root", "leaf", "ED25519", LEAF);
    fs::write(workshop.path("revoked.crl"), workshop.crl("root", &[(&leaf, "superseded")])).unwrap();
    let crl = workshop.openssl(&["crl", "-inform", "DER", "-in", "revoked.crl"]);
    let public = workshop.openssl(&["pkey", "-in", "leaf.key", "-pubout"]);
    let private = fs::read(workshop.path("leaf.key")).unwrap();
    let sealed = workshop.openssl(&["pkcs8", "-topk8", "-in", "leaf.key", "-passout", "pass:x"]);
    let bundle = [
        b"Some words first\n".to_vec(),
        fs::read(workshop.path("leaf.pem")).unwrap(),
        fs::read(workshop.path("leaf.csr")).unwrap(),
        crl,
        public,
        private.clone(),
        sealed,
    ]
    .concat();
    let found = inspect(&bundle).unwrap();
    let json = serde_json::to_value(&found).unwrap();
    let kinds: Vec<_> = json.as_array().unwrap().iter().map(|one| one["kind"].as_str().unwrap()).collect();
    let expected = [
        "certificate",
        "certification-request",
        "revocation-list",
        "public-key",
        "private-key",
        "private-key",
    ];
    assert_eq!(kinds, expected);
    assert_eq!(json[2]["revoked"][0]["reason"], "superseded");
    assert_eq!(json[2]["revoked_count"], 1);
    assert_eq!(json[3]["algorithm"], "Ed25519");
    assert_eq!((&json[4]["encrypted"], &json[5]["encrypted"]), (&false.into(), &true.into()));
    let text = found.iter().flat_map(Inspected::lines).collect::<Vec<_>>().join("\n") + &json.to_string();
    let secret = String::from_utf8(private).unwrap().lines().nth(1).unwrap().to_owned();
    assert!(!text.contains(&secret));
    assert_eq!(serde_json::from_value::<Vec<Inspected>>(json).unwrap(), found);
}

#[test]
fn der_of_every_kind_is_recognised() {
    let workshop = Workshop::new();
    workshop.root("root", "RSA");
    workshop.issue("root", "leaf", "P-256", LEAF);
    fs::write(workshop.path("content"), b"x").unwrap();
    let signed = workshop.openssl(&[
        "cms", "-sign", "-binary", "-in", "content", "-signer", "leaf.pem", "-inkey", "leaf.key", "-outform",
        "DER",
    ]);
    let bundle = workshop.openssl(&["crl2pkcs7", "-nocrl", "-certfile", "leaf.pem", "-outform", "DER"]);
    let view = |bytes: &[u8]| match only(bytes) {
        Inspected::CmsMessage(view) => view,
        other => panic!("{other:?}"),
    };
    let shown = view(&signed);
    assert_eq!((shown.signers.len(), shown.certificates.len(), shown.attached), (1, 1, false));
    assert!(shown.signers[0].claimed_signing_time.is_some());
    assert_eq!(view(&bundle).certificates.len(), 1);
    for (arguments, form) in [
        (&["pkey", "-in", "leaf.key", "-outform", "DER"][..], None),
        (&["pkcs8", "-topk8", "-nocrypt", "-in", "leaf.key", "-outform", "DER"], Some("PRIVATE KEY")),
        (
            &["pkcs8", "-topk8", "-in", "leaf.key", "-outform", "DER", "-passout", "pass:x"],
            Some("ENCRYPTED PRIVATE KEY"),
        ),
        (&["rsa", "-in", "root.key", "-traditional", "-outform", "DER"], Some("RSA PRIVATE KEY")),
        (&["ec", "-in", "leaf.key", "-outform", "DER"], Some("EC PRIVATE KEY")),
    ] {
        match only(&workshop.openssl(arguments)) {
            Inspected::PrivateKey(view) => {
                assert!(form.is_none_or(|form| view.form == form), "{arguments:?}")
            }
            other => panic!("{arguments:?}: {other:?}"),
        }
    }
    let request = workshop.openssl(&["req", "-in", "leaf.csr", "-outform", "DER"]);
    assert!(matches!(only(&request), Inspected::CertificationRequest(_)));
    assert!(matches!(only(&workshop.crl("root", &[])), Inspected::RevocationList(_)));
    assert!(matches!(only(&[0x30, 0x03, 0x0a, 0x01, 0x06]), Inspected::OcspResponse(_)));
    let public = workshop.openssl(&["pkey", "-in", "root.key", "-pubout", "-outform", "DER"]);
    assert!(matches!(only(&public), Inspected::PublicKey(key) if key.algorithm == "RSA 2048"));
}

#[test]
fn what_cannot_be_shown_says_why() {
    let workshop = Workshop::new();
    let root = workshop.root_with("root", "P-256", CA);
    let trailing = [root.der(), b"\0"].concat();
    assert_eq!(inspect(&trailing), Err(InspectError::NotRecognised));
    assert_eq!(inspect(b""), Err(InspectError::Empty));
    assert_eq!(inspect(b" \n"), Err(InspectError::Empty));
    assert_eq!(inspect(b"hello"), Err(InspectError::NotRecognised));
    assert_eq!(inspect(b"-----BEGIN CERTIFICATE-----\nAAAA\n"), Err(InspectError::Framing(1)));
    let odd = b"-----BEGIN POEM-----\nAAAA\n-----END POEM-----\n";
    assert!(matches!(inspect(odd), Err(InspectError::UnknownLabel { position: 1, .. })));
    let wrong = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    assert_eq!(inspect(wrong), Err(InspectError::Malformed { position: 1, expected: "certificate" }));
    for length in 0..root.der().len() {
        assert!(inspect(&root.der()[..length]).is_err(), "{length}");
    }
}

#[test]
fn text_cannot_move_the_readers_cursor() {
    let workshop = Workshop::new();
    workshop.root("root", "P-256");
    workshop.key("leaf", "P-256");
    let leaf =
        workshop.certify("root", "leaf", "/CN=x", &format!("{LEAF}subjectAltName=DNS:a\u{1b}[2Jb\n"), &[]);
    let text = only(leaf.der()).lines().join("\n");
    assert!(!text.contains('\u{1b}'), "{text:?}");
}
