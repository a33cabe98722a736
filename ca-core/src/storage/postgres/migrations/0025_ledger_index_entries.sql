-- An entry of the ledger's index may hold many places: an older npki would find the last of them only, and must not look.

COMMENT ON TABLE ${schema}.ledger_index IS 'Where events are in the tree, by what they name; an entry also holds the places shortly before its own.';
