"""Train the reader, in steps: python -m polyhop.training.reader collect|made|questions|fit|judge ...

collect    make readings of a published question set
made       make readings by program
questions  write the readings that training keeps apart as questions of passages, for `polyhop.training.answer`
fit        train a reader on readings; a killed training goes on where it was
judge      judge a reader on questions kept apart
"""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from ..harness import (
    OUT,
    SET,
    Lines,
    Step,
    option,
    path,
    paths,
    polyhop_version,
    run,
    with_parts,
    write,
)
from .collect import FORMATS, collected
from .lists import APART, GoldReading, as_question, clear_of, divide, read


def _collect(given: Namespace) -> dict[str, Any]:
    return _written(given.out, collected(given.format, given.file, given.domain, limit=given.limit, seed=given.seed))


def _made(given: Namespace) -> dict[str, Any]:
    from .made import made

    return _written(given.out, made(given.count, seed=given.seed))


def _written(file: Path, found: Sequence[GoldReading]) -> dict[str, Any]:
    write(file, found)
    counts = {"readings": len(found), "answered": sum(one.answered for one in found)}
    return {"file": str(file), **counts, "sentences": sum(len(one.sentences) for one in found)}


def _fit(given: Namespace) -> dict[str, Any]:
    from ...encoders.minilm import tokenizer
    from ...retrieval.rerank import crossfile
    from ...retrieval.rerank.reader import OUTPUTS
    from .fit import Recipe, Trainer

    readings, _ = divide([one for one in read(given.readings) if one.domain not in given.without])
    readings = clear_of(readings, given.apart)
    recipe = with_parts(Recipe(), given.set)
    state = given.out.with_name(given.out.name + ".state")
    trainer = Trainer(readings, recipe, tokenizer=tokenizer(), state=state, watcher=Lines(), start=given.start)
    progress = trainer.run()
    domains: dict[str, int] = {}
    for one in readings:
        domains[one.domain] = domains.get(one.domain, 0) + 1
    data = {"readings": domains, "read": progress.readings, "without": sorted(given.without)}
    card = crossfile.CrossEncoderCard(len(recipe.layers), data, polyhop_version(), OUTPUTS, tokens=True)
    crossfile.save(given.out, trainer.network.trained(), card)
    return {"file": str(given.out), **data}


def _few(readings: Iterable[GoldReading]) -> list[GoldReading]:
    """Return as many readings of each domain as are kept apart of one that is trained on, the last ones."""
    domains: dict[str, list[GoldReading]] = {}
    for one in readings:
        domains.setdefault(one.domain, []).append(one)
    return [one for own in domains.values() for one in own[-APART:]]


def _questions(given: Namespace) -> dict[str, Any]:
    found = read(given.readings)
    _, apart = divide([one for one in found if one.domain not in given.without])
    rows = [as_question(one) for one in [*apart, *_few(one for one in found if one.domain in given.without)]]
    write(given.out, rows)
    return {"file": str(given.out), "questions": len(rows), "absent": sum(one.absent for one in rows)}


def _judge(given: Namespace) -> dict[str, Any]:
    from ...retrieval.rerank.reader import Reader
    from .judge import figures

    _, apart = divide(read(given.readings), given.most)
    return dict(figures(apart, Reader(given.reader).logits))


SEED = option("--seed", "of what is drawn by chance", type=int, default=0)
READINGS = path("--readings", "files of readings", nargs="+", required=True)
COLLECT = (
    option("format", "how the set is written", choices=sorted(FORMATS)),
    path("file", "file or folder of the set"),
    option("--domain", "what to call it", required=True),
    option("--limit", "questions to draw of it; 0 takes all", type=int, default=0),
    SEED,
    OUT,
)
WITHOUT = option("--without", "a domain that is not trained on", action="append", default=[])
FIT = (
    READINGS,
    WITHOUT,
    paths("--apart", "questions none of whose gold passages may be read"),
    path("--start", "weights of a reader to begin with"),
    SET,
    OUT,
)
JUDGE = (
    path("reader", "weights"),
    READINGS,
    option("--most", "readings of each domain", type=int, default=APART),
)


def main(arguments: Sequence[str]) -> int:
    """Take the step that the arguments name and return the exit code."""
    steps = {
        "collect": Step(_collect, COLLECT, "make readings of a published question set"),
        "made": Step(
            _made, (option("--count", "readings", type=int, default=6_000), SEED, OUT), "make some by program"
        ),
        "questions": Step(_questions, (READINGS, WITHOUT, OUT), "write those kept apart as questions of passages"),
        "fit": Step(_fit, FIT, "train the reader"),
        "judge": Step(_judge, JUDGE, "judge a reader on questions kept apart"),
    }
    return run("training.reader", __doc__, steps, arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
