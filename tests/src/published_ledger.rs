//! The ledger as everybody sees it: fetched over plain HTTP, read by the letter of C2SP tlog-tiles.

use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::bystander;
use crate::installation::Installation;
use crate::rest::Response;

/// A checkpoint, unverified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// The whole note.
    pub note: String,
    /// The log's origin.
    pub origin: String,
    /// The tree's size.
    pub size: u64,
    /// The tree's root, base64.
    pub root: String,
}

impl Head {
    /// Reads a checkpoint.
    #[track_caller]
    pub fn read(note: &str) -> Self {
        let mut lines = note.lines().map(str::to_owned);
        let mut line = || lines.next().unwrap_or_else(|| panic!("no checkpoint: {note:?}"));
        let (origin, size, root) = (line(), line().parse().unwrap(), line());
        Self { note: note.to_owned(), origin, size, root }
    }

    /// How many signatures are under it.
    pub fn signatures(&self) -> usize {
        self.note.lines().filter(|line| line.starts_with("\u{2014} ")).count()
    }
}

/// Something under `/ledger/`.
#[track_caller]
pub fn fetch(installation: &Installation, path: &str) -> Response {
    bystander::fetch(installation, &format!("{}/ledger/{path}", installation.public_url()))
}

/// The published head; `None` before there is one.
#[track_caller]
pub fn head(installation: &Installation) -> Option<Head> {
    let answer = fetch(installation, "checkpoint");
    (answer.status == 200).then(|| Head::read(&String::from_utf8(answer.body).unwrap()))
}

/// Waits until the published head is as large; how long that took.
#[track_caller]
pub fn until_published(installation: &Installation, size: u64, patience: Duration) -> (Head, Duration) {
    let begun = Instant::now();
    loop {
        let head = head(installation);
        if let Some(head) = head.clone().filter(|head| head.size >= size) {
            return (head, begun.elapsed());
        }
        assert!(begun.elapsed() < patience, "{size} events are not published after {patience:?}: {head:?}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A tile's hashes, base64.
#[track_caller]
pub fn tile(installation: &Installation, level: u8, index: u64, width: u64) -> Vec<String> {
    let answer = fetch(installation, &format!("tile/{level}/{}", place(index, width)));
    assert_eq!((answer.status, answer.body.len() as u64), (200, width * 32), "tile {level}/{index}");
    answer.body.chunks(32).map(|hash| STANDARD.encode(hash)).collect()
}

/// The first `size` entries of the tree.
#[track_caller]
pub fn entries(installation: &Installation, size: u64) -> Vec<Vec<u8>> {
    let mut entries = Vec::new();
    for index in 0..size.div_ceil(256) {
        let width = (size - index * 256).min(256);
        let answer = fetch(installation, &format!("tile/entries/{}", place(index, width)));
        assert_eq!(answer.status, 200, "bundle {index}");
        let mut rest = &answer.body[..];
        while let [high, low, more @ ..] = rest {
            let (entry, after) = more.split_at(usize::from(u16::from_be_bytes([*high, *low])));
            entries.push(entry.to_vec());
            rest = after;
        }
    }
    assert_eq!(entries.len() as u64, size);
    entries
}

fn place(index: u64, width: u64) -> String {
    assert!(index < 1_000, "the tests' ledgers are small");
    if width == 256 { format!("{index:03}") } else { format!("{index:03}.p/{width}") }
}
