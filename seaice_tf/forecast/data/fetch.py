"""Downloads sea-ice concentration files: what is missing, resumed and verified.

G02202 and G10016 lie on a server that needs no login and lists its folders as HTML pages; products
behind an Earthdata login are left to the package earthaccess. The name of an aggregate ends with
its last month, so that it is looked up in the list.
"""

import contextlib
import email.utils
import itertools
import logging
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, Literal
from urllib.parse import unquote, urljoin, urlparse

from seaice_tf import progress
from seaice_tf.errors import InputError, reason
from seaice_tf.forecast.data import g02202, months, nsidc0051_netcdf
from seaice_tf.forecast.data.formats import Format, Name
from seaice_tf.grids.polar import NORTH, SOUTH
from seaice_tf.settings import Checked

SERVER = "https://noaadata.apps.nsidc.org/NOAA/"
ATTEMPTS = 5  # at one file; a connection that was cut goes on where it ended
BLOCK = 1 << 13  # bytes; of a connection that is cut, less than one is lost
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Place:
    """Where a product is kept.

    Attributes:
        formats: of its files.
        folder: on the server of NOAA data; empty for a product behind an Earthdata login.
        short_name, version: in the catalogue of Earthdata.
        periods: that it has.
    """

    formats: tuple[Format, ...]
    folder: str = ""
    short_name: str = ""
    version: str = ""
    periods: tuple[str, ...] = ("monthly", "daily")


PLACES = {
    "g02202": Place(g02202.FORMATS[1:3], "G02202_V6/"),
    "g10016": Place(g02202.FORMATS[3:], "G10016_V4/", periods=("daily",)),
    "nsidc0051": Place(nsidc0051_netcdf.FORMATS[:1], short_name="NSIDC-0051", version="2"),
    "nsidc0081": Place(
        nsidc0051_netcdf.FORMATS[1:2], short_name="NSIDC-0081", version="2", periods=("daily",)
    ),
    "nsidc0803": Place(
        nsidc0051_netcdf.FORMATS[2:], short_name="NSIDC-0803", version="2", periods=("daily",)
    ),
}


@dataclass(frozen=True)
class FetchOptions(Checked):
    """Options of `fetch`."""

    product: Literal["g02202", "g10016", "nsidc0051", "nsidc0081", "nsidc0803"] = "g02202"
    """Data set: the climate data record, its near-real-time extension, or, with an Earthdata
    login, NASA Team concentrations: final, near-real-time, or of AMSR2."""
    hemisphere: Literal["north", "south"] = "north"
    """Hemisphere."""
    period: Literal["monthly", "daily"] = "monthly"
    """Months or days; near-real-time products have days only."""
    files: Literal["aggregate", "single"] = "aggregate"
    """One file of the whole record, of days one a year; or a file a time."""
    first: str = ""
    """First month of single or daily files, as 2012-01; empty: all."""
    last: str = ""
    """Last month of single or daily files; empty: all."""
    base: str = SERVER
    """Address of the server's folder of data sets."""
    timeout: float = 60.0
    """Seconds to wait for an answer or for more of one."""
    pause: float = 2.0
    """Seconds before the next attempt, twice as many before each further one."""

    def __post_init__(self):
        super().__post_init__()
        months.require(self, "first", "last")
        if self.timeout <= 0 or self.pause < 0:
            raise InputError(
                f"timeout, pause: expected more than 0 and at least 0 seconds, got {self.timeout} "
                f"and {self.pause}"
            )


def fetch(options: FetchOptions, out: Path) -> list[Path]:
    """Download the files of a product that are missing in a folder or have changed.

    Args:
        options: what, and from where.
        out: folder of the files, made if it does not exist.

    Returns:
        All files of the product, whether downloaded now or before.

    Raises:
        InputError: no such file on the server, no connection, or an answer that is not the file.
    """
    place = PLACES[options.product]
    period = options.period if options.period in place.periods else place.periods[0]
    out.mkdir(parents=True, exist_ok=True)
    if not place.folder:
        return _from_earthdata(place, period, options, out)
    with progress.step("reading the list of the server"):
        addresses = _addresses(place, period, options)
    with progress.bar("downloading", len(addresses)) as update:
        files = []
        for address in addresses:
            files.append(_file(address, place, options, out, partial(_note, update)))
            update(1)
    return files


def _note(update: progress.Update, name: str, done: int = 0, total: int | None = None) -> None:
    """Show which file is being downloaded, and how much of it there is."""
    size = f" {done / 1e6:.1f} of {total / 1e6:.1f} MB" if total else ""
    update(0, f"{name}{size}")


def _addresses(place: Place, period: str, options: FetchOptions) -> list[str]:
    """The files to have: the newest aggregate, those of the years, or all single files."""
    root = urljoin(_folder(options.base), f"{place.folder}{options.hemisphere}/")
    if options.files == "aggregate" and options.product == "g02202":
        named = _listed(f"{root}aggregate/", place, options)
        aggregates = [
            (name, address)
            for name, address in named
            if name.last is not None and name.daily == (period == "daily")
        ]
        if period == "monthly" and aggregates:
            # The name ends with the last month: older ones may still be listed.
            return [max(aggregates, key=lambda each: str(each[0].last))[1]]
        found = _within(aggregates, options)
    else:
        folders = [f"{root}{period}/"]
        if period == "daily":
            folders = [f for f in _subfolders(folders[0], options) if _year_within(f, options)]
        named = [each for folder in folders for each in _listed(folder, place, options)]
        found = _within([each for each in named if each[0].last is None], options)
    if not found:
        raise InputError(
            f"{root}: expected {period} files of {options.product}, got none in its list; check "
            "--period, --files, --first and --last, or --base"
        )
    return [address for _, address in sorted(found, key=lambda each: each[1])]


def _within(named: list[tuple[Name, str]], options: FetchOptions) -> list[tuple[Name, str]]:
    """Those that overlap the months asked for."""
    first, last = options.first or "0001-01", options.last or "9999-12"
    return [
        (name, address)
        for name, address in named
        if str(name.last if name.last is not None else name.date)[:7] >= first
        and str(name.date)[:7] <= last
    ]


def _year_within(folder: str, options: FetchOptions) -> bool:
    year = folder.rstrip("/").rpartition("/")[2]
    return (options.first or "0001")[:4] <= year <= (options.last or "9999")[:4]


def _listed(folder: str, place: Place, options: FetchOptions) -> list[tuple[Name, str]]:
    """Names and addresses of the product's files in a folder of the server."""
    grid = NORTH if options.hemisphere == "north" else SOUTH
    found = []
    for address in _links(folder, options):
        text = unquote(urlparse(address).path).rpartition("/")[2]
        for form in place.formats:
            name = form.parse_name(text)
            if name and name.grid is grid:
                found.append((name, address))
    return found


def _subfolders(folder: str, options: FetchOptions) -> list[str]:
    return [a for a in _links(folder, options) if a.endswith("/") and len(a) > len(folder)]


class _Anchors(HTMLParser):
    """The links of an HTML page."""

    def __init__(self):
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag, attrs):
        self.found += [value for key, value in attrs if tag == "a" and key == "href" and value]


def _links(folder: str, options: FetchOptions) -> list[str]:
    """Addresses that a folder's list links to, below the folder."""
    import requests

    def ask():
        with requests.get(folder, timeout=options.timeout) as answer:
            _require_found(answer, folder)
            return answer.url, answer.text

    page, text = _repeated(folder, options, ask)
    anchors = _Anchors()
    anchors.feed(text)
    addresses = [urljoin(_folder(page), link) for link in anchors.found]
    return sorted({a for a in addresses if a.startswith(_folder(page)) and "?" not in a})


def _folder(address: str) -> str:
    return address if address.endswith("/") else f"{address}/"


def _file(
    address: str, place: Place, options: FetchOptions, out: Path, note: Callable[..., None]
) -> Path:
    """One file, kept as it is if it has the size and the time of the server's."""
    import pooch

    name = unquote(urlparse(address).path).rpartition("/")[2]
    path = out / Path(name).name
    note(path.name)
    if path.exists() and not _has_changed(address, path, options):
        _verify(path, place)
        return path
    if path.exists():
        log.warning("%s: changed on the server, downloaded again", path.name)
        path.unlink()

    def downloader(url: str, output: str, _: Any) -> None:
        part = _resumed(url, path, options, note)
        _verify(part, place, path.name)
        os.replace(part, output)

    with _quiet_pooch():
        pooch.retrieve(address, None, fname=path.name, path=out, downloader=downloader)
    _verify(path, place)
    return path


@contextlib.contextmanager
def _quiet_pooch() -> Iterator[None]:
    """Without the hash that pooch tells of every file."""
    import pooch

    logger = pooch.get_logger()
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)


def _has_changed(address: str, path: Path, options: FetchOptions) -> bool:
    """Whether the server's file has another size, or a later time, than the local one."""
    import requests

    def ask():
        with requests.head(address, timeout=options.timeout, allow_redirects=True) as answer:
            _require_found(answer, address)
            return dict(answer.headers)

    headers = {key.lower(): value for key, value in _repeated(address, options, ask).items()}
    status = path.stat()
    size = headers.get("content-length", "")
    if size.isdigit() and int(size) != status.st_size:
        return True
    changed = _seconds(headers.get("last-modified"))
    return changed is not None and changed > status.st_mtime + 1


def _resumed(address: str, path: Path, options: FetchOptions, note: Callable[..., None]) -> Path:
    """The complete content beside `path`, with what an earlier attempt left of it."""
    part = path.with_name(f"{path.name}.part")
    _repeated(address, options, lambda: _append(address, part, options, partial(note, path.name)))
    return part


def _append(address: str, part: Path, options: FetchOptions, note: Callable[..., None]) -> None:
    """Download what a partial file lacks.

    Raises:
        ConnectionError: the connection was cut; the next attempt goes on from there.
    """
    import requests

    tag = part.with_name(f"{part.name}.tag")  # of the version that the part belongs to
    headers = {"Accept-Encoding": "identity"}
    if part.exists() and tag.exists() and part.stat().st_size:
        headers |= {"Range": f"bytes={part.stat().st_size}-", "If-Range": tag.read_text()}
    with requests.get(address, headers=headers, timeout=options.timeout, stream=True) as answer:
        if answer.status_code == 416:  # complete already, or another version
            tag.unlink(missing_ok=True)
            raise ConnectionError(f"{address}: no more of this file")
        _require_found(answer, address)
        _refuse_page(answer, address)
        resumed = answer.status_code == 206
        version = answer.headers.get("ETag") or answer.headers.get("Last-Modified")
        if version and not version.startswith("W/"):
            tag.write_text(version)
        else:
            tag.unlink(missing_ok=True)
        start = part.stat().st_size if resumed else 0
        length = answer.headers.get("Content-Length", "")
        total = start + int(length) if length.isdigit() else None
        note(start, total)
        with part.open("ab" if resumed else "wb") as file:
            for block in answer.iter_content(BLOCK):
                file.write(block)
                start += len(block)
                note(start, total)
    if total is not None and part.stat().st_size != total:
        raise ConnectionError(f"{address}: cut after {part.stat().st_size} of {total} bytes")
    tag.unlink(missing_ok=True)
    changed = _seconds(answer.headers.get("Last-Modified"))
    if changed is not None:
        os.utime(part, (changed, changed))


def _repeated(address: str, options: FetchOptions, attempt: Callable[[], Any]) -> Any:
    """The result of an attempt that is made again after a connection was cut or was too slow."""
    import requests

    cut = (requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError)
    for number in itertools.count(1):
        try:
            return attempt()
        except (*cut, ConnectionError) as error:
            if number == ATTEMPTS:
                raise InputError(
                    f"{address}: expected an answer, got {reason(error)} in {ATTEMPTS} attempts; "
                    "repeat the command to resume"
                ) from error
        except requests.RequestException as error:
            raise InputError(
                f"{address}: expected an address that can be asked, got {reason(error)}; check "
                "--base"
            ) from error
        time.sleep(options.pause * 2 ** (number - 1))


def _require_found(answer: Any, address: str) -> None:
    """InputError for an answer without content; ConnectionError if the server may recover."""
    if answer.status_code >= 500 or answer.status_code == 429:
        raise ConnectionError(f"status {answer.status_code}")
    if answer.status_code >= 400:
        raise InputError(
            f"{address}: expected a file or a list of files, got status {answer.status_code}; "
            "check --product and --base"
        )


def _refuse_page(answer: Any, address: str) -> None:
    if "html" in answer.headers.get("Content-Type", "").lower():
        raise InputError(
            f"{address}: expected a data file, got an HTML page from "
            f"{urlparse(answer.url).netloc}, as of a login; nothing was kept"
        )


def _verify(path: Path, place: Place, name: str = "") -> None:
    """Read the first and the last time of a file; InputError, and no file, if that fails."""
    text = name or path.name
    form, found = next((f, n) for f in place.formats if (n := f.parse_name(text)))
    try:
        last = len(form.dates(path, found)) - 1
        form.read(path, found, sorted({0, last}))
    except InputError:
        path.unlink()
        raise


def _seconds(date: str | None) -> float | None:
    """A date of an HTTP header in seconds since 1970; None without one."""
    try:
        return email.utils.parsedate_to_datetime(date).timestamp() if date else None
    except ValueError:
        return None


def _from_earthdata(place: Place, period: str, options: FetchOptions, out: Path) -> list[Path]:
    """Files behind an Earthdata login, by the package earthaccess."""
    try:
        import earthaccess
    except ImportError as error:
        raise InputError(
            f"{options.product}: expected the package earthaccess, which logs in to Earthdata, got "
            "none installed; pip install '.[earthdata]'"
        ) from error
    if not earthaccess.login().authenticated:
        raise InputError(
            f"{options.product}: expected an Earthdata login, got none; set EARTHDATA_USERNAME and "
            "EARTHDATA_PASSWORD, or write a .netrc"
        )
    span = (options.first or "1978-01", options.last or "2100-01")
    granules = earthaccess.search_data(
        short_name=place.short_name, version=place.version, temporal=span
    )
    grid = NORTH if options.hemisphere == "north" else SOUTH
    chosen = {}
    for granule in granules:
        for link in granule.data_links():
            text = unquote(urlparse(link).path).rpartition("/")[2]
            name = place.formats[0].parse_name(text)
            if name and name.grid is grid and name.daily == (period == "daily"):
                chosen[text] = granule
    if not chosen:
        raise InputError(
            f"{options.product}: expected {period} files in the catalogue, got none; check "
            "--hemisphere, --first and --last"
        )
    missing = [granule for text, granule in chosen.items() if not (out / text).exists()]
    if missing:
        earthaccess.download(missing, str(out))
    paths = [out / text for text in sorted(chosen)]
    for path in paths:
        if not path.exists():
            raise InputError(f"{path}: expected a download, got none; repeat the command")
        _verify(path, place)
    return paths
