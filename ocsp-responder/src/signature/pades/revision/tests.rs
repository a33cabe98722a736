#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on says so and stops")]

use std::fmt::Write as _;

use lopdf::{Document, Object};

use super::*;
use crate::signature::pades::tests::{document, document_of, edited, root_of};

/// A document of these objects, from 1 on, with its table.
fn written(objects: &[&str]) -> Vec<u8> {
    let (mut octets, mut table) = (b"%PDF-1.7\n".to_vec(), format!("xref\n0 {}\n", objects.len() + 1));
    table.push_str("0000000000 65535 f \n");
    for (number, object) in (1..).zip(objects) {
        writeln!(table, "{:010} 00000 n ", octets.len()).unwrap();
        octets.extend(format!("{number} 0 obj\n{object}\nendobj\n").as_bytes());
    }
    let start = octets.len();
    let size = objects.len() + 1;
    write!(table, "trailer\n<</Size {size}/Root 1 0 R>>\nstartxref\n{start}\n%%EOF\n").unwrap();
    octets.extend(table.as_bytes());
    octets
}

const CATALOG: &str = "<</Type/Catalog/Pages 2 0 R>>";
const PAGES: &str = "<</Type/Pages/Kids[]/Count 0>>";

#[test]
fn each_object_is_what_reading_all_of_them_finds() {
    let mut modern = Vec::new();
    document_of("modern").save_modern(&mut modern).unwrap();
    for octets in [document(), modern] {
        let changed = edited(&octets, |update| {
            let root = root_of(update);
            update.opt_clone_object_to_new_document(root).unwrap();
            update.new_document.get_dictionary_mut(root).unwrap().set("Lang", Object::string_literal("st"));
        });
        for octets in [&octets, &changed] {
            let revision = Revision::read(octets).unwrap();
            let all = Document::load_mem(octets).unwrap();
            assert_eq!(
                all.page_iter().collect::<Vec<_>>(),
                revision.document().page_iter().collect::<Vec<_>>()
            );
            for (id, mut object) in all.objects {
                if let Object::Stream(stream) = &mut object {
                    stream.start_position = None;
                    if stream.dict.has_type(b"XRef") {
                        continue;
                    }
                }
                assert_eq!(revision.object(id), Some(object), "{id:?}");
            }
        }
        let (before, after) = (Revision::read(&octets).unwrap(), Revision::read(&changed).unwrap());
        let root = after.trailer().get(b"Root").unwrap().as_reference().unwrap();
        let differing = before.differing(&after);
        assert!(differing.contains(&root) && differing.len() <= 2, "{differing:?}");
    }
}

#[test]
fn a_stream_is_as_long_as_another_object_says() {
    let stream = "<</Length 4 0 R>>\nstream\n12345 endstream 6789\nendstream";
    let octets = written(&[CATALOG, PAGES, stream, "20"]);
    let revision = Revision::read(&octets).unwrap();
    let Some(Object::Stream(stream)) = revision.object((3, 0)) else { panic!("a stream") };
    assert_eq!(stream.content, b"12345 endstream 6789");
}

#[test]
fn a_table_that_would_have_to_be_repaired_is_refused() {
    let octets = written(&[CATALOG, PAGES, "(100 maloti)"]);
    assert!(Revision::read(&octets).is_ok());
    let text = String::from_utf8(octets).unwrap();
    let third = format!("{:010} 00000 n", text.find("3 0 obj").unwrap());
    let start = text.find("xref").unwrap();
    for (from, to) in [
        // An object elsewhere, nowhere, or another one there.
        (third.as_str(), "0000000020 00000 n".to_owned()),
        (third.as_str(), "9999999999 00000 n".to_owned()),
        ("3 0 obj", "4 0 obj".to_owned()),
        // A table elsewhere, twice, or not.
        (&format!("startxref\n{start}"), format!("startxref\n{}", start + 1)),
        ("/Root 1 0 R", format!("/Root 1 0 R/Prev {start}")),
        ("%PDF-1.7", "junk\n%PDF-1.7".to_owned()),
        ("%%EOF", String::new()),
    ] {
        assert!(text.contains(from), "{from}");
        let broken = text.replacen(from, &to, 1);
        assert!(matches!(Revision::read(broken.as_bytes()), Err(PdfError::Malformed)), "{from} {to}");
    }
}
