//! Canonical forms, judged by lxml (libxml2's implementation).

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::trusted_list::xml::{Canonicalization, canonical, parse};

/// Reads documents from a JSON list; for each, the canonical forms of the document and of its element with Id="here", inclusive and
/// exclusive, hexadecimal.
const JUDGE: &str = r#"
import json, sys
from lxml import etree
answers = []
for text in json.load(sys.stdin):
    document = etree.ElementTree(etree.fromstring(text.encode(), etree.XMLParser(resolve_entities=False)))
    here = document.xpath("//*[@Id='here']")[0]
    forms = []
    for exclusive in (False, True):
        forms.append(etree.tostring(document, method="c14n", exclusive=exclusive, with_comments=False).hex())
        # lxml forgets the xml: attributes around an element; xmlsec1 judges those.
        forms.append(etree.tostring(here, method="c14n", exclusive=exclusive, with_comments=False, with_tail=False).hex())
    answers.append(forms)
json.dump(answers, sys.stdout)
"#;

const DOCUMENTS: [&str; 16] = [
    "<a Id='here'/>",
    "<?xml version='1.0' encoding='UTF-8'?>\n<?one two?>\n<!-- gone --><a Id='here'>\r\n<b/>\t</a>\n<!-- gone -->\n<?three?>\n",
    "<a xmlns='urn:x' xmlns:p='urn:p' xmlns:q='urn:q'><p:b Id='here' q:z='1' a='2' p:a='3' b='4'><c/></p:b></a>",
    "<a xmlns='urn:x'><b xmlns='' Id='here'><c xmlns='urn:x'/></b></a>",
    "<a xmlns:p='urn:p'><b Id='here'><p:c xmlns:p='urn:other'><p:d xmlns:p='urn:p'/></p:c></b></a>",
    "<a xmlns:z='urn:1' xmlns:b='urn:3' xmlns:a='urn:2'><b Id='here' b:y='' a:x='' z:w=''/></a>",
    "<a xml:lang='en' Id='here' xml:space='preserve'><b xml:lang='st'><c z='1'> x </c></b></a>",
    "<a Id='here' t=' &amp; &lt; &gt; &quot; &apos; &#9; &#10; &#13; \u{e9} '>&amp; &lt; &gt; &quot; &#13; &#233; ]]&gt;</a>",
    "<a Id='here' t='x\ty\nz'><![CDATA[<b> & ]] >]]></a>",
    "<p:a xmlns:p='urn:p' xmlns='urn:d'><b><p:c Id='here'><d xmlns='urn:e'><e xmlns=''/></d></p:c></b></p:a>",
    "<a><!-- x --><b Id='here'>x<!-- y -->y<?pi  data ?></b></a>",
    "<a xmlns:p='urn:p'><p:b Id='here' xmlns:p='urn:p' xmlns='urn:d' p:t='1'><c xmlns='urn:d'/></p:b></a>",
    "<a xmlns='urn:d' xmlns:n='urn:n'><b n:u='1'><c n:u='2' Id='here'/></b><n:d/></a>",
    "<a><b Id='here'>\u{10348}\u{feff}&#x10348;</b></a>",
    "<doc xmlns='urn:1'><b xmlns:x='urn:1' x:t='q' t='q' Id='here'><x:c/></b></doc>",
    "<n1:elem2 xmlns:n0='http://a.example' xmlns:n1='http://b.example' xml:lang='en' Id='here'>\n  <n3:stuff xmlns:n3='ftp://example.org'/>\n</n1:elem2>",
];

fn python() -> PathBuf {
    let installed = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../target/judges/bin"));
    std::env::var_os("NPKI_PYTHON_BIN").map_or(installed, PathBuf::from).join("python3")
}

#[test]
fn canonical_forms_are_those_of_lxml() {
    let mut judge = Command::new(python())
        .args(["-c", JUDGE])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("Python is installed where NPKI_PYTHON_BIN says");
    judge.stdin.take().unwrap().write_all(&serde_json::to_vec(&DOCUMENTS).unwrap()).unwrap();
    let output = judge.wait_with_output().unwrap();
    assert!(output.status.success());
    let judged: Vec<[String; 4]> = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(judged.len(), DOCUMENTS.len());
    for (text, judged) in DOCUMENTS.iter().zip(judged) {
        let document = parse(text.as_bytes()).unwrap();
        let here = document.descendants().find(|node| node.attribute("Id") == Some("here")).unwrap();
        let mut judged =
            judged.into_iter().map(|octets| String::from_utf8(hex::decode(octets).unwrap()).unwrap());
        for form in [Canonicalization::Inclusive, Canonicalization::Exclusive] {
            for apex in [document.root(), here] {
                let ours = String::from_utf8(canonical(apex, form, None)).unwrap();
                assert_eq!(ours, judged.next().unwrap(), "{form:?} of {text}");
            }
        }
    }
}
