//! RFC 5280 section 4.1: the fields of a certificate.

use der::asn1::AnyRef;
use der::{Decode, Encode, Tag, Tagged};
use x509_cert::TbsCertificate;

use crate::lint::examined::{Examined, Field};
use crate::lint::{Rule, Verdict, ensure};

pub(in crate::lint) const RULES: &[Rule] = &[
    Rule { id: "rfc5280.der", clause: "RFC 5280 section 4.1", check: distinguished_encoding },
    Rule { id: "rfc5280.version", clause: "RFC 5280 section 4.1.2.1", check: version },
    Rule { id: "rfc5280.serial-number", clause: "RFC 5280 section 4.1.2.2", check: serial_number },
    Rule { id: "rfc5280.serial-entropy", clause: "CA/Browser Forum BR section 7.1", check: serial_entropy },
    Rule { id: "rfc5280.validity-order", clause: "RFC 5280 section 4.1.2.5", check: validity_order },
    Rule { id: "rfc5280.validity-encoding", clause: "RFC 5280 section 4.1.2.5", check: validity_encoding },
    Rule { id: "rfc5280.unique-identifiers", clause: "RFC 5280 section 4.1.2.8", check: unique_identifiers },
];

/// RFC 5280 section 4.1: the to-be-signed data is DER. A second decoder and encoder, which shares nothing with the
/// reader, must give back the same bytes.
fn distinguished_encoding(examined: &Examined<'_>) -> Verdict {
    let again = TbsCertificate::from_der(examined.bytes()).and_then(|tbs| tbs.to_der());
    let again = again.map_err(|error| format!("a second decoder refuses the bytes: {error}"))?;
    ensure(again == examined.bytes(), "a second encoder writes it otherwise")
}

/// RFC 5280 section 4.1.2.1: with extensions, version MUST be 3.
fn version(examined: &Examined<'_>) -> Verdict {
    let version = examined.tbs().version();
    ensure(version.0 == 2, format!("the version is {}, not 3", version.0 + 1))
}

/// RFC 5280 section 4.1.2.2: a positive integer of at most 20 octets.
fn serial_number(examined: &Examined<'_>) -> Verdict {
    let octets = examined.field(Field::Serial)?.value();
    ensure(octets.len() <= 20, format!("it has {} octets, at most 20 are allowed", octets.len()))?;
    let negative = octets.first().is_none_or(|first| first & 0x80 != 0);
    ensure(!negative && octets.iter().any(|octet| *octet != 0), "it is not positive")
}

/// CA/Browser Forum BR section 7.1: at least 64 bits from a random source. Lint sees only that there is room for them.
fn serial_entropy(examined: &Examined<'_>) -> Verdict {
    let octets = examined.field(Field::Serial)?.value();
    let magnitude = octets.iter().skip_while(|octet| **octet == 0).count();
    ensure(magnitude >= 8, format!("{magnitude} octets have no room for 64 random bits"))
}

/// RFC 5280 section 4.1.2.5: from notBefore through notAfter, inclusive.
fn validity_order(examined: &Examined<'_>) -> Verdict {
    let validity = examined.tbs().validity();
    ensure(validity.not_after > validity.not_before, "notAfter is not after notBefore")
}

/// RFC 5280 section 4.1.2.5: UTCTime through 2049, GeneralizedTime from 2050; both to the second, in Zulu.
fn validity_encoding(examined: &Examined<'_>) -> Verdict {
    let validity = examined.field(Field::Validity)?.to_der().map_err(|error| error.to_string())?;
    let moments = Vec::<AnyRef<'_>>::from_der(&validity).map_err(|error| error.to_string())?;
    ensure(moments.len() == 2, "the validity is not two moments")?;
    moments.iter().try_for_each(moment)
}

fn moment(moment: &AnyRef<'_>) -> Verdict {
    let text = std::str::from_utf8(moment.value()).unwrap_or_default();
    let digits = text.strip_suffix('Z').unwrap_or_default();
    ensure(
        !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()),
        "a moment is not digits and Z",
    )?;
    match (moment.tag(), digits.len()) {
        // RFC 5280 section 4.1.2.5.1: YYMMDDHHMMSSZ
        (Tag::UtcTime, 12) => Ok(()),
        // RFC 5280 section 4.1.2.5.2: YYYYMMDDHHMMSSZ, without fractions of a second
        (Tag::GeneralizedTime, 14) => {
            ensure(digits >= "2050", "a moment before 2050 is a GeneralizedTime, and should be a UTCTime")
        }
        (tag, _) => Err(format!("{text} as {tag} is not to the second")),
    }
}

/// RFC 5280 section 4.1.2.8: CAs MUST NOT generate certificates with unique identifiers.
fn unique_identifiers(examined: &Examined<'_>) -> Verdict {
    let tbs = examined.tbs();
    ensure(tbs.issuer_uid.is_none() && tbs.subject_uid.is_none(), "it has a unique identifier")
}
