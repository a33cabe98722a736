//! The syntax of each form. What does not fit is said in words that follow "is no …: ".

use const_oid::ObjectIdentifier;

use super::Name;

/// RFC 5280 section 4.2.1.6: the preferred name syntax of RFC 1034 section 3.5, which RFC 1123 section 2.1 lets start
/// with digits. A wildcard as the whole first label (RFC 9525 section 6.3) is a name too; profiles decide on it.
pub(crate) fn dns_name(asked: &str) -> Result<String, &'static str> {
    if asked.is_empty() || asked.len() > 253 {
        return Err("it must have 1 to 253 characters");
    }
    let name = asked.to_ascii_lowercase();
    for label in name.strip_prefix("*.").unwrap_or(&name).split('.') {
        if label.is_empty() || label.len() > 63 {
            return Err("each label between its dots must have 1 to 63 characters");
        }
        if !label.bytes().all(|octet| octet.is_ascii_alphanumeric() || octet == b'-') {
            return Err("only ASCII letters, digits, hyphens and dots are allowed");
        }
        if label.starts_with('-') || label.ends_with('-') {
            return Err("a label must not start or end with a hyphen");
        }
    }
    Ok(name)
}

/// RFC 5280 section 4.2.1.6: a Mailbox of RFC 5321 section 4.1.2, without quoting, which nobody's address has. The domain
/// is compared without case (section 7.5), the local part as it is.
pub(super) fn mailbox(text: &str) -> Result<String, &'static str> {
    let (local, domain) = text.rsplit_once('@').ok_or("it has no @")?;
    let atom = |octet: u8| octet.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&octet);
    let part = |part: &str| !part.is_empty() && part.bytes().all(atom);
    if local.len() > 64 || !local.split('.').all(part) {
        return Err("what stands before the @ must be 1 to 64 ASCII characters without blanks");
    }
    if domain.starts_with('*') {
        return Err("what stands after the @ must be a DNS name");
    }
    Ok(format!("{local}@{}", dns_name(domain)?))
}

/// RFC 5280 section 4.2.1.6: absolute, with a host. RFC 3986 section 2: ASCII without blanks.
pub(super) fn address(text: &str) -> Result<String, &'static str> {
    let rest = text.split_once("://").map(|(_, rest)| rest);
    if rest.is_none_or(|rest| rest.is_empty() || rest.starts_with('/')) {
        return Err("it must be absolute, with a host: https://host/…");
    }
    if !text.bytes().all(|octet| octet.is_ascii_graphic()) {
        return Err("only visible ASCII characters are allowed");
    }
    Ok(text.to_owned())
}

/// `OID/HEX`.
pub(super) fn hardware_module(text: &str) -> Result<Name, &'static str> {
    const FORM: &str =
        "it must be the hardware type's object identifier, a slash and the serial number in hexadecimal";
    let (hardware_type, serial) = text.split_once('/').ok_or(FORM)?;
    let serial = hex::decode(serial).map_err(|_| FORM)?;
    if serial.is_empty() {
        return Err(FORM);
    }
    Ok(Name::HardwareModule { hardware_type: object_identifier(hardware_type)?, serial })
}

/// `VALUE`, or `OID/VALUE` where somebody else than the issuer gives the identifier out.
pub(super) fn permanent_identifier(text: &str) -> Result<Name, &'static str> {
    let assigned = text.split_once('/').and_then(|(oid, value)| Some((object_identifier(oid).ok()?, value)));
    let (assigner, value) = assigned.map_or((None, text), |(assigner, value)| (Some(assigner), value));
    visible(value)?;
    Ok(Name::PermanentIdentifier { assigner, value: value.to_owned() })
}

/// User and realm.
pub(super) fn user_principal_name(text: &str) -> Result<String, &'static str> {
    visible(text)?;
    match text.rsplit_once('@') {
        Some((user, realm)) if !user.is_empty() && !user.contains('@') => {
            dns_name(realm).map(|realm| format!("{user}@{realm}"))
        }
        _ => Err("it must be a user, an @ and a realm"),
    }
}

pub(super) fn object_identifier(text: &str) -> Result<ObjectIdentifier, &'static str> {
    ObjectIdentifier::new(text).map_err(|_| "it must be an object identifier in dotted digits")
}

fn visible(text: &str) -> Result<(), &'static str> {
    let shows = |character: char| !character.is_control() && !character.is_whitespace();
    let fits = (1..=256).contains(&text.chars().count()) && text.chars().all(shows);
    if fits { Ok(()) } else { Err("it must have 1 to 256 characters that show, without blanks") }
}
