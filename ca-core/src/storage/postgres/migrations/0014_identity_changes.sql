-- Changes of what is known of identities. What is proposed, and why, is sealed.

CREATE TABLE ${schema}.identity_changes (key bytea PRIMARY KEY, version bigint NOT NULL, record json NOT NULL);
COMMENT ON TABLE ${schema}.identity_changes IS 'Changes of identities that wait for another officer: identity.';
