"""A migration operation in place of a foreign key of a table that takes many rows at a time."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.migrations import RunSQL

# Plans are kept for the session: index scans also where the table was small when this was planned.
_MAKE = """
CREATE FUNCTION campaigns_{name}_exists() RETURNS trigger LANGUAGE plpgsql
SET enable_seqscan = off AS $$
DECLARE
    missing bigint;
BEGIN
    SELECT count(*) FILTER (WHERE found.id IS NULL) INTO missing
    FROM (SELECT DISTINCT {column} AS id FROM new_rows WHERE {column} IS NOT NULL) AS named
    LEFT JOIN LATERAL (
        SELECT id FROM {target} AS target WHERE target.id = named.id FOR KEY SHARE
    ) AS found ON true;
    IF missing > 0 THEN
        RAISE foreign_key_violation
            USING MESSAGE = '{table}.{column} names rows that {target} does not have',
                  CONSTRAINT = '{name}_exists';
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION campaigns_{name}_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM {target} WHERE id = NEW.{column} FOR KEY SHARE;
    IF NOT FOUND THEN
        RAISE foreign_key_violation
            USING MESSAGE = '{table}.{column} names a row that {target} does not have',
                  CONSTRAINT = '{name}_exists';
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION campaigns_{name}_deleted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM {table} WHERE {column} = OLD.id) THEN
        RAISE foreign_key_violation
            USING MESSAGE = 'a row of {target} is deleted that {table}.{column} names',
                  CONSTRAINT = '{name}_exists';
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER {name}_exists AFTER INSERT ON {table}
    REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION campaigns_{name}_exists();
CREATE TRIGGER {name}_changed AFTER UPDATE OF {column} ON {table}
    FOR EACH ROW WHEN (NEW.{column} IS DISTINCT FROM OLD.{column} AND NEW.{column} IS NOT NULL)
    EXECUTE FUNCTION campaigns_{name}_changed();
CREATE CONSTRAINT TRIGGER {name}_deleted AFTER DELETE ON {target}
    DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION campaigns_{name}_deleted();
"""
_DROP = """
DROP TRIGGER {name}_exists ON {table};
DROP TRIGGER {name}_changed ON {table};
DROP TRIGGER {name}_deleted ON {target};
DROP FUNCTION campaigns_{name}_exists();
DROP FUNCTION campaigns_{name}_changed();
DROP FUNCTION campaigns_{name}_deleted();
"""


@dataclass(frozen=True, slots=True)
class Reference:
    """A column that names rows of `target` by their ids. `name` is for its triggers."""

    name: str
    table: str
    column: str
    target: str

    def checked_by_statement(self) -> RunSQL:
        """Refuse, as a foreign key would, and lock what it would lock; but look once for each
        statement that inserts, not once for each of its rows. Make the foreign key without a
        constraint in the migration that has this."""
        parts = {
            "name": self.name,
            "table": self.table,
            "column": self.column,
            "target": self.target,
        }
        return RunSQL(_MAKE.format(**parts), _DROP.format(**parts))
