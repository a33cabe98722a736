//! Webhooks: who is told what, in which order, how often, and what it is known by.

use std::sync::atomic::{AtomicBool, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use id_registry::id::{IdentityId, WebhookId};
use id_registry::identity::{IdentityError, Owner};
use id_registry::life::change::{ChangeAsked, ChangeReason, NewFacts};
use id_registry::life::{ClosureCause, DeathSource, SuspensionCause};
use id_registry::permission::{ChangeIdentities, ManageWebhooks, ReadWebhooks, RevokeCertificates};
use id_registry::principal::Role;
use id_registry::usage::UsageWanted;
use id_registry::webhook::{
    Followed, Former, Message, NewWebhook, Shift, Standing, State, Turn, Undelivered, Webhook, WebhookError,
    WebhookSecret, Why,
};
use ring::hmac;
use serde_json::{Value, json};
use time::Duration;

use crate::country::{Country, Member, csr, device, organisation, person};
use crate::http::Caller;
use crate::parties::{Agency, purpose};
use crate::sealed::{assert_absent, everything};

const ADDRESS: &str = "https://hooks.gov.ls/npki?token=Pa55";
const WHY: &str = "letter 7 of 2026";
static GOES_ON: AtomicBool = AtomicBool::new(false);

impl Country {
    fn hook(&self, organisation: IdentityId, kinds: &[&str]) -> (Webhook, WebhookSecret) {
        self.try_hook(organisation, ADDRESS, kinds, WHY).unwrap()
    }

    fn try_hook(
        &self,
        organisation: IdentityId,
        address: &str,
        kinds: &[&str],
        reason: &str,
    ) -> Result<(Webhook, WebhookSecret), WebhookError> {
        let kinds: Vec<String> = kinds.iter().map(|kind| (*kind).to_owned()).collect();
        let new = NewWebhook { organisation, address, kinds: &kinds, reason };
        self.registry.add_webhook(&self.administrator.permit(), &new)
    }

    /// One turn of a node that remembers nothing.
    fn turn(&self, id: WebhookId, node: &str) -> Turn {
        let shift = Shift { node, ends: &GOES_ON };
        self.registry.carry_on_webhook(id, &mut Followed::default(), shift).unwrap()
    }

    /// Sends until nothing is left: what came meanwhile.
    fn sent(&self, id: WebhookId) -> Vec<Value> {
        self.receivers.came.lock().unwrap().clear();
        while let Turn::Taken(_) = self.turn(id, "alpha") {}
        self.came().iter().map(body).collect()
    }

    fn came(&self) -> Vec<Message> {
        self.receivers.came.lock().unwrap().iter().map(|(_, message)| message.clone()).collect()
    }

    fn answer(&self, answers: &[Result<(), Undelivered>]) {
        self.receivers.answers.lock().unwrap().extend(answers);
    }

    fn shown(&self, id: WebhookId) -> Standing {
        self.registry.webhook(&self.administrator.permit::<ReadWebhooks>(), id).unwrap()
    }

    fn manage(&self) -> id_registry::permission::Permit<ManageWebhooks> {
        self.administrator.permit()
    }
}

fn body(message: &Message) -> Value {
    serde_json::from_slice(&message.body).unwrap()
}

fn kinds(sent: &[Value]) -> Vec<&str> {
    sent.iter().map(|message| message["type"].as_str().unwrap()).collect()
}

/// Whether a message is signed under this secret, as Standard Webhooks says.
fn is_signed(message: &Message, secret: &WebhookSecret) -> bool {
    let secret = secret.reveal();
    let key = STANDARD.decode(secret.strip_prefix("whsec_").unwrap()).unwrap();
    let key = hmac::Key::new(hmac::HMAC_SHA256, &key);
    let signed =
        format!("{}.{}.{}", message.id, message.timestamp, std::str::from_utf8(&message.body).unwrap());
    message.signature.split(' ').any(|signature| {
        let tag = STANDARD.decode(signature.strip_prefix("v1,").unwrap()).unwrap();
        hmac::verify(&key, signed.as_bytes(), &tag).is_ok()
    })
}

fn unanswered() -> Result<(), Undelivered> {
    Err(Undelivered::unanswered(Why::TimedOut))
}

#[test]
fn an_agency_is_told_of_what_it_owns_in_order_and_each_once() {
    let country = Country::founded();
    let officer = country.officer();
    let (own, other) = (country.settled(&officer, "RSL"), country.register(&officer, organisation("MSD")));
    let all = ["identity.registered", "identity.suspended", "certificate.issued", "certificate.revoked"];
    let (webhook, secret) = country.hook(own.organisation, &all);
    assert!(country.sent(webhook.id).is_empty(), "what was before is not told");
    let owner = Owner { organisation: own.organisation, sponsor: own.person };
    let gate = country.register(&officer, device(owner, "RSL-GATE-2"));
    country.register(&officer, device(Owner { organisation: other, sponsor: own.person }, "MSD-GATE-1"));
    country.register(&officer, person("PNOLS-4711"));
    let request = country.submit(&officer, "device", gate, &csr()).unwrap();
    let serial = request.serial().unwrap().clone();
    let revoke = country.administrator.permit::<RevokeCertificates>();
    let superseded = ca_core::status::RevocationReason::Superseded;
    country.registry.revoke(&revoke, &serial, superseded, None).unwrap();
    let change = officer.permit::<ChangeIdentities>();
    country
        .registry
        .suspend_identity(&change, own.organisation, SuspensionCause::Requested, "letter")
        .unwrap();
    country.registry.resume_identity(&country.officer().permit(), own.organisation, "letter 2").unwrap();

    let sent = country.sent(webhook.id);
    // The organisation with its devices and its application.
    let suspensions = ["identity.suspended"; 4];
    assert_eq!(kinds(&sent), [&all[..1], &[all[2], all[3]], &suspensions].concat());
    let numbers: Vec<u64> = sent.iter().map(|message| message["data"]["number"].as_u64().unwrap()).collect();
    assert_eq!(numbers, [1, 2, 3, 4, 5, 6, 7]);
    let positions: Vec<u64> =
        sent.iter().map(|message| message["data"]["position"].as_u64().unwrap()).collect();
    assert!(positions.is_sorted() && positions.windows(2).all(|pair| pair[0] != pair[1]), "{positions:?}");
    assert_eq!(sent[0]["data"]["identity"], gate.to_string());
    assert_eq!(sent[2]["data"]["certificate"], format!("issuing/{serial}"));
    assert_eq!(sent[2]["data"]["identity"], gate.to_string(), "whose it is, its owner may know");
    assert!(country.came().iter().all(|message| is_signed(message, &secret)));
    let ids: std::collections::BTreeSet<String> = country.came().into_iter().map(|came| came.id).collect();
    assert_eq!(ids.len(), 7);

    assert!(country.sent(webhook.id).is_empty(), "taken is taken");
    let Standing { webhook, behind } = country.shown(webhook.id);
    assert_eq!((webhook.delivered, behind.messages, behind.complete), (7, 0, true));
    assert_eq!(webhook.last.unwrap().position.0, positions[6]);
    assert_eq!(country.events("webhook.delivered")[0].detail["taken"], "7");
    assert_eq!(country.events("webhook.added")[0].detail["receiver"], "https://hooks.gov.ls", "no path");
}

#[test]
fn what_crls_tell_everybody_may_be_told_without_whose_it_is() {
    let country = Country::founded();
    let officer = country.officer();
    let things = country.settled(&officer, "RSL");
    let bank = country.register(&officer, organisation("BANK"));
    let (webhook, _) =
        country.hook(bank, &["certificate.revoked", "certificate.issued", "identity.suspended"]);
    let request = country.submit(&officer, "person-signature", things.person, &csr()).unwrap();
    let request = country.approve(&country.officer(), request.id, None).unwrap();
    let serial = request.serial().unwrap();
    let revoke = country.administrator.permit::<RevokeCertificates>();
    let superseded = ca_core::status::RevocationReason::Superseded;
    country.registry.revoke(&revoke, serial, superseded, None).unwrap();
    let change = officer.permit::<ChangeIdentities>();
    country.registry.suspend_identity(&change, things.person, SuspensionCause::Requested, "letter").unwrap();
    let sent = country.sent(webhook.id);
    assert_eq!(kinds(&sent), ["certificate.revoked"]);
    assert_eq!(sent[0]["data"]["certificate"], format!("issuing/{serial}"));
    assert!(!sent[0].to_string().contains(&things.person.to_string()), "{}", sent[0]);
}

/// Suspended, resumed, renamed, reported dead twice, dead.
fn lives_and_dies(agency: &Agency) {
    let (registry, id) = (&agency.country.registry, agency.person);
    let [two, three] = [agency.country.officer(), agency.country.officer()];
    let one = agency.officer.permit::<ChangeIdentities>();
    registry.suspend_identity(&one, id, SuspensionCause::Investigation, "case 12").unwrap();
    registry.resume_identity(&two.permit(), id, "case closed").unwrap();
    let facts: NewFacts = serde_json::from_value(json!({"surname": "Nthunya"})).unwrap();
    let asked =
        ChangeAsked { facts: &facts, reason: ChangeReason::Marriage, replace_within: None, note: "cert 7" };
    let open = registry.propose_change(&two.permit(), id, &asked).unwrap();
    registry.confirm_change(&three.permit(), id, &open.proposed.id.to_string(), "seen").unwrap();
    registry.report_death(&one, id, DeathSource::CivilRegister, "entry 7").unwrap();
    registry.confirm_death(&two.permit(), id, None, "entry 7").unwrap();
}

const OF_PERSONS: [&str; 8] = [
    "identity.registered",
    "identity.suspended",
    "identity.resumed",
    "identity.changed",
    "identity.death-reported",
    "identity.died",
    "identity.closed",
    "identity.erased",
];

#[test]
fn of_a_person_an_agency_is_told_what_makes_untrue_what_it_was_told_before() {
    for (admitted, told) in [
        (&["surname"][..], &["identity.changed"][..]),
        (&["given-name"], &[]),
        (&["alive"], &["identity.death-reported", "identity.died"]),
        // Who may know the status alone is not told that it is a death.
        (&["status"], &["identity.suspended", "identity.resumed", "identity.suspended", "identity.closed"]),
    ] {
        let agency = Agency::for_purpose(admitted);
        let (webhook, _) = agency.country.hook(agency.organisation, &OF_PERSONS);
        agency.ask_as(&agency.operator, &agency.person.to_string(), admitted).unwrap();
        lives_and_dies(&agency);
        let sent = agency.country.sent(webhook.id);
        assert_eq!(kinds(&sent), told, "{admitted:?}");
        for message in &sent {
            assert_eq!(message["data"]["identity"], agency.person.to_string());
        }
        let text = sent.iter().map(ToString::to_string).collect::<String>();
        assert!(!text.contains("Nthunya") && !text.contains("PNOLS"), "{text}");
        let wanted = UsageWanted { since: None, until: None, processing: None, bulk: true };
        let seen = agency.country.registry.usage(&agency.officer.permit(), agency.person, &wanted).unwrap();
        let in_log =
            seen.iter().filter(|usage| usage.said.contains("was told to somebody who knows you by it"));
        assert_eq!(in_log.count(), told.len(), "the person sees each: {seen:?}");
    }
}

#[test]
fn who_never_asked_or_may_not_any_more_is_told_nothing_of_a_person() {
    let agency = Agency::for_purpose(&["alive", "surname"]);
    let (webhook, _) = agency.country.hook(agency.organisation, &OF_PERSONS);
    lives_and_dies(&agency);
    assert!(agency.country.sent(webhook.id).is_empty(), "it never asked of this person");
    agency.ask_as(&agency.operator, &agency.person.to_string(), &["alive"]).unwrap();
    assert!(agency.country.sent(webhook.id).is_empty(), "what was before it asked");

    let agency = Agency::for_purpose(&["alive", "surname"]);
    let (webhook, _) = agency.country.hook(agency.organisation, &OF_PERSONS);
    agency.ask_as(&agency.operator, &agency.person.to_string(), &["alive"]).unwrap();
    let administrator = &agency.country.administrator;
    agency.country.registry.end_party(&administrator.permit(), agency.organisation, "passed on").unwrap();
    lives_and_dies(&agency);
    assert!(agency.country.sent(webhook.id).is_empty(), "it is no relying party any more");
}

#[test]
fn whoever_knows_a_pseudonym_learns_no_identifier_and_nothing_to_join_by() {
    let agency = Agency::for_purpose(&["pseudonym", "alive"]);
    let named = agency.pseudonym(&agency.operator, agency.person);
    // Named by identifier once, it may know it.
    let (webhook, _) = agency.country.hook(agency.organisation, &OF_PERSONS);
    let tax = agency.country.register(&agency.officer, organisation("TAX"));
    let clerk = agency.country.enrol("Clerk", Role::AgencyOperator { organisation: tax });
    agency.registered(tax, "tax", &[purpose("child-grant", &["alive", "pseudonym"])]);
    // A colleague of the same sector hands the pseudonym on: the clerk never knows the identifier.
    let customs = agency.country.register(&agency.officer, organisation("CUSTOMS"));
    let colleague = agency.country.enrol("Colleague", Role::AgencyOperator { organisation: customs });
    agency.registered(customs, "tax", &[purpose("child-grant", &["pseudonym"])]);
    let taxed = agency.pseudonym(&colleague, agency.person);
    agency.ask_as(&clerk, &taxed, &["alive"]).unwrap();
    let (by_pseudonym, _) = agency.country.hook(tax, &OF_PERSONS);
    lives_and_dies(&agency);
    let sent = agency.country.sent(webhook.id);
    assert_eq!(sent[0]["data"]["identity"], agency.person.to_string(), "{named}");
    let ids: Vec<String> = agency.country.came().into_iter().map(|came| came.id).collect();
    let others = agency.country.sent(by_pseudonym.id);
    assert_eq!(kinds(&others), ["identity.death-reported", "identity.died"]);
    for message in &others {
        let data = &message["data"];
        assert_eq!((&data["identity"], data.get("position")), (&json!(taxed), None), "{message}");
        assert!(message["timestamp"].as_str().unwrap().ends_with("T00:00:00Z"), "the day alone: {message}");
    }
    assert!(agency.country.came().iter().all(|came| !ids.contains(&came.id)));
}

#[test]
fn what_is_not_taken_is_sent_again_after_growing_times_and_nothing_overtakes_it() {
    let country = Country::founded();
    let officer = country.officer();
    let things = country.settled(&officer, "RSL");
    let (webhook, _) = country.hook(things.organisation, &["identity.registered"]);
    let owner = Owner { organisation: things.organisation, sponsor: things.person };
    for gate in ["G-1", "G-2", "G-3"] {
        country.register(&officer, device(owner, gate));
    }
    country.answer(&[Ok(()), Err(Undelivered::answered(503)), unanswered(), Err(Undelivered::answered(302))]);
    assert_eq!(country.turn(webhook.id, "alpha"), Turn::Failed(Undelivered::answered(503)));
    let failing = country.shown(webhook.id).webhook.failing.unwrap();
    assert_eq!((failing.attempts, failing.error.to_string().as_str()), (1, "failed (503)"));
    assert_eq!(country.turn(webhook.id, "alpha"), Turn::Nothing, "not yet");
    assert!(country.registry.webhooks_due("alpha").unwrap().is_empty());
    for (attempts, why) in [(2, Why::TimedOut), (3, Why::Redirected)] {
        country.pass(Duration::seconds(5));
        assert!(matches!(country.turn(webhook.id, "alpha"), Turn::Failed(failed) if failed.why == why));
        assert_eq!(country.shown(webhook.id).webhook.failing.unwrap().attempts, attempts);
    }
    assert_eq!(country.shown(webhook.id).behind.messages, 2);
    country.pass(Duration::seconds(9));
    assert_eq!(country.turn(webhook.id, "alpha"), Turn::Taken(2));
    let numbers: Vec<Value> =
        country.came().iter().map(|came| body(came)["data"]["number"].clone()).collect();
    assert_eq!(numbers, [1, 2, 2, 2, 2, 3], "the one that is not taken holds up those behind it");
    let ids: Vec<String> = country.came().into_iter().map(|came| came.id).collect();
    assert!(ids[1..5].iter().all(|id| *id == ids[1]), "it is known by its name");
    assert_eq!(country.shown(webhook.id).webhook.failing, None);
    assert_eq!(country.events("webhook.failed").len(), 3);
}

#[test]
fn whoever_takes_nothing_for_days_is_paused_with_the_reason_and_loses_nothing() {
    let country = Country::founded();
    let officer = country.officer();
    let things = country.settled(&officer, "RSL");
    let (webhook, _) = country.hook(things.organisation, &["identity.registered"]);
    let owner = Owner { organisation: things.organisation, sponsor: things.person };
    country.register(&officer, device(owner, "G-1"));
    let mut tries = 0;
    while country.shown(webhook.id).webhook.state == State::Active {
        country.answer(&[unanswered()]);
        country.turn(webhook.id, "alpha");
        tries += 1;
        country.pass(Duration::hours(1));
    }
    assert_eq!(tries, 121, "five days, an hour apart at most");
    let Standing { webhook: paused, behind } = country.shown(webhook.id);
    let stopped = paused.stopped.unwrap();
    assert_eq!((stopped.by.0.as_str(), behind.messages), ("system:webhooks", 1));
    assert!(stopped.reason.contains("121 attempts; the last: timed-out"), "{stopped:?}");
    assert!(country.sent(webhook.id).is_empty());
    let again = country.registry.pause_webhook(&country.manage(), webhook.id, WHY);
    assert!(matches!(again, Err(WebhookError::Already(_, State::Paused))));
    country.registry.resume_webhook(&country.manage(), webhook.id, WHY).unwrap();
    assert_eq!(country.sent(webhook.id).len(), 1);
    // Gone is gone.
    country.register(&officer, device(owner, "G-2"));
    country.answer(&[Err(Undelivered::answered(410))]);
    country.turn(webhook.id, "alpha");
    let gone = country.shown(webhook.id).webhook;
    assert_eq!(gone.state, State::Paused);
    assert!(gone.stopped.unwrap().reason.contains("410"));
    assert_eq!(country.events("webhook.paused").len(), 2);
}

#[test]
fn of_several_nodes_one_sends_and_another_goes_on_when_it_is_gone() {
    let country = Country::founded();
    let officer = country.officer();
    let things = country.settled(&officer, "RSL");
    let (webhook, _) = country.hook(things.organisation, &["identity.registered"]);
    let owner = Owner { organisation: things.organisation, sponsor: things.person };
    country.register(&officer, device(owner, "G-1"));
    country.register(&officer, device(owner, "G-2"));
    // Alpha sends, and dies before it can enter that.
    country.receivers.then_fails.store(true, Ordering::Relaxed);
    let shift = Shift { node: "alpha", ends: &GOES_ON };
    let died = country.registry.carry_on_webhook(webhook.id, &mut Followed::default(), shift);
    died.unwrap_err();
    assert_eq!(country.turn(webhook.id, "beta"), Turn::Nothing, "alpha said that it sends");
    assert!(country.registry.webhooks_due("beta").unwrap().is_empty());
    country.pass(Duration::seconds(121));
    assert_eq!(country.turn(webhook.id, "beta"), Turn::Taken(2));
    let came = country.came();
    assert_eq!((came.len(), &came[0].id, &came[1].id), (4, &came[2].id, &came[3].id), "at least once");
    assert_eq!(body(&came[0]), body(&came[2]));
    // Alpha itself would have gone on at once.
    country.register(&officer, device(owner, "G-3"));
    country.receivers.then_fails.store(true, Ordering::Relaxed);
    country.registry.carry_on_webhook(webhook.id, &mut Followed::default(), shift).unwrap_err();
    assert_eq!(country.turn(webhook.id, "alpha"), Turn::Taken(1));
    // A node that ends begins nothing more.
    country.register(&officer, device(owner, "G-4"));
    let ends = AtomicBool::new(true);
    let ended = Shift { node: "alpha", ends: &ends };
    let ended = country.registry.carry_on_webhook(webhook.id, &mut Followed::default(), ended).unwrap();
    assert_eq!(ended, Turn::Taken(0));
    assert_eq!(country.turn(webhook.id, "beta"), Turn::Taken(1), "and leaves no claim behind");
}

#[test]
fn an_agency_that_is_suspended_is_told_nothing_until_somebody_resumes_both() {
    let country = Country::founded();
    let officer = country.officer();
    let things = country.settled(&officer, "RSL");
    let (webhook, _) = country.hook(things.organisation, &["identity.suspended"]);
    let change = officer.permit::<ChangeIdentities>();
    country
        .registry
        .suspend_identity(&change, things.organisation, SuspensionCause::Requested, "letter")
        .unwrap();
    assert!(country.sent(webhook.id).is_empty());
    let paused = country.shown(webhook.id).webhook;
    assert_eq!(paused.state, State::Paused);
    assert!(paused.stopped.unwrap().reason.contains("is suspended"));
    let resumed = country.registry.resume_webhook(&country.manage(), webhook.id, WHY);
    assert!(matches!(resumed, Err(WebhookError::Identity(IdentityError::Suspended { .. }))));
    country.registry.resume_identity(&country.officer().permit(), things.organisation, "letter 2").unwrap();
    country.registry.resume_webhook(&country.manage(), webhook.id, WHY).unwrap();
    assert_eq!(country.sent(webhook.id).len(), 3, "what happened meanwhile is told then");
}

#[test]
fn secrets_are_sealed_changed_over_in_a_day_or_at_once_and_forgotten() {
    let country = Country::founded();
    let officer = country.officer();
    let things = country.settled(&officer, "RSL");
    let (webhook, first) = country.hook(things.organisation, &["identity.registered"]);
    let manage = country.manage();
    let tested = |country: &Country| {
        country.receivers.came.lock().unwrap().clear();
        assert_eq!(country.registry.test_webhook(&country.manage(), webhook.id).unwrap(), None);
        country.came().pop().unwrap()
    };
    assert_eq!(body(&tested(&country))["type"], "webhook.test");
    let (_, second) =
        country.registry.rotate_webhook_secret(&manage, webhook.id, Former::SignsOn, WHY).unwrap();
    let both = tested(&country);
    assert!(is_signed(&both, &first) && is_signed(&both, &second));
    country.pass(Duration::hours(25));
    let one = tested(&country);
    assert!(!is_signed(&one, &first) && is_signed(&one, &second));
    let (_, third) =
        country.registry.rotate_webhook_secret(&manage, webhook.id, Former::Ends, "stolen").unwrap();
    let one = tested(&country);
    assert!(!is_signed(&one, &second) && is_signed(&one, &third));
    let shown: Vec<_> = [&first, &second, &third].iter().map(|secret| secret.reveal().to_string()).collect();
    let parts: Vec<&str> = shown.iter().map(|secret| &secret[6..]).collect();
    assert_absent(&everything(&country.store), &parts);
    country.answer(&[Err(Undelivered::answered(404))]);
    let failed = country.registry.test_webhook(&manage, webhook.id).unwrap().unwrap();
    assert_eq!(failed.to_string(), "refused (404)");
    country.registry.end_webhook(&manage, webhook.id, WHY).unwrap();
    let ended = country.registry.test_webhook(&manage, webhook.id);
    assert!(matches!(ended, Err(WebhookError::Ended(_))), "{ended:?}");
    let rotated = country.registry.rotate_webhook_secret(&manage, webhook.id, Former::Ends, WHY);
    assert!(matches!(rotated, Err(WebhookError::Ended(_))), "{rotated:?}");
    assert!(matches!(country.registry.end_webhook(&manage, webhook.id, WHY), Err(WebhookError::Ended(_))));
    assert!(country.sent(webhook.id).is_empty());
}

#[test]
fn what_does_not_fit_is_no_webhook() {
    let country = Country::founded();
    let officer = country.officer();
    let things = country.settled(&officer, "RSL");
    let good = ["identity.registered"];
    for (address, kinds, reason, field) in [
        ("http://hooks.gov.ls", &good[..], WHY, "address"),
        ("https://user:pw@hooks.gov.ls", &good, WHY, "address"),
        ("hooks", &good, WHY, "address"),
        (ADDRESS, &[], WHY, "kinds"),
        (ADDRESS, &["identity.viewed"], WHY, "kinds"),
        (ADDRESS, &["identity.died", "identity.died"], WHY, "kinds"),
        (ADDRESS, &good, "", "reason"),
    ] {
        match country.try_hook(things.organisation, address, kinds, reason) {
            Err(WebhookError::Field(error)) => assert_eq!(error.field, field),
            other => panic!("{field}: {other:?}"),
        }
    }
    let of_person = country.try_hook(things.person, ADDRESS, &good, WHY);
    assert!(matches!(of_person, Err(WebhookError::Identity(IdentityError::WrongKind { .. }))));
    let closed = country.register(&officer, organisation("GONE"));
    let permit = country.administrator.permit();
    country.registry.close_identity(&permit, closed, ClosureCause::Dissolved, None, "gazette 12").unwrap();
    let closed = country.try_hook(closed, ADDRESS, &good, WHY);
    assert!(matches!(closed, Err(WebhookError::Identity(IdentityError::Closed(_)))));
    assert!(country.events("webhook.added").is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn webhooks_over_http_show_the_secret_once_and_each_agency_its_own() {
    let country = Country::founded();
    let officer = country.officer();
    let (things, other) = (country.settled(&officer, "RSL"), country.register(&officer, organisation("MSD")));
    let caller = |member: &Member| Caller::new(&country, Some(member));
    let administrator = caller(&country.administrator);
    let entered = json!({"organisation": things.organisation, "address": ADDRESS,
        "kinds": ["identity.registered"], "reason": WHY});
    let added = administrator.post("/v1/webhooks", entered.clone()).await;
    assert_eq!(added.status.as_u16(), 201, "{}", added.json);
    assert!(added.json["secret"].as_str().unwrap().starts_with("whsec_"));
    let id = added.json["webhook"]["id"].as_str().unwrap().to_owned();
    let mut unfit = entered;
    unfit["address"] = json!("http://hooks.gov.ls");
    administrator.post("/v1/webhooks", unfit).await.problem(422, "E-ID-003");

    let own = country.enrol("Operator", Role::AgencyOperator { organisation: things.organisation });
    let others = country.enrol("Clerk", Role::AgencyOperator { organisation: other });
    let path = format!("/v1/webhooks/{id}");
    let shown = caller(&own).get(&path).await;
    assert_eq!((&shown.json["webhook"]["status"], &shown.json["behind"]), (&json!("active"), &json!(0)));
    assert!(!shown.json.to_string().contains("whsec_"));
    caller(&others).get(&path).await.problem(403, "E-AUTH-003");
    caller(&others).get(&format!("{path}/deliveries")).await.problem(403, "E-AUTH-003");
    assert_eq!(caller(&others).get("/v1/webhooks").await.json["items"], json!([]));
    assert_eq!(caller(&own).get("/v1/webhooks").await.json["items"][0]["id"], json!(id));
    caller(&own).post(&format!("{path}/end"), json!({"reason": WHY})).await.problem(403, "E-AUTH-002");
    caller(&officer).get(&path).await.problem(403, "E-AUTH-002");

    let reason = json!({"reason": WHY});
    let paused = administrator.post(&format!("{path}/pause"), reason.clone()).await;
    assert_eq!((&paused.json["status"], &paused.json["reason"]), (&json!("paused"), &json!(WHY)));
    administrator.post(&format!("{path}/pause"), reason.clone()).await.problem(409, "E-WHK-003");
    administrator.post(&format!("{path}/resume"), reason.clone()).await;
    let tested = administrator.post(&format!("{path}/test"), json!({})).await;
    assert_eq!(tested.json, json!({"taken": true, "error": null}));
    let rotate = json!({"former": "ends", "reason": WHY});
    let rotated = administrator.post(&format!("{path}/rotate-secret"), rotate).await;
    assert_ne!(rotated.json["secret"], added.json["secret"]);
    administrator.post(&format!("{path}/end"), reason.clone()).await;
    administrator.post(&format!("{path}/resume"), reason).await.problem(409, "E-WHK-002");
    administrator.get("/v1/webhooks/H-0000000000").await.problem(400, "E-ID-006");
    let deeds = caller(&own).get(&format!("{path}/deliveries?limit=3")).await;
    let done = |deeds: &Value| -> Vec<String> {
        deeds["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|deed| deed["action"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(done(&deeds.json), ["webhook.added", "webhook.paused", "webhook.resumed"]);
    let after = deeds.json["next"].as_str().unwrap();
    let more = caller(&own).get(&format!("{path}/deliveries?after={after}")).await;
    assert_eq!(done(&more.json), ["webhook.tested", "webhook.secret-rotated", "webhook.ended"]);
}
