//! A page as it is shown: which part of it, how large, and turned which way.

use lopdf::{Document, Object, ObjectId};

use super::places::PdfError;
use super::seen::{Corner, NotSeen, PageNumber, Spot};

/// How far pages may stand within groups of pages.
const MAX_DEPTH: usize = 64;
/// The space around a signature in a corner, in points.
const MARGIN: f32 = 24.0;
/// The size of a signature in a corner, in points.
const USUAL: (f32, f32) = (220.0, 64.0);

/// A page as it is shown.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Sheet {
    /// Its lower left corner, in the page's own coordinates.
    origin: (f32, f32),
    /// Its size in those.
    size: (f32, f32),
    /// By how many quarters it is turned clockwise when it is shown.
    pub(super) quarters: u8,
}

/// A rectangle from here, of this size.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Area {
    pub(super) x: f32,
    pub(super) y: f32,
    pub(super) width: f32,
    pub(super) height: f32,
}

impl Sheet {
    /// ISO 32000-2 section 7.7.3.4: what a page does not say, what is above it says. What is shown is the crop box, within the media box
    /// (section 14.11.2).
    pub(super) fn of(document: &Document, page: ObjectId) -> Result<Self, PdfError> {
        let media = inherited(document, page, b"MediaBox").and_then(|value| rectangle(document, value));
        let media = media.ok_or(PdfError::Malformed)?;
        let crop = inherited(document, page, b"CropBox").and_then(|value| rectangle(document, value));
        let shown = crop.map_or(media, |crop| {
            let (left, bottom) = (crop.x.max(media.x), crop.y.max(media.y));
            let right = (crop.x + crop.width).min(media.x + media.width);
            let top = (crop.y + crop.height).min(media.y + media.height);
            Area { x: left, y: bottom, width: right - left, height: top - bottom }
        });
        if shown.width <= 0.0 || shown.height <= 0.0 {
            return Err(PdfError::Malformed);
        }
        let turned = inherited(document, page, b"Rotate").and_then(|value| value.as_i64().ok()).unwrap_or(0);
        let quarters = u8::try_from(turned.div_euclid(90).rem_euclid(4)).unwrap_or(0);
        Ok(Self { origin: (shown.x, shown.y), size: (shown.width, shown.height), quarters })
    }

    /// Its size as it is shown.
    const fn shown(&self) -> (f32, f32) {
        let (width, height) = self.size;
        if self.quarters.is_multiple_of(2) { (width, height) } else { (height, width) }
    }

    /// The rectangle of a spot, as it is shown.
    pub(super) fn area(&self, spot: Spot) -> Result<Area, NotSeen> {
        let (across, up) = self.shown();
        match spot {
            Spot::Rectangle { x, y, width, height } => {
                let fits = x >= 0.0 && y >= 0.0 && width > 0.0 && height > 0.0;
                if fits && x + width <= across && y + height <= up {
                    Ok(Area { x, y, width, height })
                } else {
                    Err(NotSeen::OffPage(across, up))
                }
            }
            Spot::Corner(corner) => Ok(in_corner(corner, across, up)),
        }
    }

    /// The Rect of an annotation there: in the page's own coordinates, which are turned when it is shown.
    pub(super) fn rect(&self, area: Area) -> Vec<Object> {
        let (width, height) = self.size;
        let Area { x, y, width: across, height: up } = area;
        let (left, bottom, right, top) = match self.quarters {
            0 => (x, y, x + across, y + up),
            1 => (width - y - up, x, width - y, x + across),
            2 => (width - x - across, height - y - up, width - x, height - y),
            _ => (y, height - x - across, y + up, height - x),
        };
        let (from_left, from_bottom) = self.origin;
        [left + from_left, bottom + from_bottom, right + from_left, top + from_bottom]
            .map(Object::Real)
            .to_vec()
    }

    /// The size, as it is shown, of a Rect in the page's own coordinates; `None` where it is empty.
    pub(super) fn size_of(&self, document: &Document, rect: &Object) -> Option<Area> {
        let Area { width, height, .. } = rectangle(document, rect)?;
        let (across, up) = if self.quarters.is_multiple_of(2) { (width, height) } else { (height, width) };
        (across > 0.0 && up > 0.0).then_some(Area { x: 0.0, y: 0.0, width: across, height: up })
    }
}

fn in_corner(corner: Corner, across: f32, up: f32) -> Area {
    // Small pages have small margins.
    let margin = MARGIN.min(across / 10.0).min(up / 10.0);
    let width = USUAL.0.min(2.0f32.mul_add(-margin, across));
    let height = USUAL.1.min(2.0f32.mul_add(-margin, up));
    let x = match corner {
        Corner::TopLeft | Corner::BottomLeft => margin,
        Corner::TopRight | Corner::BottomRight => across - margin - width,
    };
    let y = match corner {
        Corner::BottomLeft | Corner::BottomRight => margin,
        Corner::TopLeft | Corner::TopRight => up - margin - height,
    };
    Area { x, y, width, height }
}

/// The page of a number.
pub(super) fn page(document: &Document, number: PageNumber) -> Result<ObjectId, NotSeen> {
    let pages: Vec<ObjectId> = document.page_iter().collect();
    let place = match number {
        PageNumber::FromStart(number) => number.checked_sub(1),
        PageNumber::FromEnd(number) => pages.len().checked_sub(number).filter(|_| number > 0),
    };
    let page = place.and_then(|place| pages.get(place));
    page.copied().ok_or(NotSeen::NoPage(pages.len(), number))
}

/// What a page says under a key, or what is above it.
fn inherited<'a>(document: &'a Document, page: ObjectId, key: &[u8]) -> Option<&'a Object> {
    let mut node = document.get_dictionary(page).ok()?;
    for _ in 0..MAX_DEPTH {
        if let Ok(value) = node.get_deref(key, document) {
            return Some(value);
        }
        node = node.get_deref(b"Parent", document).and_then(Object::as_dict).ok()?;
    }
    None
}

/// Section 7.9.5: any two opposite corners.
pub(super) fn rectangle(document: &Document, value: &Object) -> Option<Area> {
    let (_, value) = document.dereference(value).ok()?;
    let corners = value.as_array().ok()?.iter().map(|number| {
        let (_, number) = document.dereference(number).ok()?;
        number.as_float().ok().filter(|number| number.is_finite())
    });
    let [one, two, three, four] = corners.collect::<Option<Vec<f32>>>()?.try_into().ok()?;
    Some(Area { x: one.min(three), y: two.min(four), width: (one - three).abs(), height: (two - four).abs() })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that cannot go on says so and stops")]

    use super::*;

    fn numbers(objects: &[Object]) -> Vec<f32> {
        objects.iter().map(|object| object.as_float().unwrap()).collect()
    }

    #[test]
    fn a_rectangle_stands_where_the_page_shows_it_however_it_is_turned() {
        let area = Area { x: 10.0, y: 20.0, width: 100.0, height: 50.0 };
        let rect = |quarters| {
            let sheet = Sheet { origin: (5.0, 7.0), size: (600.0, 800.0), quarters };
            numbers(&sheet.rect(area))
        };
        assert_eq!(rect(0), [15.0, 27.0, 115.0, 77.0]);
        assert_eq!(rect(1), [535.0, 17.0, 585.0, 117.0]);
        assert_eq!(rect(2), [495.0, 737.0, 595.0, 787.0]);
        assert_eq!(rect(3), [25.0, 697.0, 75.0, 797.0]);
    }

    #[test]
    fn corners_keep_to_small_pages_and_rectangles_must() {
        let sheet = Sheet { origin: (0.0, 0.0), size: (100.0, 60.0), quarters: 0 };
        let area = sheet.area(Spot::Corner(Corner::TopRight)).unwrap();
        assert_eq!(area, Area { x: 6.0, y: 6.0, width: 88.0, height: 48.0 });
        let off = Spot::Rectangle { x: 50.0, y: 0.0, width: 60.0, height: 10.0 };
        assert_eq!(sheet.area(off), Err(NotSeen::OffPage(100.0, 60.0)));
    }
}
