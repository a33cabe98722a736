"""Judges trusted lists (ETSI TS 119 612) by libraries that npki's authors did not write.

judge.py SIGNER LIST   signxml verifies the XAdES signature against its schemas; pyHanko, whose classes were generated from the schema of
                       trusted lists, parses what was signed (nothing unknown may stand in it) and reads the CAs that are qualified

Prints one JSON document.
"""

import json
import sys
from pathlib import Path

from asn1crypto import pem, x509
from pyhanko.generated.etsi import ts_119612
from pyhanko.sign.validation.qualified.eutl_parse import _validate_and_extract_tl_data, trust_list_to_registry
from xsdata.formats.dataclass.parsers import XmlParser
from xsdata.formats.dataclass.parsers.config import ParserConfig


def main(signer, path):
    octets = Path(signer).read_bytes()
    certificate = x509.Certificate.load(pem.unarmor(octets)[2] if pem.detect(octets) else octets)
    text = Path(path).read_text()
    registry, errors = trust_list_to_registry(text, [certificate])
    signed = _validate_and_extract_tl_data(text, certificate, None)
    config = ParserConfig(fail_on_unknown_properties=True, fail_on_unknown_attributes=True, fail_on_converter_warnings=True)
    parsed = XmlParser(config=config).from_string(signed, ts_119612.TrustServiceStatusList)
    scheme = parsed.scheme_information
    services = [
        (provider, service)
        for provider in parsed.trust_service_provider_list.trust_service_provider
        for service in provider.tspservices.tspservice
    ]

    def told(provider, service):
        information = service.service_information
        history = service.service_history.service_history_instance if service.service_history else []
        return {
            "provider": provider.tspinformation.tspname.name[0].value,
            "kind": str(information.service_type_identifier.value),
            "name": information.service_name.name[0].value,
            "status": str(information.service_status.value),
            "history": [str(past.service_status.value) for past in history],
        }

    return {
        "number": scheme.tslsequence_number,
        "territory": str(scheme.scheme_territory.value),
        "services": [told(*each) for each in services],
        "qualified_cas": len(list(registry.known_certificate_authorities)),
        "qualified_tsas": len(list(registry.known_timestamp_authorities)),
        "errors": [str(error) for error in errors],
    }


print(json.dumps(main(*sys.argv[1:])))
