//! Searching the ledger, and receipts, over the interface.

use axum::http::StatusCode;
use ca_core::ledger::receipt::Receipt;
use ca_core::tlog::cosignature::WitnessPolicy;
use id_registry::principal::Role;
use serde_json::{Value, json};

use crate::country::{Country, Member, csr};
use crate::http::Caller;

/// What a search must find: every event that fits, looked through one by one.
fn scan(all: &[Value], fits: impl Fn(&Value) -> bool) -> Vec<Value> {
    all.iter().filter(|event| fits(event)).cloned().collect()
}

fn names(event: &Value, about: &str) -> bool {
    let detail = |name: &str| format!("identity:{}", event["detail"][name].as_str().unwrap_or_default());
    event["subject"] == about
        || ["identity", "organisation", "sponsor"].iter().any(|name| detail(name) == about)
}

/// All pages of a search.
async fn found(auditor: &Caller, query: &str, limit: usize) -> Vec<Value> {
    let mut items = Vec::new();
    let mut after = String::new();
    loop {
        let page = auditor.get(&format!("/v1/events?limit={limit}{query}{after}")).await;
        assert_eq!(page.status, StatusCode::OK, "{query}: {}", page.json);
        let found = page.json["items"].as_array().unwrap();
        assert!(found.len() <= limit);
        items.extend(found.iter().cloned());
        match page.json["next"].as_str() {
            Some(next) => after = format!("&after={next}"),
            None => return items,
        }
    }
}

/// A busy day, sealed in the middle: a part of the ledger is indexed and a part is not.
fn busy() -> (Country, Member, Member) {
    let country = Country::founded();
    let (officer, auditor) = (country.officer(), country.enrol("Auditor", Role::Auditor));
    let things = country.settled(&officer, "RSL");
    country.submit(&officer, "device", things.device, &csr()).unwrap();
    country.pass(time::Duration::hours(1));
    country.sealer.seal().unwrap();
    let request = country.submit(&officer, "person-signature", things.person, &csr()).unwrap();
    // Refused, and on record: nobody approves what they asked for.
    country.approve(&officer, request.id, None).unwrap_err();
    let second = country.officer();
    country.approve(&second, request.id, None).unwrap();
    (country, officer, auditor)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_finds_what_a_scan_finds() {
    let (country, _, auditor) = busy();
    let auditor = Caller::new(&country, Some(&auditor));
    let all = found(&auditor, "", 500).await;
    assert!(all.len() > 15, "{}", all.len());
    let places: Vec<u64> = all.iter().map(|event| event["position"].as_u64().unwrap()).collect();
    assert_eq!(places, (0..all.len() as u64).collect::<Vec<_>>());
    assert!(all.iter().any(|event| event["outcome"] == "refused"));
    let values = |member: &str| {
        let values = all.iter().map(|event| event[member].as_str().unwrap().to_owned());
        values.collect::<std::collections::BTreeSet<_>>()
    };
    for limit in [1, 3, 500] {
        for about in values("subject").into_iter().chain(["identity:O-000000000T".to_owned()]) {
            let expected = scan(&all, |event| names(event, &about));
            assert_eq!(found(&auditor, &format!("&about={about}"), limit).await, expected, "{about}");
        }
        for actor in values("actor") {
            let expected = scan(&all, |event| event["actor"] == *actor);
            assert_eq!(found(&auditor, &format!("&actor={actor}"), limit).await, expected, "{actor}");
        }
        for action in values("action") {
            let expected = scan(&all, |event| event["action"] == *action && event["outcome"] == "done");
            let query = format!("&action={action}&outcome=done");
            assert_eq!(found(&auditor, &query, limit).await, expected, "{action}");
        }
        let refused = scan(&all, |event| event["outcome"] == "refused");
        assert_eq!(found(&auditor, "&outcome=refused", limit).await, refused);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_is_bounded_in_time_and_refuses_what_it_cannot_read() {
    let (country, _, auditor) = busy();
    let auditor = Caller::new(&country, Some(&auditor));
    let all = found(&auditor, "", 500).await;
    let first = all.first().unwrap()["at"].as_str().unwrap().to_owned();
    // The clock was set forward by an hour in the middle.
    let last = all.last().unwrap()["at"].as_str().unwrap().to_owned();
    let early = scan(&all, |event| event["at"].as_str().unwrap() < last.as_str());
    assert!(!early.is_empty() && early.len() < all.len());
    assert_eq!(found(&auditor, &format!("&until={last}"), 4).await, early);
    let late = scan(&all, |event| event["at"].as_str().unwrap() >= last.as_str());
    assert_eq!(found(&auditor, &format!("&since={last}"), 4).await, late);
    assert_eq!(found(&auditor, &format!("&until={first}"), 4).await, Vec::<Value>::new());
    for unfit in
        ["outcome=perhaps", "since=yesterday", "until=1", "limit=0", "limit=501", "nonsense=1", "after=x"]
    {
        let refused = auditor.get(&format!("/v1/events?{unfit}")).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{unfit}: {}", refused.json);
    }
}

fn verified(country: &Country, receipt: &Value) -> Value {
    let receipt: Receipt = serde_json::from_value(receipt.clone()).unwrap();
    let nobody = WitnessPolicy::new(Vec::new(), 0).unwrap();
    let proven = receipt.verify(country.sealer.log(), &nobody).unwrap();
    json!(proven.event.action)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_has_its_receipt_once_it_is_sealed() {
    let (country, officer, auditor) = busy();
    let (officer, auditor) = (Caller::new(&country, Some(&officer)), Caller::new(&country, Some(&auditor)));
    let size = auditor.get("/v1/ledger").await.json["size"].as_u64().unwrap();
    let last = format!("/v1/events/{}", size - 1);
    assert_eq!(auditor.get(&last).await.json["receipt"], Value::Null);
    country.sealer.seal().unwrap();
    let shown = auditor.get(&last).await.json;
    assert_eq!(verified(&country, &shown["receipt"]), shown["event"]["action"]);
    assert_eq!(shown["receipt"]["event"], shown["event"]["recorded"]);
    let state = auditor.get("/v1/ledger").await.json;
    assert_eq!((&state["signed"]["size"], &state["cosigned"]), (&json!(size), &Value::Null));
    assert_eq!(state["key"], country.sealer.verifier_key().to_string());
    for unknown in [size.to_string(), u64::MAX.to_string(), "x".to_owned(), "-1".to_owned()] {
        assert_eq!(auditor.get(&format!("/v1/events/{unknown}")).await.status, StatusCode::NOT_FOUND);
    }
    for closed in ["/v1/events", "/v1/events/0", "/v1/ledger"] {
        officer.get(closed).await.problem(403, "E-AUTH-002");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agency_gets_the_receipts_of_its_own_certificates_only() {
    let country = Country::founded();
    let officer = country.officer();
    let (own, other) = (country.settled(&officer, "RSL"), country.settled(&officer, "LRA"));
    let serials = [own.device, other.device].map(|device| {
        let request = country.submit(&officer, "device", device, &csr()).unwrap();
        (request.id.to_string(), country.certificate_of(device))
    });
    let operator = country.enrol("Operator", Role::AgencyOperator { organisation: own.organisation });
    let operator = Caller::new(&country, Some(&operator));
    let [(request, serial), (other_request, other_serial)] = &serials;
    let path = format!("/v1/certificates/{serial}/receipts");
    let early = operator.get(&path).await;
    assert!(early.status.is_client_error() || early.status.is_server_error(), "not sealed yet");
    assert_eq!(early.json["retryable"], true, "{}", early.json);
    country.sealer.seal().unwrap();
    let receipts = operator.get(&path).await.json;
    let actions: Vec<Value> =
        receipts["items"].as_array().unwrap().iter().map(|receipt| verified(&country, receipt)).collect();
    assert!(actions.contains(&json!("certificate.issued")), "{actions:?}");
    let receipts = operator.get(&format!("/v1/requests/{request}/receipts")).await.json;
    let first = verified(&country, &receipts["items"][0]);
    assert_eq!(first, "request.submitted");
    let hidden = operator.get(&format!("/v1/certificates/{other_serial}")).await.status;
    for path in [
        format!("/v1/certificates/{other_serial}/receipts"),
        format!("/v1/requests/{other_request}/receipts"),
    ] {
        assert_eq!(operator.get(&path).await.status, hidden, "{path}");
    }
}
