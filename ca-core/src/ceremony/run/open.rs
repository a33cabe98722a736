//! The holders bring their shares and open the key.

use zeroize::Zeroizing;

use super::session::{Session, facts};
use crate::ceremony::CeremonyError;
use crate::ceremony::custody::{CustodyRecord, HeldShare, Secret, Share, ShareError};
use crate::ceremony::room::{Question, Seen};
use crate::ceremony::station::read;

/// How often a holder may type a share wrong.
const TRIES: usize = 5;

impl Session<'_> {
    /// The secret: as put together before, or from as many shares as it takes.
    pub(super) fn open(&mut self) -> Result<Secret, CeremonyError> {
        if let Some(secret) = &self.secret {
            return Ok(secret.clone());
        }
        let missing = || CeremonyError::unfit("the medium holds no record of custody");
        let record = self.station.custody()?.ok_or_else(missing)?;
        let shares = self.collect(&record)?;
        self.opened_by(&record, &shares)
    }

    /// Puts the secret together and records who did.
    pub(super) fn opened_by(
        &mut self,
        record: &CustodyRecord,
        shares: &[Share],
    ) -> Result<Secret, CeremonyError> {
        let secret = record.combine(shares)?;
        let names: Vec<&str> = shares
            .iter()
            .filter_map(|share| record.held(share.index()))
            .map(|held| held.holder.as_str())
            .collect();
        self.record("key-opened", facts([("holders", names.join("; "))]))?;
        self.secret = Some(secret.clone());
        Ok(secret)
    }

    /// Asks the holders who are present, until there are enough shares. An empty answer passes a holder over, as long as
    /// enough others are left.
    fn collect(&mut self, record: &CustodyRecord) -> Result<Vec<Share>, CeremonyError> {
        let present = self.present(record);
        let needed = usize::from(record.threshold);
        self.room.tell(&[format!("{needed} shares open the key.")])?;
        let mut shares = Vec::new();
        for (at, held) in present.iter().enumerate() {
            if shares.len() == needed {
                break;
            }
            let spare = shares.len() + (present.len() - at) > needed;
            shares.extend(self.ask_share(record, held, spare)?);
        }
        if shares.len() < needed {
            return Err(ShareError::TooFew { found: shares.len(), needed: record.threshold }.into());
        }
        Ok(shares)
    }

    /// The holders whom the script expects; all of them where the key is new.
    fn present(&self, record: &CustodyRecord) -> Vec<HeldShare> {
        match self.script.opening() {
            Some(opening) => opening.present.iter().filter_map(|name| record.of(name)).cloned().collect(),
            None => record.holders.clone(),
        }
    }

    fn ask_share(
        &mut self,
        record: &CustodyRecord,
        held: &HeldShare,
        spare: bool,
    ) -> Result<Option<Share>, CeremonyError> {
        let mut last = ShareError::TooFew { found: 0, needed: record.threshold };
        for _ in 0..TRIES {
            let typed = self.typed_share(held)?;
            if typed.trim().is_empty() {
                if spare {
                    return Ok(None);
                }
                continue;
            }
            let passphrase = self.passphrase(held)?;
            match Share::read(&typed, record, held, passphrase.as_deref().map(String::as_str)) {
                Ok(share) => return Ok(Some(share)),
                Err(error) => {
                    self.room.tell(&[format!("Not accepted: {error}.")])?;
                    last = error;
                }
            }
        }
        Err(last.into())
    }

    /// A share as its holder gives it: typed, or `@FILE`.
    pub(super) fn typed_share(&mut self, held: &HeldShare) -> Result<Zeroizing<String>, CeremonyError> {
        let question = Question {
            key: format!("share.{}", held.index),
            text: format!("{}: your share {}, all groups, or @FILE:", held.holder, held.index),
            answer: Seen::Hidden,
        };
        let typed = self.room.ask(&question)?;
        match typed.trim().strip_prefix('@') {
            Some(path) => {
                let content = Zeroizing::new(read(std::path::Path::new(path))?);
                Ok(Zeroizing::new(String::from_utf8_lossy(&content).into_owned()))
            }
            None => Ok(typed),
        }
    }

    /// The holder's passphrase, where the share has one.
    pub(super) fn passphrase(
        &mut self,
        held: &HeldShare,
    ) -> Result<Option<Zeroizing<String>>, CeremonyError> {
        if !held.protected {
            return Ok(None);
        }
        let question = Question {
            key: format!("passphrase.{}", held.index),
            text: format!("{}: the passphrase of your share:", held.holder),
            answer: Seen::Hidden,
        };
        Ok(Some(self.room.ask(&question)?))
    }
}
