//! The interfaces as a stranger on the network meets them.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on says so and stops"
)]

use serde_json::json;
use tests::judges::openssl;
use tests::npki::text;
use tests::programs::Program;
use tests::{Country, Installation, Staff, bystander, certificates};

#[test]
fn health_is_public() {
    let installation = Installation::fresh();
    let rest = bystander::rest(&installation);
    for path in ["/healthz", "/readyz"] {
        assert_eq!(rest.get(path).status, 200, "{path}");
    }
    let public = format!("{}/healthz", installation.public_url());
    assert_eq!(bystander::fetch(&installation, &public).status, 200);
    let anchors = rest.get("/v1/trust-anchors").json(200);
    let root = certificates::der(&std::fs::read(installation.root()).unwrap());
    let anchor = tests::answers::item(&anchors["anchors"], "ca", "root");
    assert_eq!(anchor["sha256"], certificates::sha256(&root));
    assert_eq!(certificates::der(anchor["pem"].as_str().unwrap().as_bytes()), root);
}

#[test]
fn the_interface_describes_itself() {
    let installation = Installation::fresh();
    let response = bystander::rest(&installation).get("/openapi.json");
    let file = installation.scratch("openapi").join("openapi.json");
    std::fs::write(&file, &response.body).unwrap();
    let document = response.json(200);
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"), "{}", document["openapi"]);
    Program::named("openapi-spec-validator").args(["--schema", "3.1", text(&file)]).run().succeeded();
    for path in [
        "/v1/whoami",
        "/v1/profiles",
        "/v1/identities",
        "/v1/identities/{id}",
        "/v1/requests",
        "/v1/requests/{id}",
        "/v1/requests/{id}/approve",
        "/v1/requests/{id}/reject",
        "/v1/certificates",
        "/v1/certificates/{serial}",
        "/v1/certificates/{serial}/revoke",
        "/v1/certificates/{serial}/release",
        "/v1/staff",
        "/v1/staff/{id}/disable",
        "/v1/events",
        "/v1/events/{position}",
        "/v1/ledger",
        "/v1/certificates/{serial}/receipts",
        "/v1/requests/{id}/receipts",
        "/v1/trust-anchors",
        "/healthz",
        "/readyz",
    ] {
        assert!(document["paths"][path].is_object(), "{path} is not described");
    }
}

#[test]
fn old_tls_is_refused() {
    let installation = Installation::fresh();
    for version in ["-tls1", "-tls1_1"] {
        let answer = openssl::handshake(&installation, version);
        assert_ne!(answer.code, 0, "{version} was accepted");
        // The server said so: the client did offer it.
        let text = answer.text();
        assert!(text.contains("SSL alert number"), "{version}: {text}");
    }
    for (version, name) in [("-tls1_2", "TLSv1.2"), ("-tls1_3", "TLSv1.3")] {
        openssl::handshake(&installation, version).saying("Verification: OK").saying(name);
    }
}

#[test]
fn refusals_are_problem_documents() {
    let installation = Installation::fresh();
    let staff = Staff::of(&installation);
    let rest = &staff.officer.rest;
    rest.get("/v1/identities/P-000000000X").problem(404);
    rest.get("/v1/certificates/00ff").problem(404);
    rest.get("/v1/nothing-here").problem(404);
    rest.get("/v1/identities?limit=many").problem(400);
    rest.get("/v1/events").problem(403);
    let problem = rest.send("/v1/identities", &["-X", "DELETE"], b"").unwrap().problem(405);
    let kind = problem["type"].as_str().unwrap();
    assert!(kind.ends_with(problem["code"].as_str().unwrap()), "the type leads to the code: {problem}");
    let body = json!({"kind": "person", "surname": "", "given_name": "", "identifier": "PNOLS-1"});
    let response = rest.post("/v1/identities", &body);
    let status = response.status;
    assert!([400, 422].contains(&status), "{response:?}");
    let said = response.problem(status).to_string();
    for inner in ["sled", "panicked", "src/", ".rs"] {
        assert!(!said.contains(inner), "a refusal tells of our insides: {said}");
    }
}

#[test]
fn lists_come_in_pages() {
    let country = Country::settled();
    let rest = &country.staff.officer.rest;
    let whole = rest.all("/v1/identities");
    let first = rest.get("/v1/identities?limit=1").json(200);
    assert_eq!(first["items"].as_array().unwrap().len(), 1);
    let next = first["next"].as_str().expect("there is more");
    let second = rest.get(&format!("/v1/identities?limit=1&after={next}")).json(200);
    assert_ne!(first["items"], second["items"]);
    assert_eq!(whole.len(), 4);
}

#[test]
fn what_is_published_says_what_it_is() {
    let installation = Installation::fresh();
    let public = installation.public_url();
    for (path, kind) in [
        ("/crl/root.crl", "application/pkix-crl"),
        ("/crl/issuing.crl", "application/pkix-crl"),
        ("/ca/root.cer", "application/pkix-cert"),
        ("/ca/issuing.cer", "application/pkix-cert"),
    ] {
        let response = bystander::fetch(&installation, &format!("{public}{path}"));
        assert_eq!((response.status, response.header("content-type")), (200, kind), "{path}");
        // DER, never PEM: RFC 5280 section 4.2.1.13.
        assert_eq!(response.body.first(), Some(&0x30), "{path}");
    }
    assert_eq!(bystander::fetch(&installation, &format!("{public}/crl/nobody.crl")).status, 404);
}

/// RFC 6960 section 2.3: an OCSP responder answers bad requests too, unsigned.
#[test]
fn bad_ocsp_requests_are_answered() {
    let installation = Installation::fresh();
    let rest = tests::rest::Rest::new(&installation.public_url(), &installation.root());
    const MALFORMED: [u8; 5] = [0x30, 0x03, 0x0a, 0x01, 0x01];
    for body in [&b""[..], b"garbage", &[0x30, 0x80], &[0x30, 0x84, 0x7f, 0xff, 0xff, 0xff]] {
        let response = rest.post_raw("/ocsp", "application/ocsp-request", body);
        assert_eq!((response.status, &response.body[..]), (200, &MALFORMED[..]), "{body:?}");
        assert_eq!(response.header("content-type"), "application/ocsp-response");
    }
    let large = rest.post_raw("/ocsp", "application/ocsp-request", &[0x30; 1024 * 1024]);
    assert!(large.status == 413 || large.body == MALFORMED, "{large:?}");
    let get = rest.get("/ocsp/%2F%2F%2F");
    assert!(get.status == 400 || get.body == MALFORMED, "{get:?}");
}
