-- Notifications of births, deaths and changes. What was told is sealed; sources' names of events are kept as digests.

CREATE TABLE ${schema}.notification_sources (key bytea PRIMARY KEY, version bigint NOT NULL, record json NOT NULL);
COMMENT ON TABLE ${schema}.notification_sources IS 'Applications that may notify, by identifier.';

CREATE TABLE ${schema}.notifications (key bytea PRIMARY KEY, version bigint NOT NULL, record json NOT NULL);
COMMENT ON TABLE ${schema}.notifications IS 'What sources told and what became of it, by identifier.';

CREATE TABLE ${schema}.notifications_by_event (key bytea PRIMARY KEY, version bigint NOT NULL, octets bytea NOT NULL);
COMMENT ON TABLE ${schema}.notifications_by_event IS 'Index: digest of a source and its name of an event to the notification.';

CREATE TABLE ${schema}.notifications_by_time (key bytea PRIMARY KEY, version bigint NOT NULL, octets bytea NOT NULL);
COMMENT ON TABLE ${schema}.notifications_by_time IS 'Index: notifications as they came, all and those that wait.';
