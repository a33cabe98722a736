//! `npki trust pull`: a list is fetched, verified, and kept in the place of the one before.

use std::path::{Path, PathBuf};

use ca_core::clock::in_words;
use clap::Args;
use ocsp_responder::publication::sha256;
use ocsp_responder::trusted_list::VerifiedList;
use ocsp_responder::trusted_list::model::for_people;
use serde::Serialize;
use time::OffsetDateTime;

use super::kept::{KeptLists, MAX_LIST, certificates, refused};
use crate::client::PublicSite;
use crate::commands::Ending;
use crate::context::Anchors;
use crate::failure::{Failure, catalogue};
use crate::files;
use crate::output::{Meaning, Outcome, Page, Simple};
use crate::session::Session;

/// Which list, and who is trusted to have signed it.
#[derive(Debug, Args)]
pub struct PullArguments {
    /// The list: its address, or a file that was carried here
    #[arg(value_name = "URL|FILE")]
    from: String,
    /// The certificate of who signs it, PEM or DER, which came another way; several in PEM where the next one is known already [default:
    /// who signed the one before]
    #[arg(long, value_name = "FILE")]
    signer: Option<PathBuf>,
    /// Where lists are kept [default: the folder trusted-lists beside config.toml]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Have the signers of --signer replace those that this territory's list was kept with
    #[arg(long, requires = "signer")]
    replace_signer: bool,
    /// Keep it although the next list is overdue
    #[arg(long)]
    accept_overdue: bool,
    /// For https://: the CA certificate that the server's leads to, PEM [default: the context's]
    #[arg(long, value_name = "FILE")]
    trust: Option<PathBuf>,
}

#[derive(Debug, Serialize)]
struct Pulled {
    territory: String,
    number: u64,
    /// What it was before: nothing where none was kept.
    number_before: Option<u64>,
    #[serde(with = "time::serde::rfc3339")]
    issued: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339::option")]
    next_update: Option<OffsetDateTime>,
    overdue: bool,
    operator: String,
    services: usize,
    /// SHA-256 of the signer's certificate.
    signer_sha256: String,
    folder: PathBuf,
}

pub(super) fn run(arguments: &PullArguments, session: &mut Session) -> Ending {
    let lists = KeptLists::at(arguments.out.as_deref())?;
    let octets = fetched(&arguments.from, arguments.trust.as_deref(), session)?;
    let now = session.clock.now();
    let _alone = lists.alone()?;
    let given = arguments.signer.as_deref().map(certificates).transpose()?;
    let list = verified(&octets, given.as_deref(), &lists, now)?;
    let overdue = list.is_overdue(now);
    if overdue && !arguments.accept_overdue {
        let next = list.list().next_update.map(in_words).unwrap_or_default();
        return Err(Failure::of(&catalogue::LIST_OVERDUE).cause(format!("the next one was due at {next}")));
    }
    let territory = &list.list().scheme.territory;
    let before = lists.signers(territory)?;
    if !before.is_empty() && !before.contains(&list.signer().to_vec()) && !arguments.replace_signer {
        return Err(Failure::of(&catalogue::LIST_SIGNER).cause(format!(
            "the list of {territory} that is kept was taken with other signers than --signer names"
        )));
    }
    let known = lists.find(territory, now)?;
    if let Some(known) = &known {
        list.after(&known.verified).map_err(|error| refused(&error))?;
    }
    // Who was trusted before stays so, unless the flags say otherwise.
    let signers = given.unwrap_or(before);
    lists.keep(&octets, &list, &signers)?;
    let answer = Pulled {
        territory: territory.clone(),
        number: list.list().sequence,
        number_before: known.map(|known| known.list().sequence),
        issued: list.list().issued,
        next_update: list.list().next_update,
        overdue,
        operator: for_people(&list.list().scheme.operator.name).to_owned(),
        services: list.list().services().count(),
        signer_sha256: sha256(list.signer()),
        folder: lists.folder().to_owned(),
    };
    let outcome = Outcome::done(Simple::new("npki.trust.pull/1", answer, text));
    Ok(if overdue {
        outcome.warn("the next list is overdue: what this one says may not be so any more")
    } else {
        outcome
    })
}

/// The signers given, or those with whose lists of one territory were kept: of the very territory that the list is of.
fn verified(
    octets: &[u8],
    given: Option<&[Vec<u8>]>,
    lists: &KeptLists,
    now: OffsetDateTime,
) -> Result<VerifiedList, Failure> {
    if let Some(given) = given {
        return VerifiedList::read(octets, given, now).map_err(|error| refused(&error));
    }
    let mut known = Vec::new();
    for territory in lists.territories()? {
        known.extend(lists.signers(&territory)?);
    }
    if known.is_empty() {
        return Err(Failure::of(&catalogue::NO_LIST_SIGNER));
    }
    let list = VerifiedList::read(octets, &known, now).map_err(|error| refused(&error))?;
    let territory = &list.list().scheme.territory;
    if lists.signers(territory)?.contains(&list.signer().to_vec()) {
        return Ok(list);
    }
    Err(Failure::of(&catalogue::LIST_SIGNER)
        .cause(format!("it is the list of {territory}, and its signer is trusted for another country's")))
}

fn fetched(from: &str, trust: Option<&Path>, session: &mut Session) -> Result<Vec<u8>, Failure> {
    let url = match url::Url::parse(from) {
        Ok(url) if ["http", "https"].contains(&url.scheme()) => url,
        _ => return files::read(Path::new(from), MAX_LIST as u64),
    };
    let anchors = match (trust, url.scheme()) {
        (Some(trust), _) => Some(Anchors::parse(&files::read(trust, files::MAX_OBJECT)?)?),
        (None, "https") => session.context_if_any()?.map(|context| context.anchors),
        _ => None,
    };
    let mut base = url.clone();
    base.set_path("");
    base.set_query(None);
    let site = PublicSite::new(base, anchors.as_ref(), session.settings.timeout.value)?;
    site.file(url.path().trim_start_matches('/'), MAX_LIST)
}

fn text(answer: &Pulled, page: &mut Page) {
    let Pulled { territory, number, operator, .. } = answer;
    let meaning = if answer.overdue { Meaning::Doubtful } else { Meaning::Good };
    let word = if answer.overdue { "overdue" } else { "verified" };
    page.verdict(meaning, word, format!("trusted list of {territory}, number {number}"));
    let before = answer.number_before.map_or_else(|| "none was kept".to_owned(), |number| number.to_string());
    page.facts(&[
        ("made by", operator.clone()),
        ("made at", in_words(answer.issued)),
        ("next one by", answer.next_update.map(in_words).unwrap_or_default()),
        ("number before", before),
        ("services", answer.services.to_string()),
        ("signer SHA-256", answer.signer_sha256.clone()),
        ("kept in", answer.folder.display().to_string()),
    ]);
}
