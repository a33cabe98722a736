-- Views for reports, without personal data: no subjects, no names, nothing of an identity but its kind and state.
--
-- npki makes no roles. To let a reporting tool read these views and nothing else:
--
--     CREATE ROLE npki_report LOGIN;
--     GRANT USAGE ON SCHEMA npki_report TO npki_report;
--     GRANT SELECT ON ALL TABLES IN SCHEMA npki_report TO npki_report;
--
-- The views read with the rights of their owner; the role needs no right on the tables.

CREATE VIEW ${report}.certificates AS
SELECT
    record ->> 'issuer' AS ca,
    record ->> 'serial' AS serial,
    record ->> 'profile' AS profile,
    (record ->> 'issued_at')::timestamptz AS issued_at,
    (record ->> 'not_before')::timestamptz AS not_before,
    (record ->> 'not_after')::timestamptz AS not_after,
    record -> 'revocation' ->> 'reason' AS revocation_reason,
    (record -> 'revocation' ->> 'at')::timestamptz AS revoked_at
FROM ${schema}.certificates;

CREATE VIEW ${report}.certificates_by_profile_and_day AS
SELECT
    ca,
    profile,
    (issued_at AT TIME ZONE 'UTC')::date AS day,
    count(*) AS issued,
    count(revocation_reason) AS revoked_since
FROM ${report}.certificates
GROUP BY ca, profile, (issued_at AT TIME ZONE 'UTC')::date;

CREATE VIEW ${report}.certification_authorities AS
SELECT
    convert_from(key, 'UTF8') AS ca,
    encode(sha256(octets), 'hex') AS sha256
FROM ${schema}.ca_certificates;

CREATE VIEW ${report}.requests AS
SELECT
    record ->> 'id' AS id,
    record ->> 'profile' AS profile,
    record -> 'state' ->> 'status' AS status,
    (record ->> 'requested_at')::timestamptz AS requested_at,
    (record ->> 'approvals_needed')::integer AS approvals_needed,
    json_array_length(record -> 'approvals') AS approvals
FROM ${schema}.requests;

CREATE VIEW ${report}.identities AS
SELECT
    CASE substr(record ->> 'id', 1, 1)
        WHEN 'P' THEN 'person'
        WHEN 'O' THEN 'organisation'
        WHEN 'D' THEN 'device'
        WHEN 'A' THEN 'application'
        ELSE 'other'
    END AS kind,
    record ->> 'status' AS status,
    count(*) AS identities
FROM ${schema}.identities
GROUP BY 1, 2;

-- Why, and with what particulars, is in the ledger itself: both are written by people, about people.
CREATE VIEW ${report}.events AS
SELECT
    ('x' || encode(key, 'hex'))::bit(64)::bigint AS position,
    (record ->> 'at')::timestamptz AS at,
    record ->> 'actor' AS actor,
    record ->> 'action' AS action,
    record ->> 'subject' AS subject,
    record ->> 'outcome' AS outcome
FROM ${schema}.events;
