//! ETSI EN 319 412-1 section 5.1: identifiers of persons and organisations.

use crate::lint::{Verdict, ensure_or};

/// Three letters that name the kind, or two letters and a colon for a national scheme; the country; a hyphen; the
/// identifier. `kinds` are the three-letter kinds that this sort of subject may have.
pub(super) fn form(identifier: &str, kinds: &[&str]) -> Verdict {
    let refused = || format!("{identifier:?} has not the form of an identifier");
    let (kind, rest) = identifier.split_at_checked(3).ok_or_else(refused)?;
    let (country, rest) = rest.split_at_checked(2).ok_or_else(refused)?;
    let national = kind.ends_with(':') && kind.bytes().take(2).all(|byte| byte.is_ascii_uppercase());
    ensure_or(national || kinds.contains(&kind), refused)?;
    // Section 5.1.4: an LEI is the world's, and "XG" stands in the country's place.
    ensure_or(country.bytes().all(|byte| byte.is_ascii_uppercase()), refused)?;
    ensure_or(rest.len() > 1 && rest.starts_with('-'), refused)
}

/// Whether an identifier belongs to a national scheme, whose registrar must be named.
pub(super) fn is_national(identifier: &str) -> bool {
    identifier.as_bytes().get(2) == Some(&b':')
}

#[cfg(test)]
mod tests {
    use super::{form, is_national};

    #[test]
    fn identifiers_have_one_form() {
        for good in ["PNOLS-012345678901", "SG:LS-1234", "PNOLS-a"] {
            assert_eq!(form(good, &["PNO"]), Ok(()), "{good}");
        }
        for bad in [
            "",
            "PNO",
            "PNOLS",
            "PNOLS-",
            "XYZLS-1",
            "pnoLS-1",
            "PNOls-1",
            "PNOLS1",
            "sg:LS-1",
            "P\u{e9}LS-1",
        ] {
            assert!(form(bad, &["PNO"]).is_err(), "{bad}");
        }
        assert!(is_national("GO:LS-RSL") && !is_national("NTRLS-1"));
    }
}
