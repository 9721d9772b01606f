"""Finding files: what lies below the named paths, but for what an ignore file, its place or its name rules out."""

from __future__ import annotations

import os
import stat
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from pathspec import GitIgnoreSpec

from ..core.errors import CallerError
from .documents import Skipped, one_line
from .readers import is_readable, unsupported

#: where patterns stand, in the syntax of git; those of the second go before those of the first
IGNORE_FILES = (".gitignore", ".polyhopignore")
#: folders of what tools install or make, by name
INSTALLED = frozenset({"node_modules", "bower_components", "site-packages", "__pycache__"})
#: names that also people give: such a folder is left out beside a file that says what made it
BUILT = {
    "target": frozenset({"Cargo.toml", "pom.xml", "build.sbt"}),
    "vendor": frozenset({"go.mod", "composer.json", "Gemfile"}),
    **dict.fromkeys(
        ("build", "dist", "out"),
        frozenset({"package.json", "pyproject.toml", "setup.py", "CMakeLists.txt", "meson.build", "build.gradle"}),
    ),
}
#: files that say so of the folder that they are in: https://bford.info/cachedir/ and Python's venv
MARKERS = frozenset({"CACHEDIR.TAG", "pyvenv.cfg"})
OUTWARD = "links out of the folder; --links follows them"
LARGEST_IGNORE_FILE = 1_000_000
MOST_COUNTED = 100_000


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file that a reader exists for; `path` is absolute, size in bytes."""

    path: Path
    size: int
    mtime_ns: int


class LeftOut(NamedTuple):
    """Files that were not looked at: the folder that holds them, why, and how many (counted to 100,000)."""

    folder: str
    reason: str
    files: int


class IgnoreRules(NamedTuple):
    """The patterns of one ignore file, which hold below its folder."""

    folder: str
    name: str
    patterns: GitIgnoreSpec


@dataclass(frozen=True, slots=True)
class Survey:
    """What lies at and below some paths: files and what is wrong with others by path, and what was left out.

    `left` are the files and folders that were left out.
    """

    items: Sequence[FoundFile | Skipped]
    left_out: Sequence[LeftOut]
    left: frozenset[str]

    def leaves_out(self, path: str) -> bool:
        """Say whether a path, or a folder that it is in, was left out."""
        return path in self.left or any(str(folder) in self.left for folder in Path(path).parents)


def walk(
    paths: Iterable[str | Path], *, home: str | Path | None = None, links: bool = False
) -> list[FoundFile | Skipped]:
    """Return the items of `survey`."""
    return list(survey(paths, home=home, links=links).items)


def survey(
    paths: Iterable[str | Path],
    *,
    home: str | Path | None = None,
    everything: bool = False,
    links: bool = False,
    only: Iterable[str] | None = None,
) -> Survey:
    """Look for files at and below the paths, each real file once, sorted by path.

    Links to what is at or below the paths are followed; a file that is also reached through a link goes by its real
    name. Other links are left out: whoever can write into a folder could put a link to any file of the reader's there.
    Left out are also hidden names,
    folders of what tools install or build, and what `.gitignore` and `.polyhopignore` files say, those above a path
    included as far as its repository goes. A path that is given is looked at whatever its name.

    Args:
        home: a folder that is passed over without a word.
        everything: whether to take hidden, installed and ignored files too.
        links: whether to follow links that lead out of the paths.
        only: looks at these files and folders alone, where they are below the paths.

    Raises:
        CallerError: if one of the paths does not exist, or is in a folder whose name is not valid UTF-8.
    """
    given = [_existing(path) for path in paths]
    search = _Search(
        home=os.path.realpath(home) if home is not None else None,
        everything=everything,
        inside=None if links else tuple(map(os.path.realpath, given)),
        only=None if only is None else frozenset(only),
    )
    for path in filter(search.wanted, given):
        search.visit(path, () if everything else tuple(_rules_above(path)))
    search.run()
    return search.results()


def _existing(path: str | Path) -> str:
    try:
        if not os.fspath(path) or not os.path.lexists(path):
            raise CallerError(f"no file or folder {str(path)!r}; check the path")
    except ValueError as error:
        raise CallerError(f"{str(path)!r} is not a path: {error}") from error
    absolute = os.path.abspath(path)
    folder = absolute if os.path.isdir(absolute) else os.path.dirname(absolute)
    if _shown(folder) != folder:  # keys and sources are text
        raise CallerError(f"the name of the folder {_shown(folder)!r} is not valid UTF-8; rename it")
    return absolute


@dataclass(slots=True)
class _Search:
    """Collects files by real path; linked folders come last, so that real names win."""

    home: str | None
    everything: bool = False
    inside: tuple[str, ...] | None = None
    only: frozenset[str] | None = None
    files: dict[str, FoundFile] = field(default_factory=dict)
    skipped: dict[str, Skipped] = field(default_factory=dict)
    visited: set[str] = field(default_factory=set)
    folders: deque[tuple[str, tuple[IgnoreRules, ...]]] = field(default_factory=deque)
    linked: deque[tuple[str, tuple[IgnoreRules, ...]]] = field(default_factory=deque)
    left: set[str] = field(default_factory=set)
    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    _above: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        """Note the folders that lead to what alone is looked at."""
        self._above = frozenset(str(folder) for path in self.only or () for folder in Path(path).parents)

    def run(self) -> None:
        """Read folders until none is left; each real folder is read once, so a loop of links ends."""
        while self.folders or self.linked:
            folder, rules = self.folders.popleft() if self.folders else self.linked.popleft()
            real = os.path.realpath(folder)
            if real not in self.visited and real != self.home:
                self.visited.add(real)
                self.read(folder, rules)

    def read(self, folder: str, rules: tuple[IgnoreRules, ...]) -> None:
        try:
            names = sorted(os.listdir(folder))
        except OSError as error:
            self.skip(folder, f"cannot list the folder: {_reason(error)}")
            return
        if not self.everything:
            rules += tuple(_rules_in(folder, names))
        there = frozenset(names)
        for name in names:
            path = os.path.join(folder, name)
            if name.startswith("~$") or not self.wanted(path):
                continue
            reason = "" if self.everything else _left_out(path, name, there, rules)
            reason = reason or self.leads_out(path)
            if reason and os.path.realpath(path) != self.home:
                self.leave(path, reason)
            elif not reason and (self.everything or name not in IGNORE_FILES):
                self.visit(path, rules)

    def leads_out(self, path: str) -> str:
        """Return why a link is not followed, or nothing."""
        if self.inside is None or not os.path.islink(path) or not os.path.exists(path):
            return ""
        real = os.path.realpath(path)
        within = any(real == place or real.startswith(place.rstrip(os.sep) + os.sep) for place in self.inside)
        return "" if within else OUTWARD

    def visit(self, path: str, rules: tuple[IgnoreRules, ...]) -> None:
        """Sort one path into files, folders and what is skipped."""
        try:
            status = os.stat(path)
        except OSError as error:
            self.skip(path, "broken link" if os.path.islink(path) else _reason(error))
            return
        if stat.S_ISDIR(status.st_mode):
            (self.linked if os.path.islink(path) else self.folders).append((path, rules))
        elif not stat.S_ISREG(status.st_mode):
            self.skip(path, "not a regular file (a pipe, socket or device)")
        else:
            self.add(path, status)

    def add(self, path: str, status: os.stat_result) -> None:
        suffix = os.path.splitext(path)[1].lower()
        if not path.isprintable() and _shown(path) != path:
            self.skip(path, "the name is not valid UTF-8; rename the file")
        elif not is_readable(suffix):
            self.skip(path, unsupported(suffix))
        else:
            real = os.path.realpath(path)
            known = self.files.get(real)
            if known is None or (path != real, path) < (str(known.path) != real, str(known.path)):
                self.files[real] = FoundFile(Path(path), status.st_size, status.st_mtime_ns)

    def skip(self, path: str, reason: str) -> None:
        self.skipped[path] = Skipped(_shown(path), reason)

    def leave(self, path: str, reason: str) -> None:
        """Count what is not looked at: a folder by itself, single files by the folder that they are in."""
        self.left.add(path)
        if os.path.isdir(path) and not os.path.islink(path):
            self.counts[_shown(path), reason] += _count(path)
        else:
            self.counts[_shown(os.path.dirname(path)), reason] += 1

    def results(self) -> Survey:
        found: list[FoundFile | Skipped] = [*self.files.values(), *self.skipped.values()]
        left = [LeftOut(folder, reason, files) for (folder, reason), files in sorted(self.counts.items()) if files]
        return Survey(sorted(found, key=lambda item: str(item.path)), left, frozenset(self.left))

    def wanted(self, path: str) -> bool:
        """Say whether a path is among those that are looked at, below one of them, or leads to one."""
        if self.only is None or path in self.only or path in self._above:
            return True
        return any(str(folder) in self.only for folder in Path(path).parents)


def _left_out(path: str, name: str, siblings: frozenset[str], rules: Sequence[IgnoreRules]) -> str:
    """Return why a path below a named folder is left out, or nothing."""
    folder = os.path.isdir(path)
    if ignored := _ignored(path, rules, folder=folder):
        return f"ignored by {ignored}"
    if name.startswith("."):
        return "" if name in IGNORE_FILES else "hidden"
    if not folder:
        return ""
    if name in INSTALLED or any(os.path.lexists(os.path.join(path, marker)) for marker in MARKERS):
        return "installed or made by a tool"
    return "made by a tool" if siblings & BUILT.get(name, frozenset()) else ""


def _ignored(path: str, rules: Sequence[IgnoreRules], *, folder: bool) -> str:
    """Return the name of the ignore file whose pattern decides that a path is left out, or nothing.

    The last pattern that fits decides, and the files nearest to the path come last.
    """
    for rule in reversed(rules):
        relative = os.path.relpath(path, rule.folder).replace(os.sep, "/") + ("/" if folder else "")
        decided = rule.patterns.check_file(relative).include
        if decided is not None:
            return rule.name if decided else ""
    return ""


def _rules_in(folder: str, names: Iterable[str]) -> Iterator[IgnoreRules]:
    """Yield the rules of the ignore files of a folder; a file that cannot be read has none."""
    there = set(names)
    for name in IGNORE_FILES:
        path = Path(folder, name)
        if name not in there:
            continue
        try:
            if path.is_file() and path.stat().st_size <= LARGEST_IGNORE_FILE:
                yield IgnoreRules(
                    folder, name, _patterns(path.read_text(encoding="utf-8", errors="replace").splitlines())
                )
        except OSError:
            continue


def _patterns(lines: Sequence[str]) -> GitIgnoreSpec:
    """Return patterns; lines that are none are passed over, as git does."""
    try:
        return GitIgnoreSpec.from_lines(lines)
    except ValueError:
        return GitIgnoreSpec.from_lines([line for line in lines if _is_pattern(line)])


def _is_pattern(line: str) -> bool:
    try:
        GitIgnoreSpec.from_lines([line])
    except ValueError:
        return False
    return True


def _rules_above(path: str) -> list[IgnoreRules]:
    """Return the rules between the root of the repository that a path is in and the path, if they let it pass."""
    above = [str(folder) for folder in Path(path).parents]
    root = next((place for place, folder in enumerate(above) if os.path.lexists(os.path.join(folder, ".git"))), None)
    if root is None or os.path.lexists(os.path.join(path, ".git")):
        return []
    rules = [rule for folder in reversed(above[: root + 1]) for rule in _rules_in(folder, _names(folder))]
    chain = [*reversed(above[:root]), path]
    return [] if any(_ignored(one, rules, folder=os.path.isdir(one)) for one in chain) else rules


def _names(folder: str) -> list[str]:
    return [name for name in IGNORE_FILES if os.path.isfile(os.path.join(folder, name))]


def _count(folder: str) -> int:
    """Return how many files are in a folder, up to a bound."""
    count = 0
    for _, _, files in os.walk(folder):
        count += len(files)
        if count >= MOST_COUNTED:
            return MOST_COUNTED
    return count


def _shown(path: str) -> str:
    """Return the path in a form that can be printed and stored."""
    return path.encode("utf-8", "backslashreplace").decode("utf-8")


def _reason(error: OSError) -> str:
    return error.strerror.lower() if error.strerror else one_line(error)
