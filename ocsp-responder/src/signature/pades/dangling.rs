//! What a signed revision refers to and does not have. A reader takes such a reference for nothing (ISO 32000-2 section 7.3.10), until an
//! update brings an object of that number: then a page may show what was prepared before it was signed, and not seen by whoever signed.

use std::collections::HashSet;

use lopdf::Object;

use super::revision::{Revision, is_space};
use super::store::references;

/// The longest line that is looked through for a comment, in octets.
const MAX_LINE: usize = 64 * 1024;
/// The most places at which a comment may begin that are tried in front of one number or letter.
const MAX_TRIED: usize = 1024;

/// The number of an object that came after a revision was signed, and that something in the revision refers to all the same.
pub(super) fn led_to(signed: &Revision<'_>, whole: &Revision<'_>) -> Option<u32> {
    let new = signed.lacking(whole);
    if new.is_empty() {
        return None;
    }
    let trailer = Object::Dictionary(signed.trailer().clone());
    if let Some(number) = referred(&trailer, &new) {
        return Some(number);
    }
    // Streams of objects are parsed in any case; of what stands by itself, the text is searched, and only where it may refer to one of
    // them, which other text may seem to, is all of it parsed.
    let mut containers = signed.containers().into_iter().filter_map(|number| signed.container(number));
    let found = containers.find_map(|objects| objects.values().find_map(|object| referred(object, &new)));
    if found.is_some() {
        return found;
    }
    let suspected = suspected(signed.octets(), &new)?;
    // What cannot be parsed here, another reader may understand.
    let Some(document) = signed.parsed().filter(|document| signed.is_all_in(document)) else {
        return Some(suspected);
    };
    document.objects.values().find_map(|object| referred(object, &new))
}

fn referred(object: &Object, new: &HashSet<u32>) -> Option<u32> {
    references(object).into_iter().map(|id| id.0).find(|number| new.contains(number))
}

/// One of these objects, where the octets, read as text wherever they are, refer to it: a number, another and the letter R, parted by
/// white space or comments (section 7.3.10). Any, where it takes too long to tell.
fn suspected(octets: &[u8], new: &HashSet<u32>) -> Option<u32> {
    memchr::memchr_iter(b'R', octets).find_map(|at| {
        let (before, rest) = octets.split_at(at);
        let is_word = rest.get(1).is_some_and(u8::is_ascii_alphanumeric);
        let may_refer = before.last().is_some_and(|last| last.is_ascii_digit() || is_white(*last));
        if is_word || !may_refer {
            return None;
        }
        match referred_to(before, new) {
            Ok(found) => found,
            Err(TooMuch) => new.iter().min().copied(),
        }
    })
}

/// There are too many comments, or too long ones.
struct TooMuch;

/// The number of the object that is referred to by what ends before a letter R.
fn referred_to(before: &[u8], new: &HashSet<u32>) -> Result<Option<u32>, TooMuch> {
    for generation in before_gap(before)? {
        let (rest, digits) = digits_at_end(generation);
        if digits.is_empty() {
            continue;
        }
        for number in before_gap(rest)? {
            let (_, digits) = digits_at_end(number);
            let number = if number.len() < rest.len() { std::str::from_utf8(digits).ok() } else { None };
            let number = number.and_then(|digits| digits.parse().ok());
            if let Some(number) = number.filter(|number| new.contains(number)) {
                return Ok(Some(number));
            }
        }
    }
    Ok(None)
}

/// What may stand before white space and comments (sections 7.2.3 and 7.2.4) at the end of a text. A percent sign may begin a comment,
/// or stand in one or in a string: each is tried.
fn before_gap(text: &[u8]) -> Result<Vec<&[u8]>, TooMuch> {
    let (mut found, mut waiting, mut tried) = (Vec::new(), vec![text], 0);
    while let Some(text) = waiting.pop() {
        let end = text.iter().rposition(|octet| !is_white(*octet)).map_or(0, |last| last + 1);
        let (text, gap) = text.split_at(end);
        found.push(text);
        // A comment ends with its line.
        if memchr::memchr2(b'\n', b'\r', gap).is_none() {
            continue;
        }
        let near = text.get(text.len().saturating_sub(MAX_LINE)..).unwrap_or_default();
        let begins = match memchr::memrchr2(b'\n', b'\r', near) {
            Some(end) => end + 1,
            None if near.len() == text.len() => 0,
            None => return Err(TooMuch),
        };
        let line = text.len() - near.len() + begins;
        for percent in memchr::memchr_iter(b'%', text.get(line..).unwrap_or_default()) {
            tried += 1;
            if tried > MAX_TRIED {
                return Err(TooMuch);
            }
            waiting.extend(text.get(..line + percent));
        }
    }
    Ok(found)
}

/// White space, and the vertical tab, which some readers take for it, too.
const fn is_white(octet: u8) -> bool {
    is_space(octet) || octet == 0x0b
}

fn digits_at_end(octets: &[u8]) -> (&[u8], &[u8]) {
    let digits = octets.iter().rev().take_while(|octet| octet.is_ascii_digit()).count();
    octets.split_at(octets.len() - digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_suspected_however_they_are_written() {
        let new = HashSet::from([57]);
        let long = format!("57 0 %{}\nR", "x".repeat(2 * MAX_LINE));
        let many = format!("57 0 {}\nR", "%".repeat(2 * MAX_TRIED));
        let refers = [
            "/Contents 57 0 R",
            "[57 0 R]",
            "57 0 R",
            "57\n0\r\nR/",
            "57 0R",
            "057 00 R>",
            "57\x000\x00R",
            "57 % not so\n0 R",
            "57 0 % or so\nR",
            "57 %\r0 %\nR",
            "57%\n0%\nR",
            "57 0 % 100% so\n  % and %\r\n\tR",
            "(50% off) 57 0 % or so\nR",
            "12 0 R 57 1 R",
            &long,
            &many,
        ];
        for text in refers {
            assert_eq!(suspected(text.as_bytes(), &new), Some(57), "{text}");
        }
        let refers_not = [
            "",
            "R",
            "57 0 Rx",
            "157 0 R",
            "57 0 obj",
            "5 7 R",
            "570 R",
            "57 0 / R",
            "PDR 0 R",
            "100% R\n/R",
            "57 0 % R",
            "57 % 0\nR",
            "57 0 RG",
        ];
        for text in refers_not {
            assert_eq!(suspected(text.as_bytes(), &new), None, "{text}");
        }
    }

    #[test]
    fn what_is_compressed_is_not_suspected() {
        // Octets by a linear congruence, as good as by chance.
        let next = |state: &u64| {
            Some(state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407))
        };
        let octets = std::iter::successors(Some(7_u64), next).map(|state| state.to_be_bytes()[0]);
        let octets: Vec<u8> = octets.take(4 * 1024 * 1024).collect();
        assert_eq!(suspected(&octets, &HashSet::from_iter(500..520)), None);
    }
}
