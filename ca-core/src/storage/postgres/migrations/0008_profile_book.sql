-- The profile book: every edition of every profile, and which of them are in force.

CREATE TABLE ${schema}.profile_book (key bytea PRIMARY KEY, version bigint NOT NULL, record json NOT NULL);
COMMENT ON TABLE ${schema}.profile_book IS 'One record: which edition of each profile is in force.';

CREATE TABLE ${schema}.profile_editions (key bytea PRIMARY KEY, version bigint NOT NULL, record json NOT NULL);
COMMENT ON TABLE ${schema}.profile_editions IS 'Every edition of every profile, with its text: profile, a slash, the number in eight hexadecimal digits.';

CREATE VIEW ${report}.profile_editions AS
SELECT
    record ->> 'profile' AS profile,
    (record ->> 'number')::integer AS number,
    record ->> 'state' AS state,
    record ->> 'sha256' AS sha256,
    (record ->> 'since')::timestamptz AS since
FROM ${schema}.profile_editions;
