//! Profiles that are not for the one that they are asked for, and people who may not ask.

use id_registry::identity::{Further, NewIdentity};
use serde_json::json;

use super::{Way, World, body, request};
use crate::http::Caller;

pub(super) async fn ways(world: &World) -> Vec<Way> {
    let mut ways = of_another_kind(world).await;
    ways.extend(by_others(world).await);
    ways.extend(not_there(world).await);
    ways
}

/// Profiles of CAs and of the installation itself, and those of other kinds of identities.
async fn of_another_kind(world: &World) -> Vec<Way> {
    let (device, person) = (world.own.device.to_string(), world.own.person.to_string());
    let (application, organisation) = (world.own.application.to_string(), world.own.organisation.to_string());
    let mut ways = Vec::new();
    for (profile, holder, code) in [
        ("root-ca", &organisation, "E-REQ-002"),
        ("issuing-ca", &organisation, "E-REQ-002"),
        ("tls-ca", &organisation, "E-REQ-002"),
        ("ocsp-responder", &organisation, "E-REQ-002"),
        ("timestamping-unit", &organisation, "E-REQ-002"),
        ("staff-authentication", &person, "E-REQ-002"),
        ("person-signature", &device, "E-REQ-002"),
        ("person-signature", &organisation, "E-REQ-002"),
        ("organisation-seal", &person, "E-REQ-002"),
        ("tls-server", &device, "E-REQ-002"),
        ("device", &application, "E-REQ-002"),
        ("Device", &device, "E-REQ-001"),
        ("../profiles/device", &device, "E-REQ-001"),
        ("", &device, "E-REQ-001"),
    ] {
        let answer = world.ask(&world.applicant, body(profile, holder, &request(&[]))).await;
        ways.push(Way::new(format!("{profile:?} for {holder}"), code, answer));
    }
    ways
}

async fn by_others(world: &World) -> Vec<Way> {
    let asked = |profile: &str, holder: &dyn ToString| body(profile, &holder.to_string(), &request(&[]));
    let device = asked("device", &world.own.device);
    let stranger = Caller::new(&world.country, None).post("/v1/requests", device.clone()).await;
    let auditor = world.ask(&world.auditor, device.clone()).await;
    let administrator = world.ask(&world.country.administrator, device).await;
    let theirs = world.ask(&world.operator, asked("device", &world.other.device)).await;
    let person = world.ask(&world.operator, asked("person-signature", &world.own.person)).await;
    let seal = world.ask(&world.operator, asked("organisation-seal", &world.other.organisation)).await;
    let mut ways = vec![
        Way::new("a stranger", "E-AUTH-001", stranger),
        Way::new("an auditor", "E-AUTH-002", auditor),
        Way::new("an administrator", "E-AUTH-002", administrator),
        Way::new("an agency for another's device", "E-AUTH-003", theirs),
        Way::new("an agency for a person", "E-AUTH-003", person),
        Way::new("an agency for another's seal", "E-AUTH-003", seal),
    ];
    ways.push(with_a_certificate_that_is_no_staff_s(world).await);
    ways.push(after_access_ended(world).await);
    ways
}

/// A device's own certificate opens nothing.
async fn with_a_certificate_that_is_no_staff_s(world: &World) -> Way {
    let caller = Caller::presenting(&world.country, Some(world.device_certificate.clone()));
    let answer =
        caller.post("/v1/requests", body("device", &world.own.device.to_string(), &request(&[]))).await;
    Way::new("a device with its own certificate", "E-AUTH-009", answer)
}

async fn after_access_ended(world: &World) -> Way {
    let leaver = &world.leaver;
    let disable = format!("/v1/staff/{}/disable", leaver.enrolled.record.id);
    let ended = world.caller(&world.country.administrator).post(&disable, json!({"reason": "left"})).await;
    assert!(ended.status.is_success(), "{}", ended.json);
    let answer = world.ask(leaver, body("device", &world.own.device.to_string(), &request(&[]))).await;
    Way::new("an officer who has left", "E-AUTH-004", answer)
}

/// Identities that are not, or are no more, and facts that are missing.
async fn not_there(world: &World) -> Vec<Way> {
    let erased = world.another_device("RSL-GATE-8");
    let erasure = format!("/v1/identities/{erased}/erasure");
    let done =
        world.caller(&world.country.administrator).post(&erasure, json!({"reason": "letter 12"})).await;
    assert!(done.status.is_success(), "{}", done.json);
    let unnamed = world.country.register(
        &world.applicant,
        NewIdentity::Application {
            owner: world.owner(),
            name: "Unnamed".to_owned(),
            environment: "test".to_owned(),
            dns_names: Vec::new(),
            further: Further::default(),
        },
    );
    let mut ways = Vec::new();
    for (what, profile, holder, code) in [
        ("one that was erased", "device", erased, "E-ID-008"),
        ("one that never was", "person-signature", "P-000000000X".to_owned(), "E-ID-001"),
        ("one that is mistyped", "device", "D-000000000Y".to_owned(), "E-ID-006"),
        ("all of them", "device", "D-*".to_owned(), "E-ID-007"),
        ("an application without a host's name", "tls-server", unnamed.to_string(), "E-ISS-002"),
    ] {
        let answer = world.ask(&world.applicant, body(profile, &holder, &request(&[]))).await;
        ways.push(Way::new(what, code, answer));
    }
    ways
}
