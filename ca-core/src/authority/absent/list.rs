//! Reading a CRL that came in a file: whole, or not at all (RFC 5280 section 5).

use std::collections::BTreeMap;

use time::OffsetDateTime;
use x509_parser::extensions::ParsedExtension;
use x509_parser::prelude::{CertificateRevocationList, FromDer};
use x509_parser::revocation_list::RevokedCertificate;

use super::crl::CrlRefused;
use crate::issuance::issuer::Issuer;
use crate::ledger::signatures::Seen;
use crate::serial::SerialNumber;
use crate::status::{Revocation, RevocationReason};

/// The most octets of a CRL that is brought over: some thousand entries, far more than a root ever lists.
const MOST_OCTETS: usize = 1024 * 1024;

/// A complete CRL that its CA signed. Its times are for the caller to judge.
#[derive(Debug)]
pub(super) struct SignedList {
    pub(super) number: u64,
    pub(super) this_update: OffsetDateTime,
    pub(super) next_update: OffsetDateTime,
    pub(super) entries: BTreeMap<SerialNumber, Revocation>,
}

impl SignedList {
    /// Reads a CRL and verifies that `issuer` made it.
    pub(super) fn verify(der: &[u8], issuer: &Issuer) -> Result<Self, CrlRefused> {
        let unreadable = |why: &str| CrlRefused::Unreadable(why.to_owned());
        if der.len() > MOST_OCTETS {
            return Err(unreadable("it is larger than 1 MiB"));
        }
        let seen = Seen::of_der(der).ok_or_else(|| unreadable("it is no DER CertificateList"))?;
        let (_, list) = CertificateRevocationList::from_der(der)
            .map_err(|error| CrlRefused::Unreadable(error.to_string()))?;
        if list.issuer().as_raw() != issuer.name {
            return Err(CrlRefused::OtherIssuer {
                found: seen.issuer,
                wanted: crate::name::text(&issuer.name),
            });
        }
        // RFC 5280 section 5.1.1.2: the algorithm stands twice, and is the same.
        if list.signature_algorithm != list.tbs_cert_list.signature
            || !seen.is_signed_with(&issuer.public_key_info)
        {
            return Err(CrlRefused::Signature);
        }
        let number = complete(&list, issuer)?;
        // RFC 5280 section 5.1.2.5: nextUpdate MUST be there.
        let next_update =
            list.next_update().ok_or_else(|| unreadable("it does not say when the next one is due"))?;
        let mut entries = BTreeMap::new();
        for entry in list.iter_revoked_certificates() {
            let (serial, revocation) = read_entry(entry)?;
            entries.insert(serial, revocation);
        }
        let this_update = list.last_update().to_datetime();
        Ok(Self { number, this_update, next_update: next_update.to_datetime(), entries })
    }
}

/// Its number. RFC 5280 section 5.2: a critical extension that is not understood, as those of delta, indirect and partial
/// CRLs are, means that the CRL is not what it looks like.
fn complete(list: &CertificateRevocationList<'_>, issuer: &Issuer) -> Result<u64, CrlRefused> {
    let unreadable = |why: &str| CrlRefused::Unreadable(why.to_owned());
    if list.version().is_none_or(|version| version.0 != 1) {
        return Err(unreadable("it is not of version 2"));
    }
    let mut number = None;
    for extension in list.extensions() {
        match extension.parsed_extension() {
            ParsedExtension::CRLNumber(found) => number = u64::try_from(found).ok(),
            ParsedExtension::AuthorityKeyIdentifier(found) => {
                let names = found.key_identifier.as_ref();
                if names.is_some_and(|identifier| identifier.0 != issuer.key_identifier) {
                    return Err(CrlRefused::Signature);
                }
            }
            _ if extension.critical => return Err(CrlRefused::NotComplete(extension.oid.to_id_string())),
            _ => {}
        }
    }
    number.ok_or_else(|| unreadable("it has no CRL number below 2^64"))
}

fn read_entry(entry: &RevokedCertificate<'_>) -> Result<(SerialNumber, Revocation), CrlRefused> {
    let unreadable = |why: String| CrlRefused::Unreadable(why);
    let serial = SerialNumber::from_der_content(entry.raw_serial())
        .map_err(|error| unreadable(format!("a serial number in it: {error}")))?;
    // RFC 5280 section 5.3: an entry with a critical extension that is not understood cannot be used.
    if let Some(critical) = entry.extensions().iter().find(|extension| extension.critical) {
        return Err(CrlRefused::NotComplete(critical.oid.to_id_string()));
    }
    let reason = match entry.reason_code() {
        // What it says of itself is not said: for us the certificate counts no more, for good.
        None => RevocationReason::PrivilegeWithdrawn,
        Some((_, code)) => RevocationReason::ALL
            .into_iter()
            .find(|reason| reason.code() == code.0)
            .ok_or_else(|| unreadable(format!("it revokes {serial} for the reason {}", code.0)))?,
    };
    // RFC 5280 section 5.3.2
    let invalid_since = entry.extensions().iter().find_map(|extension| match extension.parsed_extension() {
        ParsedExtension::InvalidityDate(date) => Some(date.to_datetime()),
        _ => None,
    });
    Ok((serial, Revocation { at: entry.revocation_date.to_datetime(), reason, invalid_since }))
}
