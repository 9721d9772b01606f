"""Readings made by program: documents as people keep them, whose facts are told in many forms.

Facts of things of one family, which differ by a number or a name, stand beside each other; a thing's facts are told as
sentences with its name or a pronoun, as rows, as keys and values, as items of a list, as questions and answers, or in
brackets. Of one question in four nothing holds the answer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from .collect import Chance, said_otherwise
from .lists import MOST, Reading, Sentence, nearest

ABSENT = 0.25
_SYLLABLES = "bra cor dal fen gar hol jan kel lor mar nov ost pel quin ros sel tar ul ven wes yor zan ber din mon".split()
_FIRST = "Anton Beate Carla David Elena Farid Greta Hugo Ines Jonas Katrin Luis Miriam Nadia Oskar Paula Rania Sven Tove Yusuf".split()
_TOWNS = "Lille Graz Porto Bergen Malaga Leipzig Tartu Gdansk Turin Cork Ghent Basel Odense Brno Utrecht Nantes Oulu Split".split()
_MONTHS = "January February March April May June July August September October November December".split()
_DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
_ROLES = "the team lead;the head of finance;the safety officer;the plant manager;the legal department;two board members;the night supervisor".split(";")
_STUFF = "steel oak aluminium glass recycled plastic cotton brass ceramic".split()


def _pick(options: Sequence[str], chance: Chance) -> str:
    return options[int(chance.integers(len(options)))]


def _number(low: int, high: int, chance: Chance) -> str:
    return f"{int(chance.integers(low, high)):,}" if chance.random() < 0.5 else str(int(chance.integers(low, high)))


def _word(chance: Chance) -> str:
    return "".join(_pick(_SYLLABLES, chance) for _ in range(2)).capitalize()


def _person(chance: Chance) -> str:
    return f"{_pick(_FIRST, chance)} {_word(chance)}"


def _date(chance: Chance) -> str:
    day, month, year = int(chance.integers(1, 29)), _pick(_MONTHS, chance), int(chance.integers(1900, 2026))
    return _pick((f"{day} {month} {year}", f"{month} {day}, {year}", str(year), f"{month} {year}"), chance)


def _span(chance: Chance) -> str:
    return f"{int(chance.integers(2, 91))} {_pick(('days', 'weeks', 'months', 'hours', 'minutes', 'years'), chance)}"


def _money(chance: Chance) -> str:
    amount = _number(2, 9000, chance)
    return _pick((f"{amount} euros", f"${amount}", f"{amount} EUR", f"£{amount}", f"{amount} francs"), chance)


def _clock(chance: Chance) -> str:
    hour = int(chance.integers(6, 22))
    return _pick((f"{hour}:{int(chance.integers(6)) * 10:02d}", f"{hour % 12 or 12} {'am' if hour < 12 else 'pm'}"), chance)


def _code(chance: Chance) -> str:
    return f"{_pick('ABCDEFGHKLMPRSTVX', chance)}{_pick(['', '-', ' '], chance)}{int(chance.integers(2, 990))}"


def _address(chance: Chance) -> str:
    return f"{_word(chance).lower()}@{_word(chance).lower()}.example"


def _sized(*units: str) -> Callable[[Chance], str]:
    return lambda chance: f"{_number(2, 900, chance)} {_pick(units, chance)}"


Value = Callable[[Chance], str]


@dataclass(frozen=True, slots=True)
class Fact:
    """What may be known of a thing: its name in tables, ways to ask for it of {s}, and ways to say that it is {v}."""

    label: str
    asked: Sequence[str]
    said: Sequence[str]
    value: Value


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of things: the names of a family, what a pronoun or a general name calls one, and its facts."""

    names: Callable[[Chance], list[str]]
    called: Sequence[str]
    facts: Sequence[Fact]


def _models(chance: Chance) -> list[str]:
    base, noun = _word(chance), _pick(("", "pump ", "printer ", "drone ", "router ", "oven ", "bike ", "camera "), chance)
    letter, steps = _pick(("", "K", "X", "S", "MT"), chance), chance.choice(np.arange(1, 40), 4, replace=False)
    return [f"{noun}{base} {letter}{10 * int(step)}" for step in steps]


def _plans(chance: Chance) -> list[str]:
    base = chance.permutation(["Basic", "Starter", "Plus", "Pro", "Team", "Business", "Premium", "Enterprise"])[:4]
    form = _pick(("{} plan", "{} tariff", "{} package", "{} account"), chance)
    return [form.format(name) for name in base]


def _people(chance: Chance) -> list[str]:
    name = _word(chance)
    own = [f"{first} {name}" for first in chance.permutation(_FIRST)[:2]]
    return [*own, _person(chance), _person(chance)]


def _places(chance: Chance) -> list[str]:
    form = _pick(("{} office", "{} branch", "{} warehouse", "{} library", "{} museum", "{} clinic", "Hotel {}"), chance)
    return [form.format(town) for town in chance.permutation(_TOWNS)[:4]]


def _releases(chance: Chance) -> list[str]:
    base, major = _word(chance), int(chance.integers(1, 9))
    return [f"{base} {major}.{int(minor)}" for minor in chance.choice(12, 4, replace=False)]


def _contracts(chance: Chance) -> list[str]:
    form = _pick(("contract {}", "order {}", "project {}", "policy {}", "invoice {}", "lot {}"), chance)
    return [form.format(_code(chance)) for _ in range(4)]


def _works(chance: Chance) -> list[str]:
    ends = chance.permutation(["River", "Winter", "House", "Garden", "Night", "Road", "Letters", "Island"])[:4]
    return [f"The {_word(chance)} {end}" for end in ends]


def _courses(chance: Chance) -> list[str]:
    base = _pick(("first aid", "welding", "accounting", "Spanish", "pottery", "data analysis", "fire safety"), chance)
    return [f"{base} {word}" for word in ("course A", "course B", "workshop", "refresher course")]


_IT, _SHE = ("It", "This"), ("She", "He")
KINDS = (
    Kind(_models, (*_IT, "The device", "The model"), (
        Fact("Weight", ("How much does the {s} weigh?", "How heavy is the {s}?", "What is the weight of the {s}?"), ("The {s} weighs {v}.", "At {v}, the {s} is easy to move.", "The weight of the {s} is {v}."), _sized("kg", "g", "pounds")),
        Fact("Power", ("How much power does the {s} use?", "What is the power consumption of the {s}?"), ("The {s} uses {v}.", "The {s} draws {v} in operation."), _sized("W", "kW", "watts")),
        Fact("Price", ("How much does the {s} cost?", "What is the price of the {s}?"), ("The {s} costs {v}.", "The {s} is sold for {v}.", "You pay {v} for the {s}."), _money),
        Fact("Warranty", ("How long is the {s} under warranty?", "What warranty does the {s} have?"), ("The {s} comes with a warranty of {v}.", "The warranty of the {s} ends after {v}."), _span),
        Fact("Made in", ("Where is the {s} made?", "Where is the {s} built?"), ("The {s} is made in {v}.", "The {s} is assembled at the plant in {v}."), lambda chance: _pick(_TOWNS, chance)),
        Fact("Material", ("What is the {s} made of?", "Which material is the {s} made from?"), ("The {s} is made of {v}.", "The housing of the {s} consists of {v}."), lambda chance: _pick(_STUFF, chance)),
        Fact("Battery life", ("How long does the battery of the {s} last?", "What is the battery life of the {s}?"), ("The battery of the {s} lasts {v}.", "The {s} runs for {v} on one charge."), _span),
        Fact("Designer", ("Who designed the {s}?",), ("The {s} was designed by {v}.", "{v} designed the {s}."), _person),
        Fact("Service interval", ("How often must the {s} be serviced?", "What is the service interval of the {s}?"), ("The {s} must be serviced every {v}.", "Have the {s} checked every {v}."), _span),
    )),
    Kind(_plans, (*_IT, "This plan"), (
        Fact("Price per month", ("How much is the {s}?", "What does the {s} cost per month?"), ("The {s} costs {v} a month.", "For the {s} we charge {v} per month."), _money),
        Fact("Storage", ("How much storage comes with the {s}?", "What is the storage limit of the {s}?"), ("The {s} includes {v} of storage.", "With the {s} you can store up to {v}."), _sized("GB", "TB")),
        Fact("Users", ("How many users does the {s} allow?", "How many people can use the {s}?"), ("The {s} allows up to {v}.", "Up to {v} can share the {s}."), _sized("users", "people", "seats")),
        Fact("Notice period", ("What is the notice period of the {s}?", "How far ahead must the {s} be cancelled?"), ("The {s} can be cancelled with a notice of {v}.", "The notice period of the {s} is {v}."), _span),
        Fact("Support", ("When is support available with the {s}?", "What are the support hours of the {s}?"), ("With the {s}, support answers until {v}.", "Support for the {s} is available from {v}."), _clock),
        Fact("Trial", ("How long is the trial of the {s}?",), ("The {s} can be tried for {v}.", "The trial of the {s} ends after {v}."), _span),
    )),
    Kind(_people, (*_SHE,), (
        Fact("Born", ("When was {s} born?", "What is the date of birth of {s}?"), ("{s} was born on {v}.", "{s} (born {v}) grew up on a farm."), _date),
        Fact("Birthplace", ("Where was {s} born?", "In which town was {s} born?"), ("{s} was born in {v}.", "{s} comes from {v}.", "{s}, a native of {v}, likes to sing."), lambda chance: _pick(_TOWNS, chance)),
        Fact("Joined", ("When did {s} join the company?", "Since when has {s} worked here?"), ("{s} joined the company in {v}.", "{s} has been with us since {v}."), _date),
        Fact("Phone", ("What is the phone number of {s}?", "How can I call {s}?"), ("{s} can be reached at {v}.", "Call {s} on {v}."), lambda chance: f"{int(chance.integers(100, 999))}-{int(chance.integers(1000, 9999))}"),
        Fact("E-mail", ("What is the e-mail address of {s}?", "Where can I write to {s}?"), ("Write to {s} at {v}.", "The e-mail address of {s} is {v}."), _address),
        Fact("Role", ("What does {s} do?", "What is the job of {s}?"), ("{s} works as {v}.", "{s} is our {v}."), lambda chance: _pick(("accountant", "welder", "product manager", "nurse", "translator", "auditor", "chemist"), chance)),
        Fact("Spouse", ("Who is {s} married to?", "Who is the spouse of {s}?"), ("{s} is married to {v}.", "{s} lives with the painter {v}, whom the family met at the wedding."), _person),
        Fact("Died", ("When did {s} die?", "In what year did {s} die?"), ("{s} died on {v}.", "{s} passed away on {v} after a short illness."), _date),
        Fact("Manager", ("Who is the manager of {s}?", "Who does {s} report to?"), ("{s} reports to {v}.", "{v} manages {s}."), _person),
    )),
    Kind(_places, (*_IT, "The building", "The house"), (
        Fact("Opens", ("When does the {s} open?", "What time does the {s} open?"), ("The {s} opens at {v}.", "Doors of the {s} open at {v}."), _clock),
        Fact("Closes", ("When does the {s} close?", "Until when is the {s} open?"), ("The {s} closes at {v}.", "The {s} is open until {v}."), _clock),
        Fact("Manager", ("Who runs the {s}?", "Who is in charge of the {s}?"), ("The {s} is run by {v}.", "{v} is in charge of the {s}."), _person),
        Fact("Built", ("When was the {s} built?", "In what year was the {s} built?"), ("The {s} was built in {v}.", "The {s} dates from {v}."), _date),
        Fact("Architect", ("Who designed the {s}?", "Who was the architect of the {s}?"), ("The {s} was designed by {v}.", "{v} drew the plans of the {s}."), _person),
        Fact("Area", ("How large is the {s}?", "What is the area of the {s}?"), ("The {s} covers {v}.", "The {s} has an area of {v}."), _sized("square metres", "m²", "square feet")),
        Fact("Staff", ("How many people work at the {s}?", "How many employees does the {s} have?"), ("{v} work at the {s}.", "The {s} employs {v}."), _sized("people", "employees")),
        Fact("Admission", ("How much is a ticket to the {s}?", "What is the admission to the {s}?"), ("Admission to the {s} is {v}.", "A ticket to the {s} costs {v}."), _money),
        Fact("Closed on", ("On which day is the {s} closed?", "Which day is the closing day of the {s}?"), ("The {s} is closed on {v}.", "On {v} the {s} stays shut."), lambda chance: _pick(_DAYS, chance)),
    )),
    Kind(_releases, (*_IT, "This version", "The release"), (
        Fact("Released", ("When was {s} released?", "When did {s} come out?"), ("{s} was released on {v}.", "{s} came out on {v}."), _date),
        Fact("Supported until", ("Until when is {s} supported?", "When does support for {s} end?"), ("{s} is supported until {v}.", "Support for {s} ends on {v}."), _date),
        Fact("Default port", ("Which port does {s} use by default?", "What is the default port of {s}?"), ("{s} listens on port {v} by default.", "The default port of {s} is {v}."), lambda chance: str(int(chance.integers(1024, 9999)))),
        Fact("Memory", ("How much memory does {s} need?", "What is the minimum memory for {s}?"), ("{s} needs at least {v} of memory.", "Give {s} no less than {v} of RAM."), _sized("MB", "GB")),
        Fact("Licence", ("Under which licence is {s} published?",), ("{s} is published under the {v} licence.",), lambda chance: _pick(("MIT", "GPL", "Apache", "BSD", "Mozilla"), chance)),
        Fact("Timeout", ("What is the default timeout in {s}?", "After how long does a request time out in {s}?"), ("In {s} a request times out after {v}.", "The default timeout of {s} is {v}."), _span),
        Fact("Maintainer", ("Who maintains {s}?",), ("{s} is maintained by {v}.", "{v} maintains {s}."), _person),
    )),
    Kind(_contracts, (*_IT,), (
        Fact("Signed", ("When was {s} signed?", "What is the date of {s}?"), ("{s} was signed on {v}.", "{s} is dated {v}."), _date),
        Fact("Amount", ("What is the amount of {s}?", "How much is {s} worth?"), ("{s} is worth {v}.", "{s} amounts to {v}."), _money),
        Fact("Supplier", ("Who is the supplier in {s}?", "Which company is {s} with?"), ("{s} is with {v} Ltd.", "The supplier of {s} is {v} Ltd."), _word),
        Fact("Approved by", ("Who approved {s}?",), ("{s} was approved by {v}.", "{v} approved {s}."), _person),
        Fact("Expires", ("When does {s} expire?", "Until when does {s} run?"), ("{s} expires on {v}.", "{s} runs until {v}."), _date),
        Fact("Status", ("What is the status of {s}?",), ("{s} is {v}.", "The status of {s} is {v}."), lambda chance: _pick(("open", "closed", "on hold", "cancelled", "in review", "delivered"), chance)),
        Fact("Penalty", ("What is the penalty for delay in {s}?",), ("A delay of {s} costs {v} per day.", "{s} has a penalty of {v} for each day of delay."), _money),
    )),
    Kind(_works, (*_IT, "The book", "The film"), (
        Fact("Author", ("Who wrote {s}?", "Who is the author of {s}?"), ("{s} was written by {v}.", "{v} wrote {s}.", "{s} is a novel by {v}."), _person),
        Fact("Year", ("When did {s} appear?", "When was {s} published?"), ("{s} appeared in {v}.", "{s} was first published in {v}."), _date),
        Fact("Pages", ("How many pages does {s} have?", "How long is {s}?"), ("{s} has {v}.", "At {v}, {s} is a long read."), _sized("pages")),
        Fact("Director", ("Who directed {s}?",), ("{s} was directed by {v}.", "{v} directed {s}."), _person),
        Fact("Setting", ("Where is {s} set?", "In which town does {s} take place?"), ("{s} is set in {v}.", "{s} takes place in {v}."), lambda chance: _pick(_TOWNS, chance)),
        Fact("Translator", ("Who translated {s}?",), ("{s} was translated by {v}.", "{v} made the translation of {s}."), _person),
    )),
    Kind(_courses, (*_IT, "The course"), (
        Fact("Starts", ("When does the {s} start?", "When does the {s} begin?"), ("The {s} starts on {v}.", "The {s} begins on {v}."), _date),
        Fact("Teacher", ("Who teaches the {s}?", "Who is the teacher of the {s}?"), ("The {s} is taught by {v}.", "{v} teaches the {s}."), _person),
        Fact("Fee", ("What is the fee for the {s}?", "How much is the {s}?"), ("The {s} costs {v}.", "The fee for the {s} is {v}."), _money),
        Fact("Places", ("How many people can take part in the {s}?", "How many places does the {s} have?"), ("The {s} has {v}.", "There is room for {v} in the {s}."), _sized("places", "participants")),
        Fact("Room", ("In which room is the {s}?", "Where does the {s} take place?"), ("The {s} takes place in room {v}.", "The {s} is held in room {v}."), _code),
        Fact("Duration", ("How long does the {s} take?", "What is the duration of the {s}?"), ("The {s} takes {v}.", "The {s} lasts {v}."), _span),
    )),
)

_NEARBY = (
    "For the {l} of {s}, see the next page.",
    "The {l} of {s} has not changed.",
    "Questions about the {l} of {s} go to the help desk.",
    "The {l} of {s} was discussed at length.",
    "{S}",
    "{S}: {l}",
    "{L}",
    "All prices and dates are subject to change.",
)

# Plain facts of a household of things, without titles: "Visitor badges are kept for 5 days."

_THINGS = (
    "expense reports;visitor badges;log files;daily backups;weekly backups;sick notes;travel requests;library books;parking permits;"
    "job applications;meeting rooms;rental cars;guest accounts;test samples;fire drills;safety checks;salary statements;returned goods;"
    "spare keys;software licences;used batteries;customer complaints;purchase orders;invoices;press releases;course certificates;"
    "incident reports;holiday requests;server rooms;service vehicles;lost items;new employees;interns;apprentices;archive boxes;"
    "deleted messages;inactive accounts;bank statements;medical records;security cameras"
).split(";")
_TEMPERS = ("", "", "", "urgent ", "internal ", "external ", "old ", "private ", "large ", "foreign ", "temporary ", "monthly ")
_PLAIN = (
    Fact("", ("How long are {s} kept?", "For how long are {s} stored?", "What is the retention period of {s}?"), ("{S} are kept for {v}.", "{S} are stored for {v} and then deleted.", "We keep {s} for {v}."), _span),
    Fact("", ("Who approves {s}?", "Who must sign off {s}?"), ("{S} are approved by {v}.", "{S} need the approval of {v}."), lambda chance: _pick(_ROLES, chance)),
    Fact("", ("How often are {s} checked?", "How frequently are {s} reviewed?"), ("{S} are checked every {v}.", "{S} are reviewed once every {v}."), _span),
    Fact("", ("Where are {s} stored?", "Where can I find {s}?"), ("{S} are stored in room {v}.", "You find {s} in cabinet {v}."), _code),
    Fact("", ("What is the fee for {s}?", "How much do {s} cost?"), ("The fee for {s} is {v}.", "{S} cost {v} each."), _money),
    Fact("", ("What is the deadline for {s}?", "By when must {s} be handed in?"), ("{S} must be handed in by {v}.", "The deadline for {s} is {v}."), _date),
    Fact("", ("Who should I contact about {s}?", "Who is responsible for {s}?"), ("Contact {v} about {s}.", "{v} is responsible for {s}.", "{v} looks after {s}."), _person),
    Fact("", ("What is the limit for {s}?", "What is the maximum for {s}?"), ("{S} are limited to {v}.", "There may be no more than {v} for {s}."), _sized("a week", "per person", "a month", "MB")),
    Fact("", ("When are {s} processed?", "At what time are {s} handled?"), ("{S} are processed at {v}.", "{S} are handled daily at {v}."), _clock),
    Fact("", ("Which form is used for {s}?", "What form do I need for {s}?"), ("Use form {v} for {s}.", "{S} are requested with form {v}."), _code),
)
_GERMAN = "Rechnungen;Reisekosten;Sicherungen;Besucherausweise;Urlaubsanträge;Protokolle;Ersatzschlüssel;Verträge;Beschwerden;Parkplätze".split(";")
_FRENCH = "les factures;les sauvegardes;les badges;les contrats;les demandes de congé;les archives;les clés;les plaintes;les rapports".split(";")
_SPANISH = "las facturas;las copias de seguridad;los contratos;los permisos;las solicitudes;los archivos;las quejas;los informes".split(";")


def _foreign(unit: Sequence[str]) -> Value:
    return lambda chance: f"{int(chance.integers(2, 91))} {_pick(unit, chance)}"


_TONGUES = (
    (_GERMAN, (
        Fact("", ("Wie lange werden {s} aufbewahrt?", "Wie lange speichert man {s}?"), ("{S} werden {v} lang aufbewahrt.", "Wir bewahren {s} für {v} auf."), _foreign(("Tage", "Wochen", "Monate", "Jahre"))),
        Fact("", ("Wer genehmigt {s}?", "Wer ist für {s} zuständig?"), ("{S} genehmigt {v}.", "Für {s} ist {v} zuständig."), _person),
        Fact("", ("Wo liegen {s}?", "Wo finde ich {s}?"), ("{S} liegen in Raum {v}.", "{S} finden Sie in Schrank {v}."), _code),
        Fact("", ("Was kosten {s}?", "Wie hoch ist die Gebühr für {s}?"), ("{S} kosten je {v}.", "Die Gebühr für {s} beträgt {v}."), _foreign(("Euro", "Franken"))),
    )),
    (_FRENCH, (
        Fact("", ("Combien de temps garde-t-on {s} ?", "Quelle est la durée de conservation pour {s} ?"), ("On garde {s} pendant {v}.", "{S} sont conservés {v}."), _foreign(("jours", "semaines", "mois", "ans"))),
        Fact("", ("Qui approuve {s} ?", "Qui s'occupe de {s} ?"), ("{v} approuve {s}.", "{S} relèvent de {v}."), _person),
        Fact("", ("Où se trouvent {s} ?", "Où trouver {s} ?"), ("{S} se trouvent dans la salle {v}.", "Vous trouverez {s} dans l'armoire {v}."), _code),
    )),
    (_SPANISH, (
        Fact("", ("¿Cuánto tiempo se guardan {s}?", "¿Durante cuánto tiempo se conservan {s}?"), ("{S} se guardan {v}.", "Se conservan {s} durante {v}."), _foreign(("días", "semanas", "meses", "años"))),
        Fact("", ("¿Quién aprueba {s}?", "¿Quién se encarga de {s}?"), ("{v} aprueba {s}.", "{v} se encarga de {s}."), _person),
        Fact("", ("¿Dónde están {s}?", "¿Dónde se encuentran {s}?"), ("{S} están en la sala {v}.", "{S} se encuentran en el armario {v}."), _code),
    )),
)  # fmt: skip


def made(count: int, *, seed: int = 0) -> list[Reading]:
    """Return so many readings."""
    chance = np.random.default_rng(seed)
    drawn = chance.random(count)
    return [_of_things(chance) if one < 0.62 else _plain(chance, foreign=one > 0.9) for one in drawn]


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]


def _said(form: str, name: str, value: str) -> str:
    return _upper(form.format(s=name, S=_upper(name), v=value))


def _plain(chance: Chance, *, foreign: bool) -> Reading:
    """Return a question on a plain fact, among the same of other things and other facts of the same thing."""
    things, facts = _TONGUES[int(chance.integers(len(_TONGUES)))] if foreign else (_THINGS, _PLAIN)
    asked, *others = (int(place) for place in chance.permutation(len(facts)))
    base, *rest = (str(one) for one in chance.permutation(things)[:4])
    tempers = [str(one) for one in chance.permutation(sorted(set(_TEMPERS)))[:3]] if not foreign else [""]
    name, *family = [temper + base for temper in tempers] + rest
    answer = _said(_pick(facts[asked].said, chance), name, facts[asked].value(chance))
    texts = [(_said(_pick(facts[asked].said, chance), one, facts[asked].value(chance)), "no") for one in family[:4]]
    texts += [(_said(_pick(facts[at].said, chance), name, facts[at].value(chance)), "no") for at in others[:3]]
    if chance.random() > ABSENT:
        texts.append((answer, "holds"))
    heading = _pick(("", "", "House rules", "Handbook > Rules", _word(chance)), chance)
    texts = [texts[int(place)] for place in chance.permutation(len(texts))]
    bullets = _pick(("", "", "- ", "* ", "1. "), chance)
    sentences = [
        Sentence(bullets + text, heading, before and bullets + before, label)  # type: ignore[arg-type]
        for (before, _), (text, label) in zip([("", ""), *texts], texts, strict=False)
    ]
    question = said_otherwise(_said(_pick(facts[asked].asked, chance), name, ""), chance)
    return Reading("made", question, nearest(question, sentences))


def _of_things(chance: Chance) -> Reading:
    """Return a question on one of a family of things that each have some facts."""
    kind = KINDS[int(chance.integers(len(KINDS)))]
    names = kind.names(chance)
    facts = [kind.facts[int(place)] for place in chance.permutation(len(kind.facts))[: int(chance.integers(3, 6))]]
    asked, named = facts[0], names[0]
    absent = chance.random() < ABSENT
    tell = _pick(("sentences", "sentences", "row", "keys", "list", "answers", "brackets"), chance)
    told: list[Sentence] = []
    for name in names:
        own = [fact for fact in facts if not (absent and name == named and fact is asked)]
        own = [own[int(place)] for place in chance.permutation(len(own))]
        told += _TELLS[tell](kind, name, own, asked if name == named and not absent else None, chance)
    form = _pick(_NEARBY, chance)
    told.append(Sentence(_upper(form.format(s=named, S=_upper(named), l=asked.label.lower(), L=asked.label)), _upper(named)))
    question = _said(_pick(asked.asked, chance), named, "")
    if chance.random() < 0.06:
        question = f"{named} {asked.label.lower()}"
    question = said_otherwise(question, chance)
    return Reading("made", question, nearest(question, told, MOST + 2))


Telling = Callable[[Kind, str, Sequence[Fact], "Fact | None", Chance], list[Sentence]]


def _sentences(kind: Kind, name: str, facts: Sequence[Fact], asked: Fact | None, chance: Chance) -> list[Sentence]:
    """Tell facts in sentences under a title, those after the first mostly with a pronoun."""
    told: list[Sentence] = []
    pronoun, titled, before = _pick(kind.called, chance), chance.random() < 0.8, ""
    for number, fact in enumerate(facts):
        form = _pick(fact.said, chance)
        short = (number or titled) and chance.random() < 0.5 and form.startswith(("{s}", "The {s}"))
        if short:
            text = form.replace("The {s}", pronoun, 1) if form.startswith("The") else form.replace("{s}", pronoun, 1)
            text = _said(text, name, fact.value(chance))
        else:
            text = _said(form, name, fact.value(chance))
        told.append(Sentence(text, _upper(name) if titled else "", before, "holds" if fact is asked else "no"))
        before = text
    return told


def _row(kind: Kind, name: str, facts: Sequence[Fact], asked: Fact | None, chance: Chance) -> list[Sentence]:
    """Tell facts as a row of a table."""
    first = _pick(("Name", "Item", "Title", "ID"), chance)
    cells = [f"{first}: {_upper(name)}", *(f"{fact.label}: {fact.value(chance)}" for fact in facts)]
    heading = _pick(("", "", "Overview", "Price list > 2024", "List"), chance)
    return [Sentence(_pick(("; ", "; ", ", ", " | "), chance).join(cells), heading, "", "holds" if asked else "no")]


def _keys(kind: Kind, name: str, facts: Sequence[Fact], asked: Fact | None, chance: Chance) -> list[Sentence]:
    """Tell facts as keys and values under a title."""
    told: list[Sentence] = []
    before = ""
    for fact in facts:
        text = f"{fact.label}{_pick((': ', ': ', ' = ', ' - '), chance)}{fact.value(chance)}"
        told.append(Sentence(text, _upper(name), before, "holds" if fact is asked else "no"))
        before = text
    return told


def _list(kind: Kind, name: str, facts: Sequence[Fact], asked: Fact | None, chance: Chance) -> list[Sentence]:
    """Tell each fact as an item, by the name, of a list that has the fact above it."""
    marks = _pick(("- ", "* ", "• ", "1. ", ""), chance)
    return [
        Sentence(f"{marks}{_upper(name)}: {fact.value(chance)}", fact.label, "", "holds" if fact is asked else "no")
        for fact in facts
    ]


def _answers(kind: Kind, name: str, facts: Sequence[Fact], asked: Fact | None, chance: Chance) -> list[Sentence]:
    """Tell facts as questions and answers, on one line or on two."""
    told: list[Sentence] = []
    for fact in facts:
        question = _said(_pick(fact.asked, chance), name, "")
        value, label = fact.value(chance), "holds" if fact is asked else "no"
        answer = _pick((f"{value}.", _said(_pick(fact.said, chance), name, value)), chance)
        heading = _pick(("", "Questions and answers", "FAQ"), chance)
        if chance.random() < 0.5:
            told.append(Sentence(f"{question} {answer}", heading, "", label))  # type: ignore[arg-type]
        else:
            told.append(Sentence(question, heading))
            told.append(Sentence(_upper(answer), heading, question, label))  # type: ignore[arg-type]
    return told


def _brackets(kind: Kind, name: str, facts: Sequence[Fact], asked: Fact | None, chance: Chance) -> list[Sentence]:
    """Tell the first facts in brackets behind the name, and the last in a sentence of its own."""
    *inside, last = facts
    if not inside:
        return _sentences(kind, name, facts, asked, chance)
    told = ", ".join(f"{fact.label.lower()} {fact.value(chance)}" for fact in inside)
    rest = _pick(("is listed here", "was mentioned before", "is well known to the staff", "needs no introduction"), chance)
    heading = _pick(("", "Directory", _upper(name)), chance)
    first = Sentence(f"{_upper(name)} ({told}) {rest}.", heading, "", "holds" if asked in inside else "no")
    return [first, *_sentences(kind, name, [last], asked if asked is last else None, chance)]


_TELLS: dict[str, Telling] = {
    "sentences": _sentences,
    "row": _row,
    "keys": _keys,
    "list": _list,
    "answers": _answers,
    "brackets": _brackets,
}


def readings(count: int, *, seed: int = 0) -> Iterator[Reading]:
    """Yield so many readings that some sentences hold something for or against."""
    return (one for one in made(count, seed=seed) if one.sentences)
