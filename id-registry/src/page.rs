//! Lists come in pages: never more than [`PageSize::MOST`] entries, continued by a cursor.

/// How many entries a page may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageSize(usize);

impl PageSize {
    /// The most entries of one page.
    pub const MOST: usize = 500;

    /// Takes a number of entries.
    ///
    /// # Errors
    /// None, or more than [`PageSize::MOST`].
    pub const fn new(entries: usize) -> Result<Self, InvalidPageSize> {
        if entries == 0 || entries > Self::MOST { Err(InvalidPageSize) } else { Ok(Self(entries)) }
    }

    /// The number of entries.
    pub const fn entries(self) -> usize {
        self.0
    }
}

impl Default for PageSize {
    fn default() -> Self {
        Self(100)
    }
}

/// Not a size of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a page has 1 to {} entries", PageSize::MOST)]
pub struct InvalidPageSize;

/// One page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T, C> {
    /// The entries, in the list's order.
    pub items: Vec<T>,
    /// Where the next page begins; `None` when this is the last.
    pub next: Option<C>,
}

impl<T, C> Page<T, C> {
    /// Keeps the cursor, changes the entries.
    pub fn map<U>(self, change: impl FnMut(T) -> U) -> Page<U, C> {
        Page { items: self.items.into_iter().map(change).collect(), next: self.next }
    }
}

impl<T, C> Page<T, C> {
    /// The page of a list of which one entry more than its size was read, where there is one: `place` tells where an entry
    /// stands.
    pub(crate) fn cut(mut items: Vec<T>, size: PageSize, place: impl FnOnce(&T) -> C) -> Self {
        let more = items.len() > size.entries();
        items.truncate(size.entries());
        let next = items.last().filter(|_| more).map(place);
        Self { items, next }
    }
}

/// How many entries a filtered list looks at for one page at most. It bounds the work of one call; the cursor goes
/// on where the look ended, so an empty page with a cursor is possible.
const EXAMINED: usize = 5_000;

/// Collects one page from `fetch`, which reads the next entries after a cursor, keeping those that `keep` wants.
pub(crate) fn collect<T, C: Clone, E>(
    after: Option<C>,
    size: PageSize,
    mut fetch: impl FnMut(Option<&C>, usize) -> Result<Vec<(C, T)>, E>,
    mut keep: impl FnMut(&T) -> bool,
) -> Result<Page<T, C>, E> {
    let mut items = Vec::new();
    let mut cursor = after;
    let mut examined = 0;
    while examined < EXAMINED {
        let batch = fetch(cursor.as_ref(), PageSize::MOST)?;
        let last = batch.len() < PageSize::MOST;
        let mut left = batch.len();
        for (place, entry) in batch {
            left -= 1;
            examined += 1;
            cursor = Some(place);
            if keep(&entry) {
                items.push(entry);
            }
            if items.len() == size.entries() {
                let finished = last && left == 0;
                return Ok(Page { items, next: if finished { None } else { cursor } });
            }
        }
        if last {
            return Ok(Page { items, next: None });
        }
    }
    Ok(Page { items, next: cursor })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn numbers(after: Option<&u32>, limit: usize) -> Result<Vec<(u32, u32)>, ()> {
        let from = after.map_or(0, |last| last + 1);
        Ok((from..1_200).take(limit).map(|number| (number, number)).collect())
    }

    #[test]
    fn pages_join_without_gap_or_repetition() {
        let mut seen = Vec::new();
        let mut cursor = None;
        loop {
            let page = collect(cursor, PageSize::new(7).unwrap(), numbers, |n| n % 3 == 0).unwrap();
            assert!(page.items.len() <= 7);
            seen.extend(page.items);
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
        }
        assert_eq!(seen, (0..1_200).filter(|n| n % 3 == 0).collect::<Vec<_>>());
    }

    #[test]
    fn sizes_are_bounded() {
        assert!(PageSize::new(0).is_err());
        assert!(PageSize::new(501).is_err());
        assert_eq!(PageSize::new(500).unwrap().entries(), 500);
    }

    #[test]
    fn a_page_that_ends_with_the_list_has_no_successor() {
        let page = collect(Some(1_196), PageSize::new(3).unwrap(), numbers, |_| true).unwrap();
        assert_eq!((page.items, page.next), (vec![1_197, 1_198, 1_199], None));
    }
}
