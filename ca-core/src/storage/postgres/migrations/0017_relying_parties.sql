-- Relying parties, and whose a sector pseudonym is. Nothing personal in any of these: pseudonyms are kept as digests.

CREATE TABLE ${schema}.relying_parties (key bytea PRIMARY KEY, version bigint NOT NULL, record json NOT NULL);
COMMENT ON TABLE ${schema}.relying_parties IS 'Relying parties with their purposes, by organisation.';

CREATE TABLE ${schema}.relying_party_changes (key bytea PRIMARY KEY, version bigint NOT NULL, record json NOT NULL);
COMMENT ON TABLE ${schema}.relying_party_changes IS 'What is proposed of relying parties and waits for another administrator.';

CREATE TABLE ${schema}.sector_pseudonyms (key bytea PRIMARY KEY, version bigint NOT NULL, octets bytea NOT NULL);
COMMENT ON TABLE ${schema}.sector_pseudonyms IS 'Index: digest of a sector pseudonym to the identity.';
