"""Judges CAdES signatures by libraries that npki's authors did not write.

judge.py validate ROOT DOCUMENT SIGNATURE   pyHanko: the signature, its time stamp, both paths
judge.py archive DOCUMENT SIGNATURE         the imprint of the newest archive time stamp, computed anew after ETSI EN 319 122-1
                                            clause 5.5.3 over what asn1crypto reads

Prints one JSON document. DOCUMENT is - when the signature carries it.
"""

import asyncio
import hashlib
import json
import sys
from pathlib import Path

from asn1crypto import cms, core, parser, pem, tsp, x509

ARCHIVE_TIMESTAMP_V3 = "0.4.0.1733.2.4"
HASH_INDEX_V3 = "0.4.0.19122.1.5"


def certificate(path):
    octets = Path(path).read_bytes()
    if pem.detect(octets):
        octets = pem.unarmor(octets)[2]
    return x509.Certificate.load(octets)


def validate(root, document, signature):
    from pyhanko.sign.validation import async_validate_cms_signature, async_validate_detached_cms
    from pyhanko_certvalidator import ValidationContext

    signed = cms.ContentInfo.load(Path(signature).read_bytes())["content"]
    own = [choice.chosen for choice in signed["certificates"]]

    def context():
        # Status is npki's own business here; that it is asked for is proven elsewhere.
        return ValidationContext(
            trust_roots=[certificate(root)], other_certs=own, allow_fetching=False, revocation_mode="soft-fail"
        )

    if document == "-":
        judged = async_validate_cms_signature(signed, validation_context=context())
    else:
        content = Path(document).read_bytes()
        judged = async_validate_detached_cms(
            content, signed, signer_validation_context=context(), ts_validation_context=context()
        )
    status = asyncio.run(judged)
    stamp = getattr(status, "timestamp_validity", None)
    return {
        "intact": status.intact,
        "valid": status.valid,
        "trusted": status.trusted,
        "stamp": None
        if stamp is None
        else {
            "intact": stamp.intact,
            "valid": stamp.valid,
            "trusted": stamp.trusted,
            "at": stamp.timestamp.isoformat(),
        },
    }


class HashIndex(core.Sequence):
    """ATSHashIndexV3."""

    _fields = [
        ("algorithm", cms.DigestAlgorithm),
        ("certificates", core.SequenceOf, {"spec": core.OctetString}),
        ("crls", core.SequenceOf, {"spec": core.OctetString}),
        ("unsigned", core.SequenceOf, {"spec": core.OctetString}),
    ]


def digests(parts, algorithm):
    return [hashlib.new(algorithm, part).digest() for part in parts]


def attribute_parts(attributes):
    """Attribute type and one value, one after the other; for each value. From the octets as they came."""
    for attribute in elements(attributes.dump()):
        kind, values = elements(attribute)
        for value in elements(values):
            yield kind, value


def elements(whole):
    """The elements of a constructed one, each with its tag and length."""
    contents, place = parser.parse(whole)[4], 0
    while place < len(contents):
        length = parser.peek(contents[place:])
        yield contents[place : place + length]
        place += length


def archive(document, signature):
    signed = cms.ContentInfo.load(Path(signature).read_bytes())["content"]
    signer = signed["signer_infos"][0]
    parts = list(attribute_parts(signer["unsigned_attrs"]))
    oid = core.ObjectIdentifier(ARCHIVE_TIMESTAMP_V3).dump()
    stamps = [value for kind, value in parts if kind == oid]

    def moment(value):
        return statement(value)["gen_time"].native

    newest = max(stamps, key=moment)
    stated = statement(newest)
    algorithm = stated["message_imprint"]["hash_algorithm"]["algorithm"].native
    wanted = core.ObjectIdentifier(HASH_INDEX_V3).dump()
    token_signer = cms.ContentInfo.load(newest)["content"]["signer_infos"][0]
    [index] = [value for kind, value in attribute_parts(token_signer["unsigned_attrs"]) if kind == wanted]
    listed = HashIndex.load(index)
    by = listed["algorithm"]["algorithm"].native

    content = signed["encap_content_info"]["content"].native if document == "-" else Path(document).read_bytes()
    signed_attrs = bytearray(signer["signed_attrs"].dump())
    signed_attrs[0] = 0xA0
    covered = b"".join(
        [
            signed["encap_content_info"]["content_type"].dump(),
            hashlib.new(algorithm, content).digest(),
            signer["version"].dump(),
            signer["sid"].dump(),
            signer["digest_algorithm"].dump(),
            bytes(signed_attrs),
            signer["signature_algorithm"].dump(),
            signer["signature"].dump(),
            index,
        ]
    )
    before = [kind + value for kind, value in parts if value != newest]
    return {
        "imprint": hashlib.new(algorithm, covered).digest()
        == stated["message_imprint"]["hashed_message"].native,
        # All that there was is covered, and nothing else is named.
        "certificates": sorted(digests((one.chosen.dump() for one in signed["certificates"]), by))
        == sorted(listed["certificates"].native),
        "crls": sorted(digests((one.dump() for one in signed["crls"]), by)) == sorted(listed["crls"].native),
        "unsigned": sorted(digests(before, by)) == sorted(listed["unsigned"].native),
    }


def statement(token):
    content = cms.ContentInfo.load(token)["content"]["encap_content_info"]["content"]
    return tsp.TSTInfo.load(content.native if isinstance(content.native, bytes) else content.parsed.dump())


if __name__ == "__main__":
    act = {"validate": validate, "archive": archive}[sys.argv[1]]
    print(json.dumps(act(*sys.argv[2:])))
