"""Random block-structured diagrams against a reference that knows no BPMN.

A block is drawn as a diagram and, at the same time, played as nested objects in which a sequence goes on when its
part is done and a parallel block is done when all its branches are (``tests/bpmn/token_game``). Both get the same
random choices; after every move the same tasks must be open, the same messages and moments awaited, and the case's
variables the same. Every step of ours restores the case from its snapshot, or from a database that was closed and
opened again. The seed is in the message; ``HUIYIN_TOKEN_GAMES`` sets how many are played in memory, a fifteenth of
them on each database.
"""

from __future__ import annotations

import os
from collections import Counter
from contextlib import closing
from functools import partial
from typing import Any

import pytest

from engine import Engine
from engine.settings import Settings
from tests.bpmn.token_game.dice import Game
from tests.bpmn.token_game.players import InMemory, Player, Stored
from tests.bpmn.token_game.reference import Leaf

GAMES = int(os.environ.get("HUIYIN_TOKEN_GAMES", "300"))
#: Games in one test, so that thousands do not drown in the cost of each test.
BATCH = 25
MOVES = 40


def agree(game: Game, case: Player) -> None:
    """The same can be done, the same is awaited, the same is known."""
    assert Counter(task[:2] for task in case.tasks) == Counter((leaf.name, leaf.env.via) for leaf in game.open("task"))
    awaited = [("message", leaf.name, f"via {leaf.env.via}".strip(), 0) for leaf in game.open("message")]
    awaited += [("timer", leaf.name, "", leaf.due) for leaf in game.open("timer")]
    assert case.waits == sorted(awaited)
    assert case.finished == game.root.done
    known = {name: value for name, value in case.values.items() if name in game.env.values}
    assert known == game.env.values


def move(game: Game, case: Player) -> None:
    """One random move on both sides."""
    values, dice = game.choices(), game.random
    tasks, messages, moments = game.open("task"), game.open("message"), game.open("timer")
    drawn = dice.random()
    if messages and (not (tasks or moments) or drawn < 0.15):
        leaf = dice.choice(messages)
        # of several that wait for the same message the oldest takes it
        leaf = next(other for other in messages if alike(other, leaf))
        case.message(leaf.name, f"via {leaf.env.via}".strip(), values)
        game.take(leaf, values)
    elif moments and (not tasks or drawn < 0.22):
        case.later(game.wait())
    else:
        leaf = dice.choice(tasks)
        place = [other for other in tasks if alike(other, leaf)].index(leaf)
        handles = [handle for name, via, handle in case.tasks if (name, via) == (leaf.name, leaf.env.via)]
        case.complete(handles[place], values)
        game.take(leaf, values)


def alike(one: Leaf, other: Leaf) -> bool:
    """Whether nobody could tell them apart but by their age."""
    return (one.name, one.env.via) == (other.name, other.env.via)


def play(game: Game, case: Player, moves: int) -> None:
    agree(game, case)
    for _ in range(moves):
        if game.root.done:
            return
        move(game, case)
        agree(game, case)


@pytest.mark.parametrize("first", range(0, GAMES, BATCH))
def test_our_tokens_stand_where_the_reference_says(first: int) -> None:
    for seed in range(first, min(first + BATCH, GAMES)):
        try:
            game = Game(seed)
            play(game, InMemory(game.model.files, "p", game.values), MOVES)
        except Exception as error:
            pytest.fail(f"game {seed}: {type(error).__name__}: {error}")


def test_and_in_a_database_that_is_opened_anew_for_every_move(
    database_url: str, settings: Settings, clock: Any
) -> None:
    opened = partial(Engine.open, database_url, clock=clock, settings=settings)
    for seed in range(max(GAMES // 15, 1)):
        try:
            game = Game(1_000_000 + seed, f"p{seed}")
            with closing(Stored(opened, clock, game.model.files, f"p{seed}", game.values)) as case:
                play(game, case, 25)
        except Exception as error:
            pytest.fail(f"game {1_000_000 + seed}: {type(error).__name__}: {error}")
    with opened() as engine:
        assert engine.verify().ok
