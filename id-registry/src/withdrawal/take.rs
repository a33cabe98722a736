//! Taking steps of withdrawals: each is one commit with what it does to the certificates.

use ca_core::ledger::Actor;
use ca_core::serial::SerialNumber;
use ca_core::status::RevocationReason;
use ca_core::storage::{Change, Expect, Operation, Version};
use ca_core::vault::{Envelope, SealedText, VaultError, purpose_of_field};

use super::step::{Effect, Word};
use super::{
    Said, Stage, WITHDRAWAL, WITHDRAWAL_REFUSED, WITHDRAWALS, WITHDRAWALS_BY_IDENTITY, WITHDRAWALS_DUE,
    WITHDRAWALS_OPEN, Withdrawal, WithdrawalError,
};
use crate::certificates::CertificateStatus;
use crate::fault::{Attempt, Fault, until_settled};
use crate::id::{IdentityId, IdentityKind, WithdrawalId};
use crate::identity::{IDENTITIES, demand_kind, reason_line};
use crate::life::{Cascade, Status};
use crate::permission::{Permit, WithdrawCertificates, staff_of};
use crate::record::{self, encode};
use crate::registry::{Registry, reference};
use crate::timed;

/// Notice to a person that certificates are to be revoked.
#[derive(Debug, Clone)]
pub struct Notice<'a> {
    /// Whose.
    pub identity: IdentityId,
    /// Which; all that count when none is named.
    pub certificates: Vec<SerialNumber>,
    /// Why, and by which law: the holder reads it.
    pub reason: &'a str,
}

impl Registry {
    /// Gives a person notice. Nothing happens to the certificates yet.
    ///
    /// # Errors
    /// It is no person, a certificate is not theirs or does not count, one is being withdrawn already, or the registry failed.
    pub fn give_notice(
        &self,
        permit: &Permit<WithdrawCertificates>,
        notice: &Notice<'_>,
    ) -> Result<Withdrawal, WithdrawalError> {
        let reason = reason_line("reason", notice.reason)?;
        demand_kind(notice.identity, IdentityKind::Person)?;
        self.demand_not_own(permit.staff(), notice.identity)?;
        until_settled(|| {
            let certificates = self.to_withdraw(notice)?;
            let id = WithdrawalId::draw(self.entropy()).map_err(Fault::from)?;
            let mut also =
                Change::new().insert(WITHDRAWALS_BY_IDENTITY, format!("{}/{id}", notice.identity), []);
            for serial in &certificates {
                also = also.insert(WITHDRAWALS_OPEN, serial.to_string(), encode(&id)?);
            }
            let mut withdrawal = Withdrawal {
                id,
                identity: notice.identity,
                certificates,
                stage: Stage::Noticed,
                reply_until: self.now() + self.settings().reply_time,
                appeal_until: None,
                said: Vec::new(),
                held: Vec::new(),
            };
            let by = permit.actor();
            let mut cascade = Cascade::begun(&by, Some(&reason));
            self.say(Word::Notice, &mut withdrawal, Expect::Absent, also, &mut cascade)?;
            Ok(Attempt::of(self.commit(cascade.change), || withdrawal))
        })
    }

    /// The holder's certificates that count and are meant.
    fn to_withdraw(&self, notice: &Notice<'_>) -> Result<Vec<SerialNumber>, WithdrawalError> {
        self.identity_record(notice.identity)?;
        let counting: Vec<SerialNumber> =
            self.living(notice.identity)?.into_iter().map(|one| one.serial).collect();
        let meant =
            if notice.certificates.is_empty() { counting.clone() } else { notice.certificates.clone() };
        if let Some(other) = meant.iter().find(|serial| !counting.contains(serial)) {
            return Err(WithdrawalError::NotTheirs(other.clone()));
        }
        if meant.is_empty() {
            return Err(WithdrawalError::Nothing(notice.identity));
        }
        for serial in &meant {
            if let Some((open, _)) = record::find(self.store(), WITHDRAWALS_OPEN, serial.to_string())? {
                return Err(WithdrawalError::OpenAlready(open));
            }
        }
        Ok(meant)
    }

    /// Takes a step: writes down what the holder said, or decides.
    ///
    /// # Errors
    /// The withdrawal is not where the step begins, the holder still has time, the officer took part before, or the registry
    /// failed.
    pub fn step_withdrawal(
        &self,
        permit: &Permit<WithdrawCertificates>,
        id: WithdrawalId,
        word: Word,
        text: &str,
    ) -> Result<Withdrawal, WithdrawalError> {
        let text = reason_line("text", text)?;
        let taken = self.take_withdrawal(id, word, &permit.actor(), Some(&text));
        if taken.as_ref().is_err_and(WithdrawalError::takes_a_colleague) {
            let event = self.event(&permit.actor(), WITHDRAWAL_REFUSED, format!("withdrawal:{id}"))?;
            let event = event.because(word.name()).refused();
            self.commit(Change::new().explained_by(&event)).map_err(Fault::from)?;
        }
        taken
    }

    pub(super) fn take_withdrawal(
        &self,
        id: WithdrawalId,
        word: Word,
        by: &Actor,
        text: Option<&str>,
    ) -> Result<Withdrawal, WithdrawalError> {
        until_settled(|| {
            let (mut withdrawal, version) = self.withdrawal_record(id)?;
            if let Some(staff) = staff_of(by) {
                self.demand_not_own(staff, withdrawal.identity)?;
            }
            let (stage, effect) = word.from(&withdrawal, by, self.now())?;
            let mut cascade = Cascade::begun(by, text);
            let due = self.due_of(&mut withdrawal, stage).and(freed(&withdrawal, stage));
            withdrawal.stage = stage;
            let also = match effect {
                Effect::Nothing => due,
                _ => due.and(self.carry_out(effect, &mut withdrawal, &mut cascade)?),
            };
            self.say(word, &mut withdrawal, Expect::Version(version), also, &mut cascade)?;
            Ok(Attempt::of(self.commit(cascade.change), || withdrawal))
        })
    }

    /// What is written so that the end of the time for an appeal is not missed, or is not waited for any more.
    fn due_of(&self, withdrawal: &mut Withdrawal, next: Stage) -> Change {
        match (withdrawal.appeal_until, next) {
            (None, Stage::Upheld) => {
                let until = self.now() + self.settings().appeal_time;
                withdrawal.appeal_until = Some(until);
                Change::new().put(WITHDRAWALS_DUE, timed::key("", until, withdrawal.id), [])
            }
            (Some(until), next) if next != Stage::Upheld => {
                let key = timed::key("", until, withdrawal.id);
                Change::new().write(WITHDRAWALS_DUE, key, Expect::Anything, Operation::Delete)
            }
            _ => Change::new(),
        }
    }

    /// Changes the certificates, and what the identity keeps of holds: neither the end of a suspension or of a loss releases what
    /// is upheld, nor does an appeal that is granted release what is on hold for one of these.
    fn carry_out(
        &self,
        effect: Effect,
        withdrawal: &mut Withdrawal,
        cascade: &mut Cascade<'_>,
    ) -> Result<Change, WithdrawalError> {
        let because = format!("withdrawal {}", withdrawal.id);
        let (mut identity, version) = self.identity_record(withdrawal.identity)?;
        for record in self.authorities().find_many(&withdrawal.certificates)?.into_iter().flatten() {
            let serial = record.serial.clone();
            match (effect, self.status_of(&record)) {
                (Effect::Hold, CertificateStatus::Active) => {
                    let held = self.change_status(Status::Held, &record, &because, cascade)?;
                    withdrawal.held.extend(held.then_some(serial));
                }
                (Effect::Hold, CertificateStatus::OnHold) if identity.keeps_on_hold(&serial) => {
                    withdrawal.held.push(serial);
                }
                (Effect::Release, CertificateStatus::OnHold)
                    if withdrawal.held.contains(&serial) && !identity.keeps_on_hold(&serial) =>
                {
                    match &mut identity.standing {
                        Some(standing) => standing.held.push(serial),
                        None => drop(self.change_status(Status::Released, &record, &because, cascade)?),
                    }
                }
                (Effect::Revoke, status) if status.is_living() => {
                    let revoked = Status::Revoked(RevocationReason::PrivilegeWithdrawn);
                    self.change_status(revoked, &record, &because, cascade)?;
                }
                _ => {}
            }
        }
        // Whoever resumes the identity at the same moment decides anew.
        Ok(Change::new().replace(IDENTITIES, identity.id.to_string(), version, encode(&identity)?))
    }

    /// Enters a step into the withdrawal, the identity's history and the ledger.
    fn say(
        &self,
        word: Word,
        withdrawal: &mut Withdrawal,
        expect: Expect,
        also: Change,
        cascade: &mut Cascade<'_>,
    ) -> Result<(), WithdrawalError> {
        let id = withdrawal.id;
        let text = self.sealed(withdrawal, cascade.note)?;
        withdrawal.said.push(Said { word, by: cascade.by.clone(), at: self.now(), text });
        let event = self
            .event(cascade.by, WITHDRAWAL, format!("withdrawal:{id}"))?
            .with("word", word.name())
            .with("identity", withdrawal.identity.to_string());
        let history = self.history_if_known(withdrawal.identity, &event, cascade.note)?;
        let change =
            also.and(history).write(WITHDRAWALS, id.to_string(), expect, Operation::Put(encode(withdrawal)?));
        cascade.add(change.explained_by(&event));
        Ok(())
    }

    /// What was written, sealed; nothing is kept of who was erased.
    fn sealed(
        &self,
        withdrawal: &Withdrawal,
        text: Option<&str>,
    ) -> Result<Option<SealedText>, WithdrawalError> {
        let Some(text) = text else { return Ok(None) };
        match self.vault().for_writing(&reference(withdrawal.identity)) {
            Ok((envelope, _)) => Ok(Some(seal(&envelope, withdrawal, text)?)),
            Err(VaultError::Erased(_)) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    pub(super) fn withdrawal_record(
        &self,
        id: WithdrawalId,
    ) -> Result<(Withdrawal, Version), WithdrawalError> {
        record::find(self.store(), WITHDRAWALS, id.to_string())?.ok_or(WithdrawalError::Unknown(id))
    }
}

/// The certificates of a withdrawal that has ended may be in another.
fn freed(withdrawal: &Withdrawal, next: Stage) -> Change {
    let mut change = Change::new();
    if !next.is_open() {
        for serial in &withdrawal.certificates {
            change = change.write(WITHDRAWALS_OPEN, serial.to_string(), Expect::Anything, Operation::Delete);
        }
    }
    change
}

fn seal(envelope: &Envelope, withdrawal: &Withdrawal, text: &str) -> Result<SealedText, VaultError> {
    envelope.seal_text(&purpose(withdrawal.id, withdrawal.said.len()), text)
}

/// The place of what was written in the order of a withdrawal's steps.
pub(super) fn purpose(id: WithdrawalId, place: usize) -> String {
    purpose_of_field(WITHDRAWALS, id, format_args!("said/{place}"))
}
