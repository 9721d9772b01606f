"""Train the reader, in four steps: python -m polyhop.training.reader collect|made|fit|calibrate ...

collect    make readings of a published question set
made       make readings by program
fit        train a reader on readings; a killed training goes on where it was
calibrate  judge a reader on questions kept apart, and fit the probability of an answer on domains that it has not seen
"""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..harness import (
    OUT,
    SET,
    Lines,
    Step,
    described,
    option,
    path,
    paths,
    polyhop_version,
    run,
    with_parts,
    write,
    write_json,
)
from .collect import FORMATS, collected
from .lists import APART, GoldReading, clear_of, divide, read


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
    from .fit import OUTPUTS, Recipe, Trainer

    readings, _ = divide([one for one in read(given.readings) if one.domain not in given.without])
    readings = clear_of(readings, given.apart)
    recipe = with_parts(Recipe(), given.set)
    state = given.out.with_name(given.out.name + ".state")
    trainer = Trainer(readings, recipe, tokenizer=tokenizer(), state=state, watcher=Lines(), start=given.start)
    progress = trainer.run()
    domains: dict[str, int] = {}
    for one in readings:
        domains[one.domain] = domains.get(one.domain, 0) + 1
    data = {"readings": domains, "pairs": progress.pairs, "without": sorted(given.without)}
    card = crossfile.CrossEncoderCard(len(recipe.layers), data, polyhop_version(), OUTPUTS)
    crossfile.save(given.out, trainer.network.trained(), card)
    return {"file": str(given.out), **data}


def _calibrate(given: Namespace) -> dict[str, Any]:
    from ...answering.extractive.reader import FEATURES, FORMAT, Reader
    from ...retrieval.rerank import crossfile
    from .judge import calibrated, cases, error, figures

    unseen = set(crossfile.load(given.reader)[0].data["without"])
    _, apart = divide(read(given.readings), given.most)
    found = cases(apart, Reader(given.reader).logits)
    judged = figures(found)
    fitted_on = {name: own for name, own in found.items() if not unseen or name in unseen}
    for name, (rows, right, _) in found.items():
        others = {other: own for other, own in fitted_on.items() if other != name} or fitted_on
        judged[name] |= {"error": round(error(calibrated(others), rows, right), 3), "unseen": name in unseen}
    content = {"format": FORMAT, "right": described(calibrated(fitted_on), FEATURES)}
    return write_json(given.out, content, judged)


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
FIT = (
    READINGS,
    option("--without", "a domain to leave out", action="append", default=[]),
    paths("--apart", "questions none of whose gold passages may be read"),
    path("--start", "weights of a reader to begin with"),
    SET,
    OUT,
)
CALIBRATE = (
    path("reader", "weights; the probability is fitted on domains that these were trained without, if any"),
    READINGS,
    option("--most", "readings of each domain", type=int, default=APART),
    OUT,
)


def main(arguments: Sequence[str]) -> int:
    """Take the step that the arguments name and return the exit code."""
    steps = {
        "collect": Step(_collect, COLLECT, "make readings of a published question set"),
        "made": Step(
            _made, (option("--count", "readings", type=int, default=6_000), SEED, OUT), "make some by program"
        ),
        "fit": Step(_fit, FIT, "train the reader"),
        "calibrate": Step(_calibrate, CALIBRATE, "judge a reader and fit the probability of an answer"),
    }
    return run("training.reader", __doc__, steps, arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
