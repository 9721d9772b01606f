"""reStructuredText, AsciiDoc, Org, LaTeX, XML, JSON and programs."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from polyhop.core.types import Document
from polyhop.ingest.documents import Dropped, Skipped
from polyhop.ingest.readers import read_file


def items(folder: Path, name: str, text: str) -> list[Document | Skipped]:
    (folder / name).write_text(text, encoding="utf-8")
    return [item for item in read_file(folder / name) if not isinstance(item, Dropped)]


def document(folder: Path, name: str, text: str) -> Document:
    (item,) = items(folder, name, text)
    assert isinstance(item, Document), item
    return item


def reason(folder: Path, name: str, text: str) -> str:
    (item,) = items(folder, name, text)
    assert isinstance(item, Skipped)
    return item.reason


RST = """
.. _install:

Install
=======

Run ``make install``
as root, see :ref:`the guide <guide>` and :func:`~os.path.join`. [1]_

.. note:: Be careful.

.. versionadded:: 3.2
   The *flag* parameter.

.. function:: open(file, *args)

   Opens a file.

.. toctree::

   a

.. code-block:: python

   x = 1

=====  =====
Name   Price
=====  =====
Tea    3
=====  =====

.. include:: SECRET

.. raw:: html

   <b>raw</b>

Deep
----

- a

  - b

.. [1] The note.
"""


def test_restructured_text(tmp_path: Path) -> None:
    """Roles and directives of Sphinx keep their words; no file is included and nothing raw is taken."""
    (tmp_path / "secret").write_text("the password", encoding="utf-8")
    found = document(tmp_path, "a.rst", RST.replace("SECRET", str(tmp_path / "secret")))

    assert (
        "# Install\n\nRun make install as root, see the guide and join. [1]\n\n[1] The note.\n\nNote\n\nBe careful.\n\n"
        "Added in version 3.2: The flag parameter.\n\n- open(file, *args): Opens a file.\n\nx = 1\n\n"
        "Name | Price\nTea | 3\n\n## Deep\n\n- a\n  - b"
    ) == found.text
    assert ("Install", ("Install", "Deep")) == (found.title, found.blocks[-1].trail)


def test_replacements_of_replacements_do_not_explode(tmp_path: Path) -> None:
    """Each of thirty replacements is made of two others; the text stays as small as the file."""
    names = [chr(97 + i % 26) * (1 + i // 26) for i in range(31)]
    lines = [f".. |{one}| replace:: |{two}| |{two}|" for one, two in pairwise(names)]

    assert len(document(tmp_path, "a.rst", "|a|\n\n" + "\n".join(lines)).text) < 3_000


def test_asciidoc(tmp_path: Path) -> None:
    """Attributes are filled in, numbers counted, cells put into rows, links and notes kept; nothing is included."""
    text = (
        "= Petrel Guide\n:version: 2.1\n\nPetrel {version} reads *invoices* and\nwrites `them`, see "
        "https://x.org[the site] "
        "and <<b,Installing>>.footnote:[A note.]\n\n[[b]]\n== Installing\n\n. One\n. Two\n* a\n** b\n\nCPU:: the "
        "processor\n\n"
        "NOTE: Be careful.\n\n[source,java]\n----\nint x = 1;\n----\n\n.Prices\n|===\n|Name |Price\n\n|Tea |3\n"
        "|Milk\n|4\n|===\n\n"
        "include::x.adoc[]\n"
    )
    found = document(tmp_path, "a.adoc", text)

    assert (
        "# Petrel Guide\n\nPetrel 2.1 reads invoices and writes them, see the site and Installing.\n\nA note.\n\n"
        "## Installing\n\n1. One\n2. Two\n- a\n  - b\n- CPU: the processor\n\nNote: Be careful.\n\nint x = 1;\n\n"
        "Prices\nName | Price\nTea | 3\nMilk | 4"
    ) == found.text
    assert ["https://x.org", "#b"] == [link.target for link in found.links]


def test_org(tmp_path: Path) -> None:
    """Outlines have headings with their states and tags below, tables, links and notes; drawers are left out."""
    text = (
        "#+TITLE: Petrel\n* TODO Installing :work:\n:PROPERTIES:\n:ID: 1\n:END:\nPetrel reads /invoices/ and\n"
        "writes [[https://x.org][them]].[fn:1]\n\n- one\n  - two\n| a | b |\n|---+---|\n| 1 | 2 |\n#+BEGIN_SRC python\n"
        "x = 1\n#+END_SRC\n[fn:1] The note.\n"
    )
    found = document(tmp_path, "a.org", text)

    assert "Petrel" == found.title
    assert (
        "# Installing\n\nTODO work\n\nPetrel reads invoices and writes them. [1]\n\n[1] The note.\n\n- one\n  - two\n\n"
        "a | b\n1 | 2\n\nx = 1"
    ) == found.text


def test_latex(tmp_path: Path) -> None:
    """Citations and comments go, formulas stay, accents are letters, notes stand behind their paragraph."""
    text = (
        "\\documentclass{article}\\title{On \\emph{Petrel}}\n\\begin{document}\n\\maketitle\n"
        "\\section{Intro}\\label{s}\n"
        "Caf\\'e data~\\cite{x}, read\\footnote{A note.} at 5\\%, \\href{http://x.org/a}{here}, with $x^2$. % no\n\n"
        "\\begin{equation}\nE = mc^2\n\\end{equation}\n\\begin{itemize}\n\\item one\n\\item \\textbf{two}\n"
        "\\begin{enumerate}\\item inner\\end{enumerate}\n\\end{itemize}\n\\begin{table}\\caption{Prices}\n"
        "\\begin{tabular}{ll}\n\\hline\nName & Price \\\\\nTea & 3 \\\\\n\\end{tabular}\\end{table}\n"
        "\\begin{verbatim}\ncode % here\n\\end{verbatim}\n\\end{document}\n"
    )
    found = document(tmp_path, "a.tex", text)

    assert (
        "# On Petrel\n\n## Intro\n\nCafé data, read at 5%, here, with $x^2$.\n\nA note.\n\n$$E = mc^2$$\n\n"
        "- one\n- two\n  1. inner\n\nPrices\nName | Price\nTea | 3\n\ncode % here"
    ) == found.text.replace("here ,", "here,")
    assert ["http://x.org/a"] == [link.target for link in found.links]


def test_latex_inside_latex_and_commands_that_stand_for_words(tmp_path: Path) -> None:
    """A chapter that shows a whole document is read as a whole; names of programs and the author's own are words."""
    text = (
        "\\newcommand{\\ours}{\\textsc{Pet\\xspace}rel}\\def\\pair#1{#1}\n\\chapter{Files}\nUse \\LaTeX{} or \\TeX, "
        "\\LaTeXe\\index{b@\\textbf{bold}} with \\ours{} here.\n\\begin{sample}\n\\documentclass{article}\n"
        "\\begin{document}\nSmall.\n\\end{document}\n\\end{sample}\nAfter it.\n"
    )
    found = document(tmp_path, "a.tex", text).text

    assert "Use LaTeX or TeX, LaTeX2e with Petrel here." in found
    assert "Small." in found and found.endswith("After it.")
    whole = "\\begin{document}\nOne \\section{A} $\\verb$ \\end{document} Two\n\\end{document}\nnotes of the author\n"
    assert "Two" in document(tmp_path, "b.tex", whole).text
    assert "notes" not in document(tmp_path, "b.tex", whole).text


DOCBOOK = """<article xmlns="http://docbook.org/ns/docbook"><title>Petrel</title><section><title>Use</title>
<para>It <emphasis>reads</emphasis> invoices.</para><itemizedlist><listitem><para>one</para></listitem></itemizedlist>
<variablelist><varlistentry><term>T</term><listitem><para>def</para></listitem></varlistentry></variablelist>
<table><title>Tab</title><tgroup cols="2"><thead><row><entry>A</entry><entry>B</entry></row></thead>
<tbody><row><entry>1</entry><entry>2</entry></row></tbody></tgroup></table></section></article>"""


def test_xml_of_documents_and_of_records(tmp_path: Path) -> None:
    """DocBook has headings, lists and tables; other elements are lines with names and attributes that are words."""
    records = '<all><book id="7" lang="English"><title>Rain</title><price currency="EUR">4</price></book></all>'

    assert (
        "# Petrel\n\n## Use\n\nIt reads invoices.\n\n- one\n- T: def\n\nTab\nA | B\n1 | 2"
        == document(tmp_path, "a.xml", DOCBOOK).text
    )
    assert "- lang: English\n- title: Rain\n- price: 4, currency: EUR" == document(tmp_path, "b.xml", records).text


def test_entities_are_not_expanded(tmp_path: Path) -> None:
    """Entities of entities are refused, files that entities name are not read, and unknown ones show their name."""
    (tmp_path / "secret").write_text("the password", encoding="utf-8")
    bomb = '<!DOCTYPE c [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><c>&b;</c>'
    outside = f'<!DOCTYPE c [<!ENTITY x SYSTEM "file://{tmp_path}/secret">]><c>An &x; &mdash; here</c>'

    assert "declares the entity 'b' by others" in reason(tmp_path, "a.xml", bomb)
    assert "- c: An mdash here" == document(tmp_path, "b.xml", outside).text
    assert reason(tmp_path, "c.xml", "<c><d></c>").startswith("invalid XML: mismatched tag")


@pytest.mark.parametrize(
    ("text", "texts"),
    [
        ('[{"title": "Orne", "text": "40 m deep."}, {"text": "x y"}]', ["40 m deep.", "x y"]),
        ('{"count": 2, "data": [{"name": "Ann", "city": "Lund"}]}', ["name: Ann\ncity: Lund"]),
        ('{"a1": {"city": "Lund"}, "b2": {"city": "Graz"}}', ["id: a1\ncity: Lund", "id: b2\ncity: Graz"]),
        ('{"owner": "Ann", "hosts": ["a", "b"], "db": {"port": 5}}', ["owner: Ann\nhosts: a, b\ndb.port: 5"]),
        ('{"text": "one"}\n{"text": "two"}\n', ["one", "two"]),
    ],
)
def test_json(tmp_path: Path, text: str, texts: list[str]) -> None:
    """Lists of objects are rows, wherever they stand; other values are one document; JSON lines are seen as such."""
    assert texts == [one.text for one in items(tmp_path, "a.json", text) if isinstance(one, Document)]


def test_broken_json_says_why(tmp_path: Path) -> None:
    """A cut file and one that is nested without end have their reasons."""
    assert reason(tmp_path, "a.json", '[{"text": "x"}').startswith("invalid JSON")
    assert "invalid JSON: nested too deeply" == reason(tmp_path, "b.json", "[" * 200_000)


PYTHON = '''"""What the module is for,
in two lines."""

import os


def f(x):
    """Return x, whatever it may be."""
    return x


# A longer remark on the constant that stands below it,
# which goes on here.
LIMIT = 5  # short
'''


def test_programs(tmp_path: Path) -> None:
    """Doc strings and longer comments are paragraphs, code is code, cut at definitions."""
    found = document(tmp_path, "a.py", PYTHON)

    assert (
        "What the module is for, in two lines.\n\nimport os\n\ndef f(x):\n\nReturn x, whatever it may be.\n\n"
        "    return x\n\nA longer remark on the constant that stands below it, which goes on here.\n\nLIMIT = 5  "
        "# short"
    ) == found.text
    assert ["paragraph", "code", "code", "paragraph", "code", "paragraph", "code"] == [b.kind for b in found.blocks]
    other = document(tmp_path, "a.js", "/**\n * Adds two numbers and returns what they are together.\n */\nadd(1);\n")
    assert "Adds two numbers and returns what they are together.\n\nadd(1);" == other.text
    assert "broken(\n\nok" == document(tmp_path, "b.py", "broken(\n\nok").text


def test_settings(tmp_path: Path) -> None:
    """Settings stay as they are written; sections are headings."""
    found = document(tmp_path, "a.ini", "[server]\n# who keeps it\nowner = Ann\n")

    assert ("# server\n\n# who keeps it\nowner = Ann", ("server",)) == (found.text, found.blocks[-1].trail)
    assert "owner: Ann\n\nlist:\n  - a" == document(tmp_path, "a.yaml", "owner: Ann\n\nlist:\n  - a\n").text
