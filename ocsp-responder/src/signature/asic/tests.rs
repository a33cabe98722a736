#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeMap;
use std::io::Write;

use ca_core::clock::{Clock, SystemClock};
use flate2::Compression;
use flate2::write::DeflateEncoder;
use proptest::prelude::*;

use super::manifest::Manifest;
use super::*;
use crate::signature::tests::TestSigner;
use crate::signature::{ContentDigest, sign_detached};
use crate::validation::algorithm::DigestAlgorithm;
use crate::validation::certificate::Certificate;
use crate::validation::fixture::{CA, LEAF, Workshop};
use crate::validation::status::{CrlOnly, GatheredEvidence};
use crate::validation::{Answer, Basis, Indication, SubIndication};

const BOUND: u64 = 64 * 1024 * 1024;
const ASIC_E: &[u8] = b"application/vnd.etsi.asic-e+zip";
const ASIC_S: &[u8] = b"application/vnd.etsi.asic-s+zip";
const FIRST: (&str, &[u8]) = ("contract.txt", b"The ministry pays 100 maloti.");
const SECOND: (&str, &[u8]) = ("annex/Lek\u{f6}to 1.txt", b"in 3 parts\0\xff");

struct Office {
    workshop: Workshop,
    root: Certificate,
    issuing: Certificate,
    leaf: Certificate,
    evidence: GatheredEvidence,
}

impl Office {
    fn open() -> Self {
        let workshop = Workshop::new();
        let root = workshop.root("root", "P-256");
        let issuing = workshop.issue("root", "issuing", "P-256", CA);
        let leaf = workshop.issue("issuing", "leaf", "P-256", LEAF);
        let crls = vec![workshop.crl("root", &[]), workshop.crl("issuing", &[])];
        let evidence = GatheredEvidence { crls, ocsp_responses: Vec::new() };
        Self { workshop, root, issuing, leaf, evidence }
    }

    fn over(&self, content: &[u8]) -> Vec<u8> {
        let signer = TestSigner::open(&self.workshop, "leaf", "P-256");
        let chain = [self.issuing.clone(), self.root.clone()];
        sign_detached(content, &signer, &self.leaf, &chain, SystemClock.now()).unwrap()
    }

    fn complete(&self, prepared: PreparedContainer) -> Vec<u8> {
        let signature = self.over(prepared.manifest());
        prepared.complete(&signature).unwrap()
    }

    fn container(&self) -> Vec<u8> {
        let files = [FIRST, SECOND].map(|(name, content)| DataFile { name, content });
        self.complete(PreparedContainer::of(&files, SystemClock.now()).unwrap())
    }

    /// What a manifest over these files and a signature over that are.
    fn manifest(&self, signature: &str, files: &[(&str, &[u8])]) -> (Vec<u8>, Vec<u8>) {
        let digest = |(name, content): &(&str, &[u8])| {
            ((*name).to_owned(), ContentDigest::of(content, DigestAlgorithm::Sha384))
        };
        let manifest = Manifest::write(signature, &files.iter().map(digest).collect::<Vec<_>>());
        let signed = self.over(&manifest);
        (manifest, signed)
    }

    fn verdict(&self, octets: &[u8]) -> Option<ContainerVerdict> {
        let anchors = std::slice::from_ref(&self.root);
        let at = SystemClock.now();
        let evidence = &self.evidence;
        verify_container(octets, BOUND, &Basis { anchors, intermediates: &[], evidence, ocsp: &CrlOnly, at })
    }

    #[track_caller]
    fn told(&self, octets: &[u8], why: Option<SubIndication>, reason: &str) -> ContainerVerdict {
        let verdict = self.verdict(octets).expect("signatures");
        assert_eq!(verdict.sub_indication, why, "{verdict:?}");
        assert_eq!(verdict.answer == Answer::Valid, why.is_none());
        assert!(verdict.reasons.join("\n").contains(reason), "{verdict:?}");
        verdict
    }
}

/// A ZIP file, written by hand.
#[derive(Default)]
struct Zip {
    written: Vec<u8>,
    directory: Vec<u8>,
    count: u16,
}

/// One of its entries, with what can be wrong about it.
struct Entry<'a> {
    name: &'a [u8],
    local_name: &'a [u8],
    content: &'a [u8],
    is_packed: bool,
    flags: u16,
    extra: &'a [u8],
    /// Claimed in place of the true one.
    size: Option<u32>,
    /// Behind the packed octets, within what they are said to be.
    tail: &'a [u8],
}

impl<'a> Entry<'a> {
    fn of(name: &'a str, content: &'a [u8]) -> Self {
        let (flags, size) = (if name.is_ascii() { 0 } else { 1 << 11 }, None);
        let name = name.as_bytes();
        Self { name, local_name: name, content, is_packed: false, flags, extra: b"", size, tail: b"" }
    }

    fn packed(name: &'a str, content: &'a [u8]) -> Self {
        Self { is_packed: true, ..Self::of(name, content) }
    }
}

impl Zip {
    fn with(mut self, entry: &Entry<'_>) -> Self {
        let mut octets = if entry.is_packed {
            let mut packer = DeflateEncoder::new(Vec::new(), Compression::best());
            packer.write_all(entry.content).unwrap();
            packer.finish().unwrap()
        } else {
            entry.content.to_vec()
        };
        octets.extend(entry.tail);
        let mut sum = flate2::Crc::new();
        sum.update(entry.content);
        let size = entry.size.unwrap_or(entry.content.len() as u32);
        let numbers: Vec<u8> =
            [sum.sum(), octets.len() as u32, size].iter().flat_map(|number| number.to_le_bytes()).collect();
        let described = entry.flags & 8 != 0;
        let method = if entry.is_packed { 8u16 } else { 0 };
        let common = |name: &[u8], numbers: &[u8], extra: &[u8]| {
            let head = [20, entry.flags, method, 0, 0].into_iter().flat_map(|number| number.to_le_bytes());
            let lengths = [name.len() as u16, extra.len() as u16];
            let lengths = lengths.into_iter().flat_map(|number| number.to_le_bytes());
            head.chain(numbers.iter().copied()).chain(lengths).collect::<Vec<u8>>()
        };
        let start = (self.written.len() as u32).to_le_bytes();
        let local = if described { &[0; 12] } else { numbers.as_slice() };
        for part in [b"PK\x03\x04", &common(entry.local_name, local, entry.extra)[..], entry.local_name] {
            self.written.extend(part);
        }
        self.written.extend(entry.extra);
        self.written.extend(&octets);
        if described {
            self.written.extend(b"PK\x07\x08");
            self.written.extend(&numbers);
        }
        self.directory.extend(b"PK\x01\x02\x14\x00");
        self.directory.extend(common(entry.name, &numbers, b""));
        self.directory.extend([0; 10]);
        self.directory.extend(start);
        self.directory.extend(entry.name);
        self.count += 1;
        self
    }

    fn file(self, name: &str, content: &[u8]) -> Self {
        self.with(&Entry::of(name, content))
    }

    fn finish(self) -> Vec<u8> {
        self.finish_with(b"", b"", b"")
    }

    fn finish_with(mut self, before_directory: &[u8], before_end: &[u8], comment: &[u8]) -> Vec<u8> {
        self.written.extend(before_directory);
        let start = (self.written.len() as u32).to_le_bytes();
        let octets = (self.directory.len() as u32).to_le_bytes();
        self.written.extend(&self.directory);
        self.written.extend(before_end);
        let count = self.count.to_le_bytes();
        let comment_octets = (comment.len() as u16).to_le_bytes();
        for part in [b"PK\x05\x06\0\0\0\0", &count[..], &count, &octets, &start, &comment_octets, comment] {
            self.written.extend(part);
        }
        self.written
    }
}

/// A signed container with what else is to be in it.
fn around(office: &Office, more: &[Entry<'_>]) -> Zip {
    let (manifest, signature) = office.manifest("META-INF/signature.p7s", &[FIRST]);
    let zip = Zip::default().file("mimetype", ASIC_E).file(FIRST.0, FIRST.1);
    let zip = zip.file("META-INF/ASiCManifest.xml", &manifest).file("META-INF/signature.p7s", &signature);
    more.iter().fold(zip, Zip::with)
}

#[test]
fn a_container_is_made_added_to_and_judged() {
    let office = Office::open();
    let once = office.container();
    // EN 319 162-1 clause A.1: the media type is to be seen at octet 38.
    assert_eq!(&once[30..38 + ASIC_E.len()], [b"mimetype", ASIC_E].concat());
    let verdict = office.told(&once, None, "");
    assert_eq!((verdict.container, verdict.uncovered.len()), (Some(ContainerForm::Extended), 0));
    let [signature] = verdict.signatures.as_slice() else { panic!("{verdict:?}") };
    assert_eq!(signature.covers, [FIRST.0, SECOND.0]);
    let twice = office.complete(PreparedContainer::adding_to(once.clone(), SystemClock.now()).unwrap());
    let verdict = office.told(&twice, None, "");
    let files: Vec<_> = verdict.signatures.iter().map(|signature| signature.file.as_str()).collect();
    assert_eq!(files, ["META-INF/signature001.p7s", "META-INF/signature002.p7s"]);
    // Packed, described behind the data, with the media type as the comment: as others write.
    let packed = Entry { flags: 8, ..Entry::packed(SECOND.0, SECOND.1) };
    let packed = Entry { flags: 8 | 1 << 11, ..packed };
    let (manifest, over) = office.manifest("META-INF/signature.p7s", &[FIRST, SECOND]);
    let theirs = Zip::default()
        .file("mimetype", ASIC_E)
        .file(FIRST.0, FIRST.1)
        .with(&packed)
        .with(&Entry::packed("META-INF/ASiCManifest.xml", &manifest))
        .file("META-INF/signature.p7s", &over)
        .finish_with(b"", b"", b"mimetype=application/vnd.etsi.asic-e+zip");
    office.told(&theirs, None, "");
    let added = office.complete(PreparedContainer::adding_to(theirs, SystemClock.now()).unwrap());
    assert_eq!(office.told(&added, None, "").signatures.len(), 2);
}

#[test]
fn names_that_mean_something_else_are_not_put_in() {
    let refused = |names: &[&str]| {
        let files: Vec<_> = names.iter().map(|name| DataFile { name, content: b"x" }).collect();
        PreparedContainer::of(&files, SystemClock.now()).unwrap_err()
    };
    for name in
        ["mimetype", "META-INF/signature.p7s", "META-INF/ASiCManifest.xml", "../x", "/x", "a\\b", "a/", ""]
    {
        assert!(matches!(refused(&[name]), ContainerError::Name(_)), "{name}");
    }
    assert_eq!(refused(&["a", "a"]), ContainerError::SameName("a".to_owned()));
    assert_eq!(refused(&[]), ContainerError::Nothing);
}

#[test]
fn a_simple_container_is_judged_and_not_added_to() {
    let office = Office::open();
    let signature = office.over(FIRST.1);
    let zip = |media_type: &[u8]| Zip::default().file("mimetype", media_type).file(FIRST.0, FIRST.1);
    let simple = zip(ASIC_S).file("META-INF/signature.p7s", &signature).finish();
    let verdict = office.told(&simple, None, "");
    assert_eq!(verdict.container, Some(ContainerForm::Simple));
    assert_eq!(verdict.signatures[0].covers, [FIRST.0]);
    assert_eq!(
        PreparedContainer::adding_to(simple, SystemClock.now()).unwrap_err(),
        ContainerError::NotExtended
    );
    let two = zip(ASIC_S).file("b", b"").file("META-INF/signature.p7s", &signature).finish();
    office.told(&two, Some(SubIndication::FormatFailure), "has 2 files");
    // The other form's, without what that asks for.
    let bare = zip(ASIC_E).file("META-INF/signature.p7s", &signature).finish();
    office.told(&bare, Some(SubIndication::FormatFailure), "0 manifests");
    assert_eq!(office.verdict(&zip(ASIC_S).finish()), None);
}

#[test]
fn what_is_not_covered_is_never_passed() {
    let office = Office::open();
    let extra = around(&office, &[Entry::of("annex.txt", b"and 900 more")]).finish();
    let verdict =
        office.told(&extra, Some(SubIndication::SigConstraintsFailure), "annex.txt is covered by no");
    assert_eq!(
        (verdict.indication, &verdict.uncovered[..]),
        (Indication::Indeterminate, &["annex.txt".to_owned()][..])
    );
    assert_eq!(verdict.signatures[0].leaves_out, ["annex.txt"]);
    assert_eq!(verdict.signatures[0].verdict.answer, Answer::Valid);
    // Also where other programs may look for content.
    for name in ["META-INF/readme.txt", "META-INF/a/signature.p7s", "meta-inf/signature2.p7s", "Mimetype"] {
        let extra = around(&office, &[Entry::of(name, b"x")]).finish();
        office.told(&extra, Some(SubIndication::SigConstraintsFailure), "covered by no signature");
    }
    // A folder is nothing.
    office.told(&around(&office, &[Entry::of("annex/", b"")]).finish(), None, "");
    office.told(
        &around(&office, &[Entry::of("annex/", b"x")]).finish(),
        Some(SubIndication::FormatFailure),
        "folder",
    );
}

#[test]
fn manifests_say_what_is_signed_or_nothing_is() {
    let office = Office::open();
    let built = |manifest: &[u8], signature: &[u8]| {
        Zip::default()
            .file("mimetype", ASIC_E)
            .file(FIRST.0, FIRST.1)
            .file("META-INF/ASiCManifest.xml", manifest)
            .file("META-INF/signature.p7s", signature)
    };
    let (missing, over) = office.manifest("META-INF/signature.p7s", &[FIRST, ("gone.txt", b"")]);
    office.told(
        &built(&missing, &over).finish(),
        Some(SubIndication::SignedDataNotFound),
        "gone.txt was signed",
    );
    let (other, over) =
        office.manifest("META-INF/signature.p7s", &[(FIRST.0, b"The ministry pays 900 maloti.")]);
    office.told(
        &built(&other, &over).finish(),
        Some(SubIndication::HashFailure),
        "contract.txt is not the file",
    );
    let (manifest, over) = office.manifest("META-INF/signature.p7s", &[FIRST]);
    let twice = built(&manifest, &over).file("META-INF/ASiCManifest2.xml", &manifest).finish();
    office.told(&twice, Some(SubIndication::FormatFailure), "2 manifests");
    let (lost, _) = office.manifest("META-INF/signature9.p7s", &[FIRST]);
    let lost = built(&manifest, &over).file("META-INF/ASiCManifest9.xml", &lost).finish();
    office.told(&lost, Some(SubIndication::SigConstraintsFailure), "ASiCManifest9.xml is about a signature");
    let text = String::from_utf8(manifest).unwrap();
    let changed = |from: &str, to: &str| {
        let changed = text.replace(from, to);
        assert_ne!(changed, text);
        let over = office.over(changed.as_bytes());
        built(changed.as_bytes(), &over).finish()
    };
    let failure = Some(SubIndication::FormatFailure);
    office.told(&changed("<asic:ASiC", "<!DOCTYPE x [<!ENTITY a 'b'>]><asic:ASiC"), failure, "document type");
    office.told(&changed("contract.txt", "../contract.txt"), failure, "not accepted");
    office.told(&changed("contract.txt", "contract%2Etxt%00"), failure, "not accepted");
    office.told(&changed("contract.txt", "contract.txt#x"), failure, "a reference is none");
    office.told(&changed("v1.2.1", "v1.2.2"), failure, "another document");
    office.told(&changed("</asic:ASiCManifest>", "<x/></asic:ASiCManifest>"), failure, "not known");
    let critical =
        "<asic:ASiCManifestExtensions><asic:Extension Critical=\"true\"/></asic:ASiCManifestExtensions>";
    office.told(
        &changed("</asic:ASiCManifest>", &format!("{critical}</asic:ASiCManifest>")),
        failure,
        "critical",
    );
    let weak = Some(SubIndication::CryptoConstraintsFailureNoPoe);
    office.told(
        &changed("http://www.w3.org/2001/04/xmldsig-more#sha384", "http://www.w3.org/2000/09/xmldsig#sha1"),
        weak,
        "sha1",
    );
    // Nested as deep as its octets allow: refused, not an overflow.
    for depth in [30_000, 300_000] {
        let deep = "<a>".repeat(depth);
        office.told(&built(deep.as_bytes(), &over).finish(), failure, "0 manifests");
        let closed =
            changed("</asic:ASiCManifest>", &format!("{deep}{}</asic:ASiCManifest>", "</a>".repeat(depth)));
        office.told(&closed, failure, "0 manifests");
    }
}

#[test]
fn what_has_two_readings_is_refused() {
    let office = Office::open();
    let failure = Some(SubIndication::FormatFailure);
    let refused = |more: &[Entry<'_>], reason: &str| {
        let verdict = office.told(&around(&office, more).finish(), failure, reason);
        assert!(verdict.signatures.is_empty());
    };
    refused(&[Entry::of(FIRST.0, b"The ministry pays 900 maloti.")], "two files");
    for name in ["../x", "/x", "a\\b", "a/../b", "a//b", "./a", "c:x", "a\nb", "", "\u{0}"] {
        refused(&[Entry::of(name, b"")], "the name of a file");
    }
    refused(&[Entry { name: b"caf\x82", local_name: b"caf\x82", ..Entry::of("x", b"") }], "the name");
    refused(&[Entry { name: "é".as_bytes(), local_name: "é".as_bytes(), ..Entry::of("x", b"") }], "the name");
    refused(&[Entry { local_name: b"y", ..Entry::of("x", b"") }], "an entry and the directory differ");
    refused(&[Entry { flags: 1, ..Entry::of("x", b"") }], "encrypted");
    refused(&[Entry { flags: 1 << 5, ..Entry::of("x", b"") }], "packed in another way");
    refused(&[Entry { size: Some(7), ..Entry::of("x", b"12345") }], "differ");
    refused(&[Entry { extra: b"\x75\x70\x01\x00x", ..Entry::of("x", b"") }], "second reading");
    refused(&[Entry { extra: b"\x75", ..Entry::of("x", b"") }], "cut off");
    let between = around(&office, &[]).finish_with(b"hidden", b"", b"");
    office.told(&between, failure, "between its entries");
    office.told(&around(&office, &[]).finish_with(b"", b"hidden", b""), failure, "not where it says");
    office.told(&around(&office, &[]).finish_with(b"", b"", b"a comment"), failure, "no directory");
    let whole = around(&office, &[]).finish();
    office.told(&[&whole[..], b"x"].concat(), failure, "no directory");
    // Two files, one behind the other: some read the first, some the last.
    office.told(&[&whole[..], &whole].concat(), failure, "not where it says");
    for cut in (5..whole.len()).step_by(97) {
        office.told(&whole[..cut], failure, "");
    }
    let late = Zip::default().file(FIRST.0, FIRST.1).file("mimetype", ASIC_E);
    office.told(&late.file("META-INF/signature.p7s", b"").finish(), failure, "not first");
    let other = Zip::default().file("mimetype", b"application/zip");
    office.told(&other.file("META-INF/signature.p7s", b"").finish(), failure, "another kind");
    let xades = Zip::default().file("mimetype", ASIC_E).file(FIRST.0, FIRST.1);
    let xades = xades.file("META-INF/signatures.xml", b"<x/>").finish();
    office.told(&xades, failure, "no file of XAdES signatures");
}

#[test]
fn bombs_are_refused_before_they_go_off() {
    let office = Office::open();
    let failure = Some(SubIndication::FormatFailure);
    let zeros = vec![0; 8 * 1024 * 1024];
    office.told(&around(&office, &[Entry::packed("x", &zeros)]).finish(), failure, "zip bomb");
    // Said to be small: found out while it is unpacked.
    let sly = Entry { size: Some(10), ..Entry::packed(FIRST.0, &zeros) };
    let (manifest, signature) = office.manifest("META-INF/signature.p7s", &[FIRST]);
    let zip = |entry: &Entry<'_>| {
        let zip = Zip::default().file("mimetype", ASIC_E).with(entry);
        zip.file("META-INF/ASiCManifest.xml", &manifest).file("META-INF/signature.p7s", &signature).finish()
    };
    office.told(&zip(&sly), failure, "does not unpack to what");
    // Packed octets behind the packed octets.
    office.told(&zip(&Entry::packed(FIRST.0, FIRST.1)), None, "");
    office.told(
        &zip(&Entry { tail: b"more", ..Entry::packed(FIRST.0, FIRST.1) }),
        failure,
        "does not unpack",
    );
    let names: Vec<String> = (0..1100).map(|number| format!("f{number}")).collect();
    let many: Vec<_> = names.iter().map(|name| Entry::of(name, b"")).collect();
    office.told(&around(&office, &many).finish(), failure, "more files");
    let big = vec![b'x'; 1024 * 1024];
    let names: Vec<String> = (0..70).map(|number| format!("f{number}")).collect();
    let many: Vec<_> = names.iter().map(|name| Entry::packed(name, &big)).collect();
    office.told(&around(&office, &many).finish(), failure, "larger than any");
}

/// The files of a container, as a program that knows nothing of signatures sees them.
fn files(octets: &[u8]) -> Option<BTreeMap<String, Vec<u8>>> {
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(octets)).ok()?;
    let mut files = BTreeMap::new();
    for place in 0..archive.len() {
        let mut file = archive.by_index(place).ok()?;
        let name = file.name().ok()?.into_owned();
        let mut content = Vec::new();
        std::io::Read::read_to_end(&mut file, &mut content).ok()?;
        if !name.starts_with("META-INF/") && name != "mimetype" {
            files.insert(name, content);
        }
    }
    Some(files)
}

#[test]
fn altered_in_every_octet_no_other_content_passes() {
    let office = Office::open();
    let whole = office.container();
    let true_files = files(&whole).unwrap();
    assert_eq!(true_files.len(), 2);
    let (mut passed, mut refused) = (0, 0);
    for at in 0..whole.len() {
        for flip in [1, 0x80, 0xff] {
            let mut altered = whole.clone();
            altered[at] ^= flip;
            match office.verdict(&altered) {
                Some(verdict) if verdict.answer == Answer::Valid => {
                    // Times of files and the like; what is in them is as it was signed.
                    assert_eq!(files(&altered).as_ref(), Some(&true_files), "octet {at}");
                    passed += 1;
                }
                _ => refused += 1,
            }
        }
    }
    assert!(refused > 20 * passed, "{refused} refused, {passed} passed");
}

/// Octets of what there is, changed at some places, cut out or doubled.
fn disturbed(whole: &[u8], changes: &[(usize, u8)], range: (usize, usize), is_doubled: bool) -> Vec<u8> {
    let mut octets = whole.to_vec();
    for (at, to) in changes {
        let place = at % octets.len();
        octets[place] = *to;
    }
    let (one, other) = (range.0 % octets.len(), range.1 % octets.len());
    let part = octets[one.min(other)..one.max(other)].to_vec();
    let at = one.min(other);
    if is_doubled {
        octets.splice(at..at, part);
    } else if range.0.is_multiple_of(3) {
        octets.drain(at..at + part.len());
    }
    octets
}

#[test]
fn disturbed_in_several_places_no_other_content_passes() {
    let office = Office::open();
    let whole = office.container();
    let true_files = files(&whole).unwrap();
    let changes = proptest::collection::vec((any::<usize>(), any::<u8>()), 0..4);
    let disturbances = (changes, any::<(usize, usize)>(), any::<bool>());
    proptest!(ProptestConfig::with_cases(600), |((changes, range, is_doubled) in disturbances)| {
        let octets = disturbed(&whole, &changes, range, is_doubled);
        if office.verdict(&octets).is_some_and(|verdict| verdict.answer == Answer::Valid) {
            prop_assert_eq!(files(&octets), Some(true_files.clone()));
        }
    });
}
