//! XML as trusted lists need it: read within bounds, brought into canonical form, written.

mod bounds;
mod canonical;
mod write;

pub use bounds::XmlRefused;
pub(super) use bounds::parse;
pub(super) use canonical::{Canonicalization, canonical};
pub(crate) use write::XmlWriter;

use roxmltree::Node;

/// `xml:`, which is never declared.
pub(super) const XML: &str = "http://www.w3.org/XML/1998/namespace";

/// The elements among a node's children.
pub(super) fn elements<'a, 'input: 'a>(node: Node<'a, 'input>) -> impl Iterator<Item = Node<'a, 'input>> {
    node.children().filter(Node::is_element)
}

/// All text of a node that has no elements, as it stands; `None` where it has some.
pub(super) fn text(node: Node<'_, '_>) -> Option<String> {
    elements(node)
        .next()
        .is_none()
        .then(|| node.children().filter(Node::is_text).filter_map(|child| child.text()).collect::<String>())
}
