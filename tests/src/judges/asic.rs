//! Containers of files and signatures, read and made by Python's own libraries and signxml.

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

/// Has a container made over files, with a XAdES signature by signxml, and with this besides (`tests/judges/xades/judge.py` says what there can be).
pub fn make_xades(container: &Path, signer: &Issued, issuer: &Path, files: &[&Path], more: &Value) {
    let named = |file: &&Path| {
        (file.file_name().unwrap_or_default().to_string_lossy().into_owned(), text(file).into())
    };
    let files: serde_json::Map<String, Value> = files.iter().map(named).collect();
    let mut order = serde_json::json!({
        "out": text(container), "files": files, "key": text(&signer.key), "certificates": [text(&signer.certificate), text(issuer)],
    });
    for (name, value) in more.as_object().into_iter().flatten() {
        order[name] = value.clone();
    }
    let path = container.with_extension("json");
    std::fs::write(&path, order.to_string()).expect("the folder can be written");
    let script = workspace::root().join("tests/judges/xades/judge.py");
    let _ = Program::named("python").path(&script).args(["make", text(&path)]).run().succeeded();
}

fn judge(arguments: &[&str]) -> Value {
    let script = workspace::root().join("tests/judges/asic/judge.py");
    let answer = Program::named("python").path(&script).args(arguments).run().succeeded();
    serde_json::from_slice(&answer.stdout).expect("the judge prints JSON")
}
