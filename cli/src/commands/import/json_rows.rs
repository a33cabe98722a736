//! Rows of JSON Lines: one object a line.

use std::io::{BufRead, Seek};

use serde_json::Value;

use super::columns::from_members;
use super::list::{MOST, Place, Raw, Row, seek};

#[derive(Debug)]
pub(super) struct JsonRows<R> {
    input: R,
    kind: Option<String>,
    place: Place,
}

/// A line as it was read.
enum Line {
    Whole(Vec<u8>),
    TooLong,
}

impl<R: BufRead + Seek> JsonRows<R> {
    /// Looks at the first line, so that a file of another form is refused before anything is entered.
    ///
    /// # Errors
    /// It cannot be read, or does not begin with an object: says why.
    pub(super) fn begin(input: R, place: Place, kind: Option<String>) -> Result<Self, String> {
        let mut rows = Self { input, kind, place };
        match rows.next().map_err(|error| error.to_string())? {
            None => return Err("it is empty".to_owned()),
            Some(Row { identity: Err(why), number, .. }) => {
                return Err(format!("line {number} is no identity: {why}"));
            }
            Some(Row { identity: Ok(_), .. }) => {}
        }
        rows.go_on(place).map_err(|error| error.to_string())?;
        Ok(rows)
    }

    pub(super) const fn place(&self) -> Place {
        self.place
    }

    pub(super) fn go_on(&mut self, place: Place) -> std::io::Result<()> {
        self.place = place;
        seek(&mut self.input, place.offset)
    }

    pub(super) fn next(&mut self) -> std::io::Result<Option<Row>> {
        loop {
            let number = self.place.line;
            let Some(line) = self.line()? else { return Ok(None) };
            self.place.line += 1;
            self.place.row = number;
            return Ok(Some(match line {
                Line::Whole(line) if line.trim_ascii().is_empty() => continue,
                Line::Whole(line) => {
                    let identity = read(&line, self.kind.as_deref());
                    Row { number, raw: Raw::Line(line), identity }
                }
                Line::TooLong => {
                    let why = format!("it is longer than {MOST} octets");
                    Row { number, raw: Raw::TooLong, identity: Err(why) }
                }
            }));
        }
    }

    fn line(&mut self) -> std::io::Result<Option<Line>> {
        let (mut line, mut too_long, mut any) = (Vec::new(), false, false);
        loop {
            let input = self.input.fill_buf()?;
            if input.is_empty() {
                break;
            }
            any = true;
            let end = input.iter().position(|octet| *octet == b'\n');
            let part = input.get(..end.unwrap_or(input.len())).unwrap_or_default();
            if line.len() + part.len() > MOST {
                (line, too_long) = (Vec::new(), true);
            } else if !too_long {
                line.extend_from_slice(part);
            }
            let read = part.len() + usize::from(end.is_some());
            self.input.consume(read);
            self.place.offset += read as u64;
            if end.is_some() {
                break;
            }
        }
        Ok(any.then_some(if too_long { Line::TooLong } else { Line::Whole(line) }))
    }
}

fn read(line: &[u8], kind: Option<&str>) -> Result<Value, String> {
    match serde_json::from_slice::<Value>(line) {
        Ok(Value::Object(members)) => Ok(from_members(members, kind)),
        Ok(_) => Err("it is no JSON object".to_owned()),
        // The words of a syntax error quote nothing: they name a place.
        Err(error) => Err(format!("it is no JSON: {error}")),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::io::Cursor;

    use super::*;

    #[test]
    fn each_line_is_judged_by_itself() {
        let long = "x".repeat(3 * MOST);
        let text = format!(
            "{{\"surname\":\"A\"}}\r\n\n[1]\n{{\"surname\":\"\\ud800\"}}\n{{\"surname\":\"{long}\"}}\n{{}}"
        );
        let place = Place { offset: 0, row: 0, line: 1 };
        let mut rows = JsonRows::begin(Cursor::new(text.into_bytes()), place, None).unwrap();
        let mut seen = Vec::new();
        while let Some(row) = rows.next().unwrap() {
            seen.push((row.number, row.identity.is_ok()));
        }
        assert_eq!(seen, [(1, true), (3, false), (4, false), (5, false), (6, true)]);
        let csv = Cursor::new(b"surname,given_name\nA,b\n".to_vec());
        assert!(JsonRows::begin(csv, place, None).is_err());
    }
}
