"""What stated probabilities are worth in one collection: fitted to labelled questions and kept in its record.

A sufficiency and an answer's confidence were calibrated on other people's questions. Their order carries over to other
collections, their level does not. A calibration moves the level: Platt scaling of the logit (Platt, "Probabilistic
Outputs for Support Vector Machines", 1999, section 2.2), drawn towards leaving it as it is.

The entry `calibration` of a record holds all of them: for each profile what it was fitted to, and a line for each score
of `SCORES`. Another score is another name there. The steps of a run see every score as it is, since their thresholds
were chosen so; what a result says is calibrated.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, is_dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ..core.types import Numbers
from ..retrieval.config import Config
from ..store.collection import Collection
from ..store.record import put

KEY = "calibration"
#: that the first five passages suffice, and that an answer quoted from the passages is right
SCORES = ("sufficiency", "confidence")
#: Standard deviations of the normal priors around slope 1 and intercept 0. Two logits lead from 0.88 to 0.5. With
#: fewer questions than some twenty the prior decides as much as they do, with a hundred hardly anything.
SLOPE, INTERCEPT = 0.5, 2.0
#: the least slope: the order of a score always stays
FLATTEST = 0.05
#: logits beyond which a probability says no more
_FAR = 12.0
_STEPS, _HALVINGS = 50, 30
#: with so many times the passages that it was fitted to, or fewer by as much, a collection may be another one
CHANGED = 2
#: parts of a configuration that change nothing about what the scores of a run without a language model mean
_ASIDE = frozenset({"notices", "seconds", "escalation", "pursuit", "choice"})
_AGAIN = "run `polyhop eval --calibrate FILE` again"


@dataclass(frozen=True, slots=True)
class Platt:
    """A probability from a probability, by a rising line through the logits; without arguments it changes nothing.

    `questions` is the number of questions that it was fitted to.
    """

    slope: float = 1.0
    intercept: float = 0.0
    questions: int = 0

    def __call__(self, stated: ArrayLike) -> Numbers:
        """Return the calibrated probabilities, in the shape of those stated."""
        return _logistic(self.slope * _logit(stated) + self.intercept)

    @classmethod
    def fitted(cls, stated: ArrayLike, right: ArrayLike) -> Platt:
        """Return the most probable line for some probabilities and for what came true of them."""
        logits, true = _logit(stated), np.asarray(right, np.float64)
        slope, intercept = _line(logits, true)
        if slope < FLATTEST:
            slope, intercept = _line(logits, true, slope=FLATTEST)
        return cls(slope, intercept, len(logits))


@dataclass(frozen=True, slots=True)
class Calibration:
    """The lines that hold, by score, and what to tell of those that do not, or may soon not."""

    lines: Mapping[str, Platt] = field(default_factory=dict)
    notices: tuple[str, ...] = ()


def keep(collection: Collection, lines: Mapping[str, Platt], config: Config, profile: str) -> None:
    """Put the lines for a profile into the record, in the place of those that it has.

    Raises:
        OperatorError: where the record cannot be written.
    """
    entry = {
        **_fitted_to(collection, config),
        "passages": collection.record.count()[1],
        "scores": {name: asdict(line) for name, line in lines.items()},
    }
    with collection.record.writing() as connection:
        row = connection.execute("SELECT value FROM meta WHERE key = ?", (KEY,)).fetchone()
        put(connection, **{KEY: json.dumps({**_others(row), profile: entry}, sort_keys=True)})


def _others(row: tuple[str] | None) -> dict[str, Any]:
    """Return what the record has for all profiles; what cannot be read is given up."""
    try:
        found = json.loads(row[0]) if row else {}
    except (TypeError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def known(collection: Collection, said: str, config: Config, profile: str) -> Calibration:
    """Return what the record says under `KEY` for a profile, if that was fitted to what is in use now.

    Nothing that is there can make a question fail: it is left out, and the notice says why.
    """
    where = f"the calibration of collection {collection.name!r} for profile {profile!r}"
    try:
        entries = json.loads(said)
        entry = entries.get(profile)
        if entry is None:
            return Calibration()
        lines = {name: _read(entry["scores"][name]) for name in SCORES if name in entry["scores"]}
        fitted_to, passages = {"embedder": entry["embedder"], "parts": entry["parts"]}, int(entry["passages"])
    except (AttributeError, KeyError, TypeError, ValueError, OverflowError) as error:
        return Calibration(notices=(f"{where} is damaged and was left out ({error!r}); {_AGAIN}",))
    if fitted_to != _fitted_to(collection, config):
        made = f"{where} was made with another embedder, other weights or other settings and was left out"
        return Calibration(notices=(f"{made}; {_AGAIN}",))
    now = collection.record.count()[1]
    if now > CHANGED * passages or passages > CHANGED * now:
        made = f"{where} was made when it had {passages:,} passages, and it has {now:,} now"
        return Calibration(lines, (f"{made}; {_AGAIN}",))
    return Calibration(lines)


def _read(row: Mapping[str, Any]) -> Platt:
    line = Platt(float(row["slope"]), float(row["intercept"]), int(row["questions"]))
    if not (math.isfinite(line.intercept) and FLATTEST <= line.slope < math.inf):
        raise ValueError(f"slope {line.slope!r}, intercept {line.intercept!r}")
    return line


# What a calibration is for


def _fitted_to(collection: Collection, config: Config) -> dict[str, str]:
    """Return the embedder and a digest of all that decides what a score means: parts, their numbers and weights."""
    from ..answering.extractive import scorer
    from ..retrieval.rerank import reader

    embedder = collection.embedder
    parts = [
        _described(config),
        getattr(embedder, "checkpoint", ""),
        *map(_described, (scorer.SHIPPED, reader.SHIPPED)),
    ]
    return {"embedder": embedder.name, "parts": hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]}


def _described(part: object) -> Any:
    """Return a part as JSON that is the same on every machine: a file by what it holds, an object by its name."""
    if isinstance(part, Path):
        stat = os.stat(part) if part.is_file() else None
        return _digest(part, stat.st_size, stat.st_mtime_ns) if stat else str(part.name)
    if isinstance(part, str | int | float | bool | None):
        return part
    if isinstance(part, tuple):
        return [_described(one) for one in part]
    name = [type(part).__qualname__, getattr(part, "checkpoint", "")]
    if not is_dataclass(part):
        return [*name, str(getattr(part, "name", ""))]
    return [*name, {one.name: _described(getattr(part, one.name)) for one in fields(part) if one.name not in _ASIDE}]


@lru_cache(maxsize=64)
def _digest(path: Path, size: int, changed: int) -> str:
    """Return a hash of a file, read again only once its size or its time differs."""
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16]


# The fit


def _line(logits: Numbers, true: Numbers, *, slope: float | None = None) -> tuple[float, float]:
    """Return slope and intercept of the most probable line, by Newton's method; a slope that is given stays."""
    rows, mean = np.column_stack([logits, np.ones_like(logits)]), np.array([1.0, 0.0])
    precision = np.array([SLOPE**-2, INTERCEPT**-2])
    line, moving = np.array([1.0 if slope is None else slope, 0.0]), slice(0 if slope is None else 1, 2)

    def loss(line: Numbers) -> float:
        surprise = np.logaddexp(0, rows @ line) - true * (rows @ line)
        return float(surprise.sum() + (precision * (line - mean) ** 2).sum() / 2)

    for _ in range(_STEPS):
        chances = _logistic(rows @ line)
        slopes = rows.T @ (chances - true) + precision * (line - mean)
        bend = (rows.T * (chances * (1 - chances))) @ rows + np.diag(precision)
        step = np.zeros(2)
        step[moving] = np.linalg.solve(bend[moving, moving], slopes[moving])
        # Far from the minimum a whole step may lead uphill.
        share = next((0.5**n for n in range(_HALVINGS) if loss(line - 0.5**n * step) < loss(line)), 0.0)
        line = line - share * step
        if not share or np.abs(share * step).max() < 1e-9:
            break
    return float(line[0]), float(line[1])


def _logit(stated: ArrayLike) -> Numbers:
    chances = np.asarray(stated, np.float64)
    with np.errstate(divide="ignore"):
        logits: Numbers = np.clip(np.log(chances) - np.log1p(-chances), -_FAR, _FAR)
    return logits


def _logistic(logits: Numbers) -> Numbers:
    chances: Numbers = 1 / (1 + np.exp(-np.clip(logits, -30, 30)))
    return chances
