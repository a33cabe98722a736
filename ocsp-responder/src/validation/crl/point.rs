//! Distribution points: which CRLs a certificate names (RFC 5280 section 4.2.1.13), and what a CRL says that it is about
//! (section 5.2.5).

use ca_core::status::RevocationReason;
use const_oid::db::rfc5280;

use super::super::certificate::Certificate;
use super::super::der::{Malformed, Reader, SEQUENCE, boolean, named_bits};
use super::super::names::DistinguishedName;
use super::super::names::general::GeneralName;

/// Reasons for revocation, as ReasonFlags name them (section 4.2.1.13).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Reasons(u16);

impl Reasons {
    pub(crate) const NONE: Self = Self(0);
    /// Bits 1 to 8; bit 0 is not used.
    pub(crate) const ALL: Self = Self(0x7f80);

    fn read(bits: &[u8]) -> Result<Self, Malformed> {
        Ok(Self(named_bits(bits)? & Self::ALL.0))
    }

    pub(crate) const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Those that npki names; aACompromise is none of them.
    pub(crate) fn named(self) -> Vec<RevocationReason> {
        let bit = |reason: &RevocationReason| match reason {
            RevocationReason::KeyCompromise => 1,
            RevocationReason::CaCompromise => 2,
            RevocationReason::AffiliationChanged => 3,
            RevocationReason::Superseded => 4,
            RevocationReason::CessationOfOperation => 5,
            RevocationReason::CertificateHold => 6,
            RevocationReason::PrivilegeWithdrawn => 7,
        };
        RevocationReason::ALL.into_iter().filter(|reason| self.0 & (0x8000 >> bit(reason)) != 0).collect()
    }
}

/// DistributionPointName.
#[derive(Debug, Clone)]
enum PointName {
    Full(Vec<GeneralName>),
    /// The contents of a RelativeDistinguishedName.
    Relative(Box<[u8]>),
}

impl PointName {
    fn read(contents: &[u8]) -> Result<Self, Malformed> {
        let mut reader = Reader::new(contents);
        let name = reader.next()?.ok_or(Malformed)?;
        reader.end()?;
        match name.tag {
            0xa0 => GeneralName::read_all(name.body).map(Self::Full),
            0xa1 => Ok(Self::Relative(name.body.into())),
            _ => Err(Malformed),
        }
    }

    /// The names, a relative one below `issuer`.
    fn resolved(&self, issuer: &DistinguishedName) -> Result<Vec<GeneralName>, Malformed> {
        match self {
            Self::Full(names) => Ok(names.clone()),
            Self::Relative(part) => Ok(vec![GeneralName::Directory(issuer.with(part)?)]),
        }
    }
}

/// DistributionPoint.
#[derive(Debug, Clone)]
pub(crate) struct DistributionPoint {
    name: Option<PointName>,
    reasons: Option<Reasons>,
    crl_issuer: Vec<GeneralName>,
}

impl DistributionPoint {
    /// Reads the value of cRLDistributionPoints or freshestCRL.
    pub(crate) fn read_all(value: &[u8]) -> Result<Vec<Self>, Malformed> {
        let mut list = Reader::only(value, SEQUENCE)?;
        let mut points = Vec::new();
        while !list.is_at_end() {
            let mut point = list.enter(SEQUENCE)?;
            let name = point.optional(0xa0)?.map(|name| PointName::read(name.body)).transpose()?;
            let reasons = point.optional(0x81)?.map(|bits| Reasons::read(bits.body)).transpose()?;
            let crl_issuer =
                point.optional(0xa2)?.map(|names| GeneralName::read_all(names.body)).transpose()?;
            point.end()?;
            points.push(Self { name, reasons, crl_issuer: crl_issuer.unwrap_or_default() });
        }
        Ok(points)
    }

    /// Those that a certificate names. Points that cannot be read name nothing.
    pub(crate) fn of(certificate: &Certificate) -> Vec<Self> {
        let value = certificate.extension_value(rfc5280::ID_CE_CRL_DISTRIBUTION_POINTS);
        value.and_then(|value| Self::read_all(value).ok()).unwrap_or_default()
    }

    /// Whether CRLs of this name are named by the point as another's than the certificate's issuer.
    pub(crate) fn names_crl_issuer(&self, issuer: &DistinguishedName) -> bool {
        self.crl_issuer.contains(&GeneralName::Directory(issuer.clone()))
    }

    /// The addresses in its full name.
    pub(crate) fn addresses(&self) -> Vec<String> {
        self.name.as_ref().map(addresses).unwrap_or_default()
    }

    /// The point that section 6.3.3 assumes for CRLs that the certificate does not name: its issuer's.
    fn assumed(issuer: &DistinguishedName) -> Self {
        let name = PointName::Full(vec![GeneralName::Directory(issuer.clone())]);
        Self { name: Some(name), reasons: None, crl_issuer: Vec::new() }
    }
}

fn addresses(name: &PointName) -> Vec<String> {
    let PointName::Full(names) = name else { return Vec::new() };
    let uri = |name: &GeneralName| match name {
        GeneralName::Uri(uri) => Some(uri.clone()),
        _ => None,
    };
    names.iter().filter_map(uri).collect()
}

/// What a CRL is about: issuingDistributionPoint. Without one, about all certificates of its issuer.
#[derive(Debug, Clone, Default)]
pub(crate) struct Scope {
    point: Option<PointName>,
    pub(crate) only_users: bool,
    pub(crate) only_cas: bool,
    only_attributes: bool,
    only_reasons: Option<Reasons>,
    pub(crate) is_indirect: bool,
}

/// A CRL does not speak of a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Silent {
    /// It is of another issuer than those that the certificate names.
    OtherIssuer,
    /// It is of the right one, and about other certificates.
    OutOfScope,
}

impl Scope {
    pub(crate) fn read(value: &[u8]) -> Result<Self, Malformed> {
        let mut reader = Reader::only(value, SEQUENCE)?;
        let point = reader.optional(0xa0)?.map(|name| PointName::read(name.body)).transpose()?;
        let flag = |tag, reader: &mut Reader<'_>| {
            let flag = reader.optional(tag)?.map(|flag| boolean(flag.body)).transpose()?;
            Ok(flag.unwrap_or(false))
        };
        let only_users = flag(0x81, &mut reader)?;
        let only_cas = flag(0x82, &mut reader)?;
        let only_reasons = reader.optional(0x83)?.map(|bits| Reasons::read(bits.body)).transpose()?;
        let is_indirect = flag(0x84, &mut reader)?;
        let only_attributes = flag(0x85, &mut reader)?;
        reader.end()?;
        Ok(Self { point, only_users, only_cas, only_attributes, only_reasons, is_indirect })
    }

    /// Its addresses.
    pub(crate) fn addresses(&self) -> Vec<String> {
        self.point.as_ref().map(addresses).unwrap_or_default()
    }

    /// Whether a certificate of this kind is among those it is about (section 6.3.3 (b)(2)(ii) to (iv)).
    fn is_about(&self, is_ca: bool) -> bool {
        !(self.only_attributes || (self.only_users && is_ca) || (self.only_cas && !is_ca))
    }

    /// The reasons for which a CRL of `crl_issuer` with this scope speaks of a certificate (section 6.3.3 (b), (d)).
    pub(crate) fn covers(
        &self,
        crl_issuer: &DistinguishedName,
        certificate_issuer: &DistinguishedName,
        is_ca: bool,
        points: &[DistributionPoint],
    ) -> Result<Reasons, Silent> {
        let assumed = DistributionPoint::assumed(certificate_issuer);
        let (mut reasons, mut named) = (Reasons::NONE, false);
        for point in points.iter().chain([&assumed]) {
            // (b)(1): the CRL of the issuer that the point names, which is then indirect; else of the certificate's.
            let fits = if point.crl_issuer.is_empty() {
                crl_issuer == certificate_issuer
            } else {
                self.is_indirect && point.names_crl_issuer(crl_issuer)
            };
            named |= fits;
            if fits && self.is_point(point, crl_issuer, certificate_issuer) {
                let said = point.reasons.unwrap_or(Reasons::ALL);
                reasons = reasons.or(said.and(self.only_reasons.unwrap_or(Reasons::ALL)));
            }
        }
        match (named, reasons) {
            (false, _) => Err(Silent::OtherIssuer),
            (true, reasons) if reasons == Reasons::NONE || !self.is_about(is_ca) => Err(Silent::OutOfScope),
            (true, reasons) => Ok(reasons),
        }
    }

    /// Section 6.3.3 (b)(2)(i): one of the CRL's names is one of the point's, or, where it has none, of its cRLIssuer.
    fn is_point(
        &self,
        point: &DistributionPoint,
        crl_issuer: &DistinguishedName,
        certificate_issuer: &DistinguishedName,
    ) -> bool {
        let Some(own) = &self.point else { return true };
        let theirs = match &point.name {
            None => Ok(point.crl_issuer.clone()),
            Some(name) => match point.crl_issuer.as_slice() {
                [] => name.resolved(certificate_issuer),
                // Section 4.2.1.13: relative to cRLIssuer, of which there MUST be one then.
                [GeneralName::Directory(issuer)] => name.resolved(issuer),
                _ if matches!(name, PointName::Full(_)) => name.resolved(certificate_issuer),
                _ => Err(Malformed),
            },
        };
        match (own.resolved(crl_issuer), theirs) {
            (Ok(own), Ok(theirs)) => own.iter().any(|name| theirs.contains(name)),
            _ => false,
        }
    }
}
