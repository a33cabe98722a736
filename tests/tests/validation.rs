//! Validation over REST, as a relying party's own program asks: with certificates and signatures, documents or digests alone.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on says so and stops"
)]

use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tests::npki::text;
use tests::programs::Program;
use tests::rest::Rest;
use tests::{Country, Installation, bystander, certificates};

const CERTIFICATES: &str = "/v1/validation/certificates";
const SIGNATURES: &str = "/v1/validation/signatures";
const BATCH: &str = "/v1/validation/batch";

fn pem(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap()
}

/// A document with OpenSSL's signature of the country's person.
fn signed(country: &Country, name: &str) -> (PathBuf, PathBuf) {
    let folder = country.installation.scratch(name);
    let (document, signature) = (folder.join("contract.pdf"), folder.join("contract.p7s"));
    std::fs::write(&document, b"%PDF-1.7 the parties agree").unwrap();
    let person = country.certificate("person-signature");
    Program::named("openssl")
        .args(["cms", "-sign", "-binary", "-cades", "-outform", "DER", "-nosmimecap", "-in", text(&document)])
        .args(["-signer", text(&person.certificate), "-inkey", text(&person.key), "-out", text(&signature)])
        .args(["-certfile", text(&country.installation.issuing())])
        .run()
        .succeeded();
    (document, signature)
}

fn digest(document: &Path, algorithm: &str) -> String {
    let octets = Program::named("openssl")
        .args(["dgst", "-binary", algorithm, text(document)])
        .run()
        .succeeded()
        .stdout;
    STANDARD.encode(octets)
}

#[test]
fn certificates_are_judged_by_the_installations_records() {
    let country = Country::populated();
    let rest = bystander::rest(&country.installation);
    let device = country.certificate("device");
    let ask = || rest.post(CERTIFICATES, &json!({"certificate": pem(&device.certificate)})).json(200);
    let told = ask();
    assert_eq!((&told["answer"], &told["indication"]), (&"valid".into(), &"TOTAL-PASSED".into()), "{told}");
    let path = told["path"].as_array().unwrap();
    assert_eq!(path.len(), 3, "{told}");
    let of_device = &path[0]["status"];
    assert_eq!((&of_device["status"], &of_device["source"]), (&"good".into(), &"records".into()), "{told}");
    // As a file: DER, and PEM with a chain.
    let der = certificates::der(&std::fs::read(&device.certificate).unwrap());
    for (kind, body) in [
        ("application/pkix-cert", der.clone()),
        ("application/x-pem-file", std::fs::read(&device.chain).unwrap()),
    ] {
        assert_eq!(rest.post_raw(CERTIFICATES, kind, &body).json(200)["answer"], "valid", "{kind}");
    }
    assert_eq!(
        rest.post(CERTIFICATES, &json!({"certificate": STANDARD.encode(&der)})).json(200)["answer"],
        "valid"
    );

    country.revoke(&device.serial, "key-compromise");
    let told = ask();
    assert_eq!((&told["answer"], &told["sub_indication"]), (&"invalid".into(), &"REVOKED".into()), "{told}");
    assert!(told["summary"].as_str().unwrap().contains("was revoked at"), "{told}");
    let at_issue = told["path"][0]["not_before"].clone();
    let before = rest.post(CERTIFICATES, &json!({"certificate": pem(&device.certificate), "at": at_issue}));
    assert_eq!(before.json(200)["answer"], "valid");
}

#[test]
fn a_signature_is_judged_by_its_document_or_by_the_digest_alone() {
    let country = Country::populated();
    let rest = bystander::rest(&country.installation);
    let (document, signature) = signed(&country, "signed");
    let signature = STANDARD.encode(std::fs::read(signature).unwrap());
    let content = STANDARD.encode(std::fs::read(&document).unwrap());
    let with = |what: Value| {
        let mut asked = json!({"signature": signature});
        asked.as_object_mut().unwrap().extend(what.as_object().unwrap().clone());
        rest.post(SIGNATURES, &asked)
    };
    let hashed = |algorithm: &str| json!({"digest": {"algorithm": algorithm, "value": digest(&document, &format!("-{}", algorithm.replace('-', "")))}});
    for what in [json!({"content": content}), hashed("sha-256")] {
        let told = with(what).json(200);
        assert_eq!(
            (&told["indication"], &told["form"]),
            (&"TOTAL-PASSED".into(), &"cades-baseline-b".into()),
            "{told}"
        );
    }
    let altered = with(json!({"content": STANDARD.encode(b"%PDF-1.7 the parties disagree")})).json(200);
    let seen = (&altered["answer"], &altered["indication"], &altered["sub_indication"]);
    assert_eq!(seen, (&"invalid".into(), &"TOTAL-FAILED".into(), &"HASH_FAILURE".into()));
    let other = with(hashed("sha-512")).problem(422);
    assert!(other["code"] == "E-VAL-007" && other["detail"].as_str().unwrap().contains("SHA-256"), "{other}");
    for (what, code) in [
        (json!({}), "E-VAL-006"),
        (json!({"content": content, "digest": {"algorithm": "sha-256", "value": ""}}), "E-VAL-006"),
        (json!({"digest": {"algorithm": "sha-1", "value": ""}}), "E-VAL-002"),
        (json!({"digest": {"algorithm": "sha-256", "value": "AAAA"}}), "E-VAL-002"),
        (json!({"content": "%PDF"}), "E-VAL-003"),
        (json!({"content": content, "at": "2999-01-01T00:00:00Z"}), "E-VAL-008"),
    ] {
        assert_eq!(with(what.clone()).problem(422)["code"], code, "{what}");
    }

    // Carried in the signature, the content is asked for no more.
    let attached = document.with_extension("p7m");
    let (cert, key) =
        (&country.certificate("person-signature").chain, &country.certificate("person-signature").key);
    let sign = [
        "sign",
        text(&document),
        "--attached",
        "--out",
        text(&attached),
        "--cert",
        text(cert),
        "--key",
        text(key),
    ];
    country.installation.somebody("person").done(&sign);
    let carried = json!({"signature": STANDARD.encode(std::fs::read(&attached).unwrap())});
    assert_eq!(rest.post(SIGNATURES, &carried).json(200)["answer"], "valid");
    // Who says what was signed is told about that, whatever else the signature carries.
    for what in [
        json!({"content": STANDARD.encode(b"something else")}),
        json!({"digest": {"algorithm": "sha-256", "value": digest(&attached, "-sha256")}}),
    ] {
        let mut asked = carried.clone();
        asked.as_object_mut().unwrap().extend(what.as_object().unwrap().clone());
        assert_eq!(rest.post(SIGNATURES, &asked).json(200)["sub_indication"], "HASH_FAILURE", "{what}");
    }

    // Nothing proves that the signature is older than the revocation.
    country.revoke(&country.certificate("person-signature").serial, "key-compromise");
    let told = with(json!({"content": content})).json(200);
    let seen = (&told["answer"], &told["sub_indication"]);
    assert_eq!(seen, (&"cannot-tell".into(), &"REVOKED_NO_POE".into()), "{told}");
}

#[test]
fn several_questions_are_answered_in_their_order_each_by_itself() {
    let country = Country::populated();
    let rest = bystander::rest(&country.installation);
    let device = pem(&country.certificate("device").certificate);
    let stranger = foreign(&country);
    let questions = json!({"questions": [
        {"certificate": {"certificate": device}},
        {"certificate": {"certificate": "bm90aGluZw=="}},
        {"certificate": {"certificate": pem(&stranger)}},
        {"signature": {"signature": "MAA=", "content": "AAAA"}},
    ]});
    let told = rest.post(BATCH, &questions).json(200);
    let answers = told["answers"].as_array().unwrap();
    assert_eq!(answers.len(), 4, "{told}");
    assert_eq!(answers[0]["certificate"]["answer"], "valid");
    assert_eq!(answers[1]["problem"]["code"], "E-VAL-004");
    assert_eq!(answers[2]["certificate"]["answer"], "invalid");
    assert_eq!(answers[2]["certificate"]["sub_indication"], "NO_CERTIFICATE_CHAIN_FOUND");
    assert_eq!(answers[3]["signature"]["sub_indication"], "FORMAT_FAILURE");
    let many: Vec<Value> = (0..65).map(|_| json!({"certificate": {"certificate": device}})).collect();
    assert_eq!(rest.post(BATCH, &json!({"questions": many})).problem(422)["code"], "E-VAL-005");
}

/// A certificate that nobody here has issued.
fn foreign(country: &Country) -> PathBuf {
    let folder = country.installation.scratch("foreign");
    let request =
        ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1"];
    let files = ["-subj", "/CN=nobody", "-keyout", "key.pem", "-out", "cert.pem"];
    Program::named("openssl").args(request).args(files).within(&folder).run().succeeded();
    folder.join("cert.pem")
}

#[test]
fn what_is_no_question_is_refused_with_what_to_do() {
    let installation = Installation::fresh();
    let rest = bystander::rest(&installation);
    let root = pem(&installation.root());
    let refused = |kind: &str, body: &[u8], status: u16| {
        let problem = rest.post_raw(CERTIFICATES, kind, body).problem(status);
        problem["code"].as_str().unwrap().to_owned()
    };
    assert_eq!(refused("text/plain", b"?", 415), "E-VAL-001");
    assert_eq!(refused("application/json", b"[]", 422), "E-VAL-002");
    assert_eq!(refused("application/json", b"{\"certificate\":", 422), "E-VAL-002");
    assert_eq!(refused("application/json", br#"{"certificate":"AAAA","trust":"me"}"#, 422), "E-VAL-002");
    assert_eq!(refused("application/pkix-cert", b"nothing", 422), "E-VAL-004");
    assert_eq!(refused("application/pkix-cert", &vec![0x30; 9 * 1024 * 1024], 413), "E-VAL-009");
    let chain = vec![root.clone(); 17];
    let body = json!({"certificate": root, "chain": chain}).to_string();
    assert_eq!(refused("application/json", body.as_bytes(), 422), "E-VAL-005");
    // Without TLS nobody is asked for confidence.
    let plain = Rest::new(&installation.public_url(), &installation.trust());
    assert_eq!(plain.post(CERTIFICATES, &json!({"certificate": root})).status, 404);
    let document = rest.get("/v1/validation/openapi.json");
    let file = installation.scratch("openapi").join("validation.json");
    std::fs::write(&file, &document.body).unwrap();
    assert!(document.json(200)["paths"][SIGNATURES]["post"].is_object());
    Program::named("openapi-spec-validator").args(["--schema", "3.1", text(&file)]).run().succeeded();
}

/// The example, built as cargo builds it beside the tests.
fn example() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let folder = test.parent().and_then(Path::parent).unwrap().join("examples");
    let build = ["build", "--quiet", "--locked", "-p", "ocsp-responder", "--example", "validate_offline"];
    let mut cargo = std::process::Command::new(env!("CARGO"));
    assert!(cargo.args(build).current_dir(tests::workspace::root()).status().unwrap().success());
    folder.join("validate_offline")
}

#[test]
fn the_example_validates_by_a_snapshot_where_there_is_no_network() {
    let mut country = Country::populated();
    let (good, bad) = (country.certificate("device").clone(), country.certificate("application").clone());
    country.revoke(&bad.serial, "key-compromise");
    let scratch = country.installation.scratch("offline");
    let (data, feed) = (country.installation.data(), scratch.join("status.feed"));
    country.installation.somebody("operator").done(&[
        "feed",
        "export",
        "--data",
        text(&data),
        "--out",
        text(&feed),
    ]);
    country.installation.stop();
    let (root, key) = (country.installation.root(), data.join("certificates/feed.vkey"));
    let program = example();
    let asked = |certificate: &Path, feed: &Path| {
        let arguments = [certificate, &root, feed, &key];
        std::process::Command::new(&program).args(arguments).output().unwrap().status.code()
    };
    assert_eq!(asked(&good.chain, &feed), Some(0));
    assert_eq!(asked(&bad.chain, &feed), Some(3));
    // A snapshot that was altered, and a file that is none, are no answer.
    let mut octets = std::fs::read(&feed).unwrap();
    let middle = octets.len() / 2;
    octets[middle] ^= 1;
    let altered = scratch.join("altered.feed");
    std::fs::write(&altered, octets).unwrap();
    assert_eq!(asked(&good.chain, &altered), Some(2));
    assert_eq!(asked(&good.chain, &root), Some(2));
}
