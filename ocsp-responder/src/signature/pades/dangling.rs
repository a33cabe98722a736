//! What a signed revision refers to and does not have. A reader takes such a reference for nothing (ISO 32000-2 section 7.3.10), until an
//! update brings an object of that number: then a page may show what was prepared before it was signed, and not seen by whoever signed.

use std::collections::HashSet;

use lopdf::Object;

use super::revision::Revision;
use super::store::references;

/// How far a comment may be from the end of its line, in octets, to be looked for.
const MAX_LINE: usize = 64 * 1024;

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

/// One of these objects, where the octets, read as text wherever they are, may refer to it: a number, another and the letter R, parted by
/// white space or comments (section 7.3.10). Where a comment may stand between them, any.
fn suspected(octets: &[u8], new: &HashSet<u32>) -> Option<u32> {
    let any = || new.iter().min().copied();
    memchr::memchr_iter(b'R', octets).find_map(|at| {
        if octets.get(at + 1).is_some_and(u8::is_ascii_alphanumeric) {
            return None;
        }
        let (before, _) = octets.split_at(at);
        let generation = before.trim_ascii_end();
        let (rest, digits) = digits_at_end(generation);
        if digits.is_empty() {
            let is_apart = generation.len() < before.len();
            return (is_apart && may_be_comment(generation)).then(any).flatten();
        }
        let number = rest.trim_ascii_end();
        let (_, digits) = digits_at_end(number);
        if digits.is_empty() || number.len() == rest.len() {
            return may_be_comment(number).then(any).flatten();
        }
        let number = std::str::from_utf8(digits).ok()?.parse().ok()?;
        new.contains(&number).then_some(number)
    })
}

fn digits_at_end(octets: &[u8]) -> (&[u8], &[u8]) {
    let digits = octets.iter().rev().take_while(|octet| octet.is_ascii_digit()).count();
    octets.split_at(octets.len() - digits)
}

/// Whether the line that ends here may have a comment in it.
fn may_be_comment(line: &[u8]) -> bool {
    let near = line.get(line.len().saturating_sub(MAX_LINE)..).unwrap_or_default();
    let begins = memchr::memrchr2(b'\n', b'\r', near).map_or(0, |end| end + 1);
    near.get(begins..).is_some_and(|line| memchr::memchr(b'%', line).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_suspected_however_they_are_written() {
        let new = HashSet::from([57]);
        let refers = [
            "/Contents 57 0 R",
            "[57 0 R]",
            "57 0 R",
            "57\n0\r\nR/",
            "57 0R",
            "057 00 R>",
            "57 % not so\n0 R",
            "57 0 % or so\nR",
            "57 %\r0 %\nR",
            "12 0 R 57 1 R",
        ];
        for text in refers {
            assert_eq!(suspected(text.as_bytes(), &new), Some(57), "{text}");
        }
        for text in [
            "",
            "R",
            "57 0 Rx",
            "157 0 R",
            "57 0 obj",
            "5 7 R",
            "57 0 / R",
            "PDR 0 R",
            "100% R\n/R",
            "57 0 RG",
        ] {
            let found = suspected(text.as_bytes(), &new);
            assert!(found.is_none() || text.contains('%'), "{text}");
        }
    }
}
