//! The paths under which tiles and entry bundles are served.

use super::{FULL_WIDTH, MAX_LEVEL, Tile, Width};
use crate::tlog::decimal;

/// What a path under a log's prefix names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Resource {
    /// `tile/<L>/<N>[.p/<W>]`: hashes.
    Hashes(Tile),
    /// `tile/entries/<N>[.p/<W>]`: entries.
    Entries {
        /// The bundle's place, as of the tile with its entries' hashes.
        index: u64,
        /// How many entries it has.
        width: Width,
    },
}

/// A path that names no tile and no bundle.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no tile has this path")]
pub struct UnknownPath;

impl std::fmt::Display for Resource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (index, width) = match *self {
            Self::Hashes(tile) => {
                write!(f, "tile/{}/", tile.level)?;
                (tile.index, tile.width)
            }
            Self::Entries { index, width } => {
                f.write_str("tile/entries/")?;
                (index, width)
            }
        };
        f.write_str(&index_elements(index))?;
        if width.is_full() { Ok(()) } else { write!(f, ".p/{}", width.get()) }
    }
}

/// tlog-tiles, "Merkle Tree": "encoded into zero-padded 3-digit path elements. All but the last path element MUST begin
/// with an `x`. For example, index 1234067 will be encoded as `x001/x234/067`."
fn index_elements(index: u64) -> String {
    let mut elements = format!("{:03}", index % 1000);
    let mut rest = index / 1000;
    while rest > 0 {
        elements = format!("x{:03}/{elements}", rest % 1000);
        rest /= 1000;
    }
    elements
}

impl std::str::FromStr for Resource {
    type Err = UnknownPath;

    /// Reads a path without a leading slash.
    fn from_str(path: &str) -> Result<Self, Self::Err> {
        let rest = path.strip_prefix("tile/").ok_or(UnknownPath)?;
        let (kind, place) = rest.split_once('/').ok_or(UnknownPath)?;
        let (index, width) = parse_place(place).ok_or(UnknownPath)?;
        if kind == "entries" {
            return Ok(Self::Entries { index, width });
        }
        let level = decimal::parse(kind).and_then(|level| u8::try_from(level).ok());
        // tlog-tiles, "Merkle Tree": "MUST be a decimal ASCII integer between 0 and 63, with no additional leading
        // zeroes."
        let level = level.filter(|level| *level <= MAX_LEVEL).ok_or(UnknownPath)?;
        Tile::new(level, index, width).map(Self::Hashes).ok_or(UnknownPath)
    }
}

fn parse_place(place: &str) -> Option<(u64, Width)> {
    let Some((index, width)) = place.split_once(".p/") else {
        return Some((parse_index(place)?, Width::FULL));
    };
    // tlog-tiles, "Merkle Tree": "a decimal ASCII integer between 1 and 255, with no additional leading zeroes."
    let width = decimal::parse(width).filter(|width| *width < u64::from(FULL_WIDTH))?;
    Some((parse_index(index)?, Width::new(u16::try_from(width).ok()?)?))
}

fn parse_index(text: &str) -> Option<u64> {
    let mut index = 0_u64;
    for element in text.split('/') {
        let digits = element.strip_prefix('x').unwrap_or(element);
        if digits.len() != 3 || !digits.bytes().all(|octet| octet.is_ascii_digit()) {
            return None;
        }
        index = index.checked_mul(1000)?.checked_add(digits.parse().ok()?)?;
    }
    // One path for each index: this finds a missing or spare `x` and elements that are zero only.
    (index_elements(index) == text).then_some(index)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn paths_of_the_specification() {
        let hashes = |level, index, width| {
            Resource::Hashes(Tile::new(level, index, Width::new(width).unwrap()).unwrap())
        };
        let entries = |index, width| Resource::Entries { index, width: Width::new(width).unwrap() };
        for (path, resource) in [
            ("tile/0/x001/x234/067", hashes(0, 1_234_067, 256)),
            ("tile/0/x001/x234/067.p/1", hashes(0, 1_234_067, 1)),
            ("tile/63/000.p/255", hashes(63, 0, 255)),
            ("tile/1/999", hashes(1, 999, 256)),
            ("tile/1/x001/000", hashes(1, 1000, 256)),
            ("tile/entries/273.p/112", entries(273, 112)),
            ("tile/entries/x018/x446/x744/x073/x709/x551/615", entries(u64::MAX, 256)),
        ] {
            assert_eq!(resource.to_string(), path);
            assert_eq!(path.parse(), Ok(resource));
        }
    }

    #[test]
    fn the_widths_of_the_specifications_example() {
        // tlog-tiles, "Partial Tiles": "a tree of size 70,000 will be represented by 273 full level 0 tiles, one
        // partial level 0 tile of width 112, one full level 1 tile, one partial level 1 tile of width 17, and one
        // partial level 2 tile of width 1."
        let width = |total, index| Width::in_level(total, index).map(Width::get);
        assert_eq!(
            (width(70_000, 272), width(70_000, 273), width(70_000, 274)),
            (Some(256), Some(112), None)
        );
        assert_eq!((width(273, 0), width(273, 1), width(273, 2)), (Some(256), Some(17), None));
        assert_eq!((width(1, 0), width(1, 1), width(0, 0)), (Some(1), None, None));
    }

    #[test]
    fn other_paths_name_nothing() {
        for path in [
            "",
            "tile",
            "tile/",
            "tile/0",
            "tile/0/",
            "/tile/0/000",
            "tile/64/000",
            "tile/00/000",
            "tile/-1/000",
            "tile/+1/000",
            "tile/256/000",
            "tile/0/0",
            "tile/0/00",
            "tile/0/0000",
            "tile/0/x000",
            "tile/0/x000/001",
            "tile/0/001/002",
            "tile/0/x001/x002",
            "tile/0/x001x/002",
            "tile/0/000.p/0",
            "tile/0/000.p/256",
            "tile/0/000.p/01",
            "tile/0/000.p/",
            "tile/0/000.p",
            "tile/0/000/",
            "tile/0/000.p/1/",
            "tile/0/+01",
            "tile/entries/",
            "tile/Entries/000",
            "tile/0/x018/x446/x744/x073/x709/x551/616",
            "tile/0/000.p/1.p/1",
            "tile/0/x999/x999/x999/x999/x999/x999/x999/999",
        ] {
            assert_eq!(path.parse::<Resource>(), Err(UnknownPath), "{path}");
        }
    }

    proptest! {
        #[test]
        fn every_place_has_one_path(level in 0..=63_u8, index: u64, width in 1..=256_u16) {
            let width = Width::new(width).unwrap();
            for resource in
                [Resource::Hashes(Tile::new(level, index, width).unwrap()), Resource::Entries { index, width }]
            {
                prop_assert_eq!(resource.to_string().parse(), Ok(resource));
            }
        }

        #[test]
        fn whatever_is_read_is_written_the_same(path in "tile/(0|1|63|entries)/(x?[0-9]{3}/?){1,4}(\\.p/[0-9]{1,3})?") {
            if let Ok(resource) = path.parse::<Resource>() {
                prop_assert_eq!(resource.to_string(), path);
            }
        }
    }
}
