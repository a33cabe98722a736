//! Octets as people write them down and type them in again: groups of five characters, of which the fifth checks the
//! other four and the group's place.
//!
//! The alphabet is Crockford's: no I, L, O or U; whoever types I or L for 1, or O for 0, is understood. The check
//! character is a weighted sum in GF(32), its weights distinct powers of a generator: one wrong character, or two that
//! changed places, is found in every case, and so is a group in another's place; any other mistake with 31 of 32. What is
//! left is for the share's own checksum.

use zeroize::Zeroizing;

use crate::crockford::{character, value_of};

/// Characters of a group, its check character included.
const GROUP: usize = 5;
/// Groups on a line.
const LINE: usize = 4;

/// What was typed is not what was written down.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TypingError {
    /// A character that no share has.
    #[error("group {group} ({typed}): {character:?} is no character of a share")]
    Character {
        /// Which group, from 1.
        group: usize,
        /// As typed.
        typed: String,
        /// The character.
        character: char,
    },
    /// A group of another length.
    #[error("group {group} ({typed}) has {length} characters, not 5")]
    Length {
        /// Which group, from 1.
        group: usize,
        /// As typed.
        typed: String,
        /// How many.
        length: usize,
    },
    /// Its check character does not fit.
    #[error("group {group} ({typed}) is mistyped: its check character does not fit")]
    Check {
        /// Which group, from 1.
        group: usize,
        /// As typed.
        typed: String,
    },
    /// Groups are missing.
    #[error("{found} groups were typed, the share has {expected}")]
    Count {
        /// How many were typed.
        found: usize,
        /// How many there are.
        expected: usize,
    },
}

/// The octets in characters, five bits each, the last padded with zeros.
pub(super) fn characters(octets: &[u8]) -> Zeroizing<String> {
    values(octets).iter().map(|value| character(*value)).collect::<String>().into()
}

/// How many groups this many octets take.
const fn groups_of(octets: usize) -> usize {
    (octets * 8).div_ceil(20)
}

/// The lines to be written down, each with its number.
pub(super) fn lines(octets: &[u8]) -> Zeroizing<String> {
    let mut data = values(octets);
    data.resize(groups_of(octets.len()) * (GROUP - 1), 0);
    let mut text = Zeroizing::new(String::new());
    for (number, group) in data.chunks(GROUP - 1).enumerate() {
        if number % LINE == 0 {
            let line = number / LINE + 1;
            text.push_str(if number == 0 { "" } else { "\n" });
            text.push_str(&format!("{line:>2}  "));
        } else {
            text.push(' ');
        }
        group.iter().chain([&check(number, group)]).for_each(|value| text.push(character(*value)));
    }
    text.push('\n');
    text
}

/// Reads what was typed: `octets` of them. Comments (`#`), line numbers, blanks and hyphens do not count.
pub(super) fn parse(text: &str, octets: usize) -> Result<Zeroizing<Vec<u8>>, TypingError> {
    let typed = typed_groups(text)?;
    let expected = groups_of(octets);
    let mut data = Zeroizing::new(Vec::with_capacity(expected * (GROUP - 1)));
    for (number, group) in typed.iter().enumerate() {
        let values = group_values(number, group)?;
        if let Some((found, rest)) = values.split_last() {
            if check(number, rest) != *found {
                return Err(TypingError::Check { group: number + 1, typed: group.to_string() });
            }
            data.extend_from_slice(rest);
        }
    }
    if typed.len() != expected {
        return Err(TypingError::Count { found: typed.len(), expected });
    }
    Ok(packed(&data, octets))
}

fn typed_groups(text: &str) -> Result<Vec<Zeroizing<String>>, TypingError> {
    let mut groups = Vec::new();
    for line in text.lines().filter(|line| !line.trim_start().starts_with('#')) {
        let mut tokens =
            line.split(|c: char| c.is_whitespace() || c == '-').filter(|token| !token.is_empty());
        let first = tokens.next().filter(|token| !is_line_number(token));
        for token in first.into_iter().chain(tokens) {
            let length = token.chars().count();
            if length % GROUP != 0 {
                return Err(TypingError::Length { group: groups.len() + 1, typed: token.to_owned(), length });
            }
            let characters: Vec<char> = token.chars().collect();
            groups.extend(characters.chunks(GROUP).map(|group| Zeroizing::new(group.iter().collect())));
        }
    }
    Ok(groups)
}

fn is_line_number(token: &str) -> bool {
    let digits = token.trim_end_matches(['.', ':']);
    digits.len() <= 2 && digits.bytes().all(|byte| byte.is_ascii_digit())
}

fn group_values(number: usize, group: &str) -> Result<Zeroizing<Vec<u8>>, TypingError> {
    let value = |character: char| {
        value_of(character).ok_or_else(|| TypingError::Character {
            group: number + 1,
            typed: group.to_owned(),
            character,
        })
    };
    group.chars().map(value).collect::<Result<Vec<u8>, _>>().map(Zeroizing::new)
}

/// Five bits at a time, the last padded with zeros.
fn values(octets: &[u8]) -> Zeroizing<Vec<u8>> {
    let bit = |at: usize| octets.get(at / 8).map_or(0, |octet| octet >> (7 - at % 8) & 1);
    let count = (octets.len() * 8).div_ceil(5);
    Zeroizing::new(
        (0..count).map(|at| (0..5).fold(0, |value, next| value << 1 | bit(at * 5 + next))).collect(),
    )
}

fn packed(values: &[u8], octets: usize) -> Zeroizing<Vec<u8>> {
    let bit = |at: usize| values.get(at / 5).map_or(0, |value| value >> (4 - at % 5) & 1);
    Zeroizing::new(
        (0..octets).map(|at| (0..8).fold(0, |octet, next| octet << 1 | bit(at * 8 + next))).collect(),
    )
}

/// The sum of the four values weighted with the generator's powers 1 to 4, and the group's number.
fn check(number: usize, values: &[u8]) -> u8 {
    let number = u8::try_from(number % 32).unwrap_or_default();
    let mut weight = 1;
    values.iter().fold(number, |sum, value| {
        weight = times(weight, 2);
        sum ^ times(weight, *value)
    })
}

/// The product in GF(32), modulo x⁵ + x² + 1. Without branches on the values.
fn times(left: u8, right: u8) -> u8 {
    let (mut left, mut product) = (left, 0);
    for bit in 0..5 {
        product ^= left * (right >> bit & 1);
        left = (left << 1) ^ (0b10_0101 * (left >> 4 & 1));
    }
    product & 31
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use super::*;
    use crate::crockford::ALPHABET;

    #[test]
    fn what_is_written_down_is_read_again() {
        for octets in [1, 2, 15, 25, 42] {
            let secret: Vec<u8> = (0..octets).map(|at| (at * 37 + 11) as u8).collect();
            let written = lines(&secret);
            assert_eq!(parse(&written, octets).unwrap().as_slice(), secret);
            let careless = written.to_lowercase().replace('0', "o").replace('1', "l");
            let careless = careless.lines().map(|line| &line[4..]).collect::<Vec<_>>().join("-");
            assert_eq!(parse(&format!("# a comment\n{careless}"), octets).unwrap().as_slice(), secret);
        }
    }

    #[test]
    fn each_wrong_character_and_each_exchange_is_found_in_its_group() {
        let secret: Vec<u8> = (0..42).map(|at| (at * 61 + 5) as u8).collect();
        let written: Vec<char> =
            lines(&secret).lines().flat_map(|line| line[4..].chars()).filter(|c| *c != ' ').collect();
        for at in 0..written.len() {
            for other in ALPHABET.iter().map(|octet| char::from(*octet)).filter(|other| *other != written[at])
            {
                let mut wrong = written.clone();
                wrong[at] = other;
                let error = parse(&wrong.iter().collect::<String>(), 42).unwrap_err();
                assert!(matches!(error, TypingError::Check { group, .. } if group == at / 5 + 1), "{error}");
            }
            if at % 5 < 4 && written[at] != written[at + 1] {
                let mut wrong = written.clone();
                wrong.swap(at, at + 1);
                let error = parse(&wrong.iter().collect::<String>(), 42).unwrap_err();
                assert!(matches!(error, TypingError::Check { group, .. } if group == at / 5 + 1), "{error}");
            }
        }
    }

    #[test]
    fn missing_groups_lengths_and_strange_characters_are_told() {
        let written = lines(&[1; 15]).replace("\n", " ");
        let groups: Vec<&str> = written.split_whitespace().filter(|token| token.len() == 5).collect();
        assert_eq!(
            parse(&groups[..5].join(" "), 15).unwrap_err(),
            TypingError::Count { found: 5, expected: 6 }
        );
        let short = groups.join(" ").replacen(groups[1], &groups[1][..4], 1);
        assert!(matches!(parse(&short, 15).unwrap_err(), TypingError::Length { length: 4, .. }));
        let strange = groups.join(" ").replacen(groups[2], "UUUUU", 1);
        assert!(parse(&strange, 15).unwrap_err().to_string().contains("'U'"));
        let mut exchanged = groups.clone();
        exchanged.swap(0, 5);
        assert!(matches!(parse(&exchanged.join(" "), 15).unwrap_err(), TypingError::Check { group: 1, .. }));
    }
}
