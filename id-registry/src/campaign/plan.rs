//! The blast radius of a selection: how many certificates, of which kinds, and which. Nothing is changed by looking.

use std::collections::BTreeMap;

use ca_core::certificate::{CertificatePlace, CertificateRecord};
use ca_core::csr::KeyKind;
use time::OffsetDateTime;

use super::CampaignError;
use super::addressee::Addressee;
use super::examined::{AT_ONCE, Examined, Holder};
use super::selection::{Features, Selection};
use crate::id::IdentityId;
use crate::key_origin::KeyOrigin;
use crate::permission::{Permit, ReadCampaigns};
use crate::registry::Registry;

/// How many certificates one call looks at, where it only counts: some tenths of a second of work.
const COUNTED_AT_ONCE: usize = 2_000;

/// How much a look tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// Counts.
    Counts,
    /// Counts, and each certificate.
    Certificates,
    /// The same, and whom to write to. It names people: each look at a person is in the ledger.
    Addressees,
}

/// How many certificates there are of each kind.
pub type Counts = BTreeMap<String, u64>;

/// Certificates that are selected and belong to no identity of the registry: others deal with them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Aside {
    /// Of staff.
    pub staff: u64,
    /// npki's own: CAs, responders, servers.
    pub installation: u64,
}

/// What a selection selects, of the certificates that were looked at.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BlastRadius {
    /// How many certificates were looked at, whether in force or not.
    pub looked_at: u64,
    /// How many are selected.
    pub selected: u64,
    /// Of these, how many end by themselves before the date that was asked about.
    pub ending: u64,
    /// By profile.
    pub profiles: Counts,
    /// By issuing CA.
    pub issuers: Counts,
    /// By kind of key.
    pub algorithms: Counts,
    /// By model of token; those that are not known have none.
    pub models: Counts,
    /// By organisation; persons have none.
    pub organisations: Counts,
    /// Selected, and nothing to do with a campaign.
    pub aside: Aside,
    /// Certificates in force that a selection by token could not judge, as it is not known where their keys live.
    pub origin_unknown: u64,
}

/// One certificate that is selected.
#[derive(Debug, Clone)]
pub struct Selected {
    /// Its record.
    pub record: CertificateRecord,
    /// The identity that holds it.
    pub identity: IdentityId,
    /// The organisation that this is or belongs to.
    pub organisation: Option<IdentityId>,
    /// The kind of its key.
    pub kind: Option<KeyKind>,
    /// Where its key lives.
    pub origin: Option<KeyOrigin>,
    /// Whom to write to, where that was asked for and the identity was not erased.
    pub addressee: Option<Addressee>,
}

/// A part of the look.
#[derive(Debug)]
pub struct PlanPage {
    /// What was found in this part.
    pub radius: BlastRadius,
    /// The certificates, where they were asked for.
    pub items: Vec<Selected>,
    /// Where the next part begins; `None` when this is the last.
    pub next: Option<CertificatePlace>,
    /// How far through all certificates this part has come, in thousandths.
    pub thousandths: u16,
}

impl Registry {
    /// Looks at a part of all certificates for what `selection` selects; `by` is the date that is asked about.
    ///
    /// # Errors
    /// The selection does not say what it means or names what is not there, or the registry failed.
    pub fn blast_radius(
        &self,
        permit: &Permit<ReadCampaigns>,
        selection: &Selection,
        by: Option<OffsetDateTime>,
        detail: Detail,
        after: Option<&CertificatePlace>,
    ) -> Result<PlanPage, CampaignError> {
        self.sound_selection(selection)?;
        let most = if detail == Detail::Counts { COUNTED_AT_ONCE } else { AT_ONCE };
        let (mut radius, mut items, mut place) = (BlastRadius::default(), Vec::new(), after.cloned());
        while radius.looked_at < most as u64 {
            let page = self.examine_after(place.as_ref())?;
            radius.looked_at += page.looked_at as u64;
            for found in page.items {
                if let Some(selected) = radius.take(selection, by, found)
                    && detail != Detail::Counts
                {
                    items.push(selected);
                }
            }
            place = page.next;
            if place.is_none() {
                break;
            }
        }
        if detail == Detail::Addressees {
            self.address(permit, &mut items)?;
        }
        let thousandths = place.as_ref().map_or(1_000, |place| self.authorities().thousandths(place));
        Ok(PlanPage { radius, items, next: place, thousandths })
    }

    fn address(&self, permit: &Permit<ReadCampaigns>, items: &mut [Selected]) -> Result<(), CampaignError> {
        let ids: Vec<IdentityId> = items.iter().map(|selected| selected.identity).collect();
        for (selected, addressee) in items.iter_mut().zip(self.addressees(permit, &ids)?) {
            selected.addressee = addressee;
        }
        Ok(())
    }

    /// Goes on only with a selection that says what it means and names what is there.
    pub(super) fn sound_selection(&self, selection: &Selection) -> Result<(), CampaignError> {
        selection.sound()?;
        let known = self.profiles_in_force()?;
        for Features { profiles, issuers, organisations, .. } in [&selection.only, &selection.not] {
            for profile in profiles {
                known.knows(profile)?;
            }
            if let Some(unknown) = issuers.iter().find(|ca| !self.authorities().knows(ca)) {
                return Err(CampaignError::UnknownCa(unknown.to_string()));
            }
            for organisation in organisations {
                self.identity_record(*organisation)?;
            }
        }
        Ok(())
    }
}

impl BlastRadius {
    /// Counts a certificate in force; gives it back when it is selected and an identity's.
    fn take(
        &mut self,
        selection: &Selection,
        by: Option<OffsetDateTime>,
        found: Examined,
    ) -> Option<Selected> {
        let judged = found.origin.is_some() || !selection.asks_for_origin();
        if !judged && !matches!(found.holder, Holder::Installation) {
            self.origin_unknown += 1;
        }
        if !selection.selects(&found.traits()) {
            return None;
        }
        let (id, organisation) = match found.holder {
            Holder::Identity { id, organisation } => (id, organisation),
            Holder::Staff => {
                self.aside.staff += 1;
                return None;
            }
            Holder::Installation => {
                self.aside.installation += 1;
                return None;
            }
        };
        self.selected += 1;
        self.ending += u64::from(by.is_some_and(|by| found.record.not_after < by));
        let Examined { record, kind, origin, .. } = found;
        count(&mut self.profiles, record.profile.to_string());
        count(&mut self.issuers, record.issuer.to_string());
        count(&mut self.algorithms, kind.map_or_else(|| "unknown".to_owned(), KeyKind::name));
        if let Some(model) = origin.as_ref().and_then(|origin| origin.model.as_ref()) {
            count(&mut self.models, model.to_string());
        }
        if let Some(organisation) = organisation {
            count(&mut self.organisations, organisation.to_string());
        }
        Some(Selected { record, identity: id, organisation, kind, origin, addressee: None })
    }
}

fn count(counts: &mut Counts, name: String) {
    *counts.entry(name).or_insert(0) += 1;
}
