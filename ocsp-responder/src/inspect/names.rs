//! Names, numbers and times in the words npki uses.

use const_oid::ObjectIdentifier;
use const_oid::db::DB;
use time::OffsetDateTime;
use x509_parser::extensions::GeneralName;
use x509_parser::time::ASN1Time;
use x509_parser::x509::X509Name;

/// RFC 4514.
pub(super) fn distinguished(name: &X509Name<'_>) -> String {
    ca_core::name::text(name.as_raw())
}

/// A serial number's content octets as lower-case hex, without the zero that only marks the sign.
pub(super) fn serial(octets: &[u8]) -> String {
    match octets {
        [0, rest @ ..] if !rest.is_empty() => hex::encode(rest),
        _ => hex::encode(octets),
    }
}

pub(super) fn sha256(octets: &[u8]) -> String {
    hex::encode(ring::digest::digest(&ring::digest::SHA256, octets))
}

pub(super) fn time(at: ASN1Time) -> OffsetDateTime {
    at.to_datetime()
}

/// The usual name of an object identifier, or its dots.
pub(super) fn oid(dotted: &str) -> String {
    match dotted {
        "1.3.6.1.5.5.7.1.3" => return "qcStatements".to_owned(),
        "1.3.6.1.5.5.7.48.1.5" => return "ocspNoCheck".to_owned(),
        "2.5.29.27" => return "deltaCRLIndicator".to_owned(),
        "2.5.29.32.0" => return "anyPolicy".to_owned(),
        _ => {}
    }
    let known = ObjectIdentifier::new(dotted).ok().and_then(|oid| DB.by_oid(&oid));
    known.map_or_else(|| dotted.to_owned(), |name| name.trim_start_matches("id-ce-").to_owned())
}

pub(super) fn general(name: &GeneralName<'_>) -> String {
    match name {
        GeneralName::DNSName(text) => format!("DNS:{text}"),
        GeneralName::RFC822Name(text) => format!("email:{text}"),
        GeneralName::URI(text) => format!("URI:{text}"),
        GeneralName::DirectoryName(name) => format!("directory:{}", distinguished(name)),
        GeneralName::IPAddress(octets) => format!("IP:{}", address(octets)),
        GeneralName::RegisteredID(id) => format!("registered:{id}"),
        GeneralName::OtherName(id, value) => format!("other:{id}:{}", hex::encode(value)),
        GeneralName::X400Address(_) => "X.400 address".to_owned(),
        GeneralName::EDIPartyName(_) => "EDI party name".to_owned(),
        GeneralName::Invalid(_, value) => format!("unreadable:{}", hex::encode(value)),
    }
}

fn address(octets: &[u8]) -> String {
    if let Ok(v4) = <[u8; 4]>::try_from(octets) {
        return std::net::Ipv4Addr::from(v4).to_string();
    }
    <[u8; 16]>::try_from(octets)
        .map_or_else(|_| hex::encode(octets), |v6| std::net::Ipv6Addr::from(v6).to_string())
}
