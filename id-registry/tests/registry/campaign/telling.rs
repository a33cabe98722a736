//! Holders are told, and the interface tells how a campaign stands.

use id_registry::campaign::MemberState;
use serde_json::{Value, json};
use time::Duration;
use time::format_description::well_known::Rfc3339;

use super::{Stage, name};
use crate::country::csr;
use crate::http::Caller;

#[test]
fn who_was_notified_is_marked_once() {
    let stage = Stage::set();
    let bad = stage.bad(3);
    let serials: Vec<_> = bad.iter().map(|(_, serial)| serial.clone()).collect();
    let registry = &stage.country.registry;
    let mark = |serials: &[_]| registry.mark_notified(&stage.second.permit(), &name(), serials);
    stage.started(stage.terms());
    assert!(mark(&serials).is_err(), "nobody is notified of what was not approved");
    stage.approve().unwrap();
    stage.gathered();
    let stranger = stage.issue("device", stage.things.device, &csr(), None);
    let marked =
        mark(&[serials[0].clone(), serials[1].clone(), stranger.clone(), serials[0].clone()]).unwrap();
    assert_eq!((marked.marked, marked.known, &marked.unknown[..]), (2, 0, &[stranger][..]));
    let again = mark(&serials).unwrap();
    assert_eq!((again.marked, again.known), (1, 2));
    assert!(serials.iter().all(|serial| stage.state(serial) == MemberState::Notified));
    assert_eq!(stage.country.events("campaign.notified").len(), 2);
    stage.is_explained();
}

/// A campaign over HTTP, from the plan to its end.
#[tokio::test(flavor = "multi_thread")]
async fn a_campaign_goes_its_way_over_http() {
    let stage = Stage::set();
    let bad = stage.bad(2);
    let first = Caller::new(&stage.country, Some(stage.first()));
    let second = Caller::new(&stage.country, Some(&stage.second));
    let auditor = stage.country.enrol("Auditor", id_registry::principal::Role::Auditor);
    let auditor = Caller::new(&stage.country, Some(&auditor));
    let at = |days: i64| (stage.now() + Duration::days(days)).format(&Rfc3339).unwrap();
    let start = |terms: Value| {
        let selection = json!({"only": {"models": ["IDPrime 940"]}});
        first.post(
            "/v1/campaigns",
            json!({"name": "cards-2017", "selection": selection, "terms": terms, "why": "CVE"}),
        )
    };
    start(json!({"revoke_at": at(5)})).await.problem(422, "E-CMP-006");
    start(json!({"revoke_at": at(-5), "reason": "superseded"})).await.problem(422, "E-CMP-006");
    start(json!({"revoke_at": at(5), "reason": "certificate-hold"})).await.problem(422, "E-CMP-006");
    start(json!({"revoke_at": at(5), "reason": "superseded", "stages": 0})).await.problem(422, "E-CMP-006");
    let terms = json!({"revoke_at": at(5), "reason": "superseded", "when_replaced": "keep"});
    let started = start(terms.clone()).await;
    assert_eq!(
        (started.status.as_u16(), &started.json["phase"]),
        (201, &json!("gathering")),
        "{}",
        started.json
    );
    start(terms).await.problem(409, "E-CMP-002");
    first.post("/v1/campaigns/cards-2017/gathering", json!({})).await;
    first.post("/v1/campaigns/cards-2017/approval", json!({})).await.problem(403, "E-CMP-005");
    second.post("/v1/campaigns/cards-2017/run", json!({})).await.problem(409, "E-CMP-004");
    second.post("/v1/campaigns/unknown/approval", json!({})).await.problem(404, "E-CMP-001");
    second.post("/v1/campaigns/Not-A-Name/approval", json!({})).await.problem(422, "E-CMP-006");
    let approved = second.post("/v1/campaigns/cards-2017/approval", json!({})).await;
    assert_eq!((&approved.json["phase"], &approved.json["members"]), (&json!("running"), &json!(2)));
    let members = auditor.get("/v1/campaigns/cards-2017/members?to_notify=true&addressees=true").await;
    assert_eq!(members.json["items"].as_array().unwrap().len(), 2, "{}", members.json);
    assert_eq!(members.json["items"][0]["addressee"]["sponsor"]["name"], "Thabo Mokoena");
    let serials: Vec<String> = bad.iter().map(|(_, serial)| serial.to_string()).collect();
    let marked = first.post("/v1/campaigns/cards-2017/notifications", json!({"serials": serials})).await;
    assert_eq!(marked.json["marked"], 2, "{}", marked.json);
    first
        .post("/v1/campaigns/cards-2017/notifications", json!({"serials": []}))
        .await
        .problem(422, "E-CMP-006");
    let members = auditor.get("/v1/campaigns/cards-2017/members?to_notify=true").await;
    assert_eq!(members.json["items"], json!([]));
    let exempt = |serial: &str| {
        first.post("/v1/campaigns/cards-2017/exemptions", json!({"serial": serial, "why": "a test"}))
    };
    exempt("00ff").await.problem(404, "E-CERT-001");
    assert_eq!(exempt(&serials[0]).await.json["state"], "exempt");
    exempt(&serials[0]).await.problem(409, "E-CMP-011");
    let other = stage.issue("device", stage.things.device, &csr(), None).to_string();
    exempt(&other).await.problem(404, "E-CMP-010");
    stage.later(Duration::days(6));
    let mut batch = first.post("/v1/campaigns/cards-2017/run", json!({})).await.json;
    while batch["through"] == false {
        batch = first.post("/v1/campaigns/cards-2017/run", json!({"after": batch["next"]})).await.json;
    }
    assert_eq!(batch["campaign"]["states"], json!({"exempt": 1, "revoked": 1}), "{batch}");
    let shown = auditor.get("/v1/campaigns/cards-2017").await;
    assert_eq!((&shown.json["left"], &shown.json["stages"][0]["members"]), (&json!(0), &json!(2)));
    let ended = first.post("/v1/campaigns/cards-2017/end", json!({"why": "done"})).await;
    assert_eq!(ended.json["phase"], "finished");
    assert_eq!(auditor.get("/v1/campaigns").await.json["items"].as_array().unwrap().len(), 1);
    auditor.post("/v1/campaigns/cards-2017/pause", json!({"why": "x"})).await.problem(403, "E-AUTH-002");
    stage.is_explained();
}
