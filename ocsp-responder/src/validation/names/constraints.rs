//! Name constraints (RFC 5280 section 4.2.1.10): the subtrees that a CA may and may not vouch for.

use super::super::der::{Malformed, Reader, SEQUENCE};
use super::general::GeneralName;

/// Comparisons of a name with a subtree that are left. A certificate of the permitted size holds thousands of each.
#[derive(Debug)]
pub(crate) struct Comparisons(u32);

/// The most comparisons in one search for a path; rustls-webpki allows as many.
pub(crate) const MAX_COMPARISONS: u32 = 250_000;

impl Default for Comparisons {
    fn default() -> Self {
        Self(MAX_COMPARISONS)
    }
}

impl Comparisons {
    fn take(&mut self) -> Result<(), Refused> {
        self.0 = self.0.checked_sub(1).ok_or(Refused::Limit)?;
        Ok(())
    }
}

/// A name is not allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refused {
    /// It lies outside, or nobody can tell.
    Outside,
    /// There were too many to compare.
    Limit,
}

/// A nameConstraints extension.
#[derive(Debug, Clone, Default)]
pub(crate) struct NameConstraints {
    permitted: Vec<GeneralName>,
    excluded: Vec<GeneralName>,
}

impl NameConstraints {
    /// Reads the extension's value.
    pub(crate) fn read(value: &[u8]) -> Result<Self, Malformed> {
        let mut reader = Reader::only(value, SEQUENCE)?;
        let permitted = reader.optional(0xa0)?.map(|list| subtrees(list.body)).transpose()?;
        let excluded = reader.optional(0xa1)?.map(|list| subtrees(list.body)).transpose()?;
        reader.end()?;
        // Section 4.2.1.10: an empty sequence is not to be issued; it would constrain nothing.
        if permitted.is_none() && excluded.is_none() {
            return Err(Malformed);
        }
        Ok(Self { permitted: permitted.unwrap_or_default(), excluded: excluded.unwrap_or_default() })
    }

    /// Whether this CA may vouch for the name. Constraints of several CAs hold each for itself, which is what the
    /// intersection and the union of section 6.1.4 (g) come to.
    pub(crate) fn allow(&self, name: &GeneralName, left: &mut Comparisons) -> Result<(), Refused> {
        let form = name.form();
        for excluded in &self.excluded {
            left.take()?;
            if excluded.form() == form && matches(excluded, name, Side::Excluded) != Some(false) {
                return Err(Refused::Outside);
            }
        }
        let mut constrained = false;
        for permitted in &self.permitted {
            left.take()?;
            if permitted.form() == form {
                constrained = true;
                if matches(permitted, name, Side::Permitted) == Some(true) {
                    return Ok(());
                }
            }
        }
        // A form without a permitted subtree is not constrained.
        if constrained { Err(Refused::Outside) } else { Ok(()) }
    }
}

/// GeneralSubtrees, which hold at least one.
fn subtrees(contents: &[u8]) -> Result<Vec<GeneralName>, Malformed> {
    let mut reader = Reader::new(contents);
    let mut found = Vec::new();
    while !reader.is_at_end() {
        let mut subtree = reader.enter(SEQUENCE)?;
        let base = GeneralName::read(&mut subtree)?;
        // "Within this profile, the minimum and maximum fields are not used with any name forms": DER leaves out the
        // minimum, whose default is zero.
        subtree.end()?;
        if let GeneralName::Address(octets) = &base {
            mask(octets).ok_or(Malformed)?;
        }
        found.push(base);
    }
    if found.is_empty() { Err(Malformed) } else { Ok(found) }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Permitted,
    Excluded,
}

/// Whether `name` lies in the subtree; `None` when that cannot be told.
fn matches(subtree: &GeneralName, name: &GeneralName, side: Side) -> Option<bool> {
    match (subtree, name) {
        (GeneralName::Directory(base), GeneralName::Directory(name)) => Some(name.is_within(base)),
        (GeneralName::Dns(base), GeneralName::Dns(name)) => dns(base, name, side),
        (GeneralName::Email(base), GeneralName::Email(name)) => email(base, name),
        (GeneralName::Uri(base), GeneralName::Uri(name)) => host_of(name).map(|host| host_within(base, host)),
        (GeneralName::Address(base), GeneralName::Address(name)) => address(base, name),
        // Section 4.2.1.10: a form that is constrained and not processed MUST be refused.
        _ => None,
    }
}

/// "Any DNS name that can be constructed by simply adding zero or more labels to the left-hand side".
fn dns(base: &str, name: &str, side: Side) -> Option<bool> {
    let (wildcard, host) = match name.strip_prefix("*.") {
        Some(host) => (true, host),
        None => (false, name),
    };
    if !is_host(host) {
        return None;
    }
    if base.is_empty() {
        return Some(true);
    }
    // A leading dot is not in the profile; where it is found, it means the names below only.
    let below_only = base.starts_with('.');
    let base = base.strip_prefix('.').unwrap_or(base);
    if !is_host(base) {
        return None;
    }
    let below = ends_below(name, base);
    // A wildcard stands for each name one label below; what may be one of the excluded is excluded.
    let one_above = |base: &str| {
        let label = base.len().checked_sub(host.len() + 1).and_then(|end| base.get(..end));
        ends_below(base, host) && label.is_some_and(|label| !label.contains('.'))
    };
    let may_be = wildcard && side == Side::Excluded && one_above(base);
    Some(below || may_be || (!below_only && name.eq_ignore_ascii_case(base)))
}

/// A mailbox, all mailboxes of one host, or, with a leading dot, of the hosts below a domain.
fn email(base: &str, name: &str) -> Option<bool> {
    let (local, host) = mailbox(name)?;
    match mailbox(base) {
        // RFC 5321 section 2.4: the local part is in the case its host wants.
        Some((wanted, at)) => Some(wanted == local && at.eq_ignore_ascii_case(host)),
        None if base.contains('@') => None,
        None => Some(host_within(base, host)),
    }
}

fn mailbox(address: &str) -> Option<(&str, &str)> {
    address.rsplit_once('@').filter(|(local, host)| !local.is_empty() && is_host(host))
}

/// "When the constraint begins with a period, it MAY be expanded with one or more labels"; else it is one host.
fn host_within(base: &str, host: &str) -> bool {
    match base.strip_prefix('.') {
        Some(domain) => ends_below(host, domain),
        None => base.is_empty() || base.eq_ignore_ascii_case(host),
    }
}

/// The host of a URI. Section 4.2.1.10: a URI without a fully qualified domain name as its host MUST be refused.
fn host_of(uri: &str) -> Option<&str> {
    let (_, after) = uri.split_once("://")?;
    let authority = after.split(['/', '?', '#']).next()?;
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let host = match host.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|octet| octet.is_ascii_digit()) => host,
        Some(_) => return None,
        None => host,
    };
    // What ends in a number is an IP address.
    let is_name =
        host.rsplit('.').next().is_some_and(|last| !last.bytes().all(|octet| octet.is_ascii_digit()));
    (is_host(host) && is_name).then_some(host)
}

fn ends_below(name: &str, domain: &str) -> bool {
    let Some(cut) = name.len().checked_sub(domain.len()).filter(|cut| *cut > 0) else { return false };
    match (name.get(..cut), name.get(cut..)) {
        (Some(before), Some(end)) => before.ends_with('.') && end.eq_ignore_ascii_case(domain),
        _ => false,
    }
}

fn is_host(host: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|octet| octet.is_ascii_alphanumeric() || octet == b'-' || octet == b'_')
    };
    host.len() <= 253 && host.split('.').all(label)
}

/// Address and mask of a subtree, the mask of ones followed by zeros (RFC 4632 section 5.1).
fn mask(octets: &[u8]) -> Option<(&[u8], &[u8])> {
    if !matches!(octets.len(), 8 | 32) {
        return None;
    }
    let (address, mask) = octets.split_at_checked(octets.len() / 2)?;
    let ones: u32 = mask.iter().map(|octet| octet.leading_ones()).take_while(|ones| *ones > 0).sum();
    let all: u32 = mask.iter().map(|octet| octet.count_ones()).sum();
    let contiguous = mask.iter().skip_while(|octet| **octet == 0xff).skip(1).all(|octet| *octet == 0);
    (ones == all && contiguous).then_some((address, mask))
}

fn address(base: &[u8], name: &[u8]) -> Option<bool> {
    if !matches!(name.len(), 4 | 16) {
        return None;
    }
    let (address, mask) = mask(base)?;
    let within = |((wanted, mask), found): ((&u8, &u8), &u8)| wanted & mask == found & mask;
    Some(address.len() == name.len() && address.iter().zip(mask).zip(name).all(within))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn says(permitted: &[GeneralName], excluded: &[GeneralName], name: &GeneralName) -> bool {
        let constraints = NameConstraints { permitted: permitted.to_vec(), excluded: excluded.to_vec() };
        constraints.allow(name, &mut Comparisons::default()).is_ok()
    }

    /// What is permitted and what is excluded by one subtree, as opposed to each other as they should be.
    fn within(base: &GeneralName, name: &GeneralName) -> bool {
        let permitted = says(std::slice::from_ref(base), &[], name);
        assert_eq!(permitted, !says(&[], std::slice::from_ref(base), name), "{base:?} {name:?}");
        permitted
    }

    #[test]
    fn each_form_has_its_rule() {
        let dns =
            |base: &str, name: &str| within(&GeneralName::Dns(base.into()), &GeneralName::Dns(name.into()));
        assert!(dns("example.ls", "example.ls") && dns("example.ls", "WWW.Example.LS") && dns("", "a.b"));
        assert!(!dns("example.ls", "badexample.ls") && !dns("www.example.ls", "example.ls"));
        assert!(dns(".example.ls", "a.example.ls") && !dns(".example.ls", "example.ls"));
        let email = |base: &str, name: &str| {
            within(&GeneralName::Email(base.into()), &GeneralName::Email(name.into()))
        };
        assert!(email("a@example.ls", "a@EXAMPLE.ls") && !email("a@example.ls", "A@example.ls"));
        assert!(email("example.ls", "a@example.ls") && !email("example.ls", "a@mail.example.ls"));
        assert!(email(".example.ls", "a@mail.example.ls") && !email(".example.ls", "a@example.ls"));
        let uri =
            |base: &str, name: &str| within(&GeneralName::Uri(base.into()), &GeneralName::Uri(name.into()));
        assert!(
            uri("example.ls", "https://u@example.ls:80/p") && !uri("example.ls", "https://a.example.ls/")
        );
        assert!(uri(".example.ls", "ldap://a.example.ls?x") && !uri(".example.ls", "ldap://example.ls"));
        let address = |base: &[u8], name: &[u8]| {
            within(&GeneralName::Address(base.into()), &GeneralName::Address(name.into()))
        };
        assert!(address(&[10, 1, 0, 0, 255, 255, 0, 0], &[10, 1, 2, 3]));
        assert!(!address(&[10, 1, 0, 0, 255, 255, 0, 0], &[10, 2, 2, 3]));
        assert!(!address(&[0; 32], &[10, 2, 2, 3]), "versions do not mix");
    }

    #[test]
    fn what_cannot_be_told_is_neither_within_nor_without() {
        let pairs = [
            (GeneralName::Dns("example.ls".into()), GeneralName::Dns("a b.example.org".into())),
            (GeneralName::Uri("example.ls".into()), GeneralName::Uri("urn:example:ls".into())),
            (GeneralName::Uri("example.ls".into()), GeneralName::Uri("http://10.1.2.3/".into())),
            (GeneralName::Email("example.ls".into()), GeneralName::Email("nobody".into())),
            (GeneralName::Address([0; 8].into()), GeneralName::Address([1].into())),
            (GeneralName::Other([0xa0, 0].into()), GeneralName::Other([0xa0, 0].into())),
        ];
        for (base, name) in pairs {
            assert!(!says(std::slice::from_ref(&base), &[], &name), "{base:?} {name:?}");
            assert!(!says(&[], &[base], &name), "{name:?}");
        }
        // Another form than the constrained one is free.
        assert!(says(
            &[GeneralName::Dns("a".into())],
            &[GeneralName::Other([0xa0, 0].into())],
            &GeneralName::Uri("x:".into())
        ));
    }

    #[test]
    fn a_wildcard_that_may_be_excluded_is() {
        let name = GeneralName::Dns("*.example.ls".into());
        assert!(!says(&[], &[GeneralName::Dns("secret.example.ls".into())], &name));
        assert!(says(
            &[GeneralName::Dns("example.ls".into())],
            &[GeneralName::Dns("a.b.example.ls".into())],
            &name
        ));
        assert!(!says(&[GeneralName::Dns("secret.example.ls".into())], &[], &name));
    }

    #[test]
    fn masks_have_no_holes_and_sequences_are_not_empty() {
        assert!(mask(&[10, 0, 0, 0, 255, 0, 255, 0]).is_none());
        assert!(mask(&[10, 0, 0, 0, 255, 0xf0, 0, 0]).is_some() && mask(&[0; 8]).is_some());
        assert!(mask(&[10, 0, 0, 0, 0xf0, 0xf0, 0, 0]).is_none() && mask(&[1; 7]).is_none());
        for bad in [&[0x30, 0][..], &[0x30, 2, 0xa0, 0], &[0x30, 9, 0xa0, 7, 0x30, 5, 0x82, 0, 0x80, 1, 1]] {
            assert!(NameConstraints::read(bad).is_err(), "{bad:02x?}");
        }
    }

    #[test]
    fn comparisons_are_counted() {
        let many = vec![GeneralName::Dns("a.example.ls".into()); 1000];
        let constraints = NameConstraints { permitted: many, excluded: Vec::new() };
        let name = GeneralName::Dns("b.example.ls".into());
        let mut left = Comparisons(2500);
        assert_eq!(constraints.allow(&name, &mut left), Err(Refused::Outside));
        assert_eq!(constraints.allow(&name, &mut left), Err(Refused::Outside));
        assert_eq!(constraints.allow(&name, &mut left), Err(Refused::Limit));
    }
}
