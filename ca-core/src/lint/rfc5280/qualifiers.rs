//! The qualifiers of certificate policies (RFC 5280 section 4.2.1.4).

use const_oid::ObjectIdentifier;
use x509_parser::extensions::ParsedExtension;

use crate::lint::Verdict;
use crate::lint::element::{Elements, SEQUENCE, whole};
use crate::lint::examined::Examined;

/// id-qt-cps
pub(super) const CPS: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.2.1");
/// id-qt-unotice
pub(super) const USER_NOTICE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.2.2");

pub(super) const UTF8_STRING: u8 = 0x0c;
const IA5_STRING: u8 = 0x16;

/// Checks the qualifiers of all policies in turn.
pub(super) fn each(examined: &Examined<'_>, check: impl Fn(ObjectIdentifier, &[u8]) -> Verdict) -> Verdict {
    let policies = examined.parsed(|extension| match extension {
        ParsedExtension::CertificatePolicies(policies) => Some(policies),
        _ => None,
    });
    let qualifiers =
        policies.into_iter().flatten().flat_map(|policy| policy.policy_qualifiers.iter().flatten());
    for qualifier in qualifiers {
        let id = ObjectIdentifier::from_bytes(qualifier.policy_qualifier_id.as_bytes())
            .map_err(|error| format!("a qualifier's identifier cannot be read: {error}"))?;
        check(id, qualifier.qualifier)?;
    }
    Ok(())
}

/// Whether a CPS qualifier's value is an IA5String that holds an absolute URI.
pub(super) fn is_uri(value: &[u8]) -> bool {
    whole(value, IA5_STRING).is_ok_and(|text| {
        let scheme = text.body.split(|octet| *octet == b':').next().unwrap_or_default();
        let begins = scheme.first().is_some_and(u8::is_ascii_alphabetic);
        begins && scheme.len() + 1 < text.body.len() && text.body.iter().all(u8::is_ascii_graphic)
    })
}

/// The explicitText of a UserNotice: its tag and its octets. The noticeRef, a SEQUENCE, may stand before it.
pub(super) fn explicit_text(value: &[u8]) -> Option<(u8, &[u8])> {
    let notice = whole(value, SEQUENCE).ok()?;
    let text = Elements::of(notice.body).filter_map(Result::ok).find(|element| element.tag != SEQUENCE)?;
    Some((text.tag, text.body))
}
