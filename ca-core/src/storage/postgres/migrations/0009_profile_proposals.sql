-- Changes of profiles that one administrator proposes and another decides on.

CREATE TABLE ${schema}.profile_proposals (key bytea PRIMARY KEY, version bigint NOT NULL, record json NOT NULL);
COMMENT ON TABLE ${schema}.profile_proposals IS 'Proposals to change profiles, with what became of each.';

CREATE TABLE ${schema}.profile_proposal_index (key bytea PRIMARY KEY, version bigint NOT NULL, octets bytea NOT NULL);
COMMENT ON TABLE ${schema}.profile_proposal_index IS 'Index: list, time, proposal.';
