-- The tables of a record.
--
-- Keys of `meta`: format, embedder, dimension, index (the generation of the vector index in use), location (where it
-- is), rebuilds (counts generations), fingerprint (of its files), generation (counts commits that change what a search
-- can see), clock (last document version handed out), chunk_tokens (of a passage at most; none: the embedder's window),
-- dirty ("" | "writing" | "replaying" | "reindexed"), unlinked (documents up to this version came without links), sites
-- (see sites.py), calibration (what probabilities are worth here, JSON; see agent/calibration.py).

CREATE TABLE meta (key TEXT PRIMARY KEY, value NOT NULL) WITHOUT ROWID;

CREATE TABLE documents (
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    live INTEGER,                -- the version that searches see; NULL: none yet
    title TEXT NOT NULL DEFAULT '',
    source TEXT NOT NULL DEFAULT '',
    digest BLOB,                 -- of everything the caller gave; equal digest: nothing to do
    metadata TEXT NOT NULL DEFAULT '{}',
    indexed REAL,                -- seconds since the epoch
    original BLOB                -- hash of the bytes of its file, where those are kept; see originals.py
);
CREATE INDEX documents_by_source ON documents (source);

CREATE TABLE chunks (
    row INTEGER PRIMARY KEY,
    id TEXT NOT NULL,            -- hash of document key, occurrence and content; the same in every version
    doc INTEGER NOT NULL,
    version INTEGER NOT NULL,    -- live when equal to the document's `live`, else pending
    ord INTEGER NOT NULL,
    title TEXT NOT NULL,
    heading TEXT NOT NULL,
    text TEXT NOT NULL,
    hash BLOB NOT NULL,          -- of the embedded content: the key into `vectors`
    layout TEXT NOT NULL DEFAULT ''  -- see layout.py; empty where the reader knew no structure
);
CREATE INDEX chunks_by_id ON chunks (id);
CREATE INDEX chunks_by_doc ON chunks (doc, version, ord);
CREATE INDEX chunks_by_hash ON chunks (hash);

CREATE TABLE vectors (
    row INTEGER PRIMARY KEY,
    hash BLOB NOT NULL,
    embedder TEXT NOT NULL,
    vector BLOB NOT NULL         -- float32, little endian, unit length
);
CREATE UNIQUE INDEX vectors_by_hash ON vectors (hash, embedder);

CREATE TABLE stale (id TEXT PRIMARY KEY) WITHOUT ROWID;  -- gone from the record, perhaps still in the vector index

CREATE TABLE attributes (doc INTEGER NOT NULL, key TEXT NOT NULL, kind INTEGER NOT NULL, value NOT NULL);
CREATE INDEX attributes_by_value ON attributes (key, kind, value, doc);
CREATE INDEX attributes_by_doc ON attributes (doc, key, kind, value);

CREATE TABLE names (name TEXT NOT NULL, doc INTEGER NOT NULL, kind INTEGER NOT NULL, PRIMARY KEY (name, doc)) WITHOUT
ROWID; CREATE INDEX names_by_doc ON names (doc);

-- Contentless: the text stands in `chunks`; a row leaves by the 'delete' command, given the text it came with.
CREATE VIRTUAL TABLE lexical USING fts5 (
    title, body, content='', tokenize="porter unicode61 remove_diacritics 2"
);
