"""What is left out: ignored, hidden and vendored files, and how that is said."""

from __future__ import annotations

from pathlib import Path

from polyhop.ingest.index import FoundFile
from polyhop.ingest.walk import Survey, survey


def make(folder: Path, *names: str, **texts: str) -> Path:
    """Write files, those of `texts` under names with `_` for a dot at the beginning."""
    for name, text in {**dict.fromkeys(names, "some text"), **texts}.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return folder


def found(surveyed: Survey, folder: Path) -> list[str]:
    """Return the files that were found, relative to a folder."""
    return [str(item.path.relative_to(folder)) for item in surveyed.items if isinstance(item, FoundFile)]


def left(surveyed: Survey, folder: Path) -> list[tuple[str, str, int]]:
    """Return what was left out, relative to a folder."""
    return [(str(Path(one.folder).relative_to(folder)), one.reason, one.files) for one in surveyed.left_out]


def test_ignore_files_hold_below_their_folder(tmp_path: Path) -> None:
    """Patterns are git's; those nearer to a file and later in it decide, `.polyhopignore` before `.gitignore`."""
    make(
        tmp_path, "a.log.txt", "b.txt", "drafts/c.txt", "deep/a.log.txt", "deep/keep.log.txt", "deep/own.txt", "own.txt"
    )
    (tmp_path / ".gitignore").write_text("*.log.txt\n/drafts/\n# a comment\n")
    (tmp_path / "deep" / ".gitignore").write_text("own.txt\n")
    (tmp_path / "deep" / ".polyhopignore").write_text("!keep.log.txt\n")
    surveyed = survey([tmp_path])

    assert ["b.txt", "deep/keep.log.txt", "own.txt"] == found(surveyed, tmp_path)
    assert [
        (".", "ignored by .gitignore", 1),
        ("deep", "ignored by .gitignore", 2),
        ("drafts", "ignored by .gitignore", 1),
    ] == left(surveyed, tmp_path)


def test_a_line_that_is_no_pattern_is_passed_over(tmp_path: Path) -> None:
    """The others hold."""
    make(tmp_path, "a.txt", "b.txt")
    (tmp_path / ".polyhopignore").write_bytes(b"!\n\xff\xfe\n/a.txt\n")

    assert ["b.txt"] == found(survey([tmp_path]), tmp_path)


def test_rules_of_the_repository_hold_in_its_folders(tmp_path: Path) -> None:
    """Also where one of those is named, but not where they would leave out the named folder itself."""
    make(tmp_path, ".git/HEAD", "docs/a.txt", "docs/a.tmp.txt", "generated/b.txt")
    (tmp_path / ".gitignore").write_text("*.tmp.txt\ngenerated\n")

    assert ["docs/a.txt"] == found(survey([tmp_path / "docs"]), tmp_path)
    assert ["generated/b.txt"] == found(survey([tmp_path / "generated"]), tmp_path)
    assert ["docs/a.tmp.txt"] == found(survey([tmp_path / "docs" / "a.tmp.txt"]), tmp_path)


def test_what_tools_install_and_make_is_left_out_and_said(tmp_path: Path) -> None:
    """By names that only tools give; a name that people give too needs a sign beside it or in it."""
    make(
        tmp_path, "app/package.json", "app/node_modules/x/readme.md", "app/node_modules/y.txt", "app/dist/page.html",
        "env/pyvenv.cfg", "env/lib/a.txt", "rust/Cargo.toml", "rust/target/b.txt", "letters/target/c.txt",
        "letters/build/d.txt", "cache/CACHEDIR.TAG", "cache/e.txt", "m/__pycache__/f.txt",
    )  # fmt: skip
    surveyed = survey([tmp_path])

    there = ["app/package.json", "letters/build/d.txt", "letters/target/c.txt", "rust/Cargo.toml"]
    assert there == found(surveyed, tmp_path)
    assert {"app/dist": 1, "app/node_modules": 2, "cache": 2, "env": 2, "m/__pycache__": 1, "rust/target": 1} == {
        folder: files for folder, _, files in left(surveyed, tmp_path)
    }


def test_hidden_files_are_counted(tmp_path: Path) -> None:
    """By the folder that is hidden, or the one that they are in."""
    make(tmp_path, ".git/objects/a", ".git/HEAD", "notes/.secret.txt", "notes/.other", "notes/a.txt", "notes/~$a.docx")
    surveyed = survey([tmp_path])

    assert ["notes/a.txt"] == found(surveyed, tmp_path)
    assert [(".git", "hidden", 2), ("notes", "hidden", 2)] == left(surveyed, tmp_path)


def test_all_takes_everything(tmp_path: Path) -> None:
    """Hidden, installed and ignored files, but for the home folder."""
    names = ["home/x.txt", ".hidden/a.txt", "node_modules/b.md", "ignored.txt"]
    make(tmp_path, *names)
    (tmp_path / ".gitignore").write_text("ignored.txt\n")
    surveyed = survey([tmp_path], home=tmp_path / "home", everything=True)

    assert sorted([".gitignore", *names[1:]]) == found(surveyed, tmp_path)
    assert [] == left(surveyed, tmp_path)


def test_only_some_files_may_be_looked_at(tmp_path: Path) -> None:
    """Those that are named, and what is below named folders, where nothing leaves them out."""
    make(tmp_path, "a.txt", "b.txt", "sub/c.txt", "sub/d.txt", "deep/er/e.txt", ".git/f.txt", "ig/g.txt")
    (tmp_path / ".gitignore").write_text("ig\n")
    only = [str(tmp_path / name) for name in ("b.txt", "sub/d.txt", "deep", ".git/f.txt", "ig/g.txt", "gone.txt")]

    assert ["b.txt", "deep/er/e.txt", "sub/d.txt"] == found(survey([tmp_path], only=only), tmp_path)
