//! Relying parties: who may make one, what they are told, that it is seen, and that pseudonyms join nothing.

use std::collections::BTreeMap;

use id_registry::id::IdentityId;
use id_registry::identity::{Further, IdentityError, NewIdentity};
use id_registry::life::{ClosureCause, DeathSource};
use id_registry::page::PageSize;
use id_registry::party::{Act, Asked, Attribute, Disclosed, Named, NewPurpose, Party, PartyError, Wish};
use id_registry::permission::{ManageParties, ReadParties, ReceiveAttributes};
use id_registry::principal::Role;
use id_registry::usage::{Processing, UsageWanted};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::country::{Country, Member, organisation, person};
use crate::http::Caller;
use crate::sealed::{assert_absent, everything};

/// A country with two administrators, an agency with its operator, and a person who was born in 2000.
pub(crate) struct Agency {
    pub(crate) country: Country,
    pub(crate) officer: Member,
    second: Member,
    pub(crate) operator: Member,
    pub(crate) organisation: IdentityId,
    pub(crate) person: IdentityId,
}

pub(crate) fn purpose(name: &str, attributes: &[&str]) -> NewPurpose {
    NewPurpose {
        name: name.to_owned(),
        legal_basis: "Social Assistance Act, section 7".to_owned(),
        attributes: attributes.iter().map(|name| (*name).to_owned()).collect(),
    }
}

fn wish<'a>(sector: Option<&'a str>, purposes: &'a [NewPurpose]) -> Wish<'a> {
    Wish { sector, purposes, reason: "memorandum 4 of 2026" }
}

impl Agency {
    pub(crate) fn founded() -> Self {
        Self::in_country(Country::founded())
    }

    fn in_country(country: Country) -> Self {
        let officer = country.officer();
        let second = country.enrol("Second Administrator", Role::Administrator);
        let organisation = country.register(&officer, organisation("MSD"));
        let operator = country.enrol("Operator", Role::AgencyOperator { organisation });
        let NewIdentity::Person { surname, given_name, identifier, .. } = person("PNOLS-2000") else {
            panic!("a person")
        };
        let further = Further { birth_date: Some("2000-03-07".to_owned()), ..Further::default() };
        let person =
            country.register(&officer, NewIdentity::Person { surname, given_name, identifier, further });
        Self { country, officer, second, operator, organisation, person }
    }

    /// With the organisation as a party for one purpose.
    pub(crate) fn for_purpose(attributes: &[&str]) -> Self {
        let agency = Self::founded();
        agency.registered(agency.organisation, "social", &[purpose("child-grant", attributes)]);
        agency
    }

    pub(crate) fn registered(
        &self,
        organisation: IdentityId,
        sector: &str,
        purposes: &[NewPurpose],
    ) -> Party {
        let proposed = self.propose(organisation, &wish(Some(sector), purposes)).unwrap();
        self.confirm(organisation, &proposed).unwrap()
    }

    fn propose(&self, organisation: IdentityId, wish: &Wish<'_>) -> Result<String, PartyError> {
        let permit = self.country.administrator.permit::<ManageParties>();
        Ok(self.country.registry.propose_party(&permit, organisation, wish)?.id.to_string())
    }

    fn confirm(&self, organisation: IdentityId, change: &str) -> Result<Party, PartyError> {
        self.country.registry.confirm_party(&self.second.permit(), organisation, change)
    }

    pub(crate) fn ask_as(
        &self,
        by: &Member,
        person: &str,
        attributes: &[&str],
    ) -> Result<Disclosed, PartyError> {
        let person: Named = person.parse().unwrap();
        let attributes: Vec<String> = attributes.iter().map(|name| (*name).to_owned()).collect();
        let asked = Asked { person: &person, purpose: "child-grant", attributes: &attributes };
        self.country.registry.disclose(&by.permit::<ReceiveAttributes>(), &asked)
    }

    fn ask(&self, attributes: &[&str]) -> Result<BTreeMap<String, Value>, PartyError> {
        let told = self.ask_as(&self.operator, &self.person.to_string(), attributes)?;
        Ok(told.attributes.into_iter().map(|(name, value)| (name.to_string(), value)).collect())
    }

    pub(crate) fn pseudonym(&self, by: &Member, person: IdentityId) -> String {
        let told = self.ask_as(by, &person.to_string(), &["pseudonym"]).unwrap();
        told.attributes[&Attribute::Pseudonym].as_str().unwrap().to_owned()
    }
}

#[test]
fn two_administrators_make_a_party_and_the_ledger_tells_what_it_may_learn() {
    let agency = Agency::founded();
    let (id, registry) = (agency.organisation, &agency.country.registry);
    let purposes = [purpose("child-grant", &["surname", "age-over-18"]), purpose("audit", &["status"])];
    assert!(matches!(agency.ask(&["surname"]), Err(PartyError::Unknown(_))));
    let proposed = agency.propose(id, &wish(Some("social"), &purposes)).unwrap();
    assert!(matches!(agency.ask(&["surname"]), Err(PartyError::Unknown(_))), "not before it is confirmed");
    let again = agency.propose(id, &wish(Some("social"), &purposes));
    assert!(matches!(again, Err(PartyError::WaitsAlready { .. })));
    let own = registry.confirm_party(&agency.country.administrator.permit(), id, &proposed);
    assert!(matches!(own, Err(PartyError::Own(_))));
    assert_eq!(agency.country.events("party.decision-refused").len(), 1);
    assert!(matches!(agency.confirm(id, &"0".repeat(32)), Err(PartyError::UnknownChange(_))));
    let party = agency.confirm(id, &proposed).unwrap();
    assert_eq!((party.sector.to_string().as_str(), party.purposes.len()), ("social", 2));
    assert!(agency.ask(&["surname"]).is_ok());
    let registered = &agency.country.events("party.registered")[0];
    assert_eq!(registered.subject, format!("party:{id}"));
    assert_eq!(
        registered.detail["purpose child-grant"],
        "surname,age-over-18 by Social Assistance Act, section 7"
    );
    let read = agency.operator.permit::<ReadParties>();
    let listed = registry.parties(&read, None, PageSize::default()).unwrap();
    assert_eq!((listed.items, listed.next), (vec![party], None));
    assert!(registry.proposed_parties(&read, None, PageSize::default()).unwrap().items.is_empty());
}

#[test]
fn changes_take_two_as_well_and_one_ends_a_party_at_once() {
    let agency = Agency::for_purpose(&["surname"]);
    let (id, registry) = (agency.organisation, &agency.country.registry);
    let wider = [purpose("child-grant", &["surname", "alive"])];
    assert!(matches!(agency.propose(id, &wish(Some("tax"), &wider)), Err(PartyError::Exists(_))));
    let same = [purpose("child-grant", &["surname"])];
    assert!(matches!(agency.propose(id, &wish(None, &same)), Err(PartyError::Unchanged(_))));
    let proposed = agency.propose(id, &wish(None, &wider)).unwrap();
    assert!(matches!(agency.ask(&["alive"]), Err(PartyError::NotAdmitted { .. })));
    let dropped = registry.drop_party_change(&agency.second.permit(), id, &proposed, "too wide").unwrap();
    assert_eq!(dropped.act, Act::Change);
    assert!(matches!(agency.confirm(id, &proposed), Err(PartyError::UnknownChange(_))));
    let proposed = agency.propose(id, &wish(None, &wider)).unwrap();
    agency.confirm(id, &proposed).unwrap();
    assert_eq!(agency.ask(&["alive"]).unwrap()["alive"], "yes");
    // One administrator ends it; what waits goes with it.
    let waits = agency.propose(id, &wish(None, &same)).unwrap();
    registry.end_party(&agency.second.permit(), id, "data was passed on").unwrap();
    assert!(matches!(agency.ask(&["alive"]), Err(PartyError::Ended(..))));
    assert!(matches!(agency.confirm(id, &waits), Err(PartyError::UnknownChange(_))));
    assert!(matches!(registry.end_party(&agency.second.permit(), id, "again"), Err(PartyError::Ended(..))));
    assert!(matches!(agency.propose(id, &wish(None, &wider)), Err(PartyError::Unknown(_))));
    agency.registered(id, "social", &wider);
    assert!(agency.ask(&["alive"]).is_ok());
    for action in ["party.changed", "party.dropped", "party.ended"] {
        assert_eq!(agency.country.events(action).len(), 1, "{action}");
    }
}

#[test]
fn what_does_not_fit_is_no_party() {
    let agency = Agency::founded();
    let id = agency.organisation;
    let good = || purpose("child-grant", &["surname"]);
    let ages = ["age-over-16", "age-over-18", "age-over-21", "age-over-60"];
    for (sector, purposes, field) in [
        ("Social", vec![good()], "sector"),
        ("social", vec![], "purposes"),
        ("social", vec![good(), good()], "purposes"),
        ("social", vec![purpose("Child grant", &["surname"])], "name"),
        ("social", vec![purpose("child-grant", &[])], "attributes"),
        ("social", vec![purpose("child-grant", &["shoe-size"])], "attributes"),
        ("social", vec![purpose("child-grant", &ages)], "attributes"),
        ("social", vec![NewPurpose { legal_basis: String::new(), ..good() }], "legal_basis"),
    ] {
        match agency.propose(id, &wish(Some(sector), &purposes)) {
            Err(PartyError::Field(error)) => assert_eq!(error.field, field),
            other => panic!("{field}: {other:?}"),
        }
    }
    let person = agency.propose(agency.person, &wish(Some("social"), &[good()]));
    assert!(matches!(person, Err(PartyError::Identity(IdentityError::WrongKind { .. }))));
    assert!(matches!(agency.propose(id, &wish(None, &[good()])), Err(PartyError::Unknown(_))));
    let registry = &agency.country.registry;
    let close = agency.country.administrator.permit();
    registry.close_identity(&close, id, ClosureCause::Dissolved, None, "gazette 12").unwrap();
    let closed = agency.propose(id, &wish(Some("social"), &[good()]));
    assert!(matches!(closed, Err(PartyError::Identity(IdentityError::Closed(_)))));
    assert!(agency.country.events("party.proposed").is_empty());
}

#[test]
fn a_party_learns_what_its_purpose_admits_and_the_person_s_ledger_tells_it_without_values() {
    let all = [
        "surname",
        "given-name",
        "surname-latin",
        "birth-date",
        "age-over-18",
        "age-over-67",
        "alive",
        "status",
        "assurance",
        "national-number",
    ];
    let agency = Agency::for_purpose(&all);
    let told = agency.ask(&all).unwrap();
    let wanted = json!({
        "surname": "Mokoena", "given-name": "Thabo", "surname-latin": null, "birth-date": "2000-03-07",
        "age-over-18": true, "age-over-67": false, "alive": "yes", "status": "active", "assurance": null,
        "national-number": "PNOLS-2000",
    });
    assert_eq!(json!(told), wanted);
    let events = agency.country.events("attributes.disclosed");
    let [event] = &events[..] else { panic!("{events:?}") };
    assert_eq!(event.subject, format!("identity:{}", agency.person));
    let detail = |name: &str| event.detail[name].as_str();
    assert_eq!(detail("receiver"), agency.organisation.to_string());
    assert_eq!((detail("purpose"), detail("case")), ("child-grant", "TEST-1"));
    assert_eq!(detail("legal-basis"), "Social Assistance Act, section 7");
    assert!(detail("attributes").contains("birth-date") && detail("attributes").contains("age-over-18"));
    assert_absent(&everything(&agency.country.store), &["Mokoena", "2000-03-07", "PNOLS-2000"]);
    let auditor = agency.country.enrol("An Auditor", Role::Auditor);
    let handed =
        UsageWanted { since: None, until: None, processing: Some(Processing::Response), bulk: false };
    let seen = agency.country.registry.usage(&auditor.permit(), agency.person, &handed).unwrap();
    let [usage] = &seen[..] else { panic!("{seen:?}") };
    let name = usage.receiver.as_deref().unwrap();
    assert!(name.starts_with("Agency ") && usage.organisation == name, "who asked works there: {usage:?}");
    assert!(usage.said.contains("told to somebody who may know it: child-grant: "), "{usage:?}");
    assert_eq!(usage.legal_basis.as_deref(), Some("Social Assistance Act, section 7"));
}

#[test]
fn what_is_not_admitted_is_refused_as_a_whole_and_recorded() {
    let agency = Agency::for_purpose(&["surname", "age-over-18"]);
    let Err(PartyError::NotAdmitted { refused, admitted, .. }) =
        agency.ask(&["surname", "birth-date", "age-over-21"])
    else {
        panic!("refused")
    };
    assert_eq!(refused, [Attribute::BirthDate, Attribute::AgeOver(21)]);
    assert_eq!(admitted, [Attribute::Surname, Attribute::AgeOver(18)]);
    assert!(agency.country.events("attributes.disclosed").is_empty());
    let events = agency.country.events("attributes.refused");
    let [event] = &events[..] else { panic!("{events:?}") };
    assert_eq!(event.subject, format!("identity:{}", agency.person));
    assert_eq!(event.detail["attributes"], "birth-date,age-over-21");
    assert_eq!(event.outcome, ca_core::ledger::Outcome::Refused);
    let attributes = ["surname".to_owned()];
    let named = Named::Identifier(agency.person);
    let asked = Asked { person: &named, purpose: "tax", attributes: &attributes };
    let without_case = agency.operator.principal.permit().unwrap();
    let refused = agency.country.registry.disclose(&without_case, &asked);
    assert!(matches!(refused, Err(PartyError::Identity(IdentityError::NoCase))));
    let refused = agency.country.registry.disclose(&agency.operator.permit(), &asked).unwrap_err();
    assert!(matches!(&refused, PartyError::UnknownPurpose { known, .. } if known == &["child-grant"]));
    let organisation = agency.ask_as(&agency.operator, &agency.organisation.to_string(), &["surname"]);
    assert!(matches!(organisation, Err(PartyError::Identity(IdentityError::WrongKind { .. }))));
}

#[test]
fn nobody_learns_of_who_was_erased_and_the_dead_are_told_dead() {
    let agency = Agency::for_purpose(&["surname", "alive", "pseudonym"]);
    let registry = &agency.country.registry;
    let pseudonym = agency.pseudonym(&agency.operator, agency.person);
    let permit = agency.officer.permit();
    for source in [DeathSource::Chief, DeathSource::CivilRegister] {
        registry.report_death(&permit, agency.person, source, "letter 12").unwrap();
        assert_eq!(agency.ask(&["alive"]).unwrap()["alive"], "reported-dead");
    }
    registry.confirm_death(&agency.country.officer().permit(), agency.person, None, "entry 7").unwrap();
    assert_eq!(agency.ask(&["alive"]).unwrap()["alive"], "no");
    registry.erase_identity(&agency.country.administrator.permit(), agency.person, "order 3").unwrap();
    for named in [agency.person.to_string(), pseudonym] {
        let erased = agency.ask_as(&agency.operator, &named, &["surname"]);
        assert!(matches!(erased, Err(PartyError::Identity(IdentityError::Erased(_)))), "{erased:?}");
    }
}

#[test]
fn pseudonyms_stay_in_their_sector_lead_back_there_alone_and_join_nothing() {
    let agency = Agency::for_purpose(&["pseudonym", "surname"]);
    let country = &agency.country;
    let tax = country.register(&agency.officer, organisation("RSL"));
    let clerk = country.enrol("Clerk", Role::AgencyOperator { organisation: tax });
    agency.registered(tax, "tax", &[purpose("child-grant", &["pseudonym", "surname"])]);
    let other = country.register(&agency.officer, {
        let NewIdentity::Person { given_name, identifier, further, .. } = person("PNOLS-77") else {
            panic!("a person")
        };
        NewIdentity::Person { surname: "Nthunya".to_owned(), given_name, identifier, further }
    });
    let social = agency.pseudonym(&agency.operator, agency.person);
    assert_eq!(agency.pseudonym(&agency.operator, agency.person), social, "always the same");
    let taxed = agency.pseudonym(&clerk, agency.person);
    let others = agency.pseudonym(&agency.operator, other);
    let end = |name: &str| name.rsplit_once('-').unwrap().1.to_owned();
    assert!(social.starts_with("social-") && taxed.starts_with("tax-"));
    assert!(end(&social) != end(&taxed) && end(&social) != end(&others));
    // Back to the person, in one's own sector, with a trace.
    let before = country.events("attributes.disclosed").len();
    let told = agency.ask_as(&agency.operator, &others, &["surname"]).unwrap();
    assert_eq!(told.attributes[&Attribute::Surname], "Nthunya");
    let events = country.events("attributes.disclosed");
    assert_eq!((events.len(), &events[before].subject), (before + 1, &format!("identity:{other}")));
    let foreign = agency.ask_as(&clerk, &social, &["surname"]);
    assert!(matches!(foreign, Err(PartyError::OtherSector { .. })));
    // The other sector's name with one's own sector before it is nobody's; its check character is right.
    let renamed = format!("tax-{}", end(&social));
    let unknown = agency.ask_as(&clerk, &renamed, &["surname"]);
    assert!(matches!(unknown, Err(PartyError::NoSuchPseudonym(_))), "{unknown:?}");
    assert_absent(&everything(&country.store), &[&end(&social), &end(&taxed), &end(&others)]);
}

#[test]
fn a_certified_pseudonym_is_the_one_that_an_agency_is_told_and_leads_back() {
    let text = ca_core::profile::built_in("person-authentication-pseudonymous").unwrap();
    let names = "[[alternative_names]]\nform = \"directory-name\"\nsector = \"social\"\nrequired = true\n\n[addresses]";
    let text = text.replacen("[addresses]", names, 1);
    let country = Country::founded_with(&[("person-authentication-pseudonymous", &text)]);
    let agency = Agency::in_country(country);
    let country = &agency.country;
    let profile = "person-authentication-pseudonymous";
    let request = country.submit(&agency.officer, profile, agency.person, &crate::country::csr()).unwrap();
    let request = country.approve(&country.officer(), request.id, None).unwrap();
    let der = country.registry.certificate(&agency.officer.permit(), request.serial().unwrap());
    let der = der.unwrap().1.unwrap();
    let at = der.windows(7).position(|window| window == b"social-").unwrap();
    let certified = String::from_utf8(der[at..at + 24].to_vec()).unwrap();
    agency.registered(agency.organisation, "social", &[purpose("child-grant", &["surname", "pseudonym"])]);
    let told = agency.ask_as(&agency.operator, &certified, &["surname", "pseudonym"]).unwrap();
    assert_eq!(told.attributes[&Attribute::Pseudonym], certified.as_str());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    /// Whatever is asked: told is a subset of what is admitted, and every question about a person leaves one event.
    #[test]
    fn nobody_learns_more_than_the_purpose_admits(admits in 1u16..1024, asks in 1u16..1024) {
        const ALL: [&str; 10] = ["surname", "given-name", "surname-latin", "given-name-latin", "birth-date", "age-over-18",
            "alive", "status", "assurance", "national-number"];
        let chosen = |bits: u16| ALL.iter().enumerate().filter(|(at, _)| bits >> at & 1 == 1).map(|(_, name)| *name).collect::<Vec<_>>();
        let agency = Agency::for_purpose(&chosen(admits));
        let told = agency.ask(&chosen(asks));
        prop_assert_eq!(told.is_ok(), asks & !admits == 0);
        if let Ok(told) = told {
            prop_assert_eq!(told.len(), chosen(asks).len());
        }
        let events = agency.country.events("attributes.disclosed").len() + agency.country.events("attributes.refused").len();
        prop_assert_eq!(events, 1);
    }
}

#[test]
fn over_http_each_role_finds_what_is_its_own_and_refusals_say_what_is_admitted() {
    let agency = Agency::founded();
    let country = &agency.country;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let (one, two) =
        (Caller::new(country, Some(&country.administrator)), Caller::new(country, Some(&agency.second)));
    let operator = Caller::new(country, Some(&agency.operator));
    runtime.block_on(async {
        let id = agency.organisation.to_string();
        let purposes = json!([{"name": "child-grant", "legal_basis": "Act 7", "attributes": ["surname", "age-over-18"]}]);
        let body = json!({"organisation": id, "sector": "social", "purposes": purposes, "reason": "memorandum 4"});
        let auditor = country.enrol("Auditor", Role::Auditor);
        for member in [&agency.officer, &agency.operator, &auditor] {
            Caller::new(country, Some(member)).post("/v1/relying-parties", body.clone()).await.problem(403, "E-AUTH-002");
        }
        let proposed = one.post("/v1/relying-parties", body.clone()).await;
        assert_eq!((proposed.status.as_u16(), &proposed.json["act"]), (201, &json!("register")), "{}", proposed.json);
        one.post("/v1/relying-parties", body.clone()).await.problem(409, "E-RPY-004");
        let confirm = json!({"change": proposed.json["change"]});
        let at = |what: &str| format!("/v1/relying-parties/{id}{what}");
        one.post(&at("/confirm"), confirm.clone()).await.problem(403, "E-RPY-006");
        assert_eq!(operator.get("/v1/relying-party-changes").await.json["items"].as_array().unwrap().len(), 1);
        assert_eq!(two.post(&at("/confirm"), confirm.clone()).await.json["status"], "registered");
        two.post(&at("/confirm"), confirm).await.problem(404, "E-RPY-005");
        one.post("/v1/relying-parties", body).await.problem(409, "E-RPY-002");
        one.post(&at("/change"), json!({"purposes": purposes, "reason": "x"})).await.problem(409, "E-RPY-007");
        assert_eq!(operator.get(&at("")).await.json["party"]["purposes"], purposes);
        let ask = |person: &str, purpose: &str, attributes: &[&str]| {
            json!({"person": person, "purpose": purpose, "attributes": attributes})
        };
        let person = agency.person.to_string();
        let told = operator.post("/v1/disclosures", ask(&person, "child-grant", &["age-over-18"])).await;
        assert_eq!(told.json["attributes"], json!({"age-over-18": true}), "{}", told.json);
        assert_eq!(told.json["legal_basis"], "Act 7");
        let refused = operator.post("/v1/disclosures", ask(&person, "child-grant", &["birth-date"])).await;
        refused.problem(403, "E-RPY-009");
        assert!(refused.json["detail"].as_str().unwrap().contains("it admits surname,age-over-18"));
        operator.post("/v1/disclosures", ask(&person, "tax", &["surname"])).await.problem(422, "E-RPY-008");
        operator.post("/v1/disclosures", ask(&person, "child-grant", &["shoe"])).await.problem(422, "E-ID-003");
        operator.post("/v1/disclosures", ask("P-0000000001", "child-grant", &["alive"])).await.problem(400, "E-ID-006");
        let nobody = "social-00000000000000000";
        for (named, status, code) in [(nobody, 400, "E-ID-006"), ("health", 400, "E-ID-007")] {
            operator.post("/v1/disclosures", ask(named, "child-grant", &["surname"])).await.problem(status, code);
        }
        for member in [&country.administrator, &agency.officer, &auditor] {
            let caller = Caller::new(country, Some(member));
            caller.post("/v1/disclosures", ask(&person, "child-grant", &["surname"])).await.problem(403, "E-AUTH-002");
        }
        assert_eq!(one.post(&at("/end"), json!({"reason": "passed on"})).await.json["status"], "ended");
        operator.post("/v1/disclosures", ask(&person, "child-grant", &["surname"])).await.problem(409, "E-RPY-003");
        one.post(&at("/change"), json!({"purposes": purposes, "reason": "x"})).await.problem(404, "E-RPY-001");
    });
}
