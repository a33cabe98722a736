-- Who is whose guardian. Identifiers alone; what was shown is sealed under the ward.

CREATE TABLE ${schema}.guardianships (key bytea PRIMARY KEY, version bigint NOT NULL, octets bytea NOT NULL);
COMMENT ON TABLE ${schema}.guardianships IS 'Index: of/guardian/ward, and vacant/ward where the guardian is gone.';

CREATE TABLE ${schema}.guardianship_proposals (key bytea PRIMARY KEY, version bigint NOT NULL, record json NOT NULL);
COMMENT ON TABLE ${schema}.guardianship_proposals IS 'Guardianships that wait for another officer, by ward.';
