//! A CRL as it is read (RFC 5280 section 5.1): its head at once, its entries one after another. Of a million entries none
//! is kept.

use ca_core::status::RevocationReason;
use const_oid::ObjectIdentifier;
use const_oid::db::rfc5280;
use time::OffsetDateTime;

use super::super::algorithm;
use super::super::certificate::{Certificate, extension};
use super::super::der::{
    BIT_STRING, GENERALIZED_TIME, INTEGER, Malformed, Reader, SEQUENCE, UTC_TIME, integer, magnitude, moment,
    signature,
};
use super::super::names::DistinguishedName;
use super::super::names::general::GeneralName;
use super::point::Scope;
use super::{CrlRefusal, MAX_CRL_OCTETS};

/// The tag of an ENUMERATED.
const ENUMERATED: u8 = 0x0a;

/// A CRL, read and not verified.
#[derive(Debug)]
pub(crate) struct RevocationList<'a> {
    to_be_signed: &'a [u8],
    algorithm: &'a [u8],
    signature: &'a [u8],
    pub(crate) issuer: DistinguishedName,
    pub(crate) this_update: OffsetDateTime,
    pub(crate) next_update: Option<OffsetDateTime>,
    entries: &'a [u8],
    pub(crate) extensions: ListExtensions<'a>,
}

/// What a CRL's extensions say (section 5.2).
#[derive(Debug, Default)]
pub(crate) struct ListExtensions<'a> {
    /// cRLNumber, big-endian without leading zeros.
    pub(crate) number: Option<&'a [u8]>,
    /// deltaCRLIndicator: the number of the CRL that a delta CRL begins from.
    pub(crate) base: Option<&'a [u8]>,
    /// issuingDistributionPoint, as it came.
    pub(crate) scope_octets: Option<&'a [u8]>,
    pub(crate) scope: Scope,
    /// authorityKeyIdentifier, as it came.
    pub(crate) authority: Option<&'a [u8]>,
    /// freshestCRL, as it came.
    pub(crate) freshest: Option<&'a [u8]>,
    /// A critical one that is not understood.
    pub(crate) unknown_critical: Option<ObjectIdentifier>,
}

impl<'a> RevocationList<'a> {
    /// Reads a DER CRL of version 2 and nothing after it.
    ///
    /// # Errors
    /// It is none, or too large.
    pub(crate) fn read(der: &'a [u8]) -> Result<Self, CrlRefusal> {
        if der.len() > MAX_CRL_OCTETS {
            return Err(CrlRefusal::TooLarge);
        }
        Ok(Self::parse(der)?)
    }

    fn parse(der: &'a [u8]) -> Result<Self, Malformed> {
        let mut outer = Reader::only(der, SEQUENCE)?;
        let to_be_signed = outer.expect(SEQUENCE)?;
        let algorithm = outer.expect(SEQUENCE)?.whole;
        let signature = signature(outer.expect(BIT_STRING)?.body);
        outer.end()?;
        let mut tbs = Reader::new(to_be_signed.body);
        // Section 5.1.2.1: version 2, since section 5.2 demands extensions of every CA.
        if tbs.expect(INTEGER)?.body != [1] {
            return Err(Malformed);
        }
        // Section 5.1.1.2: the two algorithm identifiers MUST be the same.
        if tbs.expect(SEQUENCE)?.whole != algorithm {
            return Err(Malformed);
        }
        let issuer = DistinguishedName::read(tbs.expect(SEQUENCE)?.whole)?;
        let this_update = moment(tbs.next()?.ok_or(Malformed)?)?;
        let next_update = match tbs.optional(UTC_TIME)? {
            None => tbs.optional(GENERALIZED_TIME)?,
            found => found,
        };
        let next_update = next_update.map(moment).transpose()?;
        let entries = tbs.optional(SEQUENCE)?.map(|list| list.body).unwrap_or_default();
        let extensions = match tbs.optional(0xa0)? {
            Some(list) => ListExtensions::read(list.body)?,
            None => ListExtensions::default(),
        };
        tbs.end()?;
        let to_be_signed = to_be_signed.whole;
        Ok(Self { to_be_signed, algorithm, signature, issuer, this_update, next_update, entries, extensions })
    }

    /// Verifies that the key in `signer` made it, over the octets as they came.
    pub(crate) fn verify(&self, signer: &Certificate) -> Result<(), CrlRefusal> {
        let key = signer.public_key_info();
        algorithm::verify_identified(self.algorithm, key, self.to_be_signed, self.signature)
            .map_err(CrlRefusal::Signature)
    }

    pub(crate) const fn is_delta(&self) -> bool {
        self.extensions.base.is_some()
    }

    /// The key identifier in authorityKeyIdentifier.
    pub(crate) fn authority_key(&self) -> Option<&'a [u8]> {
        let mut reader = Reader::only(self.extensions.authority?, SEQUENCE).ok()?;
        Some(reader.optional(0x80).ok()??.body)
    }

    /// The entries, each as it is read; after one that cannot be read there are no more.
    pub(crate) const fn entries(&self) -> Entries<'a> {
        Entries(Reader::new(self.entries))
    }
}

impl<'a> ListExtensions<'a> {
    fn read(contents: &'a [u8]) -> Result<Self, Malformed> {
        let mut list = Reader::only(contents, SEQUENCE)?;
        let mut seen = std::collections::HashSet::new();
        let mut found = Self::default();
        while !list.is_at_end() {
            let (id, critical, value) = extension(&mut list)?;
            if !seen.insert(id) {
                return Err(Malformed);
            }
            match id {
                rfc5280::ID_CE_CRL_NUMBER => found.number = Some(number(value)?),
                rfc5280::ID_CE_DELTA_CRL_INDICATOR => found.base = Some(number(value)?),
                rfc5280::ID_CE_ISSUING_DISTRIBUTION_POINT => {
                    found.scope_octets = Some(value);
                    found.scope = Scope::read(value)?;
                }
                rfc5280::ID_CE_AUTHORITY_KEY_IDENTIFIER => found.authority = Some(value),
                rfc5280::ID_CE_FRESHEST_CRL => found.freshest = Some(value),
                other if critical => found.unknown_critical = found.unknown_critical.or(Some(other)),
                _ => {}
            }
        }
        Ok(found)
    }
}

fn number(value: &[u8]) -> Result<&[u8], Malformed> {
    let mut reader = Reader::new(value);
    let number = magnitude(reader.expect(INTEGER)?.body)?;
    reader.end()?;
    Ok(number)
}

/// What an entry says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Said {
    /// Revoked, or on hold; `None` when it gives no reason that npki names.
    Revoked(Option<RevocationReason>),
    /// No longer on hold, or expired.
    Removed,
}

impl Said {
    pub(crate) const fn named(self) -> Option<RevocationReason> {
        match self {
            Self::Revoked(reason) => reason,
            Self::Removed => None,
        }
    }
}

/// An entry (sections 5.1.2.6 and 5.3).
#[derive(Debug)]
pub(crate) struct Entry<'a> {
    /// The serial number's INTEGER content.
    pub(crate) serial: &'a [u8],
    pub(crate) at: OffsetDateTime,
    pub(crate) said: Said,
    /// certificateIssuer: whose certificates this entry and the next ones are about, in an indirect CRL.
    pub(crate) issuer: Option<DistinguishedName>,
}

/// The entries of a CRL.
#[derive(Debug)]
pub(crate) struct Entries<'a>(Reader<'a>);

impl<'a> Iterator for Entries<'a> {
    type Item = Result<Entry<'a>, CrlRefusal>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_at_end() {
            return None;
        }
        let entry = entry(&mut self.0);
        if entry.is_err() {
            self.0 = Reader::new(&[]);
        }
        Some(entry)
    }
}

fn entry<'a>(list: &mut Reader<'a>) -> Result<Entry<'a>, CrlRefusal> {
    let mut reader = list.enter(SEQUENCE)?;
    let serial = integer(reader.expect(INTEGER)?.body)?;
    let at = moment(reader.next()?.ok_or(Malformed)?)?;
    let mut entry = Entry { serial, at, said: Said::Revoked(None), issuer: None };
    if let Some(extensions) = reader.optional(SEQUENCE)? {
        let mut extensions = Reader::new(extensions.body);
        while !extensions.is_at_end() {
            let (id, critical, value) = extension(&mut extensions)?;
            match id {
                rfc5280::ID_CE_CRL_REASONS => entry.said = reason(value)?,
                rfc5280::ID_CE_CERTIFICATE_ISSUER => entry.issuer = Some(certificate_issuer(value)?),
                rfc5280::ID_CE_INVALIDITY_DATE => {}
                // Section 5.3: an unknown critical entry extension anywhere spoils the whole CRL.
                other if critical => return Err(CrlRefusal::CriticalExtension(other)),
                _ => {}
            }
        }
    }
    reader.end()?;
    Ok(entry)
}

/// CRLReason (section 5.3.1).
fn reason(value: &[u8]) -> Result<Said, Malformed> {
    let mut reader = Reader::new(value);
    let code = reader.expect(ENUMERATED)?.body;
    reader.end()?;
    match code {
        [8] => Ok(Said::Removed),
        // 7 is not used.
        [code @ (0..=6 | 9 | 10)] => {
            Ok(Said::Revoked(RevocationReason::ALL.into_iter().find(|known| known.code() == *code)))
        }
        _ => Err(Malformed),
    }
}

/// The directory name in certificateIssuer (section 5.3.3).
fn certificate_issuer(value: &[u8]) -> Result<DistinguishedName, Malformed> {
    let mut reader = Reader::new(value);
    let names = GeneralName::read_all(reader.expect(SEQUENCE)?.body)?;
    reader.end()?;
    let directory = |name| match name {
        GeneralName::Directory(name) => Some(name),
        _ => None,
    };
    names.into_iter().find_map(directory).ok_or(Malformed)
}
