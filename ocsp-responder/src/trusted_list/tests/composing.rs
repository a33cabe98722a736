//! What lists say one after the other: history, and the number in the store.

use ca_core::clock::SystemEntropy;
use ca_core::ledger::Ledger;
use ca_core::storage::memory::MemoryStore;

use super::*;
use crate::trusted_list::compose;
use crate::trusted_list::identifiers::Status;
use crate::trusted_list::keeping::Wanted;
use crate::trusted_list::{TrustedListKeeper, VerifiedList};

#[test]
fn what_goes_is_withdrawn_and_what_was_is_kept() {
    let country = Country::with_signer("P-256");
    let live = country.live();
    let first = country.list();
    let began =
        |service: &crate::trusted_list::Service| service.since <= country.now && service.since > LONG_AGO;
    assert!(first.services().all(|(_, service)| service.status == Status::granted() && began(service)));
    let later = country.now + time::Duration::days(10);
    // The root is gone, and the CA revoked since a day.
    let mut changed = live[1..].to_vec();
    changed[0].withdrawn = Some(later - time::Duration::days(1));
    let second = country.list_of(compose(Some(&first), organisation(), &changed, later), 8);
    let services: Vec<_> = second.services().map(|(_, service)| service.clone()).collect();
    let states: Vec<_> = services.iter().map(|service| (service.status.short(), service.since)).collect();
    let since = services[2].since;
    assert_eq!(
        states,
        [("withdrawn", later), ("withdrawn", later - time::Duration::days(1)), ("granted", since),]
    );
    assert_eq!(services[1].history.len(), 1);
    assert_eq!(services[1].status_at(country.now).unwrap().short(), "granted");
    assert_eq!(services[1].status_at(later).unwrap().short(), "withdrawn");
    assert_eq!(services[1].status_at(LONG_AGO), None);
    // All of it back again: three states of the root, the latest first.
    let back = later + time::Duration::days(1);
    let third = compose(Some(&second), organisation(), &live, back);
    let root: Vec<_> = third.services[0].history.iter().map(|past| past.status.short()).collect();
    assert_eq!((third.services[0].status.short(), root), ("granted", vec!["withdrawn", "granted"]));
    // And once more the same, as it is read back from XML.
    let third = country.list_of(third, 9);
    let signed = country.signer("signer").sign(&unsigned(&third), country.now).unwrap();
    signing::xmlsec1(&country, &signed).unwrap();
    let read = VerifiedList::read(signed.as_bytes(), &[country.der("signer")], country.now).unwrap();
    assert_eq!(read.list(), &third);
}

#[test]
fn what_a_ca_becomes_it_was_not_before() {
    let country = Country::with_signer("P-256");
    let mut live = country.live();
    live.truncate(1);
    let first = country.list_of(compose(None, organisation(), &live, country.now), 1);
    live[0].kind = ServiceKind::qualified_root();
    let later = country.now + time::Duration::days(1);
    let second = compose(Some(&first), organisation(), &live, later);
    let said: Vec<_> =
        second.services.iter().map(|it| (it.kind.short(), it.status.short(), it.since == later)).collect();
    assert_eq!(said, [("CA/PKC", "withdrawn", true), ("NationalRootCA-QC", "granted", true)]);
}

#[test]
fn numbers_grow_and_lists_come_when_they_are_due() {
    let country = Country::with_signer("P-256");
    let clock = Arc::new(ca_core::clock::SetClock::at(country.now));
    let keeper = TrustedListKeeper::new(
        Arc::new(MemoryStore::new()),
        clock.clone(),
        Ledger::new(clock.clone(), Arc::new(SystemEntropy)),
    );
    let signer = country.signer("signer");
    let mut wanted = Wanted {
        scheme: scheme(),
        provider: organisation(),
        live: country.live(),
        lifetime: time::Duration::days(30),
        least_number: 1,
    };
    let issue = |wanted: &Wanted| keeper.issue_due(wanted, &signer).unwrap().map(|kept| kept.list.sequence);
    assert_eq!(keeper.kept("LS").unwrap(), None);
    assert_eq!(issue(&wanted), Some(1));
    assert_eq!(issue(&wanted), None);
    wanted.live.pop();
    assert_eq!(issue(&wanted), Some(2));
    assert_eq!(issue(&wanted), None);
    clock.set(country.now + time::Duration::days(15));
    assert_eq!(issue(&wanted), Some(3));
    wanted.least_number = 50;
    assert_eq!(issue(&wanted), Some(50));
    assert_eq!(issue(&wanted), None);
    country.workshop.issue("root", "next", "P-384", SIGNER);
    let by_next = keeper.issue_due(&wanted, &country.signer("next")).unwrap().unwrap();
    assert_eq!(by_next.list.sequence, 51);
    let kept = keeper.kept("LS").unwrap().unwrap();
    assert_eq!(kept, by_next);
    // Three days of a clock that was set back.
    clock.set(country.now + time::Duration::days(12));
    wanted.live.pop();
    let list = keeper.issue_due(&wanted, &signer).unwrap().unwrap().list;
    assert_eq!((list.sequence, list.issued), (52, country.now + time::Duration::days(15)));
}
