#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeSet;

use ca_core::clock::{Clock, SystemClock};
use const_oid::ObjectIdentifier;

use super::super::certificate::{Certificate, CertificateError};
use super::super::fixture::{CA, LEAF, Workshop};
use super::search::Spent;
use super::{
    Demands, MAX_PATHS, MAX_SIGNATURE_CHECKS, MAX_STEPS, PathFailure, PathFault, Policies, Pool, Visit,
};

/// Looks for every path there is; the outcome and the work.
fn search(pool: &Pool, target: &Certificate) -> (Result<usize, Box<PathFailure>>, Spent) {
    let mut found = 0;
    let (outcome, spent) = pool.search(target, &Demands::NONE, SystemClock.now(), &mut |_| {
        found += 1;
        Visit::Another
    });
    (outcome.map(|()| found), spent)
}

/// CAs that have all certified one another, and a leaf of the first.
fn mesh(names: &[&str]) -> (Workshop, Vec<Certificate>, Certificate) {
    let workshop = Workshop::new();
    for name in names {
        workshop.root(name, "P-256");
    }
    let mut mesh = Vec::new();
    for issuer in names {
        for subject in names.iter().filter(|subject| *subject != issuer) {
            let copy = format!("{subject}-by-{issuer}");
            std::fs::copy(workshop.path(&format!("{subject}.key")), workshop.path(&format!("{copy}.key")))
                .unwrap();
            mesh.push(workshop.certify(issuer, &copy, &format!("/C=LS/O=Test/CN={subject}"), CA, &[]));
        }
    }
    let leaf = workshop.issue(names[0], "leaf", "P-256", LEAF);
    (workshop, mesh, leaf)
}

#[test]
fn work_in_a_mesh_of_cross_certificates_is_bounded_also_when_signatures_are_known() {
    let (workshop, mesh, leaf) = mesh(&["a", "b", "c", "d", "e", "f"]);
    let elsewhere = Workshop::new().root("elsewhere", "P-256");
    let pool = Pool::new(&mesh, &[elsewhere]);
    let mut failures = Vec::new();
    // Each search knows the signatures that those before it have checked.
    for _ in 0..3 {
        let (outcome, spent) = search(&pool, &leaf);
        assert!(spent.signatures <= MAX_SIGNATURE_CHECKS && spent.steps <= MAX_STEPS, "{spent:?}");
        failures.push(*outcome.unwrap_err());
    }
    assert!(matches!(failures[..], [PathFailure::LimitReached, .., PathFailure::NotFound]), "{failures:?}");
    // With a trust anchor in the mesh there are more paths than are tried.
    let (outcome, spent) = search(&Pool::new(&mesh, &[workshop.certificate("f")]), &leaf);
    assert!(spent.paths <= MAX_PATHS && outcome.unwrap() == spent.paths, "{spent:?}");
}

#[test]
fn two_cas_that_certify_each_other_are_no_loop() {
    let (_workshop, pair, leaf) = mesh(&["a", "b"]);
    let elsewhere = Workshop::new().root("elsewhere", "P-256");
    let (outcome, spent) = search(&Pool::new(&pair, &[elsewhere]), &leaf);
    assert!(matches!(*outcome.unwrap_err(), PathFailure::NotFound));
    assert_eq!(spent, Spent { signatures: 2, steps: 2, paths: 0 });
}

#[test]
fn a_thousand_namesakes_cost_no_more_than_the_limit() {
    let workshop = Workshop::new();
    let root = workshop.root("root", "P-256");
    let issuing = workshop.issue("root", "issuing", "P-256", CA);
    let leaf = workshop.issue("issuing", "leaf", "P-256", LEAF);
    // Same name, same key, another serial number: the leaf verifies under each, none leads to the root.
    let place =
        issuing.der().windows(8).position(|octets| octets == &issuing.serial_magnitude()[..8]).unwrap();
    let namesakes: Vec<_> = (0..1000_u16)
        .map(|number| {
            let mut der = issuing.der().to_vec();
            der[place + 4..place + 6].copy_from_slice(&number.to_be_bytes());
            Certificate::from_der(&der).unwrap()
        })
        .collect();
    let (outcome, spent) = search(&Pool::new(&namesakes, std::slice::from_ref(&root)), &leaf);
    assert!(matches!(*outcome.unwrap_err(), PathFailure::LimitReached));
    assert_eq!(spent.signatures, MAX_SIGNATURE_CHECKS);
    let (outcome, spent) = search(&Pool::new(&vec![issuing; 1025], &[root]), &leaf);
    assert!(matches!(*outcome.unwrap_err(), PathFailure::LimitReached));
    assert_eq!(spent, Spent::default());
}

#[test]
fn a_certificate_of_a_megabyte_is_not_read() {
    let mut der = vec![0x30, 0x83, 0x10, 0, 0];
    der.resize(0x10_0005, 0);
    assert!(matches!(Certificate::from_der(&der), Err(CertificateError::TooLarge)));
}

fn policy(number: u32) -> ObjectIdentifier {
    ObjectIdentifier::new(&format!("1.2.3.{number}")).unwrap()
}

#[test]
fn what_is_asked_of_policies_is_demanded_of_the_path() {
    let with = |extensions: &str, policies: &str| format!("{extensions}certificatePolicies={policies}\n");
    let workshop = Workshop::new();
    let root = workshop.root("root", "P-256");
    let issuing = workshop.issue("root", "issuing", "P-256", &with(CA, "1.2.3.1,1.2.3.2"));
    let leaf = workshop.issue("issuing", "leaf", "P-256", &with(LEAF, "1.2.3.2,1.2.3.3"));
    let bare = workshop.issue("issuing", "bare", "P-256", LEAF);
    let pool = Pool::new(&[issuing], &[root]);
    let at = SystemClock.now();
    let ask = |leaf: &Certificate, demands: &Demands| match pool.find_path(leaf, demands, at) {
        Ok(path) => Ok(path.policies().clone()),
        Err(failure) => match *failure {
            PathFailure::Refused { index, fault, .. } => Err((index, fault)),
            other => panic!("{other:?}"),
        },
    };
    let second = Policies::Named(BTreeSet::from([policy(2)]));
    assert_eq!(ask(&leaf, &Demands::NONE), Ok(second.clone()));
    assert_eq!(ask(&bare, &Demands::NONE), Ok(Policies::Named(BTreeSet::new())));
    let explicit = Demands { require_explicit_policy: true, ..Demands::NONE };
    assert_eq!(ask(&leaf, &explicit), Ok(second.clone()));
    assert_eq!(ask(&bare, &explicit), Err((0, PathFault::Policy)));
    let other = Demands { policies: Policies::of([policy(1)]), ..explicit.clone() };
    assert_eq!(ask(&leaf, &other), Err((0, PathFault::Policy)));
    let wanted = Demands { policies: Policies::of([policy(2), policy(9)]), ..explicit };
    assert_eq!(ask(&leaf, &wanted), Ok(second));
}

#[test]
fn names_outside_of_what_a_ca_may_vouch_for_are_refused_in_every_form() {
    let workshop = Workshop::new();
    let root = workshop.root("root", "P-256");
    let constraints = "nameConstraints=critical,permitted;DNS:example.ls,permitted;email:example.ls,\
        permitted;IP:10.0.0.0/255.0.0.0,permitted;URI:.example.ls,excluded;DNS:no.example.ls\n";
    let issuing = workshop.issue("root", "issuing", "P-256", &format!("{CA}{constraints}"));
    let pool = Pool::new(&[issuing], &[root]);
    for (names, allowed) in [
        ("DNS:a.example.ls,email:x@example.ls,IP:10.1.2.3,URI:https://a.example.ls/", true),
        ("DNS:example.org", false),
        ("DNS:a.no.example.ls", false),
        ("email:x@a.example.ls", false),
        ("IP:11.1.2.3", false),
        ("URI:https://example.ls/", false),
        ("RID:1.2.3", true),
    ] {
        let leaf = workshop.issue("issuing", "leaf", "P-256", &format!("{LEAF}subjectAltName={names}\n"));
        let found = pool.find_path(&leaf, &Demands::NONE, SystemClock.now());
        match found.map_err(|failure| *failure) {
            Ok(_) => assert!(allowed, "{names}"),
            Err(PathFailure::Refused { index: 0, fault: PathFault::NameConstraints, .. }) => {
                assert!(!allowed, "{names}");
            }
            Err(other) => panic!("{names}: {other:?}"),
        }
    }
}
