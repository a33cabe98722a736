//! Signatures in PDF documents, judged and made by pyHanko.

use std::path::Path;

use serde_json::Value;

use crate::certificates::Issued;
use crate::npki::text;
use crate::programs::Program;
use crate::workspace;

/// What pyHanko says of each signature in a document.
pub fn pyhanko(root: &Path, document: &Path) -> Vec<Value> {
    judge(&["validate", text(root), text(document)]).as_array().expect("a list").clone()
}

/// Has pyHanko sign a document.
pub fn pyhanko_signs(signer: &Issued, issuer: &Path, document: &Path, signed: &Path, field: &str) {
    let (cert, key) = (text(&signer.certificate), text(&signer.key));
    let _ = judge(&["sign", cert, text(issuer), key, text(document), text(signed), field]);
}

/// Has pyHanko sign a document in a field that is there or not, also where others forbade it.
pub fn pyhanko_signs_regardless(
    signer: &Issued,
    issuer: &Path,
    document: &Path,
    signed: &Path,
    (field, place): (&str, Where),
) {
    let (cert, key) = (text(&signer.certificate), text(&signer.key));
    let place = if place == Where::Seen { "seen" } else { "unseen" };
    let sign = ["sign_regardless", cert, text(issuer), key, text(document), text(signed), field, place];
    let _ = judge(&sign);
}

/// What pyHanko says of the first signature by what the document keeps alone, and of each time stamp over the document.
pub fn pyhanko_lasting(root: &Path, document: &Path) -> Value {
    judge(&["lasting", text(root), text(document)])
}

/// Has pyHanko sign a document so that it lasts (B-LTA), with the time stamps of a unit.
pub fn pyhanko_signs_lasting(
    signer: &Issued,
    issuer: &Path,
    root: &Path,
    document: &Path,
    signed: &Path,
    unit: &str,
) {
    let (cert, key) = (text(&signer.certificate), text(&signer.key));
    let _ = judge(&["sign_lasting", cert, text(issuer), key, text(root), text(document), text(signed), unit]);
}

/// What PDFium shows on a page of a document that it did not show on it before.
pub fn pdfium_shows(before: &Path, after: &Path, page: usize) -> Value {
    judge(&["seen", text(before), text(after), &page.to_string()])
}

/// What a signature field does to others once it is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Locks {
    /// Nothing.
    Nothing,
    /// Nobody may change them.
    All,
    /// Nobody may change these.
    Only(&'static [&'static str]),
    /// Nobody may change any but these.
    AllBut(&'static [&'static str]),
    /// Nobody may change the document.
    Document,
}

/// Where a new field stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Where {
    /// On the first page.
    Seen,
    /// Nowhere; or it is no new one.
    Unseen,
}

/// Has pyHanko make an empty signature field, from corner to corner.
pub fn pyhanko_makes_field(document: &Path, made: &Path, name: &str, corners: [u32; 4], locks: Locks) {
    let corners = corners.map(|corner| corner.to_string());
    let corners = corners.each_ref().map(String::as_str);
    let locks = match locks {
        Locks::Nothing => "nothing".to_owned(),
        Locks::All => "all".to_owned(),
        Locks::Only(fields) => format!("only={}", fields.join(",")),
        Locks::AllBut(fields) => format!("but={}", fields.join(",")),
        Locks::Document => "document".to_owned(),
    };
    let _ = judge(&[&["field", text(document), text(made), name][..], &corners, &[&locks]].concat());
}

/// Has pyHanko certify a document: 1 permits nothing, 2 to fill in forms and to sign, 3 notes, too.
pub fn pyhanko_certifies(signer: &Issued, issuer: &Path, document: &Path, signed: &Path, level: u8) {
    let (cert, key) = (text(&signer.certificate), text(&signer.key));
    let _ = judge(&["certify", cert, text(issuer), key, text(document), text(signed), &level.to_string()]);
}

fn judge(arguments: &[&str]) -> Value {
    let script = workspace::root().join("tests/judges/pdf/judge.py");
    let answer = Program::named("python").path(&script).args(arguments).run().succeeded();
    serde_json::from_slice(&answer.stdout).expect("the judge prints JSON")
}
