//! Canonical forms, judged by lxml (libxml2's implementation).

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::bounds::{Bounds, parse};
use super::canonical::{Canonicalization, canonical};

/// Reads documents from a JSON list; for each, the canonical forms of the document and of its element with Id="here": inclusive, exclusive,
/// and exclusive with prefixes, each without comments and with them, hexadecimal.
const JUDGE: &str = r##"
import json, sys
from lxml import etree
answers = []
for text in json.load(sys.stdin):
    document = etree.ElementTree(etree.fromstring(text.encode(), etree.XMLParser(resolve_entities=False)))
    here = document.xpath("//*[@Id='here']")[0]
    forms = []
    for form in ({}, {"exclusive": True}, {"exclusive": True, "inclusive_ns_prefixes": ["p", "n1"]}):
        for comments in (False, True):
            asked = {"method": "c14n", "with_comments": comments, **form}
            forms.append(etree.tostring(document, **asked).hex())
            # lxml forgets the xml: attributes around an element, which xmlsec1 judges, and the namespaces there that are listed; #default
            # it does not know.
            forms.append(etree.tostring(here, with_tail=False, **asked).hex())
    answers.append(forms)
json.dump(answers, sys.stdout)
"##;

const DOCUMENTS: [&str; 19] = [
    "<a Id='here'/>",
    "<?xml version='1.0' encoding='UTF-8'?>\n<?one two\r\nthree\rfour?>\n<!-- gone --><a Id='here'>\r\n<b/>\t</a>\n<!-- gone -->\n<?three?>\n",
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
    "<!-- one\r\n two --><a xmlns:p='urn:p'><b Id='here'><c><p:d/><!--x--></c><e xmlns:p='urn:q'><p:f/></e></b></a><!----><?z?>",
    "<a xmlns:p='urn:p' xmlns='urn:d'><b Id='here' t='&quot;>xmlns'><c xmlns:p='urn:p'/><p:c xmlns=''/></b></a>",
    "<a xmlns:p='urn:p' xmlns:n1='urn:n'><b Id='here'><c xmlns:n1='urn:m'><d xmlns:p='urn:r' t='1'/></c></b></a>",
];

fn python() -> PathBuf {
    let installed = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../target/judges/bin"));
    std::env::var_os("NPKI_PYTHON_BIN").map_or(installed, PathBuf::from).join("python3")
}

/// In the order of the judge.
fn forms() -> Vec<Canonicalization> {
    let named = |name: &str| Canonicalization::named(name).unwrap();
    let mut forms = Vec::new();
    for (name, prefixes) in [
        ("http://www.w3.org/TR/2001/REC-xml-c14n-20010315", None),
        ("http://www.w3.org/2001/10/xml-exc-c14n#", None),
        ("http://www.w3.org/2001/10/xml-exc-c14n#", Some(" p\tn1 ")),
    ] {
        let with = format!("{}#WithComments", name.trim_end_matches('#'));
        for form in [named(name), named(&with)] {
            forms.push(prefixes.map_or(form.clone(), |list| form.with_prefixes(list).unwrap()));
        }
    }
    forms
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
    let judged: Vec<[String; 12]> = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(judged.len(), DOCUMENTS.len());
    for (text, judged) in DOCUMENTS.iter().zip(judged) {
        let document = parse(text.as_bytes(), Bounds::LIST).unwrap();
        let here = document.descendants().find(|node| node.attribute("Id") == Some("here")).unwrap();
        let mut judged =
            judged.into_iter().map(|octets| String::from_utf8(hex::decode(octets).unwrap()).unwrap());
        for form in forms() {
            for apex in [document.root(), here] {
                let ours = String::from_utf8(canonical(apex, &form, None)).unwrap();
                let theirs = judged.next().unwrap();
                if apex.is_root() || !form.has_prefixes() {
                    assert_eq!(ours, theirs, "{form:?} of {text}");
                }
            }
        }
    }
}

#[test]
fn listed_prefixes_are_declared_wherever_they_stand() {
    let text =
        "<a xmlns='urn:d' xmlns:p='urn:p' xmlns:q='urn:q'><q:b Id='here'><q:c xmlns:p='urn:r'/></q:b></a>";
    let document = parse(text.as_bytes(), Bounds::LIST).unwrap();
    let here = document.descendants().find(|node| node.attribute("Id") == Some("here")).unwrap();
    let form = Canonicalization::EXCLUSIVE.with_prefixes("p #default").unwrap();
    // Exclusive XML Canonicalization section 3: as the inclusive form has those of the list.
    assert_eq!(
        String::from_utf8(canonical(here, &form, None)).unwrap(),
        "<q:b xmlns=\"urn:d\" xmlns:p=\"urn:p\" xmlns:q=\"urn:q\" Id=\"here\"><q:c xmlns:p=\"urn:r\"></q:c></q:b>"
    );
}

#[test]
fn what_version_1_1_has_otherwise_is_the_identifier() {
    let text = "<a xml:id='x' xml:lang='st'><b Id='here'/></a>";
    let document = parse(text.as_bytes(), Bounds::LIST).unwrap();
    let here = document.descendants().find(|node| node.attribute("Id") == Some("here")).unwrap();
    let form = |name: &str| {
        let form = Canonicalization::named(name).unwrap();
        assert_eq!(form.identifier(), name);
        String::from_utf8(canonical(here, &form, None)).unwrap()
    };
    // Canonical XML 1.1 section 2.4: xml:id is not inherited.
    assert_eq!(
        form("http://www.w3.org/TR/2001/REC-xml-c14n-20010315"),
        "<b Id=\"here\" xml:id=\"x\" xml:lang=\"st\"></b>"
    );
    assert_eq!(form("http://www.w3.org/2006/12/xml-c14n11"), "<b Id=\"here\" xml:lang=\"st\"></b>");
    assert_eq!(form("http://www.w3.org/2001/10/xml-exc-c14n#"), "<b Id=\"here\"></b>");
    assert_eq!(Canonicalization::named("http://www.w3.org/2010/xml-c14n2"), None);
    assert_eq!(Canonicalization::INCLUSIVE.with_prefixes("a"), None);
}

#[test]
fn many_namespaces_and_elements_take_no_time() {
    let declared: String = (0..60).map(|number| format!(" xmlns:a{number}='urn:{number}'")).collect();
    let opened: String = (0..50).map(|_| format!("<b{declared}>")).collect();
    let text = format!("<a>{opened}{}{}</a>", "<c x='>'/>".repeat(200_000), "</b>".repeat(50));
    let document = parse(text.as_bytes(), Bounds::LIST).unwrap();
    let begun = Instant::now();
    for form in forms() {
        assert!(canonical(document.root(), &form, None).len() > text.len());
    }
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
}
