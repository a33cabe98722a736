"""Reads and makes ASiC-E containers with Python's own zipfile, lxml and hashlib.

judge.py read CONTAINER FOLDER   what is in it; each manifest's digests computed anew; manifests and signatures are written to FOLDER
judge.py make CONTAINER CERT ISSUER KEY FILE...   one signed by OpenSSL, its files packed

Prints one JSON document.
"""

import base64
import hashlib
import json
import subprocess
import sys
import zipfile
from pathlib import Path
from urllib.parse import quote, unquote

from lxml import etree

ASIC = "http://uri.etsi.org/02918/v1.2.1#"
DS = "http://www.w3.org/2000/09/xmldsig#"
DIGESTS = {
    "http://www.w3.org/2001/04/xmlenc#sha256": "sha256",
    "http://www.w3.org/2001/04/xmldsig-more#sha384": "sha384",
    "http://www.w3.org/2001/04/xmlenc#sha512": "sha512",
}
SHA512 = "http://www.w3.org/2001/04/xmlenc#sha512"


def read(container, folder):
    octets = Path(container).read_bytes()
    told = {"magic": octets[30:69].decode("latin-1"), "signatures": []}
    with zipfile.ZipFile(container) as archive:
        assert archive.testzip() is None
        told["names"] = archive.namelist()
        told["first"] = archive.infolist()[0].compress_type == zipfile.ZIP_STORED
        for name in archive.namelist():
            if not name.startswith("META-INF/ASiCManifest"):
                continue
            manifest = archive.read(name)
            root = etree.fromstring(manifest)
            signature = unquote(root.find(f"{{{ASIC}}}SigReference").get("URI"))
            files = {}
            for reference in root.iter(f"{{{ASIC}}}DataObjectReference"):
                uri = unquote(reference.get("URI"))
                method = DIGESTS[reference.find(f"{{{DS}}}DigestMethod").get("Algorithm")]
                value = base64.b64decode(reference.findtext(f"{{{DS}}}DigestValue"))
                files[uri] = hashlib.new(method, archive.read(uri)).digest() == value
            stem = f"{len(told['signatures'])}"
            paths = {"manifest": f"{folder}/{stem}.xml", "signature": f"{folder}/{stem}.p7s"}
            Path(paths["manifest"]).write_bytes(manifest)
            Path(paths["signature"]).write_bytes(archive.read(signature))
            told["signatures"].append({"name": signature, "files": files, **paths})
    return told


def make(container, cert, issuer, key, *files):
    root = etree.Element(f"{{{ASIC}}}ASiCManifest", nsmap={None: ASIC, "ds": DS})
    etree.SubElement(root, f"{{{ASIC}}}SigReference", URI="META-INF/signature.p7s", MimeType="application/pkcs7-signature")
    for file in files:
        path = Path(file)
        reference = etree.SubElement(root, f"{{{ASIC}}}DataObjectReference", URI=quote(path.name), MimeType="text/plain")
        etree.SubElement(reference, f"{{{DS}}}DigestMethod", Algorithm=SHA512)
        digest = etree.SubElement(reference, f"{{{DS}}}DigestValue")
        digest.text = base64.b64encode(hashlib.sha512(path.read_bytes()).digest())
    manifest = etree.tostring(root, pretty_print=True, xml_declaration=True, encoding="UTF-8")
    command = ["openssl", "cms", "-sign", "-binary", "-cades", "-outform", "DER", "-nosmimecap", "-md", "sha256"]
    command += ["-signer", cert, "-inkey", key, "-certfile", issuer]
    signature = subprocess.run(command, input=manifest, stdout=subprocess.PIPE, check=True).stdout
    with zipfile.ZipFile(container, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/vnd.etsi.asic-e+zip", zipfile.ZIP_STORED)
        for file in files:
            archive.write(file, Path(file).name)
        archive.writestr("META-INF/ASiCManifest.xml", manifest)
        archive.writestr("META-INF/signature.p7s", signature)
    return {"container": container}


if __name__ == "__main__":
    print(json.dumps({"read": read, "make": make}[sys.argv[1]](*sys.argv[2:])))
