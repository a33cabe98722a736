-- Offices where people are registered. Nothing personal.

CREATE TABLE ${schema}.offices (key bytea PRIMARY KEY, version bigint NOT NULL, record json NOT NULL);
COMMENT ON TABLE ${schema}.offices IS 'Accredited offices, by identifier.';

CREATE TABLE ${schema}.staff_days (key bytea PRIMARY KEY, version bigint NOT NULL, record json NOT NULL);
COMMENT ON TABLE ${schema}.staff_days IS 'How many persons each officer looked up, and how many requests approved, on the day of the last act.';
