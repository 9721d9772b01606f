"""True sentences as a model writes them, each with a false twin, and the passages that they are about."""

from __future__ import annotations

from typing import NamedTuple

CURIE = (
    "Marie Curie\nMarie Curie (7 November 1867 – 4 July 1934) was a Polish and naturalised-French physicist "
    "and chemist. She was born in Warsaw and studied in Paris. She shared the 1903 Nobel Prize in Physics with "
    "her husband Pierre Curie and with Henri Becquerel, and won the 1911 Nobel Prize in Chemistry. She was the "
    "first woman to win a Nobel Prize. Her elder daughter was Irène Joliot-Curie."
)
APOLLO = (
    "Apollo 11\nApollo 11 was the first spaceflight to land humans on the Moon. Commander Neil Armstrong and "
    "lunar module pilot Buzz Aldrin landed on July 20, 1969, while Michael Collins flew the command module "
    "alone in lunar orbit. Armstrong was the first person to step onto the surface; Aldrin joined him 19 "
    "minutes later. They brought back 21.5 kilograms of lunar material. The crew was launched from Kennedy "
    "Space Center by a Saturn V rocket. Collins did not walk on the Moon."
)
JAWS = (
    "Jaws (film)\nJaws is a 1975 American thriller film directed by Steven Spielberg. It is based on the 1974 "
    "novel of the same name by Peter Benchley. Roy Scheider plays police chief Martin Brody, and Richard "
    "Dreyfuss plays Matt Hooper. The music was composed by John Williams. It was filmed mostly on Martha's "
    "Vineyard in Massachusetts."
)
SPIELBERG = (
    "Steven Spielberg\nSteven Allan Spielberg (born December 18, 1946) is an American film director, producer "
    "and screenwriter. He was born in Cincinnati, Ohio. His mother was Leah Adler, a concert pianist, and his "
    "father, Arnold Spielberg, was an electrical engineer."
)
EIFFEL = (
    "Eiffel Tower\nThe Eiffel Tower is a wrought-iron lattice tower in Paris, France. It is named after the "
    "engineer Gustave Eiffel, whose company built it from 1887 to 1889. It is 330 metres tall. It was the "
    "tallest structure in the world until 1930, when the Chrysler Building in New York City was finished."
)
DANUBE = (
    "Danube\nThe Danube is the second-longest river in Europe, after the Volga in Russia. It rises in the "
    "Black Forest of Germany and flows southeast for 2,850 km before emptying into the Black Sea. It passes "
    "through four capitals: Vienna, Bratislava, Budapest and Belgrade."
)
FLEMING = (
    "Alexander Fleming\nSir Alexander Fleming (6 August 1881 – 11 March 1955) was a Scottish physician and "
    "microbiologist, best known for discovering penicillin in 1928. He shared the Nobel Prize in Physiology or "
    "Medicine in 1945 with Howard Florey and Ernst Chain. He did not patent penicillin."
)
AUSTEN = (
    "Pride and Prejudice\nPride and Prejudice is a novel by the English author Jane Austen, published in 1813. "
    "It follows Elizabeth Bennet, the second of five daughters of a country gentleman. Elizabeth finally "
    "marries Fitzwilliam Darcy, while her sister Lydia elopes with George Wickham. Emma, a later novel of "
    "Austen, appeared in 1815."
)
EVEREST = (
    "Mount Everest\nMount Everest is the highest mountain above sea level, on the border between Nepal and "
    "China. Its height is 8,849 metres. Edmund Hillary and Tenzing Norgay made the first confirmed ascent on "
    "29 May 1953. George Mallory died on the mountain in 1924."
)
TEXTS = (CURIE, APOLLO, JAWS, SPIELBERG, EIFFEL, DANUBE, FLEMING, AUSTEN, EVEREST)


class Pair(NamedTuple):
    """A true sentence, the same with one fact changed, and what was changed."""

    true: str
    false: str
    kind: str


PAIRS = (
    # names
    Pair("Jaws was directed by Steven Spielberg [3].", "Jaws was directed by Peter Benchley [3].", "name"),
    Pair("Steven Spielberg directed Jaws [3].", "Roy Scheider directed Jaws [3].", "name"),
    Pair(
        "The score of Jaws was written by John Williams [3].",
        "The score of Jaws was written by Hans Zimmer [3].",
        "name",
    ),
    Pair(
        "In Jaws, Chief Brody is played by Roy Scheider [3].",
        "In Jaws, Matt Hooper is played by Roy Scheider [3].",
        "name",
    ),
    Pair("Elizabeth Bennet marries Fitzwilliam Darcy [8].", "Elizabeth Bennet marries George Wickham [8].", "name"),
    Pair("The Danube empties into the Black Sea [6].", "The Danube empties into the Black Forest [6].", "name"),
    Pair("Marie Curie was born in Warsaw [1].", "Marie Curie was born in Paris [1].", "name"),
    Pair(
        "It was Michael Collins who stayed in lunar orbit [2].",
        "It was Buzz Aldrin who stayed in lunar orbit [2].",
        "name",
    ),
    Pair("Spielberg's mother was Leah Adler [4].", "Spielberg's mother was Arnold Spielberg [4].", "name"),
    Pair(
        "The director of Jaws, Steven Spielberg, was born in Cincinnati [3][4].",
        "The director of Jaws, Steven Spielberg, was born in Cleveland [3][4].",
        "name",
    ),
    # numbers
    Pair("Marie Curie was born on November 7, 1867 [1].", "Marie Curie was born on July 4, 1934 [1].", "number"),
    Pair("She won the chemistry prize in 1911 [1].", "She won the chemistry prize in 1903 [1].", "number"),
    Pair("The landing took place on 20 July 1969 [2].", "The landing took place on 19 July 1969 [2].", "number"),
    Pair("Jaws came out in 1975 [3].", "Jaws came out in 1977 [3].", "number"),
    Pair("The tower is 330 metres tall [5].", "The tower is 324 metres tall [5].", "number"),
    Pair("The Danube is 2850 km long [6].", "The Danube is 2580 km long [6].", "number"),
    Pair("Fleming discovered penicillin in 1928 [7].", "Fleming discovered penicillin in 1945 [7].", "number"),
    Pair("Pride and Prejudice was published in 1813 [8].", "Pride and Prejudice was published in 1815 [8].", "number"),
    Pair("Everest is 8,849 m high [9].", "Everest is 8,489 m high [9].", "number"),
    # denials and opposites
    Pair("Fleming never patented penicillin [7].", "Fleming patented penicillin [7].", "negation"),
    Pair("Collins did not walk on the Moon [2].", "Collins walked on the Moon [2].", "negation"),
    Pair("Spielberg was born in Ohio [4].", "Spielberg was not born in Ohio [4].", "negation"),
    Pair("Marie Curie died on 4 July 1934 [1].", "Marie Curie was born on 4 July 1934 [1].", "negation"),
    Pair(
        "Curie was the first woman to win a Nobel Prize [1].",
        "Curie was the last woman to win a Nobel Prize [1].",
        "negation",
    ),
    Pair("The Danube flows through Vienna [6].", "The Danube never flows through Vienna [6].", "negation"),
    Pair("Jaws was filmed on Martha's Vineyard [3].", "Jaws wasn't filmed on Martha's Vineyard [3].", "negation"),
    Pair("Everest is the highest mountain [9].", "Everest is the lowest mountain [9].", "negation"),
    Pair(
        "Her husband Pierre Curie shared the physics prize [1].",
        "Her husband Pierre Curie did not share the physics prize [1].",
        "negation",
    ),
    # the passage that is cited
    Pair(
        "Jaws is based on a novel by Peter Benchley [3].", "Jaws is based on a novel by Peter Benchley [4].", "passage"
    ),
    Pair("Mallory died on Everest in 1924 [9].", "Mallory died on Everest in 1924 [2].", "passage"),
    Pair("The Eiffel Tower stands in Paris [5].", "The Eiffel Tower stands in Paris [1].", "passage"),
    Pair(
        "Armstrong was the first to step onto the Moon [2].",
        "Armstrong was the first to step onto the Moon [9].",
        "passage",
    ),
)
