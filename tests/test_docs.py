"""The pages: links lead somewhere, commands and flags parse, words are those of the field."""

import dataclasses
import re
import shlex
import typing
from pathlib import Path

import numpy as np
import pytest

import seaice_tf
from seaice_tf import settings as settings_file
from seaice_tf.cli import flags, main, verbs
from seaice_tf.tasks import NAMES, TASKS

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), ROOT / "experiments/README.md"])
CURRENT = [page for page in PAGES if page.name != "CHANGELOG.md"]  # which names what was before
FOLDERS = ("seaice_tf", "tests", "experiments", "benchmarks")
MOST_LINES = 200
FORBIDDEN = re.compile(
    r"\b(lanes?|dumb|odds|chances?|teachers?|honest column|told|anyway|nobody|troubles?)\b", re.I
)
FLAG = re.compile(r"--([a-z0-9-]+)(?:[ =]([^-\s]\S*))?")
LINK = re.compile(r"\]\(([^)\s]+)\)")
# Flags that a verb cannot do without, for commands that a sentence quotes in part.
NEEDED = {
    "fetch": {"out": "DIR"},
    "doctor": {"data": "DIR"},
    "prepare": {"out": "OUT"},
    "train": {"run": "RUN"},
    "tune": {"run": "RUN"},
    "predict": {"out": "OUT"},
    "export": {"run": "RUN"},
    "report": {"out": "PAGE"},
}

every_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
every_current_page = pytest.mark.parametrize("page", CURRENT, ids=lambda page: page.stem)


def anchors(page: Path) -> set[str]:
    """The headings of a page as the ends of links."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", each.lower()).replace(" ", "-") for each in headings}


@every_page
def test_links_between_pages_lead_somewhere(page):
    for link in LINK.findall(page.read_text()):
        if "://" in link:
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), f"{page.name}: {link}"
        assert not anchor or anchor in anchors(target), f"{page.name}: {link}"


@every_current_page
def test_files_that_pages_name_exist(page):
    text = re.sub(r"```.*?```", "", page.read_text(), flags=re.DOTALL)
    files = {path for each in FOLDERS for path in (ROOT / each).rglob("*.py")}
    ends = {path.relative_to(ROOT).parts[-count:] for path in files for count in range(1, 5)}
    for name in re.findall(r"`(?:python )?([\w/]+\.py)[:`]", text):
        assert tuple(name.split("/")) in ends, f"{page.name}: {name}"


def test_every_page_is_in_the_index():
    index = (ROOT / "docs" / "README.md").read_text()
    pages = {path.name for path in (ROOT / "docs").glob("*.md")} - {"README.md"}
    assert pages <= set(LINK.findall(index))


def test_the_newest_release_of_the_changelog_is_this_version():
    text = (ROOT / "CHANGELOG.md").read_text()
    assert re.search(r"^## (\d+\.\d+\.\d+)", text, re.MULTILINE)[1] == seaice_tf.__version__


def test_every_experiment_is_in_the_table():
    table = (ROOT / "experiments" / "README.md").read_text()
    assert all(f"| `{path.name}` |" in table for path in (ROOT / "experiments").glob("*.py"))


def test_every_system_has_a_page():
    assert all((ROOT / "docs" / f"{name}.md").exists() for name in NAMES)


def test_the_readme_is_short():
    assert len((ROOT / "README.md").read_text().splitlines()) <= MOST_LINES


@every_current_page
def test_pages_use_the_words_of_the_field(page):
    text = re.sub(r"```.*?```|`[^`]*`", "", page.read_text(), flags=re.DOTALL)
    found = FORBIDDEN.findall(text)
    assert not found, f"{page.name}: {found}"


def commands(page: Path) -> list[str]:
    """The `seaice-tf ...` lines of a page's console blocks and of its sentences."""
    text = page.read_text()
    blocks = re.findall(r"```console\n(.*?)```", text, re.DOTALL)
    outside = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    quoted = [" ".join(each.split()) for each in re.findall(r"`(seaice-tf [^`]*)`", outside)]
    found = [line for block in blocks for line in _lines(block) if "seaice-tf " in line]
    return found + [each for each in quoted if "VERB" not in each]


def _lines(block: str) -> list[str]:
    """The commands of a block: lines joined at backslashes, its own variables put in."""
    block = block.replace("\\\n", " ")
    values = dict(re.findall(r'^(\w+)="([^"]*)"$', block, re.MULTILINE))
    return [
        re.sub(r"\$(\w+)", lambda match: values.get(match[1], match[0]), line)
        for line in block.splitlines()
    ]


class Parsed(Exception):
    """Ends a command once its flags are parsed."""


@pytest.fixture
def parse_only(monkeypatch):
    """The command line whose commands end where they would begin to work."""
    parse = flags.parse

    def stop(*arguments):
        parse(*arguments)
        raise Parsed

    for module in (flags, verbs):
        monkeypatch.setattr(module, "parse", stop)
    return main._run


def words_of(command: str) -> list[str]:
    """The words after "seaice-tf", without files that would be read and with what is left out."""
    (command,) = re.findall(r"seaice-tf [^;]*", command)
    words = [word for word in shlex.split(command, comments=True)[1:] if word != "..."]
    for flag in ("--settings", "--from-manifest"):
        if flag in words:
            words, _ = flags.pop_flag(words, flag)
    verb = words[0]
    if verb == "report" and len(words) == 1:
        words.append("RUN")
    for flag, value in NEEDED.get(verb, {}).items():
        if f"--{flag}" not in words:
            words += [f"--{flag}", value]
    return [word.replace("TASK", "forecast") if word == "TASK" else word for word in words]


@every_current_page
def test_commands_on_pages_parse(page, parse_only):
    for command in commands(page):
        if re.search(r"seaice-tf (completion|help)|--help", command):  # ends before it parses
            continue
        try:
            with pytest.raises(Parsed):
                parse_only(words_of(command))
        except (SystemExit, ValueError) as error:
            pytest.fail(f"{page.name}: {command}: {error}")


def accepted(task) -> dict[str, set]:
    """Every flag of a task's verbs with the values that it may have; none where any will do."""
    found: dict[str, set] = {"network": set()}
    options = (task.data.fetch_options, task.verification.options, task.products.options)
    for kind in filter(None, (task.settings, *options)):
        for name, values in fields(kind):
            found.setdefault(name, set()).update(values)
    found["network"].update(settings_file.networks(task.settings))
    return found


def fields(kind: type):
    """The names of a record's fields, and of those of the records in it, with their values."""
    for name, hint in typing.get_type_hints(kind).items():
        yield name, literals(hint)
        for part in (hint, *typing.get_args(hint)):
            if dataclasses.is_dataclass(part):
                yield from fields(part)


def literals(hint) -> set:
    """The values of the Literals in a type."""
    arguments = typing.get_args(hint)
    if typing.get_origin(hint) is typing.Literal:
        return set(arguments)
    return set().union(*map(literals, arguments))


OF_VERBS = "dask debug from_manifest help host ignore_memory json method out plots port "
OF_VERBS += "processes quiet run runs settings slow_baselines strict track trials trust version"


@every_current_page
def test_flags_that_sentences_name_exist(page):
    """In `--flag value`, the flag is one of the page's system, and the value one that it takes."""
    names = [page.stem] if page.stem in NAMES else NAMES
    known = [accepted(TASKS[name]) for name in names]
    text = re.sub(r"```.*?```", "", page.read_text(), flags=re.DOTALL)
    for code in re.findall(r"`(--[^`]*)`", text):
        for flag, value in re.findall(
            r"--([a-z0-9-]+)(?:[ =]([^-\s]\S*))?", " ".join(code.split())
        ):
            name = flag.replace("-", "_")
            if name in OF_VERBS.split():
                continue
            owners = [each for each in known if name in each or name.removeprefix("no_") in each]
            assert owners, f"{page.name}: --{flag}"
            choices = [each.get(name, set()) for each in owners]
            fits = any(not each or value in {"", *map(str, each)} for each in choices)
            assert fits, f"{page.name}: --{flag} {value}"


def test_the_readme_s_saved_model_runs(long_archive, tmp_path, monkeypatch):
    (tmp_path / ".cache" / "seaice_tf").mkdir(parents=True)
    (tmp_path / ".cache" / "seaice_tf" / "synthetic_nsidc0051_1").symlink_to(long_archive)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(ROOT)
    page = (ROOT / "README.md").read_text()
    (code,) = [
        each for each in re.findall(r"```python\n(.*?)```", page, re.DOTALL) if "glob" in each
    ]
    names: dict = {}
    exec(code, names)
    ice = names["ice"].numpy()
    assert ice.shape == (12, 448, 304)
    assert np.nanmin(ice) >= 0
    assert np.nanmax(ice) <= 1
