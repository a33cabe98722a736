//! `npki trust list` and `npki trust show`: what the lists that are kept say of services.

use std::path::PathBuf;

use ca_core::clock::in_words;
use clap::Args;
use ocsp_responder::publication::sha256;
use ocsp_responder::trusted_list::model::for_people;
use ocsp_responder::trusted_list::{Provider, Service};
use serde::Serialize;
use time::OffsetDateTime;

use super::kept::{KeptList, KeptLists, territory};
use crate::commands::Ending;
use crate::commands::moment::moment;
use crate::failure::{Failure, catalogue};
use crate::output::{Meaning, Outcome, Page, Simple};
use crate::session::Session;

/// Where lists are kept, and which of them are meant.
#[derive(Debug, Args)]
pub struct Kept {
    /// Where lists are kept [default: the folder trusted-lists beside config.toml]
    #[arg(long, value_name = "DIR")]
    kept: Option<PathBuf>,
    /// Only the list of this territory, such as LS
    #[arg(long, value_name = "TERRITORY", value_parser = territory)]
    territory: Option<String>,
}

impl Kept {
    /// The lists that are meant, verified.
    pub(super) fn lists(&self, session: &Session) -> Result<Vec<KeptList>, Failure> {
        KeptLists::at(self.kept.as_deref())?.all(self.territory.as_deref(), session.clock.now())
    }
}

/// Which services.
#[derive(Debug, Args)]
pub struct ListArguments {
    #[command(flatten)]
    kept: Kept,
    /// Their states at this moment [default: now]
    #[arg(long, value_name = "MOMENT", value_parser = moment)]
    at: Option<OffsetDateTime>,
    /// Only those that their country vouches for then
    #[arg(long)]
    granted: bool,
}

/// Which service.
#[derive(Debug, Args)]
pub struct ShowArguments {
    /// The service: its identifier as npki trust list shows it, or its name
    #[arg(value_name = "SERVICE")]
    service: String,
    #[command(flatten)]
    kept: Kept,
}

#[derive(Debug, Serialize)]
struct Listed {
    lists: Vec<OfList>,
    services: Vec<Row>,
}

#[derive(Debug, Serialize)]
struct OfList {
    territory: String,
    number: u64,
    #[serde(with = "time::serde::rfc3339")]
    issued: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339::option")]
    next_update: Option<OffsetDateTime>,
    overdue: bool,
}

#[derive(Debug, Serialize)]
struct Row {
    id: String,
    territory: String,
    provider: String,
    name: String,
    kind: String,
    /// Its state at the moment in question; nothing before the list knew it.
    status: Option<String>,
    counts: bool,
    #[serde(with = "time::serde::rfc3339")]
    since: OffsetDateTime,
}

/// What makes a service another, in ten hexadecimal digits: its kind and its key.
fn id(service: &Service) -> String {
    let key = service.identity.public_key_info();
    let key =
        if key.is_empty() { service.identity.subject.clone().unwrap_or_default().into_bytes() } else { key };
    sha256(&[service.kind.0.as_bytes(), b" ", &key].concat()).chars().take(10).collect()
}

pub(super) fn list(arguments: &ListArguments, session: &Session) -> Ending {
    let lists = arguments.kept.lists(session)?;
    let now = session.clock.now();
    let at = arguments.at.unwrap_or(now);
    let rows = lists.iter().flat_map(|kept| {
        kept.list().services().map(move |(provider, service)| Row {
            id: id(service),
            territory: kept.territory().to_owned(),
            provider: for_people(&provider.organisation.name).to_owned(),
            name: for_people(&service.name).to_owned(),
            kind: service.kind.short().to_owned(),
            status: service.status_at(at).map(|status| status.short().to_owned()),
            counts: service.status_at(at).is_some_and(|status| status.counts()),
            since: service.since,
        })
    });
    let services = rows.filter(|row| row.counts || !arguments.granted).collect();
    let answer = Listed { lists: lists.iter().map(|kept| of_list(kept, now)).collect(), services };
    let overdue: Vec<String> =
        answer.lists.iter().filter(|list| list.overdue).map(|list| list.territory.clone()).collect();
    let outcome = Outcome::done(Simple::new("npki.trust.list/1", answer, rows_text));
    Ok(overdue.into_iter().fold(outcome, |outcome, territory| {
        outcome.warn(format!("the next list of {territory} is overdue: npki trust pull"))
    }))
}

fn of_list(kept: &KeptList, now: OffsetDateTime) -> OfList {
    let list = kept.list();
    OfList {
        territory: kept.territory().to_owned(),
        number: list.sequence,
        issued: list.issued,
        next_update: list.next_update,
        overdue: kept.verified.is_overdue(now),
    }
}

fn rows_text(answer: &Listed, page: &mut Page) {
    let rows = answer.services.iter().map(|row| {
        let status = row.status.clone().unwrap_or_else(|| "not yet listed".to_owned());
        [
            row.id.clone(),
            row.territory.clone(),
            row.kind.clone(),
            row.name.clone(),
            status,
            in_words(row.since),
        ]
    });
    page.table(["ID", "LIST", "KIND", "NAME", "STATUS", "SINCE"], rows.collect(), "no such services");
}

#[derive(Debug, Serialize)]
struct Shown {
    id: String,
    territory: String,
    counts: bool,
    provider: Provider,
    service: Service,
}

pub(super) fn show(arguments: &ShowArguments, session: &Session) -> Ending {
    let lists = arguments.kept.lists(session)?;
    let wanted = arguments.service.to_lowercase();
    let all =
        lists.iter().flat_map(|kept| kept.list().services().map(move |(provider, it)| (kept, provider, it)));
    let named =
        |service: &Service| for_people(&service.name).to_lowercase() == wanted || id(service) == wanted;
    let mut found = all.filter(|(_, _, service)| named(service));
    let (kept, provider, service) = found.next().ok_or_else(|| {
        Failure::of(&catalogue::NO_SERVICE).cause(format!("no list has one called {:?}", arguments.service))
    })?;
    if let Some((_, _, other)) = found.next() {
        let both = format!("{} and {} are called so", id(service), id(other));
        return Err(Failure::of(&catalogue::NO_SERVICE).what("several services have this name").cause(both));
    }
    let answer = Shown {
        id: id(service),
        territory: kept.territory().to_owned(),
        counts: service.status_at(session.clock.now()).is_some_and(|status| status.counts()),
        provider: Provider { services: Vec::new(), ..provider.clone() },
        service: service.clone(),
    };
    Ok(Outcome::done(Simple::new("npki.trust.show/1", answer, shown_text)))
}

fn shown_text(answer: &Shown, page: &mut Page) {
    let Shown { service, provider, .. } = answer;
    let meaning = if answer.counts { Meaning::Good } else { Meaning::Bad };
    page.verdict(meaning, service.status.short(), for_people(&service.name));
    page.facts(&[
        ("id", answer.id.clone()),
        ("list of", answer.territory.clone()),
        ("provided by", for_people(&provider.organisation.name).to_owned()),
        ("kind", service.kind.short().to_owned()),
        ("since", in_words(service.since)),
        ("subject", service.identity.subject.clone().unwrap_or_default()),
        ("reached at", service.supply_points.join(", ")),
        ("said besides", service.information.join(", ")),
        ("not understood", service.not_understood.join(", ")),
    ]);
    for certificate in &service.identity.certificates {
        page.line(format!("  certificate SHA-256 {}", sha256(&certificate.0)));
    }
    for past in &service.history {
        page.line(format!("  before: {} since {}", past.status.short(), in_words(past.since)));
    }
}
