//! CAs that publish their CRLs by plans of their own: shards, deltas, starts, and the journal of what they signed.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeMap;

use tests::certificates::{self, Issued};
use tests::country::{Country, CrlEntry};
use tests::installation::Installation;
use tests::npki::{exit, text};
use tests::{bystander, judges::openssl};

/// What stands behind the settings that `npki init` wrote.
const PLANS: &str = r#"
[crl.ca.persons]
shards = 3
[crl.ca.persons.delta]
validity_hours = 6
in_certificates = true
[crl.ca.things]
contains = "user-certificates"
[crl.ca.things.delta]
validity_hours = 12
"#;
const CAS: [&str; 7] = ["root", "persons", "seals", "things", "timestamping", "tls-root", "tls"];

#[test]
fn each_ca_publishes_by_its_own_plan_and_the_ledger_meant_every_signature() {
    let installation = Installation::fresh_edited("national", |settings| settings.to_owned() + PLANS);
    let mut country = Country::populated_in(installation);
    shards_and_deltas_are_of_their_ca_alone(&country);
    a_start_signs_nothing(&mut country);
    the_ledger_meant_every_signature(&mut country);
}

fn crl(country: &Country, name: &str) -> Vec<u8> {
    let address = format!("{}/crl/{name}.crl", country.installation.public_url());
    let answer = bystander::fetch(&country.installation, &address);
    assert_eq!(answer.status, 200, "{address}");
    answer.body
}

/// The name of the CRL that a certificate names: `persons/2`.
fn named(country: &Country, issued: &Issued) -> String {
    let address = certificates::crl_addresses(&issued.certificate).remove(0);
    let base = format!("{}/crl/", country.installation.public_url());
    address.strip_prefix(&base).unwrap().strip_suffix(".crl").unwrap().to_owned()
}

fn shards_and_deltas_are_of_their_ca_alone(country: &Country) {
    let person = country.certificate("person-authentication");
    let shard = named(country, person);
    assert!(["persons/1", "persons/2", "persons/3"].contains(&shard.as_str()), "{shard}");
    let device = country.certificate("device");
    assert_eq!(named(country, device), "things");
    let numbers = numbers(country);
    for (issued, delta) in [(person, format!("{shard}-delta")), (device, "things-delta".to_owned())] {
        country.revoke(&issued.serial, "key-compromise");
        country.until_crl_of(&delta, CrlEntry::Listed, &issued.serial);
        let npki = &country.staff.officer.npki;
        let trust = country.installation.trust();
        let seen = npki.answered(exit::NO, &["status", text(&issued.certificate), "--trust", text(&trust)]);
        assert_eq!(seen["status"], "revoked", "{seen}");
    }
    // The full CRLs need not be made anew for that.
    assert_eq!(numbers, self::numbers(country));
    for without in ["persons/4", "seals-delta", "root-delta", "tls/1", "tls-delta"] {
        let address = format!("{}/crl/{without}.crl", country.installation.public_url());
        assert_eq!(bystander::fetch(&country.installation, &address).status, 404, "{address}");
    }
    // The others' certificates are believed on.
    let seal = country.certificate("organisation-seal");
    let branch =
        openssl::Branch { root: country.installation.ca("root"), issuing: country.installation.ca("seals") };
    openssl::verify_under(&country.installation, &branch, &seal.certificate).succeeded();
}

fn numbers(country: &Country) -> BTreeMap<String, u64> {
    let shards = (1..=3).map(|number| format!("persons/{number}"));
    let all = CAS.map(str::to_owned).into_iter().chain(shards);
    all.map(|name| (name.clone(), certificates::crl_number(&crl(country, &name)))).collect()
}

fn a_start_signs_nothing(country: &mut Country) {
    let deltas = |country: &Country| {
        ["persons-delta", "persons/1-delta", "persons/2-delta", "persons/3-delta", "things-delta"]
            .map(|name| certificates::crl_number(&crl(country, name)))
    };
    let before = (numbers(country), deltas(country));
    country.installation.stop();
    country.installation.start();
    assert_eq!(before, (numbers(country), deltas(country)));
    // And what is revoked after it is published.
    let seal = country.certificate("organisation-seal");
    country.revoke(&seal.serial, "superseded");
    country.until_crl_of("seals", CrlEntry::Listed, &seal.serial);
    let after = numbers(country);
    let changed: Vec<_> = before.0.iter().filter(|(name, number)| after[*name] != **number).collect();
    assert_eq!(changed.len(), 1, "{changed:?}");
}

fn the_ledger_meant_every_signature(country: &mut Country) {
    country.installation.stop();
    let (auditor, data) = (country.installation.somebody("auditor"), country.installation.data());
    let clean = auditor.done(&["audit", "signatures", "--data", text(&data)]);
    assert_eq!(clean["verdict"], "clean", "{clean}");
    let journals = clean["journals"].as_array().unwrap();
    assert_eq!(journals.len(), CAS.len(), "{clean}");
    for journal in journals {
        assert_eq!(journal["signatures"], journal["explained"], "{journal}");
    }
    // Three shards and the first, each with a delta, besides certificates.
    let persons = journals.iter().find(|journal| journal["ca"] == "persons").unwrap();
    assert!(persons["signatures"].as_u64().unwrap() >= 8, "{persons}");
    country.installation.audit_is_clean();
}

#[test]
fn a_section_of_a_ca_that_is_not_there_is_refused() {
    let installation = Installation::founded();
    installation.edit_settings(|settings| format!("{settings}\n[crl.ca.person]\nshards = 4\n"));
    let data = installation.data();
    let refused = installation.somebody("operator").refused(1, &["serve", "--data", text(&data)]);
    assert!(refused.detail.contains("[crl.ca.person]"), "{}", refused.detail);
    assert!(refused.detail.contains("issuing"), "{}", refused.detail);
}
