//! How many time stamps a unit gives in a second, beside bare signatures of its key, and how many signatures are validated, beside bare
//! verifications of the same kind of key and beside `openssl cms -verify`, in the same run, by one thread each:
//! `cargo bench -p ocsp-responder --bench timestamps`. Needs openssl, which makes the certificates.
//!
//! Each is measured in turns, since other work on the machine comes and goes; the best turn of each is told. OpenSSL verifies one
//! signature for each process, so its start is part of that; the bare rates are the harder measure.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a program that measures and tells")]

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;
use std::time::{Duration, Instant};

use ca_core::clock::{Clock, SystemClock, SystemEntropy};
use ca_core::keys::Signer;
use ca_core::keys::software::SoftwareKey;
use ocsp_responder::signature::{
    ContentDigest, Gathered, Gathering, SignatureLevel, sign_detached, signature_imprint, verify_signed_file,
    with_material, with_signature_timestamp,
};
use ocsp_responder::timestamp::{
    ClockBounds, Serials, Ticks, TimestampQuery, TimestampingUnit, UnitParts, UnitPolicy, WatchedClock,
};
use ocsp_responder::validation::algorithm::DigestAlgorithm;
use ocsp_responder::validation::certificate::Certificate;
use ocsp_responder::validation::status::{CrlOnly, GatheredEvidence};
use ocsp_responder::validation::{Answer, Basis};
use ring::signature::{ECDSA_P256_SHA256_ASN1, UnparsedPublicKey};
use time::OffsetDateTime;

/// How long each turn lasts, and how many there are.
const TURN: Duration = Duration::from_millis(700);
const TURNS: u32 = 5;
const CONTENT: &[u8] = b"The ministry pays 100 maloti.\n";

/// The one that npki runs with.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    let office = Office::opened();
    let unit = office.unit();
    let query = office.query(ContentDigest::of(CONTENT, DigestAlgorithm::Sha256));
    let signer = office.key("unit");
    let mut signed = || drop(signer.sign(query.der()).unwrap());
    let mut stamped = || {
        let reply = unit.answer(query.der());
        assert!(reply.der().len() > 500, "a token");
    };
    let [bare, stamps] = rates([&mut signed, &mut stamped]);
    tell("bare signatures of the unit's key", bare, bare);
    tell("time stamps", stamps, bare);

    let (bb, blt) = (office.signed(), office.lasting(&unit));
    let (evidence, nothing) = (office.evidence(), GatheredEvidence::default());
    let value = signer.sign(CONTENT).unwrap();
    let point = signer.public_key_info()[signer.public_key_info().len() - 65..].to_vec();
    let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, point);
    let mut verified = || key.verify(CONTENT, &value).unwrap();
    let mut basic = || office.validates(&bb, &evidence, SignatureLevel::B);
    let mut lasting = || office.validates(&blt, &nothing, SignatureLevel::Lt);
    std::fs::write(office.path("bb.p7s"), &bb).unwrap();
    let mut openssl = || office.openssl_verifies();
    let [bare, basic, lasting, openssl] = rates([&mut verified, &mut basic, &mut lasting, &mut openssl]);
    tell("bare verifications, P-256", bare, bare);
    tell("validations, B-B (3 signatures in it)", basic, bare);
    tell("validations, B-LT (5 signatures in it)", lasting, bare);
    tell("openssl cms -verify, B-B", openssl, bare);
}

fn tell(what: &str, rate: f64, bare: f64) {
    println!("{what:<38} {rate:>9.0} /s {:>8.3} of the bare ones", rate / bare);
}

/// How often each is done in a second, in the best of its turns.
fn rates<const COUNT: usize>(mut acts: [&mut dyn FnMut(); COUNT]) -> [f64; COUNT] {
    let mut best = [0.0_f64; COUNT];
    for _ in 0..TURNS {
        for (act, best) in acts.iter_mut().zip(&mut best) {
            let (begun, mut done) = (Instant::now(), 0_u32);
            while begun.elapsed() < TURN {
                act();
                done += 1;
            }
            *best = best.max(f64::from(done) / begun.elapsed().as_secs_f64());
        }
    }
    best
}

#[derive(Debug)]
struct Even(Instant);

impl Ticks for Even {
    fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}

/// A root, its list of what it revoked, a signer and a time-stamping unit.
struct Office {
    folder: tempfile::TempDir,
    root: Certificate,
}

const AUTHORITY: &str = "[req]\ndistinguished_name=dn\n[dn]\n[ca]\ndefault_ca=own\n[own]\ndatabase=index.txt\n\
    default_md=sha256\ndefault_crl_days=30\ncrlnumber=crlnumber\n[list]\nauthorityKeyIdentifier=keyid\n[root]\nbasicConstraints=critical,CA:TRUE\n\
    keyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=hash\n[leaf]\nkeyUsage=critical,nonRepudiation\n\
    authorityKeyIdentifier=keyid\n[unit]\nkeyUsage=critical,digitalSignature\n\
    extendedKeyUsage=critical,timeStamping\nauthorityKeyIdentifier=keyid\n";

impl Office {
    fn opened() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        std::fs::write(path.join("own.cnf"), AUTHORITY).unwrap();
        std::fs::write(path.join("index.txt"), "").unwrap();
        std::fs::write(path.join("crlnumber"), "01").unwrap();
        std::fs::write(path.join("content"), CONTENT).unwrap();
        let openssl = |line: &str| {
            let output = run(path, line);
            assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
        };
        for name in ["root", "leaf", "unit"] {
            openssl(&format!("genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out {name}.key"));
        }
        let own = "-config own.cnf -extensions";
        openssl(&format!("req -x509 -new -key root.key -subj /CN=root -days 30 {own} root -out root.pem"));
        for name in ["leaf", "unit"] {
            openssl(&format!("req -new -key {name}.key -subj /CN={name} -config own.cnf -out {name}.csr"));
            openssl(&format!(
                "x509 -req -in {name}.csr -CA root.pem -CAkey root.key -CAcreateserial -days 30 \
                 -extfile own.cnf -extensions {name} -out {name}.pem"
            ));
        }
        openssl("ca -gencrl -config own.cnf -crlexts list -cert root.pem -keyfile root.key -out crl.pem");
        openssl("crl -in crl.pem -outform DER -out crl.der");
        let trusted = ["root.pem", "crl.pem"].map(|name| std::fs::read(path.join(name)).unwrap());
        std::fs::write(path.join("trust.pem"), trusted.concat()).unwrap();
        let root =
            Certificate::read_bundle(&std::fs::read(path.join("root.pem")).unwrap()).unwrap().remove(0);
        Self { folder, root }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.path(name)).unwrap()
    }

    fn certificate(&self, name: &str) -> Certificate {
        Certificate::read_bundle(&self.read(&format!("{name}.pem"))).unwrap().remove(0)
    }

    fn key(&self, name: &str) -> SoftwareKey {
        SoftwareKey::from_pem(&String::from_utf8(self.read(&format!("{name}.key"))).unwrap()).unwrap()
    }

    fn evidence(&self) -> GatheredEvidence {
        GatheredEvidence { crls: vec![self.read("crl.der")], ocsp_responses: Vec::new() }
    }

    fn unit(&self) -> TimestampingUnit {
        let clock = WatchedClock::new(
            Arc::new(SystemClock),
            Arc::new(Even(Instant::now())),
            ClockBounds { step: time::Duration::milliseconds(500), reference: None },
            OffsetDateTime::UNIX_EPOCH,
        );
        TimestampingUnit::new(UnitParts {
            signer: Arc::new(self.key("unit")),
            certificate: self.certificate("unit").der().to_vec(),
            chain: Vec::new(),
            policy: UnitPolicy { policy: "1.3.6.1.4.1.55555.1".parse().unwrap(), accuracy: 1_000 },
            clock: Arc::new(clock),
            serials: Arc::new(Serials::of_start(1, &SystemEntropy).unwrap()),
        })
        .unwrap()
    }

    fn query(&self, digest: ContentDigest) -> TimestampQuery {
        TimestampQuery::about(digest, None, &SystemEntropy).unwrap()
    }

    fn signed(&self) -> Vec<u8> {
        sign_detached(CONTENT, &self.key("leaf"), &self.certificate("leaf"), &[], SystemClock.now()).unwrap()
    }

    /// The same with a time stamp and with all that it is judged by.
    fn lasting(&self, unit: &TimestampingUnit) -> Vec<u8> {
        let signed = self.signed();
        let query = self.query(signature_imprint(&signed, DigestAlgorithm::Sha256).unwrap());
        let token = query.read(unit.answer(query.der()).der()).unwrap().token;
        let stamped = with_signature_timestamp(&signed, &token).unwrap();
        let (anchors, evidence) = (std::slice::from_ref(&self.root), self.evidence());
        let at = SystemClock.now();
        let asked = Basis { anchors, intermediates: &[], evidence: &evidence, ocsp: &CrlOnly, at };
        let gathered = RefCell::new(Gathered::default());
        let gathering = Gathering::into(&asked, &gathered);
        let basis = Basis { evidence: &gathering, ocsp: &gathering, ..asked };
        let verdict = verify_signed_file(&stamped, CONTENT, &basis).unwrap();
        assert_eq!(verdict.answer, Answer::Valid, "{:?}", verdict.reasons);
        with_material(&stamped, &gathered.into_inner()).unwrap()
    }

    fn validates(&self, signature: &[u8], evidence: &GatheredEvidence, level: SignatureLevel) {
        let (anchors, at) = (std::slice::from_ref(&self.root), SystemClock.now());
        let basis = Basis { anchors, intermediates: &[], evidence, ocsp: &CrlOnly, at };
        let verdict = verify_signed_file(signature, CONTENT, &basis).unwrap();
        assert_eq!((verdict.answer, verdict.level), (Answer::Valid, Some(level)), "{:?}", verdict.reasons);
    }

    fn openssl_verifies(&self) {
        let line = "cms -verify -binary -inform DER -in bb.p7s -content content -CAfile trust.pem -purpose any \
                    -crl_check -out verified";
        let output = run(self.folder.path(), line);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

fn run(folder: &Path, line: &str) -> Output {
    Command::new("openssl").args(line.split_whitespace()).current_dir(folder).output().unwrap()
}
