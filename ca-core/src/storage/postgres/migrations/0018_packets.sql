-- Packets of what was enrolled without a network. Nothing personal in any of these; the key is sealed.

CREATE TABLE ${schema}.packets (key bytea PRIMARY KEY, version bigint NOT NULL, record json NOT NULL);
COMMENT ON TABLE ${schema}.packets IS 'What became of each packet, by its identifier.';

CREATE TABLE ${schema}.packets_by_device (key bytea PRIMARY KEY, version bigint NOT NULL, octets bytea NOT NULL);
COMMENT ON TABLE ${schema}.packets_by_device IS 'Packets by device and number: the digest of their content.';

CREATE TABLE ${schema}.packet_keys (key bytea PRIMARY KEY, version bigint NOT NULL, octets bytea NOT NULL);
COMMENT ON TABLE ${schema}.packet_keys IS 'The key that opens what is in packets, sealed.';
