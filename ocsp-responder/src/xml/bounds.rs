//! Bounds on XML from strangers, held before anything is built of it: the reader alone would compare each attribute of an
//! element with each other, and copy what is declared above into what stands below.

use roxmltree::{Document, ParsingOptions};

/// How deep elements may be nested. TS 119 612 with XAdES needs about 15.
const MAX_DEPTH: usize = 64;
/// How many attributes and declarations one element may have.
const MAX_ATTRIBUTES: usize = 64;

/// How much there may be of a document, by its kind.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    /// In all.
    pub(crate) octets: usize,
    /// Namespaces that are declared, counted each time.
    pub(crate) declarations: usize,
    /// Elements, texts, comments and instructions.
    pub(crate) nodes: u32,
}

impl Bounds {
    /// Of a trusted list. The largest of the European Union takes about a third of these octets.
    pub(crate) const LIST: Self = Self { octets: 16 * 1024 * 1024, declarations: 8_192, nodes: 1_000_000 };
    /// Of a file of signatures, which anybody can ask to be judged: a signature has some 200 nodes, and 10 for each file that it is over.
    pub(crate) const SIGNATURES: Self =
        Self { octets: crate::signature::MAX_SIGNATURE_OCTETS, declarations: 256, nodes: 64 * 1024 };
    /// Of a manifest of a container.
    pub(crate) const MANIFEST: Self = Self { octets: 1024 * 1024, declarations: 4_096, nodes: 32 * 1024 };
}

/// XML that is not read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum XmlRefused {
    /// It is larger than any that is read.
    #[error("it has {octets} octets, and no more than {most} are read")]
    TooLarge {
        /// How many it has.
        octets: usize,
        /// How many are read.
        most: usize,
    },
    /// It is not in UTF-8.
    #[error("it is not in UTF-8")]
    NotUtf8,
    /// It declares a document type, and so could declare entities.
    #[error("it declares a document type, which is not read: entities could be declared in it")]
    DocumentType,
    /// A bound does not hold.
    #[error("it has {what}, more than the {most} that are read")]
    TooMuch {
        /// Of what.
        what: &'static str,
        /// How much is read.
        most: usize,
    },
    /// It is not well-formed.
    #[error("it is not well-formed XML: {0}")]
    Malformed(String),
}

/// Reads a document within the bounds of this module.
///
/// # Errors
/// It breaks one, or is no XML in UTF-8.
pub(crate) fn parse(octets: &[u8], bounds: Bounds) -> Result<Document<'_>, XmlRefused> {
    if octets.len() > bounds.octets {
        return Err(XmlRefused::TooLarge { octets: octets.len(), most: bounds.octets });
    }
    let text = std::str::from_utf8(octets).map_err(|_| XmlRefused::NotUtf8)?;
    if !declares_utf8(text) {
        return Err(XmlRefused::NotUtf8);
    }
    Scan { depth: 0, declarations: 0, most: bounds.declarations }.over(text)?;
    let options = ParsingOptions { allow_dtd: false, nodes_limit: bounds.nodes, ..ParsingOptions::default() };
    Document::parse_with_options(text, options).map_err(|error| match error {
        roxmltree::Error::DtdDetected => XmlRefused::DocumentType,
        roxmltree::Error::NodesLimitReached => {
            XmlRefused::TooMuch { what: "too many nodes", most: bounds.nodes as usize }
        }
        error => XmlRefused::Malformed(error.to_string()),
    })
}

/// Whether the declaration, where there is one, names the encoding that is read, or none (XML 1.0 section 4.3.3).
fn declares_utf8(text: &str) -> bool {
    let declaration =
        text.trim_start_matches('\u{feff}').strip_prefix("<?xml ").and_then(|it| it.split_once("?>"));
    let named = declaration.and_then(|(declaration, _)| declaration.split_once("encoding"));
    named.is_none_or(|(_, rest)| {
        let value = rest.trim_start_matches([' ', '\t', '\r', '\n', '=', '"', '\'']);
        value.get(..5).is_some_and(|name| name.eq_ignore_ascii_case("utf-8"))
            && value.get(5..).is_some_and(|after| after.starts_with(['"', '\'']))
    })
}

/// One pass over the markup, which knows just enough of it to count.
#[derive(Debug)]
struct Scan {
    depth: usize,
    declarations: usize,
    /// How many declarations there may be.
    most: usize,
}

impl Scan {
    fn over(mut self, text: &str) -> Result<(), XmlRefused> {
        let mut rest = text.as_bytes();
        while let Some(at) = memchr::memchr(b'<', rest) {
            rest = rest.get(at..).unwrap_or_default();
            rest = match rest {
                [b'<', b'!', b'-', b'-', after @ ..] => behind(after, b"-->"),
                [b'<', b'!', b'[', after @ ..] => behind(after, b"]]>"),
                [b'<', b'!', ..] => return Err(XmlRefused::DocumentType),
                [b'<', b'?', after @ ..] => behind(after, b"?>"),
                [b'<', b'/', after @ ..] => {
                    self.depth = self.depth.saturating_sub(1);
                    behind(after, b">")
                }
                tag => self.tag(tag)?,
            };
        }
        Ok(())
    }

    /// A start tag; gives what comes after it.
    fn tag<'a>(&mut self, tag: &'a [u8]) -> Result<&'a [u8], XmlRefused> {
        let (mut quote, mut attributes) = (None, 0);
        for (at, octet) in tag.iter().enumerate() {
            match (quote, octet) {
                (Some(open), octet) if open == octet => quote = None,
                (Some(_), _) => {}
                (None, b'"' | b'\'') => quote = Some(octet),
                (None, b'=') => attributes += 1,
                (None, b'>') => {
                    let inside = tag.get(..at).unwrap_or_default();
                    self.count(inside, attributes)?;
                    return Ok(tag.get(at + 1..).unwrap_or_default());
                }
                _ => {}
            }
            if attributes > MAX_ATTRIBUTES {
                return Err(too_much("too many attributes in an element", MAX_ATTRIBUTES));
            }
        }
        // No end: the reader says so.
        Ok(&[])
    }

    fn count(&mut self, inside: &[u8], attributes: usize) -> Result<(), XmlRefused> {
        if attributes > 0 {
            self.declarations += memchr::memmem::find_iter(inside, b"xmlns").count();
        }
        if !inside.ends_with(b"/") {
            self.depth += 1;
        }
        if self.depth > MAX_DEPTH {
            return Err(too_much("elements nested too deeply", MAX_DEPTH));
        }
        if self.declarations > self.most {
            return Err(too_much("too many declarations of namespaces", self.most));
        }
        Ok(())
    }
}

const fn too_much(what: &'static str, most: usize) -> XmlRefused {
    XmlRefused::TooMuch { what, most }
}

fn behind<'a>(text: &'a [u8], end: &[u8]) -> &'a [u8] {
    memchr::memmem::find(text, end).and_then(|at| text.get(at + end.len()..)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::time::{Duration, Instant};

    use super::*;

    fn parse(octets: &[u8]) -> Result<Document<'_>, XmlRefused> {
        super::parse(octets, Bounds::LIST)
    }

    fn refused(text: &str) -> XmlRefused {
        let begun = Instant::now();
        let refused = parse(text.as_bytes()).unwrap_err();
        assert!(begun.elapsed() < Duration::from_secs(5), "{refused}");
        refused
    }

    #[test]
    fn bombs_are_refused_before_they_are_read() {
        let laughs = "<!DOCTYPE lolz [<!ENTITY lol \"lol\"><!ENTITY lol2 \"&lol;&lol;\">]><a>&lol2;</a>";
        assert_eq!(refused(laughs), XmlRefused::DocumentType);
        assert_eq!(refused("<a>&lol;</a>"), parse(b"<a>&lol;</a>").unwrap_err());
        assert!(matches!(refused(&"<a>".repeat(1_000_000)), XmlRefused::TooMuch { .. }));
        let attributes: String = (0..500_000).map(|number| format!(" a{number}='>'")).collect();
        assert!(matches!(refused(&format!("<a{attributes}/>")), XmlRefused::TooMuch { .. }));
        let declared: String = (0..10_000).map(|number| format!("<b xmlns:a{number}='u'/>")).collect();
        assert!(matches!(refused(&format!("<a>{declared}</a>")), XmlRefused::TooMuch { .. }));
        let many = format!("<a>{}</a>", "<b/>".repeat(1_100_000));
        assert!(matches!(refused(&many), XmlRefused::TooMuch { .. }));
        let most = Bounds::LIST.octets;
        let large = vec![b' '; most + 1];
        assert_eq!(parse(&large).unwrap_err(), XmlRefused::TooLarge { octets: most + 1, most });
        assert_eq!(parse(b"<a>\xff</a>").unwrap_err(), XmlRefused::NotUtf8);
    }

    #[test]
    fn what_only_looks_like_markup_is_not_counted() {
        let quiet = format!(
            "<a b='{}'><!-- {} --><![CDATA[{}]]></a>",
            "=".repeat(99),
            "<b>".repeat(99),
            "<b>".repeat(99)
        );
        assert!(parse(quiet.as_bytes()).is_ok());
        for broken in ["", "<", "<a", "<a b='", "<!--", "<![CDATA[", "<?", "</a>", "<a></b>"] {
            assert!(matches!(refused(broken), XmlRefused::Malformed(_)), "{broken}");
        }
    }
}
