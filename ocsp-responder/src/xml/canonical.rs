//! Canonical XML: what digests in signatures are over.
//!
//! Three forms: Canonical XML 1.0 and 1.1 (inclusive), and Exclusive XML Canonicalization 1.0 with its list of prefixes; each with
//! comments or without. They are applied to a whole document, less one element where there is an enveloped signature, or to one
//! element and what is in it. Version 1.1 differs in what an element inherits when it stands alone: not `xml:id`, and `xml:base` in
//! another way, which is not done here: whoever uses that form refuses documents with `xml:base`.

use roxmltree::{Attribute, Node, NodeId};

use super::XML;

/// How the namespaces around an element are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// Canonical XML 1.0: all that are in scope belong to an element.
    Inclusive,
    /// Canonical XML 1.1.
    Inclusive11,
    /// Exclusive XML Canonicalization 1.0: those that it uses.
    Exclusive,
}

/// What becomes of comments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Comments {
    Kept,
    Dropped,
}

/// How XML is brought into canonical form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Canonicalization {
    form: Form,
    comments: Comments,
    /// Prefixes whose namespaces are taken inclusively by the exclusive form; "" for none.
    prefixes: Vec<String>,
}

/// What is named in signatures (RFC 9231 section 2.8, XMLDSIG section 6.5).
const NAMES: [(&str, Form, Comments); 6] = [
    ("http://www.w3.org/TR/2001/REC-xml-c14n-20010315", Form::Inclusive, Comments::Dropped),
    ("http://www.w3.org/TR/2001/REC-xml-c14n-20010315#WithComments", Form::Inclusive, Comments::Kept),
    ("http://www.w3.org/2006/12/xml-c14n11", Form::Inclusive11, Comments::Dropped),
    ("http://www.w3.org/2006/12/xml-c14n11#WithComments", Form::Inclusive11, Comments::Kept),
    ("http://www.w3.org/2001/10/xml-exc-c14n#", Form::Exclusive, Comments::Dropped),
    ("http://www.w3.org/2001/10/xml-exc-c14n#WithComments", Form::Exclusive, Comments::Kept),
];

impl Canonicalization {
    /// Canonical XML 1.0 without comments.
    pub(crate) const INCLUSIVE: Self =
        Self { form: Form::Inclusive, comments: Comments::Dropped, prefixes: Vec::new() };
    /// Exclusive XML Canonicalization 1.0 without comments.
    pub(crate) const EXCLUSIVE: Self =
        Self { form: Form::Exclusive, comments: Comments::Dropped, prefixes: Vec::new() };

    /// Its identifier in signatures.
    pub(crate) fn identifier(&self) -> &'static str {
        let named = NAMES.iter().find(|(_, form, comments)| (*form, *comments) == (self.form, self.comments));
        named.map(|(identifier, ..)| *identifier).unwrap_or_default()
    }

    /// What an identifier names; `None` for what is not done here.
    pub(crate) fn named(identifier: &str) -> Option<Self> {
        let (_, form, comments) = NAMES.iter().find(|(known, ..)| *known == identifier)?;
        Some(Self { form: *form, comments: *comments, prefixes: Vec::new() })
    }

    /// With a list of prefixes, parted by white space, as the exclusive form has it; `#default` is that of no prefix. `None` for the other
    /// forms, which have no such list.
    pub(crate) fn with_prefixes(self, list: &str) -> Option<Self> {
        let name = |prefix: &str| if prefix == "#default" { String::new() } else { prefix.to_owned() };
        let prefixes = list.split_ascii_whitespace().map(name).collect();
        (self.form == Form::Exclusive).then_some(Self { prefixes, ..self })
    }

    /// The same without comments. XMLDSIG section 4.4.3.3: a reference to an element by its identifier leaves comments out, whatever
    /// form is named then.
    pub(crate) fn without_comments(self) -> Self {
        Self { comments: Comments::Dropped, ..self }
    }

    /// Whether it is one of the two constants here.
    pub(crate) fn is_plain(&self) -> bool {
        *self == Self::INCLUSIVE || *self == Self::EXCLUSIVE
    }

    #[cfg(test)]
    pub(super) const fn has_prefixes(&self) -> bool {
        !self.prefixes.is_empty()
    }

    const fn is_exclusive(&self) -> bool {
        matches!(self.form, Form::Exclusive)
    }
}

/// The canonical form of a document (given its root node) or of an element, less the element `without`.
pub(crate) fn canonical(apex: Node<'_, '_>, how: &Canonicalization, without: Option<NodeId>) -> Vec<u8> {
    let mut writer = Writer { how, without, out: String::new() };
    if apex.is_root() {
        writer.document(apex);
    } else {
        writer.element(apex, &[], Place::Apex);
    }
    writer.out.into_bytes()
}

/// A prefix ("" for none) and what it stands for.
type Binding<'a> = (&'a str, &'a str);

/// Where an element is in what is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Nothing that is written is around it.
    Apex,
    Within,
}

struct Writer<'w> {
    how: &'w Canonicalization,
    without: Option<NodeId>,
    out: String,
}

impl Writer<'_> {
    /// Canonical XML 1.0 section 2.1: line feeds part the document element from instructions and comments before and after it.
    fn document(&mut self, root: Node<'_, '_>) {
        let mut after = false;
        for child in root.children() {
            if child.is_element() {
                self.element(child, &[], Place::Apex);
                after = true;
            } else if after {
                let end = self.out.len();
                self.out.push('\n');
                self.beside(child);
                if self.out.len() == end + 1 {
                    self.out.truncate(end);
                }
            } else {
                let end = self.out.len();
                self.beside(child);
                if self.out.len() > end {
                    self.out.push('\n');
                }
            }
        }
    }

    /// An instruction, or a comment where those are kept.
    fn beside(&mut self, node: Node<'_, '_>) {
        if let Some(instruction) = node.pi() {
            self.out.push_str("<?");
            self.out.push_str(instruction.target);
            if let Some(value) = instruction.value.filter(|value| !value.is_empty()) {
                self.out.push(' ');
                self.out.push_str(&line_ends(value));
            }
            self.out.push_str("?>");
        } else if node.is_comment() && self.how.comments == Comments::Kept {
            self.out.push_str("<!--");
            self.out.push_str(&line_ends(node.text().unwrap_or_default()));
            self.out.push_str("-->");
        }
    }

    /// An element below others that have written these bindings, by prefix. The depth of documents is bounded.
    fn element(&mut self, node: Node<'_, '_>, written: &[Binding<'_>], place: Place) {
        if self.without == Some(node.id()) {
            return;
        }
        let name = qualified(node);
        let mut attributes: Vec<Attribute<'_, '_>> = node.attributes().collect();
        if place == Place::Apex {
            attributes.extend(inherited(node, self.how.form));
        }
        // Section 2.2: by namespace, then by name; those without a namespace first.
        attributes.sort_by_key(|attribute| (attribute.namespace().unwrap_or_default(), attribute.name()));
        let news = self.to_declare(node, name, &attributes, written, place);
        self.out.push('<');
        self.out.push_str(name);
        for (prefix, uri) in &news {
            self.out.push_str(if prefix.is_empty() { " xmlns" } else { " xmlns:" });
            self.out.push_str(prefix);
            self.value(uri);
        }
        for attribute in attributes {
            self.out.push(' ');
            self.out.push_str(attribute_name(node, attribute));
            self.value(attribute.value());
        }
        self.out.push('>');
        let mixed = (!news.is_empty()).then(|| over(written, &news));
        let now_written = mixed.as_deref().unwrap_or(written);
        for child in node.children() {
            if child.is_element() {
                self.element(child, now_written, Place::Within);
            } else if child.is_text() {
                self.text(child.text().unwrap_or_default());
            } else {
                self.beside(child);
            }
        }
        self.out.push_str("</");
        self.out.push_str(name);
        self.out.push('>');
    }

    /// The bindings that an element must declare, by prefix: those it needs that are not written around it.
    fn to_declare<'a>(
        &self,
        node: Node<'a, '_>,
        name: &'a str,
        attributes: &[Attribute<'a, '_>],
        written: &[Binding<'a>],
        place: Place,
    ) -> Vec<Binding<'a>> {
        let standing = |prefix: &str| node.lookup_namespace_uri(Some(prefix).filter(|it| !it.is_empty()));
        let mut needed: Vec<Binding<'a>> = Vec::new();
        if self.how.is_exclusive() {
            let of_attributes = attributes.iter().map(|attribute| prefix(attribute_name(node, *attribute)));
            let used = of_attributes.filter(|prefix| !prefix.is_empty()).chain([prefix(name)]);
            let used = used.filter(|prefix| *prefix != "xml");
            needed.extend(used.map(|prefix| (prefix, standing(prefix).unwrap_or_default())));
            // Exclusive XML Canonicalization section 3: those of the list as in the inclusive form.
            let listed = |name: &str| self.how.prefixes.iter().any(|prefix| prefix == name);
            if !self.how.prefixes.is_empty() && (place == Place::Apex || may_declare(node)) {
                needed.extend(in_scope(node).into_iter().filter(|(prefix, _)| listed(prefix)));
            }
        } else if place == Place::Apex || may_declare(node) {
            needed = in_scope(node);
        }
        needed.sort_unstable();
        needed.dedup();
        let around = |prefix: &str| {
            let found = written.binary_search_by_key(&prefix, |(known, _)| *known).ok();
            found.and_then(|place| written.get(place)).map(|(_, uri)| *uri)
        };
        // Section 2.3: xmlns="" is written only where something else is written around it.
        needed.retain(|(prefix, uri)| around(prefix).unwrap_or_default() != *uri);
        needed
    }

    fn text(&mut self, text: &str) {
        for character in text.chars() {
            match character {
                '&' => self.out.push_str("&amp;"),
                '<' => self.out.push_str("&lt;"),
                '>' => self.out.push_str("&gt;"),
                '\r' => self.out.push_str("&#xD;"),
                other => self.out.push(other),
            }
        }
    }

    fn value(&mut self, value: &str) {
        self.out.push_str("=\"");
        for character in value.chars() {
            match character {
                '&' => self.out.push_str("&amp;"),
                '<' => self.out.push_str("&lt;"),
                '"' => self.out.push_str("&quot;"),
                '\t' => self.out.push_str("&#x9;"),
                '\n' => self.out.push_str("&#xA;"),
                '\r' => self.out.push_str("&#xD;"),
                other => self.out.push(other),
            }
        }
        self.out.push('"');
    }
}

/// Canonical XML 1.0 section 2.4: attributes of `xml:` around an element belong to it when it stands alone, the nearest first; by
/// version 1.1, its identifier does not.
fn inherited<'a, 'input>(node: Node<'a, 'input>, form: Form) -> Vec<Attribute<'a, 'input>> {
    let mut found: Vec<Attribute<'a, 'input>> = Vec::new();
    if form == Form::Exclusive {
        return found;
    }
    for around in node.ancestors().skip(1) {
        for attribute in around.attributes().filter(|attribute| attribute.namespace() == Some(XML)) {
            let known = found.iter().any(|other| other.name() == attribute.name());
            let is_own = form == Form::Inclusive11 && attribute.name() == "id";
            if !known && !is_own && node.attribute((XML, attribute.name())).is_none() {
                found.push(attribute);
            }
        }
    }
    found
}

/// All namespaces that stand at an element; that of no prefix also where there is none.
fn in_scope<'a>(node: Node<'a, '_>) -> Vec<Binding<'a>> {
    let declared = node.namespaces().filter(|namespace| namespace.name() != Some("xml"));
    let mut standing: Vec<Binding<'a>> =
        declared.map(|namespace| (namespace.name().unwrap_or_default(), namespace.uri())).collect();
    if node.lookup_namespace_uri(None).is_none_or(str::is_empty) {
        standing.retain(|(prefix, _)| !prefix.is_empty());
        standing.push(("", ""));
    }
    standing
}

/// Whether an element may declare a namespace: where it does not, those that stand at it stand around it. Comparing all of them at each
/// element would keep us busy with a document that declares many.
fn may_declare(node: Node<'_, '_>) -> bool {
    let text = node.document().input_text().get(node.range()).unwrap_or_default();
    let mut quote = None;
    let end = text.bytes().position(|octet| match (quote, octet) {
        (Some(open), octet) if open == octet => {
            quote = None;
            false
        }
        (None, b'"' | b'\'') => {
            quote = Some(octet);
            false
        }
        (None, b'>') => true,
        _ => false,
    });
    text.get(..end.unwrap_or(text.len())).is_some_and(|tag| tag.contains("xmlns"))
}

/// Bindings with newer ones over them, by prefix.
fn over<'a>(written: &[Binding<'a>], news: &[Binding<'a>]) -> Vec<Binding<'a>> {
    let is_hidden = |prefix: &str| news.binary_search_by_key(&prefix, |(newer, _)| *newer).is_ok();
    let kept = written.iter().filter(|(prefix, _)| !is_hidden(prefix));
    let mut all: Vec<Binding<'a>> = kept.chain(news).copied().collect();
    all.sort_unstable();
    all
}

/// The name of an element as it is written: the reader tells what its prefix stands for, and not the prefix.
fn qualified<'a>(node: Node<'a, '_>) -> &'a str {
    let text = node.document().input_text().get(node.range()).unwrap_or_default();
    let name = text.strip_prefix('<').unwrap_or_default();
    let end = name.find(|c: char| c.is_ascii_whitespace() || matches!(c, '>' | '/')).unwrap_or(name.len());
    name.get(..end).unwrap_or_default()
}

/// XML 1.0 section 2.11: each line ends with a line feed. The reader does so in texts and attributes, and not in these.
fn line_ends(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\r', "\n")
}

fn attribute_name<'a>(node: Node<'a, '_>, attribute: Attribute<'a, '_>) -> &'a str {
    node.document().input_text().get(attribute.range_qname()).unwrap_or_default()
}

fn prefix(name: &str) -> &str {
    name.split_once(':').map_or("", |(prefix, _)| prefix)
}
