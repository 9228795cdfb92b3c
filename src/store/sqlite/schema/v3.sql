-- Sessions of open lines that a bot was heard in, written when a chat is met and once in some hours after that.
CREATE TABLE line_sessions (
    portal  INTEGER NOT NULL,
    chat    INTEGER NOT NULL,
    bot     INTEGER NOT NULL,
    address TEXT NOT NULL,
    lane    TEXT NOT NULL,
    message INTEGER NOT NULL,
    seen    INTEGER NOT NULL,
    PRIMARY KEY (portal, chat, bot)
) WITHOUT ROWID;
