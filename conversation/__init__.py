"""Condensing a conversation: from its last turn to a question that stands by itself.

`rules.condense` replaces what refers to earlier turns (`references`) by what it refers to (`memory`), and completes
what was left out (`ellipsis`). Nothing here knows a collection or a language model.
"""
