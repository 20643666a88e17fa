"""Entries as CSV that no spreadsheet takes for a formula, and as JSON, one a line. Pure."""

import csv
import io
import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, fields

from central.audit.query import Entry

COLUMNS = tuple(field.name for field in fields(Entry))
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def harmless(cell: str) -> str:
    """Return a cell that a spreadsheet shows and does not run."""
    return f"'{cell}" if cell.lstrip(" ").startswith(FORMULA) or cell.startswith(FORMULA) else cell


def as_csv(entries: Iterable[Entry]) -> Iterator[str]:
    """Yield a heading and a line for each entry."""
    yield _line(list(COLUMNS))
    for entry in entries:
        yield _line([harmless(cell) for cell in _cells(entry)])


def as_json_lines(entries: Iterable[Entry]) -> Iterator[str]:
    """Yield an object a line."""
    for entry in entries:
        yield json.dumps(asdict(entry) | {"at": entry.at.isoformat()}, ensure_ascii=False) + "\n"


def _cells(entry: Entry) -> list[str]:
    detail = "" if entry.detail is None else json.dumps(entry.detail, ensure_ascii=False)
    told = asdict(entry) | {"at": entry.at.isoformat(), "detail": detail}
    return ["" if told[name] is None else str(told[name]) for name in COLUMNS]


def _line(cells: list[str]) -> str:
    out = io.StringIO()
    csv.writer(out).writerow(cells)
    return out.getvalue()
