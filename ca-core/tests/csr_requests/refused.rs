//! What is no request, or asks for what cannot be read in one way only, is refused for its own cause.

use ca_core::csr::{CertificationRequest, CsrError, MAX_OCTETS};

use x509_parser::prelude::FromDer as _;

use crate::requests::*;

/// Asserts the error's variant and that message, fix and code are there.
macro_rules! refused {
    ($bytes:expr, $pattern:pat) => {
        let error = read(&$bytes).expect_err("must be refused");
        assert!(matches!(error, $pattern), "{error:?}");
        assert!(!error.to_string().is_empty() && !error.fix().is_empty());
        assert!(error.code().starts_with("E-CSR-"));
    };
}

fn good() -> Vec<u8> {
    asking(&[attribute("2.5.4.3", 0x0c, b"x")], &[])
}

#[test]
fn other_things_are_recognised() {
    let desk = Desk::new();
    desk.key("key.pem", &EC_P256);
    desk.run("openssl", &["req", "-x509", "-new", "-key", "key.pem", "-subj", "/CN=x", "-out", "cert.pem"]);
    desk.run("openssl", &["x509", "-in", "cert.pem", "-outform", "DER", "-out", "cert.der"]);
    desk.run("openssl", &["pkey", "-in", "key.pem", "-outform", "DER", "-out", "key.der"]);
    desk.run("openssl", &["ec", "-in", "key.pem", "-outform", "DER", "-out", "sec1.der"]);
    desk.run(
        "openssl",
        &[
            "pkcs8",
            "-topk8",
            "-in",
            "key.pem",
            "-passout",
            "pass:secret",
            "-outform",
            "DER",
            "-out",
            "sealed.der",
        ],
    );
    desk.run(
        "openssl",
        &[
            "pkcs12",
            "-export",
            "-in",
            "cert.pem",
            "-inkey",
            "key.pem",
            "-passout",
            "pass:secret",
            "-out",
            "key.p12",
        ],
    );
    desk.run("openssl", &["pkey", "-in", "key.pem", "-pubout", "-out", "public.pem"]);
    desk.run("openssl", &["pkey", "-in", "key.pem", "-pubout", "-outform", "DER", "-out", "public.der"]);
    for private in ["key.pem", "key.der", "sec1.der", "sealed.der", "key.p12"] {
        let error = read(&desk.read(private)).expect_err(private);
        assert_eq!(error, CsrError::PrivateKeyGiven, "{private}");
    }
    refused!(desk.read("cert.pem"), CsrError::CertificateGiven);
    refused!(desk.read("cert.der"), CsrError::CertificateGiven);
    refused!(desk.read("public.pem"), CsrError::PublicKeyGiven);
    refused!(desk.read("public.der"), CsrError::PublicKeyGiven);
    // A key beside the request is as bad as a key alone.
    let both = [desk.read("key.pem"), pem("CERTIFICATE REQUEST", &good()).into_bytes()].concat();
    refused!(both, CsrError::PrivateKeyGiven);
    refused!(pem("RSA PRIVATE KEY", &[1]).as_bytes(), CsrError::PrivateKeyGiven);
    refused!(pem("ENCRYPTED PRIVATE KEY", &[1]).as_bytes(), CsrError::PrivateKeyGiven);
    refused!(pem("X509 CRL", &[1]).as_bytes(), CsrError::OtherPem { .. });
    refused!(pem("a\u{1b}[31m", &[1]).as_bytes(), CsrError::OtherPem { .. });
    assert!(!read(pem("a\u{1b}[31m", &[1]).as_bytes()).unwrap_err().to_string().contains('\u{1b}'));
}

#[test]
fn framing_is_whole() {
    let one = pem("CERTIFICATE REQUEST", &good());
    refused!([], CsrError::Empty);
    refused!(*b" \r\n", CsrError::Empty);
    refused!(*b"hello", CsrError::NotARequest);
    refused!([0xff, 0xfe, 0x2d, 0x00], CsrError::Utf16);
    refused!(format!("{one}{one}").as_bytes(), CsrError::SeveralPemBlocks { count: 2 });
    refused!(format!("{one}thank you\n").as_bytes(), CsrError::TextAfterPem);
    refused!(one.replace("END CERT", "END NEW CERT").as_bytes(), CsrError::PemEndMismatch { .. });
    refused!(one.split("-----END").next().unwrap().as_bytes(), CsrError::PemUnfinished);
    refused!(one.replacen("\nMI", "\nM*", 1).as_bytes(), CsrError::PemBase64);
    refused!(one.replacen("\nMI", "\nProc-Type: 4,ENCRYPTED\n\nMI", 1).as_bytes(), CsrError::PemBase64);
    refused!(pem("CERTIFICATE REQUEST", &[]).as_bytes(), CsrError::Truncated { .. });
    refused!(vec![0x30; MAX_OCTETS + 1], CsrError::TooLarge { .. });
    // The bound comes before everything else, and a request may fill it.
    refused!([one.as_bytes(), &vec![b'\n'; MAX_OCTETS]].concat(), CsrError::TooLarge { .. });
    let spaces = vec![b'\n'; MAX_OCTETS - one.len()];
    assert!(read(&[one.as_bytes(), &spaces].concat()).is_ok());
}

#[test]
fn trailing_octets_are_refused() {
    let mut der = good();
    der.push(0);
    refused!(der, CsrError::TrailingOctets { octets: 1 });
    refused!(pem("CERTIFICATE REQUEST", &der).as_bytes(), CsrError::TrailingOctets { octets: 1 });
    refused!([good(), good()].concat(), CsrError::TrailingOctets { .. });
}

#[test]
fn the_structure_is_that_of_rfc_2986() {
    let (name, key, none) = (element(0x30, &[]), ed25519_key(), element(0xa0, &[]));
    assert!(read(&signed(&[&[2, 1, 0], &name, &key, &none])).is_ok());
    refused!(signed(&[&[2, 1, 1], &name, &key, &none]), CsrError::Version);
    refused!(signed(&[&[2, 1, 0], &name, &key]), CsrError::Structure { .. });
    refused!(signed(&[&[2, 1, 0], &name, &key, &none, &none]), CsrError::Structure { .. });
    refused!(signed(&[&[2, 1, 0], &name, &key, &element(0xa1, &[])]), CsrError::Structure { .. });
    refused!(signed(&[&[2, 1, 0], &key, &key, &none]), CsrError::Structure { .. });
    refused!(signed(&[&[2, 2, 0, 0], &name, &key, &none]), CsrError::NotDer { .. });
    refused!(element(0x30, &[0x04; 200]), CsrError::NotDer { .. });
    // An entry that is no attribute, after a good one, is seen too.
    let broken = element(0x30, &[attribute("2.5.4.3", 0x0c, b"x"), element(0x31, &[5, 0])].concat());
    refused!(signed(&[&[2, 1, 0], &broken, &key, &none]), CsrError::Structure { .. });
    let empty = element(0x30, &element(0x31, &[]));
    refused!(signed(&[&[2, 1, 0], &empty, &key, &none]), CsrError::Structure { .. });
}

#[test]
fn an_attribute_that_names_one_thing_occurs_once() {
    let desk = Desk::new();
    desk.key("key.pem", &EC_P256);
    for (subject, repeated) in [
        ("/CN=a/CN=b", "CN"),
        ("/CN=a+CN=b", "CN"),
        ("/CN=a+OU=x/CN=b", "CN"),
        ("/C=LS/C=ZA", "C"),
        ("/serialNumber=1/serialNumber=2", "serialNumber"),
        ("/SN=a/SN=b", "surname"),
        ("/GN=a/GN=b", "givenName"),
        ("/organizationIdentifier=NTRLS-1/organizationIdentifier=NTRLS-2", "organizationIdentifier"),
        ("/O=a/OU=b/O=c", "O"),
    ] {
        let error = read(&desk.request("key.pem", &["-subj", subject])).expect_err(subject);
        assert_eq!(error, CsrError::SubjectAttributeRepeated { attribute: repeated.to_owned() }, "{subject}");
    }
    assert!(read(&desk.request("key.pem", &["-subj", "/DC=ls/DC=gov/OU=a/OU=b/CN=x"])).is_ok());
}

#[test]
fn names_that_show_otherwise_than_they_are() {
    let named = |tag, value: &[u8]| asking(&[attribute("2.5.4.3", tag, value)], &[]);
    refused!(named(0x0c, b"a\0.gov.ls"), CsrError::SubjectControlCharacter { character: '\0', .. });
    refused!(named(0x0c, "sl.\u{202e}vog".as_bytes()), CsrError::SubjectControlCharacter { .. });
    refused!(named(0x13, b"*.gov.ls"), CsrError::SubjectEncoding { string_type: "PrintableString", .. });
    refused!(named(0x0c, b"Thabo \xe9"), CsrError::SubjectEncoding { string_type: "UTF8String", .. });
    refused!(named(0x16, "Tšepo".as_bytes()), CsrError::SubjectEncoding { string_type: "IA5String", .. });
    refused!(named(0x14, b"Thabo"), CsrError::SubjectStringType { string_type: "TeletexString", .. });
    refused!(named(0x0c, b""), CsrError::SubjectAttributeEmpty { .. });
    assert!(read(&named(0x0c, b"a")).is_ok());
    assert_eq!(
        read(&named(0x0c, b"a\nb")).unwrap_err().to_string(),
        "the subject's CN contains U+000A, a character that does not show"
    );
}

#[test]
fn requested_extensions_are_read_in_one_way_only() {
    let named = |attributes: &[Vec<u8>]| asking(&[attribute("2.5.4.3", 0x0c, b"x")], attributes);
    let names = alternative_names(&[b"a.gov.ls"]);
    let request = read(&named(&[extension_request(std::slice::from_ref(&names))])).unwrap();
    assert_eq!(request.wishes().names()[0].to_string(), "dns:a.gov.ls");
    refused!(
        named(&[extension_request(&[names.clone(), names.clone()])]),
        CsrError::ExtensionRepeated { .. }
    );
    let once = extension_request(&[names]);
    refused!(named(&[once.clone(), once]), CsrError::ExtensionRequestRepeated);
    for bad in [&b"a.gov.ls\0.evil.ls"[..], b"a_b.ls", b"gov.ls.", b"", b"a b", "š.ls".as_bytes()] {
        refused!(named(&[extension_request(&[alternative_names(&[bad])])]), CsrError::DnsName { .. });
    }
    refused!(named(&[extension_request(&[alternative_names(&[b"\xff"])])]), CsrError::Structure { .. });
    for broken in [&[0x30, 0x80, 0, 0][..], &[], &[0x30, 0], &[0x30, 2, 0x82, 5], &[0x31, 0]] {
        let list = extension_request(&[extension("2.5.29.17", broken)]);
        if broken == [0x30, 0] {
            assert_eq!(read(&named(&[list])).unwrap().wishes().names().len(), 0);
        } else {
            refused!(named(&[list]), CsrError::Structure { .. });
        }
    }
    for (tag, bad) in [(0x81, &b"a.gov.ls"[..]), (0x86, b"a b"), (0x87, b"\0\0\0"), (0x87, b"192.0.2.1")] {
        let list = extension_request(&[extension("2.5.29.17", &element(0x30, &element(tag, bad)))]);
        refused!(named(&[list]), CsrError::AlternativeName { .. });
    }
    for malformed in [(0x84, &b""[..]), (0xa4, b"\x05\0"), (0xa0, b"\x05\0"), (0x89, b"")] {
        let list =
            extension_request(&[extension("2.5.29.17", &element(0x30, &element(malformed.0, malformed.1)))]);
        refused!(named(&[list]), CsrError::Structure { .. });
    }
    // Other extensions may hold anything: the profile decides on them.
    assert!(read(&named(&[extension_request(&[extension("2.5.29.15", b"\xff\xff")])])).is_ok());
    assert!(
        read(&named(&[sequence(&[&oid("1.2.840.113549.1.9.7"), &element(0x31, &element(0x04, b"\xff"))])]))
            .is_ok()
    );
}

#[test]
fn signatures_that_are_not_admitted() {
    let desk = Desk::new();
    desk.key("rsa.pem", &RSA_2048);
    desk.key("ec.pem", &EC_P256);
    let of = |key: &str, more: &[&str]| desk.request(key, &[more, &["-subj", "/CN=x"]].concat());
    let pss = ["-sigopt", "rsa_padding_mode:pss"];
    refused!(of("rsa.pem", &["-sha1"]), CsrError::WeakSignature { .. });
    refused!(of("rsa.pem", &["-md5"]), CsrError::WeakSignature { .. });
    refused!(of("ec.pem", &["-sha1"]), CsrError::WeakSignature { .. });
    refused!(of("rsa.pem", &[&pss[..], &["-sha1"]].concat()), CsrError::WeakSignature { .. });
    refused!(of("rsa.pem", &["-sha224"]), CsrError::UnsupportedSignature { .. });
    refused!(of("ec.pem", &["-sha3-256"]), CsrError::UnsupportedSignature { .. });
    let long = [&pss[..], &["-sigopt", "rsa_pss_saltlen:max", "-sha256"]].concat();
    assert_eq!(read(&of("rsa.pem", &long)).unwrap_err(), CsrError::PssSalt { found: 222, expected: 32 });
    let short = [&pss[..], &["-sigopt", "rsa_pss_saltlen:20", "-sha256"]].concat();
    assert_eq!(read(&of("rsa.pem", &short)).unwrap_err(), CsrError::PssSalt { found: 20, expected: 32 });
    let mixed = ["-sigopt", "rsa_mgf1_md:sha1", "-sigopt", "rsa_pss_saltlen:digest", "-sha256"];
    refused!(
        of("rsa.pem", &[&pss[..], &mixed].concat()),
        CsrError::SignatureParameters { .. } | CsrError::WeakSignature { .. }
    );
}

/// Takes a request apart: information, algorithm, signature.
fn parts(der: &[u8]) -> [Vec<u8>; 3] {
    let request = x509_parser::prelude::X509CertificationRequest::from_der(der).unwrap().1;
    let information = request.certification_request_info.raw.to_vec();
    let at = der.windows(information.len()).position(|window| window == information).unwrap();
    let rest = &der[at + information.len()..];
    let algorithm = 2 + usize::from(rest[1]);
    [information, rest[..algorithm].to_vec(), rest[algorithm..].to_vec()]
}

#[test]
fn a_signature_of_another_key_or_kind() {
    let desk = Desk::new();
    let mut requests = Vec::new();
    for (name, key) in [("a", &EC_P256[..]), ("b", &EC_P256), ("c", &RSA_2048), ("d", &EC_P384)] {
        desk.key(name, key);
        requests.push(parts(
            &desk.request(name, &["-sha256", "-subj", "/C=LS/O=Bohlokoa/CN=somebody with a long name"]),
        ));
    }
    let [a, b, c, d] = &requests[..] else { panic!("four requests") };
    let joined = |information: &[u8], algorithm: &[u8], signature: &[u8]| {
        sequence(&[information, algorithm, signature])
    };
    assert!(read(&joined(&a[0], &a[1], &a[2])).is_ok());
    refused!(joined(&a[0], &a[1], &b[2]), CsrError::ProofOfPossession);
    refused!(joined(&a[0], &a[1], &d[2]), CsrError::ProofOfPossession);
    refused!(joined(&a[0], &c[1], &c[2]), CsrError::SignatureOfAnotherKind { .. });
    refused!(joined(&c[0], &a[1], &a[2]), CsrError::SignatureOfAnotherKind { .. });
    refused!(
        joined(&a[0], &sequence(&[&oid("1.3.101.112")]), &a[2]),
        CsrError::SignatureOfAnotherKind { .. }
    );
    refused!(joined(&a[0], &sequence(&[&oid("1.2.840.10045.4.3.3")]), &a[2]), CsrError::ProofOfPossession);
    // RFC 5758 section 3.2: ECDSA identifiers have no parameters.
    let with_null = sequence(&[&oid("1.2.840.10045.4.3.2"), &NULL]);
    refused!(joined(&a[0], &with_null, &a[2]), CsrError::SignatureParameters { .. });
    let odd = sequence(&[&oid("1.2.840.113549.1.1.11"), &[4, 0]]);
    refused!(joined(&c[0], &odd, &c[2]), CsrError::SignatureParameters { .. });
    refused!(
        joined(&a[0], &sequence(&[&oid("2.16.840.1.101.3.4.3.18")]), &a[2]),
        CsrError::SignatureOfAnotherKind { .. }
    );
    refused!(joined(&a[0], &a[1], &element(0x03, &[0])), CsrError::ProofOfPossession);
    refused!(joined(&a[0], &a[1], &element(0x03, &[4, 0xf0])), CsrError::Structure { part: "signature" });
}

#[test]
fn codes_are_distinct() {
    let read = |bytes: &[u8]| CertificationRequest::parse(bytes).unwrap_err().code();
    assert_ne!(read(b""), read(b"x"));
    assert_eq!(read(b"x"), "E-CSR-003");
}
