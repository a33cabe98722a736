//! Lists of identities: each row judged by itself, nothing half entered, nobody entered twice.

use ca_core::storage::Store;
use ca_core::storage::memory::Failure;
use id_registry::duplicates::NotTheSame;
use id_registry::id::IdentityId;
use id_registry::identity::{Further, IdentityError, IdentityStatus, NewIdentity};
use id_registry::import::{Batch, ImportError, MOST_ROWS, Mode, NamedOwner, Outcome, Row};
use id_registry::permission::{ImportIdentities, ReadRegistry};
use serde_json::json;

use crate::country::{Country, Member, organisation, person};
use crate::http::Caller;
use crate::sealed::{assert_absent, everything};

type Listed = NewIdentity<NamedOwner>;

fn listed(entered: NewIdentity) -> Listed {
    entered.owned_by(|_| Err("persons and organisations have no owner")).unwrap()
}

fn named(organisation: &str, sponsor: &str) -> NamedOwner {
    NamedOwner { organisation: organisation.to_owned(), sponsor: sponsor.to_owned() }
}

fn device(owner: NamedOwner, asset_tag: &str) -> Listed {
    let (hardware_module, further) = (None, Further::default());
    NewIdentity::Device { owner, asset_tag: asset_tag.to_owned(), hardware_module, further }
}

fn application(owner: NamedOwner, name: &str) -> Listed {
    let (name, environment, dns_names) = (name.to_owned(), "production".to_owned(), Vec::new());
    NewIdentity::Application { owner, name, environment, dns_names, further: Further::default() }
}

fn part(source: u8, rows: impl IntoIterator<Item = Listed>) -> Batch {
    let rows = (1..).zip(rows).map(|(number, entered)| Row {
        number,
        entered: Ok(entered),
        not_the_same: NotTheSame::default(),
    });
    Batch { source: hex::encode([source; 32]), rows: rows.collect() }
}

fn import(country: &Country, officer: &Member, batch: Batch) -> Result<Vec<Outcome>, ImportError> {
    country.registry.import_identities(&officer.permit::<ImportIdentities>(), batch, Mode::Enter)
}

fn registered(outcome: &Outcome) -> IdentityId {
    let Outcome::Registered(id) = outcome else { panic!("{outcome:?}") };
    *id
}

fn registrations(country: &Country) -> usize {
    country.events("identity.registered").len()
}

fn ledger(country: &Country) -> u64 {
    country.store.ledger_size().unwrap()
}

/// Which rows were registered (r), registered before (a), fit (f) and were refused (-).
fn letters(outcomes: &[Outcome]) -> String {
    let letter = |outcome: &Outcome| match outcome {
        Outcome::Registered(_) => 'r',
        Outcome::Already(_) => 'a',
        Outcome::Fits => 'f',
        Outcome::Refused(_) => '-',
    };
    outcomes.iter().map(letter).collect()
}

/// A list in which each kind stands, and which names what stands further up.
fn all_kinds() -> Vec<Listed> {
    vec![
        listed(organisation("RSL")),
        listed(person("PNOLS-1")),
        device(named("GO:LS-RSL", "PNOLS-1"), "GATE-1"),
        application(named("GO:LS-RSL", "PNOLS-1"), "Payroll"),
    ]
}

#[test]
fn all_kinds_are_entered_with_one_event_each_and_owners_by_number() {
    let country = Country::founded();
    let officer = country.officer();
    let before = ledger(&country);
    let outcomes = import(&country, &officer, part(1, all_kinds())).unwrap();
    let ids: Vec<IdentityId> = outcomes.iter().map(registered).collect();
    let permit = officer.permit::<ReadRegistry>();
    for id in &ids[2..] {
        let owner = country.registry.identity(&permit, *id).unwrap().record.owner.unwrap();
        assert_eq!((owner.organisation, owner.sponsor), (ids[0], ids[1]));
    }
    assert_eq!(registrations(&country), 4);
    let imported = country.events("identities.imported");
    assert_eq!(imported.len(), 1);
    assert_eq!(imported[0].detail["registered"], "4");
    assert!(ledger(&country) > before);
    // A later list names them by identifier or number, in any spelling.
    let owner = named(&ids[0].to_string().to_lowercase(), "PNOLS-1");
    let more = import(&country, &officer, part(2, [device(owner, "GATE-2")])).unwrap();
    assert_eq!(letters(&more), "r");
    assert_absent(&everything(&country.store), &["PNOLS-1", "Mokoena", "GATE-1"]);
}

#[test]
fn a_row_that_does_not_fit_takes_no_other_down() {
    let country = Country::founded();
    let officer = country.officer();
    let known = country.register(&officer, person("PNOLS-77"));
    let name = |surname: &str| {
        let (given_name, identifier) = ("Thabo".to_owned(), "PNOLS-5".to_owned());
        NewIdentity::Person {
            surname: surname.to_owned(),
            given_name,
            identifier,
            further: Further::default(),
        }
    };
    let outcomes = import(
        &country,
        &officer,
        part(
            1,
            [
                listed(person("PNOLS-1")),
                listed(person("pnols-1")),
                listed(person("PNOLS-77")),
                name("Mo\u{202e}koena"),
                name(""),
                listed(organisation("RSL")),
                listed(organisation("rsl")),
                device(named("GO:LS-NONE", "PNOLS-1"), "GATE-1"),
                device(named("GO:LS-RSL", "PNOLS-404"), "GATE-1"),
                device(named("PNOLS-1", "PNOLS-1"), "GATE-1"),
                device(named("P-000000000X", "PNOLS-1"), "GATE-1"),
                device(named("O-000000000X", "PNOLS-1"), "GATE-1"),
                device(named("GO:LS-RSL", "PNOLS-1"), "GATE-1"),
                device(named("GO:LS-RSL", "PNOLS-1"), "gate-1"),
                listed(person("PNOLS-2")),
            ],
        ),
    );
    let outcomes = outcomes.unwrap();
    assert_eq!(letters(&outcomes), "r----r------r-r");
    let first = registered(&outcomes[0]);
    let refusal = |at: usize| match &outcomes[at] {
        Outcome::Refused(error) => error.clone(),
        other => panic!("{other:?}"),
    };
    // Field errors before numbers: a small letter in the scheme is no identifier at all.
    assert!(matches!(refusal(1), IdentityError::Field(error) if error.field == "identifier"));
    assert!(
        matches!(refusal(2), IdentityError::Taken { field: "identifier", existing } if existing == known)
    );
    assert!(matches!(refusal(3), IdentityError::Field(error) if error.field == "surname"));
    assert!(matches!(refusal(7), IdentityError::NoSuchNumber { field: "organisation" }));
    assert!(matches!(refusal(8), IdentityError::NoSuchNumber { field: "sponsor" }));
    assert!(matches!(refusal(9), IdentityError::Field(error) if error.field == "organisation"));
    assert!(matches!(refusal(10), IdentityError::WrongKind { .. }));
    assert!(matches!(refusal(11), IdentityError::Field(_) | IdentityError::Unknown(_)));
    let gate = registered(&outcomes[12]);
    assert!(matches!(refusal(13), IdentityError::Taken { field: "asset_tag", existing } if existing == gate));
    assert_ne!(first, known);
    assert_eq!(registrations(&country), 5);
    for error in [3, 4, 9, 11].map(refusal) {
        assert!(!error.to_string().contains("koena"), "{error} shows the value");
    }
}

#[test]
fn the_same_part_sent_again_enters_nobody_twice_and_what_fits_by_now() {
    let country = Country::founded();
    let officer = country.officer();
    let rows = || {
        let late = device(named("GO:LS-MCC", "PNOLS-1"), "GATE-9");
        all_kinds().into_iter().chain([late, application(named("GO:LS-RSL", "PNOLS-1"), "Payroll")])
    };
    let first = import(&country, &officer, part(1, rows())).unwrap();
    assert_eq!(letters(&first), "rrrr-r", "an application has no number: two of one name are two");
    assert_eq!(letters(&import(&country, &officer, part(1, rows())).unwrap()), "aaaa-a");
    assert_eq!(country.events("identities.imported").len(), 1, "what enters nobody is no event");
    country.register(&officer, organisation("MCC"));
    assert_eq!(letters(&import(&country, &officer, part(1, rows())).unwrap()), "aaaara");
    assert_eq!(letters(&import(&country, &officer, part(1, rows())).unwrap()), "aaaaaa");
    assert_eq!(registrations(&country), 7);
    // Of another list, or with other content, it is another part: numbers still hold.
    assert_eq!(letters(&import(&country, &officer, part(2, all_kinds())).unwrap()), "---r");
    assert_eq!(letters(&import(&country, &officer, part(1, [listed(person("PNOLS-3"))])).unwrap()), "r");
}

#[test]
fn a_failing_store_leaves_all_of_a_part_or_nothing() {
    for (failure, then) in [(Failure::BeforePersisting, "rrrr"), (Failure::AfterPersisting, "aaaa")] {
        let country = Country::founded();
        let officer = country.officer();
        // The secret of the index is made with the first number.
        country.register(&officer, person("PNOLS-0"));
        country.store.fail_next_commit(failure);
        let failed = import(&country, &officer, part(1, all_kinds())).unwrap_err();
        assert!(matches!(failed, ImportError::Fault(_)), "{failed}");
        let kept = if failure == Failure::BeforePersisting { 1 } else { 5 };
        assert_eq!(registrations(&country), kept, "{failure:?}");
        assert_eq!(letters(&import(&country, &officer, part(1, all_kinds())).unwrap()), then);
        assert_eq!(registrations(&country), 5);
    }
}

#[test]
fn importers_of_one_list_at_the_same_moment_enter_everybody_once() {
    let country = Country::founded();
    let officer = country.officer();
    let people = |from: u32| (from..from + 40).map(|number| listed(person(&format!("PNOLS-{number}"))));
    let outcomes: Vec<String> = std::thread::scope(|threads| {
        let send = |source, from| {
            let (country, officer) = (&country, &officer);
            threads.spawn(move || letters(&import(country, officer, part(source, people(from))).unwrap()))
        };
        // Two send the same part, a third one that overlaps.
        let senders = [send(1, 0), send(1, 0), send(2, 20)];
        senders.into_iter().map(|sender| sender.join().unwrap()).collect()
    });
    assert_eq!(registrations(&country), 60);
    let entered: usize = outcomes.iter().map(|letters| letters.matches('r').count()).sum();
    assert_eq!(entered, 60, "{outcomes:?}");
}

#[test]
fn trying_writes_nothing_and_finds_what_entering_would_refuse() {
    let country = Country::founded();
    let officer = country.officer();
    country.register(&officer, person("PNOLS-0"));
    let before = ledger(&country);
    let rows = || all_kinds().into_iter().chain([listed(person("PNOLS-0")), listed(person("PNOLS-1"))]);
    let permit = officer.permit::<ImportIdentities>();
    let tried = country.registry.import_identities(&permit, part(1, rows()), Mode::Try).unwrap();
    assert_eq!(letters(&tried), "ffff--");
    assert_eq!(ledger(&country), before);
    assert_eq!(letters(&import(&country, &officer, part(1, rows())).unwrap()), "rrrr--");
}

#[test]
fn owners_who_have_ended_own_nothing_new() {
    let country = Country::founded();
    let officer = country.officer();
    let ids = import(&country, &officer, part(1, all_kinds().into_iter().take(2))).unwrap();
    let organisation = registered(&ids[0]);
    let permit = country.administrator.permit();
    let ended = country.registry.erase_identity(&permit, organisation, "dissolved by act 7/2026").unwrap();
    assert_eq!(ended.record.status, IdentityStatus::Closed);
    let of = |owner: &str| part(2, [device(named(owner, "PNOLS-1"), "GATE-1")]);
    let by_number = import(&country, &officer, of("GO:LS-RSL")).unwrap();
    assert!(matches!(by_number[0], Outcome::Refused(IdentityError::NoSuchNumber { .. })));
    let by_identifier = import(&country, &officer, of(&organisation.to_string())).unwrap();
    assert!(matches!(by_identifier[0], Outcome::Refused(IdentityError::Closed(id)) if id == organisation));
}

#[test]
fn parts_are_bounded_ordered_and_of_a_list() {
    let country = Country::founded();
    let officer = country.officer();
    let people = |count: usize| (0..count).map(|number| listed(person(&format!("PNOLS-{number}"))));
    let refused = |batch| import(&country, &officer, batch).unwrap_err();
    assert!(matches!(refused(part(1, [])), ImportError::Count(0)));
    assert!(matches!(refused(part(1, people(MOST_ROWS + 1))), ImportError::Count(_)));
    let mut twice = part(1, people(2));
    twice.rows[1].number = 1;
    assert!(matches!(refused(twice), ImportError::Order));
    let nameless = Batch { source: "people.csv".to_owned(), ..part(1, people(1)) };
    assert!(matches!(refused(nameless), ImportError::Source));
    assert_eq!(registrations(&country), 0);
    assert_eq!(letters(&import(&country, &officer, part(1, people(MOST_ROWS))).unwrap()), "r".repeat(500));
}

#[tokio::test(flavor = "multi_thread")]
async fn over_http_each_row_is_answered_and_garbage_is_refused_with_its_row() {
    let country = Country::founded();
    let officer = country.officer();
    let caller = Caller::new(&country, Some(&officer));
    let source = "ab".repeat(32);
    let person = |number: &str| json!({"kind": "person", "surname": "Mokoena", "given_name": "Thabo", "identifier": number});
    let rows = json!([
        {"row": 1, "identity": person("PNOLS-1")},
        {"row": 2, "identity": person("PNOLS-1")},
        {"row": 3, "identity": {"kind": "person", "surnam": "Secret"}},
        {"row": 5, "identity": {"kind": "person", "surname": 4711, "given_name": "x", "identifier": "PNOLS-2"}},
        {"row": 6, "identity": ["Secret"]},
        {"row": 7, "identity": {"kind": "ghost"}},
        {"row": 9, "identity": person("PNOLS-9")},
    ]);
    let body = json!({"source": source, "rows": rows});
    let tried =
        caller.post("/v1/identities/import", json!({"source": source, "dry_run": true, "rows": rows}));
    let tried = tried.await.json;
    assert_eq!((&tried["registered"], &tried["refused"]), (&json!(0), &json!(5)));
    let answer = caller.post("/v1/identities/import", body.clone()).await.json;
    assert_eq!(
        (&answer["registered"], &answer["already"], &answer["refused"]),
        (&json!(2), &json!(0), &json!(5))
    );
    let rows = answer["rows"].as_array().unwrap();
    let outcomes: Vec<&str> = rows.iter().map(|row| row["outcome"].as_str().unwrap()).collect();
    assert_eq!(outcomes, ["registered", "refused", "refused", "refused", "refused", "refused", "registered"]);
    let taken = &rows[1]["refusal"];
    assert_eq!((&taken["code"], &taken["field"]), (&json!("E-ID-002"), &json!("identifier")));
    assert!(taken["detail"].as_str().unwrap().contains(rows[0]["id"].as_str().unwrap()));
    assert!(rows[2]["refusal"]["detail"].as_str().unwrap().contains("surnam"), "{answer}");
    assert!(!answer.to_string().contains("Secret") && !answer.to_string().contains("4711"), "{answer}");
    let again = caller.post("/v1/identities/import", body).await.json;
    assert_eq!((&again["registered"], &again["already"]), (&json!(0), &json!(2)));
    let empty = json!({"source": source, "rows": []});
    caller.post("/v1/identities/import", empty).await.problem(422, "E-IMP-001");
}
