//! Fields of an identity as entered: each is read into its proper form or refused with what would fit.

use time::Date;

/// The most characters of a name that RFC 5280 appendix A.1 lets into a subject (ub-common-name,
/// ub-organization-name).
pub(super) const NAME: usize = 64;
/// ub-locality-name.
pub(super) const LOCALITY: usize = 128;
/// A sentence that says what an agent is there for.
pub(super) const PURPOSE: usize = 200;
/// ub-serial-number.
const IDENTIFIER: usize = 64;
/// RFC 1035 section 2.3.4, in the dotted form.
const DNS_NAME: usize = 253;
/// More names than one application has; bounds the certificate's size.
pub(super) const DNS_NAMES: usize = 50;

/// A field's value does not fit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {why}")]
pub struct FieldError {
    /// The field, by its name in JSON.
    pub field: &'static str,
    /// What is wrong with the value. Never the value itself, which may be personal.
    pub why: String,
    /// What would fit.
    pub fits: &'static str,
}

/// A line of text: trimmed, 1 to `most` characters, none of them invisible.
pub(crate) fn line(field: &'static str, value: &str, most: usize) -> Result<String, FieldError> {
    const FITS: &str = "one line of visible text without spaces around it";
    let refuse = |why: String| FieldError { field, why, fits: FITS };
    if value.is_empty() {
        return Err(refuse("it is empty".to_owned()));
    }
    if value.trim() != value {
        return Err(refuse("it begins or ends with a space".to_owned()));
    }
    if let Some(found) = value.chars().find(|c| is_invisible(*c)) {
        return Err(refuse(format!("it contains U+{:04X}, which does not show", u32::from(found))));
    }
    let length = value.chars().count();
    if length > most {
        return Err(refuse(format!("it has {length} characters, at most {most} fit")));
    }
    Ok(value.to_owned())
}

/// A day, ISO 8601.
pub(crate) fn day(field: &'static str, text: &str, fits: &'static str) -> Result<Date, FieldError> {
    let format = time::macros::format_description!("[year]-[month]-[day]");
    let why = || "it is no day as ISO 8601 has it".to_owned();
    Date::parse(text, format).map_err(|_| FieldError { field, why: why(), fits })
}

/// The name of a member of staff.
pub(crate) fn name_of_staff(value: &str) -> Result<String, FieldError> {
    line("name", value, NAME)
}

/// A reason or note that is kept for good: one line, so that it cannot be made to look like another entry.
pub(crate) fn reason_line(field: &'static str, value: &str) -> Result<String, FieldError> {
    line(field, value, 500)
}

/// Control characters, and the format characters with which one name is made to look like another: zero-width
/// characters and marks of writing direction (Unicode TR 36).
fn is_invisible(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
        )
}

/// A natural person's number.
pub(super) fn person_identifier(value: &str) -> Result<String, FieldError> {
    // ETSI EN 319 412-1 section 5.1.3.
    let fits = "a scheme, a country, a hyphen and the number: PNOLS-012345678901 (PNO national number, IDC identity \
                card, PAS passport, TIN tax number), or a national scheme of two letters and a colon: SG:LS-4711";
    identifier("identifier", value, &["PNO", "IDC", "PAS", "TIN"], fits)
}

/// A legal person's number.
pub(super) fn organisation_identifier(value: &str) -> Result<String, FieldError> {
    // ETSI EN 319 412-1 section 5.1.4.
    let fits = "a scheme, a country, a hyphen and the number: NTRLS-10023 (NTR trade register, VAT, LEI, PSD), or a \
                national scheme of two letters and a colon: GO:LS-RSL";
    identifier("identifier", value, &["NTR", "VAT", "LEI", "PSD"], fits)
}

fn identifier(
    field: &'static str,
    value: &str,
    schemes: &[&str],
    fits: &'static str,
) -> Result<String, FieldError> {
    let refuse = |why: &str| FieldError { field, why: why.to_owned(), fits };
    let (head, number) = value.split_once('-').ok_or_else(|| refuse("it has no hyphen before the number"))?;
    let (scheme, country) = head
        .split_at_checked(3)
        .ok_or_else(|| refuse("it does not begin with a scheme of three characters"))?;
    if !schemes.contains(&scheme) && !is_national_scheme(scheme) {
        return Err(refuse("its scheme is not one of those that fit"));
    }
    if !ca_core::name::is_country_code(country) {
        return Err(refuse("the scheme is not followed by a country of two capital letters"));
    }
    let printable = |c: u8| c.is_ascii_alphanumeric() || b"-./".contains(&c);
    // X.520: a subject's serialNumber is a PrintableString.
    if number.is_empty() || !number.bytes().all(printable) {
        return Err(refuse("the number is not made of letters, digits, hyphens, dots and slashes"));
    }
    if value.len() > IDENTIFIER {
        return Err(refuse("it is longer than 64 characters"));
    }
    Ok(value.to_owned())
}

fn is_national_scheme(scheme: &str) -> bool {
    scheme.strip_suffix(':').is_some_and(|letters| letters.bytes().all(|c| c.is_ascii_uppercase()))
}

/// A device's asset tag: it becomes the subject's serialNumber, a PrintableString (X.520).
pub(super) fn asset_tag(value: &str) -> Result<String, FieldError> {
    let printable = |c: u8| c.is_ascii_alphanumeric() || b"-./:+".contains(&c);
    let starts_well = value.bytes().next().is_some_and(|c| c.is_ascii_alphanumeric());
    if starts_well && value.len() <= IDENTIFIER && value.bytes().all(printable) {
        return Ok(value.to_owned());
    }
    Err(FieldError {
        field: "asset_tag",
        why: "it is not an asset tag".to_owned(),
        fits: "1 to 64 letters, digits and - . / : +, beginning with a letter or digit",
    })
}

/// Hardware type and serial number of a device (RFC 4108 section 5): dotted OID, slash, hexadecimal.
pub(super) fn hardware_module(value: &str) -> Result<String, FieldError> {
    let refuse = |why: &str| FieldError {
        field: "hardware_module",
        why: why.to_owned(),
        fits: "the hardware type's object identifier, a slash and the serial number in hexadecimal: \
               1.3.6.1.4.1.32473.1/0a0b0c01",
    };
    let (oid, serial) = value.split_once('/').ok_or_else(|| refuse("it has no slash"))?;
    if !is_oid(oid) {
        return Err(refuse("what stands before the slash is no object identifier"));
    }
    let serial = hex::decode(serial).map_err(|_| refuse("the serial number is not in hexadecimal"))?;
    if serial.is_empty() || serial.len() > 32 {
        return Err(refuse("the serial number has not 1 to 32 octets"));
    }
    Ok(format!("{oid}/{}", hex::encode(serial)))
}

fn is_oid(text: &str) -> bool {
    let arcs: Option<Vec<u32>> = text.split('.').map(arc).collect();
    match arcs.as_deref() {
        // X.660: the first arc is 0, 1 or 2; below 0 and 1 there are 40.
        Some([0 | 1, second, _, ..]) => *second < 40 && text.len() <= 100,
        Some([2, _, _, ..]) => text.len() <= 100,
        _ => false,
    }
}

fn arc(text: &str) -> Option<u32> {
    let canonical = text == "0" || !text.starts_with('0');
    if canonical && text.bytes().all(|c| c.is_ascii_digit()) { text.parse().ok() } else { None }
}

/// A DNS name, in lower case.
pub(super) fn dns_name(value: &str) -> Result<String, FieldError> {
    let refuse = |why: &str| FieldError {
        field: "dns_names",
        why: why.to_owned(),
        fits: "full DNS names in ASCII, without wildcard and final dot: payroll.gov.ls",
    };
    // RFC 4343: DNS names compare without case.
    let name = value.to_ascii_lowercase();
    if name.is_empty() || name.len() > DNS_NAME {
        return Err(refuse("a name has not 1 to 253 characters"));
    }
    let labels: Vec<&str> = name.split('.').collect();
    if labels.len() < 2 {
        return Err(refuse("a name has no domain"));
    }
    if let Some(label) = labels.iter().find(|label| !is_label(label)) {
        return Err(refuse(if label.contains('*') {
            "a name has a wildcard"
        } else {
            "a label of a name is not made of 1 to 63 letters, digits and inner hyphens"
        }));
    }
    if labels.last().is_some_and(|top| top.bytes().all(|c| c.is_ascii_digit())) {
        return Err(refuse("an address is not a name"));
    }
    Ok(name)
}

/// RFC 1123 section 2.1.
fn is_label(label: &str) -> bool {
    (1..=63).contains(&label.len())
        && label.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'-')
        && !label.starts_with('-')
        && !label.ends_with('-')
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn lines_are_visible_trimmed_and_bounded() {
        assert_eq!(line("surname", "Mokoena", NAME).unwrap(), "Mokoena");
        assert_eq!(line("surname", "’Mamosa Nthunya-Sëkê", NAME).unwrap(), "’Mamosa Nthunya-Sëkê");
        let long = "x".repeat(65);
        for wrong in
            ["", " Mokoena", "Mokoena ", "Mo\nkoena", "Mo\u{0}", "Mo\u{202e}koena", "Mo\u{200b}", &long]
        {
            let error = line("surname", wrong, NAME).unwrap_err();
            assert_eq!(error.field, "surname");
            assert!(wrong.is_empty() || !error.to_string().contains(wrong), "{error} shows the value");
        }
    }

    #[test]
    fn identifiers_follow_etsi_en_319_412_1() {
        for right in ["PNOLS-012345678901", "PASZA-A1234567", "SG:LS-4711"] {
            assert_eq!(person_identifier(right).unwrap(), right);
        }
        for right in ["GO:LS-RSL", "NTRLS-10023", "LEIXG-529900T8BM49AURSDO55"] {
            assert_eq!(organisation_identifier(right).unwrap(), right);
        }
        let long = format!("PNOLS-{}", "1".repeat(60));
        for wrong in
            ["", "PNOLS", "PNOLS-", "pnols-1", "PNOL-1", "NTRLS-1", "PNO:LS-1", "PNOLS-1 2", "ÄNOLS-1", &long]
        {
            assert!(person_identifier(wrong).is_err(), "{wrong}");
        }
        assert!(organisation_identifier("PNOLS-1").is_err());
        assert!(organisation_identifier("::LS-1").is_err());
    }

    #[test]
    fn dns_names_are_full_names_in_lower_case() {
        assert_eq!(dns_name("Payroll.Gov.LS").unwrap(), "payroll.gov.ls");
        let long = format!("{}.ls", "a".repeat(64));
        for wrong in [
            "",
            "localhost",
            "*.gov.ls",
            "gov.ls.",
            ".gov.ls",
            "a..b",
            "-a.ls",
            "a-.ls",
            "10.0.0.1",
            "ä.ls",
            &long,
        ] {
            assert!(dns_name(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn hardware_modules_name_type_and_serial() {
        assert_eq!(hardware_module("1.3.6.1.4.1.32473.1/0A0B").unwrap(), "1.3.6.1.4.1.32473.1/0a0b");
        for wrong in
            ["", "1.3.6/", "1.3.6", "1.40.1/00", "3.1.1/00", "1.03.6/00", "1.3.6/0", "1.3.6/zz", "1.+3.6/00"]
        {
            assert!(hardware_module(wrong).is_err(), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_judged_without_panic(text in "\\PC{0,80}") {
            let _ = (line("name", &text, NAME), person_identifier(&text), organisation_identifier(&text));
            let _ = (asset_tag(&text), hardware_module(&text), dns_name(&text));
        }
    }
}
