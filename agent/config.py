"""The agent's file: which camera, which hub, where to put things. Typos are refused by name."""

import difflib
import tomllib
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from nfs.layout import CAMERA_ID_PATTERN


class ConfigError(Exception):
    """The file cannot be used. The text says which line of it to mend."""


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class CameraSection(_Section):
    """The camera: `source` is `file:PATH` or `synthetic:SEED`."""

    id: Annotated[str, Field(pattern=rf"^{CAMERA_ID_PATTERN}$")]
    name: Annotated[str, Field(min_length=1, max_length=100)]
    location: Annotated[str, Field(min_length=1, max_length=200)] = "at home"
    source: Annotated[str, Field(min_length=1)]


class HubSection(_Section):
    """Where the hub answers, and the file that holds this camera's token."""

    url: Annotated[str, Field(pattern=r"^https?://")]
    token_file: Path | None = None


class ShareSection(_Section):
    """Where the share is mounted, and optionally which share it must be."""

    root: Path
    uuid: UUID | None = None


class SpoolSection(_Section):
    """Where events wait, and how much room they may take."""

    folder: Path
    max_mb: Annotated[int, Field(ge=16)] = 2048


class RecorderSection(_Section):
    """Lengths of the parts of a clip, in seconds."""

    pre_roll_s: Annotated[float, Field(ge=0, le=30)] = 5.0
    post_roll_s: Annotated[float, Field(ge=0, le=60)] = 3.0
    quiet_s: Annotated[float, Field(gt=0, le=60)] = 1.5
    max_clip_s: Annotated[float, Field(ge=5, le=600)] = 60.0


class MotionSection(_Section):
    """What the detector lets pass. 0.5 is the tuned middle of `sensitivity`."""

    sensitivity: Annotated[float, Field(ge=0, le=1)] = 0.5
    minimum_area: Annotated[float, Field(ge=0, le=1)] = 0.0006


class Config(_Section):
    """Everything an agent is told."""

    camera: CameraSection
    hub: HubSection
    share: ShareSection
    spool: SpoolSection
    recorder: RecorderSection = RecorderSection()
    motion: MotionSection = MotionSection()


def read(path: Path) -> Config:
    """Read an agent's file. Raises ConfigError."""
    try:
        told = tomllib.loads(path.read_text())
        return Config.model_validate(told)
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path} is no text in UTF-8") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path} is no TOML: {error}") from error
    except ValidationError as error:
        lines = "\n".join(f"  {_mistake(entry)}" for entry in error.errors())
        raise ConfigError(f"{path} cannot be used:\n{lines}") from error


def _mistake(entry: Any) -> str:
    place = ".".join(str(part) for part in entry["loc"])
    if entry["type"] != "extra_forbidden":
        return f"{place}: {entry['msg']}"
    *sections, name = entry["loc"]
    known = _section(sections[0]) if sections else Config
    near = difflib.get_close_matches(str(name), known.model_fields, n=1)
    return f"{place}: there is no such setting" + (f"; did you mean {near[0]}?" if near else "")


def _section(name: Any) -> type[BaseModel]:
    found = Config.model_fields[str(name)].annotation
    return found if isinstance(found, type) else Config
