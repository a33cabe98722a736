//! Whatever arrives, there is a proper OCSP answer, and nothing is called good that was not issued.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod fixture;

use std::sync::{Arc, LazyLock};

use fixture::{GOOD, Pki};
use ocsp_responder::ocsp::{Responders, ResponseStatus};
use proptest::prelude::*;
use proptest::sample::Index;

/// Requests that are well-formed, and the responders that answer them.
struct Desk {
    responders: Responders,
    requests: Vec<Vec<u8>>,
}

static DESK: LazyLock<Desk> = LazyLock::new(|| {
    let pki = Pki::new();
    let made = [
        "-cert good.pem -no_nonce",
        "-cert good.pem -nonce",
        "-sha256 -cert good.pem -cert revoked.pem -nonce",
        "-cert good.pem -signer good.pem -signkey good.key -nonce",
    ];
    let requests = made.map(|options| {
        pki.openssl(&format!("ocsp -issuer ca.pem {options} -reqout made.req"));
        pki.read("made.req")
    });
    Desk { responders: Responders::new().with(Arc::new(pki.responder())), requests: requests.to_vec() }
});

/// The answer is one that a client understands, is its fault if it is an error, and is true.
fn answered(request: &[u8]) -> ResponseStatus {
    let answer = DESK.responders.respond(request);
    let code = match answer.status() {
        ResponseStatus::Successful => {
            only_what_was_issued_is_good(answer.der());
            return answer.status();
        }
        ResponseStatus::MalformedRequest => 1,
        ResponseStatus::Unauthorized => 6,
        other => panic!("{other}: {}", hex::encode(request)),
    };
    assert_eq!(answer.der(), [0x30, 3, 0x0a, 1, code]);
    answer.status()
}

/// good [0] NULL and thisUpdate follow a CertID, whose last part is the serial number.
fn only_what_was_issued_is_good(answer: &[u8]) {
    let issued = [&[0x02, 16][..], &hex::decode(GOOD).unwrap()].concat();
    for at in 0..answer.len() {
        if answer[at..].starts_with(&[0x80, 0x00, 0x18, 0x0f]) {
            assert!(answer[..at].ends_with(&issued), "good, and not issued: {}", hex::encode(answer));
        }
    }
}

/// Where the lengths of a DER value stand, and of everything within.
fn lengths(der: &[u8], from: usize, until: usize, found: &mut Vec<usize>) {
    let mut at = from;
    while at + 1 < until {
        found.push(at + 1);
        let first = usize::from(der[at + 1]);
        let more = first.saturating_sub(0x80);
        let length = der[at + 2..at + 2 + more].iter().fold(0, |sum, octet| sum << 8 | usize::from(*octet));
        let (begin, length) = (at + 2 + more, if more == 0 { first } else { length });
        if der[at] & 0x20 != 0 {
            lengths(der, begin, begin + length, found);
        }
        at = begin + length;
    }
}

#[test]
fn what_is_sound_is_answered() {
    for request in &DESK.requests {
        assert_eq!(answered(request), ResponseStatus::Successful);
    }
}

#[test]
fn every_truncation_and_everything_behind_is_refused() {
    for request in &DESK.requests {
        for length in 0..request.len() {
            assert_eq!(answered(&request[..length]), ResponseStatus::MalformedRequest, "{length}");
        }
        for behind in [&b"\0"[..], b"\n", b"\r\n", &request.clone()] {
            let longer = [request, behind].concat();
            assert_eq!(answered(&longer), ResponseStatus::MalformedRequest, "{behind:?}");
        }
    }
}

#[test]
fn every_flipped_bit_has_a_proper_answer() {
    for request in &DESK.requests {
        for place in 0..request.len() * 8 {
            let mut flipped = request.clone();
            flipped[place / 8] ^= 1 << (place % 8);
            let _ = answered(&flipped);
        }
    }
}

#[test]
fn every_lie_about_a_length_is_refused() {
    for request in &DESK.requests {
        let mut places = Vec::new();
        lengths(request, 0, request.len(), &mut places);
        assert!(places.len() > 10);
        for place in places {
            let told = request[place];
            let octet = |octet: u8| vec![octet];
            let lies = [
                octet(0),
                octet(told.wrapping_sub(1)),
                octet(told.wrapping_add(1)),
                octet(0x7f),
                octet(0x80),
                octet(0xff),
                vec![0x81, told],
                vec![0x82, 0, told],
                vec![0x84, 0xff, 0xff, 0xff, 0xff],
                vec![0x88, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
            ];
            for lie in lies.into_iter().filter(|lie| lie[..] != [told]) {
                let lying = [&request[..place], &lie, &request[place + 1..]].concat();
                // A part that is merely shorter or longer by what follows it can be sound: a nonce never is.
                let _ = answered(&lying);
            }
        }
    }
}

/// Collected requests, each with what it must be answered with: `STATUS NAME HEX`.
#[test]
fn the_corpus_is_answered_as_it_says() {
    let corpus = include_str!("corpus/requests.txt");
    let entries: Vec<&str> =
        corpus.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).collect();
    assert!(entries.len() >= 30, "{}", entries.len());
    for entry in entries {
        let parts: Vec<&str> = entry.split(' ').collect();
        let [status, name, request] = parts[..] else { panic!("{entry}") };
        assert_eq!(answered(&hex::decode(request).unwrap()).to_string(), status, "{name}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn any_octets_have_a_proper_answer(octets in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = answered(&octets);
    }

    /// Requests that were cut to pieces and put together wrongly.
    #[test]
    fn any_mutation_has_a_proper_answer(
        which in any::<Index>(),
        changes in proptest::collection::vec((any::<Index>(), any::<Index>(), any::<Index>(), 0..4_u8, any::<u8>()), 1..6),
    ) {
        let mut request = which.get(&DESK.requests).clone();
        for (at, from, until, kind, octet) in changes {
            if request.is_empty() {
                break;
            }
            let (at, one, other) = (at.index(request.len()), from.index(request.len()), until.index(request.len()));
            let piece = request[one.min(other)..one.max(other)].to_vec();
            match kind {
                0 => request[at] = octet,
                1 => { request.splice(at..at, piece); }
                2 => { request.drain(one.min(other)..one.max(other)); }
                _ => { request.insert(at, octet); }
            }
        }
        let _ = answered(&request);
    }
}
