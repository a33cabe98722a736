//! Objects parsed each out of the octets it stands in, by lopdf, which reads whole documents alone: so a document is made of those octets
//! and nothing else.

use std::collections::BTreeMap;
use std::io::Write as _;

use lopdf::{Document, Object, ObjectId};

/// One object.
pub(super) fn parsed_alone(piece: &[u8], id: ObjectId) -> Option<Object> {
    parsed(&[(id, piece)]).remove(&id)
}

/// Those of the objects that can be parsed. Each piece begins with the object's number.
pub(super) fn parsed(pieces: &[(ObjectId, &[u8])]) -> BTreeMap<ObjectId, Object> {
    let Some(mut document) = made_of(pieces).and_then(|octets| Document::load_mem(&octets).ok()) else {
        return BTreeMap::new();
    };
    let found = pieces.iter().filter_map(|(id, _)| {
        let mut object = document.objects.remove(id)?;
        if let Object::Stream(stream) = &mut object {
            // Where it stands says nothing of what it is.
            stream.start_position = None;
        }
        Some((*id, object))
    });
    found.collect()
}

fn made_of(pieces: &[(ObjectId, &[u8])]) -> Option<Vec<u8>> {
    let highest = pieces.iter().map(|((number, _), _)| *number).max()?;
    // A catalogue over no pages: without one lopdf would look for objects by itself.
    let (root, pages) = (highest.checked_add(1)?, highest.checked_add(2)?);
    let catalog = format!("{root} 0 obj\n<</Pages {pages} 0 R>>\nendobj\n");
    let tree = format!("{pages} 0 obj\n<</Kids []>>\nendobj\n");
    let own = [((root, 0), catalog.as_bytes()), ((pages, 0), tree.as_bytes())];
    let size = pieces.iter().map(|(_, piece)| piece.len() + 64).sum::<usize>() + 512;
    let (mut octets, mut table) = (Vec::with_capacity(size), b"xref\n".to_vec());
    octets.extend_from_slice(b"%PDF-1.7\n");
    for ((number, generation), piece) in pieces.iter().chain(&own) {
        write!(table, "{number} 1\n{:010} {generation:05} n \n", octets.len()).ok()?;
        octets.extend_from_slice(piece);
        octets.push(b'\n');
    }
    let start = octets.len();
    octets.append(&mut table);
    let size = pages.checked_add(1)?;
    write!(octets, "trailer\n<</Size {size}/Root {root} 0 R>>\nstartxref\n{start}\n%%EOF\n").ok()?;
    Some(octets)
}
