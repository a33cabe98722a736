//! Agents: programs that act by themselves, for which a person answers.

use id_registry::enrolment::RequestError;
use id_registry::id::{IdentityId, IdentityKind};
use id_registry::identity::{Details, Further, IdentityError, IdentityStatus, NewIdentity, Owner};
use id_registry::life::change::ChangeReason;
use id_registry::life::{Cause, ClosureCause};
use id_registry::page::PageSize;

use crate::country::{Country, csr};
use crate::lives::Life;

impl Life {
    fn owner(&self) -> Owner {
        Owner { organisation: self.things.organisation, sponsor: self.things.person }
    }

    fn agent(&self) -> IdentityId {
        self.country.register(&self.one, agent(self.owner(), "2.1"))
    }
}

fn agent(owner: Owner, version: &str) -> NewIdentity {
    NewIdentity::Agent {
        owner,
        name: "Customs pre-clearance".to_owned(),
        version: version.to_owned(),
        purpose: "clears low-risk consignments".to_owned(),
        dns_names: vec!["Agents.Gov.LS".to_owned()],
        further: Further::default(),
    }
}

#[test]
fn an_agent_is_a_kind_of_its_own_and_its_profile_takes_no_other() {
    let life = Life::begun();
    let id = life.agent();
    assert_eq!((id.kind(), id.to_string().starts_with("G-")), (IdentityKind::Agent, true));
    assert_eq!(id.to_string().parse::<IdentityId>().unwrap(), id);
    let request = life.country.submit(&life.one, "agent", id, &csr()).unwrap();
    let record = life.country.registry.certificate(&life.one.permit(), request.serial().unwrap()).unwrap().0;
    let subject = record.open_subject(&life.country.vault).unwrap().unwrap();
    assert!(subject.contains("Customs pre-clearance (2.1)") && subject.contains("Agency RSL"), "{subject}");
    for (profile, id) in [("agent", life.things.application), ("application", id), ("tls-server", id)] {
        let refused = life.country.submit(&life.one, profile, id, &csr());
        assert!(matches!(refused, Err(RequestError::WrongProfile { .. })), "{profile}: {refused:?}");
    }
    let agents = life.country.registry.identities(
        &life.one.permit(),
        Some(IdentityKind::Agent),
        None,
        PageSize::default(),
    );
    assert_eq!(agents.unwrap().items.len(), 1);
}

#[test]
fn what_an_agent_is_for_is_said_and_who_answers_for_it_too() {
    let life = Life::begun();
    let (owner, registry) = (life.owner(), &life.country.registry);
    for (field, change) in [("version", 0), ("purpose", 1), ("name", 2)] {
        let mut entered = agent(owner, "2.1");
        if let NewIdentity::Agent { name, version, purpose, .. } = &mut entered {
            [version, purpose, name].into_iter().nth(change).unwrap().clear();
        }
        let refused = registry.register_identity(&life.one.permit(), entered);
        assert!(matches!(refused, Err(IdentityError::Field(found)) if found.field == field), "{field}");
    }
    let nobody = Owner { sponsor: life.things.organisation, ..owner };
    let refused = registry.register_identity(&life.one.permit(), agent(nobody, "2.1"));
    assert!(matches!(refused, Err(IdentityError::WrongKind { wanted: IdentityKind::Person, .. })));
}

/// Another model decides: certificates that name the former one end.
#[test]
fn another_version_ends_what_names_the_former_one() {
    let life = Life::begun();
    let id = life.agent();
    life.issue("agent", id);
    let facts = serde_json::from_str(r#"{"version": "3.0"}"#).unwrap();
    let confirmed = life.changed(id, &facts, ChangeReason::Upgraded, None);
    assert_eq!((confirmed.touched.revoked, life.stand(id)), (1, vec!["revoked"]));
    let Some(Details::Agent { version, .. }) = confirmed.identity.details else { panic!() };
    assert_eq!(version, "3.0");
}

#[test]
fn an_agent_lives_as_its_owner_and_sponsor_do() {
    let life = Life::begun();
    let id = life.agent();
    life.issue("agent", id);
    life.suspend(&life.one, life.things.organisation).unwrap();
    let record = life.country.registry.identity(&life.one.permit(), id).unwrap().record;
    assert_eq!((record.status, record.cause()), (IdentityStatus::Suspended, Some(Cause::OwnerSuspended)));
    assert_eq!(life.stand(id), ["on-hold"]);
    life.resume(&life.two, life.things.organisation).unwrap();
    assert_eq!(life.stand(id), ["active"]);
    life.close(id, ClosureCause::Retired).unwrap();
    assert_eq!(life.stand(id), ["revoked"]);
}

/// Before agents were a kind of their own they were applications: what was issued to these is read and revoked as ever.
#[test]
fn applications_that_hold_agents_certificates_stay_as_they_are() {
    let now = include_str!("../../../config/profiles/agent.toml");
    let then = now.replace("identity_kind = \"agent\"", "identity_kind = \"application\"");
    assert_ne!(now, then);
    let life = Life::begun_in(Country::founded_with(&[("agent", &then)]));
    let application = life.things.application;
    life.issue("agent", application);
    assert_eq!(life.stand(application), ["active"]);
    life.suspend(&life.one, application).unwrap();
    assert_eq!(life.stand(application), ["on-hold"]);
    life.close(application, ClosureCause::Retired).unwrap();
    assert_eq!(life.stand(application), ["revoked"]);
}
