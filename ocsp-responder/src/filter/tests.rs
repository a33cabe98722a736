#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use ca_core::clock::{Clock, SystemClock, SystemEntropy, whole_seconds};
use ca_core::status::{Revocation, RevocationReason, SerialStatus, StatusIndex};
use proptest::prelude::*;
use time::{Duration, OffsetDateTime};

use super::check::FilterError;
use super::make::{FilterSource, Unmade};
use super::{FilterMaker, FilterStatus, Head, NotCovered, Values, VerifiedFilter, coding};
use crate::ocsp::AppointedSigner;
use crate::ocsp::certificate::Certificate as OcspCertificate;
use crate::signature::tests::TestSigner;
use crate::validation::certificate::Certificate;
use crate::validation::fixture::{CA, LEAF, Workshop};

const APPOINTED: &str = "basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\n\
    extendedKeyUsage=OCSPSigning\nnoCheck=ignored\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n";

fn now() -> OffsetDateTime {
    whole_seconds(SystemClock.now())
}

fn revoked() -> SerialStatus {
    SerialStatus::Revoked(Revocation {
        at: now(),
        reason: RevocationReason::KeyCompromise,
        invalid_since: None,
    })
}

/// What was issued, by hand.
struct Issued {
    known_until: Option<OffsetDateTime>,
    serials: Vec<(Vec<u8>, SerialStatus)>,
}

impl FilterSource for Issued {
    fn known_until(&self) -> Option<OffsetDateTime> {
        self.known_until
    }

    fn each(&self, take: &mut dyn FnMut(&[u8], &SerialStatus)) {
        self.serials.iter().for_each(|(serial, status)| take(serial, status));
    }
}

/// A CA, its responder, and two certificates.
struct Office {
    workshop: Workshop,
    issuer: Certificate,
    maker: FilterMaker,
    good: Certificate,
    bad: Certificate,
}

impl Office {
    fn open() -> Self {
        let workshop = Workshop::new();
        let issuer = workshop.root("ca", "P-256");
        workshop.issue("ca", "responder", "P-256", APPOINTED);
        let good = workshop.issue("ca", "good", "P-256", LEAF);
        let bad = workshop.issue("ca", "bad", "P-256", LEAF);
        let maker = FilterMaker {
            index: Arc::new(StatusIndex::new(Arc::new(SystemClock))),
            entropy: Arc::new(SystemEntropy),
            backdate: Duration::minutes(-10),
            validity: Duration::days(7),
        };
        Self { workshop, issuer, maker, good, bad }
    }

    fn signer(&self, name: &str) -> AppointedSigner {
        let certificate = self.workshop.certificate(name);
        AppointedSigner {
            issuer: OcspCertificate::parse(self.issuer.der()).unwrap().key_sha256(),
            issuer_certificate: self.issuer.der().to_vec(),
            certificate: certificate.der().to_vec(),
            key: Arc::new(TestSigner::open(&self.workshop, name, "P-256")),
            not_after: certificate.not_after(),
            now: now(),
        }
    }

    fn issued(&self) -> Issued {
        let serial =
            |certificate: &Certificate| OcspCertificate::parse(certificate.der()).unwrap().serial().to_vec();
        let serials = vec![(serial(&self.good), SerialStatus::Good), (serial(&self.bad), revoked())];
        Issued { known_until: Some(now()), serials }
    }

    fn filter(&self) -> Vec<u8> {
        self.maker.signed(&self.issued(), &self.signer("responder")).unwrap()
    }

    fn judge(&self, filter: &[u8]) -> Result<VerifiedFilter, FilterError> {
        VerifiedFilter::verify(filter, self.issuer.der(), now())
    }
}

#[test]
fn a_filter_tells_the_revoked_from_the_good() {
    let office = Office::open();
    let filter = office.judge(&office.filter()).unwrap();
    assert_eq!(filter.status(&office.good), Ok(FilterStatus::Good));
    assert_eq!(filter.status(&office.bad), Ok(FilterStatus::Revoked));
    assert_eq!((filter.head().issued, filter.head().revoked), (2, 1));
}

#[test]
fn it_speaks_of_end_entities_of_its_ca_that_are_not_too_young() {
    let mut office = Office::open();
    office.workshop.root("other", "P-256");
    let of_other = office.workshop.issue("other", "stranger", "P-256", LEAF);
    let below = office.workshop.issue("ca", "below", "P-256", CA);
    let filter = office.judge(&office.filter()).unwrap();
    assert_eq!(filter.status(&of_other), Err(NotCovered::OtherIssuer));
    assert_eq!(filter.status(&below), Err(NotCovered::Ca));
    office.maker.backdate = Duration::minutes(10);
    let filter = office.judge(&office.filter()).unwrap();
    let until = filter.head().covers_until;
    assert_eq!(until, filter.head().as_of - Duration::minutes(10));
    assert_eq!(filter.status(&office.good), Err(NotCovered::TooYoung { until }));
}

#[test]
fn it_counts_for_as_long_as_it_says_and_as_its_responder() {
    let office = Office::open();
    let filter = office.filter();
    let at = |after: Duration| VerifiedFilter::verify(&filter, office.issuer.der(), now() + after);
    assert!(at(Duration::days(6)).is_ok());
    assert!(matches!(at(Duration::days(8)), Err(FilterError::Expired { .. })));
    let ahead = Issued { known_until: Some(now() + Duration::minutes(20)), ..office.issued() };
    let filter = office.maker.signed(&ahead, &office.signer("responder")).unwrap();
    assert!(matches!(office.judge(&filter), Err(FilterError::FromTheFuture)));
    let mut long = Office::open();
    long.maker.validity = Duration::days(1000);
    let filter = long.judge(&long.filter()).unwrap();
    assert_eq!(filter.head().expires, long.workshop.certificate("responder").not_after());
}

#[test]
fn only_whom_the_ca_appointed_may_sign() {
    let office = Office::open();
    office.workshop.issue("ca", "leaf", "P-256", LEAF);
    office.workshop.root("other", "P-256");
    office.workshop.issue("other", "usurper", "P-256", APPOINTED);
    for name in ["leaf", "usurper"] {
        let filter = office.maker.signed(&office.issued(), &office.signer(name)).unwrap();
        assert!(matches!(office.judge(&filter), Err(FilterError::NotAppointed(_))), "{name}");
    }
    let other = office.workshop.certificate("other");
    let refused = VerifiedFilter::verify(&office.filter(), other.der(), now());
    assert!(matches!(refused, Err(FilterError::OtherIssuer)), "{refused:?}");
}

#[test]
fn nothing_of_it_can_be_altered_or_left_out() {
    let office = Office::open();
    let filter = office.filter();
    for length in 0..filter.len() {
        assert!(office.judge(&filter[..length]).is_err(), "the first {length} octets");
    }
    for place in 0..filter.len() {
        let mut altered = filter.clone();
        altered[place] ^= 1;
        assert!(office.judge(&altered).is_err(), "octet {place}");
    }
    let longer = [filter.as_slice(), b"\0"].concat();
    assert!(office.judge(&longer).is_err());
}

/// The signature is one that everybody can verify.
#[test]
fn openssl_verifies_the_signature() {
    let office = Office::open();
    let filter = office.filter();
    let (head, begin) = Head::read(&filter).unwrap();
    let (signed, signature) = filter.split_at(begin + head.body);
    fs::write(office.workshop.path("signed"), signed).unwrap();
    fs::write(office.workshop.path("signature"), signature).unwrap();
    let verify = [
        "cms",
        "-verify",
        "-binary",
        "-inform",
        "DER",
        "-in",
        "signature",
        "-content",
        "signed",
        "-CAfile",
        "ca.pem",
        "-purpose",
        "ocsphelper",
        "-out",
        "verified",
    ];
    office.workshop.openssl(&verify);
    assert_eq!(fs::read(office.workshop.path("verified")).unwrap(), signed);
}

#[test]
fn nothing_is_made_while_nobody_knows() {
    let office = Office::open();
    let issued = Issued { known_until: None, ..office.issued() };
    let unmade = office.maker.signed(&issued, &office.signer("responder"));
    assert!(matches!(unmade, Err(Unmade::Unknown)), "{unmade:?}");
}

/// Serial numbers as npki draws them, of which every so many is revoked.
fn many(count: u64, each: u64) -> Issued {
    let status = |number: u64| if number.is_multiple_of(each) { revoked() } else { SerialStatus::Good };
    let serial =
        |number: u64| [b"\x01\x02\x03\x04\x05\x06\x07\x08".as_slice(), &number.to_be_bytes()].concat();
    let serials = (1..=count).map(|number| (serial(number), status(number))).collect();
    Issued { known_until: Some(now()), serials }
}

/// Two of a hundred are revoked: less than four octets for each of these, and no certificate is mistaken.
#[test]
fn a_large_filter_is_small_and_says_nothing_wrong() {
    let office = Office::open();
    let issued = many(100_000, 50);
    let filter = office.maker.signed(&issued, &office.signer("responder")).unwrap();
    assert!(filter.len() < 2_000 * 4, "{} octets", filter.len());
    let filter = office.judge(&filter).unwrap();
    assert_eq!((filter.head().issued, filter.head().revoked), (100_000, 2_000));
    for (serial, status) in &issued.serials {
        assert_eq!(filter.lists(serial), matches!(status, SerialStatus::Revoked(_)));
    }
    let strangers = (0..100_000_u64).filter(|number| filter.lists(&number.to_le_bytes()));
    assert!(strangers.count() <= 3, "less than one in all that were issued is mistaken for a revoked one");
}

#[test]
fn nobody_and_everybody_may_be_revoked() {
    let office = Office::open();
    let none = Issued { known_until: Some(now()), serials: Vec::new() };
    for (issued, count) in [(none, 0), (many(50, 51), 0), (many(50, 1), 50), (many(1, 1), 1)] {
        let filter = office.maker.signed(&issued, &office.signer("responder")).unwrap();
        assert_eq!(office.judge(&filter).unwrap().head().revoked, count);
    }
}

/// A salt under which a good certificate would be taken for a revoked one is not used.
#[test]
fn values_that_meet_are_drawn_anew() {
    /// Gives the serial number of the first round's revoked certificate to a good one as well.
    struct Meeting(AtomicUsize);
    impl FilterSource for Meeting {
        fn known_until(&self) -> Option<OffsetDateTime> {
            Some(now())
        }

        fn each(&self, take: &mut dyn FnMut(&[u8], &SerialStatus)) {
            // Three passes for each salt.
            let first_salt = self.0.fetch_add(1, Ordering::Relaxed) < 3;
            take(b"one", &revoked());
            take(if first_salt { b"one" } else { b"two" }, &SerialStatus::Good);
        }
    }
    let office = Office::open();
    let source = Meeting(AtomicUsize::new(0));
    let filter = office.maker.signed(&source, &office.signer("responder")).unwrap();
    assert_eq!(source.0.into_inner(), 6);
    assert_eq!(office.judge(&filter).unwrap().head().revoked, 1);
}

/// Worked by hand from the description, so that others who read it come to the same.
#[test]
fn the_code_is_the_described_one() {
    // 5: quotient 1, rest 01. 6 exceeds it by 1, less one: 0, 00. 20 exceeds 6 by 14, less one: 3, 01.
    let octets = [0b1001_0001, 0b1100_1000];
    assert_eq!(coding::write(&[5, 6, 20], 2), octets);
    assert_eq!(coding::read(&octets, 3, 2, 21), Some(vec![5, 6, 20]));
    assert_eq!(coding::read(&octets, 3, 2, 20), None, "beyond the last value there is");
    assert_eq!(coding::read(&octets, 2, 2, 21), None, "something is left");
    assert_eq!(coding::read(&[0b1001_0001, 0b1100_1001], 3, 2, 21), None, "what is left is not zero");
    assert_eq!(coding::read(&octets, u64::MAX, 2, 21), None, "more than there can be");
    // SHA-256 of "\0\x01\x02\x03\x04\x05\x06\x07" and "\x10\x20" begins with 3f 34.
    let values = Values { salt: [0, 1, 2, 3, 4, 5, 6, 7], bits: 12, rice: 0 };
    assert_eq!(values.of(&[0x10, 0x20]), by_openssl(&[0, 1, 2, 3, 4, 5, 6, 7, 0x10, 0x20]) >> 4);
}

/// The first sixteen bits of SHA-256, as openssl has it.
fn by_openssl(octets: &[u8]) -> u64 {
    let workshop = Workshop::new();
    fs::write(workshop.path("octets"), octets).unwrap();
    let digest = workshop.openssl(&["dgst", "-sha256", "-binary", "octets"]);
    u64::from(digest[0]) << 8 | u64::from(digest[1])
}

proptest! {
    #[test]
    fn what_is_written_is_read(numbers in prop::collection::btree_set(0_u64..1 << 20, 0..200), rice in 0_u8..20) {
        let numbers: Vec<u64> = numbers.into_iter().collect();
        let count = u64::try_from(numbers.len()).unwrap();
        // A rest of few bits makes a quotient of many.
        let rice = rice.max(8);
        prop_assert_eq!(coding::read(&coding::write(&numbers, rice), count, rice, 1 << 20), Some(numbers));
    }

    #[test]
    fn whatever_is_read_would_be_written_so(octets in prop::collection::vec(any::<u8>(), 0..64), count in 0_u64..64, rice in 0_u8..32) {
        if let Some(numbers) = coding::read(&octets, count, rice, 1 << 40) {
            prop_assert!(numbers.is_sorted());
            prop_assert_eq!(coding::write(&numbers, rice), octets);
        }
    }
}
