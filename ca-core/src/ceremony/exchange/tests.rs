#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use time::Duration;

use super::response::Answer;
use super::*;
use crate::algorithm::KeyAlgorithm;
use crate::ceremony::script::CaName;
use crate::certificate::CaId;
use crate::clock::{SetClock, SystemEntropy};
use crate::keys::software::SoftwareKey;

fn wish() -> Wish {
    Wish {
        hierarchy: "ls".to_owned(),
        ca: CaId::new("issuing").unwrap(),
        profile: "issuing-ca".to_owned(),
        name: CaName {
            country: "LS".to_owned(),
            organisation: "Government of Lesotho".to_owned(),
            organisation_identifier: String::new(),
            common_name: "Issuing CA G2".to_owned(),
        },
        root_sha256: "00".repeat(32),
        valid_for: Duration::days(30),
    }
}

#[test]
fn a_request_proves_possession_and_expires() {
    let made = time::macros::datetime!(2026-11-24 12:00 UTC);
    let key = SoftwareKey::generate(KeyAlgorithm::P384).unwrap();
    let request = Request::make(wish(), &key, &SetClock::at(made), &SystemEntropy).unwrap();
    let read = Request::parse(request.to_file().as_bytes()).unwrap();
    assert_eq!(read, request);
    read.must_be_current(made + Duration::days(30)).unwrap();
    assert!(matches!(read.must_be_current(made + Duration::days(31)), Err(ExchangeError::Expired(_))));
    assert!(matches!(read.must_be_current(made - Duration::days(1)), Err(ExchangeError::NotYet(_))));
    let altered = request.to_file().replace("Issuing CA G2", "Issuing CA G3");
    let refused = Request::parse(altered.as_bytes()).unwrap_err();
    assert!(matches!(refused, ExchangeError::Signed { source: SignedError::Altered, .. }), "{refused}");
    let other = request.to_file().replace("npki-ca-request/1", "npki-ca-request/9");
    assert!(Request::parse(other.as_bytes()).unwrap_err().to_string().contains("request/9"));
}

#[test]
fn a_response_of_another_root_is_refused() {
    let clock = SetClock::at(time::macros::datetime!(2026-11-24 12:00 UTC));
    let key = SoftwareKey::generate(KeyAlgorithm::P384).unwrap();
    let request = Request::make(wish(), &key, &clock, &SystemEntropy).unwrap();
    let answer =
        Answer { certificate: &[], root: &[], crl: &[], ceremony: "c", at: crate::clock::Clock::now(&clock) };
    let response = Response::make(&request, &answer, &key).unwrap();
    let refused = Pending::new(&request)
        .accept(response.to_file().as_bytes(), crate::clock::Clock::now(&clock))
        .unwrap_err();
    assert!(matches!(refused, ExchangeError::WrongRoot { .. }), "{refused}");
}
