"""The manifest: the same there and back, honest about time and numbers, patient with newer ones."""

import json
import math
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from nfs.layout import FileKind
from nfs.manifest import FileEntry, Manifest
from tests.fakes.events import manifest

ENTRY = FileEntry(kind=FileKind.CLIP, path="front/x", bytes=1, sha256="0" * 64)


@given(
    st.floats(0, 1e6),
    st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.timezones()),  # noqa: DTZ001
)
def test_it_reads_back_what_it_wrote(score: float, at: datetime) -> None:
    said = manifest(at=at, files=[ENTRY], score=score)
    again = Manifest.model_validate_json(said.model_dump_json())
    assert again == said
    assert again.model_dump_json() == said.model_dump_json()
    assert again.timestamp.tzinfo == UTC


def change(**fields: object) -> str:
    return json.dumps(manifest(files=[ENTRY]).model_dump(mode="json") | fields)


def test_it_ignores_what_a_newer_agent_adds() -> None:
    assert Manifest.model_validate_json(change(mood="sunny")).motion_score == 3.5


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("motion_score", math.nan),
        ("motion_score", math.inf),
        ("motion_score", -1),
        ("camera_id", "front\n"),
        ("camera_id", "../front"),
        ("timestamp", "2026-03-01T12:00:00"),
        ("uid", "not-a-uid"),
        ("version", 2),
        ("files", [{"kind": "clip", "path": "x", "bytes": -1, "sha256": "0" * 64}]),
        ("files", [{"kind": "clip", "path": "x", "bytes": 1, "sha256": "zz"}]),
    ],
)
def test_it_refuses_nonsense(field: str, value: object) -> None:
    with pytest.raises(ValidationError):
        Manifest.model_validate_json(change(**{field: value}))


def test_it_finds_a_file_by_its_kind() -> None:
    said = manifest(files=[ENTRY])
    assert said.file(FileKind.CLIP) == ENTRY
    assert said.file(FileKind.MP4) is None
