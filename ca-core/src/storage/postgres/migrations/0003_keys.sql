-- Keys: which certificates hold one, and which are blocked.

CREATE TABLE ${schema}.certificates_by_key (key bytea PRIMARY KEY, version bigint NOT NULL, octets bytea NOT NULL);
COMMENT ON TABLE ${schema}.certificates_by_key IS 'Index: SHA-256 of the public key (32 octets), then CA and serial number. The value is the public key where it is an RSA key.';

CREATE TABLE ${schema}.blocked_keys (key bytea PRIMARY KEY, version bigint NOT NULL, record json NOT NULL);
COMMENT ON TABLE ${schema}.blocked_keys IS 'Keys that get no certificates, by the SHA-256 of the key, or by the digest of Debian''s lists of weak keys (10 octets).';
