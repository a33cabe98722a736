//! OpenSSL asks and verifies; what it gives, we read.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;
use std::process::Command;
use std::sync::Arc;

use ca_core::clock::{Clock, SystemClock, SystemEntropy};
use time::{Duration, OffsetDateTime};

use super::clock::tests::SetTicks;
use super::*;
use crate::inspect::{Inspected, inspect};
use crate::signature::ContentDigest;
use crate::signature::tests::TestSigner;
use crate::validation::algorithm::DigestAlgorithm;
use crate::validation::fixture::{CA, Workshop};

pub(crate) const UNIT: &str = "basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\n\
    extendedKeyUsage=critical,timeStamping\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n";
const CONTENT: &[u8] = b"Lengolo\n";
const POLICY: &str = "1.3.6.1.4.1.32473.426.2.1";

struct Office {
    workshop: Workshop,
    unit: TimestampingUnit,
}

fn office(kind: &str) -> Office {
    let workshop = Workshop::new();
    workshop.root("root", kind);
    workshop.issue("root", "issuing", kind, CA);
    workshop.issue("issuing", "unit", kind, UNIT);
    fs::write(workshop.path("content"), CONTENT).unwrap();
    let unit = unit(&workshop, kind, SystemClock.now()).unwrap();
    Office { workshop, unit }
}

/// The unit of `unit.key` and `unit.pem`, whose clock stands still.
fn unit(workshop: &Workshop, kind: &str, now: OffsetDateTime) -> Result<TimestampingUnit, UnitError> {
    unit_named(workshop, "unit", kind, now)
}

/// The unit of this key and certificate, whose clock stands still.
pub(crate) fn unit_named(
    workshop: &Workshop,
    name: &str,
    kind: &str,
    now: OffsetDateTime,
) -> Result<TimestampingUnit, UnitError> {
    let clock = WatchedClock::new(
        Arc::new(ca_core::clock::SetClock::at(now)),
        Arc::new(SetTicks::default()),
        ClockBounds { step: Duration::milliseconds(500), reference: None },
        OffsetDateTime::UNIX_EPOCH,
    );
    TimestampingUnit::new(UnitParts {
        signer: Arc::new(TestSigner::open(workshop, name, kind)),
        certificate: workshop.certificate(name).der().to_vec(),
        chain: ["issuing", "root"].map(|name| workshop.certificate(name).der().to_vec()).to_vec(),
        policy: UnitPolicy { policy: POLICY.parse().unwrap(), accuracy: 1_500 },
        clock: Arc::new(clock),
        serials: Arc::new(Serials::of_start(1, &SystemEntropy).unwrap()),
    })
}

impl Office {
    fn query(&self, options: &[&str]) -> Vec<u8> {
        self.workshop.openssl(&[&["ts", "-query", "-data", "content"][..], options].concat())
    }

    fn reply(&self, request: &[u8]) -> Reply {
        let reply = self.unit.answer(request);
        fs::write(self.workshop.path("reply.tsr"), reply.der()).unwrap();
        fs::write(self.workshop.path("query.tsq"), request).unwrap();
        reply
    }

    fn text(&self) -> String {
        String::from_utf8(self.workshop.openssl(&["ts", "-reply", "-in", "reply.tsr", "-text"])).unwrap()
    }

    fn refused(&self, request: &[u8]) -> Option<Refusal> {
        let reply = self.reply(request);
        let read = token_of_reply(reply.der());
        assert_eq!(read.is_ok(), reply.refusal().is_none());
        if let Err(NoToken::Refused { refusal, .. }) = read {
            assert_eq!(refusal, reply.refusal());
        }
        reply.refusal()
    }
}

#[test]
fn openssl_accepts_our_tokens() {
    for (kind, digest) in [("P-256", "-sha256"), ("P-256", "-sha512"), ("P-384", "-sha384")] {
        let office = office(kind);
        let verify = ["ts", "-verify", "-in", "reply.tsr", "-CAfile", "root.pem"];
        // With the certificates inside, by the request and by the data.
        assert_eq!(office.reply(&office.query(&[digest, "-cert"])).refusal(), None);
        office.workshop.openssl(&[&verify[..], &["-queryfile", "query.tsq"]].concat());
        office.workshop.openssl(&[&verify[..], &["-data", "content"]].concat());
        let text = office.text();
        assert!(text.contains("Accuracy: 0x01 seconds, 0x01F4 millis"), "{text}");
        assert!(text.contains("Ordering: no") && text.contains(&format!("Policy OID: {POLICY}")), "{text}");
        // Without: the client has them.
        assert_eq!(office.reply(&office.query(&[digest, "-no_nonce", "-tspolicy", POLICY])).refusal(), None);
        let known = ["-queryfile", "query.tsq", "-untrusted", "known.pem"];
        let both = ["issuing", "unit"]
            .map(|name| fs::read_to_string(office.workshop.path(&format!("{name}.pem"))).unwrap());
        fs::write(office.workshop.path("known.pem"), both.concat()).unwrap();
        office.workshop.openssl(&[&verify[..], &known].concat());
    }
}

#[test]
fn each_refusal_has_its_own_reason() {
    let office = office("P-256");
    for (options, expected) in [
        (&["-sha1"][..], Refusal::BadAlgorithm),
        (&["-md5"], Refusal::BadAlgorithm),
        (&["-sha256", "-tspolicy", "1.2.3.4"], Refusal::UnacceptedPolicy),
    ] {
        assert_eq!(office.refused(&office.query(options)), Some(expected), "{options:?}");
        let text = office.text();
        assert!(text.contains("Status: Rejected"), "{text}");
    }
    let good = office.query(&["-sha256", "-cert"]);
    assert_eq!(office.refused(&good), None);
    // Version 2; a digest of 31 octets; something after it.
    let mut version = good.clone();
    version[4] = 2;
    assert_eq!(office.refused(&version), Some(Refusal::BadRequest));
    assert_eq!(office.refused(&[&good[..], &[0]].concat()), Some(Refusal::BadDataFormat));
    assert_eq!(office.refused(&vec![0x30; MAX_REQUEST + 1]), Some(Refusal::BadDataFormat));
    assert_eq!(office.refused(&with_extension(&good)), Some(Refusal::UnacceptedExtension));
    for length in 0..good.len() {
        assert!(office.unit.answer(&good[..length]).refusal().is_some(), "{length} octets");
    }
    // Whatever is asked, an answer comes that openssl reads.
    for place in 0..good.len() * 8 {
        let mut flipped = good.clone();
        flipped[place / 8] ^= 1 << (place % 8);
        let reply = office.unit.answer(&flipped);
        let read = token_of_reply(reply.der());
        assert_eq!(read.is_ok(), reply.refusal().is_none(), "bit {place}");
    }
}

/// The same request with an extension that is not critical.
fn with_extension(request: &[u8]) -> Vec<u8> {
    let extension =
        [0xa0, 0x0d, 0x30, 0x0b, 0x06, 0x05, 0x2a, 0x03, 0x04, 0x05, 0x06, 0x04, 0x02, 0x05, 0x00];
    let mut with = [request, &extension].concat();
    with[1] += u8::try_from(extension.len()).unwrap();
    with
}

#[test]
fn a_unit_works_with_a_certificate_of_a_unit_alone_and_while_it_is_in_force() {
    let workshop = Workshop::new();
    workshop.root("root", "P-256");
    workshop.issue("root", "issuing", "P-256", CA);
    let critical = "extendedKeyUsage=critical,timeStamping";
    workshop.key("unit", "P-256");
    for purpose in ["extendedKeyUsage=timeStamping", "extendedKeyUsage=critical,timeStamping,clientAuth", ""]
    {
        workshop.certify("issuing", "unit", "/CN=unit", &UNIT.replace(critical, purpose), &[]);
        let refused = unit(&workshop, "P-256", SystemClock.now()).unwrap_err();
        assert!(matches!(refused, UnitError::NotAUnit(NotAUnit::Purpose)), "{purpose}: {refused}");
    }
    workshop.issue("issuing", "other", "P-256", UNIT);
    fs::copy(workshop.path("other.pem"), workshop.path("unit.pem")).unwrap();
    assert!(matches!(unit(&workshop, "P-256", SystemClock.now()), Err(UnitError::OtherKey)));

    // The key may be used for a day; the certificate lasts longer.
    let now = SystemClock.now();
    let day = now + Duration::DAY;
    let text = format!(
        "{:04}{:02}{:02}{:02}{:02}{:02}Z",
        day.year(),
        u8::from(day.month()),
        day.day(),
        day.hour(),
        day.minute(),
        day.second()
    );
    let period = format!("2.5.29.16=ASN1:SEQUENCE:period\n[period]\nend=IMPLICIT:1,GENERALIZEDTIME:{text}\n");
    workshop.certify("issuing", "unit", "/CN=unit", &format!("{UNIT}{period}"), &[]);
    fs::write(workshop.path("content"), CONTENT).unwrap();
    let query = workshop.openssl(&["ts", "-query", "-data", "content", "-sha256"]);
    let answered = |at| unit(&workshop, "P-256", at).unwrap().answer(&query).refusal();
    assert_eq!(answered(now + Duration::HOUR), None);
    for at in [now + Duration::hours(25), now - Duration::DAY] {
        assert_eq!(answered(at), Some(Refusal::SystemFailure), "{at}");
    }
}

#[test]
fn what_we_ask_is_answered_and_judged() {
    let office = office("P-256");
    let digest = || ContentDigest::of(CONTENT, DigestAlgorithm::Sha256);
    let query = TimestampQuery::about(digest(), None, &SystemEntropy).unwrap();
    let reply = office.unit.answer(query.der());
    let answered = query.read(reply.der()).unwrap();
    assert_eq!(answered.verified.statement.accuracy, Some(Duration::milliseconds(1_500)));
    assert_eq!(answered.verified.embedded.len(), 2);
    // Another question's answer, one about something else, one under another policy.
    let again = TimestampQuery::about(digest(), None, &SystemEntropy).unwrap();
    assert_eq!(again.read(reply.der()).unwrap_err(), TokenError::OtherNonce.into());
    let other = ContentDigest::of(b"x", DigestAlgorithm::Sha256);
    let other = TimestampQuery::about(other, None, &SystemEntropy).unwrap();
    assert_eq!(other.read(reply.der()).unwrap_err(), TokenError::OtherContent.into());
    let picky = TimestampQuery::about(digest(), Some("1.2.3".parse().unwrap()), &SystemEntropy).unwrap();
    let refused = picky.read(office.unit.answer(picky.der()).der()).unwrap_err();
    assert!(refused.to_string().contains("unacceptedPolicy"), "{refused}");
    // What is shown of both.
    let [Inspected::TimestampRequest(asked)] = &inspect(query.der()).unwrap()[..] else { panic!() };
    let [Inspected::TimestampReply(told)] = &inspect(reply.der()).unwrap()[..] else { panic!() };
    let stated = told.token.as_ref().unwrap().timestamp.as_ref().unwrap();
    assert_eq!((&stated.digest, &stated.nonce), (&asked.digest, &asked.nonce));
    assert_eq!(stated.policy, POLICY);
    let [Inspected::TimestampReply(told)] = &inspect(Reply::refused(Refusal::BadRequest).der()).unwrap()[..]
    else {
        panic!()
    };
    assert!(told.refusal.as_ref().unwrap().contains("badRequest"));
    // No altered octet passes.
    for place in 0..reply.der().len() {
        let mut altered = reply.der().to_vec();
        altered[place] ^= 0x10;
        let statement = query.read(&altered).map(|answered| answered.verified.statement.at);
        assert!(statement.is_err() || statement == Ok(answered.verified.statement.at), "octet {place}");
    }
}

#[test]
fn a_token_of_openssl_is_read_and_verified() {
    let office = office("P-256");
    let settings = format!(
        "[tsa]\ndefault_tsa=t\n[t]\nserial=serial\nsigner_cert=unit.pem\nsigner_key=unit.key\ncerts=issuing.pem\n\
         signer_digest=sha256\ndefault_policy={POLICY}\ndigests=sha256\naccuracy=secs:1\n\
         ess_cert_id_chain=no\ness_cert_id_alg=sha256\n"
    );
    fs::write(office.workshop.path("tsa.cnf"), settings).unwrap();
    let digest = ContentDigest::of(CONTENT, DigestAlgorithm::Sha256);
    let query = TimestampQuery::about(digest, None, &SystemEntropy).unwrap();
    fs::write(office.workshop.path("query.tsq"), query.der()).unwrap();
    let output = Command::new("openssl")
        .args(["ts", "-reply", "-config", "tsa.cnf", "-queryfile", "query.tsq", "-out", "theirs.tsr"])
        .current_dir(office.workshop.folder())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let answered = query.read(&fs::read(office.workshop.path("theirs.tsr")).unwrap()).unwrap();
    let age = SystemClock.now() - answered.verified.statement.at;
    assert!(age.abs() < Duration::minutes(2), "{age}");
}
