//! What lint keeps of one CA between the certificates that it judges for it.

use std::collections::HashSet;
use std::sync::{PoisonError, RwLock};

use const_oid::ObjectIdentifier;

use super::examined::{Examined, SHAPE, extension};
use super::issuer::Issuer;
use super::rule::Verdict;
use super::{Findings, LintedTbs, findings};
use crate::csr::SubjectPublicKey;
use crate::profile::Profile;

/// Judges what one CA is about to sign. Every rule looks at the very bytes, as in [`lint`](super::lint()); but the CA's
/// certificate is read once, and an extension that was found to be sound is not taken apart again for the same octets.
#[derive(Debug)]
pub struct Judge {
    issuer: Issuer,
    sound: SoundExtensions,
}

impl Judge {
    /// For the CA of this certificate, DER.
    ///
    /// # Errors
    /// The certificate cannot be read.
    pub fn of(certificate: &[u8]) -> Result<Self, String> {
        Ok(Self { issuer: Issuer::read(certificate)?, sound: SoundExtensions::default() })
    }

    /// As [`lint`](super::lint()), for a certificate of this key.
    ///
    /// # Errors
    /// All rules that are broken, notices apart.
    pub fn lint(
        &self,
        tbs: Vec<u8>,
        profile: &Profile,
        key: &SubjectPublicKey,
    ) -> Result<LintedTbs, Findings> {
        let known = Known { key, sound: &self.sound };
        let found = match Examined::below(&tbs, &self.issuer, profile, known) {
            Ok(examined) => findings(&examined),
            Err(message) => vec![SHAPE.finding(message)],
        };
        LintedTbs::unless(found, tbs)
    }
}

/// What was found out before about octets that may be met again.
#[derive(Debug, Clone, Copy)]
pub(super) struct Known<'a> {
    /// A key that passed the checks of a request's key.
    pub(super) key: &'a SubjectPublicKey,
    pub(super) sound: &'a SoundExtensions,
}

/// The extensions, octet for octet, that were found to be the DER of their type.
#[derive(Debug, Default)]
pub(super) struct SoundExtensions(RwLock<[HashSet<Vec<u8>>; ALIKE.len()]>);

/// The most that are remembered of one type: a profile has one or two, and each shard of the CRLs has its address.
const MOST: usize = 1_024;

/// Extensions that follow from profile and CA alone. What names a subscriber or a key comes once.
const ALIKE: [ObjectIdentifier; 8] = [
    extension::AUTHORITY_KEY_IDENTIFIER,
    extension::KEY_USAGE,
    extension::CERTIFICATE_POLICIES,
    extension::BASIC_CONSTRAINTS,
    extension::EXTENDED_KEY_USAGE,
    extension::CRL_DISTRIBUTION_POINTS,
    extension::FRESHEST_CRL,
    extension::AUTHORITY_INFORMATION_ACCESS,
];

impl SoundExtensions {
    /// Goes on if this very extension was sound before, or if `check`, which looks at nothing else, finds that it is.
    pub(super) fn or_check(&self, oid: &[u8], value: &[u8], check: impl FnOnce() -> Verdict) -> Verdict {
        let Some(place) = ALIKE.iter().position(|alike| alike.as_bytes() == oid) else { return check() };
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        if known.get(place).is_some_and(|known| known.contains(value)) {
            return Ok(());
        }
        drop(known);
        check()?;
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = known.get_mut(place) {
            if known.len() >= MOST {
                known.clear();
            }
            known.insert(value.to_vec());
        }
        Ok(())
    }
}
