//! OpenSSL: paths, CRLs, OCSP, CMS, TLS.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use base64::Engine as _;

use crate::bystander;
use crate::certificates;
use crate::installation::Installation;
use crate::npki::text;
use crate::programs::{Answer, Program};

/// How long a change may take to be known at another node.
const PATIENCE: Duration = Duration::from_secs(20);

fn openssl<'a>(args: impl IntoIterator<Item = &'a str>) -> Program {
    Program::named("openssl").args(args)
}

/// The public key of a certificate, PEM.
pub fn certificate_key(certificate: &Path) -> String {
    let answer = openssl(["x509", "-in", text(certificate), "-noout", "-pubkey"]).run().succeeded();
    String::from_utf8(answer.stdout).unwrap()
}

/// The public key of a certification request, PEM.
pub fn request_key(request: &Path) -> String {
    let answer = openssl(["req", "-in", text(request), "-noout", "-pubkey"]).run().succeeded();
    String::from_utf8(answer.stdout).unwrap()
}

/// Validates a path from the root over the issuing CA, as strictly as OpenSSL can, with every CRL fetched from where
/// the certificates say.
pub fn verify(installation: &Installation, certificate: &Path) -> Answer {
    verify_under(installation, &Branch::of_a_pilot(installation), certificate)
}

/// A root and a CA below it, PEM files.
#[derive(Debug, Clone)]
pub struct Branch {
    /// The root.
    pub root: PathBuf,
    /// The CA that issued.
    pub issuing: PathBuf,
}

impl Branch {
    /// The only one of a pilot.
    pub fn of_a_pilot(installation: &Installation) -> Self {
        Self { root: installation.root(), issuing: installation.issuing() }
    }
}

/// As [`verify`], under this root and CA.
pub fn verify_under(installation: &Installation, branch: &Branch, certificate: &Path) -> Answer {
    let crls = fetch_crls(installation, branch, certificate);
    let Branch { root, issuing } = branch;
    let strict = ["verify", "-x509_strict", "-crl_check_all", "-CAfile", text(root)];
    openssl(strict).args(["-untrusted", text(issuing), "-CRLfile", text(&crls), text(certificate)]).run()
}

/// Validates a path from one root to a certificate below another, over what is published of that other root: its link
/// certificates (`/ca/NAME.p7c`). Checks every CRL that any certificate on the way names, and that the path is valid for this
/// policy.
pub fn verify_over_links(
    installation: &Installation,
    trusted: &Path,
    other: &str,
    issuing: &Path,
    (certificate, policy): (&Path, &str),
) -> Answer {
    let published = bystander::fetch(installation, &format!("{}/ca/{other}.p7c", installation.public_url()));
    assert_eq!(published.status, 200);
    assert_eq!(published.header("content-type"), "application/pkcs7-mime; smime-type=certs-only");
    let links =
        openssl(["pkcs7", "-inform", "DER", "-print_certs"]).run_with(&published.body).succeeded().stdout;
    let folder = installation.scratch("links");
    let (link, between) = (folder.join(format!("{other}.pem")), folder.join(format!("between-{other}.pem")));
    std::fs::write(&link, &links).unwrap();
    std::fs::write(&between, [links, std::fs::read(issuing).unwrap()].concat()).unwrap();
    let mut crls = Vec::new();
    for issued in [certificate, issuing, link.as_path()] {
        for address in certificates::crl_addresses(issued) {
            crls.extend(crl_to_pem(&bystander::fetch(installation, &address).body));
        }
    }
    let list = folder.join("crls.pem");
    std::fs::write(&list, crls).unwrap();
    openssl([
        "verify",
        "-x509_strict",
        "-crl_check_all",
        "-policy_check",
        "-explicit_policy",
        "-policy",
        policy,
    ])
    .args([
        "-CAfile",
        text(trusted),
        "-untrusted",
        text(&between),
        "-CRLfile",
        text(&list),
        text(certificate),
    ])
    .run()
}

/// Whether a path is accepted under exactly this policy (RFC 5280 section 6.1.3).
#[track_caller]
pub fn verify_policy(root: &Path, issuing: &Path, certificate: &Path, policy: &str) -> Answer {
    let asked = ["verify", "-policy_check", "-explicit_policy", "-policy", policy, "-CAfile", text(root)];
    let asked = Program::named("openssl").args(asked).args(["-untrusted", text(issuing)]);
    asked.args([text(certificate)]).run()
}

/// Validates a path as strictly, without asking for revocation: for files whose server has ended.
pub fn verify_path(root: &Path, issuing: &Path, certificate: &Path) -> Answer {
    openssl(["verify", "-x509_strict", "-CAfile", text(root), "-untrusted", text(issuing), text(certificate)])
        .run()
}

/// Fetches the CRLs that the certificate and its issuer name; one PEM file.
fn fetch_crls(installation: &Installation, branch: &Branch, certificate: &Path) -> PathBuf {
    let mut all = Vec::new();
    for issued in [certificate, &branch.issuing] {
        let addresses = certificates::crl_addresses(issued);
        assert!(!addresses.is_empty(), "{} names no CRL", issued.display());
        for address in addresses {
            let response = bystander::fetch(installation, &address);
            assert_eq!(response.status, 200, "{address}");
            all.extend(crl_to_pem(&response.body));
        }
    }
    let file = installation.scratch("crls").join(format!("{}.pem", certificates::sha256(&all)));
    std::fs::write(&file, all).unwrap();
    file
}

fn crl_to_pem(der: &[u8]) -> Vec<u8> {
    openssl(["crl", "-inform", "DER", "-outform", "PEM"]).run_with(der).succeeded().stdout
}

/// Whether an OCSP request carries a nonce (RFC 9654).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Nonce {
    /// It does: the answer is made for it.
    Fresh,
    /// It does not: the answer may be an older one.
    Absent,
}

impl Nonce {
    const fn option(self) -> &'static str {
        match self {
            Self::Fresh => "-nonce",
            Self::Absent => "-no_nonce",
        }
    }
}

/// What goes into every OCSP command: the certificate, its issuer, and whom to trust.
fn ocsp(branch: &Branch, certificate: &Path) -> Program {
    let Branch { root, issuing } = branch;
    openssl(["ocsp", "-issuer", text(issuing), "-cert", text(certificate), "-CAfile", text(root)])
        .args(["-verify_other", text(issuing)])
}

/// Asks the responder by POST and verifies the answer; the response's file is given back with it.
pub fn ocsp_post(installation: &Installation, certificate: &Path, nonce: Nonce) -> (Answer, PathBuf) {
    ocsp_post_under(installation, &Branch::of_a_pilot(installation), certificate, nonce)
}

/// As [`ocsp_post`], under this root and CA.
pub fn ocsp_post_under(
    installation: &Installation,
    branch: &Branch,
    certificate: &Path,
    nonce: Nonce,
) -> (Answer, PathBuf) {
    let file = installation.scratch("ocsp").join(format!("{}.der", crate::installation::random_u16()));
    let address = only(certificates::ocsp_addresses(certificate));
    let asked = ocsp(branch, certificate).args(["-url", &address, nonce.option(), "-respout", text(&file)]);
    (asked.run(), file)
}

/// Asks this node's responder for a serial number in lower-case hex, and verifies the answer.
pub fn ocsp_serial(installation: &Installation, serial: &str) -> Answer {
    ocsp_serial_under(installation, &Branch::of_a_pilot(installation), serial)
}

/// As [`ocsp_serial`], under this root and CA.
pub fn ocsp_serial_under(installation: &Installation, branch: &Branch, serial: &str) -> Answer {
    ocsp_serial_at(&format!("{}/ocsp", installation.public_url()), branch, serial)
}

/// As [`ocsp_serial_under`], of the responder at this address.
pub fn ocsp_serial_at(url: &str, branch: &Branch, serial: &str) -> Answer {
    let Branch { root, issuing } = branch;
    let serial = format!("0x{serial}");
    openssl(["ocsp", "-issuer", text(issuing), "-serial", &serial, "-CAfile", text(root)])
        .args(["-verify_other", text(issuing), "-url", url, Nonce::Fresh.option()])
        .run()
}

/// Waits until this node's responder says so of a serial number: of what another node changed, it hears within seconds.
#[track_caller]
pub fn until_ocsp_serial(installation: &Installation, serial: &str, says: &str) {
    let give_up = Instant::now() + PATIENCE;
    loop {
        let answer = ocsp_serial(installation, serial).text();
        if answer.contains(says) {
            return;
        }
        assert!(Instant::now() < give_up, "{serial} is not {says:?} after {PATIENCE:?}: {answer}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// An OCSP request about a certificate of a pilot's issuing CA, without a nonce, DER.
pub fn ocsp_request(installation: &Installation, certificate: &Path) -> Vec<u8> {
    let request = installation.scratch("ocsp-request").join("request.der");
    openssl(["ocsp", "-issuer", text(&installation.issuing()), "-cert", text(certificate)])
        .args([Nonce::Absent.option(), "-reqout", text(&request)])
        .run()
        .succeeded();
    std::fs::read(&request).unwrap()
}

/// Asks the responder by GET (RFC 6960 appendix A.1) and verifies the answer.
pub fn ocsp_get(installation: &Installation, certificate: &Path) -> Answer {
    let folder = installation.scratch("ocsp-get");
    let (request, response) = (folder.join("request.der"), folder.join("response.der"));
    let make =
        ["ocsp", "-issuer", text(&installation.issuing()), "-cert", text(certificate)].map(str::to_owned);
    let make = Program::named("openssl").args(make);
    make.args([Nonce::Absent.option(), "-reqout", text(&request)]).run().succeeded();
    let encoded = base64::engine::general_purpose::STANDARD.encode(std::fs::read(&request).unwrap());
    let escaped = encoded.replace('/', "%2F").replace('+', "%2B").replace('=', "%3D");
    let address = only(certificates::ocsp_addresses(certificate));
    let answer = bystander::fetch(installation, &format!("{address}/{escaped}"));
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), "application/ocsp-response");
    std::fs::write(&response, answer.body).unwrap();
    ocsp(&Branch::of_a_pilot(installation), certificate)
        .args([Nonce::Absent.option(), "-respin", text(&response)])
        .run()
}

/// The responder's certificate out of an OCSP response, written to a PEM file.
pub fn responder_certificate(response: &Path) -> PathBuf {
    let shown =
        openssl(["ocsp", "-respin", text(response), "-resp_text", "-noverify"]).run().succeeded().text();
    let (begin, end) = ("-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----");
    let start = shown.find(begin).expect("the response carries its signer's certificate");
    let length = shown[start..].find(end).unwrap() + end.len();
    let file = response.with_extension("signer.pem");
    std::fs::write(&file, format!("{}\n", &shown[start..start + length])).unwrap();
    file
}

/// Verifies a detached CAdES signature: the signature, the path, and the signed signing-certificate attribute.
pub fn cms_verify(root: &Path, issuing: &Path, document: &Path, signature: &Path) -> Answer {
    openssl(["cms", "-verify", "-cades", "-binary", "-inform", "DER", "-in", text(signature)])
        .args(["-content", text(document), "-CAfile", text(root), "-certfile", text(issuing)])
        .args(["-purpose", "any", "-out", "/dev/null"])
        .run()
}

/// A TLS handshake with the REST interface in one version of the protocol (`-tls1_2`).
pub fn handshake(installation: &Installation, version: &str) -> Answer {
    let root = installation.root();
    let address = format!("localhost:{}", installation.https_port());
    // Security level 0, or this client would itself refuse to offer an old version, and prove nothing.
    openssl(["s_client", "-connect", &address, "-servername", "localhost", version])
        .args(["-cipher", "DEFAULT:@SECLEVEL=0", "-CAfile", text(&root), "-verify_return_error"])
        .args(["-verify_hostname", "localhost"])
        .run()
}

#[track_caller]
fn only(addresses: Vec<String>) -> String {
    let [address] = addresses.try_into().unwrap_or_else(|found| panic!("not one address: {found:?}"));
    address
}
