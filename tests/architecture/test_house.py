"""The house's rules, read from the code itself."""

import ast
from pathlib import Path

import pytest

from tests.architecture.imports import OURS, forbidden, read

ROOT = Path(__file__).parents[2]


def test_it_keeps_to_who_may_know_whom() -> None:
    assert forbidden(read(ROOT)) == []


@pytest.mark.parametrize(
    ("file", "code", "complaint"),
    [
        ("nfs/x.py", "import central.clock", "nfs/x.py must not import central.clock"),
        ("agent/x.py", "from database import models", "must not import database.models"),
        ("agent/x.py", "def f():\n    import fastapi", "too heavy for a camera"),
        ("central/x.py", "from agent.spool import Spool", "must not import agent.spool.Spool"),
        ("central/x.py", "from web import views", "must not import web.views"),
        ("web/x.py", "from central.app import make_app", "imports the composition root"),
        ("ai_server/x.py", "import nfs.layout", "must not import nfs.layout"),
    ],
)
def test_it_finds_a_forbidden_import(tmp_path: Path, file: str, code: str, complaint: str) -> None:
    (tmp_path / file).parent.mkdir()
    (tmp_path / file).write_text(code)
    assert any(complaint in found for found in forbidden(read(tmp_path)))


def test_it_finds_a_library_with_two_importers(tmp_path: Path) -> None:
    (tmp_path / "central").mkdir()
    for name in ("one", "two"):
        (tmp_path / f"central/{name}.py").write_text("import av.codec")
    assert "av has more than one importer" in forbidden(read(tmp_path))[0]


@pytest.mark.parametrize(
    "path",
    [path.relative_to(ROOT).as_posix() for role in OURS for path in (ROOT / role).rglob("*.py")],
)
def test_it_says_in_its_first_line_what_a_module_is_for(path: str) -> None:
    assert ast.get_docstring(ast.parse((ROOT / path).read_text()))


def test_it_calls_the_tests_from_ci() -> None:
    assert "scripts/test.sh" in (ROOT / ".ci/run").read_text()
