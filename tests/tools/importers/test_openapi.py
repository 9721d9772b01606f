"""OpenAPI documents, as frameworks write them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from polyhop.tools.importers.openapi import OpenApi
from polyhop.tools.importers.role import SourceError
from tests.tools.catalogues import read

# As FastAPI generates it.
SHOP = """
openapi: 3.1.0
info: {title: Book shop, version: 0.1.0}
servers: [{url: https://shop.example/api}]
paths:
  /books/{book_id}:
    parameters:
      - {name: book_id, in: path, required: true, schema: {type: integer, title: Book Id}}
      - {name: lang, in: query, schema: {type: string}, description: of the path}
    put:
      tags: [books]
      summary: Update Book
      description: Change title or price of a book.
      operationId: update_book_books__book_id__put
      parameters:
        - {name: lang, in: query, schema: {type: string, default: en}, description: of the operation}
        - {name: authorization, in: header, schema: {type: string}}
      requestBody:
        required: true
        content:
          application/json:
            schema: {$ref: '#/components/schemas/Book'}
      responses:
        200:
          description: Successful Response
          content:
            application/json:
              schema: {$ref: '#/components/schemas/Book'}
        '422': {description: Validation Error}
  /tree:
    get:
      summary: Read the tree
      responses:
        '200': {description: ok, content: {application/json: {schema: {$ref: '#/components/schemas/Node'}}}}
    post:
      operationId: upload
      requestBody: {content: {application/octet-stream: {schema: {type: string, format: binary}}}}
      responses: {default: {description: done}}
components:
  schemas:
    Book:
      type: object
      required: [title]
      properties:
        title: {type: string, description: on the cover}
        price: {anyOf: [{type: number}, {type: 'null'}]}
        since: {type: string, example: 2020-01-01}
    Node:
      type: object
      properties:
        children: {type: array, items: {$ref: '#/components/schemas/Node'}}
"""


def test_an_operation_is_a_tool() -> None:
    """Parameters of path, query and body are its inputs, where each belongs is in its extras."""
    (put, get, post), _ = read(OpenApi(SHOP))

    assert ("update_book_books__book_id__put", "Book shop", ("books",)) == (put.name, put.server, put.tags)
    assert "Update Book\nChange title or price of a book." == put.description
    assert ({"book_id", "title"}, {"lang", "price", "since"}) == (set(put.required), set(put.optional))
    assert "of the operation" == put.parameters["properties"]["lang"]["description"]
    assert {"book_id": "path", "lang": "query", "title": "body", "price": "body", "since": "body"} == put.extras["in"]
    assert ("PUT", "https://shop.example/api", "application/json") == tuple(
        put.extras[name] for name in ("method", "url", "media")
    )
    assert {"title", "price", "since"} == set(put.outputs)
    assert ("get_tree", ("children",)) == (get.name, get.outputs)
    assert (("body",), "application/octet-stream") == (post.optional, post.extras["media"])


def test_a_cyclic_reference_is_cut_and_noted() -> None:
    """A schema that holds itself ends, with the owner of the note and the reference."""
    _, notes = read(OpenApi(SHOP, owner="shop"))
    said = [f"{note.tool}: {note.what}" for note in notes if note.owner == "shop"]

    assert "get_tree: its schema: '#/components/schemas/Node' refers to itself" in said
    assert "GET /tree: it has no operationId" in said


def test_a_reference_that_leads_out_is_not_followed() -> None:
    """Other documents are not fetched, which is noted."""
    document = {
        "openapi": "3.0.3",
        "paths": {"/a": {"get": {"parameters": [{"name": "q", "schema": {"$ref": "https://evil.example/x#/y"}}]}}},
    }
    (tool,), notes = read(OpenApi(document))

    assert ("q",) == tool.optional
    assert any("leads out of the document" in note.what for note in notes)


def test_references_that_multiply_are_bounded() -> None:
    """A few lines that would expand to billions of values are cut."""
    schemas: dict[str, Any] = {
        f"S{n}": {"properties": {f"p{i}": {"$ref": f"#/components/schemas/S{n + 1}"} for i in range(10)}}
        for n in range(20)
    }
    body = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/S0"}}}}
    document = {
        "openapi": "3.0.0",
        "paths": {"/a": {"post": {"operationId": "a", "requestBody": body}}},
        "components": {"schemas": schemas},
    }
    (tool,), notes = read(OpenApi(document))

    assert "a" == tool.name and any("more than" in note.what for note in notes)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('{"swagger": "2.0"}', "swagger '2.0'"),
        ("openapi: 4.0\npaths: {}", "openapi '4.0'"),
        ("[1,\n2]", "holds a list"),
        ("{: :\n  - [", "neither JSON nor YAML"),
        ("a:\n  " + "[" * 5_000, "deep"),
        ("{" * 100_000, "deep"),
    ],
)
def test_what_is_no_such_document_says_why(text: str, reason: str) -> None:
    """Other versions, other things, broken text and bombs are refused in words."""
    with pytest.raises(SourceError, match=reason):
        read(OpenApi(text))


@pytest.mark.parametrize(
    "paths",
    [7, {"/a": 7}, {"/a": {"get": 7}}, {"/a": {"get": {"parameters": 7, "requestBody": 7, "responses": 7, "tags": 7}}}],
)
def test_rubbish_in_a_document_never_raises(paths: Any) -> None:
    """Whatever stands where something else is expected counts as nothing."""
    tools, _ = read(OpenApi({"openapi": "3.1.0", "info": 7, "servers": [7], "paths": paths}))

    assert len(tools) <= 1


def test_a_file_is_its_owner(tmp_path: Path) -> None:
    """JSON on disk is read like YAML in memory."""
    path = tmp_path / "openapi.json"
    path.write_text(json.dumps({"openapi": "3.1.0", "paths": {"/a": {"get": {"operationId": "a"}}}}))
    (tool,), _ = read(OpenApi(path))

    assert str(path) == tool.owner
