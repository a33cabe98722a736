//! Lists that were tampered with, and lists of others.

use super::*;
use crate::trusted_list::signature::SignatureBroken;
use crate::trusted_list::{ListRefused, VerifiedList};

#[track_caller]
fn refused(country: &Country, list: &str) -> ListRefused {
    VerifiedList::read(list.as_bytes(), &[country.der("signer")], country.now).unwrap_err()
}

#[test]
fn no_altered_octet_is_accepted() {
    let country = Country::with_signer("P-256");
    let signed = country.signed();
    let signer = [country.der("signer")];
    assert!(VerifiedList::read(signed.as_bytes(), &signer, country.now).is_ok());
    // The declaration is not part of what is signed, nor can it say anything else and be read.
    let begins = signed.find("<TrustServiceStatusList").unwrap();
    let mut tried = 0;
    for at in (begins..signed.len()).step_by(7) {
        for change in [1_u8, 4, 0x20] {
            let mut altered = signed.clone().into_bytes();
            altered[at] ^= change;
            assert!(
                VerifiedList::read(&altered, &signer, country.now).is_err(),
                "octet {at} changed by {change}"
            );
            tried += 1;
        }
        let mut shorter = signed.clone().into_bytes();
        shorter.remove(at);
        assert!(VerifiedList::read(&shorter, &signer, country.now).is_err(), "octet {at} removed");
    }
    assert!(tried > 2_000, "{tried}");
}

#[test]
fn wrapped_and_doubled_signatures_are_refused() {
    let country = Country::with_signer("P-256");
    let signed = country.signed();
    let (declaration, list) = signed.split_once('\n').unwrap();
    let at = list.find("<ds:Signature ").unwrap();
    let (body, signature) = list.split_at(at);
    let signature = signature.strip_suffix("</TrustServiceStatusList>").unwrap();
    let forged = body.replace("Kingdom", "Republic");
    let unsigned_list = format!("{declaration}{body}</TrustServiceStatusList>");
    assert_eq!(refused(&country, &unsigned_list), ListRefused::Signature(SignatureBroken::Missing));
    let twice = format!("{declaration}{body}{signature}{signature}</TrustServiceStatusList>");
    assert_eq!(refused(&country, &twice), ListRefused::Signature(SignatureBroken::Several(2)));
    // The signed list hidden in the forged one's signature, in an extension, in a second root.
    let hidden = signature.replace("</ds:Object>", &format!("{body}</TrustServiceStatusList></ds:Object>"));
    let inside = |part: &str| format!("{forged}{part}</TrustServiceStatusList>");
    for wrapped in [
        inside(&hidden),
        inside(&format!("<SchemeExtensions>{list}</SchemeExtensions>")),
        inside(&format!("<SchemeExtensions>{body}</TrustServiceStatusList></SchemeExtensions>{signature}")),
        format!("<Wrapper>{list}</Wrapper>"),
        format!(
            "<TrustServiceStatusList xmlns=\"http://uri.etsi.org/02231/v2#\">{list}</TrustServiceStatusList>"
        ),
        inside(&signature.replace("URI=\"\"", "URI=\"#list\"")),
        // A reference to what is not the list.
        inside(&signature.replace("URI=\"\"", "URI=\"#signature\"")),
        inside(&signature.replace("<ds:Object>", "<ds:Object/><ds:Object>")),
    ] {
        let refused = refused(&country, &wrapped);
        assert!(matches!(refused, ListRefused::Signature(_) | ListRefused::NotAList(_)), "{refused}");
    }
    // Two elements of one identifier.
    let twins = signed.replacen("<SchemeInformation>", "<SchemeInformation Id=\"list\">", 1);
    assert!(matches!(refused(&country, &twins), ListRefused::Signature(SignatureBroken::Ambiguous(_))));
}

#[test]
fn algorithms_and_forms_that_are_not_done_are_named() {
    let country = Country::with_signer("P-256");
    let signed = country.signed();
    for (from, to) in [
        ("http://www.w3.org/2001/04/xmlenc#sha256", "http://www.w3.org/2000/09/xmldsig#sha1"),
        ("http://www.w3.org/2001/10/xml-exc-c14n#", "http://www.w3.org/2006/12/xml-c14n11"),
        ("http://www.w3.org/2001/10/xml-exc-c14n#", "http://www.w3.org/2001/10/xml-exc-c14n#WithComments"),
        ("#ecdsa-sha256", "#hmac-sha256"),
    ] {
        let refused = refused(&country, &signed.replace(from, to));
        // What was altered shows first where it is what was signed.
        assert!(
            matches!(
                &refused,
                ListRefused::Signature(SignatureBroken::Unsupported(_) | SignatureBroken::Altered(_))
            ),
            "{refused}"
        );
    }
}

#[test]
fn the_signer_the_time_and_the_number_count() {
    let country = Country::with_signer("P-256");
    let signed = country.signed();
    country.workshop.issue("root", "other", "P-256", SIGNER);
    let by_other = country.signer("other").sign(&unsigned(&country.list()), country.now).unwrap();
    assert!(matches!(
        refused(&country, &by_other),
        ListRefused::Signature(SignatureBroken::OtherSigner { .. })
    ));
    let signer = [country.der("signer")];
    let read = |list: &str, now| VerifiedList::read(list.as_bytes(), &signer, now);
    let early = read(&signed, country.now - time::Duration::hours(1)).unwrap_err();
    assert!(matches!(early, ListRefused::FromTheFuture(_)));
    let late = country.now + time::Duration::days(91);
    assert!(read(&signed, late).unwrap().is_overdue(late));
    let numbered = |sequence, name: &str| {
        let mut list = country.list();
        list.sequence = sequence;
        list.scheme.name = english(name);
        read(&country.signer("signer").sign(&unsigned(&list), country.now).unwrap(), country.now).unwrap()
    };
    let known = numbered(7, "seven");
    assert_eq!(numbered(8, "eight").after(&known), Ok(()));
    assert_eq!(known.after(&known), Ok(()));
    assert_eq!(numbered(6, "six").after(&known), Err(ListRefused::Backwards { found: 6, known: 7 }));
    assert_eq!(numbered(7, "another").after(&known), Err(ListRefused::TwoOfOneNumber(7)));
    let mut old = country.list();
    old.issued = LONG_AGO;
    let before_its_time = country.signer("signer").sign(&unsigned(&old), LONG_AGO).unwrap();
    assert!(matches!(read(&before_its_time, country.now).unwrap_err(), ListRefused::SignerPeriod(_)));
}

#[test]
fn comments_change_nothing_of_what_is_read() {
    let country = Country::with_signer("P-256");
    let signed = country.signed().replacen("Kingdom", "King<!-- -->dom", 1);
    let read = VerifiedList::read(signed.as_bytes(), &[country.der("signer")], country.now).unwrap();
    assert_eq!(read.list(), &country.list());
}

/// Has xmlsec1 sign a list in the way of a template.
fn signed_by_xmlsec1(country: &Country, template: &str) -> String {
    std::fs::write(country.workshop.path("template.xml"), template).unwrap();
    let output = std::process::Command::new("xmlsec1")
        .args(["--sign", "--id-attr:Id", "SignedProperties", "--id-attr:Id", "TrustServiceStatusList"])
        .args(["--privkey-pem", "signer.key", "--output", "theirs.xml", "template.xml"])
        .current_dir(country.workshop.folder())
        .output()
        .expect("xmlsec1 is installed");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    std::fs::read_to_string(country.workshop.path("theirs.xml")).unwrap()
}

/// What stands between two texts, emptied everywhere.
fn emptied(text: &str, begin: &str, end: &str) -> String {
    let mut parts = text.split(begin);
    let mut out = parts.next().unwrap().to_owned();
    for part in parts {
        out.push_str(begin);
        out.push_str(&part[part.find(end).unwrap()..]);
    }
    out
}

#[test]
fn lists_that_xmlsec1_signed_are_read_in_each_canonical_form() {
    let country = Country::with_signer("P-256");
    let template = emptied(&country.signed(), "<ds:SignatureValue>", "</ds:SignatureValue>");
    let (body, signature) = template.split_at(template.find("<ds:Signature ").unwrap());
    let (signed_info, rest) = signature.split_at(signature.find("</ds:SignedInfo>").unwrap());
    let template = format!("{body}{}{rest}", emptied(signed_info, "<ds:DigestValue>", "</ds:DigestValue>"));
    let exclusive = "http://www.w3.org/2001/10/xml-exc-c14n#";
    let inclusive = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315";
    let lang = |text: &str| {
        text.replacen(
            "<TrustServiceStatusList",
            "<TrustServiceStatusList xml:lang=\"en\" xmlns:unused=\"urn:x\"",
            1,
        )
    };
    let transform = format!("<ds:Transform Algorithm=\"{exclusive}\"></ds:Transform>");
    for (what, template) in [
        ("exclusive", template.clone()),
        ("inclusive", lang(&template.replace(exclusive, inclusive))),
        (
            "without transforms that say so",
            lang(&template.replace(&transform, "").replace("<ds:Transforms></ds:Transforms>", "")),
        ),
        ("by identifier", lang(&template.replacen("URI=\"\"", "URI=\"#list\"", 1))),
        ("RFC 2045 lines", template.replace("<ds:SignatureValue>", "<ds:SignatureValue>\n")),
        (
            "instructions around it",
            template.replacen("<TrustServiceStatusList", "<?one  two?>\n<TrustServiceStatusList", 1)
                + "<?three?>",
        ),
    ] {
        let theirs = signed_by_xmlsec1(&country, &template);
        let read = VerifiedList::read(theirs.as_bytes(), &[country.der("signer")], country.now);
        let read = read.unwrap_or_else(|error| panic!("{what}: {error}"));
        assert_eq!(read.list(), &country.list(), "{what}");
        let altered = theirs.replace("Kingdom", "Republic");
        assert!(
            matches!(refused(&country, &altered), ListRefused::Signature(SignatureBroken::Altered(_))),
            "{what}"
        );
    }
}
