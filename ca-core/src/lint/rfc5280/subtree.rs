//! Whether a name lies within a subtree of name constraints (RFC 5280 section 4.2.1.10).

use x509_parser::extensions::GeneralName;

/// `None` when the subtree is of another kind of name, or of a kind that is not constrained here.
pub(super) fn within(name: &GeneralName<'_>, base: &GeneralName<'_>) -> Option<bool> {
    match (name, base) {
        (GeneralName::DNSName(name), GeneralName::DNSName(base)) => Some(is_below(name, base)),
        (GeneralName::RFC822Name(address), GeneralName::RFC822Name(base)) => Some(mailbox(address, base)),
        (GeneralName::URI(uri), GeneralName::URI(base)) => {
            Some(host(uri).is_some_and(|host| domain(host, base)))
        }
        (GeneralName::IPAddress(address), GeneralName::IPAddress(base)) => Some(in_network(address, base)),
        (GeneralName::DirectoryName(name), GeneralName::DirectoryName(base)) => {
            // The base's RDNs, byte for byte, begin the name.
            let inner =
                |raw: &'_ [u8]| raw.get(if raw.get(1)? & 0x80 == 0 { 2 } else { 3 }..).map(<[u8]>::to_vec);
            Some(inner(name.as_raw())?.starts_with(&inner(base.as_raw())?))
        }
        _ => None,
    }
}

/// Zero or more labels to the left of the base.
fn is_below(name: &str, base: &str) -> bool {
    let (name, base) = (name.to_ascii_lowercase(), base.to_ascii_lowercase());
    base.is_empty() || name.strip_suffix(&base).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

/// A base that begins with a dot takes every host of a domain, any other that very host.
fn domain(host: &str, base: &str) -> bool {
    match base.strip_prefix('.') {
        Some(base) => is_below(host, base) && !host.eq_ignore_ascii_case(base),
        None => host.eq_ignore_ascii_case(base),
    }
}

fn mailbox(address: &str, base: &str) -> bool {
    let host = address.rsplit_once('@').map(|(_, host)| host);
    if base.contains('@') { address == base } else { host.is_some_and(|host| domain(host, base)) }
}

fn host(uri: &str) -> Option<&str> {
    let authority = uri.split_once("://")?.1.split(['/', '?', '#']).next()?;
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    Some(host.split(':').next().unwrap_or(host))
}

/// RFC 4632: the address and the mask, each as long as an address.
fn in_network(address: &[u8], base: &[u8]) -> bool {
    let (network, mask) = base.split_at(base.len() / 2);
    address.len() == network.len()
        && address
            .iter()
            .zip(network)
            .zip(mask)
            .all(|((octet, network), mask)| octet & mask == network & mask)
}

#[cfg(test)]
mod tests {
    use x509_parser::extensions::GeneralName::{DNSName, IPAddress, RFC822Name, URI};

    use super::within;

    #[test]
    fn names_are_within_by_their_kind() {
        let network = [10, 1, 0, 0, 255, 255, 0, 0];
        for (name, base, expected) in [
            (DNSName("a.gov.ls"), DNSName("gov.ls"), Some(true)),
            (DNSName("GOV.ls"), DNSName("gov.ls"), Some(true)),
            (DNSName("notgov.ls"), DNSName("gov.ls"), Some(false)),
            (DNSName("a.gov.ls"), IPAddress(&network), None),
            (IPAddress(&[10, 1, 2, 3]), IPAddress(&network), Some(true)),
            (IPAddress(&[10, 2, 2, 3]), IPAddress(&network), Some(false)),
            (RFC822Name("a@gov.ls"), RFC822Name("gov.ls"), Some(true)),
            (RFC822Name("a@x.gov.ls"), RFC822Name("gov.ls"), Some(false)),
            (RFC822Name("a@x.gov.ls"), RFC822Name(".gov.ls"), Some(true)),
            (URI("https://x.gov.ls:8443/a"), URI(".gov.ls"), Some(true)),
            (URI("https://x.gov.za/a"), URI(".gov.ls"), Some(false)),
        ] {
            assert_eq!(within(&name, &base), expected, "{name} {base}");
        }
    }
}
