//! CRLs and filters.

use std::collections::BTreeMap;

use ca_core::clock::in_words;
use ca_core::crl::{CrlName, Form, Partition};
use ca_core::serial::SerialNumber;
use ocsp_responder::filter::VerifiedFilter;
use ocsp_responder::publication::CrlEntry;
use time::{Duration, OffsetDateTime};

use super::findings::Trouble;
use super::visit::{KnownCa, Visit, cacheable, typed};
use crate::relying_party::addresses::Addresses;
use crate::relying_party::revocation_list::{ReadCrl, read_crl};
use crate::relying_party::standing::{Said, Status};

/// How many parts of a CA's CRL are read, besides those that the given certificates name: a CA may have ten thousand.
const MOST_PARTS: usize = 32;
/// What part of a CRL's life is left when it is told of: its CA makes the next one when half of it is over.
const ENDING: i32 = 4;
/// A filter is made every hour, or as `[filter] minutes` says, at most a day.
const FILTER_IS_OLD: Duration = Duration::hours(26);

/// What the CRLs of a CA say.
#[derive(Debug, Default)]
pub(super) struct Lists {
    /// What is listed, by serial number.
    listed: BTreeMap<SerialNumber, Said>,
    /// When the oldest of those that were read was made; `None` where not all were.
    complete_as_of: Option<OffsetDateTime>,
}

impl Lists {
    /// Fetches a CA's CRLs and reads them.
    pub(super) fn fetch(visit: &mut Visit<'_>, ca: &KnownCa) -> Self {
        let all = &ca.published.crls;
        if all.is_empty() {
            let trouble = Trouble::failed(
                "no CRL of it is published",
                "on the installation's machine read the log; of an offline CA bring one over: npki ca crl install FILE",
            );
            visit.findings.found("crl", Some(ca.id.as_str()), "", vec![trouble]);
            return Self::default();
        }
        let mut read: BTreeMap<(Partition, Form), ReadCrl> = BTreeMap::new();
        let wanted = wanted(visit, all);
        let mut complete = wanted.len() == all.len();
        for (entry, name) in wanted {
            match visit.crl(ca, entry) {
                Some(crl) => {
                    read.insert((name.partition, name.form), crl);
                }
                None => complete = false,
            }
        }
        visit.deltas_fit(ca, &read);
        let full = read.iter().filter(|((_, form), _)| *form == Form::Full);
        let complete_as_of = full.map(|(_, crl)| crl.this_update).min().filter(|_| complete);
        let mut lists = Self { listed: BTreeMap::new(), complete_as_of };
        // Full comes before delta: what a delta CRL says is newer.
        read.values().for_each(|crl| lists.add(crl));
        lists
    }

    fn add(&mut self, crl: &ReadCrl) {
        for entry in &crl.revoked {
            let Ok(serial) = entry.serial.parse::<SerialNumber>() else { continue };
            let said = |status| Said { status, this_update: crl.this_update, next_update: crl.next_update };
            // RFC 5280 section 5.3.1: released from hold.
            if entry.reason.as_deref() == Some("remove-from-crl") {
                self.listed.remove(&serial);
            } else {
                let (at, reason) = (entry.at, entry.reason.clone());
                self.listed.insert(serial, said(Status::Revoked { at, reason }));
            }
        }
    }

    /// So many of what is listed, spread over all of it.
    pub(super) fn sample(&self, most: usize) -> Vec<SerialNumber> {
        let step = self.listed.len().div_ceil(most.max(1)).max(1);
        self.listed.keys().step_by(step).cloned().collect()
    }

    /// What the CRLs say of a serial number; nothing where those that were read cannot tell.
    pub(super) fn say(&self, serial: &SerialNumber) -> Option<Said> {
        let good = |as_of| Said { status: Status::Good, this_update: as_of, next_update: None };
        self.listed.get(serial).cloned().or_else(|| self.complete_as_of.map(good))
    }
}

/// The CRLs to read: all, or some parts and those that the given certificates name.
fn wanted<'a>(visit: &Visit<'_>, all: &'a [CrlEntry]) -> Vec<(&'a CrlEntry, CrlName)> {
    let named: Vec<String> = visit
        .given
        .iter()
        .filter_map(|chain| Addresses::of(&chain.certificate).crl)
        .map(|url| url.path().to_owned())
        .collect();
    let step = all.len().div_ceil(MOST_PARTS * 2).max(1);
    let wanted = all.iter().enumerate().filter(|(place, entry)| {
        // Full and delta stand beside each other.
        (place / 2) % step == 0 || named.iter().any(|path| path.ends_with(&format!("/crl/{}", entry.path)))
    });
    wanted.filter_map(|(_, entry)| Some((entry, CrlName::from_path(&entry.path)?))).collect()
}

impl Visit<'_> {
    fn crl(&mut self, ca: &KnownCa, entry: &CrlEntry) -> Option<ReadCrl> {
        let about = entry.path.strip_suffix(".crl").unwrap_or(&entry.path).to_owned();
        let read = self.fetched(&format!("crl/{}", entry.path)).and_then(|answer| {
            let crl = read_crl(&answer.body, &ca.certificate).map_err(|failure| {
                let fix =
                    "do not use it; compare the CA's certificate with the installation's, and read its log";
                Trouble::failed(format!("it proves nothing: {}", failure.sentences()[1]), fix)
            })?;
            Ok((answer, crl))
        });
        match read {
            Ok((answer, crl)) => {
                let mut troubles: Vec<Trouble> = typed(&answer, "application/pkix-crl").into_iter().collect();
                troubles.extend(fresh(&crl, entry, self.now));
                if let Some(next) = crl.next_update.filter(|next| *next > self.now) {
                    troubles.extend(cacheable(&answer, self.now, next));
                }
                let next = crl.next_update.map(in_words).unwrap_or_default();
                let number = crl.number.as_deref().unwrap_or("none");
                let says = format!("number {number}, lists {}, next update {next}", crl.revoked.len());
                self.findings.found("crl", Some(&about), says, troubles);
                Some(crl)
            }
            Err(trouble) => {
                self.findings.found("crl", Some(&about), "", vec![trouble]);
                None
            }
        }
    }

    /// RFC 5280 section 5.2.4: whoever has a full CRL can use the delta CRL beside it.
    fn deltas_fit(&mut self, ca: &KnownCa, read: &BTreeMap<(Partition, Form), ReadCrl>) {
        let number = |text: &Option<String>| text.as_ref().and_then(|text| text.parse::<u128>().ok());
        for ((partition, _), delta) in read.iter().filter(|((_, form), _)| *form == Form::Delta) {
            let full = read.get(&(*partition, Form::Full));
            let fits = full.is_some_and(|full| number(&delta.base) <= number(&full.number));
            if !fits {
                let path = CrlName::new(ca.id.clone(), *partition, Form::Delta).path();
                let base = delta.base.as_deref().unwrap_or("none");
                let says = format!("it begins from full CRL {base}, and an older one is published beside it");
                let trouble = Trouble::failed(says, "a cache holds an old full CRL: have it keep to Expires");
                self.findings.found("crl", path.strip_suffix(".crl"), "", vec![trouble]);
            }
        }
    }

    /// A CA's filter, where there is one.
    pub(super) fn filter(&mut self, ca: &KnownCa) -> Option<VerifiedFilter> {
        let id = ca.id.as_str();
        if ca.published.filter.is_none() {
            self.findings.skipped("filter", Some(id), "none is published of it");
            return None;
        }
        let verified = self.fetched(&format!("filter/{id}.filter")).and_then(|answer| {
            let verified = VerifiedFilter::verify(&answer.body, &ca.certificate, self.now);
            let fix = "do not use it; fetch it again, and read the log of the installation";
            Ok((verified.map_err(|error| Trouble::failed(error.to_string(), fix))?, answer))
        });
        match verified {
            Ok((filter, answer)) => {
                let head = filter.head();
                let says = format!("as of {}, lists {}", in_words(head.as_of), head.revoked);
                let mut troubles = cacheable(&answer, self.now, head.expires);
                if self.now - head.as_of > FILTER_IS_OLD {
                    let fix = "read the log of the installation: it makes one every hour";
                    troubles.push(Trouble::warning(format!("it is old: {says}"), fix));
                }
                self.findings.found("filter", Some(id), says, troubles);
                Some(filter)
            }
            Err(trouble) => {
                self.findings.found("filter", Some(id), "", vec![trouble]);
                None
            }
        }
    }
}

/// Whether a CRL is the one that the index tells of, or a newer one, and how near its end is.
fn fresh(crl: &ReadCrl, entry: &CrlEntry, now: OffsetDateTime) -> Vec<Trouble> {
    let mut troubles = Vec::new();
    let number = crl.number.as_ref().and_then(|number| number.parse::<u64>().ok());
    if number.is_none_or(|number| number < entry.number) {
        troubles.push(Trouble::warning(
            format!(
                "number {} is published, and this is {}",
                entry.number,
                crl.number.as_deref().unwrap_or("none")
            ),
            "a cache holds an old one: have it keep to Cache-Control",
        ));
    }
    let fix = "on the installation's machine read the log; of an offline CA bring a new one over: npki ca crl install FILE";
    let next = crl.next_update.unwrap_or(crl.this_update);
    if next <= now {
        troubles.push(Trouble::failed(format!("it ended {}", in_words(next)), fix));
    } else if next - now < (next - crl.this_update) / ENDING {
        troubles.push(Trouble::warning(format!("it ends {}", in_words(next)), fix));
    }
    if crl.this_update > now + Duration::minutes(5) {
        let says = format!("it is of a time to come, {}", in_words(crl.this_update));
        troubles.push(Trouble::failed(says, "compare the clocks"));
    }
    troubles
}
