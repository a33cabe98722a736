//! Object identifiers that profiles name and lint looks for.

use const_oid::ObjectIdentifier;

use super::Oid;

/// A dotted object identifier, checked when npki is compiled.
const fn oid(dotted: &str) -> Oid {
    Oid(ObjectIdentifier::new_unwrap(dotted))
}

/// anyExtendedKeyUsage (RFC 5280 section 4.2.1.12).
pub(crate) const ANY_EXTENDED_KEY_USAGE: Oid = oid("2.5.29.37.0");
/// id-kp-serverAuth
pub(crate) const SERVER_AUTH: Oid = oid("1.3.6.1.5.5.7.3.1");
/// id-kp-clientAuth
pub(crate) const CLIENT_AUTH: Oid = oid("1.3.6.1.5.5.7.3.2");
/// id-kp-timeStamping (RFC 3161 section 2.3).
pub(crate) const TIME_STAMPING: Oid = oid("1.3.6.1.5.5.7.3.8");
/// id-kp-OCSPSigning (RFC 6960 section 4.2.2.2).
pub(crate) const OCSP_SIGNING: Oid = oid("1.3.6.1.5.5.7.3.9");
/// id-kp-documentSigning (RFC 9336).
pub(crate) const DOCUMENT_SIGNING: Oid = oid("1.3.6.1.5.5.7.3.36");
/// anyPolicy (RFC 5280 section 4.2.1.4).
pub(crate) const ANY_POLICY: Oid = oid("2.5.29.32.0");
/// The policies of ETSI EN 319 411-2, which claim qualified status under Regulation (EU) 910/2014.
pub(crate) const EU_QUALIFIED: Oid = oid("0.4.0.194112.1");

/// Names for extended key usages in profiles; any other is written as dotted digits.
pub(super) const EXTENDED_KEY_USAGES: [(&str, Oid); 5] = [
    ("client-auth", CLIENT_AUTH),
    ("document-signing", DOCUMENT_SIGNING),
    ("ocsp-signing", OCSP_SIGNING),
    ("server-auth", SERVER_AUTH),
    ("time-stamping", TIME_STAMPING),
];

impl Oid {
    /// An extended key usage's name in profiles, or its dotted digits.
    pub(crate) fn purpose_name(&self) -> String {
        let known = EXTENDED_KEY_USAGES.iter().find(|(_, oid)| oid == self);
        known.map_or_else(|| self.to_string(), |(name, _)| (*name).to_owned())
    }

    /// Whether `other` lies directly below this arc, or deeper.
    pub(crate) fn contains(&self, other: &Self) -> bool {
        let (arcs, others) = (self.0.arcs(), other.0.arcs());
        other.0.len() > self.0.len() && arcs.zip(others).all(|(a, b)| a == b)
    }
}

impl std::fmt::Display for Oid {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}
