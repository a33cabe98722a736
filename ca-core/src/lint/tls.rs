//! TLS servers: the CA/Browser Forum's Baseline Requirements, as far as they hold under private trust. Names of
//! internal networks and the absence of the Forum's own policies are admitted on purpose: no browser trusts this tree.

use const_oid::ObjectIdentifier;
use der::Decode;
use time::Duration;
use x509_parser::extensions::{GeneralName, ParsedExtension};

use super::examined::{Examined, extension};
use super::{Rule, Verdict, ensure};
use crate::profile::{AttributeType, TLS_SERVER_DAYS, oids};

pub(super) const RULES: &[Rule] = &[
    Rule { id: "tls.names", clause: "CA/Browser Forum BR section 7.1.2.7.12", check: names },
    Rule { id: "tls.common-name", clause: "CA/Browser Forum BR section 7.1.4.3", check: common_name },
    Rule { id: "tls.key-usage", clause: "CA/Browser Forum BR section 7.1.2.7.11", check: key_usage },
    Rule { id: "tls.purpose", clause: "CA/Browser Forum BR section 7.1.2.7.10", check: purpose },
    Rule { id: "tls.validity", clause: "CA/Browser Forum BR section 6.3.2", check: validity },
];

/// CA/Browser Forum BR section 7.1.2.7.12: at least one entry, dNSName or iPAddress. The syntax of DNS names is
/// `rfc5280.dns-name`'s.
fn names(examined: &Examined<'_>) -> Verdict {
    let names = examined.alternative_names().unwrap_or_default();
    ensure(!names.is_empty(), "there is none")?;
    names.iter().try_for_each(|name| match name {
        GeneralName::DNSName(_) => Ok(()),
        // RFC 5280 section 4.2.1.6: four octets, or sixteen.
        GeneralName::IPAddress(octets) => {
            ensure(matches!(octets.len(), 4 | 16), "an iPAddress has a bad length")
        }
        other => Err(format!("{other} is neither dNSName nor iPAddress")),
    })
}

/// CA/Browser Forum BR section 7.1.4.3: a common name, if any, is one of the alternative names.
fn common_name(examined: &Examined<'_>) -> Verdict {
    let names = examined.alternative_names().unwrap_or_default();
    examined.values(AttributeType::CommonName).iter().try_for_each(|common| {
        let repeated = names.iter().any(|name| matches!(name, GeneralName::DNSName(name) if name == common));
        ensure(repeated, format!("common name {common:?} is not one of the alternative names"))
    })
}

/// CA/Browser Forum BR section 7.1.2.7.11: digitalSignature, for RSA keys also keyEncipherment.
fn key_usage(examined: &Examined<'_>) -> Verdict {
    const DIGITAL_SIGNATURE: u16 = 1;
    const KEY_ENCIPHERMENT: u16 = 1 << 2;
    let flags = examined.parsed(|extension| match extension {
        ParsedExtension::KeyUsage(usage) => Some(usage.flags),
        _ => None,
    });
    let flags = flags.unwrap_or_default();
    let admitted = flags & DIGITAL_SIGNATURE != 0 && flags & !(DIGITAL_SIGNATURE | KEY_ENCIPHERMENT) == 0;
    ensure(admitted, "it is not digitalSignature, alone or with keyEncipherment")
}

/// CA/Browser Forum BR section 7.1.2.7.10: serverAuth. Stricter here: nothing beside it.
fn purpose(examined: &Examined<'_>) -> Verdict {
    let found = examined.extension(extension::EXTENDED_KEY_USAGE);
    let purposes = found.map(|found| Vec::<ObjectIdentifier>::from_der(found.value).unwrap_or_default());
    ensure(
        purposes.is_some_and(|purposes| purposes == [oids::SERVER_AUTH.0]),
        "serverAuth does not stand alone",
    )
}

/// CA/Browser Forum BR section 6.3.2: 100 days for what is issued from 15 March 2027, earlier a bound of our own. Both
/// ends belong to the period (RFC 5280 section 4.1.2.5).
fn validity(examined: &Examined<'_>) -> Verdict {
    let validity = examined.tbs().validity();
    let lasts = validity.not_after.to_datetime() - validity.not_before.to_datetime() + Duration::SECOND;
    ensure(lasts <= Duration::days(TLS_SERVER_DAYS), format!("it lasts more than {TLS_SERVER_DAYS} days"))
}
