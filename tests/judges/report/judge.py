"""Judges reports of validations by libraries that npki's authors did not write.

judge.py etsi REPORT   ETSI TS 119 102-2: pyHanko's classes, which were generated from its schema, parse the report: nothing unknown may stand in
                       it, all that is required must, and elements must stand in the order of the schema, which is that of the fields
judge.py page REPORT   html5lib parses the page, strictly: any error of HTML ends it; what would be fetched or run, and contrasts

Prints one JSON document.
"""

import dataclasses
import json
import sys
from pathlib import Path

from lxml import etree


def lacking(node, place):
    """What the schema requires and is not there."""
    if not dataclasses.is_dataclass(node):
        return []
    found = []
    for field in dataclasses.fields(node):
        value, rules = getattr(node, field.name), field.metadata
        here = f"{place}/{rules.get('name', field.name)}"
        if value is None and rules.get("required"):
            found.append(here)
        several = value if isinstance(value, tuple) else (value,)
        # A choice has no least number of its own.
        if isinstance(value, tuple) and "sequence" not in rules and len(value) < rules.get("min_occurs", 0):
            found.append(here)
        for one in several:
            found += lacking(one, here)
    return found


def order(element):
    """The elements in their order, where the schema has one: attributes of signatures may stand in any."""
    name = etree.QName(element)
    within = [order(child) for child in element.iterchildren(etree.Element)]
    return [name.text, sorted(within) if name.localname == "SignatureAttributes" else within]


def etsi(path):
    from pyhanko.generated.etsi.ts_11910202 import ValidationReport
    from xsdata.formats.dataclass.parsers import XmlParser
    from xsdata.formats.dataclass.parsers.config import ParserConfig
    from xsdata.formats.dataclass.serializers import XmlSerializer

    octets = Path(path).read_bytes()
    config = ParserConfig(fail_on_unknown_properties=True, fail_on_unknown_attributes=True, fail_on_converter_warnings=True)
    report = XmlParser(config=config).from_bytes(octets, ValidationReport)
    tree = etree.fromstring(octets, etree.XMLParser(resolve_entities=False, no_network=True))
    again = etree.fromstring(XmlSerializer().render(report).encode())
    names = [one.get("id") for one in tree.iter() if one.get("id")]
    references = {one for node in tree.iter() for one in (node.get("VOReference") or "").split()}

    def told(one):
        status, times = one.signature_validation_status, one.validation_time_info
        data = status.associated_validation_report_data[0].additional_validation_report_data.report_data
        identifier, document = one.signature_identifier, one.signers_document
        return {
            "indication": status.main_indication,
            "sub_indications": list(status.sub_indication),
            "value": bool(identifier and identifier.signature_value and identifier.signature_value.value),
            "signer": one.signer_information.signer if one.signer_information else None,
            "document": document.digest_alg_and_value.digest_value.value.hex() if document else None,
            "best": str(times.best_signature_time.poetime),
            "proof": times.best_signature_time.poeobject is not None,
            "constraints": {
                each.validation_constraint_identifier: each.validation_status.main_indication
                for each in one.validation_constraints_evaluation_report.validation_constraint
            }
            if one.validation_constraints_evaluation_report
            else {},
            "data": [[each.type_value, str(getattr(each.value, "value", each.value))] for each in data],
        }

    objects = report.signature_validation_objects.validation_object if report.signature_validation_objects else ()
    return {
        "lacking": lacking(report, ""),
        "in_order": order(tree) == order(again),
        "unresolved": sorted(references - set(names)),
        "ids_differ": len(names) == len(set(names)),
        "objects": sorted(one.object_type.rsplit(":", 1)[1] for one in objects),
        "signatures": [told(one) for one in report.signature_validation_report],
    }


def contrast(one, other):
    """The ratio of two colours (WCAG 2.2, relative luminance)."""

    def luminance(colour):
        digits = colour.lstrip("#")
        digits = "".join(2 * digit for digit in digits) if len(digits) == 3 else digits
        parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def page(path):
    import re

    import html5lib

    tree = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(Path(path).read_bytes().decode())
    elements = [element for element in tree.iter() if isinstance(element.tag, str)]
    running = [name for element in elements for name in element.attrib if name.startswith("on")]
    reaching = ["script", "link", "img", "iframe", "object", "embed", "form", "base", "a"]
    style = "".join(element.text for element in elements if element.tag == "style")
    pairs = re.findall(r"color:(#[0-9a-f]{3,6});background:(#[0-9a-f]{3,6})", style)
    verdict = next(element for element in elements if "verdict" in element.get("class", "").split())
    terms = {}
    for row in tree.iter("dl"):
        children = list(row)
        for term, definition in zip(children[::2], children[1::2]):
            assert (term.tag, definition.tag) == ("dt", "dd")
            terms.setdefault("".join(term.itertext()), []).append("".join(definition.itertext()))
    return {
        "language": tree.get("lang"),
        "active": running + [element.tag for element in elements if element.tag in reaching] + re.findall(r"url\(|@import", style),
        "lowest_contrast": min(contrast(*pair) for pair in pairs),
        "headings": [element.tag for element in elements if re.fullmatch("h[1-6]", element.tag)],
        "verdict": " ".join("".join(verdict.itertext()).split()),
        "class": verdict.get("class"),
        "terms": terms,
        "folded": len(list(tree.iter("details"))),
    }


if __name__ == "__main__":
    print(json.dumps({"etsi": etsi, "page": page}[sys.argv[1]](*sys.argv[2:])))
