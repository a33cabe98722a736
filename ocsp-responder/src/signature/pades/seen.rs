//! Where in a document a signature is to be seen, and why it cannot be.

/// A corner of a page as it is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Corner {
    /// At the top on the left.
    TopLeft,
    /// At the top on the right.
    TopRight,
    /// At the bottom on the left.
    BottomLeft,
    /// At the bottom on the right.
    BottomRight,
}

/// Where on a page a signature is seen: in points (1/72 inch), from the bottom left of the page as it is shown.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Spot {
    /// In a corner, of a usual size.
    Corner(Corner),
    /// In this rectangle.
    Rectangle {
        /// From the left.
        x: f32,
        /// From the bottom.
        y: f32,
        /// To the right.
        width: f32,
        /// Upwards.
        height: f32,
    },
}

/// A page of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PageNumber {
    /// From the beginning, the first being 1.
    FromStart(usize),
    /// From the end, the last being 1.
    FromEnd(usize),
}

impl std::fmt::Display for PageNumber {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::FromStart(number) => write!(f, "{number}"),
            Self::FromEnd(number) => write!(f, "-{number}"),
        }
    }
}

/// Where in a document a signature stands.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum SeenAt {
    /// Nowhere: it is found by programs alone.
    #[default]
    Nowhere,
    /// On this page.
    Page(PageNumber, Spot),
    /// In the empty signature field of this name; it is seen where that has a rectangle.
    Field(String),
}

/// A signature cannot be shown, or not in the field that was named.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum NotSeen {
    /// The document has no such page.
    #[error("the document has {pages}, and no page {1}", pages = counted(*.0))]
    NoPage(usize, PageNumber),
    /// The rectangle is not on the page, whose size this is, in points.
    #[error(
        "the page is {0:.0} by {1:.0} points ({w:.0} by {h:.0} mm) as it is shown, and the rectangle is not within it",
        w = .0 * MM_PER_POINT,
        h = .1 * MM_PER_POINT
    )]
    OffPage(f32, f32),
    /// The text is too long, or its rectangle too small: points.
    #[error(
        "the text does not fit in {0:.0} by {1:.0} points in letters that can be read; make the rectangle larger or the text shorter"
    )]
    NoRoom(f32, f32),
    /// A letter that the font does not have.
    #[error(
        "the letter {letter:?} ({code}) cannot be shown in the fonts that every reader of PDF has, and nothing is shown in its place",
        letter = .0,
        code = codepoint(*.0)
    )]
    NoLetter(char),
    /// No signature field of this name; those there are that are empty.
    #[error("the document has no signature field {0:?}; empty ones are {empty}", empty = named(.1))]
    NoField(String, Vec<String>),
    /// Somebody has signed there.
    #[error("the signature field {0:?} is signed already")]
    Signed(String),
    /// The field may not be changed, or asks for more than a signature.
    #[error("the signature field {0:?} is not to be signed: {1}")]
    Locked(String, &'static str),
}

/// Millimetres of a point.
pub const MM_PER_POINT: f32 = 25.4 / 72.0;

fn counted(pages: usize) -> String {
    if pages == 1 { "1 page".to_owned() } else { format!("{pages} pages") }
}

fn codepoint(letter: char) -> String {
    format!("U+{:04X}", u32::from(letter))
}

fn named(fields: &[String]) -> String {
    let named: Vec<String> = fields.iter().map(|name| format!("{name:?}")).collect();
    if named.is_empty() { "none".to_owned() } else { named.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_page_is_one() {
        for (pages, says) in [(1, "the document has 1 page, and no page 3"), (2, "the document has 2 pages,")]
        {
            let said = NotSeen::NoPage(pages, PageNumber::FromStart(3)).to_string();
            assert!(said.starts_with(says), "{said}");
        }
    }
}
