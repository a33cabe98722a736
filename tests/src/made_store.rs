//! Large stores, made by the real pipeline: a store that pours every commit into a restore instead of judging it. Only
//! the CA's signature is not made: one of the right form stands in its place, so the certificates do not verify.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ca_core::algorithm::KeyAlgorithm;
use ca_core::authority::{Addresses, Authority, AuthorityParts};
use ca_core::certificate::CaId;
use ca_core::clock::{SystemClock, SystemEntropy};
use ca_core::csr::{SubjectPublicKey, Wishes};
use ca_core::keys::software::SoftwareKey;
use ca_core::keys::{KeyError, Signer};
use ca_core::ledger::{Action, Actor, EVENTS, Ledger, Position};
use ca_core::profile::ProfileSet;
use ca_core::profile_book::ProfileBook;
use ca_core::status::RevocationReason;
use ca_core::storage::{
    AuditedChange, Change, CommitError, Committed, Entry, Exported, KeyRange, Moment, Operation, Restore,
    StorageError, Store, Table, Version, Versioned,
};
use ca_core::subject::{ApprovedSubject, Fact, IdentityRef};
use ca_core::vault::master::{KeyRing, MasterKey};
use ca_core::vault::{Vault, VaultParts};
use id_registry::id::{IdentityId, IdentityKind, StaffId};
use id_registry::identity::{IdentityRecord, IdentityStatus, Owner};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};
use time::OffsetDateTime;

/// A restore that several makers pour into.
#[derive(Clone)]
pub struct Basin(Arc<Mutex<Poured>>);

struct Poured {
    restore: Box<dyn Restore>,
    changes: u64,
    ledger_size: u64,
}

impl Basin {
    /// A restore, which holds a ledger of this size already.
    pub fn of(restore: Box<dyn Restore>, ledger_size: u64) -> Self {
        Self(Arc::new(Mutex::new(Poured { restore, changes: 0, ledger_size })))
    }

    /// Ends the restore. Gives the ledger's size.
    ///
    /// # Errors
    /// The engine's.
    ///
    /// # Panics
    /// A maker still pours.
    pub fn finish(self) -> Result<u64, StorageError> {
        let poured = Arc::into_inner(self.0).expect("a maker still pours");
        let poured = poured.into_inner().unwrap_or_else(PoisonError::into_inner);
        poured.restore.finish(Moment { ledger_size: poured.ledger_size })?;
        Ok(poured.ledger_size)
    }

    fn poured(&self) -> MutexGuard<'_, Poured> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Basin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Basin").field("ledger_size", &self.poured().ledger_size).finish_non_exhaustive()
    }
}

/// What was written, by table and key.
type Recent = HashMap<(Table, Vec<u8>), Vec<u8>>;

/// Takes commits without judging them, and remembers only what the present certificate needs.
#[derive(Debug)]
struct Pouring {
    basin: Basin,
    recent: Mutex<Recent>,
}

impl Pouring {
    fn recent(&self) -> MutexGuard<'_, Recent> {
        self.recent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store for Pouring {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Versioned>, StorageError> {
        let found = self.recent().get(&(table, key.to_vec())).cloned();
        Ok(found.map(|value| Versioned { value, version: Version(1) }))
    }

    fn get_many(&self, table: Table, keys: &[Vec<u8>]) -> Result<Vec<Option<Versioned>>, StorageError> {
        keys.iter().map(|key| self.get(table, key)).collect()
    }

    fn scan(&self, _: Table, _: &KeyRange, _: usize) -> Result<Vec<Entry>, StorageError> {
        Ok(Vec::new())
    }

    fn commit(&self, change: AuditedChange) -> Result<Committed, CommitError> {
        let (mut poured, mut recent) = (self.basin.poured(), self.recent());
        poured.changes += 1;
        for write in change.writes() {
            let place = (write.table, write.key.clone());
            match &write.operation {
                Operation::Put(value) => {
                    poured.restore.put(write.table, &write.key, Some(value))?;
                    recent.insert(place, value.clone());
                }
                Operation::Delete => {
                    poured.restore.put(write.table, &write.key, None)?;
                    recent.remove(&place);
                }
                Operation::Check => {}
            }
        }
        let position = Position(poured.ledger_size);
        for event in change.events() {
            let key = Position(poured.ledger_size).key();
            poured.restore.put(EVENTS, &key, Some(event))?;
            poured.ledger_size += 1;
        }
        Ok(Committed { version: Version(poured.changes), position })
    }

    fn ledger_size(&self) -> Result<u64, StorageError> {
        Ok(self.basin.poured().ledger_size)
    }

    fn export(
        &self,
        _: &mut dyn FnMut(Exported) -> Result<(), StorageError>,
    ) -> Result<Moment, StorageError> {
        Err(StorageError("a store that is being poured is not read".to_owned()))
    }
}

/// The issuing CA's key, as far as it is needed to be named: its signatures are all the same.
#[derive(Debug)]
struct Rubber {
    public_key_info: Vec<u8>,
    signature: Vec<u8>,
}

impl Signer for Rubber {
    fn algorithm(&self) -> KeyAlgorithm {
        KeyAlgorithm::P384
    }

    fn public_key_info(&self) -> &[u8] {
        &self.public_key_info
    }

    fn sign(&self, _: &[u8]) -> Result<Vec<u8>, KeyError> {
        Ok(self.signature.clone())
    }
}

/// Issues devices' certificates into a [`Pouring`].
#[derive(Debug)]
pub struct Maker {
    store: Arc<Pouring>,
    authority: Authority,
    ledger: Ledger,
    owner: Owner,
    officer: StaffId,
}

impl Maker {
    /// A maker for the installation with this issuing CA and master key.
    ///
    /// # Panics
    /// The certificate is no CA's.
    pub fn new(basin: &Basin, certificate: Vec<u8>, master: Arc<dyn MasterKey>, base: &str) -> Self {
        let store = Arc::new(Pouring { basin: basin.clone(), recent: Mutex::default() });
        let (clock, entropy) = (Arc::new(SystemClock), Arc::new(SystemEntropy));
        let (_, parsed) = x509_parser::parse_x509_certificate(&certificate).unwrap();
        let public_key_info = parsed.public_key().raw.to_vec();
        let signature = SoftwareKey::generate(KeyAlgorithm::P384).unwrap().sign(b"anything").unwrap();
        let id = CaId::new("issuing").unwrap();
        let ledger = Ledger::new(clock.clone(), entropy.clone());
        let drawn = |kind| IdentityId::draw(kind, entropy.as_ref()).unwrap();
        let owner =
            Owner { organisation: drawn(IdentityKind::Organisation), sponsor: drawn(IdentityKind::Person) };
        let officer = StaffId::draw(entropy.as_ref()).unwrap();
        let vault = Vault::new(VaultParts {
            store: Arc::clone(&store) as Arc<dyn Store>,
            keys: KeyRing::of(master),
            ledger: ledger.clone(),
            clock: clock.clone(),
            entropy: entropy.clone(),
            cached_subjects: 0,
        });
        let authority = Authority::new(AuthorityParts {
            store: Arc::clone(&store) as Arc<dyn Store>,
            clock,
            entropy,
            vault: Arc::new(vault),
            signer: Arc::new(Rubber { public_key_info, signature }),
            addresses: Addresses::under(base, &id),
            id,
            certified_by: Some(CaId::new("root").unwrap()),
            certificate,
            profiles: Arc::new(ProfileBook::of(ProfileSet::built_in().unwrap())),
        });
        Self { store, authority: authority.unwrap(), ledger, owner, officer }
    }

    /// What the registry keeps of a device, but for its sealed details.
    fn registered(&self, id: IdentityId, actor: &Actor) -> AuditedChange {
        let record = IdentityRecord {
            id,
            status: IdentityStatus::Active,
            owner: Some(self.owner),
            standing: None,
            orphaned_until: None,
            lost_token: None,
            guardianship: None,
            changed_at: None,
            replace_until: None,
            registered_at: OffsetDateTime::now_utc(),
            registered_by: self.officer,
        };
        let table = id_registry::TABLES.iter().find(|table| table.name() == "identities").unwrap();
        let record = serde_json::to_vec(&record).unwrap();
        let event = self.ledger.event(actor, Action::named("identity.registered"), id.to_string()).unwrap();
        Change::new().insert(*table, id.to_string(), record).explained_by(&event)
    }

    /// Issues one certificate to a device of its own. Gives its serial number in hex.
    ///
    /// # Panics
    /// The pipeline refused it.
    pub fn issue(&self, number: u64, fate: Fate) -> String {
        let actor = Actor::system("make-store");
        let key = drawn_key();
        let id = IdentityId::draw(IdentityKind::Device, &SystemEntropy).unwrap();
        let device = ApprovedSubject::new(IdentityRef(id.to_string()))
            .with(Fact::Country, "LS")
            .with(Fact::Organization, "Revenue Services Lesotho")
            .with(Fact::OrganizationIdentifier, "GO:LS-RSL")
            .with(Fact::AssetTag, format!("RSL-METER-{number:08}"))
            .with(Fact::RegistryUri, format!("https://registry.gov.ls/id/made-{number}"));
        let profile = self.authority.profiles().find("device").unwrap();
        let request = self.authority.admit_key(key, &Wishes::none(), device, &profile).unwrap();
        let prepared = self.authority.prepare(request, &actor).unwrap();
        let registered = self.registered(id, &actor);
        let issued = self.authority.sign(prepared, &actor, |_, _| Ok(registered)).unwrap();
        let serial = issued.record.serial;
        if fate == Fate::Revoked {
            let reason = RevocationReason::Superseded;
            self.authority.revoke(&serial, reason, &actor, AuditedChange::nothing()).unwrap();
        }
        self.store.recent().clear();
        serial.to_string()
    }
}

/// A new P-256 key, of which nothing but the public half is kept. Straight from ring: reading a private key back in, as a key
/// that is to sign is, takes longer than all that the CA does.
fn drawn_key() -> SubjectPublicKey {
    /// What comes before the point in a SubjectPublicKeyInfo (RFC 5480 §2): id-ecPublicKey, secp256r1, a BIT STRING of 65 octets.
    const BEFORE_THE_POINT: [u8; 26] = [
        0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86,
        0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
    ];
    let (random, algorithm) = (SystemRandom::new(), &ECDSA_P256_SHA256_ASN1_SIGNING);
    let made = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
    let pair = EcdsaKeyPair::from_pkcs8(algorithm, made.as_ref(), &random).unwrap();
    SubjectPublicKey::from_der(&[&BEFORE_THE_POINT, pair.public_key().as_ref()].concat()).unwrap()
}

/// What becomes of a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It stays good.
    Good,
    /// It is revoked.
    Revoked,
}
