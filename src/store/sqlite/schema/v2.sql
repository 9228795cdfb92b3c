-- What a try of a call noted before it was sent, so that it can be looked for afterwards.
ALTER TABLE outbox_open ADD COLUMN note TEXT;

-- The last message to a user through a network line: sent (0) or uncertain (1), and the outbox row that did it.
CREATE TABLE network_ledger (
    portal INTEGER NOT NULL,
    line   TEXT NOT NULL,
    user   INTEGER NOT NULL,
    at     INTEGER NOT NULL,
    state  INTEGER NOT NULL,
    uuid   BLOB NOT NULL,
    PRIMARY KEY (portal, line, user)
) WITHOUT ROWID;
