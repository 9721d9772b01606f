-- The tables of links between passages; see links.py. What version 2 wrote gets them too, empty.

CREATE TABLE addresses (
    address TEXT NOT NULL,       -- see addresses.py
    kind INTEGER NOT NULL,
    doc INTEGER NOT NULL,
    tail TEXT NOT NULL,          -- its last part, by which roots of sites are found; see sites.py
    PRIMARY KEY (address, kind, doc)
) WITHOUT ROWID;
CREATE INDEX addresses_by_doc ON addresses (doc);
CREATE INDEX addresses_by_tail ON addresses (tail) WHERE tail <> '';

CREATE TABLE anchors (
    name TEXT NOT NULL,
    doc INTEGER NOT NULL,
    passage INTEGER NOT NULL,    -- the `row` of the passage that holds the place
    PRIMARY KEY (name, doc)
) WITHOUT ROWID;
CREATE INDEX anchors_by_doc ON anchors (doc, passage);

CREATE TABLE links (
    passage INTEGER NOT NULL,    -- the `row` of the passage that holds the words
    number INTEGER NOT NULL,     -- in the passage; a link that may mean several places has a row for each, the likeliest first
    kind INTEGER NOT NULL,
    start INTEGER NOT NULL,      -- characters of the passage
    end INTEGER NOT NULL,
    target TEXT NOT NULL,        -- an address, whether a document has it or not
    suffix TEXT NOT NULL,        -- that the target had, which tells two documents of one address apart
    anchor TEXT NOT NULL,
    PRIMARY KEY (passage, number)
) WITHOUT ROWID;
CREATE INDEX links_by_target ON links (target, anchor, passage);
