"""pkilint over many certificates at once: loading it costs more than using it.

Reads lines NAME TAB LINTER TAB TYPE TAB FILE (a DER certificate) and writes one JSON object that maps each NAME to the
codes of the findings that pkilint counts as warnings or worse. LINTER is pkix, etsi or cabf, TYPE what pkilint's own
programs take with -t.
"""

import json
import sys

from pkilint import etsi, finding_filter, loader
from pkilint.cabf import serverauth
from pkilint.cabf.serverauth import serverauth_constants
from pkilint.etsi import etsi_constants
from pkilint.pkix import certificate, extension, name
from pkilint.validation import ValidationFindingSeverity


def pkix(_):
    validator = certificate.create_pkix_certificate_validator_container(
        certificate.create_decoding_validators(name.ATTRIBUTE_TYPE_MAPPINGS, extension.EXTENSION_MAPPINGS),
        [
            certificate.create_issuer_validator_container([]),
            certificate.create_validity_validator_container(),
            certificate.create_subject_validator_container([]),
            certificate.create_extensions_validator_container([]),
            certificate.create_spki_validator_container([]),
        ],
    )
    return validator, []


def etsi_of(kind):
    kind = etsi_constants.CertificateType.from_option_str(kind)
    validator = certificate.create_pkix_certificate_validator_container(
        etsi.create_decoding_validators(kind), etsi.create_validators(kind)
    )
    return validator, etsi.create_etsi_finding_filters(kind)


def cabf(kind):
    kind = serverauth_constants.CertificateType.from_option_str(kind)
    validator = certificate.create_pkix_certificate_validator_container(
        serverauth.create_decoding_validators(), serverauth.create_validators(kind)
    )
    return validator, serverauth.create_serverauth_finding_filters(kind)


MAKERS = {"pkix": pkix, "etsi": etsi_of, "cabf": cabf}


def codes(validator, filters, path):
    with open(path, "rb") as file:
        der = file.read()
    try:
        document = loader.RFC5280CertificateDocumentLoader().load_der_document(der, path)
        results = validator.validate(document.root)
    except Exception as error:  # what pkilint cannot read at all, it refuses in many ways
        return [f"unreadable: {type(error).__name__}"]
    if filters:
        results, _ = finding_filter.filter_results(filters, results)
    found = (finding for result in results for finding in result.finding_descriptions)
    return [it.finding.code for it in found if it.finding.severity <= ValidationFindingSeverity.WARNING]


def main():
    linters, answers = {}, {}
    for line in sys.stdin:
        label, linter, kind, path = line.rstrip("\n").split("\t")
        if (linter, kind) not in linters:
            linters[linter, kind] = MAKERS[linter](kind)
        found = answers.setdefault(label, [])
        found.extend(f"{linter} {code}" for code in codes(*linters[linter, kind], path))
    json.dump({label: sorted(set(found)) for label, found in answers.items()}, sys.stdout)


main()
