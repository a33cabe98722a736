//! `npki withdrawal …` and `npki review …`: revocations with a hearing, and those that are looked at afterwards.

use clap::{Subcommand, ValueEnum};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::paging::{Paging, say_if_more};
use super::{Ending, word};
use crate::client::records::Page as Listing;
use crate::output::{Meaning, Outcome, Page, Simple};
use crate::session::Session;

/// What to do with an administrative revocation.
#[derive(Debug, Subcommand)]
pub enum WithdrawalCommand {
    /// Give a person notice that certificates are to be revoked: nothing happens to them yet
    Notice {
        /// The person
        identity: String,
        /// A certificate that is meant, serial number; all that count when none is named
        #[arg(long, value_name = "SERIAL")]
        certificate: Vec<String>,
        /// Why, and by which law: the holder reads it
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// List withdrawals
    List {
        /// Only this person's
        #[arg(long, value_name = "ID")]
        identity: Option<String>,
        /// Only open ones
        #[arg(long)]
        open: bool,
        #[command(flatten)]
        paging: Paging,
    },
    /// Show one, with what was written
    Show {
        /// The withdrawal
        id: String,
    },
    /// Write down what the holder replied
    Reply(Written),
    /// Uphold it, as another officer than the one who gave notice: the certificates are on hold
    Uphold(Written),
    /// Drop it: nothing happens
    Drop(Written),
    /// Write down the holder's appeal
    Appeal(Written),
    /// Grant the appeal, as an officer who took no part: what is on hold counts again
    Grant(Written),
    /// Dismiss the appeal, as an officer who took no part: the certificates are revoked
    Dismiss(Written),
}

/// What is written in a step.
#[derive(Debug, clap::Args)]
pub struct Written {
    /// The withdrawal
    id: String,
    /// What the holder said, or the grounds of a decision. Kept sealed with the identity
    #[arg(long, value_name = "TEXT")]
    text: String,
}

/// What to do with revocations that came without a hearing.
#[derive(Debug, Subcommand)]
pub enum ReviewCommand {
    /// List what staff revoked of persons at once
    List {
        /// Only what is still to be reviewed
        #[arg(long)]
        open: bool,
        #[command(flatten)]
        paging: Paging,
    },
    /// Say how a colleague's revocation is found
    Decide {
        /// The certificate, serial number
        serial: String,
        /// How it is found
        #[arg(long, value_enum)]
        verdict: Verdict,
        /// Why. It stays in the ledger for good: no personal data
        #[arg(long, value_name = "TEXT")]
        note: String,
    },
}

/// How a revocation is found.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Verdict {
    /// It was right
    Confirmed,
    /// It was not: release the hold, or issue anew
    Objected,
}

#[derive(Debug, Serialize, Deserialize)]
struct Withdrawal {
    id: String,
    identity: String,
    certificates: Vec<String>,
    stage: String,
    reply_until: String,
    appeal_until: Option<String>,
    said: Vec<Said>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Said {
    word: String,
    by: String,
    at: String,
    text: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Review {
    serial: String,
    identity: String,
    reason: String,
    by: String,
    at: String,
    verdict: Option<String>,
    reviewed_by: Option<String>,
    reviewed_at: Option<String>,
}

/// Gives notice, takes a step, or shows.
pub fn run(command: WithdrawalCommand, session: &mut Session) -> Ending {
    let (step, written) = match command {
        WithdrawalCommand::Notice { identity, certificate, reason } => {
            let body = json!({"identity": identity, "certificates": certificate, "reason": reason});
            let made = session.client()?.change(&["withdrawals"], &body, session.entropy.as_ref())?;
            return shown("npki.withdrawal.notice/1", made);
        }
        WithdrawalCommand::List { identity, open, paging } => return list(identity, open, &paging, session),
        WithdrawalCommand::Show { id } => {
            return shown("npki.withdrawal.show/1", session.client()?.read(&["withdrawals", &id])?);
        }
        WithdrawalCommand::Reply(written) => ("reply", written),
        WithdrawalCommand::Uphold(written) => ("uphold", written),
        WithdrawalCommand::Drop(written) => ("drop", written),
        WithdrawalCommand::Appeal(written) => ("appeal", written),
        WithdrawalCommand::Grant(written) => ("grant", written),
        WithdrawalCommand::Dismiss(written) => ("dismiss", written),
    };
    let client = session.client()?;
    if step == "dismiss" {
        session.confirm("Revoke the certificates? That cannot be undone.")?;
    }
    let body = json!({"text": written.text});
    let taken = client.change(&["withdrawals", &written.id, step], &body, session.entropy.as_ref())?;
    shown("npki.withdrawal.step/1", taken)
}

fn shown(schema: &'static str, withdrawal: Withdrawal) -> Ending {
    Ok(Outcome::done(Simple::new(schema, withdrawal, |withdrawal, page| {
        page.verdict(
            Meaning::of_status(&withdrawal.stage),
            &withdrawal.stage,
            format!("withdrawal {}", withdrawal.id),
        );
        let mut facts = vec![
            ("person", withdrawal.identity.clone()),
            ("certificates", withdrawal.certificates.join(", ")),
            ("reply until", withdrawal.reply_until.clone()),
        ];
        facts.extend(withdrawal.appeal_until.iter().map(|until| ("appeal until", until.clone())));
        page.facts(&facts);
        for said in &withdrawal.said {
            let text = said.text.as_deref().unwrap_or_default();
            page.line(format!("  {}  {}  by {}  {text}", said.at, said.word, said.by));
        }
    })))
}

fn list(identity: Option<String>, open: bool, paging: &Paging, session: &mut Session) -> Ending {
    let query = paging.query(&[("identity", identity), ("open", Some(open.to_string()))]);
    let list: Listing<Withdrawal> = session.client()?.list(&["withdrawals"], &query)?;
    Ok(Outcome::done(Simple::new("npki.withdrawal.list/1", list, |list, page| {
        let rows = list.items.iter().map(|one| {
            let until = one.appeal_until.as_ref().unwrap_or(&one.reply_until).clone();
            [
                one.id.clone(),
                one.stage.clone(),
                one.identity.clone(),
                one.certificates.len().to_string(),
                until,
            ]
        });
        page.table(
            ["WITHDRAWAL", "STAGE", "PERSON", "CERTIFICATES", "UNTIL"],
            rows.collect(),
            "no withdrawals",
        );
        say_if_more(list, page);
    })))
}

/// Lists what is to be reviewed, or reviews.
pub fn review(command: ReviewCommand, session: &mut Session) -> Ending {
    match command {
        ReviewCommand::List { open, paging } => {
            let query = paging.query(&[("open", Some(open.to_string()))]);
            let list: Listing<Review> = session.client()?.list(&["revocation-reviews"], &query)?;
            Ok(Outcome::done(Simple::new("npki.review.list/1", list, reviews_text)))
        }
        ReviewCommand::Decide { serial, verdict, note } => {
            let body = json!({"verdict": word(verdict), "note": note});
            let path = ["revocation-reviews", serial.as_str()];
            let review: Review = session.client()?.change(&path, &body, session.entropy.as_ref())?;
            Ok(Outcome::done(Simple::new("npki.review.decide/1", review, |review, page| {
                let verdict = review.verdict.as_deref().unwrap_or_default();
                page.verdict(
                    Meaning::of_status(verdict),
                    verdict,
                    format!("revocation of {}", review.serial),
                );
            })))
        }
    }
}

fn reviews_text(list: &Listing<Review>, page: &mut Page) {
    let rows = list.items.iter().map(|one| {
        let verdict = one.verdict.clone().unwrap_or_else(|| "to be reviewed".to_owned());
        [
            one.serial.clone(),
            one.reason.clone(),
            one.identity.clone(),
            one.by.clone(),
            one.at.clone(),
            verdict,
        ]
    });
    let header = ["CERTIFICATE", "REASON", "PERSON", "REVOKED BY", "WHEN", "REVIEW"];
    page.table(header, rows.collect(), "nothing was revoked at once");
    say_if_more(list, page);
}
