-- The life of identities. Nothing personal in any of these: what officers wrote is sealed.

CREATE TABLE ${schema}.identity_history (key bytea PRIMARY KEY, version bigint NOT NULL, record json NOT NULL);
COMMENT ON TABLE ${schema}.identity_history IS 'What happened to identities: identity, time and event.';

CREATE TABLE ${schema}.identity_due (key bytea PRIMARY KEY, version bigint NOT NULL, octets bytea NOT NULL);
COMMENT ON TABLE ${schema}.identity_due IS 'What is to happen to an identity at a moment: time and identity.';

CREATE TABLE ${schema}.identity_issuances (key bytea PRIMARY KEY, version bigint NOT NULL, octets bytea NOT NULL);
COMMENT ON TABLE ${schema}.identity_issuances IS 'The serial number of each identity''s latest certificate.';
