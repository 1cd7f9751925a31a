"""Damage to files: bytes at random, and the structure of formats rewritten so that it still parses.

Everything is a function of the random generator that is given.
"""

import csv
import io
import json
import math
import random
import struct
import tarfile
import zipfile

import numpy as np

from tests.fuzz import fuzz_netcdf

EDGES = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 2**31 - 1, 2**31, 2**32 - 1, 2**63 - 1, 2**64 - 1)
VALUES = (
    *(None, True, 0, -1, 2**31, 2**70, 0.5, -1e300, math.inf, math.nan),
    *("", "x", "../../x", "/etc/passwd", "\x00", "\x1b[2J", "é\n", "0", "1e9", "NaN", "9" * 300),
    *([], [0], [[-1, 2], [3]], {}, {"a": {}}),
)
DEEP = "[" * 100_000


def mutate(content: bytes, kind: str, rng: random.Random) -> bytes:
    """A damaged file, one half of them by the structure of the format `kind` where it has one."""
    if kind in STRUCTURES and rng.random() < 0.5:
        return STRUCTURES[kind](content, rng)
    for _ in range(rng.choice((1, 1, 1, 2, 5))):
        content = rng.choice(BYTES)(content, rng)
    return content


def _place(content: bytes, rng: random.Random) -> int:
    """Anywhere, or within the first 512 bytes: headers matter more than their share."""
    return rng.randrange(max(1, min(len(content), rng.choice((512, len(content))))))


def _flip(content: bytes, rng: random.Random) -> bytes:
    damaged = bytearray(content or b"\0")
    for _ in range(rng.choice((1, 1, 8, 64))):
        damaged[_place(damaged, rng)] ^= 1 << rng.randrange(8)
    return bytes(damaged)


def _truncate(content: bytes, rng: random.Random) -> bytes:
    return content[: _place(content, rng)]


def _insert(content: bytes, rng: random.Random) -> bytes:
    at = _place(content, rng)
    return content[:at] + rng.randbytes(rng.choice((1, 2, 100, 5000))) + content[at:]


def _remove(content: bytes, rng: random.Random) -> bytes:
    at = _place(content, rng)
    return content[:at] + content[at + rng.choice((1, 2, 100, 5000)) :]


def _zero(content: bytes, rng: random.Random) -> bytes:
    at, length = _place(content, rng), rng.choice((1, 4, 100, 5000))
    return content[:at] + bytes(min(length, len(content) - at)) + content[at + length :]


def _swap(content: bytes, rng: random.Random) -> bytes:
    first, second = sorted((_place(content, rng), _place(content, rng)))
    length = min(rng.choice((2, 4, 8, 200)), second - first)
    damaged = bytearray(content)
    damaged[first : first + length] = content[second : second + length]
    damaged[second : second + length] = content[first : first + length]
    return bytes(damaged)


def _edge(content: bytes, rng: random.Random) -> bytes:
    """A number of 1, 2, 4 or 8 bytes becomes one at the edge of what it can hold."""
    at, width = _place(content, rng), rng.choice((1, 2, 4, 8))
    number = rng.choice(EDGES) % 256**width
    packed = number.to_bytes(width, rng.choice(("little", "big")))
    return content[:at] + packed + content[at + width :]


def _digits(content: bytes, rng: random.Random) -> bytes:
    """A number in letters becomes another, most of them larger."""
    places = [i for i, byte in enumerate(content[:100_000]) if 48 <= byte <= 57]
    if not places:
        return _edge(content, rng)
    at = rng.choice(places)
    new = rng.choice((b"", b"-", b"0", b"7", b"99999", b"4294967296", b"9" * 30, b"1e308"))
    return content[:at] + new + content[at + 1 :]


BYTES = (_flip, _flip, _truncate, _insert, _remove, _zero, _swap, _edge, _edge, _digits)


def _json(content: bytes, rng: random.Random) -> bytes:
    """One value, key or item replaced, removed, or nested deeply."""
    root = [json.loads(content)]
    where, key = root, 0
    while isinstance(where[key], dict | list) and where[key] and rng.random() < 0.8:
        where = where[key]
        key = rng.choice(list(where) if isinstance(where, dict) else range(len(where)))
    match rng.randrange(8):
        case 0 if where is not root:
            del where[key]
        case 1 if isinstance(where, dict):
            where[str(rng.choice(VALUES))] = where.pop(key)
        case 2:
            text = json.dumps(root[0])
            return text.replace("0", DEEP, 1).encode() if rng.random() < 0.5 else DEEP.encode()
        case _:
            where[key] = rng.choice(VALUES)
    return json.dumps(root[0] if root else None).encode(rng.choice(("utf-8", "utf-8", "utf-16")))


def _csv(content: bytes, rng: random.Random) -> bytes:
    """A cell, a row or a column replaced, removed or given twice."""
    rows = list(csv.reader(io.StringIO(content.decode())))
    i = rng.randrange(len(rows))
    j = rng.randrange(len(rows[i]))
    match rng.randrange(6):
        case 0:
            del rows[i]
        case 1:
            rows.insert(i, list(rows[i]))
        case 2:
            for row in rows:
                del row[j]
        case 3:
            del rows[i][j]
        case _:
            other = rng.choice(rng.choice(rows) or [""])
            rows[i][j] = rng.choice((str(rng.choice(VALUES)), other, "1 2 3", "-5 0", '"', "\x00"))
    text = io.StringIO()
    csv.writer(text, lineterminator=rng.choice(("\n", "\r\n"))).writerows(rows)
    return text.getvalue().encode(errors="replace")


def _npy(content: bytes, rng: random.Random) -> bytes:
    """Another shape, type, order or version in the header, which keeps its length right."""
    array = np.load(io.BytesIO(content))
    shape, kind = list(array.shape), array.dtype.str
    fields = {"descr": kind, "fortran_order": False, "shape": tuple(shape)}
    match rng.randrange(5):
        case 0:
            odd = ("<f8", "<i8", ">u2", "|O", "|V8", "<U1", "<M8[D]", "<c16", "|b1", "|S0", "")
            fields["descr"] = rng.choice((*odd, [("a", "<f4")], ("<f4", (2**20,)), 7))
        case 1:
            fields["fortran_order"] = rng.choice((True, 3))
        case 2:
            sizes = (-1, 0, 1, 2**31, 2**63, 2**64, True, 0.5)
            axis = rng.randrange(len(shape) + 1)
            fields["shape"] = (*shape[:axis], rng.choice(sizes), *shape[axis + 1 :])
        case 3:
            fields["shape"] = rng.choice(((2**32, 2**32), (2**62, 4), tuple(shape[::-1]), ()))
        case _:
            scale = rng.choice((-1, 0, 1000, np.nan))
            with np.errstate(all="ignore"):
                kinds = (array.dtype, np.float64, np.float16, np.int16, bool)
                array = array * np.float64(scale) if kind[1] in "iuf" else array
                array = array.astype(rng.choice(kinds) if kind[1] in "iuf" else array.dtype)
            fields = {"descr": array.dtype.str, "fortran_order": False, "shape": array.shape}
    text = repr(fields).encode()
    text += b" " * (-(len(text) + 11) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text + array.tobytes()


def _zip(content: bytes, rng: random.Random) -> bytes:
    """A member damaged, left out, given twice or renamed, with a directory that fits."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = [(entry.filename, archive.read(entry)) for entry in archive.infolist()]
    i = rng.randrange(len(members))
    name, data = members[i]
    inner = "npy" if name.endswith(".npy") and data[8:9] else "bytes"
    match rng.randrange(10):
        case 0:
            del members[i]
        case 1:
            members.append(members[i])
        case 2:
            members[i] = (rng.choice(("../x.npy", "/x", "data.npy", "x" * 300)), data)
        case 3:
            members[i] = (name, rng.choice(members)[1])
        case _:
            members[i] = (name, mutate(data, inner, rng))
    target = io.BytesIO()
    method = rng.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2))
    with zipfile.ZipFile(target, "w", method) as archive:
        for name, data in members:
            archive.writestr(zipfile.ZipInfo(name), data, method)
    return target.getvalue()


def _targz(content: bytes, rng: random.Random) -> bytes:
    """The same for an archive of tif and JSON files."""
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        members = [(entry, archive.extractfile(entry).read()) for entry in archive]
    i = rng.randrange(len(members))
    entry, data = members[i]
    match rng.randrange(8):
        case 0:
            del members[i]
        case 1:
            members.append(members[i])
        case 2:
            entry.name = rng.choice(("../x", "/etc/x", "x" * 200, ""))
        case 3:
            entry.type, entry.linkname = rng.choice((b"1", b"2", b"5", b"3")), "/etc/passwd"
        case 4:
            return mutate(_packed(members), "bytes", rng)
        case _:
            members[i] = (
                entry,
                mutate(data, "tiff" if entry.name.endswith("tif") else "json", rng),
            )
    return _packed(members, rng.random() < 0.2)


def _packed(members: list, plain: bool = False) -> bytes:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w" if plain else "w:gz") as archive:
        for entry, data in members:
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return target.getvalue()


def _tiff(content: bytes, rng: random.Random) -> bytes:
    """Tag, type, count or value of an entry of the first directory replaced."""
    order = "<" if content[:2] == b"II" else ">"
    (at,) = struct.unpack_from(f"{order}I", content, 4)
    (number,) = struct.unpack_from(f"{order}H", content, at)
    damaged = bytearray(content)
    for _ in range(rng.choice((1, 1, 2))):
        entry = at + 2 + 12 * rng.randrange(number)
        other = at + 2 + 12 * rng.randrange(number)
        match rng.randrange(5):
            case 0:
                struct.pack_into(f"{order}H", damaged, entry + 2, rng.randrange(20))
            case 1:
                struct.pack_into(f"{order}I", damaged, entry + 4, rng.choice(EDGES) % 2**32)
            case 2:
                damaged[entry + 2 : entry + 12] = content[other + 2 : other + 12]
            case _:
                value = rng.choice((*EDGES, 2, 3, 5, 8, 16, 32, 64, 32773, 34712, 50000)) % 2**32
                struct.pack_into(f"{order}I", damaged, entry + 8, value)
    return bytes(damaged)


def _tfrecord(content: bytes, rng: random.Random) -> bytes:
    """The JSON of record 0 damaged with a length that fits, or records in another order."""
    records, at = [], 0
    while at < len(content):
        (length,) = struct.unpack_from("<Q", content, at)
        records.append(content[at + 12 : at + 12 + length])
        at += length + 16
    i = rng.randrange(len(records))
    match rng.randrange(6):
        case 0:
            del records[i]
        case 1:
            records.insert(i, records[i])
        case 2:
            records[i] = mutate(records[i], "bytes", rng)
        case _:
            records[0] = _json(records[0], rng)
    framed = (struct.pack("<Q4x", len(record)) + record + bytes(4) for record in records)
    return b"".join(framed)


STRUCTURES = {
    "json": _json,
    "csv": _csv,
    "npy": _npy,
    "zip": _zip,
    "targz": _targz,
    "tiff": _tiff,
    "tfrecord": _tfrecord,
    "netcdf": fuzz_netcdf.mutate,
}
