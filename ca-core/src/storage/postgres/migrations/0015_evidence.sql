-- What identities were proven by. Issuers and numbers are sealed; scans are kept elsewhere.

CREATE TABLE ${schema}.identity_evidence (key bytea PRIMARY KEY, version bigint NOT NULL, record json NOT NULL);
COMMENT ON TABLE ${schema}.identity_evidence IS 'Evidence of identities: kind, how and by whom it was checked, digest of a scan.';
