//! Offices, relatives, hours and quotas: who may act at all, and on whom not.

use ca_core::clock::Clock;
use id_registry::enrolment::{Request, RequestError};
use id_registry::id::{IdentityId, OfficeId};
use id_registry::identity::IdentityError;
use id_registry::life::{LifeError, SuspensionCause};
use id_registry::office::{NewOffice, OfficeError};
use id_registry::page::PageSize;
use id_registry::permission::{ChangeIdentities, ManageStaff, ReadRegistry};
use id_registry::principal::Role;
use id_registry::staff::{
    Counted, Hours, OfficerRules, Placing, Quota, QuotaReached, SignInError, StaffError,
};
use serde_json::json;
use time::macros::{offset, time};
use time::{Duration, Weekday};

use crate::country::{Country, Member, csr, organisation, person};
use crate::http::Caller;

const WHY: &str = "order 7 of 2026";

fn office(country: &Country, name: &str) -> OfficeId {
    let until = country.today() + Duration::days(10);
    let new = NewOffice { name, place: "Maseru", until, reason: WHY };
    country.registry.accredit_office(&country.administrator.permit(), &new).unwrap().id
}

fn place(country: &Country, who: &Member, placing: &Placing) {
    let permit = country.administrator.permit::<ManageStaff>();
    country.registry.place_staff(&permit, who.principal.id(), placing, WHY).unwrap();
}

fn in_office(office: OfficeId) -> Placing {
    Placing { office: Some(Some(office)), ..Placing::default() }
}

fn sign_in(country: &Country, who: &Member) -> Result<(), SignInError> {
    country.registry.authenticate(&who.enrolled.certificate.der).map(|_| ())
}

#[test]
fn who_works_for_an_office_acts_as_long_as_it_is_accredited() {
    let country = Country::founded();
    let (registry, permit) = (&country.registry, country.administrator.permit::<ManageStaff>());
    let officer = country.officer();
    let (one, other) = (office(&country, "Home Affairs, Maseru"), office(&country, "Home Affairs, Leribe"));
    place(&country, &officer, &in_office(one));
    sign_in(&country, &officer).unwrap();
    country.pass(Duration::days(11));
    assert!(matches!(sign_in(&country, &officer), Err(SignInError::Office(id)) if id == one));
    let lapsed = registry.place_staff(&permit, officer.principal.id(), &in_office(other), WHY);
    assert!(matches!(lapsed, Err(StaffError::NotAccredited(id)) if id == other), "{lapsed:?}");
    let passed = registry.renew_office(&permit, one, country.today() - Duration::days(1), WHY);
    assert!(matches!(passed, Err(OfficeError::Field(_))), "{passed:?}");
    let until = country.today() + Duration::days(30);
    assert_eq!(registry.renew_office(&permit, one, until, WHY).unwrap().accredited_until, until);
    sign_in(&country, &officer).unwrap();
    registry.end_office(&permit, one, "closed").unwrap();
    assert!(matches!(sign_in(&country, &officer), Err(SignInError::Office(_))));
    assert!(matches!(registry.renew_office(&permit, one, until, WHY), Err(OfficeError::Ended(_))));
    assert!(matches!(registry.end_office(&permit, one, "again"), Err(OfficeError::Ended(_))));
    place(&country, &officer, &Placing { office: Some(None), ..Placing::default() });
    sign_in(&country, &officer).unwrap();
    let offices = registry.offices(&permit, None, PageSize::new(1).unwrap()).unwrap();
    let more = registry.offices(&permit, offices.next, PageSize::default()).unwrap();
    assert_eq!((offices.items.len(), more.items.len(), more.next), (1, 1, None));
    let told: Vec<_> = ["office.accredited", "office.renewed", "office.ended", "staff.placed"]
        .map(|action| country.events(action).len())
        .into();
    assert_eq!(told, [2, 1, 1, 2]);
}

/// Electronic signatures, approved by officers of another office.
fn elsewhere() -> Country {
    let (_, text) = ca_core::profile::BUILT_IN.iter().find(|(name, _)| *name == "person-signature").unwrap();
    let text = text.replacen("approvals = 1\n", "approvals = 1\nother_office = true\n", 1);
    Country::founded_with(&[("person-signature", &text)])
}

fn asked(country: &Country, by: &Member, of: IdentityId) -> Request {
    country.submit(by, "person-signature", of, &csr()).unwrap()
}

#[test]
fn a_colleague_of_the_same_office_does_not_approve() {
    let country = elsewhere();
    let [asks, colleague, lone, stranger] = [(); 4].map(|()| country.officer());
    let (one, other) = (office(&country, "Maseru"), office(&country, "Leribe"));
    let someone = country.register(&asks, person("PNOLS-1"));
    place(&country, &asks, &in_office(one));
    place(&country, &colleague, &in_office(one));
    let request = asked(&country, &asks, someone);
    for no in [&colleague, &lone] {
        let hindrance = country.registry.to_approve(&no.permit(), request.id).unwrap().hindrance;
        assert!(matches!(hindrance, Some(RequestError::SameOffice(_))), "{hindrance:?}");
        let refused = country.approve(no, request.id, None);
        assert!(matches!(refused, Err(RequestError::SameOffice(id)) if id == request.id), "{refused:?}");
    }
    let refusals = country.events("request.decision-refused");
    assert_eq!(refusals.len(), 2);
    assert_eq!(refusals[0].reason.as_deref(), Some("same office"));
    place(&country, &stranger, &in_office(other));
    assert!(country.approve(&stranger, request.id, None).unwrap().serial().is_some());
    // Who asks without an office is somebody's colleague, as far as is known.
    let request = asked(&country, &lone, someone);
    assert!(matches!(country.approve(&stranger, request.id, None), Err(RequestError::SameOffice(_))));
}

#[test]
fn nobody_decides_on_relatives() {
    let country = Country::founded();
    let [asks, officer, colleague] = [(); 3].map(|()| country.officer());
    let [relative, own] = ["PNOLS-1", "PNOLS-2"].map(|number| country.register(&asks, person(number)));
    let placing = Placing { relatives: Some(vec![relative]), person: Some(own), ..Placing::default() };
    place(&country, &officer, &placing);
    let request = asked(&country, &asks, relative);
    let hindrance = country.registry.to_approve(&officer.permit(), request.id).unwrap().hindrance;
    assert!(matches!(hindrance, Some(RequestError::Identity(IdentityError::Related(_)))), "{hindrance:?}");
    let refused = country.approve(&officer, request.id, None);
    assert!(matches!(refused, Err(RequestError::Identity(IdentityError::Related(id))) if id == relative));
    let suspend = |id| {
        let permit = officer.permit::<ChangeIdentities>();
        country.registry.suspend_identity(&permit, id, SuspensionCause::Investigation, "case 12")
    };
    assert!(matches!(suspend(relative), Err(LifeError::Identity(IdentityError::Related(_)))));
    assert!(matches!(suspend(own), Err(LifeError::Identity(IdentityError::Own(_)))), "linked later");
    country.approve(&colleague, request.id, None).unwrap();
    // Who is whose relative is not for the ledger.
    let placed = &country.events("staff.placed")[0];
    assert!(!format!("{:?}", placed.detail).contains(&relative.to_string()));
    let permit = country.administrator.permit::<ManageStaff>();
    let put = |placing| country.registry.place_staff(&permit, officer.principal.id(), &placing, WHY);
    let agency = country.register(&asks, organisation("RSL"));
    let unfit = put(Placing { relatives: Some(vec![agency]), ..Placing::default() });
    assert!(matches!(unfit, Err(StaffError::Organisation(IdentityError::WrongKind { .. }))), "{unfit:?}");
    let many = put(Placing { relatives: Some(vec![relative; 51]), ..Placing::default() });
    assert!(matches!(many, Err(StaffError::Field(_))), "{many:?}");
    let none = put(Placing { relatives: Some(Vec::new()), ..Placing::default() }).unwrap();
    assert_eq!((none.relatives, none.person), (vec![], Some(own)), "what is not named stays");
}

#[test]
fn officers_act_in_their_hours() {
    let hours = Hours {
        days: vec![Weekday::Monday, Weekday::Tuesday],
        from: time!(07:30),
        until: time!(17:00),
        offset: offset!(+2),
    };
    let country = Country::founded_under(OfficerRules { hours: Some(hours), quota: Quota::default() }, &[]);
    // The Monday after next, 8 o'clock in the country.
    country.clock.set(country.clock.now().replace_time(time!(06:00)) + Duration::days(7));
    while country.clock.now().weekday() != Weekday::Monday {
        country.pass(Duration::days(1));
    }
    let officer = country.officer();
    country.pass(Duration::hours(9));
    let closed = sign_in(&country, &officer);
    assert!(
        matches!(&closed, Err(SignInError::OutsideHours { hours }) if hours == "Mon, Tue 07:30 to 17:00")
    );
    sign_in(&country, &country.administrator).unwrap();
    country.pass(Duration::hours(15));
    sign_in(&country, &officer).unwrap();
    country.pass(Duration::days(1));
    assert!(sign_in(&country, &officer).is_err());
    place(&country, &officer, &Placing { any_hour: Some(true), ..Placing::default() });
    sign_in(&country, &officer).unwrap();
}

#[test]
fn a_quota_of_a_day_bounds_looks_and_approvals() {
    let quota = Quota { looks: Some(3), approvals: Some(1), ..Quota::default() };
    let country = Country::founded_under(OfficerRules { hours: None, quota }, &[]);
    country.clock.set(country.clock.now().replace_time(time!(06:00)) + Duration::days(1));
    let [officer, other] = [(); 2].map(|()| country.officer());
    let people = ["1", "2"].map(|number| country.register(&officer, person(&format!("PNOLS-{number}"))));
    let look = |by: &Member, id| country.registry.identity(&by.permit::<ReadRegistry>(), id).map(|_| ());
    let used_up = |found: Result<(), IdentityError>, most| match found {
        Err(IdentityError::Quota(QuotaReached { of: Counted::Looks, most: told, wait: None })) => {
            assert_eq!(told, most);
        }
        other => panic!("{other:?}"),
    };
    look(&officer, people[0]).unwrap();
    // A list counts each person in it, and is shown whole or not at all.
    let list = || {
        let kind = Some(id_registry::id::IdentityKind::Person);
        country.registry.identities(&officer.permit(), kind, None, PageSize::default()).map(|_| ())
    };
    list().unwrap();
    used_up(list(), 3);
    used_up(look(&officer, people[1]), 3);
    look(&other, people[1]).unwrap();
    let reached = country.events("staff.quota-reached");
    assert_eq!((reached.len(), &*reached[0].subject), (2, &*format!("staff:{}", officer.principal.id())));
    country.pass(Duration::days(1));
    look(&officer, people[1]).unwrap();
    place(
        &country,
        &officer,
        &Placing { quota: Quota { looks: Some(1), ..Quota::default() }, ..Placing::default() },
    );
    let again = country.registry.authenticate(&officer.enrolled.certificate.der).unwrap();
    let permit = again.permit::<ReadRegistry>().unwrap().in_case(Some("K-1".parse().unwrap()));
    used_up(country.registry.identity(&permit, people[1]).map(|_| ()), 1);

    let [first, second] = people.map(|id| asked(&country, &officer, id));
    country.approve(&other, first.id, None).unwrap();
    let beyond = country.approve(&other, second.id, None);
    let Err(RequestError::Identity(IdentityError::Quota(reached))) = beyond else { panic!("{beyond:?}") };
    assert_eq!(reached.to_string(), "your quota of a day is 1 requests approved");
    country.pass(Duration::days(1));
    assert!(country.approve(&other, second.id, None).unwrap().serial().is_some());
}

#[tokio::test]
async fn a_pace_of_a_minute_bounds_looks_and_says_how_long_to_wait() {
    let quota = Quota { looks_a_minute: Some(2), ..Quota::default() };
    let country = Country::founded_under(OfficerRules { hours: None, quota }, &[]);
    let officer = country.officer();
    let id = country.register(&officer, person("PNOLS-1"));
    let signed_in = country.registry.authenticate(&officer.enrolled.certificate.der).unwrap();
    assert_eq!(signed_in.permit::<ReadRegistry>().unwrap().quota(), quota);
    let caller = Caller::new(&country, Some(&officer));
    let path = format!("/v1/identities/{id}");
    for _ in 0..2 {
        assert_eq!(caller.get(&path).await.status, 200);
    }
    let fast = caller.get(&path).await;
    assert_eq!(fast.headers["retry-after"], "31");
    fast.problem(429, "E-AUTH-015");
    country.pass(Duration::seconds(31));
    assert_eq!(caller.get(&path).await.status, 200);
    caller.get(&path).await.problem(429, "E-AUTH-015");
    assert_eq!(country.events("staff.quota-reached").len(), 2);
}

#[tokio::test]
async fn over_http_administrators_place_staff_and_others_do_not() {
    let country = Country::founded();
    let officer = country.officer();
    let administrator = Caller::new(&country, Some(&country.administrator));
    let entered = json!({"name": "Leribe", "place": "Hlotse", "until": "2999-12-31", "reason": WHY});
    let made = administrator.post("/v1/offices", entered.clone()).await;
    assert_eq!((made.status.as_u16(), &made.json["status"]), (201, &"accredited".into()));
    let office = made.json["id"].as_str().unwrap();
    let place = format!("/v1/staff/{}/place", officer.principal.id());
    let placed = administrator.post(&place, json!({"office": office, "reason": WHY})).await.json;
    assert_eq!((&placed["office"], &placed["any_hour"]), (&office.into(), &false.into()));
    let unknown = json!({"office": "F-0000000000", "reason": WHY});
    administrator.post(&place, unknown).await.problem(400, "E-ID-006");
    for (path, code) in
        [(format!("/v1/offices/{office}/end"), 200), (format!("/v1/offices/{office}/end"), 409)]
    {
        assert_eq!(administrator.post(&path, json!({"reason": "closed"})).await.status.as_u16(), code);
    }
    let late = json!({"until": "2999-12-31", "reason": WHY});
    administrator.post(&format!("/v1/offices/{office}/renew"), late).await.problem(409, "E-OFF-002");
    assert_eq!(administrator.get("/v1/offices").await.json["items"][0]["status"], "ended");
    let signed_in = Caller::new(&country, Some(&officer));
    signed_in.get("/v1/whoami").await.problem(403, "E-AUTH-012");
    administrator.post(&place, json!({"office": "none", "reason": WHY})).await;
    for path in ["/v1/offices", &place] {
        signed_in.post(path, entered.clone()).await.problem(403, "E-AUTH-002");
    }
    let auditor = country.enrol("An Auditor", Role::Auditor);
    Caller::new(&country, Some(&auditor)).get("/v1/offices").await.problem(403, "E-AUTH-002");
    for unfit in [
        json!({"name": "", "place": "x", "until": "2999-12-31", "reason": WHY}),
        json!({"name": "x", "place": "x", "until": "2001-12-31", "reason": WHY}),
        json!({"name": "x", "place": "x", "until": "2999-12-31", "reason": ""}),
    ] {
        administrator.post("/v1/offices", unfit).await.problem(422, "E-ID-003");
    }
}
