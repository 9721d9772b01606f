"""Requests in other languages than English, on a real catalogue."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from polyhop.encoders import Encoder
from polyhop.graphs.select import Selecting, Selector, Wanted, select
from polyhop.tools.select.engine import Engine
from polyhop.tools.select.gloss import Cognates, asked
from polyhop.tools.select.glossary import LANGUAGES, glossary, language
from polyhop.tools.tool import Tool
from tests.tools.select.shops import engine

#: the weather in Oslo, then a mail to the boss
BOTH = {
    "de": "Zeig mir das Wetter in Oslo und schick meinem Chef eine E-Mail.",
    "fr": "Montre-moi la météo à Oslo, puis envoie un courriel à mon chef.",
    "es": "Muéstrame el tiempo en Oslo y envía un correo a mi jefe.",
    "pt": "Mostre a previsão do tempo em Oslo e envie um e-mail para o meu chefe.",
    "it": "Mostrami il meteo a Oslo e invia una mail al mio capo.",
    "nl": "Toon het weer in Oslo en stuur een mail naar mijn baas.",
    "pl": "Pokaż pogodę w Oslo i wyślij e-mail do mojego szefa.",
    "ru": "Покажи погоду в Осло и отправь письмо моему начальнику.",
    "tr": "Oslo'daki hava durumunu göster ve patronuma e-posta gönder.",
    "zh": "查询奥斯陆的天气，然后给我的老板发送一封邮件。",
    "ja": "オスロの天気を調べて、上司にメールを送ってください。",
    "ko": "오슬로 날씨를 알려주고 상사에게 메일을 보내줘.",
}
ENGLISH = (
    "What is the weather in Oslo?",
    "Weather Oslo",
    "Translate hello",
    "Find the lyrics of La vie en rose by Edith Piaf",
    "Show hotels in Rio de Janeiro and San Juan de la Maguana",
    'What does "Wie geht es dir und deiner Familie?" mean?',
    "What is the meaning of 你好?",
    "get_forecast(city)",
    "Bitcoin predictions",
)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory, embedder: Encoder) -> Iterator[Engine]:
    """Open the known tools."""
    with engine(tmp_path_factory.mktemp("gloss"), embedder) as opened:
        yield opened


def ask(request: str, shop: Engine, k: int = 2) -> Selecting:
    """Return the last state of a selection."""
    return select(Wanted(request=request, k=k), Selector(shop))


def names(state: Selecting) -> list[str]:
    """Return the names of the chosen tools in order of the alphabet."""
    return sorted(name.rsplit("/", 1)[-1] for name in state["chosen"])


@pytest.mark.parametrize("spoken", LANGUAGES)
def test_both_tools_are_found_in_every_language(spoken: str, shop: Engine) -> None:
    """The language is recognised, the request cut in two, each tool found, and the selection is not refused."""
    state = ask(BOTH[spoken], shop)

    assert spoken == language(BOTH[spoken])
    assert ["get_forecast", "send_mail"] == names(state)
    assert 2 == len(state["intents"])
    assert "" == state["abstained"]
    assert BOTH[spoken] == state["request"]


@pytest.mark.parametrize("request_", ENGLISH)
def test_english_is_left_alone(request_: str, shop: Engine) -> None:
    """Foreign names, quotes and single foreign words do not make a request foreign."""
    assert request_ == asked(request_)
    assert request_ == ask(request_, shop)["asked"]


@pytest.mark.parametrize(
    ("request_", "gloss"),
    [
        ("Wie wird das Wetter morgen in Oslo?", "how weather tomorrow in Oslo"),
        ("Wetter Oslo", "weather Oslo"),
        ("Finde mir Fluginformationen", "find me flight information"),
        ("météo Lyon demain", "weather Lyon tomorrow"),
        ("Réserve un hôtel, puis convertis 100 euros en dollars", "book hotel; convert 100 euro in dollar"),
        ("¿Cuál es el precio de Bitcoin?", "what price Bitcoin"),
        ("Найди рейсы из Москвы в Лондон", "find flight from moscow to london"),
        ("查询北京明天的天气", "find beijing tomorrow weather"),
        ("东京和上海的天气", "tokyo and shanghai weather"),
    ],
)
def test_words_become_english(request_: str, gloss: str) -> None:
    """Inflection, compounds and scripts without spaces are understood, function words go, names stay."""
    assert gloss == asked(request_)


@pytest.mark.parametrize(
    ("request_", "kept"),
    [
        ("Übersetze bitte „guten Morgen“ ins Französische", '"guten Morgen"'),
        ("Lösche den Benutzer mit der ID a1b2-c3 und der Adresse max@example.com", "a1b2-c3"),
        ("Envía un correo a max@example.com", "max@example.com"),
        ("用https://example.com/a翻译网页", "https://example.com/a"),
        ("「おはよう」を英語に翻訳してください", '"おはよう"'),
        ("Konvertiere 12.5 USD in Euro und zeig den Kurs", "12.5 USD"),
    ],
)
def test_values_stay_as_they_are(request_: str, kept: str) -> None:
    """What is quoted, addresses, identifiers and numbers are no words of a language."""
    assert kept in asked(request_)


def test_a_tool_that_is_named_comes_first(shop: Engine) -> None:
    """Names have precedence within foreign words too, even glued to them."""
    assert ["get_lyrics"] == names(ask("Ruf bitte get_lyrics für das Wetter auf", shop, k=1))
    assert ["get_lyrics"] == names(ask("用get_lyrics查询天气", shop, k=1))


def test_a_mix_of_languages_is_understood(shop: Engine) -> None:
    """English words inside another language count as they are."""
    assert ["get_forecast", "send_mail"] == names(ask("Bitte send mail an Max und gib mir den weather forecast", shop))


def test_nothing_to_do_with_the_catalogue_is_refused(shop: Engine) -> None:
    """A gloss opens the door to what it means, not to everything."""
    assert "" != ask("Wann wurde die Kathedrale von Reims gebaut und wer war der Architekt?", shop)["abstained"]


def test_a_catalogue_in_the_same_language_is_searched_as_it_is(tmp_path: Path, embedder: Encoder) -> None:
    """German words find German tools."""
    german = [Tool(f"dienst_{place}", f"Das ist ein Dienst, der für dich Nummer {place} wählt.") for place in range(8)]
    weather = Tool("wetterdienst", "Zeigt dir das Wetter der nächsten Tage in einer Stadt.")
    with engine(tmp_path, embedder, weather, *german) as opened:
        state = ask("Wie ist das Wetter in der Stadt Oslo?", opened, k=1)

    assert state["request"] == state["asked"]
    assert ["wetterdienst"] == names(state)


def test_words_shared_with_english_are_found_among_the_catalogues() -> None:
    """Spelling and, in katakana, consonants tell them; the rest of what is not known is left out."""
    counts = dict.fromkeys(("concentration", "democracy", "optical", "neurological", "aspirin", "feedback"), 1)
    found = Cognates(counts)

    for word in ("Konzentration", "concentración", "concentrazione", "концентрации"):
        assert "concentration" == found.of(word)
    assert ["democracy", "optical", "neurological"] == [
        found.of(one) for one in ("демократии", "optische", "neurologique")
    ]
    assert ["aspirin", "feedback"] == [found.of(one) for one in ("アスピリン", "フィードバック")]
    assert "" == found.of("Zusammenhang")
    assert "show concentration" == asked("Zeig mir bitte unverzüglich die Konzentration", (), counts).replace(" me", "")


def calls(request: str) -> int:
    """Return how many functions are called to tell the language of a request."""
    count = 0

    def seen(frame: object, event: str, argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(seen)
    try:
        language(request)
    finally:
        sys.setprofile(before)
    return count


def test_english_costs_next_to_nothing() -> None:
    """A few calls for each word of a request, for no more words than are looked at, and no glossary is read."""
    glossary.cache_clear()
    sentence = " ".join(ENGLISH[:5])
    one, long, longer = (calls(sentence * times) for times in (1, 10, 100))

    assert one <= 10 * len(sentence.split())
    assert long == longer <= 10 * 60
    assert 0 == glossary.cache_info().misses


def test_the_glossary_is_whole() -> None:
    """Every language has a form for nearly all of its rows."""
    sizes = {one: len(glossary(one).whole) + len(glossary(one).beginnings) for one in LANGUAGES}

    assert {} == {one: size for one, size in sizes.items() if size < 800}
