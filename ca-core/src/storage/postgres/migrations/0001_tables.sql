-- The tables of npki: one for each kind of record.
--
-- `key` and `version` are npki's; `record` is JSON to be read by anyone with SQL. Its type is json, not jsonb: the text is
-- kept octet for octet, and the ledger's digests are over these octets. Write nothing here by hand: every change
-- belongs to an event, and what is changed beside them is found by `npki audit verify`.

-- One row. Whoever commits changes it, so that commits take turns; it counts changes and events.
CREATE TABLE ${schema}.turn (
    single boolean PRIMARY KEY DEFAULT true CHECK (single),
    sequence bigint NOT NULL,
    ledger_size bigint NOT NULL,
    state text NOT NULL CHECK (state IN ('ready', 'restoring')),
    format integer NOT NULL
);
INSERT INTO ${schema}.turn (sequence, ledger_size, state, format) VALUES (0, 0, 'ready', 0);

-- The last batch that each running npki committed: tells it after a lost connection whether its batch was kept.
CREATE TABLE ${schema}.nodes (
    node bytea PRIMARY KEY,
    batch bigint NOT NULL,
    at timestamptz NOT NULL
);

CREATE TABLE ${schema}.events (key bytea PRIMARY KEY, version bigint NOT NULL, record json NOT NULL);
COMMENT ON TABLE ${schema}.events IS 'The ledger: one row for each event, by position (8 octets, big-endian). Rows are never changed.';

CREATE TABLE ${schema}.certificates (key bytea PRIMARY KEY, version bigint NOT NULL, record json NOT NULL);
COMMENT ON TABLE ${schema}.certificates IS 'Issued certificates: what is known of each, by CA and serial number. The DER is in certificate_der.';

CREATE TABLE ${schema}.certificate_der (key bytea PRIMARY KEY, version bigint NOT NULL, octets bytea NOT NULL);
COMMENT ON TABLE ${schema}.certificate_der IS 'The DER of issued certificates, by CA and serial number.';

CREATE TABLE ${schema}.certificates_by_identity (key bytea PRIMARY KEY, version bigint NOT NULL, octets bytea NOT NULL);
COMMENT ON TABLE ${schema}.certificates_by_identity IS 'Index: identity, CA, serial number.';

CREATE TABLE ${schema}.index_keys (key bytea PRIMARY KEY, version bigint NOT NULL, octets bytea NOT NULL);
COMMENT ON TABLE ${schema}.index_keys IS 'The secret that digests in indexes are keyed with, encrypted.';

CREATE TABLE ${schema}.identities_by_sponsor (key bytea PRIMARY KEY, version bigint NOT NULL, octets bytea NOT NULL);
COMMENT ON TABLE ${schema}.identities_by_sponsor IS 'Index: the person who answers for it and identity.';

CREATE TABLE ${schema}.certificates_by_organisation (key bytea PRIMARY KEY, version bigint NOT NULL, octets bytea NOT NULL);
COMMENT ON TABLE ${schema}.certificates_by_organisation IS 'Index: organisation and certificate.';

CREATE TABLE ${schema}.keys (key bytea PRIMARY KEY, version bigint NOT NULL, octets bytea NOT NULL);
COMMENT ON TABLE ${schema}.keys IS 'Which identity holds a public key, by the SHA-256 of the key: for all time.';

CREATE TABLE ${schema}.revocations (key bytea PRIMARY KEY, version bigint NOT NULL, record json NOT NULL);
COMMENT ON TABLE ${schema}.revocations IS 'Revoked and held certificates, by CA and serial number.';

CREATE TABLE ${schema}.reservations (key bytea PRIMARY KEY, version bigint NOT NULL, record json NOT NULL);
COMMENT ON TABLE ${schema}.reservations IS 'Serial numbers reserved for certificates not yet issued, or abandoned.';

CREATE TABLE ${schema}.crls (key bytea PRIMARY KEY, version bigint NOT NULL, octets bytea NOT NULL);
COMMENT ON TABLE ${schema}.crls IS 'Certificate revocation lists as published.';

CREATE TABLE ${schema}.crl_numbers (key bytea PRIMARY KEY, version bigint NOT NULL, record json NOT NULL);
COMMENT ON TABLE ${schema}.crl_numbers IS 'The last CRL number that each CA reserved.';

CREATE TABLE ${schema}.ca_certificates (key bytea PRIMARY KEY, version bigint NOT NULL, octets bytea NOT NULL);
COMMENT ON TABLE ${schema}.ca_certificates IS 'The certificates of this installation''s CAs, by name.';

CREATE TABLE ${schema}.subject_keys (key bytea PRIMARY KEY, version bigint NOT NULL, record json NOT NULL);
COMMENT ON TABLE ${schema}.subject_keys IS 'Keys that encrypt personal data, one for each subject, wrapped. Without its key a person is erased.';

CREATE TABLE ${schema}.ledger_tiles (key bytea PRIMARY KEY, version bigint NOT NULL, octets bytea NOT NULL);
COMMENT ON TABLE ${schema}.ledger_tiles IS 'The Merkle tree over the events.';

CREATE TABLE ${schema}.ledger_heads (key bytea PRIMARY KEY, version bigint NOT NULL, octets bytea NOT NULL);
COMMENT ON TABLE ${schema}.ledger_heads IS 'Signed states of the tree.';

CREATE TABLE ${schema}.ledger_cosignatures (key bytea PRIMARY KEY, version bigint NOT NULL, octets bytea NOT NULL);
COMMENT ON TABLE ${schema}.ledger_cosignatures IS 'What witnesses signed.';

CREATE TABLE ${schema}.ledger_index (key bytea PRIMARY KEY, version bigint NOT NULL, octets bytea NOT NULL);
COMMENT ON TABLE ${schema}.ledger_index IS 'Where events are in the tree.';

CREATE TABLE ${schema}.identities (key bytea PRIMARY KEY, version bigint NOT NULL, record json NOT NULL);
COMMENT ON TABLE ${schema}.identities IS 'Persons, organisations, devices and applications, without anything personal.';

CREATE TABLE ${schema}.identity_details (key bytea PRIMARY KEY, version bigint NOT NULL, octets bytea NOT NULL);
COMMENT ON TABLE ${schema}.identity_details IS 'What is known of each identity, encrypted.';

CREATE TABLE ${schema}.identity_numbers (key bytea PRIMARY KEY, version bigint NOT NULL, octets bytea NOT NULL);
COMMENT ON TABLE ${schema}.identity_numbers IS 'Which identity has a number, by its digest.';

CREATE TABLE ${schema}.identities_by_organisation (key bytea PRIMARY KEY, version bigint NOT NULL, octets bytea NOT NULL);
COMMENT ON TABLE ${schema}.identities_by_organisation IS 'Index: organisation and identity.';

CREATE TABLE ${schema}.staff (key bytea PRIMARY KEY, version bigint NOT NULL, octets bytea NOT NULL);
COMMENT ON TABLE ${schema}.staff IS 'Members of staff, encrypted.';

CREATE TABLE ${schema}.staff_certificates (key bytea PRIMARY KEY, version bigint NOT NULL, record json NOT NULL);
COMMENT ON TABLE ${schema}.staff_certificates IS 'Which member of staff a certificate was issued to.';

CREATE TABLE ${schema}.administrators (key bytea PRIMARY KEY, version bigint NOT NULL, record json NOT NULL);
COMMENT ON TABLE ${schema}.administrators IS 'Who may appoint others.';

CREATE TABLE ${schema}.requests (key bytea PRIMARY KEY, version bigint NOT NULL, record json NOT NULL);
COMMENT ON TABLE ${schema}.requests IS 'Requests for certificates.';

CREATE TABLE ${schema}.request_csrs (key bytea PRIMARY KEY, version bigint NOT NULL, octets bytea NOT NULL);
COMMENT ON TABLE ${schema}.request_csrs IS 'Certification requests, DER.';

CREATE TABLE ${schema}.requests_by_csr (key bytea PRIMARY KEY, version bigint NOT NULL, record json NOT NULL);
COMMENT ON TABLE ${schema}.requests_by_csr IS 'Which request a certification request was used for, by its digest.';

CREATE TABLE ${schema}.request_index (key bytea PRIMARY KEY, version bigint NOT NULL, octets bytea NOT NULL);
COMMENT ON TABLE ${schema}.request_index IS 'Index of requests.';

CREATE TABLE ${schema}.idempotency_keys (key bytea PRIMARY KEY, version bigint NOT NULL, record json NOT NULL);
COMMENT ON TABLE ${schema}.idempotency_keys IS 'What a client asked for under which key of its own.';

CREATE TABLE ${schema}.readiness (key bytea PRIMARY KEY, version bigint NOT NULL, octets bytea NOT NULL);
COMMENT ON TABLE ${schema}.readiness IS 'Written by the readiness probe.';
