-- Who may be the same person. Nothing personal: keys are digests under the installation's secret, then the identity.

CREATE TABLE ${schema}.identity_blocks (key bytea PRIMARY KEY, version bigint NOT NULL, octets bytea NOT NULL);
COMMENT ON TABLE ${schema}.identity_blocks IS 'Persons by digests of what is likely to stay the same when a name or birth date is written otherwise.';
