//! Whether a script and what is on the media fit together: asked before anything happens, and changes nothing.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use super::issue::answered;
use super::outputs::input;
use crate::authority::link::OtherRoot;
use crate::authority::retire::{StillInForce, retirement};
use crate::ceremony::exchange::Request;
use crate::ceremony::foreign::{ForeignCa, certificate_der};
use crate::ceremony::script::{
    Act, Crossing, Founding, Issuing, Linking, Listing, NextCrl, Opening, Revoked, Script,
};
use crate::ceremony::station::{RootRecord, Station, TokenKey};
use crate::ceremony::{CeremonyError, fingerprint};
use crate::certificate::Certificates;
use crate::crl::{self, CrlName};
use crate::keys::KeyError;
use crate::status::RevocationReason;
use crate::storage::Store;
use crate::token::{self, Tries};

/// Checks everything that can be known beforehand.
///
/// # Errors
/// What does not fit.
pub fn check(script: &Script, station: &Station, media: Option<&Path>) -> Result<(), CeremonyError> {
    if let Act::Root(act) = &script.act {
        return may_be_founded(station, act);
    }
    let (root, store) = the_root(script, station)?;
    if let Some(opening) = script.opening() {
        holders_are_known(station, opening)?;
        let certificate = Station::certificate(store.as_ref(), &root.ca)?.unwrap_or_default();
        let found = fingerprint(&certificate);
        if found != opening.root_sha256 {
            return Err(CeremonyError::unfit(format!(
                "the root on the medium has the fingerprint {found}, the script means {}",
                opening.root_sha256
            )));
        }
    }
    let has_ended = retirement(store.as_ref(), &root.ca)?.is_some();
    if has_ended && !matches!(script.act, Act::KeyDestruction(_)) {
        return Err(CeremonyError::unfit(
            "the root was retired: its last CRL is made, and it signs nothing more",
        ));
    }
    match &script.act {
        Act::Root(_) | Act::KeyDestruction(_) => Ok(()),
        Act::IssuingCa(act) => may_be_issued(script, act, station, &root, &store, media),
        Act::CrossCertificate(act) => may_be_crossed(act, station, media),
        Act::LinkCertificate(act) => may_be_vouched_for(act, station, media),
        Act::RootCrl(act) => may_be_listed(act, station, &root, &store),
    }
}

/// The medium must be free of any root, and the dates ahead.
fn may_be_founded(station: &Station, act: &Founding) -> Result<(), CeremonyError> {
    for path in [station.root_file(), station.custody_file(), station.key_file()] {
        if path.exists() {
            return Err(CeremonyError::unfit(format!(
                "{} is there: one medium is for one root; take an empty folder",
                path.display()
            )));
        }
    }
    if let Some(key) = &act.token {
        token_is_at_hand(key)?;
    }
    must_be_ahead("root.crl_next_update", act.crl_next_update, station)
}

/// Asked without a PIN: whether the one token of this label is there, and would take a PIN.
fn token_is_at_hand(key: &TokenKey) -> Result<(), CeremonyError> {
    let seen = token::tokens(&key.module).map_err(KeyError::from)?;
    let named: Vec<_> = seen.iter().filter(|token| token.label == key.token).collect();
    match named.as_slice() {
        [found] if matches!(found.tries, Tries::All | Tries::Fewer) => Ok(()),
        [found] => Err(CeremonyError::unfit(format!(
            "the token {:?} takes no PIN now; tries left: {}",
            key.token,
            found.tries.in_words()
        ))),
        [] => {
            let at_hand: Vec<&str> = seen.iter().map(|token| token.label.as_str()).collect();
            let why = format!("the token {:?} is not at hand; at hand: {at_hand:?}", key.token);
            Err(CeremonyError::unfit(why))
        }
        _ => Err(CeremonyError::unfit(format!("several tokens at hand are called {:?}", key.token))),
    }
}

fn the_root(script: &Script, station: &Station) -> Result<(RootRecord, Arc<dyn Store>), CeremonyError> {
    let missing = || CeremonyError::unfit("the folder holds no root: is it the right medium?");
    let root = station.root()?.ok_or_else(missing)?;
    if root.ca != script.ca || root.hierarchy != script.hierarchy {
        return Err(CeremonyError::unfit(format!(
            "the medium is of root {} of hierarchy {:?}, the script means {} of {:?}",
            root.ca, root.hierarchy, script.ca, script.hierarchy
        )));
    }
    if !station.holds_key(&root) {
        return Err(CeremonyError::unfit("the medium holds no key any more: it was destroyed"));
    }
    if let Some(key) = &root.token {
        token_is_at_hand(key)?;
    }
    Ok((root, station.store()?))
}

fn holders_are_known(station: &Station, opening: &Opening) -> Result<(), CeremonyError> {
    let missing = || CeremonyError::unfit("the medium holds no record of custody");
    let record = station.custody()?.ok_or_else(missing)?;
    if let Some(stranger) = opening.present.iter().find(|name| record.of(name).is_none()) {
        let names: Vec<&str> = record.holders.iter().map(|held| held.holder.as_str()).collect();
        return Err(CeremonyError::unfit(format!(
            "{stranger} holds no share; the holders are {}",
            names.join(", ")
        )));
    }
    if opening.present.len() < usize::from(record.threshold) {
        return Err(CeremonyError::unfit(format!(
            "{} holders are named, {} are needed",
            opening.present.len(),
            record.threshold
        )));
    }
    Ok(())
}

fn may_be_issued(
    script: &Script,
    act: &Issuing,
    station: &Station,
    root: &RootRecord,
    store: &Arc<dyn Store>,
    media: Option<&Path>,
) -> Result<(), CeremonyError> {
    let request = request(&act.request_sha256, &input(media, &act.request)?)?;
    request.must_be_current(station.clock.now())?;
    let content = request.content();
    if content.hierarchy != script.hierarchy || content.root_sha256 != act.opening.root_sha256 {
        return Err(CeremonyError::unfit("the request is for another root or hierarchy"));
    }
    if content.profile != act.profile.id.0 {
        return Err(CeremonyError::unfit(format!(
            "the request asks for the profile {}, the script gives {}",
            content.profile, act.profile.id
        )));
    }
    answered(store, &root.ca, &request)
}

fn may_be_crossed(act: &Crossing, station: &Station, media: Option<&Path>) -> Result<(), CeremonyError> {
    foreign(&act.certificate_sha256, &input(media, &act.certificate)?)?;
    must_be_ahead("cross_certificate.not_after", act.terms.not_after, station)
}

fn may_be_vouched_for(act: &Linking, station: &Station, media: Option<&Path>) -> Result<(), CeremonyError> {
    let other = other_root(&act.certificate_sha256, &input(media, &act.certificate)?)?;
    if act.certificate_sha256 == act.opening.root_sha256 {
        return Err(CeremonyError::unfit(
            "a root does not vouch for itself: name the other root's certificate",
        ));
    }
    must_be_ahead("the end of the other root", other.not_after(), station)?;
    act.not_after.map_or(Ok(()), |end| must_be_ahead("link_certificate.not_after", end, station))
}

fn may_be_listed(
    act: &Listing,
    station: &Station,
    root: &RootRecord,
    store: &Arc<dyn Store>,
) -> Result<(), CeremonyError> {
    if let NextCrl::Due(next_update) = act.next {
        must_be_ahead("root_crl.next_update", next_update, station)?;
    }
    let name = CrlName::first(root.ca.clone());
    let newest = crl::find(store.as_ref(), &name)?.map_or(0, |list| list.number);
    let (next, _) = crl::next_number(store.as_ref(), &name, newest)?;
    if act.number != next {
        return Err(CeremonyError::unfit(format!(
            "the next CRL has number {next}, the script says {}",
            act.number
        )));
    }
    let certificates = Certificates::new(Arc::clone(store), root.ca.clone());
    for revoked in &act.revocations {
        let serial = &revoked.serial;
        let unknown = || CeremonyError::unfit(format!("this root issued no certificate {serial}"));
        let record = certificates.find(serial)?.ok_or_else(unknown)?;
        if record.revocation.is_some() {
            return Err(CeremonyError::unfit(format!("certificate {serial} is revoked already")));
        }
        if revoked.at > station.clock.now() {
            return Err(CeremonyError::unfit(format!("the revocation of {serial} lies in the future")));
        }
    }
    if act.next == NextCrl::Never { may_be_the_last(act, &certificates, station) } else { Ok(()) }
}

/// ETSI EN 319 411-1 section 6.3.9: no last CRL before all certificates in its scope have ended or are revoked.
fn may_be_the_last(
    act: &Listing,
    certificates: &Certificates,
    station: &Station,
) -> Result<(), CeremonyError> {
    let for_good = |revoked: &&Revoked| revoked.reason != RevocationReason::CertificateHold;
    let revoked: BTreeSet<_> = act.revocations.iter().filter(for_good).map(|it| &it.serial).collect();
    let now = station.clock.now();
    let left = StillInForce::of(certificates, now, |record| revoked.contains(&record.serial))?;
    if left.count == 0 {
        return Ok(());
    }
    Err(CeremonyError::unfit(format!(
        "it cannot be the last CRL, as certificates of this root are still in force: {left}; revoke them in this ceremony, or \
         wait"
    )))
}

fn must_be_ahead(key: &str, moment: time::OffsetDateTime, station: &Station) -> Result<(), CeremonyError> {
    if moment > station.clock.now() {
        return Ok(());
    }
    let now = crate::clock::in_words(station.clock.now());
    Err(CeremonyError::unfit(format!("`{key}` is past: the clock says {now}")))
}

/// A request whose digest is the one in the script.
pub(super) fn request(expected: &str, file: &[u8]) -> Result<Request, CeremonyError> {
    let request = Request::parse(file)?;
    let found = request.digest();
    if found == expected {
        return Ok(request);
    }
    Err(CeremonyError::unfit(format!("the request has the SHA-256 {found}, the script means {expected}")))
}

/// Another root whose certificate has the fingerprint of the script.
pub(super) fn other_root(expected: &str, file: &[u8]) -> Result<OtherRoot, CeremonyError> {
    let der = certificate_der(file)?;
    let found = fingerprint(&der);
    if found != expected {
        let why =
            format!("the other root's certificate has the SHA-256 {found}, the script means {expected}");
        return Err(CeremonyError::unfit(why));
    }
    OtherRoot::read(&der).map_err(|error| CeremonyError::unfit(format!("the other root: {error}")))
}

/// A foreign CA whose certificate has the fingerprint of the script.
pub(super) fn foreign(expected: &str, file: &[u8]) -> Result<ForeignCa, CeremonyError> {
    let der = certificate_der(file)?;
    let found = fingerprint(&der);
    if found == expected {
        return Ok(ForeignCa::read(&der)?);
    }
    Err(CeremonyError::unfit(format!(
        "the foreign CA's certificate has the SHA-256 {found}, the script means {expected}"
    )))
}
