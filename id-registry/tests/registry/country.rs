//! A small country in memory: a CA, its registry and people who work there.

use std::collections::{BTreeMap, VecDeque};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use ca_core::algorithm::KeyAlgorithm;
use ca_core::authorities::{Authorities, PlacedAuthority, Tenure};
use ca_core::authority::{Addresses, Authority, AuthorityParts, RootParts, found_root};
use ca_core::certificate::CaId;
use ca_core::clock::{Clock, SetClock, SystemEntropy};
use ca_core::csr::{SubjectPublicKey, Wishes};
use ca_core::hierarchy::{self, Hierarchy};
use ca_core::jws;
use ca_core::keys::Signer;
use ca_core::keys::software::SoftwareKey;
use ca_core::ledger::sealer::Sealer;
use ca_core::ledger::{self, Actor, Event, Ledger, Position};
use ca_core::profile::{Assurance, BUILT_IN};
use ca_core::profile_book::{Origin, ProfileBook};
use ca_core::storage::AuditedChange;
use ca_core::storage::memory::{Failure, MemoryStore};
use ca_core::subject::{ApprovedSubject, Fact, IdentityRef};
use ca_core::tlog::note::NoteSigner;
use ca_core::vault::master::{KeyRing, SoftwareMasterKey};
use ca_core::vault::{Vault, VaultParts};
use id_registry::backup::{BackupFailed, BackupMade, Backups};
use id_registry::duplicates::Thresholds;
use id_registry::enrolment::{APPROVAL_TYPE, Act, Request, RequestError, Statement, Submission};
use id_registry::evidence::AssuranceRules;
use id_registry::fault::Fault;
use id_registry::id::{IdentityId, RequestId};
use id_registry::identity::{Further, NewIdentity, Owner};
use id_registry::master_keys::{MasterKeyState, MasterKeys, Progress, RotationError};
use id_registry::permission::{Permission, Permit};
use id_registry::principal::{Principal, Role};
use id_registry::retention::RetentionRules;
use id_registry::staff::{EnrolledStaff, NewStaff, OfficerRules};
use id_registry::statistics::StatisticsSettings;
use id_registry::webhook::{Address, Carrier, Message, Undelivered};
use id_registry::{Registry, RegistryParts, Settings, TrustAnchor};
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};

/// A registry with its first administrator and the people enrolled by it.
pub(crate) struct Country {
    pub(crate) store: Arc<MemoryStore>,
    pub(crate) clock: Arc<SetClock>,
    pub(crate) vault: Arc<Vault>,
    pub(crate) registry: Arc<Registry>,
    pub(crate) administrator: Member,
    pub(crate) sealer: Sealer,
    pub(crate) receivers: Arc<Receivers>,
}

/// Receivers of webhooks, in memory.
#[derive(Debug)]
pub(crate) struct Receivers {
    store: Arc<MemoryStore>,
    /// What came, where.
    pub(crate) came: Mutex<Vec<(Address, Message)>>,
    /// What they answer next; they take what they have no answer for.
    pub(crate) answers: Mutex<VecDeque<Result<(), Undelivered>>>,
    /// After the next message the store fails: what was sent is not entered.
    pub(crate) then_fails: AtomicBool,
}

impl Receivers {
    fn beside(store: &Arc<MemoryStore>) -> Arc<Self> {
        let (came, answers) = (Mutex::default(), Mutex::default());
        Arc::new(Self { store: store.clone(), came, answers, then_fails: AtomicBool::new(false) })
    }
}

impl Carrier for Receivers {
    fn carry(&self, address: &Address, message: &Message) -> Result<(), Undelivered> {
        self.came.lock().unwrap().push((address.clone(), message.clone()));
        if self.then_fails.swap(false, Ordering::Relaxed) {
            self.store.fail_next_commit(Failure::BeforePersisting);
        }
        self.answers.lock().unwrap().pop_front().unwrap_or(Ok(()))
    }
}

/// A member of staff with the certificate to sign in with.
#[derive(Clone)]
pub(crate) struct Member {
    pub(crate) principal: Principal,
    pub(crate) enrolled: EnrolledStaff,
    key: Arc<SoftwareKey>,
}

impl Member {
    pub(crate) fn permit<P: Permission>(&self) -> Permit<P> {
        self.principal.permit::<P>().unwrap().in_case(Some("TEST-1".parse().unwrap()))
    }

    /// Signs what `/v1/requests/{id}/approval` answered, as a body of `/v1/requests/{id}/approve`.
    pub(crate) fn approval(&self, prepared: &Value, note: &str) -> Value {
        let mut statement = json!({"act": "approve-request", "note": note});
        for member in ["matter", "by", "at"] {
            statement[member] = prepared[member].clone();
        }
        json!({"statement": self.sign(statement.to_string().as_bytes())})
    }

    /// Signs a statement under the certificate that the member signs in with.
    pub(crate) fn sign(&self, payload: &[u8]) -> String {
        self.sign_as(APPROVAL_TYPE, payload)
    }

    /// The same for a statement of another type.
    pub(crate) fn sign_as(&self, typ: &str, payload: &[u8]) -> String {
        jws::sign(self.key.as_ref(), typ, &self.enrolled.certificate.der, payload).unwrap()
    }
}

pub(crate) fn member(registry: &Registry, enrolled: EnrolledStaff, key: &[u8]) -> Member {
    let key = Arc::new(SoftwareKey::from_pem(std::str::from_utf8(key).unwrap()).unwrap());
    Member { principal: registry.authenticate(&enrolled.certificate.der).unwrap(), enrolled, key }
}

/// What most tests need to be registered.
pub(crate) struct Things {
    pub(crate) organisation: IdentityId,
    pub(crate) person: IdentityId,
    pub(crate) device: IdentityId,
    pub(crate) application: IdentityId,
}

/// Nobody can open its backups.
#[derive(Debug)]
struct NoBackups;

impl Backups for NoBackups {
    fn has_recipients(&self) -> bool {
        false
    }

    fn write(&self, _: &mut dyn std::io::Write) -> Result<BackupMade, BackupFailed> {
        unreachable!("nobody could open it")
    }
}

fn sealer(store: &Arc<MemoryStore>) -> Sealer {
    let key = Arc::new(SoftwareKey::generate(KeyAlgorithm::Ed25519).unwrap());
    let name = "registry.example.org/ledger";
    let signer = NoteSigner::new(name.parse().unwrap(), key).unwrap();
    Sealer::new(store.clone(), name.parse().unwrap(), signer).unwrap()
}

/// A pilot's CAs: a root, and one that issues under every profile.
fn authorities(founding: &Founding) -> Authorities {
    let (_, pilot) = hierarchy::BUILT_IN.iter().find(|(name, _)| *name == "pilot").unwrap();
    let current = founding.book.current().unwrap();
    let further = current.profiles().iter().map(|profile| profile.id.0.as_str());
    let further = further.filter(|name| !BUILT_IN.iter().any(|(built_in, _)| built_in == name));
    let further: String = further.map(|name| format!("    {name:?},\n")).collect();
    let pilot = pilot.replacen("issues = [\n", &format!("issues = [\n{further}"), 1);
    let plan = Hierarchy::from_toml(&pilot, &current).unwrap();
    let root = Arc::new(founding.root());
    let issuing = Arc::new(founding.issuing(&root));
    let placed = |authority: &Arc<Authority>| PlacedAuthority {
        issues: plan.find(authority.id()).unwrap().issues.clone(),
        tenure: Tenure::default(),
        chain: vec![authority.certificate().to_vec()],
        authority: Arc::clone(authority),
    };
    let (store, clock, book) = (founding.store.clone(), founding.clock.clone(), founding.book.clone());
    let authorities = Authorities::new(store, clock, book).with(placed(&root)).with(placed(&issuing));
    authorities.planned(plan)
}

impl Country {
    pub(crate) fn founded() -> Self {
        Self::founded_with(&[])
    }

    /// With these profiles beside, or in the place of, the built-in ones: names and TOML.
    pub(crate) fn founded_with(profiles: &[(&str, &str)]) -> Self {
        Self::founded_under(OfficerRules::default(), profiles)
    }

    /// The same, with rules for officers.
    pub(crate) fn founded_under(officers: OfficerRules, profiles: &[(&str, &str)]) -> Self {
        Self::founded_as(profiles, RetentionRules::default(), officers)
    }

    /// Where these rules say what is erased.
    pub(crate) fn founded_keeping(retention: RetentionRules) -> Self {
        Self::founded_as(&[], retention, OfficerRules::default())
    }

    fn founded_as(profiles: &[(&str, &str)], retention: RetentionRules, officers: OfficerRules) -> Self {
        let store = Arc::new(MemoryStore::new());
        let clock = Arc::new(SetClock::at(OffsetDateTime::now_utc()));
        let vault = Arc::new(vault(&store, &clock));
        let authorities = authorities(&Founding::begun(&store, &clock, &vault, profiles));
        let anchor = TrustAnchor {
            ca: "root".to_owned(),
            subject: "CN=Example".to_owned(),
            certificate: authorities.of(&CaId::new("root").unwrap()).unwrap().certificate().to_vec(),
        };
        let sealer = sealer(&store);
        let receivers = Receivers::beside(&store);
        let registry = Arc::new(Registry::new(RegistryParts {
            log: sealer.log().clone(),
            backups: Arc::new(NoBackups),
            carrier: receivers.clone(),
            store: store.clone(),
            clock: clock.clone(),
            entropy: Arc::new(SystemEntropy),
            vault: vault.clone(),
            master_keys: Arc::new(OneKey(vault.clone())),
            authorities: Arc::new(authorities),
            settings: Settings {
                country: "LS".to_owned(),
                organisation: "Government of Example".to_owned(),
                registry_url: "https://registry.example.org".parse().unwrap(),
                trust_anchors: vec![anchor],
                sponsor_grace: Duration::days(30),
                full_age: 18,
                reply_time: Duration::days(14),
                packet_age: Duration::days(30),
                appeal_time: Duration::days(30),
                duplicates: Thresholds::default(),
                officers,
                assurance: AssuranceRules::built_in().unwrap(),
                statistics: StatisticsSettings::default(),
                retention,
                webhook_patience: Duration::days(5),
            },
        }));
        let key = new_key();
        let enrolled = registry.bootstrap_administrator("First Administrator", &csr_of(&key, "one")).unwrap();
        let administrator = member(&registry, enrolled, &key);
        Self { store, clock, vault, registry, administrator, sealer, receivers }
    }

    pub(crate) fn enrol(&self, name: &str, role: Role) -> Member {
        let key = new_key();
        let new = NewStaff { name, role, person: None, csr: &csr_of(&key, name) };
        let enrolled = self.registry.enrol_staff(&self.administrator.permit(), &new).unwrap();
        member(&self.registry, enrolled, &key)
    }

    pub(crate) fn today(&self) -> time::Date {
        self.clock.now().date()
    }

    /// Lets time pass.
    pub(crate) fn pass(&self, duration: Duration) {
        self.clock.set(self.clock.now() + duration);
    }

    /// What this officer is to sign to approve a request.
    pub(crate) fn statement(&self, by: &Member, id: RequestId) -> Result<Statement, RequestError> {
        let matter = self.registry.to_approve(&by.permit(), id)?.matter;
        let (by, at) = (by.principal.id(), self.clock.now());
        Ok(Statement { act: Act::ApproveRequest, matter, by, at, assurance: None, note: None })
    }

    /// Hands in a statement under the officer's signature.
    pub(crate) fn hand_in(&self, by: &Member, statement: &Statement) -> Result<Request, RequestError> {
        let text = by.sign(&serde_json::to_vec(statement).unwrap());
        self.registry.approve(&by.permit(), statement.matter.request, &text)
    }

    pub(crate) fn approve(
        &self,
        by: &Member,
        id: RequestId,
        note: Option<&str>,
    ) -> Result<Request, RequestError> {
        self.approve_at(by, id, note, None)
    }

    pub(crate) fn approve_at(
        &self,
        by: &Member,
        id: RequestId,
        note: Option<&str>,
        assurance: Option<Assurance>,
    ) -> Result<Request, RequestError> {
        let statement = self.statement(by, id)?;
        self.hand_in(by, &Statement { note: note.map(str::to_owned), assurance, ..statement })
    }

    pub(crate) fn officer(&self) -> Member {
        self.enrol("An Officer", Role::Officer)
    }

    pub(crate) fn register(&self, officer: &Member, new: NewIdentity) -> IdentityId {
        self.registry.register_identity(&officer.permit(), new).unwrap().id()
    }

    pub(crate) fn settled(&self, officer: &Member, code: &str) -> Things {
        let organisation = self.register(officer, organisation(code));
        let person = self.register(officer, person(&format!("PNOLS-{code}")));
        let owner = Owner { organisation, sponsor: person };
        let device = self.register(officer, device(owner, &format!("{code}-GATE-1")));
        let dns_names = vec!["payroll.gov.ls".to_owned(), "pay.gov.ls".to_owned()];
        let (name, environment) = ("Payroll".to_owned(), "production".to_owned());
        let application = self.register(
            officer,
            NewIdentity::Application { owner, name, environment, dns_names, further: Further::default() },
        );
        Things { organisation, person, device, application }
    }

    pub(crate) fn submit(
        &self,
        by: &Member,
        profile: &str,
        identity: IdentityId,
        csr: &[u8],
    ) -> Result<Request, RequestError> {
        let submission = Submission::of(profile, identity, csr);
        self.registry.submit(&by.permit(), &submission, None)
    }

    /// How many events of this name there are.
    pub(crate) fn events(&self, action: &str) -> Vec<Event> {
        let events = ledger::events(self.store.as_ref(), Position(0), 10_000).unwrap();
        events.into_iter().filter(|event| event.action.as_str() == action).collect()
    }

    /// The serial number of an identity's only certificate.
    pub(crate) fn certificate_of(&self, identity: IdentityId) -> String {
        let reference = IdentityRef(identity.to_string());
        let records = self.registry.authorities().of_identity(&reference, None, 2).unwrap();
        let [record] = &records[..] else { panic!("{records:?}") };
        record.serial.to_string()
    }

    pub(crate) fn certificates_of(&self, identity: IdentityId) -> usize {
        let reference = IdentityRef(identity.to_string());
        self.registry.authorities().of_identity(&reference, None, 100).unwrap().len()
    }
}

pub(crate) fn organisation(code: &str) -> NewIdentity {
    NewIdentity::Organisation {
        legal_name: format!("Agency {code}"),
        identifier: format!("GO:LS-{code}"),
        locality: Some("Maseru".to_owned()),
        further: Further::default(),
    }
}

pub(crate) fn person(identifier: &str) -> NewIdentity {
    NewIdentity::Person {
        surname: "Mokoena".to_owned(),
        given_name: "Thabo".to_owned(),
        identifier: identifier.to_owned(),
        further: Further::default(),
    }
}

pub(crate) fn device(owner: Owner, asset_tag: &str) -> NewIdentity {
    NewIdentity::Device {
        owner,
        asset_tag: asset_tag.to_owned(),
        hardware_module: Some("1.3.6.1.4.1.32473.1/0a0b".to_owned()),
        further: Further::default(),
    }
}

/// A certification request of a new P-256 key, made by OpenSSL, PEM.
pub(crate) fn csr() -> Vec<u8> {
    csr_with(&[])
}

/// The same, with further arguments.
pub(crate) fn csr_with(further: &[&str]) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let output = Command::new("openssl")
        .args(["req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/"])
        .arg("-keyout")
        .arg(folder.path().join("key.pem"))
        .args(further)
        .output()
        .expect("openssl is installed");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

/// A new P-256 key, PEM.
pub(crate) fn new_key() -> Vec<u8> {
    let arguments = ["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"];
    let output = Command::new("openssl").args(arguments).output().expect("openssl is installed");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

/// A certification request of a key, with this common name, PEM.
pub(crate) fn csr_of(key: &[u8], name: &str) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("key.pem");
    std::fs::write(&file, key).unwrap();
    let subject = format!("/CN={name}");
    let request = Command::new("openssl").args(["req", "-new", "-subj", &subject, "-key"]).arg(file).output();
    let request = request.expect("openssl is installed");
    assert!(request.status.success(), "{}", String::from_utf8_lossy(&request.stderr));
    request.stdout
}

/// A keeper that re-wraps at once, under a new key in memory.
#[derive(Debug)]
struct OneKey(Arc<Vault>);

impl MasterKeys for OneKey {
    fn rotate(&self, actor: &Actor) -> Result<(), RotationError> {
        let next = SoftwareMasterKey::generate(Arc::new(SystemEntropy)).unwrap();
        self.0.make_current(Arc::new(next), actor)?;
        let page = std::num::NonZeroUsize::new(100).unwrap();
        self.0.rotate(page, actor, &mut |_| std::ops::ControlFlow::Continue(()))?;
        Ok(())
    }

    fn state(&self) -> Result<MasterKeyState, Fault> {
        Ok(MasterKeyState {
            current: self.0.ring().current().id().clone(),
            in_use: self.0.master_keys_in_use()?,
            rewrapped: 0,
            left: self.0.left_to_rotate()?,
            progress: Progress::Idle,
        })
    }
}

fn vault(store: &Arc<MemoryStore>, clock: &Arc<SetClock>) -> Vault {
    let master = SoftwareMasterKey::generate(Arc::new(SystemEntropy)).unwrap();
    Vault::new(VaultParts {
        store: store.clone(),
        keys: KeyRing::of(Arc::new(master)),
        ledger: Ledger::new(clock.clone(), Arc::new(SystemEntropy)),
        clock: clock.clone(),
        entropy: Arc::new(SystemEntropy),
        cached_subjects: 100,
    })
}

/// What CAs are founded with.
struct Founding {
    store: Arc<MemoryStore>,
    clock: Arc<SetClock>,
    vault: Arc<Vault>,
    book: Arc<ProfileBook>,
}

impl Founding {
    fn begun(
        store: &Arc<MemoryStore>,
        clock: &Arc<SetClock>,
        vault: &Arc<Vault>,
        profiles: &[(&str, &str)],
    ) -> Self {
        let book = Arc::new(ProfileBook::kept_in(store.clone()));
        let files: BTreeMap<_, _> = BUILT_IN.iter().chain(profiles).copied().collect();
        let files: Vec<_> =
            files.into_iter().map(|(name, text)| (name.to_owned(), text.to_owned())).collect();
        let ledger = Ledger::new(clock.clone(), Arc::new(SystemEntropy));
        let begun = book.begin(&files, &Origin::Founding, &ledger, &Actor::system("test"));
        assert!(begun.unwrap_or_else(|error| panic!("{error}")));
        Self { store: store.clone(), clock: clock.clone(), vault: vault.clone(), book }
    }

    fn name(id: &str) -> ApprovedSubject {
        ApprovedSubject::new(IdentityRef(format!("system:{id}")))
            .with(Fact::Country, "LS")
            .with(Fact::Organization, "Government of Example")
            .with(Fact::OrganizationIdentifier, "GO:LS-GOV")
            .with(Fact::CommonName, format!("Example {id} CA G1"))
    }

    fn root(&self) -> Authority {
        let id = CaId::new("root").unwrap();
        let parts = RootParts {
            store: self.store.clone(),
            clock: self.clock.clone(),
            entropy: Arc::new(SystemEntropy),
            vault: self.vault.clone(),
            signer: Arc::new(SoftwareKey::generate(KeyAlgorithm::P384).unwrap()),
            addresses: Addresses::under("http://pki.example.org", &id),
            id,
            profile: &self.book.find("root-ca").unwrap(),
            subject: &Self::name("root"),
            profiles: self.book.clone(),
        };
        Authority::new(found_root(parts, &Actor::system("test")).unwrap()).unwrap()
    }

    fn issuing(&self, root: &Authority) -> Authority {
        let actor = Actor::system("test");
        let id = CaId::new("issuing").unwrap();
        let key = SoftwareKey::generate(KeyAlgorithm::P384).unwrap();
        let public = SubjectPublicKey::from_der(key.public_key_info()).unwrap();
        let profile = self.book.find("issuing-ca").unwrap();
        let request = root.admit_key(public, &Wishes::none(), Self::name("issuing"), &profile).unwrap();
        let prepared = root.prepare(request, &actor).unwrap();
        let certificate = root.sign(prepared, &actor, |_, _| Ok(AuditedChange::nothing())).unwrap().der;
        Authority::new(AuthorityParts {
            store: self.store.clone(),
            clock: self.clock.clone(),
            entropy: Arc::new(SystemEntropy),
            vault: self.vault.clone(),
            signer: Arc::new(key),
            addresses: Addresses::under("http://pki.example.org", &id),
            id,
            certificate,
            certified_by: Some(root.id().clone()),
            profiles: self.book.clone(),
        })
        .unwrap()
    }
}
