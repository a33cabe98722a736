//! The interface: authorisation, problems, and that no route appears unnoticed.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use http_body_util::BodyExt;
use id_registry::http::{PeerCertificate, route_list, router};
use id_registry::principal::Role;
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::country::{Country, Member, csr};

/// What came back.
pub(crate) struct Answer {
    pub(crate) headers: axum::http::HeaderMap,
    pub(crate) status: StatusCode,
    media_type: String,
    pub(crate) json: Value,
}

impl Answer {
    #[track_caller]
    pub(crate) fn problem(&self, status: u16, code: &str) {
        assert_eq!((self.status.as_u16(), self.json["code"].as_str()), (status, Some(code)), "{}", self.json);
        assert_eq!(self.media_type, "application/problem+json");
        assert_eq!(self.json["status"], status);
        assert!(self.json["type"].as_str().unwrap().ends_with(code));
        for member in ["title", "detail", "fix"] {
            assert!(!self.json[member].as_str().unwrap().is_empty(), "{member}");
        }
        assert!(self.json["retryable"].is_boolean());
    }
}

pub(crate) struct Caller {
    router: Router,
    certificate: Option<Vec<u8>>,
    pub(crate) case: Option<String>,
}

impl Caller {
    pub(crate) fn new(country: &Country, member: Option<&Member>) -> Self {
        Self::presenting(country, member.map(|member| member.enrolled.certificate.der.clone()))
    }

    /// Whoever presents this certificate, DER.
    pub(crate) fn presenting(country: &Country, certificate: Option<Vec<u8>>) -> Self {
        Self { router: router(Arc::clone(&country.registry)), certificate, case: Some("TEST-1".to_owned()) }
    }

    async fn send(
        &self,
        method: &str,
        path: &str,
        media_type: &str,
        body: Vec<u8>,
        key: Option<&str>,
    ) -> Answer {
        let mut request =
            Request::builder().method(method).uri(path).header(header::CONTENT_TYPE, media_type);
        if let Some(case) = &self.case {
            request = request.header("npki-case", case);
        }
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        let request =
            request.extension(PeerCertificate(self.certificate.clone())).body(Body::from(body)).unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        assert_eq!(response.headers()[header::CACHE_CONTROL], "no-store");
        let status = response.status();
        let headers = response.headers().clone();
        let media_type = headers[header::CONTENT_TYPE].to_str().unwrap().to_owned();
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        Answer { status, media_type, headers, json: serde_json::from_slice(&bytes).unwrap() }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send("GET", path, "application/json", Vec::new(), None).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.send("POST", path, "application/json", body.to_string().into_bytes(), None).await
    }
}

/// What did not change is not sent again; what did is, under another tag. A look is in the ledger either way.
#[tokio::test]
async fn who_has_an_answer_is_told_that_it_is_as_it_was() {
    let country = Country::founded();
    let officer = country.officer();
    let caller = Caller::new(&country, Some(&officer));
    let id = country.register(&officer, crate::country::person("PNOLS-1"));
    let path = format!("/v1/identities/{id}");
    let first = caller.get(&path).await;
    let tag = first.headers[header::ETAG].to_str().unwrap().to_owned();
    let conditional = async |name: &str, method: &str| {
        let request =
            Request::builder().method(method).uri(&path).header(name, &tag).header("npki-case", "K-1");
        let request =
            request.extension(PeerCertificate(caller.certificate.clone())).body(Body::empty()).unwrap();
        let response = caller.router.clone().oneshot(request).await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        (status, headers, response.into_body().collect().await.unwrap().to_bytes())
    };
    let (status, headers, body) = conditional("if-none-match", "GET").await;
    assert_eq!((status, body.len()), (304, 0));
    assert_eq!(headers[header::ETAG], *tag);
    assert!(!headers.contains_key(header::CONTENT_TYPE), "{headers:?}");
    assert_eq!(country.events("identity.viewed").len(), 2);
    let suspended =
        caller.post(&format!("{path}/suspend"), json!({"cause": "requested", "note": "N-1"})).await;
    assert_eq!(suspended.status, 200);
    let (status, headers, body) = conditional("if-none-match", "GET").await;
    assert_eq!(status, 200);
    assert_ne!(headers[header::ETAG], *tag);
    assert!(!body.is_empty());
    // A condition on a change would have to hold: none is taken.
    let (status, _, body) = conditional("if-match", "POST").await;
    let problem: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!((status, &problem["code"]), (412, &json!("E-HTTP-010")));
}

#[test]
fn no_route_appears_or_opens_up_unnoticed() {
    let golden = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/routes.golden");
    assert_eq!(
        route_list(),
        std::fs::read_to_string(golden).unwrap(),
        "after a look, write this to {golden}"
    );
}

/// Judged by openapi-spec-validator.
#[tokio::test(flavor = "multi_thread")]
async fn the_description_is_a_valid_openapi_3_1_document() {
    let document = Caller::new(&Country::founded(), None).get("/openapi.json").await;
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), document.json.to_string()).unwrap();
    let name = "openapi-spec-validator";
    let folder = std::env::var_os("NPKI_PYTHON_BIN").map(std::path::PathBuf::from);
    let beside = folder.map(|folder| folder.join(name)).filter(|program| program.exists());
    let program = beside.unwrap_or_else(|| name.into());
    let judge = std::process::Command::new(program).args(["--schema", "3.1"]).arg(file.path()).output();
    let judge = judge.expect("openapi-spec-validator is installed");
    assert!(judge.status.success(), "{}", String::from_utf8_lossy(&judge.stdout));
}

/// Each route, called by each role: refused exactly where the list of routes and the matrix of permissions say so.
#[tokio::test(flavor = "multi_thread")]
async fn every_route_is_closed_to_those_without_its_permission() {
    let country = Country::founded();
    let officer = country.officer();
    let things = country.settled(&officer, "RSL");
    let organisation = things.organisation;
    let operator = country.enrol("Operator", Role::AgencyOperator { organisation });
    let auditor = country.enrol("Auditor", Role::Auditor);
    let stranger = Caller::new(&country, None);
    let members = [&country.administrator, &officer, &auditor, &operator];
    for line in route_list().lines() {
        let [method, path, permission] = line.split(' ').collect::<Vec<_>>()[..] else { panic!("{line}") };
        let path = path
            .replace("{id}", "R-000000000T")
            .replace("{serial}", "00ff")
            .replace("{name}", "cards")
            .replace("{digest}", &"0".repeat(64));
        let answer = stranger.send(method, &path, "application/json", b"{}".to_vec(), None).await;
        if permission == "(everybody)" {
            // What proves itself is looked at, whoever sends it: an empty body proves nothing.
            let expected = if method == "GET" { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
            assert_eq!(answer.status, expected, "{line}");
            continue;
        }
        answer.problem(401, "E-AUTH-001");
        let (_, reach) = id_registry::permission::ALL.iter().find(|(name, _)| *name == permission).unwrap();
        for member in members {
            let caller = Caller::new(&country, Some(member));
            let answer = caller.send(method, &path, "application/json", b"{}".to_vec(), None).await;
            let refused = answer.json["code"] == "E-AUTH-002";
            let role = member.principal.role();
            assert_eq!(refused, reach(role).is_none(), "{line} for {}: {}", role.name(), answer.json);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_comes_about_over_http() {
    let country = Country::founded();
    let (one, two) = (country.officer(), country.officer());
    let (applicant, officer) = (Caller::new(&country, Some(&one)), Caller::new(&country, Some(&two)));
    let person =
        json!({"kind": "person", "surname": "Mokoena", "given_name": "Thabo", "identifier": "PNOLS-1"});
    let person = applicant.post("/v1/identities", person).await;
    assert_eq!(person.status, StatusCode::CREATED);
    assert_eq!((&person.json["kind"], &person.json["status"]), (&json!("person"), &json!("active")));
    let csr = String::from_utf8(csr()).unwrap();
    let body = json!({"profile": "person-signature", "identity": person.json["id"], "csr": csr});
    let request = applicant.post("/v1/requests", body.clone()).await;
    assert_eq!((request.status, &request.json["status"]), (StatusCode::ACCEPTED, &json!("waiting")));
    applicant.post("/v1/requests", body).await.problem(409, "E-REQ-003");
    let approve = format!("/v1/requests/{}/approve", request.json["id"].as_str().unwrap());
    let prepared = officer.get(&approve.replace("/approve", "/approval")).await;
    let signed = two.approval(&prepared.json, "seen in person");
    applicant.post(&approve, signed.clone()).await.problem(403, "E-REQ-006");
    officer.post(&approve, json!({"statement": "approved!"})).await.problem(422, "E-REQ-014");
    let issued = officer.post(&approve, signed.clone()).await;
    assert_eq!((issued.status, &issued.json["status"]), (StatusCode::OK, &json!("issued")));
    officer.post(&approve, signed).await.problem(409, "E-REQ-008");
    let serial = issued.json["serial"].as_str().unwrap();
    let certificate = officer.get(&format!("/v1/certificates/{serial}")).await;
    assert_eq!(
        (&certificate.json["status"], &certificate.json["serial"]),
        (&json!("active"), &json!(serial))
    );
    assert_eq!(certificate.json["chain"].as_str().unwrap().matches("BEGIN CERTIFICATE").count(), 2);
    let administrator = Caller::new(&country, Some(&country.administrator));
    let revoke = format!("/v1/certificates/{serial}/revoke");
    let revoked = administrator.post(&revoke, json!({"reason": "superseded"})).await;
    assert_eq!(revoked.json["revocation"]["reason"], "superseded");
    administrator.post(&revoke, json!({"reason": "superseded"})).await.problem(409, "E-CERT-002");
    let listed = officer.get("/v1/certificates?status=revoked").await;
    assert_eq!(listed.json["items"].as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_the_interface_is_a_problem() {
    let country = Country::founded();
    let member = country.officer();
    let officer = Caller::new(&country, Some(&member));
    let send = |method, path, media_type, body: &str| {
        let (body, officer) = (body.as_bytes().to_vec(), &officer);
        async move { officer.send(method, path, media_type, body, None).await }
    };
    officer.get("/v1/nothing").await.problem(404, "E-HTTP-001");
    send("DELETE", "/v1/identities", "application/json", "").await.problem(405, "E-HTTP-002");
    let large = "x".repeat(300 * 1024);
    send("POST", "/v1/identities", "application/json", &large).await.problem(413, "E-HTTP-003");
    let announced = Request::post("/v1/identities").header(header::CONTENT_LENGTH, 300 * 1024);
    let response = officer.router.clone().oneshot(announced.body(Body::empty()).unwrap()).await.unwrap();
    assert_eq!(response.status(), StatusCode::PAYLOAD_TOO_LARGE, "refused by what it announces");
    send("POST", "/v1/identities", "text/plain", "{}").await.problem(415, "E-HTTP-004");
    for broken in ["", "{", "\"", "[1,"] {
        send("POST", "/v1/identities", "application/json", broken).await.problem(400, "E-HTTP-005");
    }
    // Half a character names its field.
    let half = "{\"kind\":\"person\",\n\"surname\":\"Mo\\ud800koena\",\"given_name\":\"T\",\"identifier\":\"PNOLS-1\"}";
    let refused = send("POST", "/v1/identities", "application/json", half).await;
    refused.problem(422, "E-ID-003");
    assert!(refused.json["detail"].as_str().unwrap().starts_with("surname: "), "{}", refused.json);
    let unfit = [
        "[]",
        "null",
        "{}",
        r#"{"kind":"alien"}"#,
        r#"{"kind":"organisation","legal_name":7,"identifier":"GO:LS-A"}"#,
        r#"{"kind":"organisation","legal_name":"A","identifier":"GO:LS-A","roles":["admin"]}"#,
    ];
    for body in unfit {
        send("POST", "/v1/identities", "application/json", body).await.problem(422, "E-HTTP-006");
    }
    let misspelt = r#"{"kind":"organisation","legal_nam":"A","identifier":"GO:LS-A"}"#;
    let answer = send("POST", "/v1/identities", "application/json; charset=utf-8", misspelt).await;
    answer.problem(422, "E-HTTP-006");
    assert!(answer.json["fix"].as_str().unwrap().contains("legal_name"), "{}", answer.json);
    for query in ["limit=many", "limit=0", "limit=501", "limits=1", "kind=alien", "after=nobody"] {
        officer.get(&format!("/v1/identities?{query}")).await.problem(400, "E-HTTP-007");
    }
    officer.get("/v1/identities/P-000000000Y").await.problem(400, "E-ID-006");
    officer.get("/v1/identities/Thabo").await.problem(400, "E-ID-007");
    officer.get("/v1/identities/P-000000000X").await.problem(404, "E-ID-001");
    officer.get("/v1/certificates/xyz").await.problem(400, "E-CERT-006");
    officer.get("/v1/certificates/00ff").await.problem(404, "E-CERT-001");
    let body = json!({"profile": "device", "identity": "D-7QF3K2M9TQ", "csr": "x"}).to_string().into_bytes();
    let answer = officer.send("POST", "/v1/requests", "application/json", body, Some("a b")).await;
    answer.problem(400, "E-HTTP-008");
    let body = json!({"profile": "device", "identity": "D-7QF3K2M9TQ", "csr": "x"});
    officer.post("/v1/requests", body).await.problem(422, "E-CSR-003");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_storage_says_stays_inside() {
    let country = Country::founded();
    let member = country.officer();
    let officer = Caller::new(&country, Some(&member));
    country.store.fail_next_commit(ca_core::storage::memory::Failure::BeforePersisting);
    let body = json!({"kind": "organisation", "legal_name": "A", "identifier": "GO:LS-A"});
    let answer = officer.post("/v1/identities", body).await;
    answer.problem(503, "E-INT-001");
    assert!(!answer.json.to_string().contains("told to fail"));
    assert_eq!(answer.json["retryable"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_finds_the_trust_anchors() {
    let country = Country::founded();
    let anybody = Caller::new(&country, None);
    let anchors = anybody.get("/v1/trust-anchors").await;
    let anchor = &anchors.json["anchors"][0];
    assert_eq!(anchor["ca"], "root");
    assert!(anchor["pem"].as_str().unwrap().starts_with("-----BEGIN CERTIFICATE-----\n"));
    assert_eq!(anchor["sha256"].as_str().unwrap().len(), 64);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_erased_identity_is_gone_and_says_so() {
    let country = Country::founded();
    let member = country.officer();
    let things = country.settled(&member, "RSL");
    let administrator = Caller::new(&country, Some(&country.administrator));
    let officer = Caller::new(&country, Some(&member));
    let erasure = |id| format!("/v1/identities/{id}/erasure");
    let why = json!({"reason": "letter 12"});
    administrator.post(&erasure(things.person), why.clone()).await.problem(409, "E-ID-010");
    let body =
        json!({"profile": "device", "identity": things.device, "csr": String::from_utf8(csr()).unwrap()});
    let issued = officer.post("/v1/requests", body.clone()).await;
    administrator.post(&erasure(things.device), why.clone()).await.problem(409, "E-ID-009");
    let serial = issued.json["serial"].as_str().unwrap();
    let revoke = json!({"reason": "cessation-of-operation"});
    administrator.post(&format!("/v1/certificates/{serial}/revoke"), revoke).await;
    let erased = administrator.post(&erasure(things.device), why.clone()).await;
    assert_eq!((erased.status, &erased.json["erased"]), (StatusCode::OK, &json!(true)), "{}", erased.json);
    administrator.post(&erasure(things.device), why).await.problem(410, "E-ID-008");
    officer.post("/v1/requests", body).await.problem(410, "E-ID-008");
    let certificate = officer.get(&format!("/v1/certificates/{serial}")).await;
    assert_eq!(certificate.status, StatusCode::OK);
    assert_eq!(
        (&certificate.json["status"], &certificate.json["subject"]),
        (&json!("revoked"), &json!(null))
    );
    assert!(certificate.json.get("pem").is_none(), "{}", certificate.json);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_master_key_is_rotated_over_http() {
    let country = Country::founded();
    let member = country.officer();
    let things = country.settled(&member, "RSL");
    let administrator = Caller::new(&country, Some(&country.administrator));
    let before = administrator.get("/v1/master-key").await;
    assert_eq!((&before.json["left"], &before.json["rotation"]), (&json!(0), &json!("idle")));
    let rotated = administrator.post("/v1/master-key/rotation", json!({})).await;
    assert_eq!(rotated.status, StatusCode::ACCEPTED, "{}", rotated.json);
    assert_ne!(rotated.json["current"], before.json["current"]);
    let shown = Caller::new(&country, Some(&member)).get(&format!("/v1/identities/{}", things.person)).await;
    assert_eq!(shown.json["surname"], "Mokoena", "read as before");
}
