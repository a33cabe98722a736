-- Link certificates: two generations of a root vouch for each other.

CREATE TABLE ${schema}.link_certificates (key bytea PRIMARY KEY, version bigint NOT NULL, octets bytea NOT NULL);
COMMENT ON TABLE ${schema}.link_certificates IS 'Link certificates between roots, DER: the root that each is about, a slash, the root that signed it.';
