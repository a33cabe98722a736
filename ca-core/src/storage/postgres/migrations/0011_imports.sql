-- Lists of identities that were entered. Nothing personal: the key is a digest under the installation's secret.

CREATE TABLE ${schema}.import_batches (key bytea PRIMARY KEY, version bigint NOT NULL, record json NOT NULL);
COMMENT ON TABLE ${schema}.import_batches IS 'What became of each part of a list of identities, so that the same part sent again enters nobody twice.';
