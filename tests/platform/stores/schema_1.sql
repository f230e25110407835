CREATE TABLE tasks (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    organization_id TEXT NOT NULL,
    agent_id TEXT NOT NULL,
    status TEXT NOT NULL,
    created_at REAL NOT NULL,
    updated_at REAL NOT NULL,
    attempt INTEGER NOT NULL,
    losses INTEGER NOT NULL,
    worker_id TEXT,
    lease_until REAL,
    pinned_to TEXT,
    run_from INTEGER NOT NULL,
    internal_status TEXT,
    user_id TEXT,
    parent_task_id TEXT,
    triggering_agent_id TEXT,
    document BLOB NOT NULL
);
CREATE INDEX tasks_of_agent ON tasks (organization_id, agent_id, number);
CREATE INDEX tasks_of_user ON tasks (organization_id, user_id, number) WHERE user_id IS NOT NULL;
CREATE INDEX tasks_waiting ON tasks (organization_id, agent_id, number)
    WHERE status = 'pending' AND worker_id IS NULL;
CREATE INDEX tasks_leased ON tasks (lease_until) WHERE lease_until IS NOT NULL;
CREATE INDEX tasks_held ON tasks (worker_id) WHERE worker_id IS NOT NULL;
CREATE TABLE events (
    place INTEGER PRIMARY KEY,
    type TEXT NOT NULL,
    body BLOB NOT NULL
);
CREATE TABLE idempotency (
    organization_id TEXT NOT NULL,
    key TEXT NOT NULL,
    fingerprint BLOB NOT NULL,
    answer TEXT NOT NULL,
    created_at REAL NOT NULL,
    PRIMARY KEY (organization_id, key)
) WITHOUT ROWID;
CREATE INDEX idempotency_by_age ON idempotency (created_at);
CREATE TABLE documents (
    organization_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    version INTEGER NOT NULL,
    value BLOB NOT NULL,
    PRIMARY KEY (organization_id, kind, key)
) WITHOUT ROWID;
