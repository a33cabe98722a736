//! Key usage, extended key usage, and what follows from them.

use super::{Rule, has_duplicates, refuse_if};
use crate::profile::{BrokenRule, KeyUsage, Profile, oids};

pub(super) const RULES: [Rule; 9] = [
    key_usage_is_given,
    only_cas_sign_certificates,
    cas_sign_nothing_else,
    commitment_stands_alone,
    encipherment_needs_rsa,
    purposes_are_definite,
    responder_does_nothing_else,
    tls_server_does_nothing_else,
    criticality_is_for_time_stamping,
];

fn key_usage_is_given(profile: &Profile) -> Result<(), BrokenRule> {
    let bits = &profile.key_usage;
    // RFC 5280 section 4.2.1.3: when present, at least one bit. Ours: always present.
    refuse_if(bits.is_empty(), "key_usage", "RFC 5280 section 4.2.1.3", "at least one bit must be set")?;
    refuse_if(has_duplicates(bits), "key_usage", "RFC 5280 section 4.2.1.3", "a bit stands more than once")
}

fn only_cas_sign_certificates(profile: &Profile) -> Result<(), BrokenRule> {
    const CLAUSE: &str = "RFC 5280 section 4.2.1.9";
    let signs = profile.key_usage.contains(&KeyUsage::KeyCertSign);
    // RFC 5280 section 4.2.1.9: if cA is not asserted, keyCertSign MUST NOT be.
    refuse_if(!profile.is_ca() && signs, "key_usage", CLAUSE, "an end entity never has key-cert-sign")?;
    // RFC 5280 section 4.2.1.3: keyCertSign is what a CA's certificate is for.
    refuse_if(profile.is_ca() && !signs, "key_usage", CLAUSE, "a CA has key-cert-sign")?;
    // RFC 5280 section 5: a CRL is signed by the CA, or by a CRL issuer that it names; npki has none of the latter.
    let crl = profile.key_usage.contains(&KeyUsage::CrlSign);
    refuse_if(
        profile.is_ca() != crl,
        "key_usage",
        "RFC 5280 section 5",
        "crl-sign belongs to CAs, all of them",
    )
}

fn cas_sign_nothing_else(profile: &Profile) -> Result<(), BrokenRule> {
    let other = profile.key_usage.iter().any(|bit| !matches!(bit, KeyUsage::KeyCertSign | KeyUsage::CrlSign));
    // Ours: without digitalSignature a CA's key cannot sign OCSP responses itself, so it need not be online for them.
    refuse_if(
        profile.is_ca() && other,
        "key_usage",
        "npki",
        "a CA signs certificates and CRLs and nothing else",
    )
}

fn commitment_stands_alone(profile: &Profile) -> Result<(), BrokenRule> {
    let commits = profile.key_usage.contains(&KeyUsage::NonRepudiation);
    // ETSI EN 319 412-2 section 4.3.2 knows types A to F and wants A, C or E, "to avoid mixed usage of keys". Stricter
    // here: of those with nonRepudiation only type A. A key that logs in signs what a server chose.
    refuse_if(
        commits && profile.key_usage.len() > 1,
        "key_usage",
        "ETSI EN 319 412-2 section 4.3.2",
        "non-repudiation stands alone (type A): a key that also logs in would sign what others chose",
    )
}

fn encipherment_needs_rsa(profile: &Profile) -> Result<(), BrokenRule> {
    let enciphers = profile.key_usage.contains(&KeyUsage::KeyEncipherment);
    // RFC 5480 section 3 and RFC 8410 section 5: not for elliptic curves.
    refuse_if(
        enciphers && profile.keys.rsa_bits.is_none(),
        "key_usage",
        "RFC 5480 section 3",
        "key-encipherment is for RSA keys, and the profile admits none",
    )
}

fn purposes_are_definite(profile: &Profile) -> Result<(), BrokenRule> {
    const KEY: &str = "extended_key_usage";
    let purposes = &profile.extended_key_usage;
    // Ours: "any" would turn a certificate for one thing into one for everything (RFC 5280 section 4.2.1.12).
    let any = purposes.contains(&oids::ANY_EXTENDED_KEY_USAGE);
    refuse_if(any, KEY, "RFC 5280 section 4.2.1.12", "anyExtendedKeyUsage admits every purpose")?;
    refuse_if(has_duplicates(purposes), KEY, "RFC 5280 section 4.2.1.12", "a purpose stands more than once")
}

fn responder_does_nothing_else(profile: &Profile) -> Result<(), BrokenRule> {
    const CLAUSE: &str = "RFC 6960 section 4.2.2.2";
    if !profile.is_responder() {
        // RFC 6960 section 4.2.2.2.1: the extension is for responders; elsewhere it would hide a revocation.
        return refuse_if(profile.ocsp_no_check, "ocsp_no_check", CLAUSE, "only OCSP responders have it");
    }
    // RFC 6960 section 4.2.2.2; CA/Browser Forum BR section 7.1.2.8.5: no other purpose.
    let others = profile.extended_key_usage.len() > 1 || profile.is_ca();
    refuse_if(others, "extended_key_usage", CLAUSE, "ocsp-signing stands alone")?;
    let signs_only = profile.key_usage == [KeyUsage::DigitalSignature];
    refuse_if(!signs_only, "key_usage", CLAUSE, "a responder has digital-signature only")?;
    // CA/Browser Forum BR section 4.9.9 requires it; RFC 6960 leaves the choice, but a responder cannot vouch for itself.
    refuse_if(
        !profile.ocsp_no_check,
        "ocsp_no_check",
        "CA/Browser Forum BR section 4.9.9",
        "a responder has it",
    )
}

fn tls_server_does_nothing_else(profile: &Profile) -> Result<(), BrokenRule> {
    // CA/Browser Forum BR section 7.1.2.7.10 still admits clientAuth beside serverAuth. Stricter here: a server's key
    // that also logs in elsewhere is one theft for two.
    refuse_if(
        profile.is_tls_server() && profile.extended_key_usage.len() > 1,
        "extended_key_usage",
        "CA/Browser Forum BR section 7.1.2.7.10",
        "server-auth stands alone",
    )
}

fn criticality_is_for_time_stamping(profile: &Profile) -> Result<(), BrokenRule> {
    let stamps = profile.is_time_stamping_unit();
    // RFC 3161 section 2.3: critical, and the only purpose.
    refuse_if(
        stamps && (!profile.extended_key_usage_critical || profile.extended_key_usage.len() > 1),
        "extended_key_usage",
        "RFC 3161 section 2.3",
        "time-stamping stands alone, and critical",
    )?;
    // Ours: elsewhere a critical purpose only breaks verifiers.
    refuse_if(
        !stamps && profile.extended_key_usage_critical,
        "extended_key_usage_critical",
        "npki",
        "only time-stamping is critical",
    )
}
