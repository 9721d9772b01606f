"""From examples to a checkpoint: keep questions apart, train, and save only what beats plain search on them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import blake2b
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from ...core.errors import CallerError, OperatorError, PolyhopError
from ...encoders.role import Encoder
from ...retrieval.hop import checkpoint
from ...retrieval.hop.checkpoint import Card
from ...retrieval.hop.treehop_network import Gate
from ..watch import Watcher
from .evaluate import Verdict, hop_recall, judge, states
from .examples import Example, Split, Table, kinds, mined, split, table
from .pool import Pool, embedded
from .recipe import Recipe

FEWEST = 8  # questions on either side
K = 5  # at which single hops are judged


class NotBetter(PolyhopError):
    """The network does not beat plain search on the questions kept apart, so it was not saved."""

    exit_code = 1


@dataclass(frozen=True, slots=True)
class Report:
    """What a training came to: the file, its digest, and the figures on questions kept apart."""

    out: str
    digest: str
    verdict: Verdict
    hop_recall: float
    hop_recall_without: float
    data: dict[str, Any]
    epochs: int
    card: Card

    def facts(self) -> dict[str, Any]:
        """Return plain JSON types."""
        return {
            "file": self.out,
            "checkpoint": self.digest,
            "heldout": self.verdict.facts(),
            "hop_recall": round(self.hop_recall, 4),
            "hop_recall_without": round(self.hop_recall_without, 4),
            "data": self.data,
            "epochs": self.epochs,
        }


@dataclass(frozen=True, slots=True)
class Work:
    """Where a training writes and keeps what is derived: the checkpoint, its neighbours, the cache of vectors."""

    out: Path
    cache: Path
    watcher: Watcher

    def beside(self, suffix: str) -> Path:
        """Return a file next to the checkpoint, by what is added to its name."""
        return self.out.with_name(self.out.name + suffix)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keep other trainings of the same checkpoint away."""
        try:
            self.out.parent.mkdir(parents=True, exist_ok=True)
            with FileLock(self.beside(".lock"), timeout=0):
                yield
        except Timeout as error:
            raise OperatorError(
                f"another process is training {str(self.out)!r}; wait for it, or choose another --out"
            ) from error
        except OSError as error:
            raise OperatorError(f"cannot write beside {str(self.out)!r} ({error}); choose another --out") from error


def train(
    examples: Sequence[Example], pool: Pool, embedder: Encoder, recipe: Recipe, *, work: Work, anyway: bool = False
) -> Report:
    """Train on examples, save the checkpoint, and report.

    With `anyway` a network is saved that does not beat plain search, to compare others with. A training that was
    killed goes on where it was when the same is asked for again.

    Raises:
        CallerError: if there are too few examples to learn from and to judge by.
        NotBetter: if the network does not beat plain search on the questions kept apart; nothing is saved.
    """
    with work.alone():
        parts = split(examples, share=recipe.share, most=recipe.most_heldout, seed=recipe.seed)
        _check(parts)
        questions = sorted({example.question for example in examples})
        vectors = embedded(questions, embedder, work.cache, work.watcher)
        learned, heldout = (table(part, pool, vectors, questions) for part in (parts.training, parts.heldout))
        data = _summary(parts, pool)
        counts = f"{data['examples']:,} examples to learn from, {data['heldout']:,} kept apart"
        work.watcher.say(f"{counts}, {data['passages']:,} passages")
        gate, epochs = _fitted(learned, heldout, recipe, work=work, mark=_mark(examples, pool, embedder, recipe))
        verdict = judge(heldout, gate, recipe.growth, seed=recipe.seed)
        work.watcher.say(verdict.line())
        if not verdict.better and not anyway:
            work.beside(".state").unlink(missing_ok=True)
            raise NotBetter(
                f"the network does not beat plain search, so nothing was saved: {verdict.line()}; train on more "
                "questions or passages, or leave the updater out"
            )
        card = Card(embedder.name, gate.shape, recipe.seed, data, verdict.facts(), _version())
        digest = checkpoint.save(work.out, gate.parameters, card)
        work.beside(".state").unlink(missing_ok=True)
        after, before = (hop_recall(heldout, found, K) for found in (states(heldout, gate), vectors[heldout.asked]))
        return Report(str(work.out), digest, verdict, after, before, data, epochs, card)


def _fitted(learned: Table, heldout: Table, recipe: Recipe, *, work: Work, mark: str) -> tuple[Gate, int]:
    from .fit import Trainer

    files = {"state": work.beside(".state"), "curve": work.beside(".curve.jsonl")}
    if recipe.mined:
        learned = mined(learned, per=recipe.mined)
    gate, progress = Trainer(learned, heldout, recipe, mark=mark, files=files, watcher=work.watcher).run()
    return gate, progress.epoch


def _check(parts: Split) -> None:
    sides = [len({example.question for example in side}) for side in (parts.training, parts.heldout)]
    if min(sides) < FEWEST:
        raise CallerError(
            f"{sides[0]} questions to learn from and {sides[1]} to judge by are too few, {FEWEST} of each are the "
            "least; give more questions or more passages that name each other"
        )


def _summary(parts: Split, pool: Pool) -> dict[str, Any]:
    return {
        "passages": len(pool.passages),
        "examples": len(parts.training),
        "heldout": len(parts.heldout),
        "dropped": parts.dropped,
        "kinds": kinds(parts.training),
    }


def _mark(examples: Sequence[Example], pool: Pool, embedder: Encoder, recipe: Recipe) -> str:
    """Return what tells a training from others: recipe, embedder, examples, passages."""
    said = json.dumps([recipe.facts(), embedder.name, [passage.id for passage in pool.passages]])
    lines = (repr((one.question, one.path, one.next, one.negatives)) for one in examples)
    return blake2b("\n".join([said, *lines]).encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def _version() -> str:
    try:
        return version("polyhop")
    except PackageNotFoundError:
        return "0"
