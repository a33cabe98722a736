//! `npki sign --pdf --visible`, `--field`: where a signature is seen in a document, and what is seen there.

use clap::Args;
use ocsp_responder::signature::pades::{Corner, MM_PER_POINT, PageNumber, PdfNote, SeenAt, Spot};
use ocsp_responder::signature::{Language, ShownText, SignatureKind};
use ocsp_responder::validation::certificate::Certificate;
use time::OffsetDateTime;

use super::sign::SignArguments;
use super::signer::Act;
use super::verify::language;
use crate::failure::{Failure, catalogue};

/// How a signature in a PDF is seen.
#[derive(Debug, Clone, Args)]
pub(super) struct SeenArguments {
    /// Show the signature on a page of the PDF: PAGE:X,Y,WIDTHxHEIGHT from the bottom left of the page, in points (1/72 inch) or with mm
    /// behind (1:20,20,80x25mm), or PAGE:CORNER (last:bottom-right); the page is a number, last, or -2 for the last but one
    #[arg(long, value_name = "PLACE", requires = "pdf", conflicts_with = "raise", allow_hyphen_values = true, value_parser = place)]
    visible: Option<SeenAt>,
    /// Sign in this empty signature field of the PDF; the signature is seen where the field is
    #[arg(long, value_name = "NAME", requires = "pdf", conflicts_with_all = ["raise", "visible"])]
    field: Option<String>,
    /// A line to be seen instead of the usual ones, with {who}, {when}, {reason} and {place} filled in; may be given several times
    #[arg(long, value_name = "LINE", requires = "pdf", conflicts_with = "raise")]
    text: Vec<String>,
    /// The language of what is seen: en (English) or st (Sesotho)
    #[arg(long, value_name = "LANGUAGE", default_value = "en", requires = "pdf", value_parser = language)]
    text_language: Language,
}

impl SeenArguments {
    /// What the document says of the signature, and shows.
    ///
    /// # Errors
    /// There is a text, and nowhere to show it; or it cannot be filled in.
    pub(super) fn note(
        &self,
        arguments: &SignArguments,
        signer: &Certificate,
        at: OffsetDateTime,
    ) -> Result<PdfNote, Failure> {
        let seen = match (&self.visible, &self.field) {
            (Some(seen), _) => seen.clone(),
            (None, Some(name)) => SeenAt::Field(name.clone()),
            (None, None) if self.text.is_empty() => SeenAt::Nowhere,
            (None, None) => {
                return Err(Failure::of(&catalogue::USAGE)
                    .cause("--text says what is seen, and nothing is")
                    .fix("say where: --visible last:bottom-right, or --field NAME"));
            }
        };
        let (reason, place) = (arguments.reason.as_deref(), arguments.location.as_deref());
        let kind = match arguments.signer.act {
            Act::Sign => SignatureKind::Signature,
            Act::Seal => SignatureKind::Seal,
        };
        let text = ShownText { signer, kind, at, reason, place, language: self.text_language };
        let lines = if self.text.is_empty() {
            text.usual()
        } else {
            text.filled_in(&self.text).map_err(|error| {
                Failure::of(&catalogue::USAGE)
                    .cause(error.to_string())
                    .fix("give --reason and --location as well, or leave out what stands in braces")
            })?
        };
        let (reason, location) = (arguments.reason.clone(), arguments.location.clone());
        Ok(PdfNote { reason, location, seen, lines })
    }
}

/// Reads a place: a page, and where on it.
fn place(text: &str) -> Result<SeenAt, String> {
    let (page, spot) = text.split_once(':').ok_or("a place is PAGE:X,Y,WIDTHxHEIGHT or PAGE:CORNER")?;
    Ok(SeenAt::Page(page_number(page)?, self::spot(spot)?))
}

fn page_number(text: &str) -> Result<PageNumber, String> {
    let wrong =
        || format!("the page {text:?} is no number from 1 on, nor last, nor -1 (the last), -2 and so on");
    let number = |text: &str| text.parse().ok().filter(|number| *number > 0).ok_or_else(wrong);
    match text.strip_prefix('-') {
        _ if text == "last" => Ok(PageNumber::FromEnd(1)),
        Some(from_end) => number(from_end).map(PageNumber::FromEnd),
        None => number(text).map(PageNumber::FromStart),
    }
}

fn spot(text: &str) -> Result<Spot, String> {
    match text {
        "top-left" => return Ok(Spot::Corner(Corner::TopLeft)),
        "top-right" => return Ok(Spot::Corner(Corner::TopRight)),
        "bottom-left" => return Ok(Spot::Corner(Corner::BottomLeft)),
        "bottom-right" => return Ok(Spot::Corner(Corner::BottomRight)),
        _ => {}
    }
    let (numbers, points) = match text.strip_suffix("mm") {
        Some(numbers) => (numbers, 1.0 / MM_PER_POINT),
        None => (text.strip_suffix("pt").unwrap_or(text), 1.0),
    };
    let read = |number: &str| {
        let number = number.trim().parse::<f32>().ok().filter(|number| number.is_finite())?;
        Some(number * points)
    };
    let parts = numbers.splitn(3, ',').collect::<Vec<_>>();
    let rectangle = || {
        let [x, y, size] = parts.as_slice() else { return None };
        let (width, height) = size.split_once('x')?;
        Some(Spot::Rectangle { x: read(x)?, y: read(y)?, width: read(width)?, height: read(height)? })
    };
    rectangle().ok_or_else(|| {
        format!(
            "{text:?} is neither X,Y,WIDTHxHEIGHT (as in 20,20,80x25mm) nor top-left, top-right, bottom-left or bottom-right"
        )
    })
}
