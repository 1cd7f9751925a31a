"""The house has floors: a module imports only from floors below its own."""

import ast
from pathlib import Path

import pytest

import seaice_tf

ROOT = Path(seaice_tf.__file__).parent
FLOORS = [
    {"__init__", "errors"},
    {"transforms"},
    {
        "readers",
        "scores",
        "baselines",
        "baselines_knn",
        "baselines_masks",
        "baselines_charts",
        "baselines_nowcast",
        "baselines_geopose",
        "writers",
    },
    {"compat", "processes", "settings", "report"},
    {"models"},
    {"pipeline"},
    {"task"},
    {"tasks", "runs"},
    {"cli_flags"},
    {"cli"},
    {"__main__"},
]
WITHOUT_TENSORFLOW = {"report"}.union(*FLOORS[:3])
MODULES = sorted(ROOT.rglob("*.py"))


def room(module: str) -> str:
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else "__init__"


def imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def own_room(path: Path) -> str:
    first = path.relative_to(ROOT).parts[0]
    return first.removesuffix(".py")


def floor(name: str) -> int:
    return next(i for i, rooms in enumerate(FLOORS) if name in rooms)


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(ROOT)))
def test_imports_come_from_below(path):
    here = own_room(path)
    for module in imports(path):
        if module.split(".")[0] != "seaice_tf":
            continue
        there = room(module) if room(module) in set().union(*FLOORS) else "__init__"
        assert there == here or floor(there) < floor(here), f"{here} imports {module}"


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(ROOT)))
def test_the_ground_floor_and_pages_know_no_tensorflow(path):
    if own_room(path) in WITHOUT_TENSORFLOW:
        roots = {module.split(".")[0] for module in imports(path)}
        assert not roots & {"tensorflow", "keras", "keras_tuner", "tensorflow_addons"}


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(ROOT)))
def test_keras_is_reached_one_way(path):
    names = imports(path)
    assert not any(name == "keras" or name.startswith(("keras.", "tf_keras")) for name in names)


def test_no_circle_within_a_room():
    graph = {}
    for path in MODULES:
        name = ".".join(("seaice_tf", *path.relative_to(ROOT).with_suffix("").parts))
        graph[name] = imports(path)
    done: set[str] = set()

    def visit(name, trail):
        assert name not in trail, f"circle: {' -> '.join([*trail, name])}"
        if name not in done:
            for module in graph[name]:
                if module in graph:
                    visit(module, [*trail, name])
            done.add(name)

    for name in graph:
        visit(name, [])


def test_every_room_is_a_package():
    """Without its __init__.py a room would be missing from an installed package."""
    for path in MODULES:
        assert (path.parent / "__init__.py").exists(), path.parent
