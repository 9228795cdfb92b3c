-- How full the bucket of a portal was, as seen from one address of ours.
CREATE TABLE bucket_levels (
    egress     TEXT NOT NULL,
    member     TEXT NOT NULL,
    millicalls INTEGER NOT NULL,
    at         INTEGER NOT NULL,
    PRIMARY KEY (egress, member)
) WITHOUT ROWID;
