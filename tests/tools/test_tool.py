"""What is searched of a tool."""

from __future__ import annotations

import pytest

from polyhop.tools.tool import DESCRIPTION, folded, words

from .catalogues import WEATHER, tool


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("get_team_stats", "get team stats"),
        ("getTeamStats", "get team stats"),
        ("get-team.stats/v2", "get team stats v2"),
        ("parseHTTPResponse", "parse http response"),
        ("天気_予報", "天気 予報"),
        ("___", ""),
    ],
)
def test_a_name_is_cut_into_words(name: str, expected: str) -> None:
    """Snake, camel and kebab case, dots and slashes end in the same words."""
    assert expected == words(name)


def test_a_folded_name_is_the_same_however_it_is_written() -> None:
    """Case and marks do not count."""
    assert {"getteamstats"} == {folded(name) for name in ("getTeamStats", "get_team_stats", "Get-Team Stats")}


def test_inputs_server_and_tags_are_searched() -> None:
    """The text holds the description, the names and descriptions of inputs, server and tags."""
    text = tool(parameters=WEATHER["parameters"], server="Sky", tags=("outdoors",)).text

    assert "Tell the weather.\ncity: The name of the city; days\nSky, outdoors" == text


def test_a_humped_name_is_searched_as_it_is() -> None:
    """A search by words would not find `getForecast` by its words alone."""
    assert "getForecast" in tool("getForecast").text
    assert "get_forecast" not in tool("get_forecast").text


def test_the_text_is_bounded() -> None:
    """However much a tool says, what is searched of it stays short."""
    schema = {"type": "object", "properties": {f"p{n}": {"description": "x" * 500} for n in range(500)}}

    assert DESCRIPTION + 3_000 > len(tool(description="y" * 10_000, parameters=schema, server="z" * 5_000).text)
