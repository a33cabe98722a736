//! Canonical XML: what digests in signatures are over.
//!
//! Two forms, both without comments: Canonical XML 1.0 (inclusive) and Exclusive XML Canonicalization 1.0, the latter without
//! a list of prefixes to be treated inclusively. They are applied to a whole document, less one element where there is
//! an enveloped signature, or to one element and what is in it. Other forms and other parts are not needed by trusted lists, and
//! are refused where they are asked for.

use roxmltree::{Attribute, Node, NodeId};

use super::XML;

/// How XML is brought into canonical form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::trusted_list) enum Canonicalization {
    /// Canonical XML 1.0 without comments: all namespaces in scope belong to an element.
    Inclusive,
    /// Exclusive XML Canonicalization 1.0 without comments: those that it uses.
    Exclusive,
}

impl Canonicalization {
    /// Its identifier in signatures.
    pub(in crate::trusted_list) const fn identifier(self) -> &'static str {
        match self {
            Self::Inclusive => "http://www.w3.org/TR/2001/REC-xml-c14n-20010315",
            Self::Exclusive => "http://www.w3.org/2001/10/xml-exc-c14n#",
        }
    }

    /// What an identifier names; `None` for what is not done here.
    pub(in crate::trusted_list) fn named(identifier: &str) -> Option<Self> {
        [Self::Inclusive, Self::Exclusive].into_iter().find(|form| form.identifier() == identifier)
    }
}

/// The canonical form of a document (given its root node) or of an element, less the element `without`.
pub(in crate::trusted_list) fn canonical(
    apex: Node<'_, '_>,
    form: Canonicalization,
    without: Option<NodeId>,
) -> Vec<u8> {
    let mut writer = Writer { form, without, out: String::new() };
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

struct Writer {
    form: Canonicalization,
    without: Option<NodeId>,
    out: String,
}

impl Writer {
    /// Canonical XML 1.0 section 2.1: line feeds part the document element from instructions before and after it.
    fn document(&mut self, root: Node<'_, '_>) {
        let mut after = false;
        for child in root.children() {
            if child.is_element() {
                self.element(child, &[], Place::Apex);
                after = true;
            } else if child.is_pi() && after {
                self.out.push('\n');
                self.instruction(child);
            } else if child.is_pi() {
                self.instruction(child);
                self.out.push('\n');
            }
        }
    }

    fn instruction(&mut self, node: Node<'_, '_>) {
        let Some(instruction) = node.pi() else { return };
        self.out.push_str("<?");
        self.out.push_str(instruction.target);
        if let Some(value) = instruction.value.filter(|value| !value.is_empty()) {
            self.out.push(' ');
            self.out.push_str(&value.replace('\r', "&#xD;"));
        }
        self.out.push_str("?>");
    }

    /// An element below others that have written these bindings. The depth of documents is bounded.
    fn element(&mut self, node: Node<'_, '_>, written: &[Binding<'_>], place: Place) {
        if self.without == Some(node.id()) {
            return;
        }
        let name = qualified(node);
        let mut attributes: Vec<Attribute<'_, '_>> = node.attributes().collect();
        if self.form == Canonicalization::Inclusive && place == Place::Apex {
            attributes.extend(inherited(node));
        }
        // Section 2.2: by namespace, then by name; those without a namespace first.
        attributes.sort_by_key(|attribute| (attribute.namespace().unwrap_or_default(), attribute.name()));
        let news = self.to_declare(node, name, &attributes, written);
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
        let now_written = over(written, &news);
        for child in node.children() {
            if child.is_element() {
                self.element(child, &now_written, Place::Within);
            } else if child.is_pi() {
                self.instruction(child);
            } else if child.is_text() {
                self.text(child.text().unwrap_or_default());
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
    ) -> Vec<Binding<'a>> {
        let standing = |prefix: &str| node.lookup_namespace_uri(Some(prefix).filter(|it| !it.is_empty()));
        let mut needed: Vec<Binding<'a>> = match self.form {
            Canonicalization::Inclusive => node
                .namespaces()
                .filter(|namespace| namespace.name() != Some("xml"))
                .map(|namespace| (namespace.name().unwrap_or_default(), namespace.uri()))
                .collect(),
            Canonicalization::Exclusive => Vec::new(),
        };
        if self.form == Canonicalization::Exclusive {
            let of_attributes = attributes.iter().map(|attribute| prefix(attribute_name(node, *attribute)));
            let used = of_attributes.filter(|prefix| !prefix.is_empty()).chain([prefix(name)]);
            let used = used.filter(|prefix| *prefix != "xml");
            needed.extend(used.map(|prefix| (prefix, standing(prefix).unwrap_or_default())));
        } else if standing("").is_none_or(str::is_empty) {
            needed.retain(|(prefix, _)| !prefix.is_empty());
            needed.push(("", ""));
        }
        needed.sort_unstable();
        needed.dedup();
        let around = |prefix: &str| written.iter().find(|(known, _)| *known == prefix).map(|(_, uri)| *uri);
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

/// Canonical XML 1.0 section 2.4: attributes of `xml:` around an element belong to it when it stands alone, the nearest first.
fn inherited<'a, 'input>(node: Node<'a, 'input>) -> Vec<Attribute<'a, 'input>> {
    let mut found: Vec<Attribute<'a, 'input>> = Vec::new();
    for around in node.ancestors().skip(1) {
        for attribute in around.attributes().filter(|attribute| attribute.namespace() == Some(XML)) {
            let known = found.iter().any(|other| other.name() == attribute.name());
            if !known && node.attribute((XML, attribute.name())).is_none() {
                found.push(attribute);
            }
        }
    }
    found
}

fn over<'a>(written: &[Binding<'a>], news: &[Binding<'a>]) -> Vec<Binding<'a>> {
    let hidden = |(prefix, _): &&Binding<'a>| !news.iter().any(|(newer, _)| newer == prefix);
    written.iter().filter(hidden).chain(news).copied().collect()
}

/// The name of an element as it is written: the reader tells what its prefix stands for, and not the prefix.
fn qualified<'a>(node: Node<'a, '_>) -> &'a str {
    let text = node.document().input_text().get(node.range()).unwrap_or_default();
    let name = text.strip_prefix('<').unwrap_or_default();
    let end = name.find(|c: char| c.is_ascii_whitespace() || matches!(c, '>' | '/')).unwrap_or(name.len());
    name.get(..end).unwrap_or_default()
}

fn attribute_name<'a>(node: Node<'a, '_>, attribute: Attribute<'a, '_>) -> &'a str {
    node.document().input_text().get(attribute.range_qname()).unwrap_or_default()
}

fn prefix(name: &str) -> &str {
    name.split_once(':').map_or("", |(prefix, _)| prefix)
}
