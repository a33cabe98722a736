//! Exports: by whom, how many, why, and what of persons.

use id_registry::export::{ExportError, Wanted};
use id_registry::id::IdentityKind;
use id_registry::page::PageSize;
use id_registry::permission::{ExportIdentities, ExportPersons};
use serde_json::json;

use crate::country::{Country, person};
use crate::http::Caller;

fn wanted(kind: Option<IdentityKind>) -> Wanted {
    Wanted {
        export: "0123456789abcdef".repeat(2),
        kind,
        after: None,
        size: PageSize::new(2).unwrap(),
        reason: "handed to the statistics bureau, letter 7".to_owned(),
    }
}

#[test]
fn a_page_is_in_the_ledger_with_who_how_many_and_why() {
    let country = Country::founded();
    let officer = country.officer();
    country.settled(&officer, "RSL");
    country.register(&officer, person("PNOLS-2"));
    let permit = country.administrator.permit::<ExportIdentities>();
    let mut wanted = wanted(None);
    let (mut seen, mut pages) = (Vec::new(), 0);
    loop {
        let page = country.registry.export_identities(&permit, &wanted).unwrap();
        seen.extend(page.items);
        pages += 1;
        wanted.after = page.next;
        if wanted.after.is_none() {
            break;
        }
    }
    assert_eq!((seen.len(), pages), (5, 3));
    for exported in &seen {
        let is_person = exported.record.id.kind() == IdentityKind::Person;
        assert_eq!(exported.known.is_none(), is_person, "nothing that is known of persons leaves");
    }
    let events = country.events("identities.exported");
    let counts: Vec<&str> = events.iter().map(|event| &*event.detail["count"]).collect();
    assert_eq!(counts, ["2", "2", "1"]);
    assert_eq!(events[0].subject, format!("export:{}", wanted.export));
    assert_eq!(events[0].actor.0, format!("staff:{}", country.administrator.principal.id()));
    assert_eq!(events[0].reason.as_deref(), Some("handed to the statistics bureau, letter 7"));
    assert_eq!(&*events[0].detail["persons"], "left-out");
    assert_eq!(country.events("identity.viewed").len(), 0);
}

#[test]
fn each_person_who_leaves_was_looked_at() {
    let country = Country::founded();
    let officer = country.officer();
    let id = country.register(&officer, person("PNOLS-1"));
    let permit = country.administrator.permit::<ExportPersons>();
    let page = country.registry.export_persons(&permit, &wanted(Some(IdentityKind::Person))).unwrap();
    assert!(page.items[0].known.is_some());
    assert!(!format!("{page:?}").contains("Mokoena"));
    let viewed = country.events("identity.viewed");
    assert_eq!((viewed.len(), viewed[0].subject.clone()), (1, format!("identity:{id}")));
    assert_eq!(&*country.events("identities.exported")[0].detail["persons"], "known");
}

#[test]
fn without_a_reason_or_a_name_nothing_leaves() {
    let country = Country::founded();
    let permit = country.administrator.permit::<ExportIdentities>();
    for (reason, export) in [("", "ab".repeat(16)), ("law", "export".to_owned()), ("law", "AB".repeat(16))] {
        let wanted = Wanted { reason: reason.to_owned(), export, ..wanted(None) };
        let refused = country.registry.export_identities(&permit, &wanted).unwrap_err();
        assert!(matches!(refused, ExportError::Field(_)), "{refused}");
    }
    assert_eq!(country.events("identities.exported").len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn over_http_persons_take_another_address() {
    let country = Country::founded();
    let officer = country.officer();
    country.register(&officer, person("PNOLS-1"));
    let administrator = Caller::new(&country, Some(&country.administrator));
    let body = json!({"export": "ab".repeat(16), "reason": "letter 7"});
    let without = administrator.post("/v1/identities/export", body.clone()).await;
    assert!(without.json["items"][0].get("known").is_none(), "{}", without.json);
    let with = administrator.post("/v1/identities/export-persons", body.clone()).await;
    assert_eq!(with.json["items"][0]["known"]["surname"], "Mokoena", "{}", with.json);
    Caller::new(&country, Some(&officer))
        .post("/v1/identities/export", body)
        .await
        .problem(403, "E-AUTH-002");
}
