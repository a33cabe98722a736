//! The letters that every reader of PDF can show without a font in the document: Helvetica's, in WinAnsiEncoding (ISO 32000-2
//! section 9.6.2.2, annex D.2).

use super::seen::NotSeen;

/// Helvetica's widths of the letters of ASCII, in thousandths of its size (Adobe's font metrics).
const WIDTHS: [u16; 95] = [
    278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556, 556, 556,
    556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556, 1015, 667, 667, 722, 722, 667, 611, 778, 722, 278,
    500, 667, 556, 833, 722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469,
    556, 333, 556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556, 556, 556, 333, 500,
    278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584,
];
/// The widest of the others.
const WIDEST: u16 = 1000;

/// How long a text is, in sizes of letters; where accents are in it, at most.
pub(super) fn length(text: &[u8]) -> f32 {
    let width = |octet: &u8| {
        let place = usize::from(*octet).checked_sub(usize::from(b' '));
        place.and_then(|place| WIDTHS.get(place)).copied().unwrap_or(WIDEST)
    };
    text.iter().map(|octet| f32::from(width(octet)) / 1000.0).sum()
}

/// What WinAnsiEncoding has from 0x80 on (ISO 32000-2 annex D.2).
const HIGH: [(char, u8); 27] = [
    ('€', 0x80),
    ('‚', 0x82),
    ('ƒ', 0x83),
    ('„', 0x84),
    ('…', 0x85),
    ('†', 0x86),
    ('‡', 0x87),
    ('ˆ', 0x88),
    ('‰', 0x89),
    ('Š', 0x8a),
    ('‹', 0x8b),
    ('Œ', 0x8c),
    ('Ž', 0x8e),
    ('‘', 0x91),
    ('’', 0x92),
    ('“', 0x93),
    ('”', 0x94),
    ('•', 0x95),
    ('–', 0x96),
    ('—', 0x97),
    ('˜', 0x98),
    ('™', 0x99),
    ('š', 0x9a),
    ('›', 0x9b),
    ('œ', 0x9c),
    ('ž', 0x9e),
    ('Ÿ', 0x9f),
];

/// A line in WinAnsiEncoding. Controls and what turns the direction of text have no place in it.
pub(super) fn encoded(line: &str) -> Result<Vec<u8>, NotSeen> {
    let one = |letter: char| match letter {
        ' '..='~' | '\u{a1}'..='\u{ac}' | '\u{ae}'..='\u{ff}' => u8::try_from(letter).ok(),
        '\u{a0}' => Some(b' '),
        other => HIGH.iter().find_map(|(high, octet)| (*high == other).then_some(*octet)),
    };
    line.chars().map(|letter| one(letter).ok_or(NotSeen::NoLetter(letter))).collect()
}
