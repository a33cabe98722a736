-- Administrative revocations and reviews of others. Nothing personal in any of these: what was written is sealed.

CREATE TABLE ${schema}.withdrawals (key bytea PRIMARY KEY, version bigint NOT NULL, record json NOT NULL);
COMMENT ON TABLE ${schema}.withdrawals IS 'Administrative revocations of persons'' certificates, by identifier.';

CREATE TABLE ${schema}.withdrawals_by_identity (key bytea PRIMARY KEY, version bigint NOT NULL, octets bytea NOT NULL);
COMMENT ON TABLE ${schema}.withdrawals_by_identity IS 'Index: person and withdrawal.';

CREATE TABLE ${schema}.withdrawals_open (key bytea PRIMARY KEY, version bigint NOT NULL, record json NOT NULL);
COMMENT ON TABLE ${schema}.withdrawals_open IS 'Which open withdrawal a certificate is in, by serial number.';

CREATE TABLE ${schema}.withdrawals_due (key bytea PRIMARY KEY, version bigint NOT NULL, octets bytea NOT NULL);
COMMENT ON TABLE ${schema}.withdrawals_due IS 'Upheld withdrawals by the moment at which the time for an appeal ends.';

CREATE TABLE ${schema}.revocation_reviews (key bytea PRIMARY KEY, version bigint NOT NULL, record json NOT NULL);
COMMENT ON TABLE ${schema}.revocation_reviews IS 'What staff revoked of persons at once, by serial number, and its review.';
