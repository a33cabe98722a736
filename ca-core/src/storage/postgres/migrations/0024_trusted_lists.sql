-- Trusted lists, each the newest of its territory.

CREATE TABLE ${schema}.trusted_lists (key bytea PRIMARY KEY, version bigint NOT NULL, record json NOT NULL);
COMMENT ON TABLE ${schema}.trusted_lists IS 'The newest trusted list, signed, by territory.';
