//! Numbers as the formats write them: ASCII decimal without leading zeros.

/// The number, if it is written in the one way that is allowed.
///
/// tlog-checkpoint, "Note text": "ASCII decimal […] with no leading zeroes (unless the tree is empty, in which case the
/// tree size is `0`)"; tlog-witness and tlog-tiles say the same of theirs.
pub(super) fn parse(text: &str) -> Option<u64> {
    // `u64::from_str` takes a plus sign.
    let digits = text.bytes().all(|octet| octet.is_ascii_digit());
    let leading_zero = text.len() > 1 && text.starts_with('0');
    if !digits || leading_zero { None } else { text.parse().ok() }
}

#[cfg(test)]
mod tests {
    #[test]
    fn there_is_one_way_to_write_a_number() {
        assert_eq!(super::parse("0"), Some(0));
        assert_eq!(super::parse("18446744073709551615"), Some(u64::MAX));
        for other in ["", "+1", "-1", "00", "01", " 1", "1 ", "0x1", "18446744073709551616", "١"] {
            assert_eq!(super::parse(other), None, "{other:?}");
        }
    }
}
