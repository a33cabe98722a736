//! A TBSCertList as lint reads it: its head whole, its entries one after another.

use const_oid::ObjectIdentifier;
use x509_parser::certificate::{TbsCertificate, X509Certificate};
use x509_parser::prelude::FromDer;

use super::Context;
use crate::lint::element::{self, Element, Elements, GENERALIZED_TIME, INTEGER, SEQUENCE, UTC_TIME};
use crate::lint::encoded_extensions::{Encoded, Extensions};
use crate::lint::rfc5280::moment;

/// Object identifiers of the extensions of CRLs and their entries.
pub(super) mod oid {
    pub(in crate::lint::crl) use const_oid::db::rfc5280::{
        ID_CE_AUTHORITY_KEY_IDENTIFIER as AUTHORITY_KEY_IDENTIFIER,
        ID_CE_CERTIFICATE_ISSUER as CERTIFICATE_ISSUER, ID_CE_CRL_NUMBER as CRL_NUMBER,
        ID_CE_CRL_REASONS as REASON_CODE, ID_CE_DELTA_CRL_INDICATOR as DELTA_CRL_INDICATOR,
        ID_CE_FRESHEST_CRL as FRESHEST_CRL, ID_CE_INVALIDITY_DATE as INVALIDITY_DATE,
        ID_CE_ISSUING_DISTRIBUTION_POINT as ISSUING_DISTRIBUTION_POINT,
    };
}

/// The list without its entries' contents.
pub(super) struct List<'a> {
    /// The octets of the version; `None` is version 1.
    pub(super) version: Option<&'a [u8]>,
    /// The AlgorithmIdentifier, DER.
    pub(super) algorithm: &'a [u8],
    /// The one beside the signature, once there is one.
    pub(super) outer_algorithm: Option<&'a [u8]>,
    /// The issuer's Name, DER.
    pub(super) issuer: &'a [u8],
    pub(super) this_update: Element<'a>,
    pub(super) next_update: Option<Element<'a>>,
    /// thisUpdate, to be compared.
    pub(super) made: Option<[u8; 14]>,
    /// The contents of revokedCertificates.
    pub(super) entries: Option<&'a [u8]>,
    pub(super) extensions: Vec<Encoded<'a>>,
    pub(super) is_delta: bool,
    pub(super) issuer_certificate: Option<TbsCertificate<'a>>,
    pub(super) newer_than: Option<u64>,
}

impl<'a> List<'a> {
    pub(super) fn read(tbs: &'a [u8], context: &Context<'a>) -> Result<Self, String> {
        let whole = element::whole(tbs, SEQUENCE).map_err(|_| "it is not one DER SEQUENCE".to_owned())?;
        let mut fields = Elements::of(whole.body);
        let missing = |what: &str| format!("{what} is missing or cannot be read");
        let version = fields.accept(INTEGER).map(|version| version.body);
        let algorithm = fields.accept(SEQUENCE).ok_or_else(|| missing("the signature algorithm"))?.whole;
        let issuer = fields.accept(SEQUENCE).ok_or_else(|| missing("the issuer"))?.whole;
        let this_update = time(&mut fields).ok_or_else(|| missing("thisUpdate"))?;
        let next_update = time(&mut fields);
        let entries = fields.accept(SEQUENCE).map(|entries| entries.body);
        let extensions = extensions(&mut fields)?;
        if !fields.is_empty() {
            return Err("there is more than a TBSCertList has".to_owned());
        }
        let issuer_certificate = context.issuer.map(read_issuer).transpose()?;
        Ok(Self {
            version,
            algorithm,
            outer_algorithm: None,
            issuer,
            made: moment::comparable(this_update.tag, this_update.body),
            this_update,
            next_update,
            entries,
            is_delta: extensions.iter().any(|found| found.is(oid::DELTA_CRL_INDICATOR)),
            extensions,
            issuer_certificate,
            newer_than: context.newer_than,
        })
    }

    pub(super) fn extension(&self, oid: ObjectIdentifier) -> Option<&Encoded<'a>> {
        self.extensions.iter().find(|found| found.is(oid))
    }

    /// The octets of its number, without those that only mark the sign.
    pub(super) fn number(&self) -> Option<&'a [u8]> {
        number_in(self.extension(oid::CRL_NUMBER)?.value)
    }
}

/// RFC 5280 section 5.2.3: not negative, at most 20 octets.
pub(super) fn number_in(value: &[u8]) -> Option<&[u8]> {
    let octets = element::whole(value, INTEGER).ok()?.body;
    match octets {
        [] | [0x80..=0xff, ..] => None,
        _ if octets.len() > 20 => None,
        [0, rest @ ..] => Some(rest),
        _ => Some(octets),
    }
}

fn time<'a>(fields: &mut Elements<'a>) -> Option<Element<'a>> {
    fields.accept(UTC_TIME).or_else(|| fields.accept(GENERALIZED_TIME))
}

fn extensions<'a>(fields: &mut Elements<'a>) -> Result<Vec<Encoded<'a>>, String> {
    // crlExtensions [0] EXPLICIT
    let Some(outer) = fields.accept(0xa0) else { return Ok(Vec::new()) };
    let inner =
        element::whole(outer.body, SEQUENCE).map_err(|_| "the extensions cannot be read".to_owned())?;
    Extensions::of(inner.body).collect()
}

fn read_issuer(certificate: &[u8]) -> Result<TbsCertificate<'_>, String> {
    match X509Certificate::from_der(certificate) {
        Ok(([], issuer)) => Ok(issuer.tbs_certificate),
        _ => Err("the issuer's certificate cannot be read".to_owned()),
    }
}

/// One revoked certificate.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry<'a> {
    pub(super) serial: &'a [u8],
    pub(super) date: Element<'a>,
    pub(super) extensions: Option<Extensions<'a>>,
}

impl<'a> Entry<'a> {
    /// `None` for what is no entry.
    pub(super) fn read(element: &Element<'a>) -> Option<Self> {
        if element.tag != SEQUENCE {
            return None;
        }
        let mut parts = Elements::of(element.body);
        let serial = parts.accept(INTEGER)?.body;
        let date = time(&mut parts)?;
        let extensions = parts.accept(SEQUENCE).map(|all| Extensions::of(all.body));
        parts.is_empty().then_some(Self { serial, date, extensions })
    }
}
