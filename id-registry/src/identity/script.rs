//! Names of persons: in one writing, so that one name cannot be made to look like another, and a transliteration into
//! Latin letters beside those that are written otherwise.

use unicode_normalization::UnicodeNormalization;

use super::field::{self, FieldError};

/// Writings whose letters are taken for one another (Unicode TS 39): a name stays within one of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Alphabet {
    Latin,
    Greek,
    Cyrillic,
    Armenian,
    Cherokee,
    Coptic,
    Lisu,
}

impl Alphabet {
    /// The writing of a letter, where it is one of these.
    const fn of(letter: char) -> Option<Self> {
        Some(match letter {
            'A'..='Z'
            | 'a'..='z'
            | '\u{aa}'
            | '\u{ba}'
            | '\u{c0}'..='\u{d6}'
            | '\u{d8}'..='\u{f6}'
            | '\u{f8}'..='\u{2af}'
            | '\u{1d00}'..='\u{1d25}'
            | '\u{1e00}'..='\u{1eff}'
            | '\u{2c60}'..='\u{2c7f}'
            | '\u{a722}'..='\u{a7ff}'
            | '\u{ab30}'..='\u{ab64}'
            | '\u{ff21}'..='\u{ff3a}'
            | '\u{ff41}'..='\u{ff5a}' => Self::Latin,
            '\u{370}'..='\u{3e1}' | '\u{3f0}'..='\u{3ff}' | '\u{1f00}'..='\u{1fff}' => Self::Greek,
            '\u{400}'..='\u{52f}'
            | '\u{1c80}'..='\u{1c8f}'
            | '\u{2de0}'..='\u{2dff}'
            | '\u{a640}'..='\u{a69f}' => Self::Cyrillic,
            '\u{531}'..='\u{58f}' => Self::Armenian,
            '\u{13a0}'..='\u{13ff}' | '\u{ab70}'..='\u{abbf}' => Self::Cherokee,
            '\u{3e2}'..='\u{3ef}' | '\u{2c80}'..='\u{2cff}' => Self::Coptic,
            '\u{a4d0}'..='\u{a4ff}' => Self::Lisu,
            _ => return None,
        })
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Latin => "Latin",
            Self::Greek => "Greek",
            Self::Cyrillic => "Cyrillic",
            Self::Armenian => "Armenian",
            Self::Cherokee => "Cherokee",
            Self::Coptic => "Coptic",
            Self::Lisu => "Lisu",
        }
    }
}

/// A name as it is written, in Unicode's composed form (NFC): what looks the same is the same.
pub(super) fn name(field: &'static str, value: &str) -> Result<String, FieldError> {
    let composed: String = value.nfc().collect();
    let name = field::line(field, &composed, field::NAME)?;
    let mut alphabets = name.chars().filter_map(Alphabet::of);
    let Some(first) = alphabets.next() else { return Ok(name) };
    match alphabets.find(|alphabet| *alphabet != first) {
        None => Ok(name),
        Some(other) => Err(FieldError {
            field,
            why: format!("it mixes {} and {} letters, some of which look alike", first.name(), other.name()),
            fits: "the name in one writing; a transliteration has a field of its own",
        }),
    }
}

/// A transliteration: Latin letters, with or without marks, and what stands between the parts of names.
pub(super) fn latin(field: &'static str, value: &str) -> Result<String, FieldError> {
    let name = name(field, value)?;
    let fits =
        |c: char| Alphabet::of(c) == Some(Alphabet::Latin) || matches!(c, ' ' | '-' | '.' | '\'' | '’');
    let mark = |c: char| ('\u{300}'..='\u{36f}').contains(&c);
    if name.chars().all(|c| fits(c) || mark(c)) && name.chars().any(char::is_alphabetic) {
        return Ok(name);
    }
    Err(FieldError {
        field,
        why: "it is not in Latin letters".to_owned(),
        fits: "the name in Latin letters, as a passport has it (ICAO Doc 9303-3): Li, Mamosa, Nguyen",
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn names_stay_as_written_in_one_writing() {
        for written in
            ["’Mamosa Nthunya-Sëkê", "李明", "Иванов", "Παπαδόπουλος", "محمد", "Ntšeliseng", "O'Brien"]
        {
            assert_eq!(name("surname", written).unwrap(), written);
        }
        assert_eq!(name("surname", "Nts\u{30c}eliseng").unwrap(), "Ntšeliseng", "composed");
        // Cyrillic о, Greek ο and a mark of direction.
        for wrong in ["Mоkoena", "Mοkoena", "Mo\u{202e}koena", "Иvanov", "Mo\u{200b}koena"] {
            let error = name("surname", wrong).unwrap_err();
            assert!(error.field == "surname" && !error.to_string().contains(wrong), "{error}");
        }
    }

    #[test]
    fn a_transliteration_is_in_latin_letters() {
        for right in ["Li", "O’Brien", "Nguyen-Van", "Ntšeliseng", "Mx\u{323}\u{302}"] {
            latin("surname_latin", right).unwrap();
        }
        for wrong in ["李", "Иванов", "Li 3", "-", "Li_Ming", ""] {
            assert_eq!(latin("surname_latin", wrong).unwrap_err().field, "surname_latin", "{wrong}");
        }
    }
}
