//! How long it takes to see whether a person is registered already: `cargo bench -p id-registry --bench duplicates -- COUNT`,
//! among so many made-up people (100 000 by default), in memory. Surnames and given names are Sesotho's, as unevenly spread as a
//! country's are: the most frequent has one in twenty. A check is one row of a list, tried: its fields, its number, its likeness to
//! everybody.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a program that measures and tells"
)]
#![allow(clippy::print_stdout, reason = "a program that measures and tells")]

#[path = "../tests/registry/country.rs"]
#[allow(dead_code, reason = "tests use the rest of it")]
mod country;

use std::time::{Duration, Instant};

use id_registry::duplicates::NotTheSame;
use id_registry::identity::{Further, IdentityError, NewIdentity};
use id_registry::import::{Batch, MOST_ROWS, Mode, NamedOwner, Outcome, Row};
use id_registry::page::PageSize;
use id_registry::permission::{ImportIdentities, ReadRegistry};

use crate::country::{Country, Member};

const SURNAMES: &[&str] = &[
    "Mokoena",
    "Molefe",
    "Mohapi",
    "Letsie",
    "Nthunya",
    "Lerotholi",
    "Ramaema",
    "Molapo",
    "Sekhonyana",
    "Tau",
    "Khaketla",
    "Mosisili",
    "Thabane",
    "Majoro",
    "Matekane",
    "Moshoeshoe",
    "Makhetha",
    "Mokhehle",
    "Lekhanya",
    "Phakisi",
    "Tšepe",
    "Ntšekhe",
    "Motsoene",
    "Sello",
    "Rapapa",
    "Mochochoko",
    "Hlalele",
    "Maseribane",
    "Seeiso",
    "Mahlatsi",
];
const GIVEN: &[&str] = &[
    "Thabo",
    "Palesa",
    "Teboho",
    "Mpho",
    "Lineo",
    "Tumelo",
    "Limpho",
    "Rethabile",
    "Katleho",
    "Neo",
    "Lerato",
    "Tšepo",
    "Likeleli",
    "Ntšeliseng",
    "Thabiso",
    "Refiloe",
    "Khotso",
    "Puleng",
    "Moeketsi",
    "Mamello",
    "Retšelisitsoe",
    "Liteboho",
    "’Mamosa",
    "Lebohang",
    "Tšeliso",
    "Mosa",
    "Relebohile",
    "Tokelo",
    "Bokang",
    "Keketso",
];
const SYLLABLES: &[&str] = &[
    "mo", "le", "sa", "tha", "ko", "ne", "li", "pu", "tse", "ra", "kho", "ma", "bo", "nya", "hla", "lo",
    "phe", "si",
];

/// A generator that needs nothing (splitmix64): the same people in each run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut drawn = self.0;
        drawn = (drawn ^ (drawn >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        drawn = (drawn ^ (drawn >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((drawn ^ (drawn >> 31)) % below as u64) as usize
    }
}

/// Names in the order of their frequency, and how often each of a million draws comes to one up to it.
struct Names(Vec<(u64, String)>);

impl Names {
    /// So many names: those that are known, then made-up ones; the n-th as frequent as 1 / n^0.8.
    fn of(known: &[&str], count: usize, dice: &mut Dice) -> Self {
        let made_up = |dice: &mut Dice| {
            let text: String = (0..3 + dice.roll(2)).map(|_| SYLLABLES[dice.roll(SYLLABLES.len())]).collect();
            format!("{}{}", text[..1].to_uppercase(), &text[1..])
        };
        let mut below = 0.0;
        let names = (0..count).map(|at| {
            below += 1.0 / ((at + 1) as f64).powf(0.8);
            let name = known.get(at).map_or_else(|| made_up(dice), |name| (*name).to_owned());
            ((below * 1e6) as u64, name)
        });
        Self(names.collect())
    }

    fn draw(&self, dice: &mut Dice) -> &str {
        let drawn = dice.roll(self.0.last().unwrap().0 as usize) as u64;
        &self.0[self.0.partition_point(|(below, _)| *below <= drawn)].1
    }
}

/// Made-up people.
struct People {
    dice: Dice,
    surnames: Names,
    given: Names,
    number: u64,
}

impl People {
    fn new() -> Self {
        let mut dice = Dice(7);
        let surnames = Names::of(SURNAMES, 3_000, &mut dice);
        let given = Names::of(GIVEN, 1_000, &mut dice);
        Self { dice, surnames, given, number: 0 }
    }

    fn person(&mut self) -> NewIdentity<NamedOwner> {
        self.number += 1;
        let surname = self.surnames.draw(&mut self.dice).to_owned();
        let mut given_name = self.given.draw(&mut self.dice).to_owned();
        if self.dice.roll(2) == 0 {
            given_name = format!("{given_name} {}", self.given.draw(&mut self.dice));
        }
        let year = 1940 + self.dice.roll(80);
        let (month, day) = (1 + self.dice.roll(12), 1 + self.dice.roll(28));
        // Registers with gaps: no date, the year alone, or the first of January.
        let birth_date = match self.dice.roll(100) {
            0..2 => None,
            2..5 => Some(format!("{year}")),
            5..10 => Some(format!("{year}-01-01")),
            _ => Some(format!("{year}-{month:02}-{day:02}")),
        };
        let identifier = format!("PNOLS-{:012}", self.number);
        let further = Further { birth_date, ..Further::default() };
        NewIdentity::Person { surname, given_name, identifier, further }
    }
}

struct Desk {
    country: Country,
    officer: Member,
}

impl Desk {
    fn send(&self, source: u64, people: Vec<NewIdentity<NamedOwner>>, mode: Mode) -> Vec<Outcome> {
        let rows = (1..).zip(people).map(|(number, entered)| Row {
            number,
            entered: Ok(entered),
            not_the_same: NotTheSame::default(),
        });
        let batch = Batch { source: format!("{source:064x}"), rows: rows.collect() };
        self.country
            .registry
            .import_identities(&self.officer.permit::<ImportIdentities>(), batch, mode)
            .unwrap()
    }
}

fn alike(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Refused(IdentityError::Resembles(_)))
}

/// The one that npki runs with.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    let count: u64 = std::env::args().filter_map(|argument| argument.parse().ok()).next().unwrap_or(100_000);
    let country = Country::founded();
    let officer = country.officer();
    let desk = Desk { country, officer };
    let mut people = People::new();
    println!("load average {}", std::fs::read_to_string("/proc/loadavg").unwrap_or_default().trim());
    let begun = Instant::now();
    let mut asked = 0;
    while people.number < count {
        let part: Vec<_> = (0..MOST_ROWS).map(|_| people.person()).collect();
        asked += desk.send(people.number, part, Mode::Enter).iter().filter(|outcome| alike(outcome)).count();
        if people.number.is_multiple_of(100_000) {
            println!("{:>9} people  {:>7.1} s", people.number, begun.elapsed().as_secs_f64());
        }
    }
    println!(
        "entered, each held against all before: {:.0} a second",
        count as f64 / begun.elapsed().as_secs_f64()
    );
    println!(
        "an officer would have been asked about {asked} of {count} ({:.2} %)",
        asked as f64 * 100.0 / count as f64
    );
    let mut taken = Vec::new();
    let mut found = 0;
    for at in 0..2_000 {
        let person = people.person();
        let begun = Instant::now();
        let outcome = desk.send(u64::MAX - at, vec![person], Mode::Try);
        taken.push(begun.elapsed());
        found += usize::from(alike(&outcome[0]));
    }
    told(&format!("a new person, {found} of 2000 like somebody"), taken);
    let mut again = People::new();
    let taken = (0..2_000).map(|at| {
        let NewIdentity::Person { surname, given_name, further, .. } = again.person() else { panic!() };
        people.number += 1;
        let identifier = format!("PNOLS-{:012}", people.number);
        let person =
            NewIdentity::Person { surname: surname.replace('a', "e"), given_name, identifier, further };
        let begun = Instant::now();
        desk.send(u64::MAX / 2 - at, vec![person], Mode::Try);
        begun.elapsed()
    });
    told("somebody who is there, written otherwise", taken.collect());
    listed(&desk);
}

fn listed(desk: &Desk) {
    let permit = desk.officer.permit::<ReadRegistry>();
    let kind = Some(id_registry::id::IdentityKind::Person);
    let page = desk.country.registry.identities(&permit, kind, None, PageSize::new(500).unwrap()).unwrap();
    let taken = page.items.iter().map(|person| {
        let begun = Instant::now();
        desk.country.registry.duplicates(&permit, person.id()).unwrap();
        begun.elapsed()
    });
    told("npki registry duplicates, for one", taken.collect());
}

fn told(what: &str, mut taken: Vec<Duration>) {
    taken.sort();
    let at = |share: usize| taken[(taken.len() * share / 100).min(taken.len() - 1)].as_secs_f64() * 1e3;
    println!(
        "{what}: median {:.2} ms, 95 % {:.2} ms, 99 % {:.2} ms, most {:.2} ms",
        at(50),
        at(95),
        at(99),
        at(100)
    );
}
