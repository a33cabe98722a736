//! RFC 5280 sections 4.1.2.4, 4.1.2.6 and 4.2.1.6: the subject's names.

use der::Tag;
use x509_parser::extensions::GeneralName;

use crate::lint::examined::{Attribute, Examined};
use crate::lint::{Rule, Verdict, ensure};
use crate::profile::AttributeType;

pub(in crate::lint) const RULES: &[Rule] = &[
    Rule { id: "rfc5280.subject-present", clause: "RFC 5280 section 4.1.2.6", check: subject_present },
    Rule { id: "rfc5280.subject-flat", clause: "npki", check: subject_flat },
    Rule { id: "rfc5280.string-types", clause: "RFC 5280 section 4.1.2.4", check: string_types },
    Rule { id: "rfc5280.upper-bounds", clause: "RFC 5280 appendix A.1", check: upper_bounds },
    Rule { id: "rfc5280.blanks", clause: "RFC 5280 section 7.1", check: blanks },
    Rule { id: "rfc5280.country", clause: "X.520 section 6.3.1", check: country },
    Rule { id: "rfc5280.alternative-names", clause: "RFC 5280 section 4.2.1.6", check: alternative_names },
    Rule { id: "rfc5280.uri", clause: "RFC 5280 section 4.2.1.6", check: uri },
    Rule { id: "rfc5280.dns-name", clause: "RFC 5280 section 4.2.1.6", check: dns_name },
];

/// RFC 5280 section 4.1.2.6: a CA's subject MUST NOT be empty. Stricter here: nobody's is.
fn subject_present(examined: &Examined<'_>) -> Verdict {
    ensure(!examined.attributes().is_empty(), "the subject is empty")
}

/// Ours: one attribute in each RDN. RFC 5280 allows more, and half of all software shows only the first.
fn subject_flat(examined: &Examined<'_>) -> Verdict {
    let flat = examined.tbs().subject().iter_rdn().all(|rdn| rdn.iter().count() == 1);
    ensure(flat, "an RDN of the subject has several attributes")
}

fn each(examined: &Examined<'_>, check: impl Fn(AttributeType, &Attribute<'_>) -> Verdict) -> Verdict {
    examined.attributes().iter().try_for_each(|attribute| match attribute.kind {
        Some(kind) => check(kind, attribute),
        // Types that no profile has are refused by `npki.subject`.
        None => Ok(()),
    })
}

/// RFC 5280 section 4.1.2.4: PrintableString or UTF8String. X.520 sections 6.2.9 and 6.3.1: country and serial number
/// are PrintableString.
fn string_types(examined: &Examined<'_>) -> Verdict {
    let number = |tag: Tag| tag.number().value();
    let printable_tag = number(Tag::PrintableString);
    each(examined, |kind, attribute| {
        let printable = attribute.tag == printable_tag;
        let admitted = if kind.is_printable_string() {
            printable
        } else {
            printable || attribute.tag == number(Tag::Utf8String)
        };
        ensure(admitted, format!("{kind} is of the ASN.1 type with tag {}", attribute.tag))?;
        let characters =
            attribute.octets.iter().all(|octet| crate::profile::is_printable(char::from(*octet)));
        ensure(!printable || characters, format!("{kind} has characters outside PrintableString"))
    })
}

/// RFC 5280 appendix A.1: in characters.
fn upper_bounds(examined: &Examined<'_>) -> Verdict {
    each(examined, |kind, attribute| {
        let (length, bound) = (attribute.text.chars().count(), kind.upper_bound());
        ensure(length <= bound, format!("{kind} has {length} characters, at most {bound} are allowed"))
    })
}

/// RFC 5280 section 7.1 compares names without outer blanks, so two subjects could look different and be the same.
/// A value that does not show at all is refused as well.
fn blanks(examined: &Examined<'_>) -> Verdict {
    each(examined, |kind, attribute| {
        let text = attribute.text;
        ensure(!text.is_empty(), format!("{kind} is empty or cannot be read"))?;
        ensure(text.trim() == text, format!("{kind} has blanks around it"))?;
        ensure(!text.contains(char::is_control), format!("{kind} has control characters"))
    })
}

/// X.520 section 6.3.1: a two-letter ISO 3166 code, in capitals (EN 319 412-2 section 4.2.4).
fn country(examined: &Examined<'_>) -> Verdict {
    examined.values(AttributeType::Country).iter().try_for_each(|value| {
        let code = value.len() == 2 && value.bytes().all(|byte| byte.is_ascii_uppercase());
        ensure(code, format!("{value:?} is no country code"))
    })
}

/// RFC 5280 section 4.2.1.6: at least one entry, each of which can be read.
fn alternative_names(examined: &Examined<'_>) -> Verdict {
    let Some(names) = examined.alternative_names() else { return Ok(()) };
    ensure(!names.is_empty(), "the extension is empty")?;
    let readable = names.iter().all(|name| !matches!(name, GeneralName::Invalid(..)));
    ensure(readable, "an entry cannot be read")
}

/// RFC 5280 section 4.2.1.6: an absolute URI. Ours: with a host, over https, without blanks.
fn uri(examined: &Examined<'_>) -> Verdict {
    examined.alternative_names().unwrap_or_default().iter().try_for_each(|name| match name {
        GeneralName::URI(uri) => {
            let host =
                uri.strip_prefix("https://").is_some_and(|rest| !rest.is_empty() && !rest.starts_with('/'));
            ensure(
                host && uri.bytes().all(|byte| byte.is_ascii_graphic()),
                format!("{uri:?} is no https address"),
            )
        }
        _ => Ok(()),
    })
}

/// RFC 5280 section 4.2.1.6: the preferred name syntax of RFC 1034 section 3.5, as RFC 1123 section 2.1 widens it.
fn dns_name(examined: &Examined<'_>) -> Verdict {
    examined.alternative_names().unwrap_or_default().iter().try_for_each(|name| match name {
        GeneralName::DNSName(name) => dns_syntax(name),
        _ => Ok(()),
    })
}

fn dns_syntax(name: &str) -> Verdict {
    ensure(!name.is_empty() && name.len() <= 253, format!("{name:?} has not 1 to 253 octets"))?;
    // RFC 6125 section 6.4.3: a wildcard is the whole of the left-most label.
    let labels = name.strip_prefix("*.").unwrap_or(name).split('.');
    let mut last = "";
    for label in labels {
        let characters = label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        let ends = label.starts_with('-') || label.ends_with('-');
        ensure((1..=63).contains(&label.len()) && characters && !ends, format!("{name:?} has a bad label"))?;
        last = label;
    }
    // RFC 1123 section 2.1: the highest label is alphabetic, so that a name is never taken for an address.
    ensure(!last.bytes().all(|byte| byte.is_ascii_digit()), format!("{name:?} is an address, not a name"))
}
