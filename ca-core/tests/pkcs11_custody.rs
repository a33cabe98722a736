//! The user PIN of a token in custody: drawn, split among five, and put together by three. SoftHSM plays the hardware.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on says so and stops"
)]

use std::sync::Arc;

use ca_core::ceremony::CeremonyId;
use ca_core::ceremony::custody::{CustodyRecord, Holder, Secret, SecretKind, Share};
use ca_core::certificate::CaId;
use ca_core::clock::SystemEntropy;
use ca_core::token::{KeyPlace, Pin, TokenError, change_pin};
use ca_core::vault::master::Pkcs11MasterKey;
use zeroize::Zeroizing;

#[path = "../../tests/src/soft_token.rs"]
mod soft_token;

use soft_token::{PIN, TOKEN, module, with_token};

#[test]
fn three_of_five_have_the_pin() {
    with_token("three_of_five_have_the_pin", holders_take_the_pin);
}

fn holders_take_the_pin() {
    let place = KeyPlace { module: module(), token: TOKEN.to_owned(), key: "key".to_owned() };
    let provisional = || Pin::new(Zeroizing::new(PIN.to_owned()));
    let secret = Secret::draw(SecretKind::TokenPin, &SystemEntropy).unwrap();
    let holders = ["Mpho", "Neo", "Tumelo", "Lerato", "Kabelo"]
        .map(|name| Holder { name: name.to_owned(), protected: false });
    let (ceremony, ca) = (CeremonyId::new("token").unwrap(), CaId::new("root").unwrap());
    let (record, shares) = CustodyRecord::split(&secret, ceremony, ca, 3, &holders, &SystemEntropy).unwrap();
    let proven: Vec<Share> = shares
        .iter()
        .zip(&record.holders)
        .map(|(share, held)| {
            Share::read(&share.written(&record, None).unwrap(), &record, held, None).unwrap()
        })
        .collect();
    // Only when every share is proven does the token get the PIN that they make.
    let together = record.combine(&proven[..3]).unwrap();
    change_pin(&place, &provisional(), &together.pin().unwrap()).unwrap();

    let refused = change_pin(&place, &provisional(), &provisional()).unwrap_err();
    assert!(matches!(refused, TokenError::WrongPin(_)), "{refused}");
    assert!(record.combine(&proven[..2]).is_err());
    let others = record.combine(&proven[2..]).unwrap().pin().unwrap();
    Pkcs11MasterKey::generate(place, others, Arc::new(SystemEntropy)).unwrap();
}
