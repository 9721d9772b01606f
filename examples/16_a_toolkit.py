"""Select tools with a function, or let an agent search and call them. Run it with: python examples/16_a_toolkit.py"""

from __future__ import annotations

from tempfile import TemporaryDirectory

from polyhop.agent import ToolSelector
from polyhop.agent.toolbox import Reach, SearchToolkit


def get_forecast(city: str, days: int = 3) -> str:
    """Tell the weather of the next days in a city."""
    return f"{days} days of rain in {city}"


def convert_money(amount: float, currency: str) -> str:
    """Convert an amount of money from dollars into another currency."""
    return f"{amount} dollars in {currency}"


def send_mail(to: str, text: str) -> str:
    """Send a letter by electronic mail to somebody."""
    return f"sent {text!r} to {to}"


def delete_mail(folder: str) -> str:
    """Delete all letters of a folder for good."""
    return f"deleted {folder}"


TOOLS = [get_forecast, convert_money, send_mail, delete_mail]
REQUEST = "Tell me the weather in Oslo and send a letter about it to my sister."


def main() -> None:
    """Use the same tools in three ways."""
    with TemporaryDirectory() as home, ToolSelector.open(home, create=True, threshold=0.0) as selector:
        toolkit = SearchToolkit.over(selector, TOOLS, reach=Reach(deny=("*/delete_*",)))

        # 1. a function: the tools that a request needs, and the part of the request for each
        for one in selector.select(REQUEST, k=2).tools:
            print(f"{one.name}: {one.reason}")

        # 2. the real tools, to be bound to a model
        print("bind:", [tool.name for tool in toolkit.selected(REQUEST, k=2)])

        # 3. two tools for an agent, through which it reaches all of them
        search, call = toolkit.get_tools()
        print(search.invoke({"request": "weather in a city", "k": 1}))
        print(call.invoke({"name": "get_forecast", "arguments": {"city": "Oslo", "days": 2}}))
        print(call.invoke({"name": "delete_mail", "arguments": {"folder": "all"}}))


if __name__ == "__main__":
    main()
