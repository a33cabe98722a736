//! Notifications: who may tell, what it causes, what waits for an officer, and that nothing is lost or done twice.

use ca_core::storage::memory::Failure;
use id_registry::id::{IdentityId, NotificationId};
use id_registry::identity::{Further, IdentityError, IdentityStatus, NewIdentity};
use id_registry::life::change::NewFacts;
use id_registry::life::{Cause, DeathSource, LifeError, SuspensionCause};
use id_registry::notification::{
    Kind, NewNotification, NewSource, Notification, NotificationError, Settling, SourcePermit, State, Why,
};
use id_registry::page::PageSize;
use id_registry::permission::{ChangeIdentities, ReadNotifications, SettleNotifications};
use id_registry::principal::Role;
use id_registry::staff::SignInError;
use id_registry::usage::UsageWanted;
use serde_json::json;

use crate::country::{Country, Member, Things, csr, person};
use crate::http::Caller;
use crate::sealed::{assert_absent, everything};

const WHY: &str = "agreement 3 of 2026";
const NUMBER: &str = "PNOLS-1984";

/// A country with a civil register whose application may tell of everything, and a person who was born in 1984.
struct Register {
    country: Country,
    officer: Member,
    second: Member,
    things: Things,
    person: IdentityId,
    certificate: Vec<u8>,
}

fn told<'a>(event_id: &'a str, kind: &'a str) -> NewNotification<'a> {
    let reference = Some("D 117/26");
    NewNotification {
        event_id,
        kind,
        person: Some(NUMBER),
        date: "2026-01-07",
        reference,
        reason: None,
        facts: None,
    }
}

fn facts(facts: serde_json::Value) -> NewFacts {
    serde_json::from_value(facts).unwrap()
}

impl Register {
    fn founded() -> Self {
        let country = Country::founded();
        let (officer, second) = (country.officer(), country.officer());
        let things = country.settled(&officer, "CR");
        let NewIdentity::Person { given_name, identifier, .. } = person(NUMBER) else { panic!("a person") };
        let further = Further { birth_date: Some("1984-03-07".to_owned()), ..Further::default() };
        let surname = "Nthunya".to_owned();
        let person =
            country.register(&officer, NewIdentity::Person { surname, given_name, identifier, further });
        let request = country.submit(&officer, "application", things.application, &csr()).unwrap();
        let request = match request.serial() {
            Some(_) => request,
            None => country.approve(&second, request.id, None).unwrap(),
        };
        let certificate = country.registry.certificate(&officer.permit(), request.serial().unwrap());
        let certificate = certificate.unwrap().1.unwrap();
        let register = Self { country, officer, second, things, person, certificate };
        register.add(&["birth", "death", "change"]).unwrap();
        register
    }

    fn add(&self, kinds: &[&str]) -> Result<(), NotificationError> {
        let kinds: Vec<String> = kinds.iter().map(|kind| (*kind).to_owned()).collect();
        let application = self.things.application;
        let new = NewSource { application, speaks_for: "civil-register", kinds: &kinds, reason: WHY };
        self.country.registry.add_source(&self.country.administrator.permit(), &new).map(|_| ())
    }

    fn permit(&self) -> SourcePermit {
        self.country.registry.authenticate_source(&self.certificate).unwrap().unwrap()
    }

    fn tell(&self, new: &NewNotification<'_>) -> Result<Notification, NotificationError> {
        self.country.registry.notify(&self.permit(), new)
    }

    fn status(&self) -> (IdentityStatus, Option<Cause>) {
        let record = self.country.registry.identity(&self.officer.permit(), self.person).unwrap().record;
        (record.status, record.cause())
    }

    fn waiting(&self) -> Vec<NotificationId> {
        let permit = self.officer.permit::<ReadNotifications>();
        let page = self.country.registry.notifications(&permit, true, None, PageSize::default()).unwrap();
        page.items.into_iter().map(|one| one.id).collect()
    }

    fn settle(
        &self,
        id: NotificationId,
        as_: Settling,
        person: Option<IdentityId>,
    ) -> Result<Notification, NotificationError> {
        let permit = self.officer.permit::<SettleNotifications>();
        self.country.registry.settle_notification(&permit, id, (as_, person), "letter 9")
    }
}

#[test]
fn word_of_a_death_suspends_once_and_an_officer_confirms_it() {
    let register = Register::founded();
    let first = register.tell(&told("2026/117", "death")).unwrap();
    assert_eq!((first.state, first.person), (State::Reported, Some(register.person)));
    assert_eq!(register.status(), (IdentityStatus::Suspended, Some(Cause::DeathReported)));
    let again = register.tell(&told("2026/117", "death")).unwrap();
    assert_eq!(again, first, "the same is answered the same");
    let other = NewNotification { date: "2026-01-08", ..told("2026/117", "death") };
    assert!(matches!(register.tell(&other), Err(NotificationError::OtherContent(id)) if id == first.id));
    let known = register.tell(&told("2026/118", "death")).unwrap();
    assert_eq!(known.state, State::Known, "another event says the same");
    for (action, times) in [("notification.received", 2), ("identity.death-reported", 1)] {
        assert_eq!(register.country.events(action).len(), times, "{action}");
    }
    let reported = &register.country.events("identity.death-reported")[0];
    assert_eq!(reported.actor.0, format!("application:{}", register.things.application));
    assert_eq!(reported.detail["source"], "civil-register");
    let change = register.officer.permit::<ChangeIdentities>();
    register.country.registry.confirm_death(&change, register.person, None, "entry 117").unwrap();
    assert_eq!(register.status(), (IdentityStatus::Closed, Some(Cause::Deceased)));
    assert_eq!(register.tell(&told("2026/119", "death")).unwrap().state, State::Known);
    assert!(register.waiting().is_empty());
    let wanted = UsageWanted { since: None, until: None, processing: None, bulk: true };
    let log = register.country.registry.usage(&register.officer.permit(), register.person, &wanted).unwrap();
    assert!(log.iter().any(|usage| usage.said.starts_with("The civil register")), "{log:?}");
}

#[test]
fn a_hospital_alone_does_not_confirm_a_death() {
    let register = Register::founded();
    register
        .country
        .registry
        .end_source(&register.country.administrator.permit(), register.things.application, WHY)
        .unwrap();
    let kinds = ["death".to_owned()];
    let application = register.things.application;
    let new = NewSource { application, speaks_for: "health-facility", kinds: &kinds, reason: WHY };
    register.country.registry.add_source(&register.country.administrator.permit(), &new).unwrap();
    register.tell(&told("h-1", "death")).unwrap();
    let (registry, change) = (&register.country.registry, register.officer.permit::<ChangeIdentities>());
    let alone = registry.confirm_death(&change, register.person, None, "seen");
    assert!(matches!(alone, Err(LifeError::TooFewSignals { .. })), "{alone:?}");
    registry.report_death(&change, register.person, DeathSource::Chief, "letter").unwrap();
    let own = registry.confirm_death(&change, register.person, None, "seen");
    assert!(matches!(own, Err(LifeError::SamePerson(_))), "{own:?}");
    registry.confirm_death(&register.second.permit(), register.person, None, "seen").unwrap();
}

#[test]
fn word_of_a_marriage_is_a_proposal_that_an_officer_confirms() {
    let register = Register::founded();
    let married = facts(json!({"surname": "Molefe"}));
    let change = NewNotification { reason: Some("marriage"), facts: Some(&married), ..told("m-1", "change") };
    let proposed = register.tell(&change).unwrap();
    assert_eq!(proposed.state, State::Proposed);
    let (registry, id) = (&register.country.registry, proposed.change.unwrap());
    let open = registry.open_change(&register.officer.permit(), register.person).unwrap();
    assert_eq!((open.proposed.id, open.changes[0].field.as_str()), (id, "surname"));
    assert_eq!(open.proposed.by.to_string(), register.things.application.to_string());
    assert!(open.note.unwrap().contains("entry D 117/26"));
    let another = facts(json!({"surname": "Tau"}));
    let another = NewNotification { facts: Some(&another), event_id: "m-2", ..change.clone() };
    let waits = register.tell(&another).unwrap();
    assert_eq!((waits.state, waits.why), (State::Waits, Some(Why::ChangeWaits)));
    let confirm = register.officer.permit::<ChangeIdentities>();
    registry.confirm_change(&confirm, register.person, &id.to_string(), "seen").unwrap();
    let again = NewNotification { event_id: "m-3", ..change };
    assert_eq!(register.tell(&again).unwrap().state, State::Known, "it is known so");
    assert_eq!(register.waiting(), [waits.id]);
}

#[test]
fn what_cannot_be_taken_as_it_came_waits_for_an_officer_with_the_reason() {
    let register = Register::founded();
    let tomorrow = (register.country.today() + time::Duration::days(1)).to_string();
    let child = facts(json!({"surname": "Nthunya", "given_name": "Lerato"}));
    let number = facts(json!({"identifier": "PNOLS-CR"}));
    let tag = facts(json!({"asset_tag": "X"}));
    let death = told("", "death");
    let change = NewNotification { reason: Some("court"), ..told("", "change") };
    let cases = [
        (NewNotification { person: Some("PNOLS-0815"), ..death.clone() }, Why::UnknownPerson),
        (NewNotification { person: Some("117 of 1984"), ..death.clone() }, Why::UnknownPerson),
        (NewNotification { date: &tomorrow, ..death.clone() }, Why::Date),
        (NewNotification { date: "2026-02-30", ..death.clone() }, Why::Date),
        (NewNotification { date: "yesterday", ..death.clone() }, Why::Date),
        (NewNotification { date: "1984-03-06", ..death.clone() }, Why::Date),
        (NewNotification { facts: Some(&number), ..change.clone() }, Why::Facts),
        (NewNotification { facts: Some(&tag), ..change.clone() }, Why::Facts),
        (NewNotification { facts: Some(&child), reason: Some("moved"), ..change.clone() }, Why::Facts),
        (NewNotification { facts: Some(&child), person: None, kind: "birth", ..death.clone() }, Why::Birth),
    ];
    for (number, (case, why)) in cases.iter().enumerate() {
        let event_id = format!("e-{number}");
        let waits = register.tell(&NewNotification { event_id: &event_id, ..case.clone() }).unwrap();
        assert_eq!((waits.state, waits.why), (State::Waits, Some(*why)), "{number}");
    }
    assert_eq!(register.status(), (IdentityStatus::Active, None), "nothing is guessed");
    assert_eq!(register.waiting().len(), cases.len());
    assert_absent(
        &everything(&register.country.store),
        &["Lerato", "117 of 1984", "D 117/26", "e-1", "1984-03-06"],
    );
}

#[test]
fn a_birth_waits_until_an_officer_has_registered_the_child() {
    let register = Register::founded();
    let child = facts(json!({"surname": "Nthunya", "given_name": "Lerato", "birth_date": "2026-01-07"}));
    let birth = NewNotification { person: None, facts: Some(&child), ..told("b-1", "birth") };
    let waits = register.tell(&birth).unwrap();
    let read = register.officer.permit::<ReadNotifications>();
    let opened = register.country.registry.notification(&read, waits.id).unwrap();
    assert_eq!(opened.content.unwrap().facts.unwrap().given_name.as_deref(), Some("Lerato"));
    let registered = register.country.register(&register.officer, {
        let NewIdentity::Person { surname, identifier, further, .. } = person("PNOLS-2026") else { panic!() };
        NewIdentity::Person { surname, given_name: "Lerato".to_owned(), identifier, further }
    });
    let wrong = register.settle(waits.id, Settling::Done, Some(register.things.organisation));
    assert!(matches!(wrong, Err(NotificationError::Identity(IdentityError::WrongKind { .. }))), "{wrong:?}");
    let wrong = register.settle(waits.id, Settling::Nothing, Some(registered));
    assert!(matches!(wrong, Err(NotificationError::Field(_))), "{wrong:?}");
    let settled = register.settle(waits.id, Settling::Done, Some(registered)).unwrap();
    assert_eq!((settled.state, settled.person), (State::Settled, Some(registered)));
    assert!(register.waiting().is_empty());
    let opened = register.country.registry.notification(&read, waits.id).unwrap();
    assert!(opened.content.is_some(), "it is kept with the child");
    let again = register.settle(waits.id, Settling::Done, None);
    assert!(matches!(again, Err(NotificationError::Elsewhere(_, State::Settled))));
    assert_eq!(register.tell(&birth).unwrap().id, waits.id, "still the same");
    let numbered = NewNotification { event_id: "b-2", person: Some("PNOLS-2026"), ..birth };
    assert_eq!(register.tell(&numbered).unwrap().state, State::Known);
    // What turned out to be nobody's is not kept.
    let unknown = NewNotification { person: Some("PNOLS-0815"), ..told("d-1", "death") };
    let unknown = register.tell(&unknown).unwrap();
    register.settle(unknown.id, Settling::Nothing, None).unwrap();
    assert!(register.country.registry.notification(&read, unknown.id).unwrap().content.is_none());
}

#[test]
fn only_a_source_tells_and_only_of_what_it_may() {
    let register = Register::founded();
    let (registry, application) = (&register.country.registry, register.things.application);
    let administrator = &register.country.administrator;
    assert!(matches!(register.add(&["birth"]), Err(NotificationError::SourceExists(_))));
    let staff = registry.authenticate_source(&register.officer.enrolled.certificate.der).unwrap();
    assert!(staff.is_none(), "no member of staff is a source");
    assert!(matches!(registry.authenticate(&register.certificate), Err(SignInError::NotStaff)));
    registry.end_source(&administrator.permit(), application, "agreement ended").unwrap();
    assert!(registry.authenticate_source(&register.certificate).unwrap().is_none());
    let ended = registry.end_source(&administrator.permit(), application, WHY);
    assert!(matches!(ended, Err(NotificationError::NoSource(_))));
    register.add(&["birth"]).unwrap();
    let refused = register.tell(&told("2026/117", "death"));
    assert!(matches!(refused, Err(NotificationError::NotAdmitted { asked: Kind::Death, .. })), "{refused:?}");
    assert_eq!(register.status().0, IdentityStatus::Active);
    // The application, or its owner, is suspended: its certificate is on hold.
    let change = register.officer.permit::<ChangeIdentities>();
    registry
        .suspend_identity(&change, register.things.organisation, SuspensionCause::Requested, "letter")
        .unwrap();
    let held = registry.authenticate_source(&register.certificate);
    assert!(matches!(held, Err(SignInError::OnHold { .. })), "{held:?}");
    for (kinds, application) in [(&[][..], application), (&["wedding"], application)] {
        let kinds: Vec<String> = kinds.iter().map(|kind| (*kind).to_owned()).collect();
        let new = NewSource { application, speaks_for: "civil-register", kinds: &kinds, reason: WHY };
        let refused = registry.add_source(&administrator.permit(), &new);
        assert!(
            matches!(&refused, Err(NotificationError::Field(error)) if error.field == "kinds"),
            "{refused:?}"
        );
    }
    let kinds = ["birth".to_owned()];
    let new =
        NewSource { application: register.things.device, speaks_for: "court", kinds: &kinds, reason: WHY };
    let device = registry.add_source(&administrator.permit(), &new);
    assert!(matches!(device, Err(NotificationError::Identity(IdentityError::WrongKind { .. }))));
}

#[test]
fn a_notification_and_what_it_causes_are_one_commit() {
    let register = Register::founded();
    register.country.store.fail_next_commit(Failure::BeforePersisting);
    register.tell(&told("2026/117", "death")).unwrap_err();
    assert_eq!(register.status().0, IdentityStatus::Active);
    // It was kept, and the answer was lost.
    register.country.store.fail_next_commit(Failure::AfterPersisting);
    register.tell(&told("2026/117", "death")).unwrap_err();
    assert_eq!(register.status().1, Some(Cause::DeathReported));
    let again = register.tell(&told("2026/117", "death")).unwrap();
    assert_eq!(again.state, State::Reported);
    assert_eq!(register.country.events("notification.received").len(), 1);
    // It goes with the person.
    let registry = &register.country.registry;
    registry.confirm_death(&register.officer.permit(), register.person, None, "seen").unwrap();
    registry.erase_identity(&register.country.administrator.permit(), register.person, "order 3").unwrap();
    let opened = registry.notification(&register.officer.permit(), again.id).unwrap();
    assert!(opened.content.is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn sources_tell_over_http_and_learn_nothing_of_persons() {
    let register = Register::founded();
    let source = Caller::presenting(&register.country, Some(register.certificate.clone()));
    let death = |event: &str, person: &str| json!({"event_id": event, "kind": "death", "person": person, "date": "2026-01-07"});
    let known = source.post("/v1/notifications", death("1", NUMBER)).await;
    let unknown = source.post("/v1/notifications", death("2", "PNOLS-0815")).await;
    for answer in [&known, &unknown] {
        assert_eq!(answer.status.as_u16(), 200, "{}", answer.json);
        let members: Vec<&String> = answer.json.as_object().unwrap().keys().collect();
        assert_eq!(members, ["id", "received_at"], "whether there is such a person it does not learn");
    }
    assert_eq!(source.post("/v1/notifications", death("1", NUMBER)).await.json, known.json);
    source.post("/v1/notifications", death("1", "PNOLS-0815")).await.problem(409, "E-NTF-005");
    for (member, value) in [("kind", json!("wedding")), ("event_id", json!("")), ("reason", json!("court"))] {
        let mut unfit = death("3", NUMBER);
        unfit[member] = value;
        source.post("/v1/notifications", unfit).await.problem(422, "E-ID-003");
    }
    let mut unfit = death("3", NUMBER);
    unfit["cause"] = json!("accident");
    source.post("/v1/notifications", unfit).await.problem(422, "E-HTTP-006");
    source.get("/v1/notifications").await.problem(403, "E-AUTH-009");
    let officer = Caller::new(&register.country, Some(&register.officer));
    officer.post("/v1/notifications", death("4", NUMBER)).await.problem(403, "E-AUTH-002");
    let operator = Role::AgencyOperator { organisation: register.things.organisation };
    let operator = Caller::new(&register.country, Some(&register.country.enrol("Operator", operator)));
    operator.get("/v1/notifications").await.problem(403, "E-AUTH-002");

    let waits = officer.get("/v1/notifications?waiting=true").await;
    let id = waits.json["items"][0]["id"].as_str().unwrap();
    assert_eq!(waits.json["items"][0]["why"], "unknown-person");
    let shown = officer.get(&format!("/v1/notifications/{id}")).await;
    assert_eq!(shown.json["told"]["person"], "PNOLS-0815");
    let settle = format!("/v1/notifications/{id}/settle");
    officer.post(&settle, json!({"as": "done?", "reason": "x"})).await.problem(400, "E-HTTP-007");
    let settled = officer.post(&settle, json!({"as": "nothing", "reason": "a foreigner"})).await;
    assert_eq!(settled.json["state"], "settled");
    officer.post(&settle, json!({"as": "nothing", "reason": "again"})).await.problem(409, "E-NTF-006");
    let page = officer.get("/v1/notifications?limit=1").await;
    assert_eq!(page.json["next"], page.json["items"][0]["id"]);
    let administrator = Caller::new(&register.country, Some(&register.country.administrator));
    let sources = administrator.get("/v1/notification-sources").await;
    assert_eq!(sources.json["items"][0]["speaks_for"], "civil-register");
}
