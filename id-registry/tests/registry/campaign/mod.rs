//! Campaigns through the registry: approved by another administrator or nothing happens; then at each date exactly what is
//! left ends, once, whatever fails in between.

use ca_core::ledger::audit::Audit;
use ca_core::serial::SerialNumber;
use ca_core::status::RevocationReason;
use ca_core::tlog::cosignature::WitnessPolicy;
use id_registry::campaign::selection::Selection;
use id_registry::campaign::terms::{Terms, WhenReplaced};
use id_registry::campaign::{
    Advanced, Campaign, CampaignError, CampaignName, MemberState, NewCampaign, Phase,
};
use id_registry::certificates::CertificateStatus;
use id_registry::enrolment::{Request, Submission};
use id_registry::id::IdentityId;
use id_registry::key_origin::{MakersName, OriginKind, StatedOrigin};
use id_registry::principal::Role;
use time::{Duration, OffsetDateTime};

use crate::country::{Country, Member, Things, csr};

mod deciding;
mod refusing;
mod running;
mod telling;

pub(super) const CARD: StatedOrigin<'_> = StatedOrigin {
    kind: OriginKind::SmartCard,
    model: Some("IDPrime 940"),
    batch: Some("2017-04"),
    firmware: None,
};

/// A country with a bad batch of cards, and two administrators who do something about it.
pub(super) struct Stage {
    pub(super) country: Country,
    pub(super) officer: Member,
    pub(super) second: Member,
    pub(super) things: Things,
}

impl Stage {
    pub(super) fn set() -> Self {
        let country = Country::founded();
        let officer = country.officer();
        let second = country.enrol("Second Administrator", Role::Administrator);
        let things = country.settled(&officer, "RSL");
        Self { country, officer, second, things }
    }

    pub(super) fn first(&self) -> &Member {
        &self.country.administrator
    }

    /// Another device of the same owner.
    pub(super) fn device(&self, tag: &str) -> IdentityId {
        let owner = id_registry::identity::Owner {
            organisation: self.things.organisation,
            sponsor: self.things.person,
        };
        self.country.register(&self.officer, crate::country::device(owner, tag))
    }

    /// Certificates of new devices, with keys from the bad batch.
    pub(super) fn bad(&self, count: usize) -> Vec<(IdentityId, SerialNumber)> {
        let one = |number: usize| {
            let device =
                self.device(&format!("BAD-{number}-{}", self.country.events("request.submitted").len()));
            (device, self.issue("device", device, &csr(), Some(CARD)))
        };
        (0..count).map(one).collect()
    }

    pub(super) fn ask(
        &self,
        profile: &str,
        identity: IdentityId,
        csr: &[u8],
        key_origin: Option<StatedOrigin<'_>>,
    ) -> Result<Request, id_registry::enrolment::RequestError> {
        let submission = Submission { key_origin, ..Submission::of(profile, identity, csr) };
        self.country.registry.submit(&self.officer.permit(), &submission, None)
    }

    pub(super) fn issue(
        &self,
        profile: &str,
        identity: IdentityId,
        csr: &[u8],
        key_origin: Option<StatedOrigin<'_>>,
    ) -> SerialNumber {
        self.ask(profile, identity, csr, key_origin).unwrap().serial().unwrap().clone()
    }

    pub(super) fn now(&self) -> OffsetDateTime {
        use ca_core::clock::Clock;
        self.country.clock.now()
    }

    pub(super) fn later(&self, by: Duration) {
        self.country.pass(by);
    }

    /// One stage: on hold after ten days, revoked after thirty.
    pub(super) fn terms(&self) -> Terms {
        Terms {
            stages: 1,
            every_seconds: 7 * 86_400,
            notify_at: self.now(),
            hold_at: Some(self.now() + Duration::days(10)),
            revoke_at: Some(self.now() + Duration::days(30)),
            reason: Some(RevocationReason::Superseded),
            when_replaced: WhenReplaced::Keep,
            replace_with: Vec::new(),
        }
    }

    pub(super) fn start(&self, selection: Selection, terms: Terms) -> Result<Campaign, CampaignError> {
        let new = NewCampaign { name: name(), selection, terms, why: "CVE-2017-15361" };
        self.country.registry.start_campaign(&self.first().permit(), new)
    }

    /// Starts a campaign about the bad batch, and has its members gathered.
    pub(super) fn started(&self, terms: Terms) -> Campaign {
        self.start(bad_batch(), terms).unwrap();
        self.gathered()
    }

    pub(super) fn gathered(&self) -> Campaign {
        loop {
            let campaign = self.country.registry.gather(&self.first().permit(), &name()).unwrap();
            if campaign.look.is_none() {
                return campaign;
            }
        }
    }

    pub(super) fn approve(&self) -> Result<Campaign, CampaignError> {
        self.country.registry.approve_campaign(&self.second.permit(), &name())
    }

    /// Starts and approves.
    pub(super) fn running(&self, terms: Terms) -> Campaign {
        self.started(terms);
        assert_eq!(self.approve().unwrap().phase, Phase::Running);
        self.gathered()
    }

    /// Carries out whatever is due; what came of all batches together.
    pub(super) fn carry_out(&self) -> Advanced {
        let mut after = None;
        let mut all: Option<Advanced> = None;
        loop {
            let done = self.country.registry.carry_on(&name(), after.as_ref()).unwrap();
            after = done.next.clone();
            let through = done.through;
            all = Some(match all {
                Some(before) => Advanced { turned: before.turned.and(&done.turned), ..done },
                None => done,
            });
            if through {
                return all.unwrap();
            }
        }
    }

    pub(super) fn state(&self, serial: &SerialNumber) -> MemberState {
        let filter = id_registry::campaign::MemberFilter::default();
        let page = (None, id_registry::page::PageSize::new(500).unwrap());
        let detail = id_registry::campaign::Detail::Certificates;
        let registry = &self.country.registry;
        let members = registry.members(&self.first().permit(), &name(), filter, detail, page).unwrap();
        let found = members.items.iter().find(|it| it.member.certificate.serial() == serial);
        found.unwrap_or_else(|| panic!("{serial} is no member")).member.state
    }

    pub(super) fn status(&self, serial: &SerialNumber) -> CertificateStatus {
        let record = self.country.registry.authorities().find(serial).unwrap().unwrap();
        self.country.registry.status_of(&record)
    }

    pub(super) fn reason(&self, serial: &SerialNumber) -> RevocationReason {
        let record = self.country.registry.authorities().find(serial).unwrap().unwrap();
        record.revocation.unwrap().reason
    }

    /// What is stored is what the events say was written.
    pub(super) fn is_explained(&self) {
        self.country.sealer.seal().unwrap();
        let policy = WitnessPolicy::new(Vec::new(), 0).unwrap();
        let logs = [self.country.sealer.log().clone()];
        let audit = Audit { logs: &logs, policy: &policy, known: &[], memory: 64 << 20 };
        let report = audit.run(self.country.store.as_ref(), &mut |_| ()).unwrap();
        assert!(report.is_clean() && report.records > 0, "{:?}", report.findings);
    }
}

pub(super) fn name() -> CampaignName {
    "cards-2017".parse().unwrap()
}

pub(super) fn bad_batch() -> Selection {
    let mut selection = Selection::default();
    selection.only.models = vec![MakersName::new("model", "IDPrime 940").unwrap()];
    selection.only.batches = vec![MakersName::new("batch", "2017-04").unwrap()];
    selection
}
