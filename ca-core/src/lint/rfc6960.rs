//! RFC 6960 section 4.2.2.2: delegated OCSP responders.

use const_oid::ObjectIdentifier;
use der::Decode;

use super::examined::{Examined, extension};
use super::{Rule, Verdict, ensure};
use crate::profile::oids;

pub(super) const RULES: &[Rule] = &[
    Rule { id: "rfc6960.purpose", clause: "RFC 6960 section 4.2.2.2", check: purpose },
    Rule { id: "rfc6960.no-check", clause: "RFC 6960 section 4.2.2.2.1", check: no_check },
    Rule { id: "rfc6960.nothing-else", clause: "CA/Browser Forum BR section 7.1.2.8", check: nothing_else },
];

/// RFC 6960 section 4.2.2.2: id-kp-OCSPSigning. CA/Browser Forum BR section 7.1.2.8.5: and no other.
fn purpose(examined: &Examined<'_>) -> Verdict {
    let extension = examined.extension(extension::EXTENDED_KEY_USAGE);
    let purposes =
        extension.map(|extension| Vec::<ObjectIdentifier>::from_der(extension.value).unwrap_or_default());
    ensure(
        purposes.is_some_and(|purposes| purposes == [oids::OCSP_SIGNING.0]),
        "OCSPSigning does not stand alone",
    )
}

/// RFC 6960 section 4.2.2.2.1: the value is NULL; SHOULD be non-critical.
fn no_check(examined: &Examined<'_>) -> Verdict {
    let found = examined.extension(extension::OCSP_NO_CHECK).ok_or("there is none")?;
    ensure(!found.critical, "it is critical")?;
    ensure(found.value == [0x05, 0x00], "its value is not NULL")
}

/// CA/Browser Forum BR section 7.1.2.8: a responder has no names, policies or addresses that invite other use.
fn nothing_else(examined: &Examined<'_>) -> Verdict {
    let forbidden =
        [extension::SUBJECT_ALT_NAME, extension::CERTIFICATE_POLICIES, extension::CRL_DISTRIBUTION_POINTS];
    match forbidden.into_iter().find(|oid| examined.extension(*oid).is_some()) {
        Some(oid) => Err(format!("a responder has no extension {oid}")),
        None => Ok(()),
    }
}
