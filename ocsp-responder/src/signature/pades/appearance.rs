//! What a signature shows on a page, for those who look for it there (ISO 32000-2 section 12.5.5, appearance streams).
//!
//! What is seen proves nothing: anybody can draw it. It covers nothing either: there is no background, so that what stands below can
//! still be read.

use lopdf::content::{Content, Operation};
use lopdf::{Dictionary, Object, ObjectId, Stream, StringFormat, dictionary};

use super::letters::{encoded, length};
use super::seen::NotSeen;
use super::sheet::{Area, Sheet};
use super::sign::PdfSignError;

/// The space within the frame, in points.
const PADDING: f32 = 4.0;
/// Sizes of letters, in points: the largest, the smallest that can be read, and what is between two that are tried.
const LETTERS: (f32, f32, f32) = (10.0, 5.0, 0.5);
/// The distance of lines, in sizes of letters.
const LEADING: f32 = 1.2;

/// The appearance stream that shows lines in a rectangle, upright when the page is shown (section 12.5.5, algorithm: appearance
/// streams: the matrix turns, the Rect places).
pub(super) fn appearance(
    sheet: &Sheet,
    area: Area,
    lines: &[String],
    font: ObjectId,
) -> Result<Stream, PdfSignError> {
    let Area { width, height, .. } = area;
    let (size, lines) = fitted(lines, width, height)?;
    let matrix: [i64; 6] = match sheet.quarters {
        0 => [1, 0, 0, 1, 0, 0],
        1 => [0, 1, -1, 0, 0, 0],
        2 => [-1, 0, 0, -1, 0, 0],
        _ => [0, -1, 1, 0, 0, 0],
    };
    let dictionary = dictionary! {
        "Type" => "XObject", "Subtype" => "Form", "FormType" => 1,
        "BBox" => vec![0.into(), 0.into(), Object::Real(width), Object::Real(height)],
        "Matrix" => matrix.map(Object::from).to_vec(),
        "Resources" => dictionary! { "Font" => dictionary! { "F1" => font } },
    };
    Ok(Stream::new(dictionary, drawn(width, height, size, lines)?))
}

/// The font, as an object of the document.
pub(super) fn font() -> Dictionary {
    dictionary! {
        "Type" => "Font", "Subtype" => "Type1", "BaseFont" => "Helvetica", "Encoding" => "WinAnsiEncoding",
    }
}

/// A frame, and the lines in it from the top.
fn drawn(width: f32, height: f32, size: f32, lines: Vec<Vec<u8>>) -> Result<Vec<u8>, PdfSignError> {
    let real = Object::Real;
    let frame = [0.5, 0.5, width - 1.0, height - 1.0].map(real).to_vec();
    let mut operations = vec![
        Operation::new("q", vec![]),
        Operation::new("w", vec![real(0.5)]),
        Operation::new("G", vec![real(0.4)]),
        Operation::new("re", frame),
        Operation::new("S", vec![]),
        Operation::new("g", vec![0.into()]),
        Operation::new("BT", vec![]),
        Operation::new("Tf", vec!["F1".into(), real(size)]),
        Operation::new("TL", vec![real(size * LEADING)]),
        Operation::new("Td", vec![real(PADDING), real(height - PADDING - size)]),
    ];
    for line in lines {
        operations.push(Operation::new("Tj", vec![Object::String(line, StringFormat::Literal)]));
        operations.push(Operation::new("T*", vec![]));
    }
    operations.extend([Operation::new("ET", vec![]), Operation::new("Q", vec![])]);
    Content { operations }.encode().map_err(|error| PdfSignError::Writing(error.to_string()))
}

/// The largest letters with which the lines, broken between words, fit.
fn fitted(lines: &[String], width: f32, height: f32) -> Result<(f32, Vec<Vec<u8>>), NotSeen> {
    let written = lines.iter().map(|line| encoded(line)).collect::<Result<Vec<_>, _>>()?;
    let (largest, smallest, step) = LETTERS;
    let mut size = largest;
    while size >= smallest {
        let room = 2.0f32.mul_add(-PADDING, width) / size;
        let broken: Option<Vec<_>> = written.iter().map(|line| broken(line, room)).collect();
        let broken = broken.map(|lines| lines.concat());
        let tall = |count: usize| f32::from(u16::try_from(count).unwrap_or(u16::MAX)) * size * LEADING;
        if let Some(lines) = broken.filter(|lines| tall(lines.len()) + PADDING <= height) {
            return Ok((size, lines));
        }
        size -= step;
    }
    Err(NotSeen::NoRoom(width, height))
}

/// A line in pieces of at most `room`, in sizes of letters; `None` where a word is longer.
fn broken(line: &[u8], room: f32) -> Option<Vec<Vec<u8>>> {
    // A line without words keeps its place.
    let mut pieces: Vec<Vec<u8>> = Vec::new();
    if line.trim_ascii().is_empty() {
        return Some(vec![Vec::new()]);
    }
    for word in line.split(|octet| *octet == b' ').filter(|word| !word.is_empty()) {
        if length(word) > room {
            return None;
        }
        let longer = pieces.last().map(|last| [last.as_slice(), b" ", word].concat());
        match (longer.filter(|longer| length(longer) <= room), pieces.last_mut()) {
            (Some(longer), Some(last)) => *last = longer,
            _ => pieces.push(word.to_vec()),
        }
    }
    Some(pieces)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that cannot go on says so and stops")]

    use super::*;

    #[test]
    fn text_is_broken_between_words_and_made_smaller_until_it_fits() {
        let lines = ["Signed by Mpho Tšepo Mokoena".to_owned(), "Maseru".to_owned()];
        let (size, written) = fitted(&lines, 220.0, 64.0).unwrap();
        assert_eq!((size, written.len()), (10.0, 2));
        assert_eq!(written[0][15..21], *b"T\x9aepo ");
        let (size, written) = fitted(&lines, 60.0, 60.0).unwrap();
        assert!(size < 10.0 || written.len() > 2, "{size} {written:?}");
        assert_eq!(fitted(&lines, 30.0, 10.0), Err(NotSeen::NoRoom(30.0, 10.0)));
        assert_eq!(encoded("a\u{202e}b"), Err(NotSeen::NoLetter('\u{202e}')));
        assert_eq!(encoded("中"), Err(NotSeen::NoLetter('中')));
    }
}
