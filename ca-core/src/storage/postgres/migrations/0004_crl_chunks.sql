-- Large CRLs lie in chunks beside their record in crls.
CREATE TABLE ${schema}.crl_chunks (key bytea PRIMARY KEY, version bigint NOT NULL, octets bytea NOT NULL);
COMMENT ON TABLE ${schema}.crl_chunks IS 'The octets of large certificate revocation lists: CRL, number, place.';
