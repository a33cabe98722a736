//! Names taken apart to be compared: what is spelt otherwise and said alike becomes the same.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use crate::identity::{Details, Further};

/// More parts than these do not help to find anybody; bounds what is indexed.
const MOST_SURNAMES: usize = 2;
const MOST_GIVEN: usize = 3;

/// One form of a person's name, in folded parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Names {
    pub(super) surname: Vec<String>,
    pub(super) given: Vec<String>,
}

impl Names {
    /// Every form in which a person's name is known: as written, and in Latin letters. None of other kinds of identities.
    pub(super) fn of(details: &Details) -> Vec<Self> {
        let Details::Person { surname, given_name, further, .. } = details else { return Vec::new() };
        let Further { surname_latin, given_name_latin, .. } = further;
        let written = Self::folded(surname, given_name);
        if surname_latin.is_none() && given_name_latin.is_none() {
            return vec![written];
        }
        let latin = Self::folded(
            surname_latin.as_deref().unwrap_or(surname),
            given_name_latin.as_deref().unwrap_or(given_name),
        );
        if latin == written { vec![written] } else { vec![written, latin] }
    }

    fn folded(surname: &str, given_name: &str) -> Self {
        Self { surname: parts(surname, MOST_SURNAMES), given: parts(given_name, MOST_GIVEN) }
    }
}

fn parts(name: &str, most: usize) -> Vec<String> {
    let separate = |c: char| c.is_whitespace() || matches!(c, '-' | '‐' | '‑' | '.' | ',' | '/');
    let folded = name.split(separate).map(folded).filter(|part| !part.is_empty());
    folded.take(most).collect()
}

/// What is written in several ways, and the one to which all of them fold, in this order.
const ONE_SPELLING: [(&str, &str); 15] = [
    ("ø", "o"),
    ("đ", "d"),
    ("ł", "l"),
    ("ß", "ss"),
    ("æ", "ae"),
    ("œ", "oe"),
    ("tjh", "ch"),
    ("tsh", "ts"),
    ("kg", "k"),
    ("kh", "k"),
    ("th", "t"),
    ("ph", "p"),
    ("qh", "q"),
    ("di", "li"),
    ("du", "lu"),
];

/// A part of a name without case, marks and apostrophes, in one spelling.
///
/// Sesotho is written in two ways: Lesotho's *Likeleli, Mokoena, Lieketseng, Chaba, Khosi, Tšepo* are South Africa's
/// *Dikeledi, Mokwena, Diyeketseng, Tjhaba, Kgosi, Tshepo*; and clerks leave out the breath in *th, ph, kh, qh*, and write
/// *’M* as *Mm*. All of these fold to one spelling, with which nothing is meant but to compare.
pub(super) fn folded(part: &str) -> String {
    let plain: String = part.nfkd().filter(|c| !is_combining_mark(*c)).collect();
    let plain: String = plain.to_lowercase().chars().filter(|c| c.is_alphanumeric()).collect();
    let mut folded = plain;
    for (written, one) in ONE_SPELLING {
        // Few names have any of these: searching is cheaper than writing the name anew.
        if folded.as_bytes().windows(written.len()).any(|at| at == written.as_bytes()) {
            folded = folded.replace(written, one);
        }
    }
    without_doubles(&glides(&folded))
}

/// Before a vowel w is written o, and y is written e (*oa* and *wa*, *ea* and *ya*); elsewhere y is i.
fn glides(word: &str) -> String {
    let letters: Vec<char> = word.chars().collect();
    let glide = |(at, letter): (usize, &char)| {
        let before_vowel = letters.get(at + 1).copied().is_some_and(is_vowel);
        match (*letter, before_vowel) {
            ('w', true) => 'o',
            ('y', true) => 'e',
            ('y', false) => 'i',
            (other, _) => other,
        }
    };
    letters.iter().enumerate().map(glide).collect()
}

fn without_doubles(word: &str) -> String {
    let mut single = String::with_capacity(word.len());
    for letter in word.chars() {
        if !single.ends_with(letter) {
            single.push(letter);
        }
    }
    single
}

const fn is_vowel(letter: char) -> bool {
    matches!(letter, 'a' | 'e' | 'i' | 'o' | 'u')
}

/// What is left of a folded part when its vowels, which are confused most, are struck out behind the first letter.
pub(super) fn skeleton(folded: &str) -> String {
    let mut letters = folded.chars();
    let first = letters.next();
    let bones: String = first.into_iter().chain(letters.filter(|letter| !is_vowel(*letter))).collect();
    without_doubles(&bones)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_two_orthographies_of_sesotho_fold_to_one() {
        for (lesotho, south_africa) in [
            ("Mokoena", "Mokwena"),
            ("Likeleli", "Dikeledi"),
            ("Lineo", "Dineo"),
            ("Molise", "Modise"),
            ("Lumela", "Dumela"),
            ("Chaba", "Tjhaba"),
            ("Khosi", "Kgosi"),
            ("Tšepo", "Tshepo"),
            ("Ntšeliseng", "Ntsheliseng"),
            ("Moea", "Moya"),
            ("’Mampho", "Mmampho"),
            ("'Mamosa", "Mmamosa"),
            ("Thabo", "Tabo"),
            ("MOKOENA", "mokoena"),
            ("Sëkê", "Seke"),
        ] {
            assert_eq!(folded(lesotho), folded(south_africa), "{lesotho} {south_africa}");
        }
        for (one, other) in [("Mokoena", "Molefe"), ("Thabo", "Thabiso"), ("Lerato", "Lineo")] {
            assert_ne!(folded(one), folded(other));
        }
    }

    #[test]
    fn skeletons_forgive_vowels() {
        assert_eq!(skeleton(&folded("Mokoena")), skeleton(&folded("Makoene")));
        assert_ne!(skeleton(&folded("Mokoena")), skeleton(&folded("Mokoteli")));
    }

    proptest! {
        #[test]
        fn folding_is_done_once(name in "\\PC{0,30}") {
            let once: Vec<String> = parts(&name, 5);
            prop_assert!(once.iter().all(|part| part.chars().all(char::is_alphanumeric)));
        }
    }
}
