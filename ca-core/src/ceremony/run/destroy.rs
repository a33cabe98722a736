//! Destroying the root's key. It cannot sign the transcript of its own end: as its last act it authorises a key that is
//! made for this one transcript and is destroyed after it.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;

use super::session::{Session, facts};
use crate::algorithm::KeyAlgorithm;
use crate::ceremony::CeremonyError;
use crate::ceremony::journal::Facts;
use crate::ceremony::room::{Question, Seen};
use crate::ceremony::script::{Act, Destruction};
use crate::ceremony::signed::Signed;
use crate::ceremony::station::{at, pin_of, read, sync_folder_of, write_once};
use crate::ceremony::transcript::{self, Authorisation};
use crate::keys::Signer;
use crate::keys::software::SoftwareKey;

const AUTHORISATION: &str = "authorisation.json";
const TRANSCRIPT_KEY: &str = "transcript-key.der";

impl Session<'_> {
    pub(super) fn destroy(&mut self, act: &Destruction) -> Result<(), CeremonyError> {
        self.step("authorised", Self::authorise)?;
        self.step("destroyed", |session| {
            session.destroy_key()?;
            overwrite(&session.station.vault_file())?;
            Ok(facts([("reason", act.reason.clone())]))
        })?;
        for (number, holder) in (1..).zip(&act.opening.present) {
            self.step(&format!("share-destroyed-{number}"), |session| {
                session.share_destroyed(number, holder)
            })?;
        }
        Ok(())
    }

    /// In its file, or in its token.
    fn destroy_key(&mut self) -> Result<(), CeremonyError> {
        match self.root()?.token {
            Some(token) => {
                let secret = self.open()?;
                Ok(crate::keys::token::destroy_key(&token.place(), &pin_of(&secret)?)?)
            }
            None => overwrite(&self.station.key_file()),
        }
    }

    /// The root's key signs that this one key may sign the transcript.
    fn authorise(&mut self) -> Result<Facts, CeremonyError> {
        let key = self.transcript_key()?;
        let secret = self.open()?;
        let body = Authorisation::new(&self.script, key.public_key_info()).body()?;
        let signed = Signed::sign(body, "root", self.station.signer(&secret)?.as_ref())?;
        let path = self.folder.join(AUTHORISATION);
        if !path.exists() {
            write_once(&path, signed.to_file().as_bytes())?;
        }
        Ok(facts([("public-key-sha256", crate::ceremony::fingerprint(key.public_key_info()))]))
    }

    /// The key of this transcript: made once, kept in the ceremony's folder until the transcript stands.
    fn transcript_key(&self) -> Result<SoftwareKey, CeremonyError> {
        let path = self.folder.join(TRANSCRIPT_KEY);
        if !path.exists() {
            write_once(&path, SoftwareKey::generate(KeyAlgorithm::P384)?.pkcs8())?;
        }
        Ok(SoftwareKey::from_pkcs8(&zeroize::Zeroizing::new(read(&path)?))?)
    }

    fn share_destroyed(&mut self, number: usize, holder: &str) -> Result<Facts, CeremonyError> {
        let question = Question {
            key: format!("destroyed.{number}"),
            text: format!("{holder}: destroy your share before the witnesses, then type DESTROYED:"),
            answer: Seen::Openly,
        };
        loop {
            if self.room.ask(&question)?.trim() == "DESTROYED" {
                return Ok(facts([("holder", holder.to_owned())]));
            }
            self.room.tell(&["Not confirmed.".to_owned()])?;
        }
    }

    /// Signs the transcript: with the root's key, or with the key that it authorised.
    pub(super) fn sign_transcript(&mut self) -> Result<Signed, CeremonyError> {
        if matches!(self.script.act, Act::KeyDestruction(_)) {
            let authorisation = Signed::parse(&read(&self.folder.join(AUTHORISATION))?)
                .map_err(transcript::TranscriptError::from)?;
            let key = self.transcript_key()?;
            return self.signed_by(&key, "authorised", Some(authorisation));
        }
        let secret = self.open()?;
        let key = self.station.signer(&secret)?;
        self.signed_by(key.as_ref(), "root", None)
    }

    fn signed_by(
        &mut self,
        key: &dyn Signer,
        by: &str,
        authorisation: Option<Signed>,
    ) -> Result<Signed, CeremonyError> {
        let (root, store) = (self.root()?, self.store()?);
        let missing = || CeremonyError::unfit("the medium holds no root certificate");
        let certificate =
            crate::ceremony::station::Station::certificate(store.as_ref(), &root.ca)?.ok_or_else(missing)?;
        let custody = self.station.custody()?;
        let entries = self.journal.entries().to_vec();
        let body = transcript::body(&self.script, entries, custody, &certificate, authorisation)?;
        Ok(Signed::sign(body, by, key)?)
    }

    /// The transcript stands: nobody needs its key any more.
    pub(super) fn forget_transcript_key(&self) -> Result<(), CeremonyError> {
        overwrite(&self.folder.join(TRANSCRIPT_KEY))
    }
}

/// Overwrites and removes a file. What wear levelling of a flash medium still holds of it is sealed: the shares open it,
/// and they are destroyed as well.
fn overwrite(path: &Path) -> Result<(), CeremonyError> {
    let length = match path.metadata() {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        metadata => metadata.map_err(at(path))?.len(),
    };
    let zeros = vec![0; usize::try_from(length).unwrap_or_default()];
    let mut file = OpenOptions::new().write(true).open(path).map_err(at(path))?;
    file.write_all(&zeros).and_then(|()| file.sync_all()).map_err(at(path))?;
    std::fs::remove_file(path).map_err(at(path))?;
    sync_folder_of(path)
}
