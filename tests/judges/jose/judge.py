"""joserfc as judge of JSON Web Signatures, and as another signer; asn1crypto reads the time stamps in them.

judge.py verify SIGNATURE FILE               the signature with the key of x5c's first certificate; FILE is - when it carries the content
judge.py sign SHAPE CERT ISSUER KEY FILE OUT   SHAPE is compact, json, or detached (RFC 7797, RFC 7515 appendix F)

Prints one JSON document.
"""

import base64
import hashlib
import json
import sys
import time
from pathlib import Path

from asn1crypto import cms, tsp
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509 import ocsp
from joserfc import jws
from joserfc.jwk import ECKey, OKPKey, RSAKey
from joserfc.registry import HeaderParameter

ALGORITHMS = ["ES256", "ES384", "RS256", "RS384", "PS256", "EdDSA"]
KINDS = {ec.EllipticCurvePublicKey: ECKey, rsa.RSAPublicKey: RSAKey, ed25519.Ed25519PublicKey: OKPKey}


def registry():
    own = {name: HeaderParameter(name, lambda value: None) for name in ["iat", "sigD", "etsiU"]}
    made = jws.JWSRegistry(header_registry=own, algorithms=ALGORITHMS)
    made.max_header_length = 100_000
    made.max_payload_length = 10_000_000
    return made


def unpadded(octets):
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def padded(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def kind_of(public):
    return next(kind for key, kind in KINDS.items() if isinstance(public, key))


def is_about(token, octets):
    """Whether a time-stamp token is about these octets."""
    signed = cms.ContentInfo.load(base64.b64decode(token["val"], validate=True))["content"]
    info = tsp.TSTInfo.load(signed["encap_content_info"]["content"].parsed.dump())
    imprint = info["message_imprint"]
    digest = hashlib.new(imprint["hash_algorithm"]["algorithm"].native, octets)
    return digest.digest() == imprint["hashed_message"].native


def added(flattened, content):
    """What was added: whether each time stamp is over the signature value as it is written (TS 119 182-1 clause 5.3.4), whether
    each archive time stamp is over what was signed and all that stands before it (clause 5.3.6), and what is kept."""
    told = {"stamps": [], "archives": [], "names": [], "certificates": 0, "crls": 0, "ocsp": 0}
    before = [content, b".", flattened["protected"].encode(), b".", flattened["signature"].encode(), b"."]
    for written in flattened.get("header", {}).get("etsiU", []):
        [(name, value)] = json.loads(padded(written)).items()
        told["names"].append(name)
        tokens = value.get("tstTokens", []) if isinstance(value, dict) else []
        if name == "sigTst":
            told["stamps"] += [is_about(token, flattened["signature"].encode()) for token in tokens]
        if name == "arcTst":
            told["archives"] += [is_about(token, b"".join(before)) for token in tokens]
        kept = value if name == "tstVD" else {name: value}
        for one in kept.get("xVals", []):
            x509.load_der_x509_certificate(base64.b64decode(one["x509Cert"]["val"], validate=True))
            told["certificates"] += 1
        for one in kept.get("rVals", {}).get("crlVals", []):
            x509.load_der_x509_crl(base64.b64decode(one["val"], validate=True))
            told["crls"] += 1
        for one in kept.get("rVals", {}).get("ocspVals", []):
            ocsp.load_der_ocsp_response(base64.b64decode(one["val"], validate=True))
            told["ocsp"] += 1
        before.append(written.encode())
    return told


def verify(signature, file):
    text = Path(signature).read_text()
    flattened = json.loads(text) if text.startswith("{") else None
    protected = flattened["protected"] if flattened else text.split(".")[0]
    header = json.loads(padded(protected))
    certificates = [x509.load_der_x509_certificate(base64.b64decode(one, validate=True)) for one in header["x5c"]]
    public = certificates[0].public_key()
    pem = public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    key = kind_of(public).import_key(pem)
    told = {"header": sorted(header), "alg": header["alg"], "crit": header.get("crit")}
    told["thumbprint"] = padded(header["x5t#S256"]) == hashlib.sha256(
        certificates[0].public_bytes(serialization.Encoding.DER)
    ).digest()
    told["age"] = time.time() - header["iat"]
    detached = header.get("sigD")
    if detached:
        content = Path(file).read_bytes()
        told["mechanism"] = detached["mId"]
        told["names"] = detached["pars"]
        told["hash"] = detached["hashV"] == [unpadded(hashlib.sha256(content).digest())]
    if flattened:
        told["added"] = added(flattened, (flattened.get("payload") or "").encode() or Path(file).read_bytes())
        # What is signed is empty where the header names what was signed (TS 119 182-1 clause 5.2.8.3.3).
        flattened.setdefault("payload", "")
        read = jws.deserialize_json(flattened, key, registry=registry())
    else:
        read = jws.deserialize_compact(text, key, registry=registry())
    told["content"] = True if detached else file == "-" or read.payload == Path(file).read_bytes()
    return told


def sign(shape, cert, issuer, key, file, out):
    content = Path(file).read_bytes()
    chain = [x509.load_pem_x509_certificate(Path(path).read_bytes()) for path in (cert, issuer)]
    der = [one.public_bytes(serialization.Encoding.DER) for one in chain]
    private = serialization.load_pem_private_key(Path(key).read_bytes(), None)
    kind = kind_of(private.public_key())
    own = kind.import_key(Path(key).read_bytes())
    alg = f"ES{private.key_size}" if kind is ECKey else {RSAKey: "PS256", OKPKey: "EdDSA"}[kind]
    header = {"alg": alg, "typ": "JOSE", "x5c": [base64.b64encode(one).decode() for one in der]}
    header["x5t#S256"] = unpadded(hashlib.sha256(der[0]).digest())
    header["iat"] = int(time.time())
    if shape == "detached":
        header |= {"b64": False, "crit": ["b64"]}
    if shape == "json":
        made = json.dumps(jws.serialize_json({"protected": header}, content, own, registry=registry()), indent=2)
    else:
        made = jws.serialize_compact(header, content, own, registry=registry())
    if shape == "detached":
        first, last = made.split(".")[0], made.split(".")[-1]
        made = f"{first}..{last}"
    Path(out).write_text(made)
    return {"alg": alg}


if __name__ == "__main__":
    print(json.dumps({"verify": verify, "sign": sign}[sys.argv[1]](*sys.argv[2:])))
