"""Reads who imports whom, and says which arrows the house does not allow."""

import ast
from dataclasses import dataclass
from pathlib import Path

OURS = ("agent", "ai_server", "central", "database", "nfs", "web")
COMPOSITION = ("central/app.py", "central/__main__.py")
ALLOWED: dict[str, frozenset[str]] = {
    "nfs": frozenset({"nfs"}),
    "database": frozenset({"database"}),
    "agent": frozenset({"agent", "nfs"}),
    "ai_server": frozenset({"ai_server"}),
    "central": frozenset({"central", "nfs", "database", "agent.contract"}),
    "web": frozenset({"web", "central", "nfs", "database"}),
}
"""Who may know whom. `web` reads rows as the hub's queries hand them out."""

ONE_FILE_EACH = ("ffmpeg", "av", "ollama", "apscheduler", "picamera2", "paho", "apprise", "uvicorn")
TOO_HEAVY_FOR_AGENTS = frozenset({"fastapi", "starlette", "uvicorn", "sqlalchemy", "cv2", "jinja2"})


@dataclass(frozen=True)
class Import:
    """One import: the file (relative), the whole dotted name."""

    file: str
    name: str

    @property
    def role(self) -> str:
        """The top-level folder of the file."""
        return self.file.split("/")[0]

    @property
    def top(self) -> str:
        """The package that is imported."""
        return self.name.split(".")[0]


def read(root: Path) -> list[Import]:
    """Return every import of our packages under `root`, also those inside functions."""
    found = []
    for role in OURS:
        for path in sorted((root / role).rglob("*.py")):
            file = path.relative_to(root).as_posix()
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Import):
                    found += [Import(file, alias.name) for alias in node.names]
                elif isinstance(node, ast.ImportFrom) and node.module:
                    found += [Import(file, f"{node.module}.{alias.name}") for alias in node.names]
    return found


def forbidden(imports: list[Import]) -> list[str]:
    """Return what the house does not allow, in sentences."""
    found = []
    importers: dict[tuple[str, str], set[str]] = {}
    for one in imports:
        if one.top in OURS and one.file not in COMPOSITION and not _may(one):
            found.append(f"{one.file} must not import {one.name}")
        if one.name.startswith(("central.app", "central.__main__")) and one.file not in COMPOSITION:
            found.append(f"{one.file} imports the composition root")
        if one.role in ("agent", "nfs") and one.top in TOO_HEAVY_FOR_AGENTS:
            found.append(f"{one.file} imports {one.top}, too heavy for a camera")
        if one.top in ONE_FILE_EACH:
            importers.setdefault((one.role, one.top), set()).add(one.file)
    for (role, library), files in importers.items():
        if len(files) > 1:
            found.append(f"{library} has more than one importer in {role}: {sorted(files)}")
    return found


def _may(one: Import) -> bool:
    return any(
        one.name == allowed or one.name.startswith(allowed + ".") for allowed in ALLOWED[one.role]
    )
