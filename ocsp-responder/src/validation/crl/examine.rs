//! RFC 5280 section 6.3.3 over the CRLs at hand for one certificate.

use ca_core::fingerprint::fingerprint;
use time::OffsetDateTime;

use super::super::certificate::Certificate;
use super::super::status::{Finding, ReportedStatus};
use super::CrlRefusal;
use super::delta::fits;
use super::list::{RevocationList, Said};
use super::point::{DistributionPoint, Reasons};

/// How far the relying party's clock may be behind the CA's: where power fails, clocks are wrong by minutes.
const SKEW: time::Duration = time::Duration::minutes(5);

/// What one complete CRL, and the delta CRL that amends it, say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CrlFinding {
    pub(crate) finding: Finding,
    /// The reasons for which they speak: revoked for any other, the certificate would not be listed.
    pub(crate) reasons: Reasons,
    /// SHA-256 of the complete CRL, lower-case hex.
    pub(crate) sha256: String,
}

/// Who may have signed a CRL.
pub(crate) trait Signers {
    /// Certificates whose keys may have signed `list`: of its issuer's name, the likeliest first. Not proven.
    fn of(&self, list: &RevocationList<'_>) -> Vec<Certificate>;

    /// Takes from what is left of the signatures that may be checked.
    ///
    /// # Errors
    /// Nothing is left.
    fn spend(&self) -> Result<(), CrlRefusal>;

    /// Whether this certificate itself is valid (section 6.3.3 (f)).
    ///
    /// # Errors
    /// It is not, or that cannot be told.
    fn vouch(&self, signer: &Certificate) -> Result<(), CrlRefusal>;
}

/// The issuer of a certificate alone, which the caller has proven.
struct OnlyIssuer<'a>(&'a Certificate);

impl Signers for OnlyIssuer<'_> {
    fn of(&self, list: &RevocationList<'_>) -> Vec<Certificate> {
        if list.issuer == *self.0.subject_name() { vec![self.0.clone()] } else { Vec::new() }
    }

    fn spend(&self) -> Result<(), CrlRefusal> {
        Ok(())
    }

    fn vouch(&self, _: &Certificate) -> Result<(), CrlRefusal> {
        Ok(())
    }
}

/// What each of these CRLs, signed with the key in `issuer`, says of `certificate`: complete ones first, each as the newest
/// delta CRL among the others amends it, and why the rest cannot be used.
pub fn crl_findings(
    crls: &[Vec<u8>],
    certificate: &Certificate,
    issuer: &Certificate,
    at: OffsetDateTime,
) -> Vec<Result<Finding, CrlRefusal>> {
    let whole = |found: CrlFinding| match found.finding.status {
        // Not revoked for some reasons is not yet good.
        ReportedStatus::Good if found.reasons != Reasons::ALL => Err(CrlRefusal::OutOfScope),
        _ => Ok(found.finding),
    };
    let findings = examine(crls, certificate, &OnlyIssuer(issuer), at);
    findings.into_iter().map(|found| found.and_then(whole)).collect()
}

/// A CRL that can be used for a certificate: everything about it is verified but its entries.
struct Usable<'a> {
    octets: &'a [u8],
    list: RevocationList<'a>,
    signer: Certificate,
    next_update: OffsetDateTime,
    reasons: Reasons,
}

/// Complete CRLs first, each as the newest delta CRL among the others amends it; then what amends nothing.
pub(crate) fn examine(
    crls: &[Vec<u8>],
    certificate: &Certificate,
    signers: &dyn Signers,
    at: OffsetDateTime,
) -> Vec<Result<CrlFinding, CrlRefusal>> {
    let (mut complete, mut deltas, mut findings) = (Vec::new(), Vec::new(), Vec::new());
    for crl in crls {
        match usable(crl, certificate, signers, at) {
            Ok(found) if found.list.is_delta() => deltas.push((found, Some(CrlRefusal::Delta))),
            found => complete.push(found),
        }
    }
    for found in complete {
        findings.push(found.and_then(|found| amended(&found, &mut deltas, certificate)));
    }
    findings.extend(deltas.into_iter().filter_map(|(_, refusal)| refusal.map(Err)));
    findings
}

/// What a complete CRL says, as the newest delta that fits it amends it. Deltas that fit lose their refusal.
fn amended(
    complete: &Usable<'_>,
    deltas: &mut [(Usable<'_>, Option<CrlRefusal>)],
    certificate: &Certificate,
) -> Result<CrlFinding, CrlRefusal> {
    let listed = lookup(&complete.list, certificate)?;
    let mut said = listed;
    let (mut this_update, mut next_update) = (complete.list.this_update, complete.next_update);
    for (delta, refusal) in deltas {
        let change = fits((&complete.list, &complete.signer), (&delta.list, &delta.signer))
            .and_then(|()| lookup(&delta.list, certificate));
        match change {
            Ok(change) => {
                *refusal = None;
                if delta.list.this_update >= this_update {
                    // Of what a delta does not list, the complete CRL still speaks.
                    said = change.or(listed);
                    this_update = delta.list.this_update;
                    next_update = delta.next_update.min(complete.next_update);
                }
            }
            Err(why) if refusal.is_some() => *refusal = Some(why),
            Err(_) => {}
        }
    }
    let status = match said {
        Some((at, Said::Revoked(reason))) => ReportedStatus::Revoked { at, reason },
        // Section 6.3.3 (k).
        Some((_, Said::Removed)) | None => ReportedStatus::Good,
    };
    let finding = Finding { status, this_update, next_update: Some(next_update) };
    Ok(CrlFinding { finding, reasons: complete.reasons, sha256: fingerprint(complete.octets) })
}

/// Verifies everything about `crl` but its entries, the cheap questions first.
fn usable<'a>(
    crl: &'a [u8],
    certificate: &Certificate,
    signers: &dyn Signers,
    at: OffsetDateTime,
) -> Result<Usable<'a>, CrlRefusal> {
    let list = RevocationList::read(crl)?;
    let points = DistributionPoint::of(certificate);
    let scope = &list.extensions.scope;
    let reasons = scope.covers(&list.issuer, certificate.issuer_name(), certificate.is_ca(), &points)?;
    let next_update = verify_time(&list, at)?;
    // Section 5.2: a CRL with a critical extension that is not understood says nothing.
    if let Some(unknown) = list.extensions.unknown_critical {
        return Err(CrlRefusal::CriticalExtension(unknown));
    }
    let signer = signer(&list, signers)?;
    Ok(Usable { octets: crl, list, signer, next_update, reasons })
}

fn verify_time(list: &RevocationList<'_>, at: OffsetDateTime) -> Result<OffsetDateTime, CrlRefusal> {
    // Section 5.1.2.5: conforming CAs always say when the next one comes.
    let next_update = list.next_update.ok_or(CrlRefusal::NoNextUpdate)?;
    if at.saturating_add(SKEW) < list.this_update {
        return Err(CrlRefusal::NotYetValid(list.this_update));
    }
    if at > next_update { Err(CrlRefusal::Stale(next_update)) } else { Ok(next_update) }
}

/// The certificate whose key signed it, itself proven: section 6.3.3 (f) and (g).
fn signer(list: &RevocationList<'_>, signers: &dyn Signers) -> Result<Certificate, CrlRefusal> {
    let mut refusal = None;
    for candidate in signers.of(list) {
        let outcome = match candidate.extensions() {
            // If a key usage extension is present, cRLSign must be set.
            Ok(extensions) if !extensions.may_sign_crls() => Err(CrlRefusal::NotACrlSigner),
            Ok(_) => signers.spend().and_then(|()| list.verify(&candidate)),
            Err(malformed) => Err(malformed.into()),
        };
        match outcome.and_then(|()| signers.vouch(&candidate)) {
            Ok(()) => return Ok(candidate),
            // That the right key is there and not proven tells more than that others are not the right ones.
            Err(why @ (CrlRefusal::UnprovenSigner | CrlRefusal::Limit)) => refusal = Some(why),
            Err(why) => drop(refusal.get_or_insert(why)),
        }
    }
    Err(refusal.unwrap_or(CrlRefusal::OtherIssuer))
}

/// What the CRL's entry for the certificate says, and since when: section 6.3.3 (i) and (j).
fn lookup(
    list: &RevocationList<'_>,
    certificate: &Certificate,
) -> Result<Option<(OffsetDateTime, Said)>, CrlRefusal> {
    // Section 5.3.3: the CRL's issuer, until an entry names another, which then holds for those after it too.
    let mut is_issuer = list.issuer == *certificate.issuer_name();
    let mut found = None;
    for entry in list.entries() {
        let entry = entry?;
        // Section 5.3.1: removeFromCRL belongs to delta CRLs alone.
        if entry.said == Said::Removed && !list.is_delta() {
            return Err(CrlRefusal::Delta);
        }
        if let Some(issuer) = &entry.issuer {
            if !list.extensions.scope.is_indirect {
                return Err(CrlRefusal::Indirect);
            }
            is_issuer = issuer == certificate.issuer_name();
        }
        if is_issuer && entry.serial == certificate.serial_content() {
            found = Some((entry.at, entry.said));
        }
    }
    Ok(found)
}
