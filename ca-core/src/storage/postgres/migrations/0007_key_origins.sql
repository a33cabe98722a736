-- Where keys live: what a bad model or batch of tokens is found by.

CREATE TABLE ${schema}.key_origins (key bytea PRIMARY KEY, version bigint NOT NULL, record json NOT NULL);
COMMENT ON TABLE ${schema}.key_origins IS 'Where keys live (software, a model and batch of tokens), by the SHA-256 of the key. Nothing personal.';
