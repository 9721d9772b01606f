-- The tables of folders that a collection follows, and of their files; what 0.1 wrote gets them too.

CREATE TABLE roots (
    id INTEGER PRIMARY KEY,
    path TEXT NOT NULL UNIQUE,   -- absolute, where the folder was when it was last indexed
    name TEXT NOT NULL UNIQUE,   -- its last parts; `name/path` is the source of the documents of a file
    url TEXT NOT NULL DEFAULT '', -- where the same documents are on the web, as far as the user says
    prefix TEXT NOT NULL         -- what the keys of its files begin with: nothing, or the name in its first place
);

CREATE TABLE files (
    root INTEGER NOT NULL,       -- 0: what 0.1 read; then path and key are absolute
    path TEXT NOT NULL,          -- below the root, with `/`
    key TEXT NOT NULL,           -- of its document; rows have `key#id`
    size INTEGER NOT NULL,
    mtime INTEGER NOT NULL,      -- nanoseconds
    digest BLOB NOT NULL,
    reader TEXT NOT NULL,        -- how it was read; files that were read otherwise are read again
    PRIMARY KEY (root, path)
) WITHOUT ROWID;
CREATE INDEX files_by_key ON files (key);
