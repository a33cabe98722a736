//! Founding a root: custody, key, certificate, first CRL.

use std::sync::Arc;

use super::outputs::{Form, pem_text};
use super::session::{Session, facts};
use crate::authority::{Addresses, RootParts, found_root};
use crate::ceremony::journal::Facts;
use crate::ceremony::script::{CaName, Founding};
use crate::ceremony::station::{RootRecord, Station, write_once};
use crate::ceremony::{CeremonyError, fingerprint};
use crate::clock::SetClock;
use crate::crl;
use crate::keys::sealed::SealedKey;
use crate::keys::software::SoftwareKey;
use crate::profile::ProfileSet;
use crate::profile_book::{InForce, ProfileBook};
use crate::subject::{ApprovedSubject, Fact, IdentityRef};

impl Session<'_> {
    pub(super) fn found(&mut self, act: &Founding) -> Result<(), CeremonyError> {
        self.step("custody", |session| session.take_into_custody(act))?;
        if let Some(token) = &act.token {
            self.step("pin", |session| session.take_the_token(token))?;
            self.step("key", |session| session.make_key_in_token(act, token))?;
        } else {
            self.step("key", |session| session.make_key(act))?;
        }
        self.step("certificate", |session| session.found_root(act))?;
        self.step("crl", |session| session.first_crl(act))
    }

    /// Makes the key and seals it. A key file that is there was made by this step: it is opened instead.
    fn make_key(&mut self, act: &Founding) -> Result<Facts, CeremonyError> {
        let secret = self.open()?;
        let path = self.station.key_file();
        if !path.exists() {
            let key = SoftwareKey::generate(act.algorithm)?;
            self.station.make_vault_key(&secret)?;
            self.station.seal_key(&key, &secret)?;
        }
        // Opened from its file: what the holders will open next time is what was sealed.
        let opened = self.station.signer(&secret)?;
        let sealed = SealedKey::read(&path)?;
        if sealed.public_key_info() != opened.public_key_info() {
            return Err(CeremonyError::unfit("the sealed key is not the one that its file names"));
        }
        Ok(facts([
            ("algorithm", opened.algorithm().to_string()),
            ("public-key-sha256", fingerprint(opened.public_key_info())),
            ("sealed-file-sha256", fingerprint(&crate::ceremony::station::read(&path)?)),
        ]))
    }

    fn found_root(&mut self, act: &Founding) -> Result<Facts, CeremonyError> {
        let record = self.root_record(act)?;
        let store = self.store()?;
        let certificate = match Station::certificate(store.as_ref(), &record.ca)? {
            Some(certificate) => certificate,
            None => self.self_sign(act, &record)?,
        };
        let name = format!("{}.pem", record.ca);
        self.output(&name, Form::Written, |_| Ok(pem_text("CERTIFICATE", &certificate))).map(|mut made| {
            made.insert("certificate-sha256".to_owned(), fingerprint(&certificate));
            made
        })
    }

    /// The root's record, written once.
    pub(super) fn root_record(&self, act: &Founding) -> Result<RootRecord, CeremonyError> {
        let record = RootRecord {
            ca: self.script.ca.clone(),
            hierarchy: self.script.hierarchy.clone(),
            base_url: act.base_url.clone(),
            founded_by: self.script.id.clone(),
            token: act.token.clone(),
        };
        let text = serde_json::to_vec_pretty(&record)
            .map_err(|error| CeremonyError::unfit(format!("the root's record: {error}")))?;
        write_once(&self.station.root_file(), &text)?;
        Ok(record)
    }

    fn self_sign(&mut self, act: &Founding, record: &RootRecord) -> Result<Vec<u8>, CeremonyError> {
        let (store, secret) = (self.store()?, self.open()?);
        let subject = subject_of(&act.name, &format!("system:{}", record.ca));
        let parts = RootParts {
            vault: self.station.vault(&store, &secret)?,
            store,
            clock: Arc::new(SetClock::at(self.now())),
            entropy: Arc::clone(&self.station.entropy),
            signer: self.station.signer(&secret)?,
            addresses: Addresses::under(&record.base_url, &record.ca),
            id: record.ca.clone(),
            profile: &InForce::pinned(act.profile.clone()),
            subject: &subject,
            profiles: Arc::new(ProfileBook::of(ProfileSet::default())),
        };
        let actor = self.actor();
        Ok(found_root(parts, &actor)?.certificate)
    }

    fn first_crl(&mut self, act: &Founding) -> Result<Facts, CeremonyError> {
        let (root, store) = (self.root()?, self.store()?);
        let there = crl::newest(store.as_ref(), &root.ca)?;
        self.output_crl(&format!("{}.crl", root.ca), there, act.crl_next_update)
    }
}

/// A CA's name as facts about an identity.
pub(super) fn subject_of(name: &CaName, identity: &str) -> ApprovedSubject {
    ApprovedSubject::new(IdentityRef(identity.to_owned()))
        .with(Fact::Country, &name.country)
        .with(Fact::Organization, &name.organisation)
        .with(Fact::OrganizationIdentifier, &name.organisation_identifier)
        .with(Fact::CommonName, &name.common_name)
}
