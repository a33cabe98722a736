#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use super::*;
use crate::clock::{SetClock, SystemEntropy};
use crate::hierarchy::{self, Hierarchy};
use crate::ledger::{self, Actor, Ledger, Position};
use crate::profile::BUILT_IN;
use crate::storage::memory::MemoryStore;
use crate::storage::{Change, CommitError};

struct Shelf {
    store: Arc<MemoryStore>,
    book: ProfileBook,
    plan: Hierarchy,
    ledger: Ledger,
}

fn actor(name: &str) -> Actor {
    Actor(format!("staff:{name}"))
}

fn built_in() -> Vec<(String, String)> {
    BUILT_IN.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
}

fn id(name: &str) -> ProfileId {
    ProfileId(name.to_owned())
}

fn text(name: &str) -> &'static str {
    crate::profile::built_in(name).unwrap()
}

/// A built-in profile with one passage changed, which must be there.
fn changed(name: &str, from: &str, to: &str) -> String {
    assert!(text(name).contains(from), "{name} has no {from}");
    text(name).replacen(from, to, 1)
}

fn of(text: &str) -> Wanted<'_> {
    Wanted::Text { text, issued_by: None }
}

impl Shelf {
    fn begun() -> Self {
        let store = Arc::new(MemoryStore::new());
        let clock = Arc::new(SetClock::at(time::OffsetDateTime::UNIX_EPOCH));
        let ledger = Ledger::new(clock, Arc::new(SystemEntropy));
        let book = ProfileBook::kept_in(store.clone());
        assert!(book.current().unwrap().is_empty());
        assert!(book.begin(&built_in(), &Origin::Founding, &ledger, &actor("init")).unwrap());
        let (_, national) = hierarchy::BUILT_IN.iter().find(|(name, _)| *name == "national").unwrap();
        let plan = Hierarchy::from_toml(national, &book.current().unwrap()).unwrap();
        Self { store, book, plan, ledger }
    }

    fn judged(&self, name: &str, wanted: Wanted<'_>) -> Result<Judged, Objection> {
        Judged::of(&self.book.current().unwrap(), &self.plan, &id(name), wanted)
    }

    #[track_caller]
    fn refused(&self, name: &str, wanted: Wanted<'_>) -> String {
        match self.judged(name, wanted) {
            Err(objection) => objection.to_string(),
            Ok(judged) => panic!("{name} was taken: {judged:?}"),
        }
    }

    fn enter(&self, judged: Judged) -> Result<(), CommitError> {
        let event = self.ledger.event(&actor("B"), ledger::Action::named("profile.approved"), "x").unwrap();
        let word = Endorsement {
            proposal: "C-1".to_owned(),
            proposed_by: actor("A"),
            approved_by: actor("B"),
            reason: "the law says so".to_owned(),
        };
        self.store.commit(judged.entered(word, &event).unwrap().explained_by(&event)).map(|_| ())
    }

    fn change(&self, name: &str, wanted: Wanted<'_>) {
        self.enter(self.judged(name, wanted).unwrap()).unwrap();
    }
}

#[test]
fn a_book_begins_with_one_event_for_each_profile_and_begins_once() {
    let shelf = Shelf::begun();
    let current = shelf.book.current().unwrap();
    assert_eq!(current.profiles().iter().count(), BUILT_IN.len());
    assert_eq!(*current.profiles(), ProfileSet::built_in().unwrap());
    let events = ledger::events(shelf.store.as_ref(), Position(0), 100).unwrap();
    let founded: Vec<_> = events.iter().filter(|event| event.action == FOUNDED).collect();
    assert_eq!(founded.len(), BUILT_IN.len());
    let device = founded.iter().find(|event| event.subject == "profile:device").unwrap();
    assert_eq!(device.detail["sha256"], digest(text("device")));
    let edition = shelf.book.edition(&id("device"), 1).unwrap().unwrap();
    assert_eq!((edition.text.as_str(), edition.event), (text("device"), device.id));
    assert_eq!(edition.origin, Origin::Founding);
    // Begun again, by a node that starts at the same time or later, it stays what it is.
    let other = vec![("device".to_owned(), changed("device", "validity_days = 365", "validity_days = 30"))];
    assert!(!shelf.book.begin(&other, &Origin::Import, &shelf.ledger, &actor("init")).unwrap());
    assert_eq!(shelf.store.ledger_size().unwrap(), events.len() as u64);
    let twice = [built_in(), built_in()].concat();
    let fresh = ProfileBook::kept_in(Arc::new(MemoryStore::new()));
    let refused = fresh.begin(&twice, &Origin::Founding, &shelf.ledger, &actor("init")).unwrap_err();
    assert!(matches!(refused, FoundError::Twice(_)), "{refused}");
    assert!(fresh.current().unwrap().is_empty());
}

#[test]
fn a_change_counts_at_once_for_everybody_who_looks() {
    let shelf = Shelf::begun();
    let elsewhere = ProfileBook::kept_in(shelf.store.clone());
    let before = elsewhere.find("device").unwrap();
    assert_eq!(before.mark().unwrap().number, 1);
    let shorter = changed("device", "validity_days = 365", "validity_days = 30");
    shelf.change("device", of(&shorter));
    let after = elsewhere.find("device").unwrap();
    assert_eq!((after.mark().unwrap().number, after.validity.whole_days()), (2, 30));
    assert_eq!(after.mark().unwrap().sha256, digest(&shorter));
    // What the others are was not read again.
    let current = elsewhere.current().unwrap();
    assert!(Arc::ptr_eq(&current, &elsewhere.current().unwrap()));
    assert_eq!(current.find("person-signature").unwrap().mark().unwrap().number, 1);
    // What was admitted under the edition before does not commit any more.
    let event = shelf.ledger.event(&actor("C"), ledger::Action::named("x"), "x").unwrap();
    let stale = still_in_force(Change::new(), before.mark().unwrap().directory).explained_by(&event);
    assert!(matches!(shelf.store.commit(stale), Err(CommitError::Conflict { .. })));
    let valid = still_in_force(Change::new(), after.mark().unwrap().directory).explained_by(&event);
    shelf.store.commit(valid).unwrap();
    let editions = shelf.book.editions(&id("device"), None, 10).unwrap();
    assert_eq!(editions.iter().map(|edition| edition.number).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(shelf.book.editions(&id("device"), Some(1), 10).unwrap(), editions[1..]);
}

#[test]
fn of_two_changes_that_were_judged_at_once_one_is_entered() {
    let shelf = Shelf::begun();
    let shorter = changed("device", "validity_days = 365", "validity_days = 30");
    let one = shelf.judged("device", of(&shorter)).unwrap();
    let other = shelf.judged("application", Wanted::Retirement).unwrap();
    shelf.enter(one).unwrap();
    assert!(matches!(shelf.enter(other), Err(CommitError::Conflict { .. })));
    assert!(shelf.book.find("application").is_ok());
}

#[test]
fn what_was_issued_under_an_edition_is_judged_by_that_edition() {
    let shelf = Shelf::begun();
    let first = digest(text("device"));
    shelf.change("device", of(&changed("device", "validity_days = 365", "validity_days = 30")));
    let days = |sha256: Option<&str>| {
        let profile = shelf.book.issued_under(&id("device"), sha256).unwrap();
        profile.map(|profile| profile.validity.whole_days())
    };
    assert_eq!(days(Some(&first)), Some(365));
    assert_eq!(days(None), Some(30));
    assert_eq!(days(Some("00")), None);
    shelf.change("device", Wanted::Retirement);
    assert_eq!(days(Some(&first)), Some(365));
    assert_eq!(days(None), Some(30), "its certificates are there, retired or not");
}

#[test]
fn a_retired_profile_is_told_apart_and_comes_back() {
    let shelf = Shelf::begun();
    shelf.change("device", Wanted::Retirement);
    assert!(matches!(shelf.book.find("device"), Err(NotInForce::Retired(_))));
    assert!(matches!(shelf.book.find("devise"), Err(NotInForce::Unknown(_))));
    let last = shelf.book.edition(&id("device"), 2).unwrap().unwrap();
    assert_eq!((last.state, last.text.as_str()), (EditionState::Retired, text("device")));
    assert!(shelf.refused("device", Wanted::Retirement).contains("retired before"));
    // The hierarchy still names it, and is none the worse.
    let (_, national) = hierarchy::BUILT_IN.iter().find(|(name, _)| *name == "national").unwrap();
    let plan = Hierarchy::from_toml(national, &shelf.book.current().unwrap()).unwrap();
    let in_effect = plan.in_effect(&shelf.book.current().unwrap());
    assert_eq!((plan.issuers_of("device").count(), in_effect.issuers_of("device").count()), (1, 0));
    shelf.change("device", of(text("device")));
    assert_eq!(shelf.book.find("device").unwrap().mark().unwrap().number, 3);
}

#[test]
fn a_new_profile_names_its_ca_and_the_hierarchy_takes_it_up() {
    let shelf = Shelf::begun();
    let meter = text("device");
    let by = |ca: &str| CaId::new(ca).unwrap();
    let named = |ca: &CaId| shelf.judged("meter", Wanted::Text { text: meter, issued_by: Some(ca) });
    assert!(shelf.refused("meter", of(meter)).contains("no CA issues"));
    let said = |ca: &str| named(&by(ca)).unwrap_err().to_string();
    assert!(said("thing").contains("no CA called thing"), "{}", said("thing"));
    assert!(said("root").contains("a root certifies CAs only"), "{}", said("root"));
    assert!(said("persons").contains("does not list policy"), "{}", said("persons"));
    shelf.enter(named(&by("things")).unwrap()).unwrap();
    let found = shelf.book.find("meter").unwrap();
    assert_eq!(found.issued_by(), Some(&by("things")));
    let in_effect = shelf.plan.in_effect(&shelf.book.current().unwrap());
    let issuers: Vec<_> = in_effect.issuers_of("meter").map(|ca| ca.id.to_string()).collect();
    assert_eq!(issuers, ["things"]);
    // From now on it is settled.
    let shorter = changed("device", "validity_days = 365", "validity_days = 30");
    let other = by("seals");
    let said = shelf.refused("meter", Wanted::Text { text: &shorter, issued_by: Some(&other) });
    assert!(said.contains("is issued by things, not by seals"), "{said}");
    shelf.change("meter", of(&shorter));
    assert_eq!(shelf.book.find("meter").unwrap().issued_by(), Some(&by("things")));
    let known = by("things");
    let said = shelf.refused("device", Wanted::Text { text: &shorter, issued_by: Some(&other) });
    assert!(said.contains("is issued by things"), "{said}");
    assert!(shelf.judged("device", Wanted::Text { text: &shorter, issued_by: Some(&known) }).is_ok());
}

#[test]
fn what_does_not_fit_is_refused_with_what_stands_against_it() {
    let shelf = Shelf::begun();
    for (name, text, said) in [
        ("device", text("device").to_owned(), "exactly this already"),
        ("device", "title = 1".to_owned(), "device.toml line 1"),
        ("device", " ".repeat(MOST_OCTETS + 1), "at most 65536"),
        ("device", changed("device", "title", "titel"), "did you mean `title`"),
        ("Device", text("device").to_owned(), "cannot name a profile"),
        ("device", changed("device", "426.1.5.1", "426.1.5.9"), "does not list policy"),
        ("device", changed("device", "[\"client-auth\"]", "[\"document-signing\"]"), "do not cover"),
        ("device", text("issuing-ca").to_owned(), "another kind"),
        ("things-ca", changed("things-ca", "426.1.5.1", "426.1.5.9"), "does not list policy"),
        ("ocsp-responder", text("device").to_owned(), "certify OCSP responders"),
        ("tls-server", text("device").to_owned(), "authenticate TLS servers"),
    ] {
        let why = shelf.refused(name, of(&text));
        assert!(why.contains(said), "{name}: {why}");
    }
    for (name, said) in [
        ("staff-authentication", "certificates of its own"),
        ("things-ca", "CA things"),
        ("devise", "no profile is called \"devise\""),
    ] {
        let why = shelf.refused(name, Wanted::Retirement);
        assert!(why.contains(said), "{name}: {why}");
    }
    let ca = CaId::new("root").unwrap();
    let new = Wanted::Text { text: text("issuing-ca"), issued_by: Some(&ca) };
    assert!(shelf.refused("wallet-ca", new).contains("is a CA's"));
    assert!(shelf.judged("wallet-ca", of(text("issuing-ca"))).is_ok());
}

/// What another version of npki took and this one does not stops the profile, and nothing else.
#[test]
fn a_text_that_this_version_refuses_is_set_aside() {
    let shelf = Shelf::begun();
    let foreign = "title = \"from the future\"\n";
    let event = shelf.ledger.event(&actor("B"), ledger::Action::named("x"), "x").unwrap();
    let entry = shelf.store.get(PROFILE_BOOK, DIRECTORY.as_bytes()).unwrap().unwrap();
    let mut directory = Directory::decode(&entry.value).unwrap();
    for name in ["device", "things-ca", "staff-authentication"] {
        let mut edition = shelf.book.edition(&id(name), 1).unwrap().unwrap();
        (edition.number, edition.text, edition.sha256) = (2, foreign.to_owned(), digest(foreign));
        let listed = directory.profiles.get_mut(&id(name)).unwrap();
        (listed.number, listed.sha256) = (2, digest(foreign));
        let change =
            Change::new().insert(PROFILE_EDITIONS, Edition::key(&id(name), 2), edition.encode().unwrap());
        shelf.store.commit(change.explained_by(&event)).unwrap();
    }
    let change = Change::new().replace(PROFILE_BOOK, DIRECTORY, entry.version, directory.encode().unwrap());
    shelf.store.commit(change.explained_by(&event)).unwrap();
    let current = shelf.book.current().unwrap();
    assert!(matches!(current.find("device"), Err(NotInForce::Unfit { .. })));
    assert!(current.find("application").is_ok());
    assert_eq!(current.unfit().count(), 3);
    let (_, national) = hierarchy::BUILT_IN.iter().find(|(name, _)| *name == "national").unwrap();
    Hierarchy::from_toml(national, &current).expect("the service starts all the same");
    // It is put right by a change, as any other.
    shelf.change("device", of(text("device")));
    assert!(shelf.book.find("device").is_ok());
    shelf.change("device", Wanted::Retirement);
}

#[test]
fn an_altered_edition_is_not_read() {
    let shelf = Shelf::begun();
    let mut edition = shelf.book.edition(&id("device"), 1).unwrap().unwrap();
    edition.text.push('\n');
    let event = shelf.ledger.event(&actor("B"), ledger::Action::named("x"), "x").unwrap();
    let change =
        Change::new().put(PROFILE_EDITIONS, Edition::key(&id("device"), 1), edition.encode().unwrap());
    shelf.store.commit(change.explained_by(&event)).unwrap();
    assert!(shelf.book.edition(&id("device"), 1).unwrap_err().0.contains("was altered"));
    let fresh = ProfileBook::kept_in(shelf.store.clone());
    assert!(fresh.current().unwrap_err().0.contains("was altered"));
}

#[test]
fn given_profiles_name_no_edition() {
    let book = ProfileBook::of(ProfileSet::built_in().unwrap());
    assert!(book.find("device").unwrap().mark().is_none());
    assert!(book.editions(&id("device"), None, 10).unwrap().is_empty());
    assert!(InForce::pinned(Profile::from_toml("device", text("device")).unwrap()).mark().is_none());
}
