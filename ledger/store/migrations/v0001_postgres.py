"""Revision 0001 on PostgreSQL: the same log, kept append-only by triggers and by the rights of two roles.

`ledger_app` reads and appends, `ledger_redactor` may also remove payloads that an event orders to be removed. Where the
user may not create roles, there are none, and the triggers alone stand guard.
"""

from __future__ import annotations

from sqlalchemy import Connection

__all__ = ["create"]

TABLES = """
CREATE TABLE ledger.head (
    id integer PRIMARY KEY CHECK (id = 1),
    ledger text NOT NULL,
    dedupe_key bytea NOT NULL,
    position bigint NOT NULL,
    frontier bytea NOT NULL,
    recorded_at bigint NOT NULL
);
CREATE TABLE ledger.types (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text COLLATE "C" NOT NULL UNIQUE
);
CREATE TABLE ledger.streams (
    id bigint PRIMARY KEY,
    name text COLLATE "C" NOT NULL UNIQUE
);
CREATE TABLE ledger.producers (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text COLLATE "C" NOT NULL,
    version text COLLATE "C" NOT NULL,
    identity text COLLATE "C" NOT NULL,
    UNIQUE (name, version, identity)
);
CREATE TABLE ledger.events (
    position bigint PRIMARY KEY,
    stream bigint NOT NULL,
    version integer NOT NULL,
    type integer NOT NULL,
    producer integer NOT NULL,
    event_id bytea NOT NULL UNIQUE,
    recorded_at bigint NOT NULL,
    envelope bytea NOT NULL,
    salt bytea,
    payload bytea,
    UNIQUE (stream, version)
);
CREATE INDEX events_type ON ledger.events (type, position);
CREATE INDEX events_recorded_at ON ledger.events USING brin (recorded_at);
CREATE TABLE ledger.bodies (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    key bytea NOT NULL UNIQUE,
    dedupe bytea UNIQUE,
    salt bytea,
    codec integer NOT NULL,
    size bigint NOT NULL,
    data bytea
);
ALTER TABLE ledger.bodies ALTER COLUMN data SET STORAGE EXTERNAL;
CREATE TABLE ledger.redacted_events (position bigint PRIMARY KEY, by_position bigint NOT NULL);
CREATE TABLE ledger.redacted_bodies (key bytea PRIMARY KEY, by_position bigint NOT NULL);
CREATE TABLE ledger.keys (key text COLLATE "C" PRIMARY KEY, value text NOT NULL);
CREATE TABLE ledger.tasks (
    kind text COLLATE "C" NOT NULL,
    key text COLLATE "C" NOT NULL,
    grp text COLLATE "C" NOT NULL,
    next_at bigint NOT NULL,
    data bytea NOT NULL,
    owner text NOT NULL,
    lease_until bigint,
    fence bigint NOT NULL,
    PRIMARY KEY (kind, key)
);
CREATE INDEX tasks_due ON ledger.tasks (kind, next_at);
CREATE INDEX tasks_held ON ledger.tasks (kind, lease_until, grp) WHERE lease_until IS NOT NULL;
CREATE SEQUENCE ledger.fences;
"""

REFUSALS = {
    "events": "the log is append-only",
    "bodies": "bodies are removed by redaction only",
    "head": "the head of the log stays",
    "types": "types only grows",
    "streams": "streams only grows",
    "producers": "producers only grows",
    "redacted_events": "redacted_events only grows",
    "redacted_bodies": "redacted_bodies only grows",
}

FUNCTIONS = """
CREATE FUNCTION ledger.refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION '%', TG_ARGV[0] USING ERRCODE = 'integrity_constraint_violation'; END $$;

CREATE FUNCTION ledger.redact_event() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.payload IS NULL AND NEW.salt IS NULL
        AND (NEW.position, NEW.stream, NEW.version, NEW.type, NEW.producer, NEW.event_id, NEW.recorded_at, NEW.envelope)
            IS NOT DISTINCT FROM
            (OLD.position, OLD.stream, OLD.version, OLD.type, OLD.producer, OLD.event_id, OLD.recorded_at, OLD.envelope)
        AND EXISTS (SELECT FROM ledger.redacted_events r WHERE r.position = OLD.position)
    THEN RETURN NEW; END IF;
    RAISE EXCEPTION 'the log is append-only' USING ERRCODE = 'integrity_constraint_violation';
END $$;

CREATE FUNCTION ledger.redact_body() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.data IS NULL AND NEW.salt IS NULL AND NEW.dedupe IS NULL
        AND (NEW.id, NEW.key, NEW.codec, NEW.size) IS NOT DISTINCT FROM (OLD.id, OLD.key, OLD.codec, OLD.size)
        AND EXISTS (SELECT FROM ledger.redacted_bodies r WHERE r.key = OLD.key)
    THEN RETURN NEW; END IF;
    RAISE EXCEPTION 'bodies are removed by redaction only' USING ERRCODE = 'integrity_constraint_violation';
END $$;

CREATE FUNCTION ledger.order_redaction() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM ledger.events e JOIN ledger.types t ON t.id = e.type
        WHERE e.position = NEW.by_position AND t.name = 'payload.redacted'
    ) AND (TG_TABLE_NAME <> 'redacted_events' OR NEW.by_position > (to_jsonb(NEW) ->> 'position')::bigint)
    THEN RETURN NEW; END IF;
    RAISE EXCEPTION 'a redaction needs its event' USING ERRCODE = 'integrity_constraint_violation';
END $$;

CREATE FUNCTION ledger.move_head() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE added bigint; last bigint;
BEGIN
    IF NEW.position < OLD.position OR NEW.recorded_at < OLD.recorded_at OR NEW.id <> OLD.id
        OR NEW.ledger <> OLD.ledger OR NEW.dedupe_key <> OLD.dedupe_key
    THEN
        RAISE EXCEPTION 'the head of the log moves forward only' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF NEW.position > OLD.position THEN
        SELECT count(*), max(e.position) INTO added, last FROM ledger.events e WHERE e.position > OLD.position;
        IF added <> NEW.position - OLD.position OR last <> NEW.position THEN
            RAISE EXCEPTION 'the log has no gaps' USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        PERFORM pg_notify('ledger', NEW.position::text);
    END IF;
    RETURN NULL;
END $$;
"""

TRIGGERS = """
CREATE TRIGGER events_are_final BEFORE UPDATE ON ledger.events
    FOR EACH ROW EXECUTE FUNCTION ledger.redact_event();
CREATE TRIGGER bodies_are_final BEFORE UPDATE ON ledger.bodies
    FOR EACH ROW EXECUTE FUNCTION ledger.redact_body();
CREATE TRIGGER redacted_events_are_ordered BEFORE INSERT ON ledger.redacted_events
    FOR EACH ROW EXECUTE FUNCTION ledger.order_redaction();
CREATE TRIGGER redacted_bodies_are_ordered BEFORE INSERT ON ledger.redacted_bodies
    FOR EACH ROW EXECUTE FUNCTION ledger.order_redaction();
CREATE TRIGGER head_moves_forward AFTER UPDATE ON ledger.head
    FOR EACH ROW EXECUTE FUNCTION ledger.move_head();
"""

ROLES = """
DO $$
DECLARE wanted text;
BEGIN
    FOREACH wanted IN ARRAY ARRAY['ledger_app', 'ledger_redactor'] LOOP
        BEGIN
            IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted) THEN
                EXECUTE format('CREATE ROLE %I NOLOGIN', wanted);
            END IF;
        EXCEPTION WHEN insufficient_privilege OR duplicate_object OR unique_violation THEN NULL;
        END;
    END LOOP;
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'ledger_app') THEN
        GRANT USAGE ON SCHEMA ledger TO ledger_app;
        GRANT SELECT ON ALL TABLES IN SCHEMA ledger TO ledger_app;
        GRANT INSERT ON ledger.events, ledger.streams, ledger.types, ledger.producers, ledger.bodies, ledger.keys TO ledger_app;
        GRANT INSERT, UPDATE (position, frontier, recorded_at) ON ledger.head TO ledger_app;
        GRANT INSERT, UPDATE, DELETE ON ledger.tasks TO ledger_app;
        GRANT USAGE ON ALL SEQUENCES IN SCHEMA ledger TO ledger_app;
    END IF;
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'ledger_redactor') THEN
        GRANT USAGE ON SCHEMA ledger TO ledger_redactor;
        GRANT SELECT ON ALL TABLES IN SCHEMA ledger TO ledger_redactor;
        GRANT INSERT ON ledger.events, ledger.streams, ledger.types, ledger.producers, ledger.bodies, ledger.keys,
            ledger.redacted_events, ledger.redacted_bodies TO ledger_redactor;
        GRANT INSERT, UPDATE (position, frontier, recorded_at) ON ledger.head TO ledger_redactor;
        GRANT INSERT, UPDATE, DELETE ON ledger.tasks TO ledger_redactor;
        GRANT USAGE ON ALL SEQUENCES IN SCHEMA ledger TO ledger_redactor;
        GRANT UPDATE (payload, salt) ON ledger.events TO ledger_redactor;
        GRANT UPDATE (dedupe, salt, data) ON ledger.bodies TO ledger_redactor;
        IF current_setting('server_version_num')::integer >= 170000 THEN
            EXECUTE 'GRANT MAINTAIN ON ledger.events, ledger.bodies TO ledger_redactor';
        END IF;
    END IF;
END $$;
"""


def _refusals() -> str:
    """Triggers that refuse what no role ever has to do."""
    statements = []
    for table, message in REFUSALS.items():
        verbs = "DELETE" if table in {"events", "bodies", "head"} else "UPDATE OR DELETE"
        call = f"EXECUTE FUNCTION ledger.refuse('{message}');"
        statements.append(
            f"CREATE TRIGGER {table}_stay BEFORE {verbs} ON ledger.{table} FOR EACH ROW {call}"
            f"CREATE TRIGGER {table}_are_kept BEFORE TRUNCATE ON ledger.{table} FOR EACH STATEMENT {call}"
        )
    return "".join(statements)


def create(connection: Connection) -> None:
    """Create everything in the schema `ledger`, which exists."""
    for part in (TABLES, FUNCTIONS, TRIGGERS, _refusals(), ROLES):
        connection.connection.driver_connection.execute(part)  # type: ignore[union-attr]
