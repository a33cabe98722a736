-- Statistics as published: small numbers, and what would give them away, are left out already.

CREATE TABLE ${schema}.statistics (key bytea PRIMARY KEY, version bigint NOT NULL, record json NOT NULL);
COMMENT ON TABLE ${schema}.statistics IS 'The newest statistics, under one key.';
