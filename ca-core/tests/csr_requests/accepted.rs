//! Requests that real tools make are read and verified, and the key is theirs, octet by octet.

use ca_core::csr::KeyKind;

use crate::requests::*;

fn names(request: &ca_core::csr::VerifiedCsr) -> Vec<String> {
    request.wishes().names().iter().map(ToString::to_string).collect()
}

fn wish(request: &ca_core::csr::VerifiedCsr) -> Vec<(&str, &str)> {
    request.wishes().subject().iter().map(|wish| (wish.attribute(), wish.value())).collect()
}

#[test]
fn openssl_ecdsa_with_every_digest() {
    let desk = Desk::new();
    desk.key("p256.pem", &EC_P256);
    desk.key("p384.pem", &EC_P384);
    for (key, kind) in [("p256.pem", KeyKind::P256), ("p384.pem", KeyKind::P384)] {
        let public = desk.run("openssl", &["pkey", "-in", key, "-pubout", "-outform", "DER"]);
        for digest in ["-sha256", "-sha384", "-sha512"] {
            let der = desk.request(key, &[digest, "-subj", "/C=LS/O=Revenue Services Lesotho/CN=portal"]);
            let request = read(&der).unwrap_or_else(|error| panic!("{key} {digest}: {error}"));
            assert_eq!(request.key().kind(), kind, "{digest}");
            assert_eq!(request.key().der(), public);
            assert!(public.ends_with(request.key().octets()) && request.key().octets()[0] == 4);
            assert_eq!(request.der(), der);
            let sha256 = ring::digest::digest(&ring::digest::SHA256, &der);
            assert_eq!(request.sha256(), sha256.as_ref());
            assert_eq!(wish(&request), [("C", "LS"), ("O", "Revenue Services Lesotho"), ("CN", "portal")]);
        }
    }
}

#[test]
fn openssl_rsa_of_each_size() {
    let desk = Desk::new();
    for (bits, digest) in [(2048, "-sha256"), (3072, "-sha384"), (4096, "-sha512")] {
        desk.key("rsa.pem", &["RSA", "-pkeyopt", &format!("rsa_keygen_bits:{bits}")]);
        let request = read(&desk.request("rsa.pem", &[digest, "-subj", "/CN=x"])).unwrap();
        assert_eq!(request.key().kind(), KeyKind::Rsa { bits });
    }
    for digest in ["-sha256", "-sha384", "-sha512"] {
        let pss = [
            "-sigopt",
            "rsa_padding_mode:pss",
            "-sigopt",
            "rsa_pss_saltlen:digest",
            "-subj",
            "/CN=x",
            digest,
        ];
        let request = read(&desk.request("rsa.pem", &pss)).unwrap();
        assert_eq!(request.key().kind(), KeyKind::Rsa { bits: 4096 });
    }
}

#[test]
fn openssl_ed25519() {
    let desk = Desk::new();
    desk.key("ed.pem", &["ED25519"]);
    let request = read(&desk.request("ed.pem", &["-subj", "/CN=x"])).unwrap();
    assert_eq!(request.key().kind(), KeyKind::Ed25519);
}

#[test]
fn a_p384_key_signed_over_sha256_stays_p384() {
    let desk = Desk::new();
    desk.key("p384.pem", &EC_P384);
    let request = read(&desk.request("p384.pem", &["-sha256", "-subj", "/CN=x"])).unwrap();
    assert_eq!(request.key().kind(), KeyKind::P384);
    // The key is used as it is: openssl reads it back as a P-384 key.
    std::fs::write(desk.path("public.der"), request.key().der()).unwrap();
    let told =
        desk.run("openssl", &["pkey", "-pubin", "-inform", "DER", "-in", "public.der", "-noout", "-text"]);
    assert!(String::from_utf8(told).unwrap().contains("secp384r1"));
}

const MANY_EXTENSIONS: &str = "
[req]
distinguished_name = subject
req_extensions = wishes
attributes = others
prompt = no
utf8 = yes
string_mask = utf8only
[subject]
C = LS
organizationIdentifier = NTRLS-100000
O = Bohlokoa
1.OU = A
2.OU = B
serialNumber = PNOLS-0123456789
SN = Mokoena
GN = Tšepo
CN = Tšepo Mokoena
[others]
challengePassword = a password nobody needs
unstructuredName = anything
[wishes]
basicConstraints = critical, CA:TRUE
keyUsage = critical, digitalSignature, keyCertSign
extendedKeyUsage = serverAuth, 1.3.6.1.4.1.311.20.2.2, 1.2.3.4.5.6
subjectKeyIdentifier = hash
certificatePolicies = 1.2.3.4
nsComment = \"old\"
1.3.6.1.5.5.7.1.24 = DER:30:03:02:01:05
1.2.3.4.5.6.7 = ASN1:UTF8String:unknown
subjectAltName = DNS:Portal.gov.ls, DNS:api.gov.ls, DNS:PORTAL.gov.ls, IP:192.0.2.1, email:a@gov.ls, \
  URI:https://gov.ls/, otherName:1.3.6.1.4.1.311.20.2.3;UTF8:a@gov.ls, RID:1.2.3, dirName:subject
";

#[test]
fn every_wish_is_read() {
    let desk = Desk::new();
    desk.key("key.pem", &EC_P256);
    desk.write("request.cnf", MANY_EXTENSIONS);
    let request = read(&desk.request("key.pem", &["-config", "request.cnf"])).unwrap();
    let asked = [
        "dns:portal.gov.ls",
        "dns:api.gov.ls",
        "ip:192.0.2.1",
        "email:a@gov.ls",
        "uri:https://gov.ls/",
        "user-principal-name:a@gov.ls",
        "registered-id:1.2.3",
    ];
    let names = names(&request);
    assert_eq!(names[..7], asked);
    assert!(names.len() == 8 && names[7].starts_with("directory-name:CN=T"), "{names:?}");
    let extensions = request.wishes().extensions().iter();
    let extensions: Vec<_> = extensions.map(|asked| (asked.oid(), asked.is_critical())).collect();
    assert_eq!(
        extensions,
        [
            ("2.5.29.19", true),
            ("2.5.29.15", true),
            ("2.5.29.37", false),
            ("2.5.29.14", false),
            ("2.5.29.32", false),
            ("2.16.840.1.113730.1.13", false),
            ("1.3.6.1.5.5.7.1.24", false),
            ("1.2.3.4.5.6.7", false),
        ]
    );
    let wish = wish(&request);
    assert_eq!(wish[0..3], [("C", "LS"), ("organizationIdentifier", "NTRLS-100000"), ("O", "Bohlokoa")]);
    assert_eq!(wish[3..5], [("OU", "A"), ("OU", "B")]);
    assert_eq!(wish[7..9], [("givenName", "Tšepo"), ("CN", "Tšepo Mokoena")]);
}

#[test]
fn a_multi_valued_name_and_no_name_are_read() {
    let desk = Desk::new();
    desk.key("key.pem", &EC_P256);
    let request = read(&desk.request("key.pem", &["-subj", "/DC=ls/DC=gov/OU=a/CN=x+UID=7"])).unwrap();
    let mut last = wish(&request)[3..].to_vec();
    last.sort_unstable();
    assert_eq!(last, [("CN", "x"), ("UID", "7")]);
    assert_eq!(wish(&read(&desk.request("key.pem", &["-subj", "/"])).unwrap()), []);
}

#[test]
fn pem_with_text_before_it_in_both_labels() {
    let desk = Desk::new();
    desk.key("key.pem", &EC_P256);
    let der = desk.request("key.pem", &["-subj", "/CN=x"]);
    let text =
        desk.run("openssl", &["req", "-new", "-key", "key.pem", "-utf8", "-subj", "/CN=Tšepo", "-text"]);
    assert!(text.starts_with(b"Certificate Request:"));
    assert_eq!(wish(&read(&text).unwrap()), [("CN", "Tšepo")]);
    for label in ["CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST"] {
        let plain = pem(label, &der);
        let windows = format!("\u{feff}Subject: x\r\n\r\n{}\r\n\r\n", plain.replace('\n', "\r\n"));
        let unbroken = format!(
            "0\n{}",
            pem(label, &der).lines().map(|line| format!("  {line}\t\n")).collect::<String>()
        );
        for text in [plain, windows, unbroken] {
            assert_eq!(read(text.as_bytes()).unwrap().der(), der, "{text}");
        }
    }
}

#[test]
fn certtool() {
    let desk = Desk::new();
    desk.write("template.cfg", "cn = \"Tšepo\"\ncountry = LS\norganization = \"Bohlokoa\"\ndns_name = \"a.gov.ls\"\nip_address = 192.0.2.1\n");
    for (arguments, kind) in [
        (&["--key-type", "ecdsa", "--curve", "secp256r1"][..], KeyKind::P256),
        (&["--key-type", "ecdsa", "--curve", "secp384r1"], KeyKind::P384),
        (&["--key-type", "rsa", "--bits", "2048"], KeyKind::Rsa { bits: 2048 }),
        (&["--key-type", "ed25519"], KeyKind::Ed25519),
    ] {
        desk.run("certtool", &[&["--generate-privkey", "--outfile", "key.pem"], arguments].concat());
        let make = ["--generate-request", "--load-privkey", "key.pem", "--template", "template.cfg"];
        desk.run("certtool", &[&make[..], &["--outfile", "request.pem"]].concat());
        let text = desk.read("request.pem");
        assert!(text.starts_with(b"PKCS #10"));
        let request = read(&text).unwrap_or_else(|error| panic!("{kind}: {error}"));
        assert_eq!(request.key().kind(), kind);
        assert_eq!(names(&request), ["dns:a.gov.ls", "ip:192.0.2.1"]);
        assert!(wish(&request).contains(&("CN", "Tšepo")));
    }
}

#[test]
fn keytool() {
    let desk = Desk::new();
    let store = ["-keystore", "store.p12", "-storepass", "changeit"];
    for (alias, arguments, kind) in [
        ("a", &["-keyalg", "EC", "-groupname", "secp256r1"][..], KeyKind::P256),
        ("b", &["-keyalg", "EC", "-groupname", "secp384r1"], KeyKind::P384),
        ("c", &["-keyalg", "RSA", "-keysize", "2048"], KeyKind::Rsa { bits: 2048 }),
        ("d", &["-keyalg", "Ed25519"], KeyKind::Ed25519),
    ] {
        let name = [
            "-genkeypair",
            "-alias",
            alias,
            "-dname",
            "CN=T\u{161}epo, OU=a+OU=b, O=\"Bohlokoa, Ltd\", C=LS",
        ];
        desk.run("keytool", &[&name[..], &store, arguments].concat());
        let make = ["-certreq", "-alias", alias, "-ext", "san=dns:a.gov.ls,ip:192.0.2.1"];
        let request = read(&desk.run("keytool", &[&make[..], &store].concat()))
            .unwrap_or_else(|error| panic!("{kind}: {error}"));
        assert_eq!(request.key().kind(), kind);
        assert_eq!(names(&request), ["dns:a.gov.ls", "ip:192.0.2.1"]);
        assert!(wish(&request).contains(&("O", "Bohlokoa, Ltd")));
        assert!(wish(&request).contains(&("CN", "Tšepo")));
    }
}

#[test]
fn an_absent_null_of_rsa_signatures_is_accepted() {
    let desk = Desk::new();
    desk.key("rsa.pem", &RSA_2048);
    let der = desk.request("rsa.pem", &["-sha256", "-subj", "/CN=x"]);
    let identifier = sequence(&[&oid("1.2.840.113549.1.1.11"), &NULL]);
    let at = der.windows(identifier.len()).position(|window| window == identifier).unwrap();
    // The outer header is four octets; within it the identifier loses its NULL.
    let without =
        sequence(&[&der[4..at], &sequence(&[&oid("1.2.840.113549.1.1.11")]), &der[at + identifier.len()..]]);
    assert_eq!(without.len(), der.len() - 2);
    assert!(read(&without).is_ok());
}

#[test]
fn the_smallest_request_there_is() {
    // An Ed25519 key and no name: its length fits into one octet.
    let der = asking(&[], &[]);
    assert_eq!(der[..2], [0x30, 0x7f]);
    assert_eq!(read(&der).unwrap().key().kind(), KeyKind::Ed25519);
    assert_eq!(KeyKind::Rsa { bits: 3072 }.to_string(), "RSA-3072");
}

/// Python's `cryptography` makes a request of each parameter set, on an OpenSSL that knows ML-DSA.
#[test]
fn ml_dsa_requests_of_cryptography_are_read_and_tampered_ones_refused() {
    for (name, kind) in [("44", KeyKind::MlDsa44), ("65", KeyKind::MlDsa65), ("87", KeyKind::MlDsa87)] {
        let der = ml_dsa_request(name);
        let request = read(&der).unwrap_or_else(|error| panic!("ML-DSA-{name}: {error}"));
        assert_eq!(request.key().kind(), kind);
        assert_eq!(wish(&request), [("CN", "portal")]);
        // In the name, in the key, and at three places of the signature.
        for place in [30, 100, der.len() / 2, der.len() - 100, der.len() - 1] {
            let mut tampered = der.clone();
            tampered[place] ^= 1;
            assert!(read(&tampered).is_err(), "ML-DSA-{name}, octet {place}");
        }
        assert!(read(&der[..der.len() - 1]).is_err());
    }
}
