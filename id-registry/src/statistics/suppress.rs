//! Small numbers are not published: of three agents in a district, two know the third.
//!
//! A cell from 1 up to below the threshold is left out. That alone hides nothing where the total is known, so others are left out
//! with it (complementary suppression; Hundepool et al., Statistical Disclosure Control, Wiley 2012, chapter 4): all that are
//! below a bar, which begins at twice the threshold and is doubled until two or more are left out and sum to so much that
//! each may be anything from 1 to the threshold. Where that cannot be had, all cells are left out, those that are nothing too.
//! The rule treats all cells alike, so what is left out may stand in any order, and leaving out the smallest of the large ones, as
//! is often done, does not: who knows that rule computes 2 and 2 from 3, a total of 7 and a threshold of 3. A total below the
//! threshold is left out with everything in it. A group whose total is left out elsewhere is [withheld](Group::withheld): a
//! part must not give away a whole.
//!
//! That no cell can be computed, not even by whoever knows these rules, is tested over every table of small ones. What
//! it does not hide is the difference between two days' statistics: that is why they are counted once a day, by the service.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The smallest threshold: with two, whoever is counted in a cell knows of the other.
pub const LEAST_THRESHOLD: u64 = 3;

/// A total and the cells that it is made of, as published: `None` for what is left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// Of what.
    pub of: String,
    /// What the cells tell apart.
    pub by: String,
    /// The sum of the cells.
    pub total: Option<u64>,
    /// The cells in the order of their names.
    pub cells: BTreeMap<String, Option<u64>>,
}

impl Group {
    /// Publishes counts: what is small is left out, and what would give it away.
    pub fn published(of: &str, by: &str, counts: &BTreeMap<String, u64>, threshold: u64) -> Self {
        let threshold = threshold.max(LEAST_THRESHOLD);
        let total = counts.values().sum();
        if (1..threshold).contains(&total) {
            return Self::withheld(of, by, counts);
        }
        let bar = Bar::of(counts, threshold);
        let shown =
            |(name, count): (&String, &u64)| (name.clone(), Some(*count).filter(|_| !bar.hides(*count)));
        let cells = counts.iter().map(shown).collect();
        Self { of: of.to_owned(), by: by.to_owned(), total: Some(total), cells }
    }

    /// Publishes nothing but which cells there are.
    pub fn withheld(of: &str, by: &str, counts: &BTreeMap<String, u64>) -> Self {
        let cells = counts.keys().map(|name| (name.clone(), None)).collect();
        Self { of: of.to_owned(), by: by.to_owned(), total: None, cells }
    }
}

/// Which cells are left out where the total is told.
enum Bar {
    /// Those that are something, and below this.
    Below(u64),
    /// All.
    All,
}

impl Bar {
    fn of(counts: &BTreeMap<String, u64>, threshold: u64) -> Self {
        if !counts.values().any(|count| (1..threshold).contains(count)) {
            return Self::Below(0);
        }
        let most = counts.values().copied().max().unwrap_or(0);
        let mut bar = threshold.saturating_mul(2);
        loop {
            let hidden: Vec<u64> =
                counts.values().copied().filter(|count| (1..bar).contains(count)).collect();
            let cells = hidden.len() as u64;
            if cells >= 2 && hidden.iter().sum::<u64>() >= cells + threshold - 1 {
                return Self::Below(bar);
            }
            if bar > most {
                return Self::All;
            }
            bar = bar.saturating_mul(2);
        }
    }

    fn hides(&self, count: u64) -> bool {
        match self {
            Self::Below(bar) => (1..*bar).contains(&count),
            Self::All => true,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn counts(cells: &[u64]) -> BTreeMap<String, u64> {
        cells.iter().enumerate().map(|(at, count)| (format!("cell {at:02}"), *count)).collect()
    }

    fn published(cells: &[u64], threshold: u64) -> (Option<u64>, Vec<Option<u64>>) {
        let group = Group::published("x", "y", &counts(cells), threshold);
        (group.total, group.cells.into_values().collect())
    }

    /// Every table of so many cells up to a number.
    fn tables(cells: usize, most: u64) -> Vec<Vec<u64>> {
        (0..cells).fold(vec![Vec::new()], |tables, _| {
            let longer = |table: Vec<u64>| (0..=most).map(move |count| [&table[..], &[count]].concat());
            tables.into_iter().flat_map(longer).collect()
        })
    }

    /// Whoever knows the rules asks which tables would be published so: no cell that is left out is the same in all.
    #[test]
    fn no_cell_that_is_left_out_can_be_computed_even_by_who_knows_the_rules() {
        for (threshold, cells, most) in
            [(3, 1, 9), (3, 2, 16), (3, 3, 13), (3, 4, 8), (4, 3, 12), (5, 3, 14), (4, 4, 8)]
        {
            let mut origins: BTreeMap<_, Vec<Vec<u64>>> = BTreeMap::new();
            for table in tables(cells, most) {
                origins.entry(published(&table, threshold)).or_default().push(table);
            }
            for ((total, shown), tables) in origins {
                for (at, cell) in shown.iter().enumerate().filter(|(_, cell)| cell.is_none()) {
                    let possible: BTreeSet<u64> = tables.iter().map(|table| table[at]).collect();
                    assert!(possible.len() > 1, "{threshold} {total:?} {shown:?} {cell:?}: {possible:?}");
                }
            }
        }
    }

    #[test]
    fn what_is_large_is_told_and_what_is_small_takes_others_along() {
        assert_eq!(published(&[0, 10, 25], 10), (Some(35), vec![Some(0), Some(10), Some(25)]));
        assert_eq!(published(&[3, 40, 25], 10), (Some(68), vec![None, Some(40), None]));
        assert_eq!(published(&[3, 4, 25], 10), (Some(32), vec![None, None, None]));
        assert_eq!(published(&[9, 9, 25, 0], 10), (Some(43), vec![None, None, Some(25), Some(0)]));
        assert_eq!(published(&[1, 1, 0], 10), (None, vec![None, None, None]));
        assert_eq!(published(&[0, 0], 10), (Some(0), vec![Some(0), Some(0)]));
        assert_eq!(published(&[], 10), (Some(0), vec![]));
        assert_eq!(published(&[1, 12], 0), (Some(13), vec![None, None]), "no threshold is below the least");
    }

    proptest! {
        /// With the total and what is shown, each cell that is left out may be one or the threshold, and anything between.
        #[test]
        fn what_is_left_out_stays_in_doubt_over_the_whole_threshold(
            cells in prop::collection::vec(0u64..60, 1..12), threshold in 3u64..20,
        ) {
            let (total, shown) = published(&cells, threshold);
            let left_out: Vec<u64> =
                cells.iter().zip(&shown).filter(|(_, shown)| shown.is_none()).map(|(count, _)| *count).collect();
            for (count, shown) in cells.iter().zip(&shown) {
                prop_assert!(shown.is_none() || *count == 0 || *count >= threshold);
                prop_assert!(shown.is_none_or(|shown| shown == *count));
            }
            if let (Some(total), false) = (total, left_out.is_empty()) {
                let sum: u64 = total - shown.iter().flatten().sum::<u64>();
                prop_assert_eq!(sum, left_out.iter().sum::<u64>());
                prop_assert!(left_out.len() > 1);
                // Where everything is left out, a cell may also be nothing.
                let least = u64::from(left_out.len() < cells.len());
                let most = sum - least * (left_out.len() as u64 - 1);
                prop_assert!(most >= threshold, "{:?} {}", shown, threshold);
            }
        }
    }
}
