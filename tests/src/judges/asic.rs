//! Containers of files and signatures, read and made by Python's own libraries.

use std::path::Path;

use serde_json::Value;

use crate::certificates::Issued;
use crate::npki::text;
use crate::programs::Program;
use crate::workspace;

/// What is in a container, and whether each manifest's digests are those of the files; manifests and signatures go to `folder`.
pub fn read(container: &Path, folder: &Path) -> Value {
    judge(&["read", text(container), text(folder)])
}

/// Has a container made over files, signed by OpenSSL.
pub fn make(container: &Path, signer: &Issued, issuer: &Path, files: &[&Path]) {
    let (cert, key) = (text(&signer.certificate), text(&signer.key));
    let made = ["make", text(container), cert, text(issuer), key];
    let files: Vec<_> = files.iter().map(|file| text(file)).collect();
    let _ = judge(&[&made[..], &files].concat());
}

fn judge(arguments: &[&str]) -> Value {
    let script = workspace::root().join("tests/judges/asic/judge.py");
    let answer = Program::named("python").path(&script).args(arguments).run().succeeded();
    serde_json::from_slice(&answer.stdout).expect("the judge prints JSON")
}
