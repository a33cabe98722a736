//! Looks at persons: nobody looks one up without a case, work says what it is, and the person sees all of it.

use id_registry::certificates::{CertificateError, CertificateFilter};
use id_registry::evidence::EvidenceError;
use id_registry::id::IdentityKind;
use id_registry::identity::IdentityError;
use id_registry::life::LifeError;
use id_registry::page::PageSize;
use id_registry::permission::{ReadRegistry, ReadUsage};
use id_registry::principal::Role;
use id_registry::usage::{Processing, Usage, UsageWanted};

use crate::country::{Country, csr};
use crate::http::Caller;
use crate::lives::Life;

const ALL: UsageWanted = UsageWanted { since: None, until: None, processing: None, bulk: true };

#[test]
fn nobody_looks_up_a_person_without_a_case() {
    let life = Life::begun();
    let (registry, person) = (&life.country.registry, life.things.person);
    let before = life.country.events("identity.viewed").len();
    let permit = || life.one.principal.permit::<ReadRegistry>().unwrap();
    let size = PageSize::new(10).unwrap();

    assert!(matches!(registry.identity(&permit(), person), Err(IdentityError::NoCase)));
    assert!(matches!(registry.identities(&permit(), None, None, size), Err(IdentityError::NoCase)));
    assert!(matches!(registry.duplicates(&permit(), person), Err(IdentityError::NoCase)));
    let unnamed = registry.history(&permit(), person, None, size);
    assert!(matches!(unnamed, Err(LifeError::Identity(IdentityError::NoCase))), "{unnamed:?}");
    let unnamed = registry.evidence(&permit(), person);
    assert!(matches!(unnamed, Err(EvidenceError::Identity(IdentityError::NoCase))), "{unnamed:?}");
    let of_person = || CertificateFilter { identity: Some(person), ..CertificateFilter::default() };
    let unnamed = registry.certificates(&permit(), of_person(), None, size);
    assert!(matches!(unnamed, Err(CertificateError::Identity(IdentityError::NoCase))), "{unnamed:?}");
    let unnamed = registry.usage(&life.one.principal.permit::<ReadUsage>().unwrap(), person, &ALL);
    assert!(matches!(unnamed, Err(IdentityError::NoCase)), "{unnamed:?}");
    assert_eq!(life.country.events("identity.viewed").len(), before, "what was refused is no look");

    // What is no person, nobody is asked about.
    registry.identity(&permit(), life.things.device).unwrap();
    registry.identities(&permit(), Some(IdentityKind::Device), None, size).unwrap();
    let case = Some("K-2026/114".parse().unwrap());
    registry.certificates(&permit().in_case(case), of_person(), None, size).unwrap();
    let looks = life.country.events("identity.viewed");
    assert_eq!((looks.len(), &*looks[before].detail["case"]), (before + 1, "K-2026/114"));
}

#[test]
fn whoever_works_on_something_looks_because_of_it() {
    let life = Life::begun();
    let (registry, person) = (&life.country.registry, life.things.person);
    let permit = life.one.principal.permit::<ReadRegistry>().unwrap();
    let request = life.country.submit(&life.one, "person-signature", person, &csr()).unwrap();
    registry.to_approve(&life.two.principal.permit().unwrap(), request.id).unwrap();
    let one = CertificateFilter { identity: Some(person), ..CertificateFilter::default() };
    let serials = registry.certificates(&life.one.permit(), one, None, PageSize::new(1).unwrap()).unwrap();
    let serial = &serials.items[0].serial;
    registry.certificate(&permit, serial).unwrap();
    let looks = life.country.events("identity.viewed");
    let works: Vec<&str> = looks.iter().filter_map(|look| Some(look.detail.get("work")?.as_str())).collect();
    let (request, certificate) = (format!("request:{}", request.id), format!("certificate:issuing/{serial}"));
    assert!(works.contains(&&*request) && works.ends_with(&[&certificate]), "{works:?}");
}

#[test]
fn a_person_sees_who_looked_and_what_was_issued() {
    let life = Life::begun();
    let (registry, person) = (&life.country.registry, life.things.person);
    life.country
        .approve(
            &life.two,
            life.country.submit(&life.one, "person-signature", person, &csr()).unwrap().id,
            None,
        )
        .unwrap();
    registry.identity(&life.third.permit(), person).unwrap();
    let auditor = life.country.enrol("An Auditor", Role::Auditor);
    let seen = registry.usage(&auditor.permit(), person, &ALL).unwrap();
    let said = |usage: &Usage| (usage.said.clone(), usage.case.clone(), usage.staff);
    let look = "Your record was looked at".to_owned();
    let by = |member: &crate::country::Member| Some(member.principal.id());
    let case = Some("TEST-1".to_owned());
    // The newest first, and the asking itself among them.
    assert_eq!(said(&seen[0]), (look.clone(), case.clone(), by(&auditor)));
    assert_eq!(said(&seen[1]), (look, case, by(&life.third)));
    assert!(seen.windows(2).all(|pair| pair[0].at >= pair[1].at && pair[0].position > pair[1].position));
    let told = |words: &str| seen.iter().filter(|usage| usage.said.starts_with(words)).count();
    for (words, times) in [
        ("You were entered into the register", 1),
        ("A certificate in your name was asked for", 3),
        ("An officer approved a certificate in your name", 3),
        ("A certificate was issued in your name", 3),
        ("A device or program that you answer for: identity.registered (identity:D-", 1),
    ] {
        assert_eq!(told(words), times, "{words}: {seen:?}");
    }
    for usage in &seen {
        assert!(usage.said.contains(' ') && usage.organisation == "Government of Example", "{usage:?}");
        assert_eq!((usage.processing, usage.bulk), (Processing::Internal, false), "{usage:?}");
    }
    life.pass(time::Duration::hours(1));
    let since = UsageWanted { since: Some(seen[0].at + time::Duration::minutes(1)), ..ALL };
    assert_eq!(registry.usage(&auditor.permit(), person, &since).unwrap().len(), 1, "the asking alone");
    let handed = UsageWanted { processing: Some(Processing::Response), ..ALL };
    assert!(registry.usage(&auditor.permit(), person, &handed).unwrap().is_empty());
    assert!(matches!(
        registry.usage(&auditor.permit(), life.things.device, &ALL),
        Err(IdentityError::WrongKind { .. })
    ));
}

#[tokio::test]
async fn over_http_the_case_is_a_header_and_the_form_is_that_of_the_data_tracker() {
    let country = Country::founded();
    let officer = country.officer();
    let things = country.settled(&officer, "RSL");
    let (person, path) = (things.person, format!("/v1/identities/{}", things.person));
    let mut caller = Caller::new(&country, Some(&officer));
    for (case, code) in [(None, "E-CAS-001"), (Some("Thabo Mokoena"), "E-CAS-002"), (Some("x"), "E-CAS-002")]
    {
        caller.case = case.map(str::to_owned);
        caller.get(&path).await.problem(400, code);
    }
    caller.case = Some("K-2026/114".to_owned());
    caller.get(&path).await;
    let found = caller.get(&format!("{path}/usage?limit=2")).await.json;
    assert_eq!((&found["returnedUsages"], &found["dataResponses"]), (&2.into(), &serde_json::json!([])));
    let newest = &found["internalProcessings"][0];
    assert_eq!(newest["queryGroupId"], "K-2026/114");
    assert_eq!(newest["initiatorPerson"]["alternativeCode"], officer.principal.id().to_string());
    assert_eq!(
        (&newest["initiatorOrg"]["type"], &newest["source"]["systemName"]),
        (&"GOV".into(), &"npki".into())
    );
    let total = found["totalUsages"].as_u64().unwrap();
    let rest = caller.get(&format!("{path}/usage?offset={}", total)).await.json;
    assert_eq!((&rest["totalUsages"], &rest["returnedUsages"]), (&(total + 1).into(), &1.into()), "{rest}");
    for unfit in ["limit=0", "processingType=DATA_REQUEST", "periodStart=yesterday", "frobs=1"] {
        caller.get(&format!("{path}/usage?{unfit}")).await.problem(400, "E-HTTP-007");
    }
    let administrator = Caller::new(&country, Some(&country.administrator));
    administrator.get(&format!("/v1/identities/{person}/usage")).await.problem(403, "E-AUTH-002");
}
