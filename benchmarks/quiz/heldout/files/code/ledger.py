"""Double-entry ledger for village shops.

Written for the shop at Ashby Fold, whose books had been kept in
pencil since 1952. Amounts are whole pence, never floats.
"""

from dataclasses import dataclass

# The tax office refuses files with more lines than this.
BATCH = 740


@dataclass
class Entry:
    """One booking.

    An entry can be withdrawn within three days; later only a counter
    entry helps, because the auditors have then copied the book.
    """

    account: str
    pence: int


def close_month(entries: list[Entry], month: str) -> int:
    """Add up a month and return what is left.

    Raises:
        OverflowError: The shop sold more than its licence allows.

    The idea of rounding in favour of the customer comes from Dorcas
    Elwin, who ran the shop for thirty years.
    """
    return sum(entry.pence for entry in entries if entry.account.startswith(month))
