"""Who may import whom: one folder a system, shared rooms below, no circle.

The rules go by the pattern of a module's place, so that a new file falls under them by itself.
"""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import seaice_tf
from seaice_tf.tasks import NAMES

ROOT = Path(seaice_tf.__file__).parent
SYSTEMS = set(NAMES)
SHARED = {"grids", "files", "networks", "runs", "report", "cli"}
# Modules of a system that load TensorFlow, besides its networks; rooms at the top that load none.
WITH_TENSORFLOW = {"training", "calibration", "cell_examples"}
WITH_TENSORFLOW |= {"departure_training", "anomaly_examples", "extrapolation"}
TOP_WITHOUT_TENSORFLOW = {"grids", "files", "report", "cli", "progress"}
TOP_WITHOUT_TENSORFLOW |= {"lazy", "library", "pipeline", "settings", "task", "tasks", "errors"}
KERAS = {"tensorflow", "keras", "keras_tuner", "tensorflow_addons"}
MODULES = {
    ".".join(("seaice_tf", *path.relative_to(ROOT).with_suffix("").parts)).removesuffix(
        ".__init__"
    ): path
    for path in sorted(ROOT.rglob("*.py"))
}
MOST_CROSSING = 0.45  # of the imports


def imports(path: Path, everywhere: bool = True) -> set[str]:
    """Modules and names that a file imports; not `everywhere`: those that loading it imports."""
    tree = ast.parse(path.read_text())
    nodes = list(ast.walk(tree)) if everywhere else list(at_load(tree))
    found = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def at_load(tree: ast.AST):
    """The nodes outside functions and outside `if TYPE_CHECKING`."""
    for node in ast.iter_child_nodes(tree):
        checking = isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        if not checking and not isinstance(node, ast.FunctionDef | ast.Lambda):
            yield node
            yield from at_load(node)


def own(names: set[str]) -> set[str]:
    """The modules of the package among imported names."""
    found = set()
    for name in names:
        if name.split(".")[0] == "seaice_tf":
            found.add(name if name in MODULES else name.rpartition(".")[0])
    return found


def room(module: str) -> str:
    """The top-level folder or file of a module; the package itself is "__init__"."""
    return [*module.split("."), "__init__"][1]


every_module = pytest.mark.parametrize("module", MODULES)


@every_module
def test_a_system_imports_no_system_and_shared_rooms_none(module):
    here = room(module)
    for name in own(imports(MODULES[module])):
        there = room(name)
        if there in SYSTEMS and here != "__init__":  # which names them for type checkers
            assert here == there, f"{module} imports {name}"
        if here in SYSTEMS:
            assert there not in {"runs", "cli", "tasks"}, f"{module} imports {name}"
        if here not in {"cli", "__main__"}:
            assert there != "cli", f"{module} imports {name}"


def loads_no_tensorflow(module: str) -> bool:
    parts = module.split(".")[1:]
    if parts[:1] and parts[0] in SYSTEMS:
        return parts[1:2] != ["networks"] and parts[-1] not in WITH_TENSORFLOW
    return not parts or parts[0] in TOP_WITHOUT_TENSORFLOW


@every_module
def test_rooms_without_tensorflow(module):
    if not loads_no_tensorflow(module):
        return
    assert not KERAS & {name.split(".")[0] for name in imports(MODULES[module], everywhere=False)}
    for name in own(imports(MODULES[module], everywhere=False)):
        allowed = loads_no_tensorflow(name) or name.count(".") == 1 or is_plain(name)
        assert allowed, f"{module} imports {name}"


def is_plain(module: str, seen: frozenset = frozenset()) -> bool:
    """Whether a module loads no TensorFlow, by what it and its own imports import."""
    if module in seen or module not in MODULES:
        return True
    names = imports(MODULES[module], everywhere=False)
    if KERAS & {name.split(".")[0] for name in names}:
        return False
    return all(is_plain(name, seen | {module}) for name in own(names))


def test_the_package_and_its_plain_rooms_load_no_tensorflow():
    plain = [name for name in MODULES if loads_no_tensorflow(name)]
    code = (
        f"import importlib, sys\nfor name in {plain!r}: importlib.import_module(name)\n"
        f"assert not {sorted(KERAS)!r} & sys.modules.keys(), 'loaded'"
    ).replace(f"{sorted(KERAS)!r} &", f"set({sorted(KERAS)!r}) &")
    subprocess.run([sys.executable, "-c", code], check=True)


@every_module
def test_keras_is_reached_one_way(module):
    names = imports(MODULES[module])
    assert not any(name == "keras" or name.startswith(("keras.", "tf_keras")) for name in names)


@every_module
def test_tyro_is_the_command_line_s_alone(module):
    if room(module) != "cli":
        assert "tyro" not in {name.split(".")[0] for name in imports(MODULES[module])}


def test_no_circle():
    graph = {module: own(imports(path, everywhere=False)) for module, path in MODULES.items()}
    done: set[str] = set()

    def visit(module, trail):
        assert module not in trail, f"circle: {' -> '.join([*trail, module])}"
        if module not in done:
            for name in graph.get(module, ()):
                visit(name, [*trail, module])
            done.add(module)

    for module in graph:
        visit(module, [])


def test_less_than_half_of_the_imports_cross_a_room(capsys):
    pairs = [
        (room(module), room(name))
        for module, path in MODULES.items()
        for name in own(imports(path))
        if name != module
    ]
    crossing = sum(here != there for here, there in pairs)
    with capsys.disabled():
        print(f"\n{crossing} of {len(pairs)} imports cross a room, {crossing / len(pairs):.0%}")
    assert crossing <= MOST_CROSSING * len(pairs)


def test_every_room_is_a_package():
    """Without its __init__.py a room would be missing from an installed package."""
    for path in MODULES.values():
        assert (path.parent / "__init__.py").exists(), path.parent
