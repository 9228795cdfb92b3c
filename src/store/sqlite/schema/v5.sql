-- What tells of nobody in the session, and is not looked for by who only listens. Of what waits already nobody knows.
ALTER TABLE waiting ADD COLUMN quiet INTEGER NOT NULL DEFAULT 0;
CREATE INDEX waiting_telling ON waiting (portal, seq) WHERE quiet = 0;
