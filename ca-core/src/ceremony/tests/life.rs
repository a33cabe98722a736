//! The life of a root, each of its ceremonies interrupted at every point.

use time::Duration;
use time::macros::datetime;
use x509_parser::prelude::{FromDer, X509Certificate};

use super::*;
use crate::algorithm::KeyAlgorithm;
use crate::authority::retire::RETIRED;
use crate::authority::{CRL_PUBLISHED, FOUNDED, ISSUED, REVOKED};
use crate::ceremony::exchange::{ExchangeError, Pending, Request, Wish};
use crate::ceremony::script::CaName;
use crate::ceremony::station::Station;
use crate::certificate::CaId;
use crate::keys::Signer;
use crate::keys::software::SoftwareKey;
use crate::ledger::{Action, Position, events};

pub(super) fn request(vault: &Vault, key: &SoftwareKey) -> Request {
    let name = CaName {
        country: "LS".to_owned(),
        organisation: "Government of Lesotho".to_owned(),
        organisation_identifier: String::new(),
        common_name: "Issuing CA G1".to_owned(),
    };
    let wish = Wish {
        hierarchy: "ls".to_owned(),
        ca: CaId::new("issuing").unwrap(),
        profile: "issuing-ca".to_owned(),
        name,
        root_sha256: vault.root_sha256(),
        valid_for: Duration::days(30),
    };
    Request::make(wish, key, vault.clock.as_ref(), &SystemEntropy).unwrap()
}

pub(super) fn issuing_script(vault: &Vault, id: &str, request: &Request) -> String {
    std::fs::write(vault.exchange().join("request.json"), request.to_file()).unwrap();
    format!(
        "{}{}[issuing_ca]\nrequest = \"request.json\"\nrequest_sha256 = \"{}\"\nprofile = \"issuing-ca\"\n\
         response = \"response.json\"\n",
        head(id, "issuing-ca"),
        of_root(vault),
        request.digest()
    )
}

fn happened(vault: &Vault, action: &Action) -> usize {
    let station = Station::new(&vault.medium(), vault.clock.clone(), Arc::new(SystemEntropy));
    let store = station.store().unwrap();
    events(store.as_ref(), Position(0), 10_000)
        .unwrap()
        .iter()
        .filter(|event| event.action == *action)
        .count()
}

#[test]
fn a_root_lives_through_interruptions_at_every_point() {
    let mut vault = Vault::new();
    vault.people.answers.insert("share.2".to_owned(), neo(&vault));
    let (held, interruptions) = vault.hold_interrupted(&root_script(vault.folder.path()));
    // Eight steps of three moments, two people asked, five shares, one passphrase.
    assert!(interruptions >= 30, "{interruptions}");
    let founding = transcript(&held);
    let block = pem::parse(vault.made("root.pem")).unwrap();
    let root = block.contents();
    assert_eq!(founding.verify(Some(root)).unwrap().root_sha256, fingerprint(root));
    for step in ["custody", "key", "certificate", "crl", "opened"] {
        assert_eq!(steps_called(&founding, step), 1, "{step}");
    }
    assert!(steps_called(&founding, "resumed") >= 20);
    assert_eq!(happened(&vault, &FOUNDED), 1);
    assert_eq!(happened(&vault, &CRL_PUBLISHED), 1);

    issues(&mut vault);
    lists(&mut vault);
    ends(&mut vault);
    destroys(&mut vault);
}

fn issues(vault: &mut Vault) {
    vault.clock.set(datetime!(2026-12-01 09:00 UTC));
    let key = SoftwareKey::generate(KeyAlgorithm::P384).unwrap();
    let request = request(vault, &key);
    let mut pending = Pending::new(&request);
    let text = issuing_script(vault, "issuing-g1", &request);
    let (held, _) = vault.hold_interrupted(&text);
    transcript(&held).verify(None).unwrap();
    assert_eq!(happened(vault, &ISSUED), 1);
    let response = vault.made("response.json");
    let now = datetime!(2026-12-02 09:00 UTC);
    let mut late = pending.clone();
    let refused = late.accept(&response, now + Duration::days(60)).unwrap_err();
    assert!(matches!(refused, ExchangeError::Expired(_)), "{refused}");
    let accepted = pending.accept(&response, now).unwrap();
    let (_, certificate) = X509Certificate::from_der(&accepted.certificate).unwrap();
    assert_eq!(certificate.public_key().raw, key.public_key_info());
    let again = pending.accept(&response, now).unwrap_err();
    assert!(matches!(again, ExchangeError::Answered(_)), "{again}");

    // Another request gets no part of this answer; an altered one is told from it.
    let mut other = Pending::new(&self::request(vault, &key));
    assert!(matches!(other.accept(&response, now), Err(ExchangeError::OtherNonce)));
    let altered = String::from_utf8(response).unwrap().replace("issuing-g1", "issuing-g2");
    let refused = Pending::new(&request).accept(altered.as_bytes(), now).unwrap_err();
    assert!(refused.to_string().contains("altered"), "{refused}");

    // The root does not answer the same request twice.
    let text = issuing_script(vault, "issuing-g1-again", &request);
    let refused = vault.begin(&text).unwrap_err();
    assert!(matches!(refused, CeremonyError::Exchange(ExchangeError::Answered(_))), "{refused}");
}

fn lists(vault: &mut Vault) {
    vault.clock.set(datetime!(2027-06-01 09:00 UTC));
    let station = Station::new(&vault.medium(), vault.clock.clone(), Arc::new(SystemEntropy));
    let ca = CaId::new("root").unwrap();
    let issued = crate::certificate::Certificates::new(station.store().unwrap(), ca).list(None, 10).unwrap();
    let serial = &issued[0].serial;
    let text = format!(
        "{}{}[root_crl]\nnumber = 2\nnext_update = \"2028-01-31\"\noutput = \"second.crl\"\n\
         [[root_crl.revocations]]\nserial = \"{serial}\"\nreason = \"superseded\"\nat = \"2027-05-20T10:00:00Z\"\n",
        head("crl-2", "root-crl"),
        of_root(vault),
    );
    let wrong = text.replace("number = 2", "number = 3");
    let refused = vault.begin(&wrong).unwrap_err();
    assert!(refused.to_string().contains("the next CRL has number 2"), "{refused}");
    let too_early = last_list(vault, 2);
    let refused = vault.begin(&too_early).unwrap_err();
    assert!(refused.to_string().contains("still in force: 1 (the last of them"), "{refused}");
    assert!(refused.to_string().contains(&serial.to_string()), "{refused}");
    let (held, _) = vault.hold_interrupted(&text);
    transcript(&held).verify(None).unwrap();
    assert_eq!((happened(vault, &REVOKED), happened(vault, &CRL_PUBLISHED)), (1, 2));
    let list = vault.made("second.crl");
    let (_, list) = x509_parser::revocation_list::CertificateRevocationList::from_der(&list).unwrap();
    let due = datetime!(2028-01-31 23:59:59 UTC);
    assert_eq!(list.next_update().unwrap().to_datetime(), due);
    let listed: Vec<_> = list.iter_revoked_certificates().collect();
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0].revocation_date.to_datetime(), datetime!(2027-05-20 10:00 UTC));
}

fn last_list(vault: &Vault, number: u64) -> String {
    format!(
        "{}{}[root_crl]\nnumber = {number}\nlast = true\noutput = \"last.crl\"\n",
        head(&format!("last-{number}"), "root-crl"),
        of_root(vault),
    )
}

/// Whatever the root issued is over: its last CRL is made, and it signs nothing more.
fn ends(vault: &mut Vault) {
    let text = last_list(vault, 3);
    let (held, _) = vault.hold_interrupted(&text);
    assert!(vault.people.told.iter().any(|line| line.contains("It is the root's LAST")));
    transcript(&held).verify(None).unwrap();
    assert_eq!((happened(vault, &RETIRED), happened(vault, &CRL_PUBLISHED)), (1, 3));
    let list = vault.made("last.crl");
    let (_, list) = x509_parser::revocation_list::CertificateRevocationList::from_der(&list).unwrap();
    assert_eq!(list.next_update().unwrap().to_datetime(), crate::crl::NO_NEXT_UPDATE);
    assert_eq!(list.iter_revoked_certificates().count(), 1);

    let request = request(vault, &SoftwareKey::generate(KeyAlgorithm::P384).unwrap());
    let issuing = issuing_script(vault, "issuing-too-late", &request);
    for too_late in [issuing, last_list(vault, 4)] {
        let refused = vault.begin(&too_late).unwrap_err();
        assert!(refused.to_string().contains("the root was retired"), "{refused}");
    }
}

fn destroys(vault: &mut Vault) {
    let text = format!(
        "{}{}[key_destruction]\nreason = \"succeeded by G2\"\n",
        head("destruction", "key-destruction"),
        of_root(vault),
    );
    let (held, _) = vault.hold_interrupted(&text);
    let block = pem::parse(vault.made("root.pem")).unwrap();
    transcript(&held).verify(Some(block.contents())).unwrap();
    assert!(!vault.medium().join("keys/root.key").exists());
    assert!(!vault.medium().join("ceremonies/destruction/transcript-key.der").exists());
    let refused = vault.begin(&text.replace("\"destruction\"", "\"again\"")).unwrap_err();
    assert!(refused.to_string().contains("it was destroyed"), "{refused}");
}
