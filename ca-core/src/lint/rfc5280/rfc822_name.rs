//! E-mail addresses are mailboxes of ASCII.

use x509_parser::extensions::GeneralName;

use crate::lint::examined::Examined;
use crate::lint::{Rule, Severity, Verdict, ensure_or};

pub(in crate::lint) const RULE: Rule = Rule {
    id: "rfc5280.rfc822-name",
    clause: "RFC 5280 section 4.2.1.6",
    severity: Severity::Error,
    says: "e-mail addresses are mailboxes of ASCII",
    check,
};

/// RFC 5280 section 4.2.1.6: a Mailbox of RFC 2821 section 4.1.2, local-part and domain, without name or brackets.
fn check(examined: &Examined<'_>) -> Verdict {
    examined.alternative_names().iter().try_for_each(|name| match name {
        GeneralName::RFC822Name(address) => {
            ensure_or(is_mailbox(address), || format!("{address:?} is no mailbox"))
        }
        _ => Ok(()),
    })
}

fn is_mailbox(address: &str) -> bool {
    let Some((local, domain)) = address.rsplit_once('@') else { return false };
    let atom = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&byte);
    let local = (1..=64).contains(&local.len())
        && local.split('.').all(|part| !part.is_empty() && part.bytes().all(atom));
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    local && domain.len() <= 253 && domain.split('.').all(label)
}
