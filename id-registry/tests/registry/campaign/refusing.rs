//! While a campaign is at work, what it selects is refused, and the refusal says what to do.

use id_registry::campaign::Refused;
use id_registry::campaign::selection::{KeyClass, Selection};
use id_registry::campaign::terms::Terms;
use id_registry::enrolment::{Request, RequestError, RequestStatus, Submission};
use id_registry::id::IdentityId;
use id_registry::principal::Role;
use id_registry::staff::{NewStaff, StaffError};
use serde_json::json;
use time::Duration;

use super::{CARD, Stage, name};
use crate::country::{csr, csr_of, csr_with, new_key};
use crate::http::Caller;

fn p384() -> Vec<u8> {
    csr_with(&["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-384"])
}

#[track_caller]
fn refusal(outcome: Result<Request, RequestError>) -> Refused {
    match outcome {
        Err(RequestError::Campaign(refused)) => *refused,
        other => panic!("{other:?}"),
    }
}

fn of_algorithm(class: KeyClass) -> Selection {
    let mut selection = Selection::default();
    selection.only.algorithms = vec![class];
    selection
}

#[test]
fn a_key_from_the_bad_batch_is_refused_whoever_brings_it() {
    let stage = Stage::set();
    let bad = stage.bad(1);
    stage.running(stage.terms());
    let issued = stage.country.certificates_of(bad[0].0);
    let refused = refusal(stage.ask("device", stage.things.device, &csr(), Some(CARD)));
    assert!(matches!(&refused, Refused::Selected { campaign, .. } if *campaign == name()), "{refused}");
    let said = refused.to_string();
    assert!(said.contains("cards-2017") && said.contains("IDPrime 940"), "{said}");
    // Another batch of the same model is not the campaign's.
    let other = id_registry::key_origin::StatedOrigin { batch: Some("2018-01"), ..CARD };
    stage.issue("device", stage.things.device, &csr(), Some(other));
    assert_eq!(stage.country.certificates_of(bad[0].0), issued);
    assert_eq!(stage.country.events("request.submitted").len(), 2);
}

#[test]
fn the_key_of_a_member_is_refused_whatever_is_said_of_it() {
    let stage = Stage::set();
    let key = new_key();
    let device = stage.device("OLD");
    stage.issue("device", device, &csr_of(&key, "one"), None);
    // Those issued until today, of any kind: what is issued now would not be selected.
    let mut selection = Selection::default();
    selection.times.issued_until = Some(stage.now() + Duration::hours(1));
    stage.start(selection, stage.terms()).unwrap();
    stage.gathered();
    stage.approve().unwrap();
    stage.later(Duration::hours(2));
    let refused = refusal(stage.ask("device", device, &csr_of(&key, "two"), None));
    assert!(matches!(refused, Refused::KeyOfMember { .. }), "{refused}");
    stage.issue("device", device, &csr(), None);
}

#[test]
fn a_request_that_waits_is_not_approved_past_a_campaign() {
    let stage = Stage::set();
    stage.bad(1);
    let another = stage.country.officer();
    let waiting = stage.ask("person-signature", stage.things.person, &csr(), Some(CARD)).unwrap();
    stage.running(stage.terms());
    let registry = &stage.country.registry;
    let refused = refusal(stage.country.approve(&another, waiting.id, None));
    assert!(matches!(refused, Refused::Selected { .. }));
    assert_eq!(registry.request(&another.permit(), waiting.id).unwrap().status(), RequestStatus::Waiting);
    registry.reject(&another.permit(), waiting.id, "a card of the bad batch").unwrap();
}

#[test]
fn a_broken_algorithm_is_refused_to_staff_too() {
    let stage = Stage::set();
    stage.issue("device", stage.things.device, &csr(), None);
    let terms = Terms { replace_with: vec!["p384".parse().unwrap()], ..stage.terms() };
    stage.start(of_algorithm("p256".parse().unwrap()), terms).unwrap();
    stage.gathered();
    stage.approve().unwrap();
    let enrol = |csr: &[u8]| {
        let new = NewStaff { name: "Somebody", role: Role::Officer, person: None, csr };
        stage.country.registry.enrol_staff(&stage.first().permit(), &new)
    };
    let refused = enrol(&csr());
    assert!(matches!(refused, Err(StaffError::Campaign(_))), "{refused:?}");
    enrol(&p384()).unwrap();
}

#[test]
fn who_is_to_have_another_kind_of_key_is_told_which() {
    let stage = Stage::set();
    let bad = stage.bad(1);
    let device = bad[0].0;
    let terms = Terms { replace_with: vec!["p384".parse().unwrap(), KeyClass::MlDsa], ..stage.terms() };
    stage.running(terms);
    let refused = refusal(stage.ask("device", device, &csr(), None));
    assert!(matches!(&refused, Refused::NotTheReplacement { instead, .. } if instead == "p384 or ml-dsa"));
    // Whoever has nothing to be replaced may have what he likes.
    stage.issue("device", stage.things.device, &csr(), None);
    stage.issue("device", device, &p384(), None);
    // Replaced, one may have any key again when nothing is left to do.
    stage.later(Duration::days(30));
    stage.carry_out();
    stage.issue("device", device, &csr(), None);
}

#[test]
fn a_request_for_a_campaign_names_one_that_waits_for_it() {
    let stage = Stage::set();
    let bad = stage.bad(1);
    let ask = |identity: IdentityId, campaign: &str| {
        let csr = csr();
        let submission = Submission { campaign: Some(campaign), ..Submission::of("device", identity, &csr) };
        stage.country.registry.submit(&stage.officer.permit(), &submission, None)
    };
    assert!(matches!(refusal(ask(bad[0].0, "cards-2017")), Refused::NotAtWork(_)));
    stage.running(stage.terms());
    assert!(matches!(refusal(ask(bad[0].0, "cards-2018")), Refused::NotAtWork(_)));
    assert!(matches!(ask(bad[0].0, "Cards!"), Err(RequestError::Field(_))));
    let nothing = refusal(ask(stage.things.device, "cards-2017"));
    assert!(matches!(nothing, Refused::NothingToReplace { .. }), "{nothing}");
    let issued = ask(bad[0].0, "cards-2017").unwrap();
    assert_eq!((issued.status(), issued.campaign), (RequestStatus::Issued, Some(name())));
}

#[test]
fn an_approval_at_the_same_moment_is_seen_or_refused() {
    for _ in 0..5 {
        let stage = Stage::set();
        stage.bad(1);
        stage.started(stage.terms());
        let request = csr();
        let (asked, approved) = std::thread::scope(|scope| {
            let asked = scope.spawn(|| stage.ask("device", stage.things.device, &request, Some(CARD)));
            let approved = scope.spawn(|| stage.approve());
            (asked.join().unwrap(), approved.join().unwrap())
        });
        approved.unwrap();
        let members = stage.gathered().tally().total();
        match asked {
            // Issued before: then it was found when the members were gathered once more.
            Ok(_) => assert_eq!(members, 2),
            Err(RequestError::Campaign(_)) => assert_eq!(members, 1),
            Err(other) => panic!("{other}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_refusal_over_http_has_its_code_and_a_way_out() {
    let stage = Stage::set();
    stage.bad(1);
    stage.running(stage.terms());
    let body = json!({"profile": "device", "identity": stage.things.device.to_string(),
        "csr": String::from_utf8(csr()).unwrap(),
        "key_origin": {"kind": "smart-card", "model": "idprime 940", "batch": "2017-04"}});
    let refused = Caller::new(&stage.country, Some(&stage.officer)).post("/v1/requests", body).await;
    refused.problem(409, "E-CMP-008");
    assert!(refused.json["detail"].as_str().unwrap().contains("cards-2017"), "{}", refused.json);
}
