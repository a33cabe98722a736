//! The key usage is the profile's.

use crate::csr::KeyKind;
use crate::lint::examined::{Examined, bit};
use crate::lint::{Rule, Severity, Verdict, ensure};
use crate::profile::KeyUsage;

pub(in crate::lint) const RULE: Rule = Rule {
    id: "npki.key-usage",
    clause: "npki",
    severity: Severity::Error,
    says: "the key usage is the profile's",
    check,
};

/// Ours: exactly the profile's bits; keyEncipherment for RSA keys only.
fn check(examined: &Examined<'_>) -> Verdict {
    let Some(profile) = examined.profile() else { return Ok(()) };
    let is_rsa = matches!(examined.key(), Ok(KeyKind::Rsa { .. }));
    let bit = |usage: &KeyUsage| match usage {
        KeyUsage::DigitalSignature => bit::DIGITAL_SIGNATURE,
        KeyUsage::NonRepudiation => bit::NON_REPUDIATION,
        KeyUsage::KeyEncipherment if is_rsa => bit::KEY_ENCIPHERMENT,
        KeyUsage::KeyEncipherment => 0,
        KeyUsage::KeyCertSign => bit::KEY_CERT_SIGN,
        KeyUsage::CrlSign => bit::CRL_SIGN,
    };
    let expected: u16 = profile.key_usage.iter().map(bit).fold(0, |bits, bit| bits | bit);
    ensure(examined.key_usage() == Some(expected), "its bits are not the profile's")
}
