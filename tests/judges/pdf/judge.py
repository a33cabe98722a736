"""pyHanko as judge of signatures in PDF documents, and as another signer; PDFium as one who reads them.

judge.py validate ROOT DOCUMENT                  every signature: whether it, its path and its time stamp hold, and what came after
judge.py lasting ROOT DOCUMENT                   the first signature by what the document keeps alone; the time stamps over the document
judge.py seen BEFORE AFTER PAGE                  what PDFium shows on a page that it did not show before: the box of it, in points, and its text
judge.py field DOCUMENT MADE NAME X Y X Y LOCK   adds an empty signature field; LOCK says what it locks once it is signed: nothing, all,
                                                 only=FIELD,FIELD, but=FIELD,FIELD, or document
judge.py certify CERT ISSUER KEY DOCUMENT SIGNED LEVEL   certifies a document, so that no more may be done to it than LEVEL (DocMDP)
judge.py sign CERT ISSUER KEY DOCUMENT SIGNED FIELD   adds a PAdES signature
judge.py sign_regardless CERT ISSUER KEY DOCUMENT SIGNED FIELD WHERE   the same, whoever forbade it; a new field is "seen" or "unseen"
judge.py sign_lasting CERT ISSUER KEY ROOT DOCUMENT SIGNED UNIT   the same, of level B-LTA

Prints one JSON document.
"""

import json
import sys
from pathlib import Path

from asn1crypto import pem, x509


def certificates(path):
    return [x509.Certificate.load(octets) for _, _, octets in pem.unarmor(Path(path).read_bytes(), multiple=True)]


def validate(root, document):
    from pyhanko.pdf_utils.reader import PdfFileReader
    from pyhanko.sign.validation import validate_pdf_signature
    from pyhanko_certvalidator import ValidationContext

    def context():
        # Status is npki's own business here; that it is asked for is proven elsewhere.
        return ValidationContext(
            trust_roots=certificates(root), allow_fetching=False, revocation_mode="soft-fail"
        )

    told = []
    with Path(document).open("rb") as octets:
        for signature in PdfFileReader(octets).embedded_regular_signatures:
            status = validate_pdf_signature(
                signature, signer_validation_context=context(), ts_validation_context=context()
            )
            stamp = status.timestamp_validity
            told.append(
                {
                    "field": signature.field_name,
                    "subfilter": str(signature.sig_object["/SubFilter"]),
                    "intact": status.intact,
                    "valid": status.valid,
                    "trusted": status.trusted,
                    "sound": status.bottom_line,
                    "coverage": status.coverage.name,
                    "stamped": stamp is not None and stamp.valid and stamp.trusted,
                }
            )
    return told


def lasting(root, document):
    from pyhanko.pdf_utils.reader import PdfFileReader
    from pyhanko.sign.validation import DocumentSecurityStore, validate_pdf_signature, validate_pdf_timestamp

    with Path(document).open("rb") as octets:
        reader = PdfFileReader(octets)
        kept = DocumentSecurityStore.read_dss(reader)
        alone = {"trust_roots": certificates(root), "allow_fetching": False, "revocation_mode": "require"}
        signature = validate_pdf_signature(
            reader.embedded_regular_signatures[0],
            signer_validation_context=kept.as_validation_context(dict(alone)),
            ts_validation_context=kept.as_validation_context(dict(alone)),
        )
        stamp = signature.timestamp_validity
        # The newest time stamp over the document has nothing over it: what it is judged by has yet to be kept.
        now = {"trust_roots": certificates(root), "allow_fetching": False, "revocation_mode": "soft-fail"}
        over = [
            validate_pdf_timestamp(one, validation_context=kept.as_validation_context(dict(now)))
            for one in reader.embedded_timestamp_signatures
        ]
        return {
            "sound": signature.bottom_line,
            "stamped": stamp is not None and stamp.valid and stamp.trusted,
            "over": [one.valid and one.trusted for one in over],
        }


def seen(before, after, number):
    import pypdfium2

    def shown(path):
        document = pypdfium2.PdfDocument(path)
        document.init_forms()
        page = document[int(number) - 1]
        bitmap = page.render(scale=2, may_draw_forms=True, draw_annots=True, grayscale=True)
        octets = bytes(bitmap.buffer)
        rows = [octets[at * bitmap.stride :][: bitmap.width] for at in range(bitmap.height)]
        return document, page, rows

    (_, _, old), (document, page, new) = shown(before), shown(after)
    rows = [at for at, pair in enumerate(zip(old, new)) if pair[0] != pair[1]]
    columns = [at for row in rows for at, pair in enumerate(zip(old[row], new[row])) if pair[0] != pair[1]]
    width, height = page.get_size()
    box = [min(columns) / 2, height - (max(rows) + 1) / 2, (max(columns) + 1) / 2, height - min(rows) / 2] if rows else None
    page.flatten()
    text = document[int(number) - 1].get_textpage().get_text_bounded()
    return {"page": [width, height], "box": box, "text": text}


def field(document, made, name, *corners_and_lock):
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.sign.fields import FieldMDPAction, FieldMDPSpec, MDPPerm, SigFieldSpec, append_signature_field

    *corners, lock = corners_and_lock
    kind, _, names = lock.partition("=")
    fields = [name for name in names.split(",") if name]
    locks = {
        "nothing": None,
        "all": FieldMDPSpec(FieldMDPAction.ALL),
        "only": FieldMDPSpec(FieldMDPAction.INCLUDE, fields=fields),
        "but": FieldMDPSpec(FieldMDPAction.EXCLUDE, fields=fields),
        "document": FieldMDPSpec(FieldMDPAction.INCLUDE, fields=[]),
    }[kind]
    document_too = MDPPerm.NO_CHANGES if kind == "document" else None
    with Path(document).open("rb") as octets, Path(made).open("wb") as output:
        writer = IncrementalPdfFileWriter(octets)
        box = tuple(int(corner) for corner in corners)
        spec = SigFieldSpec(name, box=box, field_mdp_spec=locks, doc_mdp_update_value=document_too)
        append_signature_field(writer, spec)
        writer.write(output)
    return {"made": made}


def certify(cert, issuer, key, document, signed, level):
    from pyhanko.sign.fields import MDPPerm

    return sign(cert, issuer, key, document, signed, "Certified", certify=True, docmdp_permissions=MDPPerm(int(level)))


def sign_regardless(cert, issuer, key, document, signed, field, where):
    from pyhanko.sign import signers
    from pyhanko.sign.fields import SigFieldSpec

    signers.PdfSigner._enforce_certification_constraints = lambda self, reader: None
    seen = SigFieldSpec(field, box=(50, 50, 250, 110)) if where == "seen" else None
    return sign(cert, issuer, key, document, signed, field, new_field=seen)


def sign(cert, issuer, key, document, signed, field, new_field=None, **more):
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.sign import signers
    from pyhanko.sign.fields import SigSeedSubFilter

    signer = signers.SimpleSigner.load(key, cert, ca_chain_files=(issuer,))
    metadata = signers.PdfSignatureMetadata(
        field_name=field, md_algorithm="sha256", subfilter=SigSeedSubFilter.PADES, **more
    )
    with Path(document).open("rb") as octets, Path(signed).open("wb") as output:
        signers.sign_pdf(
            IncrementalPdfFileWriter(octets), metadata, signer=signer, new_field_spec=new_field, output=output
        )
    return {"signed": signed}


def sign_lasting(cert, issuer, key, root, document, signed, unit):
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.sign import signers
    from pyhanko.sign.fields import SigSeedSubFilter
    from pyhanko.sign.timestamps import HTTPTimeStamper
    from pyhanko_certvalidator import ValidationContext

    signer = signers.SimpleSigner.load(key, cert, ca_chain_files=(issuer,))
    metadata = signers.PdfSignatureMetadata(
        field_name="Theirs",
        md_algorithm="sha256",
        subfilter=SigSeedSubFilter.PADES,
        embed_validation_info=True,
        use_pades_lta=True,
        validation_context=ValidationContext(trust_roots=certificates(root), allow_fetching=True),
    )
    with Path(document).open("rb") as octets, Path(signed).open("wb") as output:
        signers.sign_pdf(
            IncrementalPdfFileWriter(octets), metadata, signer=signer, timestamper=HTTPTimeStamper(unit), output=output
        )
    return {"signed": signed}


if __name__ == "__main__":
    judges = [validate, lasting, seen, field, certify, sign, sign_regardless, sign_lasting]
    print(json.dumps({one.__name__: one for one in judges}[sys.argv[1]](*sys.argv[2:])))
