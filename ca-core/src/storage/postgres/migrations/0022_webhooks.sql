-- Webhooks. Nothing personal; secrets in them are sealed.

CREATE TABLE ${schema}.webhooks (key bytea PRIMARY KEY, version bigint NOT NULL, record json NOT NULL);
COMMENT ON TABLE ${schema}.webhooks IS 'Webhooks by identifier: whom each tells what, where, and how far it has come in the ledger.';
