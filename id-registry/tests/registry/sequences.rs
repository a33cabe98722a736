//! Whatever is done in whatever order: no key serves two identities, and nothing is issued that was not approved as its profile
//! demands, by officers other than the one who asked, over exactly what was issued.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use ca_core::certificate::CertificateRecord;
use ca_core::csr::CertificationRequest;
use ca_core::jws;
use ca_core::status::RevocationReason;
use ca_core::subject::IdentityRef;
use id_registry::enrolment::{APPROVAL_TYPE, Request, Statement};
use id_registry::id::IdentityId;
use id_registry::life::{DeathSource, SuspensionCause};
use id_registry::page::PageSize;
use id_registry::permission::ReadRegistry;
use id_registry::withdrawal::{Notice, Word};
use proptest::prelude::*;
use time::Duration;

use crate::country::{Country, Member, Things, csr_of, new_key};

/// What somebody does; the numbers choose among what there is.
#[derive(Debug, Clone)]
enum Command {
    Ask {
        officer: usize,
        profile: usize,
        identity: usize,
        csr: usize,
    },
    Approve {
        officer: usize,
        request: usize,
    },
    /// A statement about one request, handed in for another.
    Mislay {
        officer: usize,
        request: usize,
        other: usize,
    },
    Reject {
        officer: usize,
        request: usize,
    },
    Revoke {
        certificate: usize,
        reason: usize,
    },
    Release {
        certificate: usize,
    },
    Suspend {
        officer: usize,
        identity: usize,
    },
    Resume {
        officer: usize,
        identity: usize,
    },
    ReportDeath {
        officer: usize,
        identity: usize,
    },
    FindAlive {
        officer: usize,
        identity: usize,
    },
    Withdraw {
        officer: usize,
        identity: usize,
    },
    Uphold {
        officer: usize,
    },
    Wait {
        days: i64,
    },
}

fn command() -> impl Strategy<Value = Command> {
    let any = 0usize..64;
    let officer = 0usize..3;
    prop_oneof![
        4 => (officer.clone(), any.clone(), any.clone(), any.clone())
            .prop_map(|(officer, profile, identity, csr)| Command::Ask { officer, profile, identity, csr }),
        6 => (officer.clone(), any.clone()).prop_map(|(officer, request)| Command::Approve { officer, request }),
        1 => (officer.clone(), any.clone(), any.clone())
            .prop_map(|(officer, request, other)| Command::Mislay { officer, request, other }),
        1 => (officer.clone(), any.clone()).prop_map(|(officer, request)| Command::Reject { officer, request }),
        1 => (any.clone(), any.clone()).prop_map(|(certificate, reason)| Command::Revoke { certificate, reason }),
        1 => any.clone().prop_map(|certificate| Command::Release { certificate }),
        1 => (officer.clone(), any.clone()).prop_map(|(officer, identity)| Command::Suspend { officer, identity }),
        1 => (officer.clone(), any.clone()).prop_map(|(officer, identity)| Command::Resume { officer, identity }),
        1 => (officer.clone(), any.clone()).prop_map(|(officer, identity)| Command::ReportDeath { officer, identity }),
        1 => (officer.clone(), any.clone()).prop_map(|(officer, identity)| Command::FindAlive { officer, identity }),
        1 => (officer.clone(), any.clone()).prop_map(|(officer, identity)| Command::Withdraw { officer, identity }),
        1 => officer.prop_map(|officer| Command::Uphold { officer }),
        1 => (0i64..40).prop_map(|days| Command::Wait { days }),
    ]
}

/// Profiles, and how many officers must approve under each.
const PROFILES: [(&str, usize); 5] = [
    ("person-signature", 1),
    ("person-authentication", 1),
    ("organisation-seal", 2),
    ("device", 0),
    ("application", 0),
];

/// Three keys, four certification requests of each: keys are tried for whoever wants them.
fn requests() -> &'static [Vec<u8>] {
    static MADE: OnceLock<Vec<Vec<u8>>> = OnceLock::new();
    MADE.get_or_init(|| {
        let keys = [(); 3].map(|()| new_key());
        keys.iter().flat_map(|key| [(); 4].map(|()| csr_of(key, ""))).collect()
    })
}

struct World {
    country: Country,
    officers: [Member; 3],
    identities: Vec<IdentityId>,
}

impl World {
    fn begun() -> Self {
        let country = Country::founded();
        let officers = [(); 3].map(|()| country.officer());
        let mut identities = Vec::new();
        for code in ["RSL", "LRA"] {
            let Things { organisation, person, device, application } = country.settled(&officers[0], code);
            identities.extend([person, organisation, device, application]);
        }
        Self { country, officers, identities }
    }

    fn requests(&self) -> Vec<Request> {
        let permit = self.officers[0].permit::<ReadRegistry>();
        self.country.registry.requests(&permit, None, None, PageSize::new(500).unwrap()).unwrap().items
    }

    fn certificates(&self) -> Vec<CertificateRecord> {
        let of = |id: &IdentityId| {
            let reference = IdentityRef(id.to_string());
            self.country.registry.authorities().of_identity(&reference, None, 100).unwrap()
        };
        self.identities.iter().flat_map(of).collect()
    }

    /// Most of it is refused; what is refused does nothing.
    fn run(&self, command: &Command) {
        let registry = &self.country.registry;
        let identity = |number: usize| self.identities[number % self.identities.len()];
        let requests = self.requests();
        let request = |number: usize| requests.get(number % requests.len().max(1)).map(|one| one.id);
        let certificates = self.certificates();
        let serial =
            |number: usize| certificates.get(number % certificates.len().max(1)).map(|one| &one.serial);
        match *command {
            Command::Ask { officer, profile, identity: of, csr } => {
                let csrs = self::requests();
                let (profile, _) = PROFILES[profile % PROFILES.len()];
                let _ = self.country.submit(
                    &self.officers[officer],
                    profile,
                    identity(of),
                    &csrs[csr % csrs.len()],
                );
            }
            Command::Approve { officer, request: of } => {
                let Some(id) = request(of) else { return };
                let _ = self.country.approve(&self.officers[officer], id, None);
            }
            Command::Mislay { officer, request: of, other } => {
                let (Some(id), Some(other), by) = (request(of), request(other), &self.officers[officer])
                else {
                    return;
                };
                let Ok(statement) = self.country.statement(by, id) else { return };
                let text = by.sign(&serde_json::to_vec(&statement).unwrap());
                let taken = registry.approve(&by.permit(), other, &text);
                assert!(id == other || taken.is_err(), "an approval of {id} counted for {other}");
            }
            Command::Reject { officer, request: of } => {
                let Some(id) = request(of) else { return };
                let _ = registry.reject(&self.officers[officer].permit(), id, "no");
            }
            Command::Revoke { certificate, reason } => {
                let Some(serial) = serial(certificate) else { return };
                let reasons = [RevocationReason::KeyCompromise, RevocationReason::CertificateHold];
                let permit = self.country.administrator.permit();
                let _ = registry.revoke(&permit, serial, reasons[reason % reasons.len()], None);
            }
            Command::Release { certificate } => {
                let Some(serial) = serial(certificate) else { return };
                let _ = registry.release(&self.country.administrator.permit(), serial, None);
            }
            _ => self.live(command),
        }
    }

    fn live(&self, command: &Command) {
        let registry = &self.country.registry;
        let identity = |number: usize| self.identities[number % self.identities.len()];
        match *command {
            Command::Suspend { officer, identity: of } => {
                let permit = self.officers[officer].permit();
                let _ =
                    registry.suspend_identity(&permit, identity(of), SuspensionCause::Investigation, "asked");
            }
            Command::Resume { officer, identity: of } => {
                let _ = registry.resume_identity(&self.officers[officer].permit(), identity(of), "over");
            }
            Command::ReportDeath { officer, identity: of } => {
                let permit = self.officers[officer].permit();
                let _ = registry.report_death(&permit, identity(of), DeathSource::Chief, "a letter");
            }
            Command::FindAlive { officer, identity: of } => {
                let _ = registry.find_alive(&self.officers[officer].permit(), identity(of), "came by");
            }
            Command::Withdraw { officer, identity: of } => {
                let notice =
                    Notice { identity: identity(of), certificates: Vec::new(), reason: "section 12" };
                let _ = registry.give_notice(&self.officers[officer].permit(), &notice);
            }
            Command::Uphold { officer } => {
                let permit = self.officers[officer].permit::<ReadRegistry>();
                let open = registry.withdrawals(&permit, None, true, None, PageSize::default()).unwrap();
                let Some(open) = open.items.first() else { return };
                let _ = registry.step_withdrawal(
                    &self.officers[officer].permit(),
                    open.id,
                    Word::Uphold,
                    "so be it",
                );
            }
            Command::Wait { days } => {
                self.country.pass(Duration::days(days));
                let _ = registry.carry_on_withdrawals(10);
                let _ = registry.carry_on_lives(10);
            }
            _ => unreachable!("it is about requests or certificates"),
        }
    }

    fn holds(&self) {
        let requests = self.requests();
        let mut holders = BTreeMap::new();
        for certificate in self.certificates() {
            let of = requests.iter().find(|one| one.serial() == Some(&certificate.serial));
            let request = of.unwrap_or_else(|| panic!("{} was never asked for", certificate.serial));
            assert_eq!(request.identity.to_string(), certificate.identity.0);
            self.is_approved(request);
            let proof = self.country.registry.proof_of(&self.officers[0].permit(), request.id).unwrap();
            let asked = CertificationRequest::parse(&proof.csr).unwrap().verify().unwrap();
            let key = asked.key().der().to_vec();
            let issued = proof.certificate.unwrap();
            assert!(issued.windows(key.len()).any(|octets| octets == key), "another key than was asked for");
            let holder = holders.entry(key).or_insert(request.identity);
            assert_eq!(*holder, request.identity, "one key serves two identities");
        }
    }

    /// As many officers as the profile demands, none of them twice and none the applicant, each over this very request.
    fn is_approved(&self, request: &Request) {
        let (_, needed) = *PROFILES.iter().find(|(name, _)| *name == request.profile.0).unwrap();
        let by: BTreeSet<_> = request.approvals.iter().map(|approval| approval.by).collect();
        assert!(by.len() >= needed && by.len() == request.approvals.len(), "{request:?}");
        assert!(!by.contains(&request.requested_by), "{request:?}");
        let proof = self.country.registry.proof_of(&self.officers[0].permit(), request.id).unwrap();
        assert_eq!(proof.statements.len(), by.len());
        for text in &proof.statements {
            let verified = jws::Unverified::parse(text, APPROVAL_TYPE).unwrap().verify().unwrap();
            let statement: Statement = serde_json::from_slice(&verified.payload).unwrap();
            assert!(by.contains(&statement.by));
            let matter = &statement.matter;
            assert_eq!((matter.request, matter.identity), (request.id, request.identity));
            assert_eq!(matter.csr_sha256, request.csr_sha256);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, max_shrink_iters: 60, ..ProptestConfig::default() })]

    #[test]
    fn no_sequence_issues_what_was_not_approved_or_binds_a_key_twice(
        commands in proptest::collection::vec(command(), 10..60),
    ) {
        let world = World::begun();
        for command in &commands {
            world.run(command);
        }
        world.holds();
    }
}

/// The same world does issue, in the usual order: the property above is not true of nothing.
#[test]
fn the_usual_order_issues() {
    let world = World::begun();
    for (profile, of) in [("person-signature", 0), ("organisation-seal", 1), ("device", 2)] {
        let (ask, csr) = (world.identities[of], crate::country::csr());
        let request = world.country.submit(&world.officers[0], profile, ask, &csr).unwrap();
        for officer in &world.officers[1..] {
            if request.serial().is_none() {
                let _ = world.country.approve(officer, request.id, None);
            }
        }
    }
    assert_eq!(world.certificates().len(), 3);
    world.holds();
}
