//! Who may be registered twice: found, shown, entered only by an officer's word, and gone with an erasure.

use ca_core::storage::{KeyRange, Store};
use id_registry::duplicates::{Candidate, IDENTITY_BLOCKS, NotTheSame};
use id_registry::id::IdentityId;
use id_registry::identity::{Further, Identity, IdentityError, NewIdentity};
use id_registry::import::{Batch, Mode, NamedOwner, Outcome, Row};
use id_registry::life::change::{ChangeAsked, ChangeReason};
use id_registry::permission::{ImportIdentities, ReadRegistry, RegisterIdentities};
use id_registry::principal::Role;
use serde_json::{Value, json};

use crate::country::{Country, Member};
use crate::http::Caller;
use crate::sealed::{assert_absent, everything};

fn named<O>(surname: &str, given_name: &str, number: u32, born: &str) -> NewIdentity<O> {
    NewIdentity::Person {
        surname: surname.to_owned(),
        given_name: given_name.to_owned(),
        identifier: format!("PNOLS-{number}"),
        further: Further { birth_date: (!born.is_empty()).then(|| born.to_owned()), ..Further::default() },
    }
}

fn register(
    country: &Country,
    officer: &Member,
    new: NewIdentity,
    said: &NotTheSame,
) -> Result<Identity, IdentityError> {
    country.registry.register_distinct(&officer.permit::<RegisterIdentities>(), new, said)
}

fn said(ids: &[IdentityId]) -> NotTheSame {
    let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
    NotTheSame::entered(&ids, Some("both stood before me")).unwrap()
}

#[track_caller]
fn resembles(error: IdentityError) -> Vec<Candidate> {
    let IdentityError::Resembles(found) = error else { panic!("{error}") };
    found
}

fn entries(country: &Country) -> usize {
    country.store.scan(IDENTITY_BLOCKS, &KeyRange::all(), 10_000).unwrap().len()
}

#[test]
fn who_may_be_registered_already_is_found_however_it_is_written() {
    let country = Country::founded();
    let officer = country.officer();
    let thabo = country.register(&officer, named("Mokoena", "Thabo Joseph", 1, "1984-03-07"));
    for (surname, given_name, born) in [
        ("Mokoena", "Thabo Joseph", "1984-03-07"),
        ("Mokwena", "Tabo Joseph", "1984-03-07"),
        ("MOKOENA", "THABO", "1984-03-07"),
        ("Mokoena", "Joseph", "1984-03-07"),
        ("Thabo", "Mokoena", "1984-03-07"),
        ("Mokoena", "Thabo Joseph", "1984-07-03"),
        ("Mokoena", "Thabo Joseph", "1994-03-07"),
        ("Mokoena", "Thabo Joseph", "1984-03-01"),
        ("Mokoena", "Thabo Joseph", "1984"),
        ("Mokoena", "Thabo Joseph", "1984-03"),
        ("Mokoteli", "Thabo Joseph", "1984-03-07"),
        ("Mokoena", "Thapelo Joseph", "1984-03-07"),
    ] {
        let new = named(surname, given_name, 2, born);
        let found = resembles(register(&country, &officer, new, &NotTheSame::default()).unwrap_err());
        assert_eq!(
            found.iter().map(|one| one.id).collect::<Vec<_>>(),
            [thabo],
            "{surname} {given_name} {born}"
        );
    }
    assert_eq!(country.events("identity.registered").len(), 1);
    // Namesakes, a twin, a brother, and whoever's birth date nobody knows.
    for (number, surname, given_name, born) in [
        (2, "Mokoena", "Thabo Joseph", "1951-12-24"),
        (3, "Mokoena", "Lerato", "1984-03-07"),
        (4, "Letsie", "Palesa", "1984-03-07"),
        (5, "Mokoena", "Thabo Joseph", ""),
    ] {
        country.register(&officer, named(surname, given_name, number, born));
    }
}

#[test]
fn names_in_other_letters_are_found_by_their_transliteration() {
    let country = Country::founded();
    let officer = country.officer();
    let chinese = |surname: &str, given_name: &str, number: u32, latin: Option<(&str, &str)>| {
        let further = Further {
            birth_date: Some("1990-06-15".to_owned()),
            surname_latin: latin.map(|(surname, _)| surname.to_owned()),
            given_name_latin: latin.map(|(_, given)| given.to_owned()),
            ..Further::default()
        };
        let (surname, given_name) = (surname.to_owned(), given_name.to_owned());
        NewIdentity::Person { surname, given_name, identifier: format!("PASCN-{number}"), further }
    };
    let first = country.register(&officer, chinese("李", "明", 1, Some(("Li", "Ming"))));
    for again in [chinese("Li", "Ming", 2, None), chinese("李", "明", 2, None)] {
        let found = resembles(register(&country, &officer, again, &NotTheSame::default()).unwrap_err());
        assert_eq!((found[0].id, found[0].score), (first, 100));
    }
}

#[test]
fn an_officer_says_that_it_is_somebody_else_and_the_ledger_keeps_it() {
    let country = Country::founded();
    let officer = country.officer();
    let one = country.register(&officer, named("Mokoena", "Thabo", 1, "1984-03-07"));
    let new = |number| named("Mokoena", "Thabo", number, "1984-03-07");
    let two = register(&country, &officer, new(2), &said(&[one])).unwrap().id();
    let registered = country.events("identity.registered").pop().unwrap();
    assert_eq!(registered.subject, format!("identity:{two}"));
    assert_eq!(registered.detail["not-the-same-as"], one.to_string());
    assert_eq!(registered.reason.as_deref(), Some("both stood before me"));
    // Who is like both must be told from both; who is named and like nobody is nowhere noted.
    let left = resembles(register(&country, &officer, new(3), &said(&[one])).unwrap_err());
    assert_eq!(left.iter().map(|one| one.id).collect::<Vec<_>>(), [two]);
    let viewed = country.events("identity.viewed");
    assert_eq!(viewed.last().unwrap().subject, format!("identity:{two}"), "who is told of is looked at");
    register(&country, &officer, new(3), &said(&[one, two])).unwrap();
    let other = register(&country, &officer, named("Letsie", "Palesa", 4, "1999"), &said(&[one])).unwrap();
    let registered = country.events("identity.registered").pop().unwrap();
    assert_eq!(registered.subject, format!("identity:{}", other.id()));
    assert!(registered.reason.is_none() && !registered.detail.contains_key("not-the-same-as"));
}

#[test]
fn what_an_officer_says_has_a_reason_and_names_persons() {
    let one = |ids: &[&str], reason| {
        let ids: Vec<String> = ids.iter().map(|id| (*id).to_owned()).collect();
        NotTheSame::entered(&ids, reason).unwrap_err().field
    };
    assert_eq!(one(&["P-000000000X"], None), "reason");
    assert_eq!(one(&["P-000000000X"], Some("a\nb")), "reason");
    assert_eq!(one(&[], Some("why")), "not_the_same_as");
    assert_eq!(one(&["P-0000000000"], Some("why")), "not_the_same_as");
    assert_eq!(one(&["PNOLS-1"], Some("why")), "not_the_same_as");
    assert_eq!(one(&vec!["P-000000000X"; 101], Some("why")), "not_the_same_as");
}

#[test]
fn the_index_tells_nothing_and_goes_with_an_erasure() {
    let country = Country::founded();
    let officer = country.officer();
    let born = country.register(&officer, named("Mokoena", "Thabo Joseph", 1, "1984-03-07"));
    let unborn = country.register(&officer, named("Mokoena", "Thabo", 2, ""));
    let organisation = country.register(&officer, crate::country::organisation("RSL"));
    assert!(entries(&country) >= 8, "{}", entries(&country));
    let stored = everything(&country.store);
    assert_absent(&stored, &["Mokoena", "mokoena", "Joseph", "joseph", "1984-03-07"]);
    let permit = country.administrator.permit();
    for id in [born, unborn, organisation] {
        country.registry.erase_identity(&permit, id, "by request 12/2026").unwrap();
    }
    assert_eq!(entries(&country), 0);
    country.register(&officer, named("Mokoena", "Thabo Joseph", 1, "1984-03-07"));
}

#[test]
fn who_changes_a_name_is_found_under_the_new_one() {
    let country = Country::founded();
    let (officer, proposes, confirms) = (country.officer(), country.officer(), country.officer());
    let palesa = country.register(&officer, named("Nthunya", "Palesa", 1, "1990-06-15"));
    let before = entries(&country);
    let facts = serde_json::from_value(json!({"surname": "Mokoena"})).unwrap();
    let (reason, note) = (ChangeReason::Marriage, "certificate 7 of 2026");
    let asked = ChangeAsked { facts: &facts, reason, replace_within: None, note };
    let open = country.registry.propose_change(&proposes.permit(), palesa, &asked).unwrap();
    let change = open.proposed.id.to_string();
    country.registry.confirm_change(&confirms.permit(), palesa, &change, "seen").unwrap();
    assert_eq!(entries(&country), before);
    let new = named("Mokoena", "Palesa", 2, "1990");
    let found = resembles(register(&country, &officer, new, &NotTheSame::default()).unwrap_err());
    assert_eq!(found[0].id, palesa);
    country.register(&officer, named("Nthunya", "Palesa", 3, "1990"));
}

#[test]
fn of_two_at_once_the_second_sees_the_first() {
    let country = Country::founded();
    let officer = country.officer();
    country.register(&officer, named("Letsie", "Palesa", 0, "1990-01-01"));
    let outcomes: Vec<bool> = std::thread::scope(|threads| {
        let send = |number| {
            let (country, officer) = (&country, &officer);
            threads.spawn(move || {
                let new = named("Mokoena", "Thabo", number, "1984-03-07");
                register(country, officer, new, &NotTheSame::default()).is_ok()
            })
        };
        let senders = [1, 2, 3, 4].map(send);
        senders.into_iter().map(|sender| sender.join().unwrap()).collect()
    });
    assert_eq!(outcomes.iter().filter(|entered| **entered).count(), 1, "{outcomes:?}");
}

#[test]
fn whoever_may_be_the_same_is_listed_and_each_is_looked_at() {
    let country = Country::founded();
    let officer = country.officer();
    let one = country.register(&officer, named("Mokoena", "Thabo", 1, "1984-03-07"));
    let unborn = country.register(&officer, named("Mokoena", "Thabo", 2, ""));
    let twin = country.register(&officer, named("Mokoena", "Lerato", 3, "1984-03-07"));
    country.register(&officer, named("Letsie", "Palesa", 4, "1990-01-01"));
    let auditor = country.enrol("An Auditor", Role::Auditor);
    let before = country.events("identity.viewed").len();
    let found = country.registry.duplicates(&auditor.permit::<ReadRegistry>(), one).unwrap();
    let ids: Vec<(IdentityId, u8)> = found.items.iter().map(|(one, _)| (one.id, one.score)).collect();
    assert_eq!((ids.as_slice(), found.cut), ([(unborn, 76), (twin, 70)].as_slice(), false));
    assert_eq!(country.events("identity.viewed").len(), before + 3);
    let found = country.registry.duplicates(&auditor.permit::<ReadRegistry>(), unborn).unwrap();
    assert_eq!(found.items.iter().map(|(one, _)| one.id).collect::<Vec<_>>(), [one]);
    let operator = country.settled(&officer, "RSL").organisation;
    let operator = country.enrol("An Operator", Role::AgencyOperator { organisation: operator });
    let hidden = country.registry.duplicates(&operator.permit::<ReadRegistry>(), one).unwrap_err();
    assert!(matches!(hidden, IdentityError::OfAnother { .. }));
}

#[test]
fn a_group_of_namesakes_that_is_too_large_is_cut_to_a_year() {
    let country = Country::founded();
    let officer = country.officer();
    for number in 0..150 {
        let born = format!("{}-{:02}-{:02}", 1900 + number % 100, 1 + number % 12, 1 + number % 28);
        let new = named("Mokoena", "Thabo", number, &born);
        let met = register(&country, &officer, new.clone(), &NotTheSame::default());
        if let Err(error) = met {
            let others: Vec<IdentityId> = resembles(error).into_iter().map(|one| one.id).collect();
            register(&country, &officer, new, &said(&others)).unwrap();
        }
    }
    let one = country.register(&officer, named("Mokoena", "Thabo", 900, "2001-12-31"));
    let permit = officer.permit::<ReadRegistry>();
    let found = country.registry.duplicates(&permit, one).unwrap();
    assert!(found.cut && found.items.is_empty(), "{found:?}");
    let again =
        register(&country, &officer, named("Mokoena", "Thabo", 901, "2001-12-31"), &NotTheSame::default());
    assert_eq!(resembles(again.unwrap_err())[0].id, one);
}

fn rows(people: impl IntoIterator<Item = (NewIdentity<NamedOwner>, NotTheSame)>) -> Vec<Row> {
    let row = |(number, (entered, not_the_same))| Row { number, entered: Ok(entered), not_the_same };
    (1..).zip(people).map(row).collect()
}

fn import(country: &Country, officer: &Member, source: u8, rows: Vec<Row>, mode: Mode) -> Vec<Outcome> {
    let batch = Batch { source: hex::encode([source; 32]), rows };
    country.registry.import_identities(&officer.permit::<ImportIdentities>(), batch, mode).unwrap()
}

#[test]
fn rows_of_lists_are_held_against_the_registry_and_the_rows_before() {
    let country = Country::founded();
    let officer = country.officer();
    let one = country.register(&officer, named("Mokoena", "Thabo", 1, "1984-03-07"));
    let list = || {
        rows([
            (named("Mokwena", "Thabo", 2, "1984-03-07"), NotTheSame::default()),
            (named("Letsie", "Palesa", 3, "1990-06-15"), NotTheSame::default()),
            (named("Letsie", "Palessa", 4, "1990-06-15"), NotTheSame::default()),
            (named("Mohapi", "Neo", 5, ""), NotTheSame::default()),
            (named("Mohapi", "Neo", 6, ""), NotTheSame::default()),
        ])
    };
    for mode in [Mode::Try, Mode::Enter] {
        let outcomes = import(&country, &officer, 1, list(), mode);
        let refused: Vec<bool> = outcomes.iter().map(|one| matches!(one, Outcome::Refused(_))).collect();
        assert_eq!(refused, [true, false, true, false, false], "{outcomes:?}");
        let Outcome::Refused(error) = outcomes[0].clone() else { panic!() };
        assert_eq!(resembles(error)[0].id, one);
        let viewed = country.events("identity.viewed").pop().unwrap();
        assert_eq!(viewed.subject, format!("identity:{one}"));
    }
    let outcomes = import(&country, &officer, 1, list(), Mode::Enter);
    let Outcome::Refused(error) = outcomes[2].clone() else { panic!() };
    let palesa = resembles(error)[0].id;
    let fed = rows([
        (named("Mokwena", "Thabo", 2, "1984-03-07"), said(&[one])),
        (named("Letsie", "Palessa", 4, "1990-06-15"), said(&[palesa])),
    ]);
    let outcomes = import(&country, &officer, 2, fed, Mode::Enter);
    assert!(outcomes.iter().all(|one| matches!(one, Outcome::Registered(_))), "{outcomes:?}");
    let registered = country.events("identity.registered").pop().unwrap();
    assert_eq!(registered.detail["not-the-same-as"], palesa.to_string());
}

fn entered(number: &str, more: &Value) -> Value {
    let mut person = json!({"kind": "person", "surname": "Mokoena", "given_name": "Thabo", "identifier": number,
        "further": {"birth_date": "1984-03-07"}});
    person.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    person
}

#[tokio::test(flavor = "multi_thread")]
async fn over_http_the_candidates_stand_in_the_problem() {
    let country = Country::founded();
    let officer = country.officer();
    let caller = Caller::new(&country, Some(&officer));
    let first = caller.post("/v1/identities", entered("PNOLS-1", &json!({}))).await.json;
    let refused = caller.post("/v1/identities", entered("PNOLS-2", &json!({}))).await;
    refused.problem(409, "E-ID-030");
    let agree = json!(["surname", "given-name", "birth-date"]);
    assert_eq!(refused.json["candidates"], json!([{"id": first["id"], "score": 100, "agree": agree}]));
    assert!(refused.json["detail"].as_str().unwrap().contains(first["id"].as_str().unwrap()));
    let unexplained = entered("PNOLS-2", &json!({"not_the_same_as": [first["id"]]}));
    caller.post("/v1/identities", unexplained).await.problem(422, "E-ID-003");
    let row = json!([{"row": 7, "identity": entered("PNOLS-2", &json!({}))}]);
    let list = json!({"source": "ab".repeat(32), "rows": row});
    let answer = caller.post("/v1/identities/import", list).await.json;
    assert_eq!(answer["rows"][0]["refusal"]["code"], "E-ID-030", "{answer}");
    let said = json!({"not_the_same_as": [first["id"]], "reason": "twins of one name, both seen"});
    let second = caller.post("/v1/identities", entered("PNOLS-2", &said)).await;
    assert_eq!(second.status, 201, "{}", second.json);
    let path = format!("/v1/identities/{}/duplicates", second.json["id"].as_str().unwrap());
    let found = caller.get(&path).await.json;
    let [one] = &found["items"].as_array().unwrap()[..] else { panic!("{found}") };
    assert_eq!(
        (&one["id"], &one["surname"], &one["birth_date"]),
        (&first["id"], &json!("Mokoena"), &json!("1984-03-07"))
    );
}
