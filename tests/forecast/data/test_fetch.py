"""Downloads from a server on this machine that is slow, cuts off, redirects or sends pages."""

import sys
import threading
import time
import types
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from seaice_tf.errors import InputError
from seaice_tf.forecast.data import fetch as fetching
from seaice_tf.forecast.data.archive import read_archive
from seaice_tf.forecast.data.fetch import FetchOptions, fetch
from seaice_tf.grids.polar import SOUTH
from tests.forecast.data.archives import write_aggregate, write_ecdr, write_v2
from tests.forecast.data.test_archive import months

FIRST = np.datetime64("2008-01")
AGGREGATE = "/NOAA/G02202_V6/south/aggregate/"
NEWEST = "sic_pss25_200801-200803_v06r00.nc"


class Server(ThreadingHTTPServer):
    """Serves a dictionary of paths, and does once to each what `faults` says."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.files: dict[str, bytes] = {}
        self.faults: dict[str, list[str]] = {}
        self.modified = "Mon, 05 Jan 2026 10:00:00 GMT"
        self.asked: list[tuple[str, str, str]] = []  # method, path, range

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/NOAA/"

    def listing(self, folder: str) -> str:
        names = {path.removeprefix(folder) for path in self.files if path.startswith(folder)}
        items = {name.partition("/")[0] + ("/" if "/" in name else "") for name in names}
        links = [f'<a href="{item}">{item}</a>' for item in sorted(items)]
        return f'<html><a href="../">up</a><a href="?C=N">Name</a>{" ".join(links)}</html>'


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def log_message(self, *arguments):
        pass

    def do_HEAD(self):
        self.do_GET(body=False)

    def do_GET(self, body=True):
        path, files = self.path, self.server.files
        self.server.asked.append((self.command, path, self.headers.get("Range", "")))
        fault = self.server.faults.get(path, [])
        kind = fault.pop(0) if fault and body else ""
        if kind == "slow":
            time.sleep(0.6)
            self.close_connection = True
            return
        if kind == "redirect":
            self.send_response(302)
            self.send_header("Location", f"/moved{path}")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        if kind == "busy":
            self.answer(b"", 503)
            return
        content = files.get(path.removeprefix("/moved"))
        if kind == "login":
            self.answer(b"<!DOCTYPE html><html>Earthdata login</html>", 200, "text/html")
        elif content is None and path.endswith("/") and self.server.listing(path).count("href") > 2:
            self.answer(self.server.listing(path).encode(), 200, "text/html")
        elif content is None:
            self.answer(b"not found", 404, "text/plain")
        else:
            self.file(content, kind, body)

    def file(self, content, kind, body):
        start, status = 0, 200
        asked = self.headers.get("Range")
        if asked and self.headers.get("If-Range") == self.tag(content):
            start, status = int(asked.removeprefix("bytes=").rstrip("-")), 206
        self.send_response(status)
        self.send_header("Content-Type", "application/x-netcdf")
        self.send_header("Content-Length", str(len(content) - start))
        self.send_header("Last-Modified", self.server.modified)
        self.send_header("ETag", self.tag(content))
        self.end_headers()
        if body:
            part = content[start:]
            self.wfile.write(part[: len(part) // 2] if kind == "cut" else part)
            self.close_connection |= kind == "cut"

    def answer(self, content, status, kind="text/html"):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content if self.command == "GET" else b"")

    @staticmethod
    def tag(content):
        return f'"{hash(content)}"'


@pytest.fixture
def server():
    running = Server()
    thread = threading.Thread(target=running.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield running
    running.shutdown()
    running.server_close()
    thread.join()


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """The content of aggregates of the south, an older and a newer one, and of single files."""
    folder = tmp_path_factory.mktemp("served")
    write_aggregate(folder, FIRST, months(SOUTH, 3))
    write_aggregate(folder, FIRST, months(SOUTH, 2))
    write_ecdr(folder, FIRST, months(SOUTH, 2))
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture
def served(server, files):
    for name, content in files.items():
        place = AGGREGATE if "-" in name else "/NOAA/G02202_V6/south/monthly/"
        server.files[place + name] = content
    return server


def options(server, **changes):
    default = {"base": server.base, "pause": 0.01, "timeout": 5}
    return FetchOptions(hemisphere="south", **{**default, **changes})


def bodies(server):
    return [path for method, path, _ in server.asked if method == "GET" and path.endswith(".nc")]


def test_the_newest_aggregate_is_downloaded_once(served, tmp_path):
    (path,) = fetch(options(served), tmp_path / "new" / "folder")
    assert path.name == NEWEST
    assert path.read_bytes() == served.files[AGGREGATE + NEWEST]
    assert read_archive(path.parent).last == FIRST + 2
    assert [each.name for each in path.parent.iterdir()] == [NEWEST]
    fetch(options(served), path.parent)
    assert bodies(served) == [AGGREGATE + NEWEST]


def test_single_files_of_a_period(served, tmp_path):
    found = fetch(options(served, files="single", first="2008-02"), tmp_path)
    assert [path.name for path in found] == ["sic_pss25_200802_F17_v06r00.nc"]
    assert len(fetch(options(served, files="single"), tmp_path)) == 2
    assert len(bodies(served)) == 2


@pytest.mark.parametrize("fault", ["cut", "slow", "busy", "redirect"])
def test_a_fault_is_got_over(served, tmp_path, fault):
    served.faults[AGGREGATE + NEWEST] = [fault]
    (path,) = fetch(options(served, timeout=0.3), tmp_path)
    assert path.read_bytes() == served.files[AGGREGATE + NEWEST]
    half = len(path.read_bytes()) // 2
    ranges = [int(asked[6:-1]) for _, _, asked in served.asked if asked]
    assert len(ranges) == (fault == "cut")
    assert all(half - fetching.BLOCK < start <= half for start in ranges)
    assert [each.name for each in tmp_path.iterdir()] == [NEWEST]


def test_what_was_cut_for_good_is_resumed_by_the_next_command(served, tmp_path, monkeypatch):
    monkeypatch.setattr(fetching, "ATTEMPTS", 1)
    served.faults[AGGREGATE + NEWEST] = ["cut"]
    with pytest.raises(InputError, match="repeat the command to resume"):
        fetch(options(served), tmp_path)
    assert not (tmp_path / NEWEST).exists()
    (path,) = fetch(options(served), tmp_path)
    assert path.read_bytes() == served.files[AGGREGATE + NEWEST]
    assert any(asked for _, _, asked in served.asked)


def test_a_part_of_another_version_is_not_continued(served, files, tmp_path, monkeypatch):
    monkeypatch.setattr(fetching, "ATTEMPTS", 1)
    served.faults[AGGREGATE + NEWEST] = ["cut"]
    with pytest.raises(InputError):
        fetch(options(served), tmp_path)
    served.files[AGGREGATE + NEWEST] = changed = another_version(tmp_path / "other")
    (path,) = fetch(options(served), tmp_path)
    assert path.read_bytes() == changed


def another_version(folder):
    return write_aggregate(folder, FIRST, months(SOUTH, 3)[::-1]).read_bytes()


@pytest.mark.parametrize("later", [True, False])
def test_a_file_that_changed_on_the_server_is_downloaded_again(served, tmp_path, later, caplog):
    (path,) = fetch(options(served), tmp_path / "data")
    served.files[AGGREGATE + NEWEST] = changed = another_version(tmp_path / "other")
    if later:
        served.modified = "Tue, 06 Jan 2026 10:00:00 GMT"
        fetch(options(served), tmp_path / "data")
        assert path.read_bytes() == changed
        assert "changed on the server" in caplog.text
    else:
        served.files[AGGREGATE + NEWEST] = changed + b"more"
        fetch(options(served), tmp_path / "data")
        assert path.read_bytes() == changed + b"more"


def test_a_login_page_is_no_file(served, tmp_path):
    served.faults[AGGREGATE + NEWEST] = ["login"]
    with pytest.raises(InputError, match=r"got an HTML page from .*login; nothing was"):
        fetch(options(served), tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_login_page_that_calls_itself_data_is_no_file(served, tmp_path, real_data):
    page = next((real_data / "damaged").iterdir()).read_bytes()
    served.files[AGGREGATE + NEWEST] = page
    with pytest.raises(InputError, match="expected a netCDF file"):
        fetch(options(served), tmp_path)
    assert not list(tmp_path.glob("*.nc"))


def test_what_is_not_on_the_server_is_one_line(server, served, tmp_path):
    with pytest.raises(InputError, match="got status 404; check --product and --base"):
        fetch(options(server, product="g10016"), tmp_path)
    with pytest.raises(InputError, match="expected monthly files of g02202, got none in its list"):
        fetch(options(server, files="single", first="2020-01"), tmp_path)
    with pytest.raises(InputError, match=r"expected an answer, got .* in 5 attempts"):
        fetch(options(server, base="http://127.0.0.1:1/", pause=0), tmp_path)
    with pytest.raises(InputError, match=r"expected an address that can be asked.*--base"):
        fetch(options(server, base="no address"), tmp_path)


def test_options_are_checked():
    with pytest.raises(InputError, match="expected YYYY-MM"):
        FetchOptions(first="2012")
    with pytest.raises(InputError, match="timeout, pause"):
        FetchOptions(timeout=0)


class Granule:
    def __init__(self, path: Path):
        self.path = path

    def data_links(self):
        return [f"https://data.example/protected/{self.path.name}"]


@pytest.fixture
def earthdata(tmp_path, monkeypatch):
    """A stand-in for the package earthaccess, which copies files that lie in a folder."""
    write_v2(tmp_path / "there", FIRST, months(SOUTH, 2))
    found = [Granule(path) for path in sorted((tmp_path / "there").iterdir())]
    calls: list = []

    def download(granules, out):
        calls.append([granule.path.name for granule in granules])
        for granule in granules:
            (Path(out) / granule.path.name).write_bytes(granule.path.read_bytes())

    module = types.SimpleNamespace(
        login=lambda: types.SimpleNamespace(authenticated=True),
        search_data=lambda **query: found,
        download=download,
    )
    monkeypatch.setitem(sys.modules, "earthaccess", module)
    return calls


def test_earthdata_gives_what_is_missing(earthdata, tmp_path):
    wanted = FetchOptions(product="nsidc0051", hemisphere="south")
    paths = fetch(wanted, tmp_path / "out")
    assert [path.name for path in paths] == [
        f"NSIDC0051_SEAICE_PS_S25km_20080{month}_v2.0.nc" for month in (1, 2)
    ]
    paths[0].unlink()
    fetch(wanted, tmp_path / "out")
    assert [len(names) for names in earthdata] == [2, 1]
    with pytest.raises(InputError, match="expected monthly files in the catalogue, got none"):
        fetch(FetchOptions(product="nsidc0051", hemisphere="north"), tmp_path / "out")


def test_without_earthaccess_or_a_login_it_is_one_line(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "earthaccess", None)
    with pytest.raises(InputError, match=r"expected the package earthaccess.*\[earthdata\]"):
        fetch(FetchOptions(product="nsidc0051"), tmp_path)
    refused = types.SimpleNamespace(login=lambda: types.SimpleNamespace(authenticated=False))
    monkeypatch.setitem(sys.modules, "earthaccess", refused)
    with pytest.raises(InputError, match="expected an Earthdata login, got none"):
        fetch(FetchOptions(product="nsidc0051"), tmp_path)
