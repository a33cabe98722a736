//! Identities: uniqueness, owners, who sees what, and that a look leaves a trace.

use id_registry::id::IdentityKind;
use id_registry::identity::{Further, IdentityError, NewIdentity, Owner};
use id_registry::page::PageSize;
use id_registry::permission::{ReadRegistry, RegisterIdentities};
use id_registry::principal::Role;

use crate::country::{Country, device, organisation, person};

#[test]
fn numbers_and_tags_are_unique_in_any_spelling() {
    let country = Country::founded();
    let officer = country.officer();
    let things = country.settled(&officer, "RSL");
    let permit = officer.permit::<RegisterIdentities>();
    let owner = Owner { organisation: things.organisation, sponsor: things.person };
    for (again, field, existing) in [
        (person("PNOLS-rsl"), "identifier", things.person),
        (organisation("RSL"), "identifier", things.organisation),
        (device(owner, "rsl-gate-1"), "asset_tag", things.device),
    ] {
        let error = country.registry.register_identity(&permit, again).unwrap_err();
        assert!(
            matches!(error, IdentityError::Taken { field: f, existing: e } if f == field && e == existing)
        );
    }
    // Another owner may use the same tag.
    let other = country.register(&officer, organisation("MCC"));
    country.register(&officer, device(Owner { organisation: other, ..owner }, "RSL-GATE-1"));
    assert_eq!(country.events("identity.registered").len(), 6);
}

#[test]
fn owner_and_sponsor_must_be_what_they_are_said_to_be() {
    let country = Country::founded();
    let officer = country.officer();
    let things = country.settled(&officer, "RSL");
    let permit = officer.permit::<RegisterIdentities>();
    let register = |owner| country.registry.register_identity(&permit, device(owner, "T-9")).unwrap_err();
    let swapped = Owner { organisation: things.person, sponsor: things.organisation };
    assert!(matches!(register(swapped), IdentityError::WrongKind { wanted: IdentityKind::Organisation, .. }));
    let nobody = "P-000000000X".parse().unwrap();
    let unknown = Owner { organisation: things.organisation, sponsor: nobody };
    assert!(matches!(register(unknown), IdentityError::Unknown(id) if id == nobody));
}

#[test]
fn what_does_not_fit_is_refused_by_its_field() {
    let country = Country::founded();
    let officer = country.officer();
    let permit = officer.permit::<RegisterIdentities>();
    let new = |surname: &str, identifier: &str| NewIdentity::Person {
        surname: surname.to_owned(),
        given_name: "Thabo".to_owned(),
        identifier: identifier.to_owned(),
        further: Further::default(),
    };
    for (new, field) in [(new("", "PNOLS-1"), "surname"), (new("Mokoena", "GO:LS"), "identifier")] {
        let error = country.registry.register_identity(&permit, new).unwrap_err();
        assert!(matches!(error, IdentityError::Field(error) if error.field == field));
    }
    assert!(country.events("identity.registered").is_empty());
}

#[test]
fn a_look_at_a_person_is_in_the_ledger_and_the_ledger_names_nobody() {
    let country = Country::founded();
    let officer = country.officer();
    let auditor = country.enrol("An Auditor", Role::Auditor);
    let things = country.settled(&officer, "RSL");
    let permit = auditor.permit::<ReadRegistry>();
    country.registry.identity(&permit, things.person).unwrap();
    country.registry.identity(&permit, things.device).unwrap();
    country.registry.identities(&permit, None, None, PageSize::default()).unwrap();
    let viewed = country.events("identity.viewed");
    assert_eq!(viewed.len(), 2, "the look at the person, and the list that showed the person");
    assert!(viewed.iter().all(|event| event.subject == format!("identity:{}", things.person)));
    assert!(viewed.iter().all(|event| event.actor.0 == format!("staff:{}", auditor.principal.id())));
    let events =
        ca_core::ledger::events(country.store.as_ref(), ca_core::ledger::Position(0), 10_000).unwrap();
    let told = serde_json::to_string(&events).unwrap();
    for personal in ["Mokoena", "MOKOENA", "Thabo", "PNOLS", "An Auditor"] {
        assert!(!told.contains(personal), "the ledger tells {personal}");
    }
}

#[test]
fn an_agency_sees_its_own_only() {
    let country = Country::founded();
    let officer = country.officer();
    let (own, other) = (country.settled(&officer, "RSL"), country.settled(&officer, "MCC"));
    let operator = country.enrol("An Operator", Role::AgencyOperator { organisation: own.organisation });
    let permit = operator.permit::<ReadRegistry>();
    let list = |kind| {
        let page = country.registry.identities(&permit, kind, None, PageSize::default()).unwrap();
        page.items.iter().map(|identity| identity.id()).collect::<Vec<_>>()
    };
    let mut seen = list(None);
    seen.sort();
    let mut expected = vec![own.organisation, own.device, own.application];
    expected.sort();
    assert_eq!(seen, expected);
    assert_eq!(list(Some(IdentityKind::Device)), [own.device]);
    assert!(list(Some(IdentityKind::Person)).is_empty());
    for hidden in [other.organisation, other.device, other.application, own.person] {
        let error = country.registry.identity(&permit, hidden).unwrap_err();
        assert!(
            matches!(error, IdentityError::OfAnother { id, own: o } if id == hidden && o == own.organisation)
        );
    }
}

#[test]
fn pages_follow_one_another() {
    let country = Country::founded();
    let officer = country.officer();
    for code in ["A1", "A2", "A3"] {
        country.settled(&officer, code);
    }
    let permit = officer.permit::<ReadRegistry>();
    let mut seen = Vec::new();
    let mut after = None;
    loop {
        let page = country.registry.identities(&permit, None, after, PageSize::new(5).unwrap()).unwrap();
        seen.extend(page.items.iter().map(|identity| identity.id()));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(seen.len(), 12);
    assert!(seen.windows(2).all(|pair| pair[0].to_string() < pair[1].to_string()));
    let devices = country.registry.identities(&permit, Some(IdentityKind::Device), None, PageSize::default());
    assert_eq!(devices.unwrap().items.len(), 3);
}
