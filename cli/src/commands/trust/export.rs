//! `npki trust export`: trust anchors of what is vouched for, or a list in one of its forms.

use std::collections::BTreeSet;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use ocsp_responder::trusted_list::Service;
use ocsp_responder::trusted_list::model::{CertificateDer, for_people};
use ocsp_responder::trusted_list::publishing::ListJson;
use serde::Serialize;
use time::OffsetDateTime;
use x509_parser::prelude::{FromDer, X509Certificate};

use super::kept::KeptList;
use super::services::Kept;
use crate::commands::Ending;
use crate::commands::moment::moment;
use crate::context::{Anchor, Anchors};
use crate::failure::{Failure, catalogue};
use crate::files::{self, Readers};
use crate::output::{Meaning, Outcome, Simple};
use crate::session::Session;

/// In which form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Form {
    /// The certificates of CAs that are vouched for, PEM; not of those above other CAs in the list
    Pem,
    /// The list in plain JSON
    Json,
    /// The signed list, as it came
    Xml,
}

/// What to write.
#[derive(Debug, Args)]
pub struct ExportArguments {
    #[command(flatten)]
    kept: Kept,
    /// In which form
    #[arg(long, value_name = "FORM", value_enum, default_value = "pem")]
    form: Form,
    /// The CAs that were vouched for at this moment [default: now]
    #[arg(long, value_name = "MOMENT", value_parser = moment)]
    at: Option<OffsetDateTime>,
    /// Only CAs that issue qualified certificates
    #[arg(long)]
    qualified: bool,
    /// Also of a list whose next one is overdue
    #[arg(long)]
    accept_overdue: bool,
    /// The file to write; must not exist
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

#[derive(Debug, Serialize)]
struct Exported {
    file: PathBuf,
    /// The anchors in it, by subject; none of other forms.
    anchors: Vec<String>,
    /// Services that were left out, since the list says something of them that this npki does not understand, or they are no CA's.
    left_out: Vec<String>,
}

pub(super) fn run(arguments: ExportArguments, session: &Session) -> Ending {
    files::must_be_free(&arguments.out)?;
    let lists = arguments.kept.lists(session)?;
    let now = session.clock.now();
    let overdue = lists.iter().find(|kept| kept.verified.is_overdue(now));
    if let Some(kept) = overdue.filter(|_| !arguments.accept_overdue) {
        let cause = format!("the next list of {} was due before now", kept.territory());
        return Err(Failure::of(&catalogue::LIST_OVERDUE).cause(cause));
    }
    let (content, anchors, left_out) = match arguments.form {
        Form::Pem => anchors(&lists, &arguments, now)?,
        form => (of_one(&lists, form)?, Vec::new(), Vec::new()),
    };
    files::create(&arguments.out, &content, Readers::Anyone)?;
    let answer = Exported { file: arguments.out, anchors, left_out };
    Ok(Outcome::done(Simple::new("npki.trust.export/1", answer, |answer, page| {
        page.verdict(Meaning::Good, "written", answer.file.display().to_string());
        answer.anchors.iter().for_each(|anchor| page.line(format!("  {anchor}")));
        answer.left_out.iter().for_each(|name| page.line(format!("  left out: {name}")));
    })))
}

/// The file, the anchors in it, and what was left out.
type Content = (Vec<u8>, Vec<String>, Vec<String>);

fn anchors(lists: &[KeptList], arguments: &ExportArguments, now: OffsetDateTime) -> Result<Content, Failure> {
    let at = arguments.at.unwrap_or(now);
    let services = lists.iter().flat_map(|kept| kept.list().services()).map(|(_, service)| service);
    let wanted = |service: &&Service| {
        service.kind.is_ca()
            && (!arguments.qualified || service.kind.short() != "CA/PKC")
            && service.status_at(at).is_some_and(|status| status.counts())
    };
    let above = certifying(lists);
    let (mut found, mut left_out): (Vec<Anchor>, Vec<String>) = (Vec::new(), Vec::new());
    for service in services.filter(wanted) {
        let below =
            |certificate: &&CertificateDer| names(certificate).is_none_or(|(own, _)| !above.contains(&own));
        for certificate in service.identity.certificates.iter().filter(below) {
            match Anchor::from_der(&certificate.0) {
                // TS 119 612 section 5.5.9: what is critical and not understood keeps the service from being used.
                Ok(anchor) if service.not_understood.is_empty() => {
                    if !found.iter().any(|other| other.der() == anchor.der()) {
                        found.push(anchor);
                    }
                }
                _ => left_out.push(for_people(&service.name).to_owned()),
            }
        }
    }
    if found.is_empty() {
        return Err(Failure::of(&catalogue::NO_SERVICE)
            .what("no CA is vouched for that could be an anchor")
            .cause("the lists have none that is granted at that moment".to_owned()));
    }
    let subjects = found.iter().map(|anchor| anchor.subject().to_owned()).collect();
    Ok((found.into_iter().collect::<Anchors>().to_pem().into_bytes(), subjects, left_out))
}

/// The subjects of CAs that certified others which are listed. What of those counts the list says itself: an anchor above them would
/// let in what was withdrawn.
fn certifying(lists: &[KeptList]) -> BTreeSet<Vec<u8>> {
    let services = lists.iter().flat_map(|kept| kept.list().services()).map(|(_, service)| service);
    let certificates =
        services.filter(|service| service.kind.is_ca()).flat_map(|service| &service.identity.certificates);
    certificates.filter_map(names).filter(|(own, issuer)| own != issuer).map(|(_, issuer)| issuer).collect()
}

/// The subject and the issuer of a certificate, DER.
fn names(certificate: &CertificateDer) -> Option<(Vec<u8>, Vec<u8>)> {
    let (_, parsed) = X509Certificate::from_der(&certificate.0).ok()?;
    Some((parsed.subject().as_raw().to_vec(), parsed.issuer().as_raw().to_vec()))
}

fn of_one(lists: &[KeptList], form: Form) -> Result<Vec<u8>, Failure> {
    let [kept] = lists else {
        let all: Vec<&str> = lists.iter().map(KeptList::territory).collect();
        return Err(Failure::of(&catalogue::USAGE)
            .cause(format!("lists of {} are kept: say which with --territory", all.join(", "))));
    };
    if form == Form::Xml {
        return Ok(kept.octets.clone());
    }
    let json = ListJson::of(kept.list().clone(), kept.verified.sha256().to_owned());
    serde_json::to_vec_pretty(&json).map_err(|error| Failure::of(&catalogue::OUTPUT).cause(error.to_string()))
}
