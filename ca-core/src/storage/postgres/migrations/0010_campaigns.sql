-- Campaigns: many certificates replaced by a date. Nothing personal in any of these.

CREATE TABLE ${schema}.campaigns (key bytea PRIMARY KEY, version bigint NOT NULL, record json NOT NULL);
COMMENT ON TABLE ${schema}.campaigns IS 'Campaigns by name: which certificates they are about, their dates, and how their members stand.';

CREATE TABLE ${schema}.campaigns_at_work (key bytea PRIMARY KEY, version bigint NOT NULL, record json NOT NULL);
COMMENT ON TABLE ${schema}.campaigns_at_work IS 'One row: what is refused to whoever asks for a certificate, as a campaign has it replaced.';

CREATE TABLE ${schema}.campaign_members (key bytea PRIMARY KEY, version bigint NOT NULL, record json NOT NULL);
COMMENT ON TABLE ${schema}.campaign_members IS 'Members of campaigns: campaign, bucket (2 octets, drawn from the identity), CA and serial number.';

CREATE TABLE ${schema}.campaign_work (key bytea PRIMARY KEY, version bigint NOT NULL, octets bytea NOT NULL);
COMMENT ON TABLE ${schema}.campaign_work IS 'The members that something is left to do about, under the same keys.';

CREATE VIEW ${report}.campaign_members AS
SELECT
    split_part(encode(key, 'escape'), '/', 1) AS campaign,
    record ->> 'profile' AS profile,
    record ->> 'state' AS state,
    (record ->> 'since')::timestamptz AS since,
    (record ->> 'notified_at')::timestamptz AS notified_at
FROM ${schema}.campaign_members;
