//! `npki revoke`: cannot be undone, so it is confirmed with the end of the serial number.

use ca_core::serial::SerialNumber;
use ca_core::status::RevocationReason;
use clap::Args;
use serde_json::json;
use time::OffsetDateTime;

use super::Ending;
use super::cert;
use super::moment::{moment, written};
use crate::client::records::Certificate;
use crate::failure::{Failure, catalogue};
use crate::output::{Outcome, Simple};
use crate::session::Session;

/// Which certificate to revoke, and why.
#[derive(Debug, Args)]
pub struct RevokeArguments {
    /// The certificate's serial number
    serial: SerialNumber,
    /// Why
    #[arg(long, value_parser = reason_parser())]
    reason: RevocationReason,
    /// Since when the key is known or suspected to be in the wrong hands, where that is earlier than now: a day or a
    /// moment, UTC. Relying parties see it in the CRL
    #[arg(long, value_name = "DATE", value_parser = moment)]
    invalid_since: Option<OffsetDateTime>,
    /// What the ledger should say besides
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,
    /// The last four digits of the serial number, instead of typing them at a prompt
    #[arg(long, value_name = "LAST4")]
    confirm: Option<String>,
}

/// Confirms, then revokes.
pub fn run(arguments: &RevokeArguments, session: &mut Session) -> Ending {
    let serial = arguments.serial.to_string();
    let expected = ending(&serial);
    if let Some(typed) = &arguments.confirm {
        must_match(typed, expected)?;
    }
    let flag = format!("--confirm with the last four digits of the serial number ({expected})");
    if arguments.confirm.is_none() {
        // Before the server is asked: when nobody can answer, there is nothing to look up.
        session.console.ask_ready(&flag)?;
    }
    let client = session.client()?;
    if arguments.confirm.is_none() {
        let found: Certificate = client.read(&["certificates", &serial])?;
        let effect = match arguments.reason {
            RevocationReason::CertificateHold => "It can be released later.",
            _ => "It cannot be undone.",
        };
        session.console.note(&format!(
            "This will revoke {} ({}). {effect}",
            found.shown_subject(),
            found.profile
        ));
        let typed = session.console.ask("Type the last four digits of the serial number to go on:", &flag)?;
        must_match(&typed, expected)?;
    }
    let mut body = json!({"reason": arguments.reason.name()});
    if let (Some(members), Some(note)) = (body.as_object_mut(), &arguments.note) {
        members.insert("note".to_owned(), json!(note));
    }
    let since = arguments.invalid_since.map(written);
    if let (Some(members), Some(since)) = (body.as_object_mut(), since) {
        members.insert("invalid_since".to_owned(), json!(since));
    }
    let path = ["certificates", &serial, "revoke"];
    let revoked: Certificate = client.change(&path, &body, session.entropy.as_ref())?;
    Ok(Outcome::done(Simple::new("npki.revoke/1", revoked, cert::show_text)))
}

fn ending(serial: &str) -> &str {
    serial.get(serial.len().saturating_sub(4)..).unwrap_or(serial)
}

fn must_match(typed: &str, expected: &str) -> Result<(), Failure> {
    if typed.eq_ignore_ascii_case(expected) {
        return Ok(());
    }
    Err(Failure::of(&catalogue::NOT_CONFIRMED)
        .cause(format!("the serial number ends in {expected}, not {typed}")))
}

/// Reads a reason, and tells clap which there are.
pub fn reason_parser() -> impl clap::builder::TypedValueParser<Value = RevocationReason> {
    use clap::builder::TypedValueParser;
    clap::builder::PossibleValuesParser::new(RevocationReason::ALL.map(RevocationReason::name))
        .try_map(|name| name.parse::<RevocationReason>())
}
