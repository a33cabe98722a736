//! Two generations of a root vouch for each other, where both keys are at hand. Where one is offline, ceremonies do it, and
//! `npki ca link install` brings the certificates.

use ca_core::authority::Authority;
use ca_core::authority::link::{KnownRoot, LINK_INSTALLED, LINK_PROFILE, Link, OtherRoot, links_of};
use ca_core::fingerprint::fingerprint;
use ca_core::ledger::Actor;
use ca_core::storage::AuditedChange;

use super::ServiceError;
use super::hierarchy::OpenedHierarchy;
use super::serve::Foundation;

/// How many link certificates of one root for another are looked through.
const MOST_LINKS: usize = 1_000;

/// Makes what is missing.
///
/// # Errors
/// A key could not be used, or the store failed.
pub(super) fn link_generations(
    hierarchy: &OpenedHierarchy,
    foundation: &Foundation,
    actor: &Actor,
) -> Result<(), ServiceError> {
    for (planned, _) in hierarchy.iter() {
        let Some(former) = &planned.succeeds else { continue };
        let both = hierarchy.at_work(former).ok().zip(hierarchy.at_work(&planned.id).ok());
        let Some((old, new)) = both else { continue };
        vouch(new, old, foundation, actor)?;
        vouch(old, new, foundation, actor)?;
    }
    Ok(())
}

/// One root vouches for the other, unless it does already.
fn vouch(
    subject: &Authority,
    issuer: &Authority,
    foundation: &Foundation,
    actor: &Actor,
) -> Result<(), ServiceError> {
    let store = foundation.store.as_ref();
    if links_of(store, subject.id())?.iter().any(|(by, _)| by == issuer.id()) {
        return Ok(());
    }
    let der = match signed_before(subject, issuer, foundation)? {
        Some(der) => der,
        None => {
            let request = issuer.admit_link(&OtherRoot::read(subject.certificate())?, None)?;
            let prepared = issuer.prepare(request, actor)?;
            issuer.sign(prepared, actor, |_, _| Ok(AuditedChange::nothing()))?.der
        }
    };
    let roots = [subject, issuer].map(|root| KnownRoot { id: root.id(), certificate: root.certificate() });
    let link = Link::verify(&der, &roots, foundation.clock.now())?;
    let event = foundation.ledger().event(actor, LINK_INSTALLED, link.reference())?;
    if let Some(change) = link.taking(store, event)? {
        store.commit(change)?;
    }
    Ok(())
}

/// The link certificate that was signed before a crash that came before it was taken into use.
fn signed_before(
    subject: &Authority,
    issuer: &Authority,
    foundation: &Foundation,
) -> Result<Option<Vec<u8>>, ServiceError> {
    let other = OtherRoot::read(subject.certificate())?;
    let of_key = fingerprint(other.key().der());
    let certificates = issuer.certificates();
    let made = certificates.of_identity(&other.identity(), None, MOST_LINKS)?;
    let fits = |it: &&ca_core::certificate::CertificateRecord| {
        it.key_sha256 == of_key && it.profile.0 == LINK_PROFILE && it.revocation.is_none()
    };
    match made.iter().find(fits) {
        Some(record) => Ok(certificates.der(record, &foundation.vault)?),
        None => Ok(None),
    }
}
