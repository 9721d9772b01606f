"""The pool of what is slow to open: opened once, shared, and closed when nobody needs it."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import pytest

from polyhop.agent.adapters.langgraph import ResourcePool
from polyhop.core.errors import CallerError


@dataclass
class Door:
    """Something with a name that notes when it is closed."""

    name: str
    closed: list[str]

    def close(self) -> None:
        """Note the name."""
        self.closed.append(self.name)


@dataclass
class House:
    """Opens doors, notes which, and opens one only once `gate` is set."""

    opened: list[str] = field(default_factory=list)
    closed: list[str] = field(default_factory=list)
    begun: threading.Event = field(default_factory=threading.Event)
    gate: threading.Event = field(default_factory=threading.Event)

    def open(self, name: str) -> Door:
        """Open a door; there is none of an empty name."""
        self.begun.set()
        self.gate.wait()
        if not name:
            raise CallerError("a door needs a name")
        self.opened.append(name)
        return Door(name, self.closed)


@pytest.fixture
def house() -> House:
    """Return a house whose gate is open."""
    made = House()
    made.gate.set()
    return made


def visit(pool: ResourcePool[str, Door], *names: str) -> None:
    """Use one door after the other."""
    for name in names:
        with pool.use(name):
            pass


def test_threads_share_what_was_opened_once(house: House) -> None:
    """Eight threads that want the same door at the same time get one, and it stays open for the next."""
    pool = ResourcePool(house.open)
    together = threading.Barrier(8)

    def use(_: int) -> Door:
        with pool.use("oak") as door:
            together.wait()
            return door

    with ThreadPoolExecutor(8) as threads:
        doors = list(threads.map(use, range(8)))

    visit(pool, "oak")
    assert (1, ["oak"], []) == (len({id(door) for door in doors}), house.opened, house.closed)


def test_the_least_recently_used_is_closed_first(house: House) -> None:
    """Beyond the capacity something must go, but nothing that somebody uses."""
    pool = ResourcePool(house.open, capacity=2)
    with pool.use("oak"):
        visit(pool, "ash", "elm", "ash")
        assert ["ash", "elm"] == house.closed
    visit(pool, "oak", "ash", "fir")

    assert (["oak", "ash", "elm", "ash", "fir"], ["ash", "elm", "oak"]) == (house.opened, house.closed)


def test_close_waits_for_those_who_use_it(house: House) -> None:
    """What is in use is closed by its last user; a later use opens it anew."""
    pool = ResourcePool(house.open)
    visit(pool, "ash")
    with pool.use("oak"):
        with pool.use("oak"):
            pool.close()
            assert ["ash"] == house.closed
        assert ["ash"] == house.closed
        visit(pool, "oak")
    assert (["ash", "oak", "oak"], ["ash", "oak"]) == (house.opened, house.closed)
    pool.close()
    assert ["ash", "oak", "oak"] == house.closed


async def test_what_cannot_be_opened_is_not_remembered(house: House) -> None:
    """The error is that of opening, each time, and takes no place from others."""
    pool = ResourcePool(house.open, capacity=1)
    visit(pool, "oak")
    for _ in range(2):
        with pytest.raises(CallerError, match="needs a name"):
            visit(pool, "")
        with pytest.raises(CallerError, match="needs a name"):
            async with pool.ause(""):
                pass
    async with pool.ause("oak") as door:
        assert ("oak", ["oak"], []) == (door.name, house.opened, house.closed)


async def test_a_task_that_is_cancelled_leaves_nothing_open() -> None:
    """What a thread goes on opening for it is closed."""
    house = House()
    pool = ResourcePool(house.open)

    async def use() -> None:
        async with pool.ause("oak"):
            pass

    task = asyncio.create_task(use())
    await asyncio.to_thread(house.begun.wait)
    task.cancel()
    await asyncio.sleep(0)
    house.gate.set()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert ["oak"] == house.opened == house.closed
