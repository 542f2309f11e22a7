"""A room imports only from rooms below it, also inside functions."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent.parent / "src" / "sophro"
# From top to bottom; rooms of one line stand side by side.
ROOMS = (
    ("cli",),
    ("evidence",),
    ("recipe",),
    ("report",),
    ("assess",),
    ("align", "attack", "edit", "guard", "steer"),
    ("care",),
    ("judge",),
    ("train",),
    ("data", "models"),
    ("chat", "stats", "text"),
)
# Tasks are made of what the methods bring, so assess stands above them. One script of the guard trains on disguises.
ALLOWED = {("guard/train.py", "attack")}
LEVEL = {room: number for number, rooms in enumerate(ROOMS) for room in rooms}


def imported(path: Path) -> Iterator[tuple[str, int]]:
    """Yield the rooms that a file imports, with the line."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        names: list[str] = []
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names = [node.module, *(f"{node.module}.{a.name}" for a in node.names)]
        elif isinstance(node, ast.Import):
            names = [a.name for a in node.names]
        for name in names:
            parts = name.split(".")
            if parts[0] == "sophro" and len(parts) > 1 and parts[1] in LEVEL:
                yield parts[1], node.lineno


def test_every_folder_has_its_place():
    assert {p.name for p in PACKAGE.iterdir() if (p / "__init__.py").exists()} == set(LEVEL)


def test_arrows_point_down():
    wrong: list[str] = []
    for path in sorted(PACKAGE.rglob("*.py")):
        inside = path.relative_to(PACKAGE)
        room = inside.parts[0]
        if room not in LEVEL:
            continue  # foundation modules without a room
        for other, line in imported(path):
            down = LEVEL[other] > LEVEL[room] or other == room
            if not down and (inside.as_posix(), other) not in ALLOWED:
                wrong.append(f"{inside}:{line} imports {other}")
    assert not wrong, "\n".join(wrong)


def test_modules_without_a_room_import_none():
    loose = [p for p in PACKAGE.glob("*.py") if p.name not in ("__main__.py",)]
    assert not [f"{p.name}:{line} {room}" for p in loose for room, line in imported(p)]
