//! What a selection reaches: counted and listed, part by part, and nothing is changed by looking.

use std::sync::Arc;

use ca_core::certificate::CERTIFICATES;
use ca_core::clock::SystemEntropy;
use ca_core::ledger::{Action, Actor, Ledger};
use ca_core::profile::ProfileId;
use ca_core::storage::{Change, Store};
use id_registry::campaign::selection::{KeyClass, Selection};
use id_registry::campaign::{CampaignError, Detail, PlanPage};
use id_registry::enrolment::Submission;
use id_registry::id::IdentityId;
use id_registry::identity::IdentityError;
use id_registry::key_origin::{MakersName, OriginKind, StatedOrigin};
use serde_json::json;

use crate::country::{Country, Member, Things, csr};
use crate::http::Caller;

const CARD: StatedOrigin<'_> = StatedOrigin {
    kind: OriginKind::SmartCard,
    model: Some("IDPrime 940"),
    batch: Some("7"),
    firmware: None,
};

/// A device's certificate with a key from a bad card, and an application's with a key of unknown origin.
fn populated(country: &Country) -> (Member, Things) {
    let officer = country.officer();
    let things = country.settled(&officer, "RSL");
    let request = csr();
    let device = Submission { key_origin: Some(CARD), ..Submission::of("device", things.device, &request) };
    country.registry.submit(&officer.permit(), &device, None).unwrap();
    country.submit(&officer, "application", things.application, &csr()).unwrap();
    (officer, things)
}

fn look(country: &Country, by: &Member, selection: &Selection, detail: Detail) -> PlanPage {
    country.registry.blast_radius(&by.permit(), selection, None, detail, None).unwrap()
}

fn of_model(model: &str) -> Selection {
    let mut selection = Selection::default();
    selection.only.models = vec![MakersName::new("model", model).unwrap()];
    selection
}

#[test]
fn a_bad_model_is_found_and_what_cannot_be_judged_is_told() {
    let country = Country::founded();
    let (officer, things) = populated(&country);
    let page = look(&country, &officer, &of_model("idprime 940"), Detail::Certificates);
    assert_eq!((page.radius.selected, page.radius.aside.staff), (1, 0));
    let [found] = &page.items[..] else { panic!("{:?}", page.items) };
    assert_eq!((found.identity, found.organisation), (things.device, Some(things.organisation)));
    assert_eq!(found.kind.unwrap().name(), "p256");
    assert!(found.addressee.is_none(), "nobody asked for names");
    assert_eq!(page.radius.models["IDPrime 940"], 1);
    // The application and the staff: nobody knows where their keys live.
    assert_eq!(page.radius.origin_unknown, 1 + 2);
    assert!(page.next.is_none() && page.thousandths == 1_000);
    assert_eq!(look(&country, &officer, &of_model("IDPrime 930"), Detail::Counts).radius.selected, 0);
}

#[test]
fn staff_is_told_apart() {
    let country = Country::founded();
    let (officer, _) = populated(&country);
    let mut selection = Selection::default();
    selection.only.algorithms = vec![KeyClass::Elliptic];
    let radius = look(&country, &officer, &selection, Detail::Counts).radius;
    // The installation's own: the issuing CA's.
    assert_eq!((radius.selected, radius.aside.staff, radius.aside.installation), (2, 2, 1), "{radius:?}");
    assert_eq!((radius.profiles["device"], radius.algorithms["p256"]), (1, 2));
    selection.not.profiles = vec![ProfileId("device".to_owned())];
    assert_eq!(look(&country, &officer, &selection, Detail::Counts).radius.selected, 1);
    assert_eq!(country.events("identity.viewed").len(), 0);
}

#[test]
fn names_are_told_to_who_asks_and_the_ledger_says_so() {
    let country = Country::founded();
    let (officer, things) = populated(&country);
    let page = look(&country, &officer, &of_model("IDPrime 940"), Detail::Addressees);
    let addressee = page.items[0].addressee.clone().unwrap();
    let sponsor = addressee.sponsor.unwrap();
    assert_eq!((addressee.name.as_str(), sponsor.id), ("RSL-GATE-1", things.person));
    assert_eq!(sponsor.name.as_deref(), Some("Thabo Mokoena"));
    let viewed = country.events("identity.viewed");
    assert_eq!(viewed.len(), 1);
    assert_eq!(viewed[0].subject, format!("identity:{}", things.person));
}

#[test]
fn what_does_not_count_is_not_selected() {
    let country = Country::founded();
    let (officer, things) = populated(&country);
    let serial = country.certificate_of(things.device).parse().unwrap();
    let reason = ca_core::status::RevocationReason::Superseded;
    country.registry.revoke(&country.administrator.permit(), &serial, reason, None).unwrap();
    assert_eq!(look(&country, &officer, &of_model("IDPrime 940"), Detail::Counts).radius.selected, 0);
}

#[test]
fn a_certificate_of_before_kinds_were_kept_is_judged_by_its_der() {
    let country = Country::founded();
    let (officer, things) = populated(&country);
    let serial = country.certificate_of(things.device).parse().unwrap();
    let record = country.registry.authorities().find(&serial).unwrap().unwrap();
    let key = record.issuer.key(&record.serial);
    let mut old: serde_json::Value =
        serde_json::from_slice(&country.store.get(CERTIFICATES, &key).unwrap().unwrap().value).unwrap();
    assert_eq!(old.as_object_mut().unwrap().remove("key_kind"), Some(json!("p256")));
    let ledger = Ledger::new(country.clock.clone(), Arc::new(SystemEntropy));
    let event = ledger.event(&Actor::system("test"), Action::named("test.aged"), "test").unwrap();
    let change = Change::new().put(CERTIFICATES, key, old.to_string());
    country.store.commit(change.explained_by(&event)).unwrap();
    let mut selection = of_model("IDPrime 940");
    selection.only.algorithms = vec!["p256".parse().unwrap()];
    assert_eq!(look(&country, &officer, &selection, Detail::Counts).radius.selected, 1);
}

#[test]
fn what_is_named_must_be_there() {
    let country = Country::founded();
    let officer = country.officer();
    let refused = |edit: &dyn Fn(&mut Selection)| {
        let mut selection = Selection::default();
        edit(&mut selection);
        let refused =
            country.registry.blast_radius(&officer.permit(), &selection, None, Detail::Counts, None);
        refused.unwrap_err()
    };
    assert!(matches!(refused(&|_| {}), CampaignError::Selection(_)));
    let unknown = refused(&|it| it.only.profiles = vec![ProfileId("devise".to_owned())]);
    assert!(matches!(unknown, CampaignError::UnknownProfile(_)), "{unknown}");
    let ca = ca_core::certificate::CaId::new("persons").unwrap();
    let unknown = refused(&|it| it.only.issuers = vec![ca.clone()]);
    assert!(matches!(unknown, CampaignError::UnknownCa(_)), "{unknown}");
    let nobody = IdentityId::draw(id_registry::id::IdentityKind::Organisation, &SystemEntropy).unwrap();
    let unknown = refused(&|it| {
        it.only.models = of_model("x").only.models;
        it.not.organisations = vec![nobody];
    });
    assert!(matches!(unknown, CampaignError::Identity(IdentityError::Unknown(_))), "{unknown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn over_http_wrong_selections_are_told_apart() {
    let country = Country::founded();
    let (officer, _) = populated(&country);
    let caller = Caller::new(&country, Some(&officer));
    let look = |selection: serde_json::Value| {
        caller.post("/v1/blast-radius", json!({"selection": selection, "detail": "certificates"}))
    };
    let found = look(json!({"only": {"models": ["IDPrime 940"]}})).await;
    assert_eq!((&found.json["selected"], &found.json["items"][0]["profile"]), (&json!(1), &json!("device")));
    assert_eq!(found.json["items"][0]["key_origin"]["batch"], "7");
    look(json!({})).await.problem(422, "E-CMP-003");
    look(json!({"only": {"algorithms": ["rsa-big"]}})).await.problem(422, "E-CMP-003");
    look(json!({"only": {"keys": ["zz"]}})).await.problem(422, "E-CMP-003");
    look(json!({"only": {"issuers": ["nobody"]}})).await.problem(404, "E-CA-001");
    look(json!({"only": {"profiles": ["devise"]}})).await.problem(404, "E-REQ-001");
    look(json!({"only": {"models": [" x"]}})).await.problem(422, "E-ID-003");
    look(json!({"only": {"colours": ["red"]}})).await.problem(422, "E-HTTP-006");
}
