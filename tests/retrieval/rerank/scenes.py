"""Questions with a passage that answers each, among passages about the same things that do not."""

from __future__ import annotations

from typing import NamedTuple


class Pair(NamedTuple):
    """Two questions over the same candidates: the first answers the one, the second the other, the rest neither."""

    first: str
    second: str
    candidates: tuple[tuple[str, str], ...]


PAIRS = (
    Pair(
        "Which bird lays its eggs in the nests of other birds?",
        "How do swallows find their way on long journeys?",
        (
            ("Cuckoo", "The cuckoo is a brood parasite: the female puts each egg into the nest of a reed warbler."),
            ("Barn swallow", "Migrating barn swallows steer by the sun and by the magnetic field of the Earth."),
            ("Birdwatching", "Birdwatchers note the species that they saw, with the day and the place."),
            ("Feather", "Feathers keep birds warm and dry, and are renewed once a year."),
        ),
    ),
    Pair(
        "Who painted the ceiling of the Sistine Chapel?",
        "Who designed the dome of Florence Cathedral?",
        (
            ("Michelangelo", "From 1508 to 1512 Michelangelo covered the ceiling of the Sistine Chapel with frescoes."),
            ("Brunelleschi", "Filippo Brunelleschi was the architect of the brick dome of the cathedral of Florence."),
            ("Fresco", "In fresco, pigment is laid on wet plaster, which binds it as it dries."),
            ("Tuscany", "Tuscany is known for its hills, its wine and its medieval towns."),
        ),
    ),
    Pair(
        "At which temperature does lead melt?",
        "Why is lead poisonous to children?",
        (
            ("Lead, physical properties", "Lead is a soft grey metal with a low melting point of 327 degrees Celsius."),
            ("Lead poisoning", "Lead harms the growing brain of a child: in the nerves it takes the place of calcium."),
            ("Plumbing", "Roman plumbers made water pipes from sheets that they bent and soldered."),
            ("Tin", "Tin resists corrosion and coats the inside of food cans."),
        ),
    ),
    Pair(
        "How do I undo the last commit in git?",
        "How do I make a new branch in git?",
        (
            ("git reset", "`git reset --soft HEAD~1` takes back the most recent commit and keeps its changes staged."),
            ("git switch", "`git switch -c NAME` creates a branch at the current commit and checks it out."),
            ("git config", "`git config --global user.name NAME` sets who is recorded as the author."),
            ("tar", "`tar -xzf FILE` unpacks an archive that was compressed with gzip."),
        ),
    ),
    Pair(
        "Which film won Kathryn Bigelow the Academy Award for directing?",
        "Which film did Jane Campion shoot in New Zealand about a mute pianist?",
        (
            ("The Hurt Locker", "For The Hurt Locker, set in Iraq, Bigelow won the Oscar as best director."),
            ("The Piano", "In Jane Campion's The Piano a mute Scottish woman brings her piano to New Zealand."),
            ("Film editing", "A film editor chooses among the takes and joins them into scenes."),
            ("Cannes", "Cannes is a town on the French Riviera with a large harbour for yachts."),
        ),
    ),
    Pair(
        "What is the deepest lake in the world?",
        "Which lake lies highest among those with regular ships?",
        (
            ("Lake Baikal", "Lake Baikal in Siberia is 1,642 metres deep, more than any other lake on Earth."),
            ("Lake Titicaca", "Lake Titicaca, in the Andes at 3,812 metres, is called the highest navigable lake."),
            ("Reservoir", "A reservoir is filled behind a dam, for drinking water or for power."),
            ("Ice fishing", "Anglers cut a hole into the ice and let down a short line."),
        ),
    ),
    Pair(
        "Who discovered penicillin?",
        "Who developed the first vaccine against rabies?",
        (
            ("Alexander Fleming", "In 1928 Fleming saw that a mould, Penicillium, had killed the bacteria in a dish."),
            ("Louis Pasteur", "Pasteur and Roux gave their rabies vaccine to a bitten boy, Joseph Meister, in 1885."),
            ("Hospital", "A hospital has wards, operating theatres and an emergency department."),
            ("Bacteria", "Bacteria divide every twenty minutes where it is warm and there is food."),
        ),
    ),
    Pair(
        "How much salt does bread dough need?",
        "Why does bread dough have to rest?",
        (
            ("Salt in baking", "Bakers take about two grams of salt for each hundred grams of flour in a bread dough."),
            ("Proofing", "While the dough of a bread rests, yeast makes gas and the gluten relaxes, so that it rises."),
            ("Toaster", "A toaster browns slices of bread between glowing wires."),
            ("Wheat", "Wheat is sown in autumn or in spring and is harvested in summer."),
        ),
    ),
    Pair(
        "Which instrument did Jacqueline du Pré play?",
        "Which instrument did Glenn Gould play?",
        (
            ("Jacqueline du Pré", "Jacqueline du Pré was an English cellist, known for Elgar's concerto."),
            ("Glenn Gould", "Glenn Gould was a Canadian pianist who recorded the Goldberg Variations twice."),
            ("Conducting", "A conductor beats time with the right hand and shapes the phrase with the left."),
            ("Concert hall", "The shape of a concert hall decides how long a note can be heard."),
        ),
    ),
    Pair(
        "In which year did the Berlin Wall fall?",
        "When did the Great Fire of London break out?",
        (
            ("Berlin Wall", "The border crossings of the Berlin Wall were opened on 9 November 1989."),
            ("Great Fire of London", "The Great Fire of London began on 2 September 1666 in a bakery in Pudding Lane."),
            ("Masonry", "Masons lay stones in courses, and stagger the joints."),
            ("Checkpoint", "At a checkpoint papers are shown and vehicles are searched."),
        ),
    ),
    Pair(
        "What causes the tides?",
        "What causes the seasons?",
        (
            ("Tide", "The Moon raises the sea on both sides of the Earth, so that high tide comes twice a day."),
            ("Season", "Seasons come about because the axis of the Earth is tilted against its orbit around the Sun."),
            ("Calendar", "A calendar divides the year into months and weeks."),
            ("Lighthouse", "A lighthouse warns ships of rocks by a lamp and a lens."),
        ),
    ),
    Pair(
        "How can I compress a folder on the command line?",
        "How can I find which process uses a network port?",
        (
            ("zip", "`zip -r archive.zip FOLDER` packs a folder and all that is in it into one compressed file."),
            ("lsof", "`lsof -i :8080` lists the process that listens on or is connected to a network port."),
            ("cron", "`crontab -e` opens the table of jobs that run at fixed times."),
            ("Terminal", "A terminal shows what a program prints, and sends it what is typed."),
        ),
    ),
    Pair(
        "Who wrote the novel Things Fall Apart?",
        "Who wrote the novel One Hundred Years of Solitude?",
        (
            ("Chinua Achebe", "Chinua Achebe of Nigeria told of an Igbo village in his novel Things Fall Apart."),
            ("Gabriel García Márquez", "García Márquez invented the town of One Hundred Years of Solitude, Macondo."),
            ("Publishing", "A publisher edits, prints and sells books, and pays the author a royalty."),
            ("Library", "Libraries lend books for some weeks, and remind those who keep them longer."),
        ),
    ),
    Pair(
        "Which city is the capital of Mongolia?",
        "Which city is the largest of Kazakhstan?",
        (
            ("Ulaanbaatar", "Ulaanbaatar is the capital of Mongolia, and nearly half of its people live there."),
            ("Almaty", "Almaty, the largest city of Kazakhstan, was the seat of its government until 1997."),
            ("Steppe", "The steppe is a dry plain of grass without trees, hot in summer and cold in winter."),
            ("Yurt", "A yurt is a round tent of felt on a frame of wood, which can be taken down in an hour."),
        ),
    ),
)  # fmt: skip
