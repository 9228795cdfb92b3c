-- Times are milliseconds since the Unix epoch. Rows of events, bodies, facts, turns, outbox and outbox_settled are
-- never updated; what moves lives in narrow tables that hold only what is under way.

CREATE TABLE meta (
    name  TEXT PRIMARY KEY,
    value BLOB NOT NULL
) WITHOUT ROWID;

-- Portals as short numbers, with the newest lease.
CREATE TABLE portal_numbers (
    no     INTEGER PRIMARY KEY AUTOINCREMENT,
    app    TEXT NOT NULL,
    member TEXT NOT NULL,
    epoch  INTEGER NOT NULL,
    node   TEXT NOT NULL,
    UNIQUE (app, member)
);

-- Numbers whose rows are still to be removed.
CREATE TABLE forgotten (no INTEGER PRIMARY KEY);

CREATE TABLE portals (
    app        TEXT NOT NULL,
    member     TEXT NOT NULL,
    generation INTEGER NOT NULL,
    status     INTEGER NOT NULL,
    domain     TEXT NOT NULL,
    sealed     BLOB NOT NULL,
    updated    INTEGER NOT NULL,
    PRIMARY KEY (app, member)
) WITHOUT ROWID;

CREATE TABLE pending_portals (
    id       BLOB PRIMARY KEY,
    sealed   BLOB NOT NULL,
    received INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE refreshing (
    app        TEXT NOT NULL,
    member     TEXT NOT NULL,
    generation INTEGER NOT NULL,
    until      INTEGER NOT NULL,
    PRIMARY KEY (app, member)
) WITHOUT ROWID;

CREATE TABLE events (
    seq      INTEGER PRIMARY KEY,
    portal   INTEGER NOT NULL,
    lane     TEXT NOT NULL,
    code     TEXT NOT NULL,
    message  INTEGER,
    accepted INTEGER NOT NULL,
    bot      INTEGER NOT NULL,
    class    INTEGER NOT NULL,
    ordinal  INTEGER NOT NULL,
    digest   BLOB NOT NULL
);

CREATE TABLE bodies (
    seq  INTEGER PRIMARY KEY,
    body BLOB NOT NULL
);

-- What was accepted already. Ordered first (message id or time), the hash last: a bare hash would touch a random page
-- an event. A plain message has an empty digest.
CREATE TABLE facts (
    portal  INTEGER NOT NULL,
    bot     INTEGER NOT NULL,
    class   INTEGER NOT NULL,
    ordinal INTEGER NOT NULL,
    digest  BLOB NOT NULL,
    seq     INTEGER NOT NULL,
    PRIMARY KEY (portal, bot, class, ordinal, digest)
) WITHOUT ROWID;

-- Accepted and neither done, parked nor dropped: what load reads, however long the history.
CREATE TABLE waiting (
    portal INTEGER NOT NULL,
    seq    INTEGER NOT NULL,
    PRIMARY KEY (portal, seq)
) WITHOUT ROWID;

CREATE TABLE parked (
    seq   INTEGER PRIMARY KEY,
    at    INTEGER NOT NULL,
    error TEXT NOT NULL
);

CREATE TABLE tries (
    seq      INTEGER PRIMARY KEY,
    attempts INTEGER NOT NULL,
    retry_at INTEGER,
    error    TEXT NOT NULL
);

-- Members of turns that are started and not done; turn is the first member.
CREATE TABLE frozen (
    seq  INTEGER PRIMARY KEY,
    turn INTEGER NOT NULL,
    pos  INTEGER NOT NULL
);
CREATE INDEX frozen_by_turn ON frozen (turn, pos);

CREATE TABLE steps (
    turn  INTEGER NOT NULL,
    name  TEXT NOT NULL,
    value BLOB NOT NULL,
    PRIMARY KEY (turn, name)
) WITHOUT ROWID;

-- A row means done. calls of them lie in the outbox from first_call on.
CREATE TABLE turns (
    seq        INTEGER PRIMARY KEY,
    first_call INTEGER NOT NULL,
    calls      INTEGER NOT NULL
);

-- New states in the order of commit, newer than what lanes has; folded into it in bulk, in key order. One page for
-- many dialogs instead of one each.
CREATE TABLE lane_log (
    id           INTEGER PRIMARY KEY,
    portal       INTEGER NOT NULL,
    lane         TEXT NOT NULL,
    revision     INTEGER NOT NULL,
    last_message INTEGER NOT NULL,
    dialogue     BLOB,
    ownership    BLOB
);

CREATE TABLE lanes (
    portal       INTEGER NOT NULL,
    lane         TEXT NOT NULL,
    revision     INTEGER NOT NULL,
    last_message INTEGER NOT NULL,
    dialogue     BLOB,
    ownership    BLOB,
    PRIMARY KEY (portal, lane)
) WITHOUT ROWID;

-- at is null once cancelled or fired; the row stays so that generations never repeat.
CREATE TABLE timers (
    portal     INTEGER NOT NULL,
    lane       TEXT NOT NULL,
    id         TEXT NOT NULL,
    generation INTEGER NOT NULL,
    at         INTEGER,
    payload    BLOB NOT NULL,
    PRIMARY KEY (portal, lane, id)
) WITHOUT ROWID;
CREATE INDEX timers_armed ON timers (portal, at) WHERE at IS NOT NULL;

CREATE TABLE outbox (
    id       INTEGER PRIMARY KEY,
    portal   INTEGER NOT NULL,
    dialog   TEXT NOT NULL,
    priority INTEGER NOT NULL,
    call     TEXT NOT NULL,
    uuid     BLOB NOT NULL,
    created  INTEGER NOT NULL
);

-- sending is the moment of the try under way, null while queued.
CREATE TABLE outbox_open (
    portal     INTEGER NOT NULL,
    id         INTEGER NOT NULL,
    sending    INTEGER,
    attempts   INTEGER NOT NULL,
    first_sent INTEGER,
    retry_at   INTEGER,
    error      TEXT NOT NULL,
    PRIMARY KEY (portal, id)
) WITHOUT ROWID;

CREATE TABLE outbox_settled (
    id      INTEGER PRIMARY KEY,
    at      INTEGER NOT NULL,
    outcome TEXT NOT NULL,
    note    TEXT NOT NULL
);

-- Uncertain (2) and rejected (3) calls, for a person to look at.
CREATE TABLE outbox_stuck (
    id       INTEGER PRIMARY KEY,
    at       INTEGER NOT NULL,
    state    INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    error    TEXT NOT NULL
);

CREATE TABLE requests (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    retry   INTEGER NOT NULL,
    is_call INTEGER NOT NULL,
    item    INTEGER NOT NULL,
    asked   INTEGER NOT NULL
);
