//! A founded hierarchy in memory.

use std::sync::Arc;

use ca_core::algorithm::KeyAlgorithm;
use ca_core::authority::{Addresses, Authority, AuthorityParts, RootParts, found_root};
use ca_core::certificate::CaId;
use ca_core::clock::{Clock, SetClock, SystemEntropy};
use ca_core::crl::CrlPlan;
use ca_core::csr::{SubjectPublicKey, Wishes};
use ca_core::issuance::{IssueError, IssuedCertificate, PreparedCertificate};
use ca_core::keys::Signer;
use ca_core::keys::software::SoftwareKey;
use ca_core::ledger::{Actor, Ledger};
use ca_core::profile::ProfileSet;
use ca_core::profile_book::ProfileBook;
use ca_core::storage::memory::MemoryStore;
use ca_core::storage::{AuditedChange, Store};
use ca_core::subject::{ApprovedSubject, Fact, IdentityRef};
use ca_core::vault::master::{KeyRing, SoftwareMasterKey};
use ca_core::vault::{Vault, VaultParts};
use time::{Duration, OffsetDateTime};

/// A root and an issuing CA.
pub(crate) struct Ca<S = MemoryStore> {
    pub(crate) store: Arc<S>,
    pub(crate) clock: Arc<SetClock>,
    pub(crate) vault: Arc<Vault>,
    pub(crate) root: Authority,
    pub(crate) issuing: Authority,
}

pub(crate) fn actor() -> Actor {
    Actor::system("test")
}

fn root_key() -> Arc<dyn Signer> {
    Arc::new(SoftwareKey::generate(KeyAlgorithm::P384).unwrap())
}

impl Ca {
    pub(crate) fn founded() -> Self {
        Self::founded_on(MemoryStore::new())
    }

    /// Founded some time ago, which its clock still shows: as it goes on, it does not get ahead of the judges'.
    pub(crate) fn founded_before(now: Duration) -> Self {
        let key = Arc::new(SoftwareKey::generate(KeyAlgorithm::P384).unwrap());
        Self::founded_at(MemoryStore::new(), root_key(), key, OffsetDateTime::now_utc() - now)
    }
}

impl<S: Store + 'static> Ca<S> {
    pub(crate) fn founded_on(store: S) -> Self {
        Self::founded_with(store, Arc::new(SoftwareKey::generate(KeyAlgorithm::P384).unwrap()))
    }

    /// With this key of the issuing CA.
    pub(crate) fn founded_with(store: S, key: Arc<dyn Signer>) -> Self {
        Self::founded_with_keys(store, root_key(), key)
    }

    /// With these keys of root and issuing CA.
    pub(crate) fn founded_with_keys(store: S, root_key: Arc<dyn Signer>, key: Arc<dyn Signer>) -> Self {
        Self::founded_at(store, root_key, key, OffsetDateTime::now_utc())
    }

    fn founded_at(store: S, root_key: Arc<dyn Signer>, key: Arc<dyn Signer>, now: OffsetDateTime) -> Self {
        let store = Arc::new(store);
        let clock = Arc::new(SetClock::at(now));
        let vault = Arc::new(vault(store.clone(), &clock));
        let profiles = Arc::new(ProfileBook::of(ProfileSet::built_in().unwrap()));
        let id = CaId::new("root").unwrap();
        let parts = RootParts {
            store: store.clone(),
            clock: clock.clone(),
            entropy: Arc::new(SystemEntropy),
            vault: vault.clone(),
            signer: root_key,
            addresses: Addresses::under("http://pki.example.org", &id),
            id,
            profile: &profiles.find("root-ca").unwrap(),
            subject: &ca_subject("Example National Root CA G1"),
            profiles: profiles.clone(),
        };
        let root = Authority::new(found_root(parts, &actor()).unwrap()).unwrap();
        let public = SubjectPublicKey::from_der(key.public_key_info()).unwrap();
        let profile = profiles.find("issuing-ca").unwrap();
        let request =
            root.admit_key(public, &Wishes::none(), ca_subject("Example Issuing CA G1"), &profile).unwrap();
        let prepared = root.prepare(request, &actor()).unwrap();
        let certificate = root.sign(prepared, &actor(), |_, _| Ok(AuditedChange::nothing())).unwrap().der;
        let id = CaId::new("issuing").unwrap();
        let issuing = Authority::new(AuthorityParts {
            store: store.clone(),
            clock: clock.clone(),
            entropy: Arc::new(SystemEntropy),
            vault: vault.clone(),
            signer: key,
            addresses: Addresses::under("http://pki.example.org", &id),
            id,
            certified_by: Some(CaId::new("root").unwrap()),
            certificate,
            profiles,
        })
        .unwrap();
        Self { store, clock, vault, root, issuing }
    }

    /// With CRLs of the issuing CA as `plan` says.
    pub(crate) fn planned(self, plan: CrlPlan) -> Self {
        Self { issuing: self.issuing.with_crl_plan(plan), ..self }
    }

    /// The clock goes on.
    pub(crate) fn wait(&self, duration: Duration) {
        self.clock.set(self.clock.now() + duration);
    }

    pub(crate) fn prepare(
        &self,
        profile: &str,
        key: SubjectPublicKey,
    ) -> Result<PreparedCertificate, IssueError> {
        let identity = subject(profile, IdentityRef(format!("X-{profile}")));
        let profile = self.issuing.profiles().find(profile).unwrap();
        let request = self.issuing.admit_key(key, &Wishes::none(), identity, &profile)?;
        self.issuing.prepare(request, &actor())
    }

    pub(crate) fn issue(
        &self,
        profile: &str,
        key: SubjectPublicKey,
    ) -> Result<IssuedCertificate, IssueError> {
        let prepared = self.prepare(profile, key)?;
        self.issuing.sign(prepared, &actor(), |_, _| Ok(AuditedChange::nothing()))
    }
}

pub(crate) fn vault(store: Arc<dyn Store>, clock: &Arc<SetClock>) -> Vault {
    let master = SoftwareMasterKey::generate(Arc::new(SystemEntropy)).unwrap();
    Vault::new(VaultParts {
        store,
        keys: KeyRing::of(Arc::new(master)),
        ledger: Ledger::new(clock.clone(), Arc::new(SystemEntropy)),
        clock: clock.clone(),
        entropy: Arc::new(SystemEntropy),
        cached_subjects: 100,
    })
}

pub(crate) fn ca_subject(name: &str) -> ApprovedSubject {
    ApprovedSubject::new(IdentityRef(format!("system:{name}")))
        .with(Fact::Country, "LS")
        .with(Fact::Organization, "Government of Example")
        .with(Fact::OrganizationIdentifier, "GO:LS-GOV")
        .with(Fact::CommonName, name)
}

/// Facts that satisfy every profile of end entities.
pub(crate) fn subject(profile: &str, identity: IdentityRef) -> ApprovedSubject {
    ApprovedSubject::new(identity)
        .with(Fact::Country, "LS")
        .with(Fact::Locality, "Maseru")
        .with(Fact::CommonName, format!("Subject of {profile}"))
        .with(Fact::Surname, "MOKOENA")
        .with(Fact::GivenName, "TŠEPO")
        .with(Fact::PersonIdentifier, "PNOLS-012345678901")
        .with(Fact::Organization, "Revenue Services")
        .with(Fact::OrganizationIdentifier, "GO:LS-RSL")
        .with(Fact::AssetTag, "RSL-0042")
        .with(Fact::DnsName, "a.example.org")
        .with(Fact::RegistryUri, "https://registry.example.org/id/X-1")
        .with(Fact::HardwareModule, "1.3.6.1.4.1.32473.1/0a0b0c")
        .with(Fact::Pseudonym, "ls-7QF3K2M9TX")
        .with(Fact::MemberClass, "GOV")
        .with(Fact::MemberCode, "RSL")
        .with(Fact::ServerCode, "RSL/SS1")
}
