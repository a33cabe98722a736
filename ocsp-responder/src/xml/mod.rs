//! XML that strangers may have made, as trusted lists, signatures and manifests need it: read within bounds, brought into canonical
//! form, its signatures taken apart, written.

mod bounds;
mod canonical;
#[cfg(test)]
mod canonical_tests;
pub(crate) mod signature;
mod write;

pub use bounds::XmlRefused;
pub(crate) use bounds::{Bounds, parse};
pub(crate) use canonical::{Canonicalization, canonical};
pub(crate) use write::XmlWriter;

use roxmltree::Node;

/// `xml:`, which is never declared.
pub(crate) const XML: &str = "http://www.w3.org/XML/1998/namespace";

/// The elements among a node's children.
pub(crate) fn elements<'a, 'input: 'a>(node: Node<'a, 'input>) -> impl Iterator<Item = Node<'a, 'input>> {
    node.children().filter(Node::is_element)
}

/// All text of a node that has no elements, as it stands; `None` where it has some.
pub(crate) fn text(node: Node<'_, '_>) -> Option<String> {
    elements(node)
        .next()
        .is_none()
        .then(|| node.children().filter(Node::is_text).filter_map(|child| child.text()).collect::<String>())
}
