//! Blocked keys through the registry: refused to whoever asks, and their certificates revoked page by page.

use ca_core::blocked_keys::{BlockReason, KeyDigest, SpkiDigest};
use ca_core::csr::CertificationRequest;
use ca_core::issuance::IssueError;
use id_registry::blocked_keys::{BlockError, Blocking, MOST_KEYS};
use id_registry::certificates::CertificateFilter;
use id_registry::enrolment::RequestError;
use id_registry::page::PageSize;
use id_registry::principal::Role;
use serde_json::json;

use crate::country::{Country, csr};
use crate::http::Caller;

fn digest(request: &[u8]) -> SpkiDigest {
    SpkiDigest::of(CertificationRequest::parse(request).unwrap().verify().unwrap().key().der())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_blocked_key_is_refused_with_its_code_and_nothing_changes() {
    let country = Country::founded();
    let administrator = Caller::new(&country, Some(&country.administrator));
    let officer = country.officer();
    let things = country.settled(&officer, "RSL");
    let request = csr();
    let body = json!({"keys": [digest(&request).to_string()], "reason": "compromised",
                      "source": "published on a mailing list"});
    let done = administrator.post("/v1/blocked-keys", body.clone()).await;
    assert_eq!((&done.json["blocked"], &done.json["known"]), (&json!(1), &json!(0)), "{}", done.json);
    let again = administrator.post("/v1/blocked-keys", body).await;
    assert_eq!((&again.json["blocked"], &again.json["known"]), (&json!(0), &json!(1)));
    assert_eq!(country.events("keys.blocked").len(), 1, "what changes nothing is no event");
    let requests = country.events("request.submitted").len();
    let ask = json!({"profile": "device", "identity": things.device.to_string(),
                     "csr": String::from_utf8(request).unwrap()});
    let refused = Caller::new(&country, Some(&officer)).post("/v1/requests", ask).await;
    refused.problem(422, "E-ISS-010");
    assert!(refused.json["detail"].as_str().unwrap().contains("published on a mailing list"));
    assert_eq!(country.events("request.submitted").len(), requests);
    assert_eq!(country.certificates_of(things.device), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_digest_is_refused_whole() {
    let country = Country::founded();
    let administrator = Caller::new(&country, Some(&country.administrator));
    let block = |keys: Vec<String>| {
        administrator.post("/v1/blocked-keys", json!({"keys": keys, "reason": "weak", "source": "test"}))
    };
    block(vec!["00".repeat(32), "xyz".to_owned()]).await.problem(400, "E-BLK-002");
    block(vec![]).await.problem(422, "E-BLK-003");
    block(vec!["00".repeat(32); MOST_KEYS + 1]).await.problem(422, "E-BLK-003");
    administrator.get(&format!("/v1/blocked-keys/{}", "00".repeat(32))).await.problem(404, "E-BLK-001");
    assert!(country.events("keys.blocked").is_empty());
}

#[test]
fn every_certificate_of_a_key_is_found_and_revoked_in_pages() {
    let country = Country::founded();
    let permit = country.administrator.permit();
    let key = digest_of_staff(&country);
    let digest = KeyDigest::Spki(key);
    let refused = country.registry.revoke_by_key(&permit, &key, PageSize::new(1).unwrap());
    assert!(matches!(refused, Err(BlockError::NotBlocked(_))));
    let blocked = country.registry.block_keys(&permit, &lost(&[digest], &[])).unwrap();
    assert_eq!(blocked.in_use, [key]);
    let one = PageSize::new(1).unwrap();
    let first = country.registry.revoke_by_key(&permit, &key, one).unwrap();
    assert_eq!((first.revoked.len(), first.left, first.elsewhere.len()), (1, 0, 0));
    let again = country.registry.revoke_by_key(&permit, &key, one).unwrap();
    assert_eq!((again.revoked.len(), again.left), (0, 0), "nothing is done twice");
    let filter = CertificateFilter { key: Some(key), ..CertificateFilter::default() };
    let found = country.registry.certificates(&country.administrator.permit(), filter, None, one).unwrap();
    let [record] = &found.items[..] else { panic!("{found:?}") };
    assert_eq!(record.revocation.as_ref().unwrap().reason.name(), "key-compromise");
}

#[test]
fn a_ca_is_stopped_only_by_whoever_names_it() {
    let country = Country::founded();
    let permit = country.administrator.permit();
    let ca = country.registry.authorities().iter().next().unwrap().authority.clone();
    let own = KeyDigest::Spki(SpkiDigest::of(ca.public_key_info()));
    // Somebody else's list of keys, with the CA's own among them.
    let list = [KeyDigest::Spki(SpkiDigest([7; 32])), own];
    for named in [&[][..], &["another".to_owned()]] {
        let refused = country.registry.block_keys(&permit, &lost(&list, named));
        assert!(matches!(refused, Err(BlockError::OfCa { ca: found }) if found == *ca.id()));
    }
    assert!(country.events("keys.blocked").is_empty(), "a refused list blocks nothing");
    let officer = country.officer();
    let things = country.settled(&officer, "RSL");
    let done = country.registry.block_keys(&permit, &lost(&list, &[ca.id().to_string()])).unwrap();
    assert_eq!((done.blocked, &done.stopped[..]), (2, &[ca.id().clone()][..]));
    let refused = country.submit(&officer, "device", things.device, &csr());
    assert!(matches!(refused, Err(RequestError::Issue(IssueError::OwnKeyBlocked { .. }))), "{refused:?}");
    assert_eq!(country.certificates_of(things.device), 0);
}

fn lost<'a>(digests: &'a [KeyDigest], stops: &'a [String]) -> Blocking<'a> {
    Blocking { digests, reason: BlockReason::Compromised, source: "lost card", stops }
}

/// The key of a new officer.
fn digest_of_staff(country: &Country) -> SpkiDigest {
    let member = country.enrol("Somebody", Role::Officer);
    member.enrolled.certificate.record.key_sha256.parse().unwrap()
}
