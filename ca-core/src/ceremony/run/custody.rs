//! Handing out the shares of a new secret. Each is given back once before anything is sealed under the secret: a share
//! that its holder cannot read is found while it costs nothing.
//!
//! The shares are in nobody's hands but the holders': a power cut before the last one was proven begins the round anew,
//! with another secret. The record of custody is written when all are proven, and decides.

use std::path::PathBuf;

use super::session::{Session, facts};
use crate::ceremony::CeremonyError;
use crate::ceremony::custody::{CustodyRecord, HeldShare, Holder, Secret, SecretKind, Share, ShareError};
use crate::ceremony::journal::Facts;
use crate::ceremony::script::Founding;
use crate::ceremony::station::{at, sync_folder_of, write_once, write_over};

/// How often a share may be given back wrong.
const TRIES: usize = 5;
/// The fewest characters of a holder's passphrase.
const SHORTEST_PASSPHRASE: usize = 8;

impl Session<'_> {
    /// Draws, splits, hands out, proves, records.
    pub(super) fn take_into_custody(&mut self, act: &Founding) -> Result<Facts, CeremonyError> {
        if let Some(record) = self.station.custody()? {
            return self.ours(&record);
        }
        let kind = if act.token.is_some() { SecretKind::TokenPin } else { SecretKind::KeyEncryptionKey };
        let secret = Secret::draw(kind, self.station.entropy.as_ref())?;
        let holders: Vec<Holder> = act.holders.iter().map(|(holder, _)| holder.clone()).collect();
        let (id, ca) = (self.script.id.clone(), self.script.ca.clone());
        let entropy = self.station.entropy.clone();
        let (record, shares) =
            CustodyRecord::split(&secret, id, ca, act.threshold, &holders, entropy.as_ref())?;
        drop(secret);
        let mut proven = Vec::new();
        for ((share, held), (_, folder)) in shares.iter().zip(&record.holders).zip(&act.holders) {
            proven.push(self.hand_out(&record, share, held, folder.as_ref())?);
        }
        let text = serde_json::to_vec_pretty(&record)
            .map_err(|error| CeremonyError::unfit(format!("the record of custody: {error}")))?;
        write_once(&self.station.custody_file(), &text)?;
        // Put together from what the holders gave back, so that it is proven that these shares open what is sealed next.
        let enough = proven.get(..usize::from(act.threshold)).unwrap_or_default();
        self.opened_by(&record, enough)?;
        self.ours(&record)
    }

    /// The facts of a record, which must be this ceremony's.
    fn ours(&self, record: &CustodyRecord) -> Result<Facts, CeremonyError> {
        if record.ceremony != self.script.id {
            return Err(CeremonyError::Taken(self.station.custody_file()));
        }
        let mut all = facts([
            ("threshold", record.threshold.to_string()),
            ("holders", record.holders.len().to_string()),
            ("round", hex::encode(&record.round)),
        ]);
        for held in &record.holders {
            all.insert(format!("holder-{:02}", held.index), held.holder.clone());
            all.insert(format!("commitment-{:02}", held.index), hex::encode(&held.commitment));
        }
        Ok(all)
    }

    fn hand_out(
        &mut self,
        record: &CustodyRecord,
        share: &Share,
        held: &HeldShare,
        folder: Option<&PathBuf>,
    ) -> Result<Share, CeremonyError> {
        let of = |session: &mut Self, what: &str, kept: &str| {
            let about = [
                ("holder", held.holder.clone()),
                ("index", held.index.to_string()),
                ("round", hex::encode(&record.round)),
                ("kept", kept.to_owned()),
            ];
            session.record(what, facts(about))
        };
        let passphrase = self.new_passphrase(held)?;
        let written = share.written(record, passphrase.as_deref().map(String::as_str))?;
        let kept = match folder {
            Some(folder) => {
                let path = folder.join(format!("{}-share-{}.txt", self.script.id, held.index));
                std::fs::create_dir_all(folder).map_err(at(folder))?;
                write_over(&path, written.as_bytes())?;
                sync_folder_of(&path)?;
                self.room.tell(&[format!("The share of {} is in {}.", held.holder, path.display())])?;
                "file"
            }
            None => {
                self.room.show_share(&held.holder, &written)?;
                "paper"
            }
        };
        drop(written);
        of(self, "share-handed-out", kept)?;
        let proven = self.give_back(record, held)?;
        of(self, "share-proven", kept)?;
        Ok(proven)
    }

    /// The holder gives the share back once, as kept.
    fn give_back(&mut self, record: &CustodyRecord, held: &HeldShare) -> Result<Share, CeremonyError> {
        let mut last = ShareError::TooFew { found: 0, needed: record.threshold };
        for _ in 0..TRIES {
            let typed = self.typed_share(held)?;
            let passphrase = self.passphrase(held)?;
            match Share::read(&typed, record, held, passphrase.as_deref().map(String::as_str)) {
                Ok(share) => {
                    self.room.tell(&[format!("The share of {} is proven.", held.holder)])?;
                    return Ok(share);
                }
                Err(error) => {
                    self.room.tell(&[format!("Not accepted: {error}.")])?;
                    last = error;
                }
            }
        }
        Err(last.into())
    }

    fn new_passphrase(
        &mut self,
        held: &HeldShare,
    ) -> Result<Option<zeroize::Zeroizing<String>>, CeremonyError> {
        for _ in 0..TRIES {
            let chosen = self.passphrase(held)?;
            if chosen.as_ref().is_none_or(|text| text.chars().count() >= SHORTEST_PASSPHRASE) {
                return Ok(chosen);
            }
            self.room.tell(&[format!("A passphrase has at least {SHORTEST_PASSPHRASE} characters.")])?;
        }
        Err(ShareError::NoPassphrase { holder: held.holder.clone() }.into())
    }
}
