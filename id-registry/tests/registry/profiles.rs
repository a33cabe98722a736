//! Changes of profiles: two administrators, the very text, in force at once, also for what is being issued.

use std::sync::atomic::{AtomicBool, Ordering};

use ca_core::certificate::CaId;
use ca_core::csr::{CertificationRequest, Wishes};
use ca_core::issuance::IssueError;
use ca_core::profile::{ProfileId, built_in};
use ca_core::profile_book::{NotInForce, Objection, digest};
use ca_core::storage::{CommitError, Store};
use ca_core::subject::{ApprovedSubject, Fact, IdentityRef};
use id_registry::enrolment::{
    Effect, RequestError, RequestStatus, Simulated, Simulation, SimulationError, Tally,
};
use id_registry::page::PageSize;
use id_registry::permission::{ChangeProfiles, Permit, ReadProfiles};
use id_registry::principal::Role;
use id_registry::profiles::{ProfileChangeError, Proposal, ProposalStatus, Wish};

use crate::country::{Country, Member, csr, csr_with};

fn id(name: &str) -> ProfileId {
    ProfileId(name.to_owned())
}

fn text(name: &str) -> &'static str {
    built_in(name).unwrap()
}

/// A built-in profile with one passage changed, which must be there.
fn changed(name: &str, from: &str, to: &str) -> String {
    assert!(text(name).contains(from), "{name} has no {from}");
    text(name).replacen(from, to, 1)
}

fn shorter_device() -> String {
    changed("device", "validity_days = 365", "validity_days = 30")
}

fn of(text: impl Into<String>) -> Wish {
    Wish::Change { text: text.into(), issued_by: None }
}

/// Two administrators.
struct Pair {
    country: Country,
    other: Member,
}

impl Pair {
    fn founded() -> Self {
        let country = Country::founded();
        let other = country.enrol("Another Administrator", Role::Administrator);
        Self { country, other }
    }

    fn one(&self) -> Permit<ChangeProfiles> {
        self.country.administrator.permit()
    }

    fn other(&self) -> Permit<ChangeProfiles> {
        self.other.permit()
    }

    fn reader(&self) -> Permit<ReadProfiles> {
        self.other.permit()
    }

    fn propose(&self, name: &str, wish: &Wish) -> Result<Proposal, ProfileChangeError> {
        self.country.registry.propose_profile(&self.one(), &id(name), wish, "the law of 2027")
    }

    fn approve(&self, proposal: &Proposal) -> Result<Proposal, ProfileChangeError> {
        self.country.registry.approve_profile(&self.other(), proposal.id, &proposal.sha256)
    }

    /// Proposed by one, approved by the other.
    fn change(&self, name: &str, wish: &Wish) -> Proposal {
        self.approve(&self.propose(name, wish).unwrap()).unwrap()
    }
}

/// Changes the profile of seals, as far as nobody who asks for one notices.
pub(crate) fn shorten_seals(country: &Country, other: &Member) {
    let changed = changed("organisation-seal", "validity_days = 730", "validity_days = 90");
    let registry = &country.registry;
    let administrator = country.administrator.permit();
    let proposal =
        registry.propose_profile(&administrator, &id("organisation-seal"), &of(changed), "shorter").unwrap();
    registry.approve_profile(&other.permit(), proposal.id, &proposal.sha256).unwrap();
}

#[test]
fn a_change_takes_two_and_is_in_force_at_once() {
    let pair = Pair::founded();
    let officer = pair.country.officer();
    let things = pair.country.settled(&officer, "RSL");
    let issue = || {
        let request = pair.country.submit(&officer, "device", things.device, &csr()).unwrap();
        pair.country.registry.certificate(&officer.permit(), request.serial().unwrap()).unwrap().0
    };
    let before = issue();
    assert_eq!(before.profile_sha256.as_deref(), Some(digest(text("device")).as_str()));
    let proposal = pair.propose("device", &of(shorter_device())).unwrap();
    assert_eq!(
        (proposal.status(), proposal.sha256.clone()),
        (ProposalStatus::Waiting, digest(&shorter_device()))
    );
    assert_eq!(issue().profile_sha256, before.profile_sha256, "a proposal changes nothing");
    let approved = pair.approve(&proposal).unwrap();
    assert_eq!(approved.status(), ProposalStatus::Approved);
    let after = issue();
    assert_eq!(after.profile_sha256.as_deref(), Some(digest(&shorter_device()).as_str()));
    assert!((after.not_after - after.not_before).whole_days() <= 30);

    let editions =
        pair.country.registry.profile_editions(&pair.reader(), &id("device"), None, PageSize::default());
    let editions = editions.unwrap().items;
    assert_eq!(editions.iter().map(|edition| edition.number).collect::<Vec<_>>(), [1, 2]);
    let [event] = &pair.country.events("profile.approved")[..] else { panic!("one event") };
    assert_eq!((event.id, event.subject.as_str()), (editions[1].event, "profile:device"));
    assert_eq!(event.detail["sha256"], proposal.sha256);
    assert_eq!(event.detail["proposed-by"], format!("staff:{}", proposal.proposed_by));
    assert_ne!(event.actor.0, event.detail["proposed-by"]);
    assert_eq!(pair.country.events("profile.proposed").len(), 1);
}

#[test]
fn nobody_decides_on_a_proposal_of_ones_own() {
    let pair = Pair::founded();
    let registry = &pair.country.registry;
    let proposal = pair.propose("device", &of(shorter_device())).unwrap();
    let refused = registry.approve_profile(&pair.one(), proposal.id, &proposal.sha256);
    assert!(matches!(refused, Err(ProfileChangeError::Own(_))), "{refused:?}");
    let refused = registry.reject_profile(&pair.one(), proposal.id, "no");
    assert!(matches!(refused, Err(ProfileChangeError::Own(_))), "{refused:?}");
    assert_eq!(pair.country.events("profile.decision-refused").len(), 2, "the auditor sees it");
    let refused = registry.withdraw_profile(&pair.other(), proposal.id);
    assert!(matches!(refused, Err(ProfileChangeError::NotYours { .. })), "{refused:?}");
    assert_eq!(
        registry.withdraw_profile(&pair.one(), proposal.id).unwrap().status(),
        ProposalStatus::Withdrawn
    );
    let refused = pair.approve(&proposal);
    assert!(matches!(refused, Err(ProfileChangeError::Decided { .. })), "{refused:?}");
    assert!(pair.country.events("profile.approved").is_empty());
    for (role, may) in [(Role::Administrator, true), (Role::Officer, false), (Role::Auditor, false)] {
        let member = pair.country.enrol("Somebody", role);
        assert_eq!(member.principal.permit::<ChangeProfiles>().is_ok(), may);
        assert!(member.principal.permit::<ReadProfiles>().is_ok());
    }
}

#[test]
fn what_is_approved_is_what_was_shown_and_still_fits() {
    let pair = Pair::founded();
    let proposal = pair.propose("device", &of(shorter_device())).unwrap();
    let another = digest(text("device"));
    let refused = pair.country.registry.approve_profile(&pair.other(), proposal.id, &another);
    assert!(matches!(refused, Err(ProfileChangeError::OtherDigest { .. })), "{refused:?}");
    let rival =
        pair.propose("device", &of(changed("device", "validity_days = 365", "validity_days = 60"))).unwrap();
    let elsewhere = pair.propose("application", &Wish::Retirement).unwrap();
    pair.approve(&rival).unwrap();
    let refused = pair.approve(&proposal);
    assert!(matches!(refused, Err(ProfileChangeError::Stale { .. })), "{refused:?}");
    let current = pair.country.registry.authorities().profiles().current().unwrap();
    assert!(proposal.is_stale(&current) && !elsewhere.is_stale(&current));
    pair.approve(&elsewhere).unwrap();
    let rejected = pair.country.registry.reject_profile(&pair.other(), proposal.id, "overtaken").unwrap();
    assert_eq!(rejected.status(), ProposalStatus::Rejected);
}

#[test]
fn of_many_approvals_at_once_one_wins() {
    let pair = Pair::founded();
    let proposal = pair.propose("device", &of(shorter_device())).unwrap();
    let rival =
        pair.propose("device", &of(changed("device", "validity_days = 365", "validity_days = 60"))).unwrap();
    let outcomes: Vec<Result<Proposal, ProfileChangeError>> = std::thread::scope(|scope| {
        let attempts = (0..8).map(|at| {
            let (pair, chosen) = (&pair, if at % 2 == 0 { &proposal } else { &rival });
            scope.spawn(move || pair.approve(chosen))
        });
        let attempts: Vec<_> = attempts.collect();
        attempts.into_iter().map(|attempt| attempt.join().unwrap()).collect()
    });
    let won: Vec<_> = outcomes.iter().flatten().map(|won| won.id).collect();
    let [won] = won.as_slice() else { panic!("{outcomes:?}") };
    // Who lost hears of which: what won is decided, however close behind; the other is stale.
    for refused in outcomes.iter().filter_map(|outcome| outcome.as_ref().err()) {
        let told = match refused {
            ProfileChangeError::Decided { id, .. } => id == won,
            ProfileChangeError::Stale { id, .. } => id != won,
            _ => false,
        };
        assert!(told, "{won} won: {refused:?}");
    }
    let editions =
        pair.country.registry.profile_editions(&pair.reader(), &id("device"), None, PageSize::default());
    assert_eq!(editions.unwrap().items.len(), 2);
    assert_eq!(pair.country.events("profile.approved").len(), 1);
}

#[test]
fn what_does_not_fit_is_refused_when_it_is_proposed() {
    let pair = Pair::founded();
    let size = pair.country.store.ledger_size().unwrap();
    let refused = |name: &str, wish: &Wish| match pair.propose(name, wish) {
        Err(ProfileChangeError::Objection(objection)) => objection,
        other => panic!("{name}: {other:?}"),
    };
    assert!(matches!(refused("device", &of("title = 1")), Objection::Text(_)));
    assert!(matches!(refused("device", &of(text("device"))), Objection::Unchanged(_)));
    assert!(matches!(refused("meter", &of(text("device"))), Objection::NoIssuer(_)));
    assert!(matches!(refused("staff-authentication", &Wish::Retirement), Objection::Indispensable { .. }));
    let foreign = changed("device", "426.1.5.1", "426.1.5.9");
    assert!(matches!(refused("device", &of(foreign.clone())), Objection::Hierarchy(_)));
    // The CA's profile may list the policy by now; its certificate does not.
    let listed = changed(
        "issuing-ca",
        "426.1.5.1\"",
        "426.1.5.1\"\n\n[[policies]]\noid = \"1.3.6.1.4.1.32473.426.1.5.9\"",
    );
    pair.change("issuing-ca", &of(listed));
    let Objection::Unable(unable) = refused("device", &of(foreign)) else { panic!("another objection") };
    assert!(unable.why.contains("does not list policy"), "{unable}");
    let long = changed("device", "validity_days = 365", "validity_days = 3653");
    assert!(matches!(refused("device", &of(long)), Objection::Unable(_) | Objection::Text(_)));
    let no_reason =
        pair.country.registry.propose_profile(&pair.one(), &id("device"), &of(shorter_device()), " ");
    assert!(matches!(no_reason, Err(ProfileChangeError::Field(_))));
    assert_eq!(pair.country.store.ledger_size().unwrap(), size + 2, "a refusal leaves nothing");
}

#[test]
fn a_new_profile_is_issued_by_the_ca_that_was_named() {
    let pair = Pair::founded();
    let officer = pair.country.officer();
    let things = pair.country.settled(&officer, "RSL");
    let refused = pair.country.submit(&officer, "meter", things.device, &csr());
    assert!(matches!(refused, Err(RequestError::Profile(NotInForce::Unknown(_)))), "{refused:?}");
    let issued_by = Some(CaId::new("issuing").unwrap());
    pair.change("meter", &Wish::Change { text: shorter_device(), issued_by });
    let request = pair.country.submit(&officer, "meter", things.device, &csr()).unwrap();
    let (certificate, _) =
        pair.country.registry.certificate(&officer.permit(), request.serial().unwrap()).unwrap();
    assert_eq!((certificate.issuer.as_str(), certificate.profile.0.as_str()), ("issuing", "meter"));
    pair.change("meter", &Wish::Retirement);
    let refused = pair.country.submit(&officer, "meter", things.device, &csr());
    assert!(matches!(refused, Err(RequestError::Profile(NotInForce::Retired(_)))), "{refused:?}");
    assert_eq!(pair.country.events("profile.retired").len(), 1);
}

#[test]
fn a_request_of_before_is_admitted_anew_by_what_is_in_force() {
    let pair = Pair::founded();
    let (officer, approver) = (pair.country.officer(), pair.country.officer());
    let things = pair.country.settled(&officer, "RSL");
    let waiting = pair.country.submit(&officer, "person-signature", things.person, &csr()).unwrap();
    assert_eq!(waiting.status(), RequestStatus::Waiting);
    let stricter = changed("person-signature", "curves = [\"p256\", \"p384\"]", "curves = [\"p384\"]");
    pair.change("person-signature", &of(stricter));
    let refused = pair.country.approve(&approver, waiting.id, None);
    let Err(RequestError::ProfileChanged { edition, refused, .. }) = refused else { panic!("{refused:?}") };
    assert_eq!(edition, 2);
    assert!(matches!(*refused, RequestError::Issue(IssueError::Refused(_))), "{refused}");
    assert_eq!(pair.country.certificates_of(things.person), 0);
    // Back again, it is issued, under the edition that is then in force.
    pair.change("person-signature", &of(text("person-signature")));
    let issued = pair.country.approve(&approver, waiting.id, None).unwrap();
    let record = pair.country.registry.certificate(&officer.permit(), issued.serial().unwrap()).unwrap().0;
    assert_eq!(record.profile_sha256, Some(digest(text("person-signature"))));
}

#[test]
fn what_was_admitted_a_moment_before_a_change_is_not_issued() {
    let pair = Pair::founded();
    let registry = &pair.country.registry;
    let subject = ApprovedSubject::new(IdentityRef("X-1".to_owned()))
        .with(Fact::Country, "LS")
        .with(Fact::Organization, "Agency")
        .with(Fact::OrganizationIdentifier, "GO:LS-RSL")
        .with(Fact::AssetTag, "RSL-1");
    let verified = CertificationRequest::parse(&csr()).unwrap().verify().unwrap();
    let profile = registry.authorities().profiles().find("device").unwrap();
    let admit = || {
        let (key, who) = (verified.key().clone(), subject.clone());
        registry.authorities().admit(key, &Wishes::none(), who, &profile).unwrap()
    };
    let admission = admit();
    pair.change("device", &of(shorter_device()));
    let actor = ca_core::ledger::Actor::system("test");
    let refused = admission.issue(&actor, |_, _| Ok(ca_core::storage::AuditedChange::nothing()));
    assert!(matches!(refused, Err(IssueError::Commit(CommitError::Conflict { .. }))), "{refused:?}");
    let reference = IdentityRef("X-1".to_owned());
    assert!(registry.authorities().of_identity(&reference, None, 10).unwrap().is_empty());
}

#[test]
fn whoever_asks_during_a_change_gets_one_edition_or_the_other_and_afterwards_the_new_one() {
    let pair = Pair::founded();
    let officer = pair.country.officer();
    let things = pair.country.settled(&officer, "RSL");
    let requests: Vec<Vec<u8>> = (0..24).map(|_| csr()).collect();
    let proposal = pair.propose("device", &of(shorter_device())).unwrap();
    let in_force = AtomicBool::new(false);
    let ask = |csr: &[u8]| {
        let after = in_force.load(Ordering::SeqCst);
        let request = pair.country.submit(&officer, "device", things.device, csr).unwrap();
        let record =
            pair.country.registry.certificate(&officer.permit(), request.serial().unwrap()).unwrap().0;
        (after, record.profile_sha256.unwrap())
    };
    let issued: Vec<(bool, String)> = std::thread::scope(|scope| {
        let ask = &ask;
        let asking: Vec<_> = requests
            .chunks(6)
            .map(|chunk| scope.spawn(move || chunk.iter().map(|csr| ask(csr)).collect::<Vec<_>>()))
            .collect();
        pair.approve(&proposal).unwrap();
        in_force.store(true, Ordering::SeqCst);
        asking.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    let (old, new) = (digest(text("device")), proposal.sha256.clone());
    assert_eq!(issued.len(), requests.len(), "nothing is lost");
    for (after, sha256) in issued {
        assert!(sha256 == new || (sha256 == old && !after), "issued under {sha256} after the change");
    }
}

#[test]
fn proposals_are_listed_in_pages_by_status() {
    let pair = Pair::founded();
    let days = |days: u32| of(changed("device", "validity_days = 365", &format!("validity_days = {days}")));
    let made: Vec<_> = (40..47).map(|number| pair.propose("device", &days(number)).unwrap()).collect();
    pair.approve(&made[3]).unwrap();
    pair.country.registry.reject_profile(&pair.other(), made[0].id, "too short").unwrap();
    let listed = |status: Option<ProposalStatus>| {
        let (mut seen, mut after) = (Vec::new(), None);
        loop {
            let size = PageSize::new(2).unwrap();
            let page = pair.country.registry.profile_proposals(&pair.reader(), status, after, size).unwrap();
            assert!(page.items.len() <= 2);
            seen.extend(page.items.into_iter().map(|proposal| proposal.id));
            after = page.next;
            if after.is_none() {
                seen.sort();
                return seen;
            }
        }
    };
    let mut all: Vec<_> = made.iter().map(|proposal| proposal.id).collect();
    all.sort();
    assert_eq!(listed(None), all);
    assert_eq!(listed(Some(ProposalStatus::Approved)), [made[3].id]);
    assert_eq!(listed(Some(ProposalStatus::Rejected)), [made[0].id]);
    assert_eq!(listed(Some(ProposalStatus::Waiting)).len(), 5);
    assert!(listed(Some(ProposalStatus::Withdrawn)).is_empty());
}

impl Pair {
    /// Runs a changed profile over all requests, in pages of `size`, and adds up what was found.
    fn simulate(&self, name: &str, text: &str, size: usize) -> Simulated {
        let (profile, since) = (id(name), time::OffsetDateTime::UNIX_EPOCH);
        let simulation = Simulation { profile: &profile, text, issued_by: None, since };
        let (mut all, mut after) = (Simulated::default(), None);
        loop {
            let size = PageSize::new(size).unwrap();
            let page = self.country.registry.simulate_profile(&self.one(), &simulation, after, size).unwrap();
            assert!(page.requests <= size.entries());
            all.requests += page.requests;
            all.erased += page.erased;
            for (kind, tally) in page.effects {
                let sum = all.effects.entry(kind).or_default();
                sum.count += tally.count;
                sum.examples.extend(tally.examples);
            }
            after = page.next;
            if after.is_none() {
                return all;
            }
        }
    }
}

fn counts(found: &Simulated) -> Vec<(&'static str, &'static str, String, usize)> {
    let told = |((status, effect), tally): (&(&'static str, Effect), &Tally)| {
        (*status, effect.name(), effect.detail().unwrap_or_default().to_owned(), tally.count)
    };
    found.effects.iter().map(told).collect()
}

#[test]
fn a_change_is_tried_on_the_requests_that_were_made() {
    let pair = Pair::founded();
    let officer = pair.country.officer();
    let things = pair.country.settled(&officer, "RSL");
    let p384 = csr_with(&["-pkeyopt", "ec_paramgen_curve:P-384"]);
    let waiting = pair.country.submit(&officer, "person-signature", things.person, &csr()).unwrap();
    let other = pair.country.submit(&officer, "person-signature", things.person, &p384).unwrap();
    let rejected = pair.country.submit(&officer, "person-signature", things.person, &csr()).unwrap();
    let approver = pair.country.officer();
    pair.country.approve(&approver, other.id, None).unwrap();
    pair.country.registry.reject(&approver.permit(), rejected.id, "not today").unwrap();
    pair.country.submit(&officer, "device", things.device, &csr()).unwrap();

    let same = changed("person-signature", "title = ", "# a comment\ntitle = ");
    let found = pair.simulate("person-signature", &same, 2);
    assert_eq!((found.requests, found.erased), (3, 0));
    assert!(counts(&found).iter().all(|(_, effect, ..)| *effect == "same"), "{:?}", counts(&found));

    let size = pair.country.store.ledger_size().unwrap();
    let stricter = changed("person-signature", "curves = [\"p256\", \"p384\"]", "curves = [\"p384\"]");
    let stricter = stricter.replacen("https://pki.gov.ls/cps", "https://pki.gov.ls/cps-2027", 1);
    let stricter = stricter.replacen("approvals = 1", "approvals = 2", 1);
    let found = pair.simulate("person-signature", &stricter, 1);
    assert_eq!(
        counts(&found),
        [
            ("issued", "differs", "approvals changed".to_owned(), 1),
            ("issued", "differs", "extension certificatePolicies changed".to_owned(), 1),
            ("rejected", "refused-now", "key-not-admitted p256".to_owned(), 1),
            ("waiting", "refused-now", "key-not-admitted p256".to_owned(), 1),
        ]
    );
    let refused = ("waiting", Effect::RefusedNow("key-not-admitted p256".to_owned()));
    assert_eq!(found.effects[&refused].examples, [waiting.id]);
    assert_eq!(pair.country.store.ledger_size().unwrap(), size + 1, "it changes nothing, and is on record");
    assert_eq!(pair.country.events("profile.simulated").len(), 2);

    pair.change("person-signature", &of(stricter));
    let found = pair.simulate("person-signature", text("person-signature"), 100);
    assert!(counts(&found).iter().any(|(_, effect, ..)| *effect == "admitted-now"), "{:?}", counts(&found));
}

#[test]
fn pseudonyms_make_no_difference_and_the_erased_are_counted_apart() {
    let pair = Pair::founded();
    let (officer, approver) = (pair.country.officer(), pair.country.officer());
    let things = pair.country.settled(&officer, "RSL");
    let other = pair.country.register(&officer, crate::country::person("PNOLS-4711"));
    let profile = "person-authentication-pseudonymous";
    for person in [things.person, other] {
        let request = pair.country.submit(&officer, profile, person, &csr()).unwrap();
        if request.status() == RequestStatus::Waiting {
            pair.country.registry.reject(&approver.permit(), request.id, "not today").unwrap();
        }
    }
    let erase = pair.country.administrator.permit();
    pair.country.registry.erase_identity(&erase, other, "asked for").unwrap();
    let days = text(profile).lines().find(|line| line.starts_with("validity_days")).unwrap();
    let found = pair.simulate(profile, &changed(profile, days, "validity_days = 7"), 10);
    assert_eq!((found.requests, found.erased), (2, 1));
    let [(_, effect, detail, count)] = &counts(&found)[..] else { panic!("{:?}", counts(&found)) };
    assert_eq!((*effect, detail.as_str(), *count), ("differs", "validity changed", 1));
}

#[test]
fn what_could_not_be_proposed_is_not_simulated() {
    let pair = Pair::founded();
    let profile = id("device");
    let of = |text| Simulation {
        profile: &profile,
        text,
        issued_by: None,
        since: time::OffsetDateTime::UNIX_EPOCH,
    };
    let run =
        |text| pair.country.registry.simulate_profile(&pair.one(), &of(text), None, PageSize::default());
    let size = pair.country.store.ledger_size().unwrap();
    for text in ["title = 1", text("device")] {
        let refused = run(text);
        assert!(
            matches!(refused, Err(SimulationError::Change(ProfileChangeError::Objection(_)))),
            "{refused:?}"
        );
    }
    assert_eq!(pair.country.store.ledger_size().unwrap(), size);
}
