//! Approvals: of one's own request, of too few, of another thing than was seen. What came of each is looked at here, as
//! some of them end in the one certificate that they may.

use ca_core::profile::built_in;
use id_registry::principal::Role;
use serde_json::json;

use super::{World, body, request};
use crate::country::csr;

/// What was tried; each is asserted where it is tried.
pub(super) async fn ways(world: &World) -> Vec<&'static str> {
    let mut tried = Vec::new();
    tried.extend(seal(world).await);
    tried.extend(rejected(world).await);
    tried.extend(twice(world).await);
    tried.extend(changed(world).await);
    tried
}

/// A seal needs two officers other than the one who asked.
async fn seal(world: &World) -> Vec<&'static str> {
    let before = world.certificates();
    let asked = body("organisation-seal", &world.own.organisation.to_string(), &request(&[]));
    let id = world.waiting(&world.applicant, asked).await;
    let approve = |by| world.approve(by, &id);
    approve(&world.applicant).await.problem(403, "E-REQ-006");
    approve(&world.operator).await.problem(403, "E-AUTH-002");
    approve(&world.auditor).await.problem(403, "E-AUTH-002");
    approve(&world.country.administrator).await.problem(403, "E-AUTH-002");
    assert_eq!(approve(&world.second).await.json["status"], "waiting");
    approve(&world.second).await.problem(409, "E-REQ-007");
    assert_eq!(world.certificates(), before, "one of two approved");
    let skipped = world.decide(&world.third, &id, "issue", json!({})).await;
    skipped.problem(404, "E-HTTP-001");
    assert_eq!(approve(&world.third).await.json["status"], "issued");
    assert_eq!(world.certificates(), before + 1);
    vec![
        "the applicant approves",
        "an agency approves",
        "an auditor approves",
        "an administrator approves",
        "one officer approves twice",
        "one of two approvals",
        "an address that issues",
    ]
}

async fn rejected(world: &World) -> Vec<&'static str> {
    let before = world.certificates();
    let asked = body("person-signature", &world.own.person.to_string(), &request(&[]));
    let id = world.waiting(&world.applicant, asked).await;
    let rejected = world.decide(&world.second, &id, "reject", json!({"reason": "no evidence"})).await;
    assert_eq!(rejected.json["status"], "rejected");
    world.approve(&world.third, &id).await.problem(409, "E-REQ-008");
    assert_eq!(world.certificates(), before);
    vec!["a rejected request is approved"]
}

/// One request gives one certificate.
async fn twice(world: &World) -> Vec<&'static str> {
    let before = world.certificates();
    let asked = body("person-signature", &world.own.person.to_string(), &csr());
    let id = world.waiting(&world.applicant, asked.clone()).await;
    world.ask(&world.second, asked.clone()).await.problem(409, "E-REQ-003");
    assert_eq!(world.approve(&world.second, &id).await.json["status"], "issued");
    world.approve(&world.third, &id).await.problem(409, "E-REQ-008");
    world.ask(&world.applicant, asked).await.problem(409, "E-REQ-003");
    assert_eq!(world.certificates(), before + 1);
    vec![
        "a request is made again while it waits",
        "an issued request is approved",
        "an issued request is made again",
    ]
}

/// What a profile admitted when it was asked for, and admits no more when it is approved; and no one changes a profile
/// alone.
async fn changed(world: &World) -> Vec<&'static str> {
    let another = world.country.enrol("Another Administrator", Role::Administrator);
    let another = world.caller(&another);
    let before = world.certificates();
    let asked = |csr: &[u8]| body("person-signature", &world.own.person.to_string(), csr);
    let id = world.waiting(&world.applicant, asked(&request(&[]))).await;
    let one = world.caller(&world.country.administrator);
    let profile = "person-signature";
    let text = built_in(profile).unwrap().replacen("curves = [\"p256\", \"p384\"]", "curves = [\"p384\"]", 1);
    let change = |text: &str| json!({"profile": profile, "text": text, "reason": "longer"});
    let wider = text.replacen("[\"non-repudiation\"]", "[\"non-repudiation\", \"key-cert-sign\"]", 1);
    one.post("/v1/profile-proposals", change(&wider)).await.problem(422, "E-PROF-201");
    let longer = text.replacen("validity_days = 1095", "validity_days = 36500", 1);
    one.post("/v1/profile-proposals", change(&longer)).await.problem(422, "E-PROF-201");
    world.caller(&world.second).post("/v1/profile-proposals", change(&text)).await.problem(403, "E-AUTH-002");
    let proposed = one.post("/v1/profile-proposals", change(&text)).await;
    let sha256 = json!({"sha256": proposed.json["sha256"]});
    let approve = format!("/v1/profile-proposals/{}/approve", proposed.json["id"].as_str().unwrap());
    one.post(&approve, sha256.clone()).await.problem(403, "E-PROF-210");
    another.post(&approve, json!({"sha256": "0".repeat(64)})).await.problem(409, "E-PROF-214");
    assert_eq!(another.post(&approve, sha256).await.json["status"], "approved");
    world.approve(&world.second, &id).await.problem(409, "E-ISS-018");
    assert_eq!(world.certificates(), before);
    vec![
        "a profile that makes persons CAs",
        "a profile of a hundred years",
        "an officer changes a profile",
        "an administrator changes a profile alone",
        "another text is approved than was proposed",
        "a profile is changed between request and approval",
    ]
}
