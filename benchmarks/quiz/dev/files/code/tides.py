"""Tide tables for small harbours.

The harmonic constants come from the gauge at Ravelin, which was
read by hand until 1999. Heights are metres above chart datum.
"""

#: Seconds between two requests to the gauge; it hangs if asked more often.
PAUSE = 35


class TideTable:
    """The tides of one harbour.

    A table is valid for eighteen months. After that the shift of the
    sandbank makes it wrong by more than a hand's breadth.
    """

    def high(self, day: str) -> float:
        """Return the highest water of a day.

        Raises:
            LookupError: The day lies before the first reading.
        """
        raise LookupError(day)

    def slack(self, day: str, knots: float = 0.3) -> list[str]:
        """List the moments at which the current is weaker than `knots`.

        Divers of the Ravelin club asked for it; they enter the water
        twenty minutes earlier.
        """
        return []
