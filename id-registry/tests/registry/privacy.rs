//! Statistics that tell nothing of the few, and retention that erases what nobody needs and nothing else.

use ca_core::status::RevocationReason;
use id_registry::enrolment::RequestStatus;
use id_registry::id::IdentityId;
use id_registry::identity::{Further, NewIdentity};
use id_registry::life::{ClosureCause, DeathSource};
use id_registry::permission::{ReadRegistry, ReadRetention, ReadStatistics};
use id_registry::retention::{RetentionRules, Sweeping};
use id_registry::statistics::{Counting, Group, Statistics, StatisticsError, StatisticsSettings};
use id_registry::withdrawal::{Notice, Verdict, Word};
use time::Duration;

use crate::country::{Country, Member, csr, person};
use crate::evidence::{enter, item};
use crate::http::Caller;

fn born(country: &Country, officer: &Member, number: usize, year: &str) -> IdentityId {
    let NewIdentity::Person { identifier, .. } = person(&format!("PNOLS-{number}")) else {
        panic!("a person")
    };
    let further = Further { birth_date: Some(format!("{year}-03-07")), ..Further::default() };
    // No two are alike, so that nobody asks whether they are one.
    let letter = |at: usize| char::from(b'a' + u8::try_from((number * 31 + at * (7 + number)) % 26).unwrap());
    let name = |from: usize| (from..from + 8).map(letter).collect::<String>();
    let (surname, given_name) = (name(0), name(8));
    country.register(officer, NewIdentity::Person { surname, given_name, identifier, further })
}

fn counted(country: &Country, page: usize) -> Statistics {
    let mut counting = Counting::default();
    let ended = || country.events("statistics.counted").len();
    let before = ended();
    for _ in 0..1_000 {
        if ended() > before {
            break;
        }
        country.registry.carry_on_statistics(&mut counting, page).unwrap();
    }
    country.registry.statistics(&country.administrator.permit::<ReadStatistics>()).unwrap()
}

fn group<'a>(counted: &'a Statistics, of: &str, by: &str) -> &'a Group {
    counted.groups.iter().find(|group| group.of == of && group.by == by).unwrap()
}

#[test]
fn statistics_tell_the_many_and_leave_out_the_few() {
    let country = Country::founded();
    let officer = country.officer();
    let read = country.administrator.permit::<ReadStatistics>();
    assert!(matches!(country.registry.statistics(&read), Err(StatisticsError::NotYet)));
    for number in 0..14 {
        born(&country, &officer, number, "1984");
    }
    for number in 20..32 {
        born(&country, &officer, number, "1991");
    }
    for number in 40..43 {
        born(&country, &officer, number, "2003");
    }
    for page in [1, 4, 500] {
        let counted = counted(&country, page);
        let births = group(&counted, "person", "year of birth");
        assert_eq!(births.total, Some(29), "page of {page}");
        let cell = |name: &str| births.cells[name];
        // 3 is small; with 3 alone left out it would be 29 less the others.
        assert_eq!((cell("2000-2009"), cell("1970-1979")), (None, Some(0)));
        assert!(cell("1980-1989").is_none() || cell("1990-1999").is_none());
        let kinds = group(&counted, "identities", "kind");
        assert_eq!(
            (kinds.total, kinds.cells["person"], kinds.cells["device"]),
            (Some(29), Some(29), Some(0))
        );
        assert_eq!(group(&counted, "person", "status").cells["active"], Some(29));
        assert_eq!(group(&counted, "person", "assurance").cells["none"], Some(29));
        country.pass(Duration::days(1));
    }
    assert_eq!(country.events("statistics.counted").len(), 3);
    // Once a day, not when somebody looks.
    let before = country.events("statistics.counted").len();
    counted_again_too_early(&country);
    assert_eq!(country.events("statistics.counted").len(), before);
}

fn counted_again_too_early(country: &Country) {
    country.pass(Duration::days(-1) + Duration::hours(1));
    let mut counting = Counting::default();
    assert_eq!(country.registry.carry_on_statistics(&mut counting, 500).unwrap(), 0);
}

#[test]
fn the_parts_of_a_whole_that_is_left_out_are_withheld() {
    let country = Country::founded();
    let officer = country.officer();
    for number in 0..11 {
        born(&country, &officer, number, "1984");
    }
    let things = country.settled(&officer, "RSL");
    country.submit(&officer, "person-signature", things.person, &csr()).unwrap();
    let counted = counted(&country, 500);
    let kinds = group(&counted, "identities", "kind");
    // 12 persons, one organisation, device and application: the threes could be told apart by their total.
    assert_eq!(kinds.cells["organisation"], None);
    let devices = group(&counted, "device", "status");
    assert!(devices.total.is_none() && devices.cells.values().all(Option::is_none), "{devices:?}");
    let requests = group(&counted, "requests", "outcome");
    assert!(requests.total.is_none() && requests.cells[RequestStatus::Waiting.name()].is_none());
}

/// A country that keeps nothing longer than it must.
fn forgetful(rules: &[(&str, u32)]) -> Country {
    let rules = rules.iter().map(|(matter, days)| (*matter, *days, "Data Protection Act, section 15"));
    let rules = RetentionRules::checked(rules).unwrap();
    Country::founded_keeping(rules)
}

/// Sweeps everything, a small page at a time; how many were erased.
fn swept(country: &Country) -> usize {
    let mut sweeping = Sweeping::default();
    (0..40).map(|_| country.registry.carry_on_retention(&mut sweeping, 3).unwrap()).sum()
}

fn due(country: &Country) -> Vec<(&'static str, usize, usize)> {
    let permit = country.administrator.permit::<ReadRetention>();
    let (dues, complete) = country.registry.retention(&permit).unwrap();
    assert!(complete);
    dues.iter().map(|due| (due.rule.matter.name(), due.due, due.held_back)).collect()
}

#[test]
fn rules_are_read_and_what_does_not_fit_is_said() {
    let basis = "Act 1";
    for (rules, why) in [
        (vec![("requests", 1, basis)], "choose one of"),
        (vec![("evidence", 1, basis), ("evidence", 2, basis)], "two rules"),
        (vec![("deceased", 364, basis)], "give 365 to"),
        (vec![("evidence", 40_000, basis)], "give 0 to"),
        (vec![("evidence", 1, "")], "empty"),
    ] {
        let refused = RetentionRules::checked(rules).unwrap_err();
        assert!(refused.contains(why), "{refused}");
    }
    let country = Country::founded();
    assert_eq!((swept(&country), due(&country)), (0, vec![]), "without rules everything is kept");
}

#[test]
fn a_rejected_request_is_emptied_when_its_time_has_come_and_not_before() {
    let country = forgetful(&[("rejected-requests", 30)]);
    let (applicant, officer) = (country.officer(), country.officer());
    let person = country.settled(&applicant, "RSL").person;
    let rejected = country.submit(&applicant, "person-signature", person, &csr()).unwrap();
    country.registry.reject(&officer.permit(), rejected.id, "the photograph is another's").unwrap();
    let waiting = country.submit(&applicant, "person-authentication", person, &csr()).unwrap();
    country.pass(Duration::days(29));
    assert_eq!((swept(&country), due(&country)), (0, vec![("rejected-requests", 0, 0)]));
    country.pass(Duration::days(1));
    assert_eq!(due(&country), [("rejected-requests", 1, 0)]);
    assert_eq!((swept(&country), swept(&country)), (1, 0), "once");
    let events = country.events("retention.erased");
    assert_eq!((events.len(), &events[0].subject), (1, &format!("request:{}", rejected.id)));
    assert_eq!(events[0].detail["basis"], "Data Protection Act, section 15");
    let kept = country.registry.request(&officer.permit::<ReadRegistry>(), rejected.id).unwrap();
    assert_eq!(kept.status(), RequestStatus::Rejected);
    assert!(kept.rejection().unwrap().reason.is_none() && kept.names.is_none());
    assert!(country.registry.remarks(&kept).unwrap().rejection.is_none());
    country.registry.proof_of(&officer.permit(), rejected.id).unwrap_err();
    // Another waits, and is whole.
    assert!(country.approve(&officer, waiting.id, None).is_ok());
}

#[test]
fn what_officers_wrote_stays_as_long_as_the_certificate_counts() {
    let country = forgetful(&[("approvals", 10)]);
    let (applicant, officer) = (country.officer(), country.officer());
    let person = country.settled(&applicant, "RSL").person;
    let request = country.submit(&applicant, "person-authentication", person, &csr()).unwrap();
    let issued = country.approve(&officer, request.id, Some("his scar was seen")).unwrap();
    country.pass(Duration::days(11));
    assert_eq!((swept(&country), due(&country)), (0, vec![("approvals", 0, 1)]), "held back");
    assert_eq!(country.registry.remarks(&issued).unwrap().notes.len(), 1);
    country.pass(Duration::days(4 * 365));
    assert_eq!((swept(&country), due(&country)), (1, vec![("approvals", 0, 0)]));
    let kept = country.registry.request(&officer.permit::<ReadRegistry>(), request.id).unwrap();
    let [approval] = &kept.approvals[..] else { panic!("{kept:?}") };
    assert!(approval.by == officer.principal.id() && approval.note.is_none() && approval.statement.is_none());
    assert!(kept.serial().is_some());
}

#[test]
fn the_dead_are_erased_after_their_time_and_nobody_who_is_needed() {
    let country = forgetful(&[("deceased", 365), ("emigrated", 400), ("evidence", 30)]);
    let (one, two) = (country.officer(), country.officer());
    let [dead, gone, living] = [1, 2, 3].map(|number| born(&country, &one, number, "1950"));
    for id in [dead, gone, living] {
        enter(&country, &one, id, &item("birth-certificate", "Chief Peete", "B-4711"));
    }
    for source in [DeathSource::Chief, DeathSource::CivilRegister] {
        country.registry.report_death(&one.permit(), dead, source, "entry 7").unwrap();
    }
    country.registry.confirm_death(&two.permit(), dead, None, "entry 7").unwrap();
    let close = country.administrator.permit();
    country.registry.close_identity(&close, gone, ClosureCause::Emigrated, None, "permit 9").unwrap();
    assert_eq!(swept(&country), 0);
    country.pass(Duration::days(31));
    assert_eq!((swept(&country), swept(&country)), (2, 0), "the evidence of both");
    let evidence = |id| country.registry.evidence(&one.permit::<ReadRegistry>(), id).unwrap().items.len();
    assert_eq!([dead, gone, living].map(evidence), [0, 0, 1]);
    country.pass(Duration::days(334));
    assert_eq!(due(&country), [("deceased", 1, 0), ("emigrated", 0, 0), ("evidence", 0, 0)]);
    assert_eq!(swept(&country), 1);
    let known = |id| country.registry.identity(&one.permit::<ReadRegistry>(), id).unwrap().details.is_some();
    assert_eq!([dead, gone, living].map(known), [false, true, true]);
    country.pass(Duration::days(36));
    assert_eq!((swept(&country), swept(&country)), (1, 0));
    assert_eq!([dead, gone, living].map(known), [false, false, true]);
    assert_eq!(country.events("identity.erased").len(), 2);
    assert!(country.events("identity.erased").iter().all(|event| event.actor.0 == "system:retention"));
}

#[test]
fn what_is_answered_for_an_open_withdrawal_and_an_open_review_hold_a_person_back() {
    let country = forgetful(&[("deceased", 365)]);
    let (one, two) = (country.officer(), country.officer());
    let answers = country.settled(&one, "RSL").person;
    let [heard, revoked] = [5, 6].map(|number| born(&country, &one, number, "1950"));
    for id in [heard, revoked] {
        let request = country.submit(&one, "person-signature", id, &csr()).unwrap();
        country.approve(&two, request.id, None).unwrap();
    }
    let notice = Notice { identity: heard, certificates: Vec::new(), reason: "section 12" };
    let notice = country.registry.give_notice(&one.permit(), &notice).unwrap();
    let serial = country.certificate_of(revoked).parse().unwrap();
    let administrator = country.administrator.permit();
    country.registry.revoke(&administrator, &serial, RevocationReason::KeyCompromise, None).unwrap();
    for id in [answers, heard, revoked] {
        for source in [DeathSource::Chief, DeathSource::CivilRegister] {
            country.registry.report_death(&one.permit(), id, source, "entry 7").unwrap();
        }
        country.registry.confirm_death(&two.permit(), id, None, "entry 7").unwrap();
    }
    country.pass(Duration::days(366));
    assert_eq!((swept(&country), due(&country)), (0, vec![("deceased", 0, 3)]));
    country.registry.review(&two.permit(), &serial, Verdict::Confirmed, "the card was found").unwrap();
    assert_eq!(due(&country), [("deceased", 1, 2)]);
    country.registry.step_withdrawal(&two.permit(), notice.id, Word::Drop, "the holder has died").unwrap();
    assert_eq!((swept(&country), due(&country)), (2, vec![("deceased", 0, 1)]));
}

#[tokio::test(flavor = "multi_thread")]
async fn over_http_statistics_and_retention_are_read_by_those_who_may() {
    let country = forgetful(&[("evidence", 30)]);
    let caller = Caller::new(&country, Some(&country.administrator));
    caller.get("/v1/statistics").await.problem(404, "E-STA-001");
    counted(&country, 500);
    let told = caller.get("/v1/statistics").await;
    assert_eq!((&told.json["threshold"], &told.json["groups"][0]["by"]), (&10.into(), &"kind".into()));
    let told = caller.get("/v1/retention").await;
    assert_eq!(
        (&told.json["rules"][0]["matter"], &told.json["complete"]),
        (&"evidence".into(), &true.into())
    );
    assert_eq!(StatisticsSettings::default().threshold, 10);
    Caller::new(&country, Some(&country.officer())).get("/v1/retention").await.problem(403, "E-AUTH-002");
}
