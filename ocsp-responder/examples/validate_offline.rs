//! A relying party without a network: is this certificate valid, by a snapshot of the status feed that was carried here?
//!
//!     cargo run -p ocsp-responder --example validate_offline -- CERT.pem ROOT.pem STATUS.feed FEED.vkey
//!
//! CERT.pem holds the certificate and, behind it, the CAs between it and the root. STATUS.feed is what `npki feed export` wrote,
//! FEED.vkey the feed's public key (`certificates/feed.vkey` of the installation), which came another way. Exits 0 for yes, 3 for
//! no, 8 where nobody can tell, 2 where a file cannot be read. The code that judges is the one that serves `/v1/validation`.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program that tells people")]

use std::error::Error;
use std::process::ExitCode;
use std::sync::Arc;

use ca_core::clock::{Clock, SystemClock};
use ca_core::status::feed::{Acceptance, HeldStatus, MessageReader};
use ca_core::tlog::note::VerifierKey;
use ocsp_responder::validation::certificate::Certificate;
use ocsp_responder::validation::given::GivenAnswers;
use ocsp_responder::validation::records::HeldRecords;
use ocsp_responder::validation::status::EvidenceSource;
use ocsp_responder::validation::{Answer, Basis, validate};
use time::Duration;

/// How old a snapshot may be. Whoever validates decides: what was revoked since is not in it.
const OLDEST: Duration = Duration::DAY;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [certificate, root, feed, key] = arguments.as_slice() else {
        eprintln!("usage: validate_offline CERT.pem ROOT.pem STATUS.feed FEED.vkey");
        return ExitCode::from(2);
    };
    match answer(certificate, root, feed, key) {
        Ok(Answer::Valid) => ExitCode::SUCCESS,
        Ok(Answer::Invalid) => ExitCode::from(3),
        Ok(Answer::CannotTell) => ExitCode::from(8),
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(2)
        }
    }
}

fn answer(certificate: &str, root: &str, feed: &str, key: &str) -> Result<Answer, Box<dyn Error>> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let chain = Certificate::read_bundle(&std::fs::read(certificate)?)?;
    let anchors = Certificate::read_bundle(&std::fs::read(root)?)?;
    let records = records(&std::fs::read(feed)?, std::fs::read_to_string(key)?.trim(), &clock)?;
    let Some((certificate, between)) = chain.split_first() else { return Ok(Answer::CannotTell) };
    let verdict = validate(
        certificate,
        &Basis {
            anchors: &anchors,
            intermediates: between,
            evidence: &records,
            ocsp: &GivenAnswers,
            at: clock.now(),
        },
    );
    println!("{:?}: {}", verdict.answer, certificate.subject());
    for reason in &verdict.reasons {
        println!("  {reason}");
    }
    Ok(verdict.answer)
}

/// What the messages of a feed tell, each of them signed by this key, each the continuation of the one before.
fn records(feed: &[u8], key: &str, clock: &Arc<dyn Clock>) -> Result<HeldRecords, Box<dyn Error>> {
    let keys: [VerifierKey; 1] = [key.parse()?];
    let held = Arc::new(HeldStatus::new(Arc::clone(clock), OLDEST));
    for message in MessageReader::new(feed) {
        held.take(&message?.verify(&keys)?, Acceptance::Continuing)?;
    }
    let mut records = HeldRecords::new(EvidenceSource::Snapshot);
    for (ca, certificate) in held.cas() {
        records = records.with(Certificate::from_der(&certificate)?, Arc::new(held.of(ca)));
    }
    Ok(records)
}
