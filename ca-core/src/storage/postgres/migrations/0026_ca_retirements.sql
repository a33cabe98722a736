-- CAs that ended.

CREATE TABLE ${schema}.ca_retirements (key bytea PRIMARY KEY, version bigint NOT NULL, record json NOT NULL);
COMMENT ON TABLE ${schema}.ca_retirements IS 'CAs that issue nothing more, by name: when, by whom and why.';
