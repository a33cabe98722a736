"""Makes containers with XAdES signatures by programs that npki's authors did not write: signxml signs, lxml brings XML into canonical form,
OpenSSL gives time stamps, zipfile packs.

judge.py make ORDER     a container as ORDER, a JSON document, has it

An order has: "out"; "files" (names with paths); "key", "certificates" (PEM, the signer's first); and may have "algorithm", "digest", "form"
(of canonical XML), "stated" ("v1" for the older SigningCertificate, "both"), "undescribed" (files without a media type), "unsigned_keys"
(KeyInfo is not referenced), "mediatype", "name" (of the file of signatures), "signatures" (how many in it), "policy" (an identifier),
"implied" (a policy that is implied), "counter" (key, certificates: a counter-signature over the first signature, in it; with "beside" beside
it, with the type that says so), "manifest" (the text of META-INF/manifest.xml), "tsa" (key, certificates: a time stamp over the signature), "certificate_values", "crls", "ocsps" (DER: level LT), "archive" (a list of
such units: as many archive time stamps).

Prints one JSON document.
"""

import base64
import json
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from urllib.parse import quote, unquote

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree
from lxml.etree import SubElement
from signxml.algorithms import CanonicalizationMethod
from signxml.util import ds_tag, namespaces, xades_tag
from signxml.xades import XAdESSignaturePolicy, XAdESSigner

ASIC = "http://uri.etsi.org/02918/v1.2.1#"
V141 = "http://uri.etsi.org/01903/v1.4.1#"
ASIC_E = "application/vnd.etsi.asic-e+zip"


class Signer(XAdESSigner):
    """signxml, over files that stand beside the signature."""

    def __init__(self, order, root, number, **settings):
        super().__init__(**settings)
        self.order, self.root, self.number = order, root, number

    def _unpack(self, data, references):
        signature = SubElement(self.root, ds_tag("Signature"), nsmap=self.namespaces, Id=f"S{self.number}")
        return signature, self.root, [], []

    def _build_sig(self, sig_root, **settings):
        signed_info, value = super()._build_sig(sig_root, **settings)
        if (countered := self.order.get("countered")) is not None:
            kind = {"Type": "http://uri.etsi.org/01903#CountersignedSignature"} if self.order.get("beside") else {}
            reference = SubElement(signed_info, ds_tag("Reference"), URI=f"#{countered.get('Id')}", **kind)
            transforms = SubElement(reference, ds_tag("Transforms"))
            SubElement(transforms, ds_tag("Transform"), Algorithm=self.c14n_alg.value)
            SubElement(reference, ds_tag("DigestMethod"), Algorithm=self.digest_alg.value)
            digest = self._get_digest(canonical(countered, self.c14n_alg.value), algorithm=self.digest_alg)
            SubElement(reference, ds_tag("DigestValue")).text = base64.b64encode(digest).decode()
        for place, (name, path) in enumerate(self.order["files"].items()):
            reference = SubElement(signed_info, ds_tag("Reference"), Id=f"S{self.number}-r{place}", URI=quote(name))
            SubElement(reference, ds_tag("DigestMethod"), Algorithm=self.digest_alg.value)
            digest = self._get_digest(Path(path).read_bytes(), algorithm=self.digest_alg)
            SubElement(reference, ds_tag("DigestValue")).text = base64.b64encode(digest).decode()
        return signed_info, value

    def _add_reference_to_signed_info(self, sig_root, node_to_reference, **attributes):
        if self.order.get("unsigned_keys") and not attributes:
            return
        super()._add_reference_to_signed_info(sig_root, node_to_reference, **attributes)
        reference = self._find(sig_root, "SignedInfo")[-1]
        transforms = etree.Element(ds_tag("Transforms"))
        SubElement(transforms, ds_tag("Transform"), Algorithm=self.c14n_alg.value)
        reference.insert(0, transforms)

    def add_signing_certificate(self, properties, sig_root, signing_settings):
        super().add_signing_certificate(properties, sig_root, signing_settings)
        stated = self.order.get("stated")
        new = properties.find(xades_tag("SigningCertificateV2"))
        if stated in ("v1", "both"):
            old = SubElement(properties, xades_tag("SigningCertificate"))
            for cert in new.findall(xades_tag("Cert")):
                old.append(etree.fromstring(etree.tostring(cert)))
            first = x509.load_pem_x509_certificate(Path(self.order["certificates"][0]).read_bytes())
            serial = SubElement(old[0], xades_tag("IssuerSerial"))
            SubElement(serial, ds_tag("X509IssuerName")).text = first.issuer.rfc4514_string()
            SubElement(serial, ds_tag("X509SerialNumber")).text = str(first.serial_number)
        if stated == "v1":
            properties.remove(new)

    def add_signature_policy_identifier(self, properties, sig_root, signing_settings):
        super().add_signature_policy_identifier(properties, sig_root, signing_settings)
        if self.order.get("implied"):
            SubElement(SubElement(properties, xades_tag("SignaturePolicyIdentifier")), xades_tag("SignaturePolicyImplied"))

    def add_data_object_format(self, properties, sig_root, signing_settings):
        if self.order.get("undescribed"):
            return
        for place in range(len(self.order["files"])):
            of = SubElement(properties, xades_tag("DataObjectFormat"), ObjectReference=f"#S{self.number}-r{place}")
            SubElement(of, xades_tag("MimeType")).text = "application/octet-stream"


def canonical(node, form):
    form = form or CanonicalizationMethod.CANONICAL_XML_1_0.value
    return etree.tostring(
        node,
        method="c14n",
        exclusive=form.startswith("http://www.w3.org/2001/10/xml-exc-c14n#"),
        with_comments=form.endswith("#WithComments"),
        with_tail=False,
    )


def stamp(unit, octets):
    """A time stamp by OpenSSL, DER."""
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        (folder / "data").write_bytes(octets)
        (folder / "serial").write_text("01\n")
        (folder / "chain.pem").write_text("".join(Path(path).read_text() for path in unit["certificates"][1:]))
        (folder / "tsa.cnf").write_text(
            "[tsa]\ndefault_tsa = unit\n[unit]\n"
            f"serial = {folder}/serial\nsigner_cert = {unit['certificates'][0]}\nsigner_key = {unit['key']}\n"
            f"certs = {folder}/chain.pem\nsigner_digest = sha256\ndefault_policy = 1.3.6.1.4.1.32473.426.2.1\n"
            "digests = sha256, sha384, sha512\naccuracy = secs:1\ness_cert_id_alg = sha256\n"
        )
        query = ["openssl", "ts", "-query", "-data", folder / "data", "-sha256", "-cert", "-out", folder / "q"]
        subprocess.run(query, check=True, capture_output=True)
        reply = ["openssl", "ts", "-reply", "-config", folder / "tsa.cnf", "-section", "unit", "-queryfile", folder / "q"]
        subprocess.run([*reply, "-token_out", "-out", folder / "token"], check=True, capture_output=True)
        return (folder / "token").read_bytes()


def add_stamp(parent, tag, unit, octets, form):
    element = SubElement(parent, tag)
    if form:
        SubElement(element, ds_tag("CanonicalizationMethod"), Algorithm=form)
    SubElement(element, xades_tag("EncapsulatedTimeStamp")).text = base64.b64encode(stamp(unit, octets)).decode()


def archived(order, signature, form):
    """What an archive time stamp added now is over: EN 319 132-1 section 5.5.2.2."""
    octets = b""
    info = signature.find(ds_tag("SignedInfo"))
    for reference in info.findall(ds_tag("Reference")):
        uri = unquote(reference.get("URI"))
        if uri.startswith("#"):
            node = signature.xpath(f".//*[@Id='{uri[1:]}']")[0]
            octets += canonical(node, reference.find(f".//{ds_tag('Transform')}").get("Algorithm"))
        else:
            octets += Path(order["files"][uri]).read_bytes()
    for name in ("SignedInfo", "SignatureValue", "KeyInfo"):
        octets += canonical(signature.find(ds_tag(name)), form)
    for added in signature.find(f".//{xades_tag('UnsignedSignatureProperties')}"):
        octets += canonical(added, form)
    for other in signature.findall(ds_tag("Object")):
        if other.find(xades_tag("QualifyingProperties")) is None:
            octets += canonical(other, form)
    return octets


def unsigned_of(signature):
    found = signature.find(f".//{xades_tag('UnsignedSignatureProperties')}")
    if found is not None:
        return found
    qualifying = signature.find(f".//{xades_tag('QualifyingProperties')}")
    return SubElement(SubElement(qualifying, xades_tag("UnsignedProperties")), xades_tag("UnsignedSignatureProperties"))


def raise_level(order, signature):
    form = order.get("form")
    if not {"tsa", "certificate_values", "crls", "ocsps", "archive"} & order.keys():
        return
    unsigned = unsigned_of(signature)
    if "tsa" in order:
        value = canonical(signature.find(ds_tag("SignatureValue")), form)
        add_stamp(unsigned, xades_tag("SignatureTimeStamp"), order["tsa"], value, form)
    if "certificate_values" in order:
        values = SubElement(unsigned, xades_tag("CertificateValues"))
        for path in order["certificate_values"]:
            certificate = x509.load_pem_x509_certificate(Path(path).read_bytes()).public_bytes(Encoding.DER)
            SubElement(values, xades_tag("EncapsulatedX509Certificate")).text = base64.b64encode(certificate).decode()
    if "crls" in order or "ocsps" in order:
        values = SubElement(unsigned, xades_tag("RevocationValues"))
        for kind, holder, one in (("crls", "CRLValues", "EncapsulatedCRLValue"), ("ocsps", "OCSPValues", "EncapsulatedOCSPValue")):
            if kind in order:
                held = SubElement(values, xades_tag(holder))
                for path in order[kind]:
                    SubElement(held, xades_tag(one)).text = base64.b64encode(Path(path).read_bytes()).decode()
    for unit in order.get("archive", []):
        add_stamp(unsigned, f"{{{V141}}}ArchiveTimeStamp", unit, archived(order, signature, form), form)


def counter_sign(order, root):
    """A counter-signature over the first signature: in it, or beside it."""
    countered = root[0].find(ds_tag("SignatureValue"))
    countered.set("Id", "S0-value")
    counter = order["counter"]
    signer = Signer(
        {"files": {}, "certificates": counter["certificates"], "countered": countered, "beside": counter.get("beside")},
        root,
        "counter",
        signature_algorithm="ecdsa-sha256",
        digest_algorithm="sha256",
        c14n_algorithm=CanonicalizationMethod.CANONICAL_XML_1_1.value,
    )
    chain = [x509.load_pem_x509_certificate(Path(path).read_bytes()) for path in counter["certificates"]]
    signer.sign(None, key=Path(counter["key"]).read_bytes(), cert=chain, always_add_key_value=False)
    if not counter.get("beside"):
        SubElement(unsigned_of(root[0]), xades_tag("CounterSignature")).append(root[-1])


def make(order):
    order = json.loads(Path(order).read_text())
    root = etree.Element(f"{{{ASIC}}}XAdESSignatures", nsmap={"asic": ASIC, "ds": namespaces.ds, "xades": namespaces.xades, "xades141": V141})
    chain = [x509.load_pem_x509_certificate(Path(path).read_bytes()) for path in order["certificates"]]
    policy = order.get("policy")
    for number in range(order.get("signatures", 1)):
        signer = Signer(
            order,
            root,
            number,
            signature_algorithm=order.get("algorithm", "ecdsa-sha256"),
            digest_algorithm=order.get("digest", "sha256"),
            c14n_algorithm=order.get("form", CanonicalizationMethod.CANONICAL_XML_1_1.value),
            signature_policy=policy and XAdESSignaturePolicy(policy, "a policy", "http://www.w3.org/2001/04/xmlenc#sha256", "AA=="),
        )
        key = Path(order["key"]).read_bytes()
        signer.sign(None, key=key, cert=chain, always_add_key_value=False)
        raise_level(order, root[-1])
    if "counter" in order:
        counter_sign(order, root)
    with zipfile.ZipFile(order["out"], "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", order.get("mediatype", ASIC_E), zipfile.ZIP_STORED)
        for name, path in order["files"].items():
            archive.write(path, name)
        if "manifest" in order:
            archive.writestr("META-INF/manifest.xml", order["manifest"])
        signatures = etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=False)
        archive.writestr(order.get("name", "META-INF/signatures0.xml"), signatures)
    return {"signatures": len(root)}


if __name__ == "__main__":
    print(json.dumps({"make": make}[sys.argv[1]](*sys.argv[2:])))
