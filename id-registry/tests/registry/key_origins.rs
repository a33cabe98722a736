//! Where keys live: stated, confirmed, entered from lists, and never two things at once.

use ca_core::certificate::CertificateRecord;
use id_registry::enrolment::{Request, RequestError, RequestStatus, Submission};
use id_registry::id::IdentityId;
use id_registry::key_origin::{KeyOrigin, OriginKind, StatedOrigin};
use serde_json::json;

use crate::country::{Country, Member, csr, csr_of, new_key};
use crate::http::Caller;

const CARD: StatedOrigin<'_> = StatedOrigin {
    kind: OriginKind::SmartCard,
    model: Some("IDPrime 940"),
    batch: Some("2017-04"),
    firmware: None,
};

fn ask(
    country: &Country,
    officer: &Member,
    (profile, identity): (&str, IdentityId),
    csr: &[u8],
    key_origin: Option<StatedOrigin<'_>>,
) -> Result<Request, RequestError> {
    let submission = Submission { key_origin, ..Submission::of(profile, identity, csr) };
    country.registry.submit(&officer.permit(), &submission, None)
}

fn record(country: &Country, member: &Member, request: &Request) -> CertificateRecord {
    country.registry.certificate(&member.permit(), request.serial().unwrap()).unwrap().0
}

fn origin(country: &Country, member: &Member, record: &CertificateRecord) -> Option<KeyOrigin> {
    let permit = member.permit::<id_registry::permission::ReadRegistry>();
    country.registry.key_origin(&permit, record).unwrap().map(|known| known.origin)
}

#[test]
fn what_a_request_states_is_confirmed_by_its_approval_and_kept_with_the_key() {
    let country = Country::founded();
    let (applicant, other) = (country.officer(), country.officer());
    let things = country.settled(&applicant, "RSL");
    let waiting = ask(&country, &applicant, ("person-signature", things.person), &csr(), Some(CARD)).unwrap();
    assert_eq!(waiting.key_origin, Some(CARD.read().unwrap()), "who approves sees it");
    let issued = country.approve(&other, waiting.id, None).unwrap();
    let record = record(&country, &applicant, &issued);
    let permit = other.permit::<id_registry::permission::ReadRegistry>();
    let known = country.registry.key_origin(&permit, &record).unwrap().unwrap();
    assert_eq!((&known.origin, known.request), (&CARD.read().unwrap(), Some(issued.id)));
    let nothing = ask(&country, &applicant, ("device", things.device), &csr(), None).unwrap();
    let record = self::record(&country, &applicant, &nothing);
    assert_eq!(origin(&country, &applicant, &record), None, "nothing is known where nothing is stated");
}

#[test]
fn a_key_does_not_move_by_being_asked_for_again() {
    let country = Country::founded();
    let officer = country.officer();
    let things = country.settled(&officer, "RSL");
    let key = new_key();
    let device = ("device", things.device);
    ask(&country, &officer, device, &csr_of(&key, "one"), Some(CARD)).unwrap();
    let elsewhere = StatedOrigin { kind: OriginKind::Software, model: None, batch: None, firmware: None };
    let refused = ask(&country, &officer, device, &csr_of(&key, "two"), Some(elsewhere));
    assert!(matches!(refused, Err(RequestError::OriginContradicts { .. })), "{refused:?}");
    assert_eq!(country.certificates_of(things.device), 1);
    // Said again, in other letters, or not at all: it is the same key.
    let again = StatedOrigin { model: Some("IDPRIME 940"), ..CARD };
    let request = ask(&country, &officer, device, &csr_of(&key, "two"), Some(again)).unwrap();
    let silent = ask(&country, &officer, device, &csr_of(&key, "three"), None).unwrap();
    for request in [request, silent] {
        assert_eq!(request.status(), RequestStatus::Issued);
        let record = record(&country, &officer, &request);
        assert_eq!(origin(&country, &officer, &record), Some(CARD.read().unwrap()));
    }
    let names = StatedOrigin { model: Some("a\nb"), ..CARD };
    assert!(matches!(ask(&country, &officer, device, &csr(), Some(names)), Err(RequestError::Field(_))));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_enters_what_is_known_of_keys_in_use() {
    let country = Country::founded();
    let officer = country.officer();
    let things = country.settled(&officer, "RSL");
    country.submit(&officer, "device", things.device, &csr()).unwrap();
    let serial = country.certificate_of(things.device);
    let caller = Caller::new(&country, Some(&officer));
    let list = |model: &str| {
        let origin = json!({"kind": "smart-card", "model": model, "batch": "7"});
        json!({"source": "delivery note 4711", "entries": [
            {"serial": serial, "origin": origin},
            {"serial": "00ff", "origin": origin},
            {"key": "ab".repeat(32), "origin": origin},
        ]})
    };
    let counts = |json: &serde_json::Value| json!([json["new"], json["changed"], json["known"]]);
    let first = caller.post("/v1/key-origins", list("SLE78")).await;
    assert_eq!((counts(&first.json), &first.json["unknown"]), (json!([2, 0, 0]), &json!(["ff"])));
    let again = caller.post("/v1/key-origins", list("sle78")).await;
    assert_eq!(counts(&again.json), json!([0, 0, 2]));
    assert_eq!(country.events("key-origins.entered").len(), 1, "what changes nothing is no event");
    let corrected = caller.post("/v1/key-origins", list("SLE66")).await;
    assert_eq!(counts(&corrected.json), json!([0, 2, 0]));
    let shown = caller.get(&format!("/v1/certificates/{serial}")).await;
    assert_eq!(shown.json["key_origin"]["model"], "SLE66", "{}", shown.json);
    let events = country.events("key-origins.entered");
    assert_eq!(events[0].reason.as_deref(), Some("delivery note 4711"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_does_not_fit_is_refused_whole() {
    let country = Country::founded();
    let officer = country.officer();
    let caller = Caller::new(&country, Some(&officer));
    let key = "ab".repeat(32);
    let enter = |entries: serde_json::Value| {
        caller.post("/v1/key-origins", json!({"source": "a test", "entries": entries}))
    };
    let origin = json!({"kind": "smart-card", "model": "one"});
    enter(json!([])).await.problem(422, "E-CMP-013");
    enter(json!([{"origin": origin}])).await.problem(422, "E-CMP-013");
    enter(json!([{"key": key, "serial": "00ff", "origin": origin}])).await.problem(422, "E-CMP-013");
    let twice = json!([{"key": key, "origin": origin}, {"key": key, "origin": {"kind": "hsm"}}]);
    enter(twice).await.problem(422, "E-CMP-013");
    enter(json!([{"key": "zz", "origin": origin}])).await.problem(400, "E-BLK-002");
    enter(json!([{"key": key, "origin": {"kind": "paper"}}])).await.problem(422, "E-HTTP-006");
    enter(json!([{"key": key, "origin": {"kind": "hsm", "batch": ""}}])).await.problem(422, "E-ID-003");
    assert!(country.events("key-origins.entered").is_empty());
}
