"""The hub's settings: environment variables `GATEHOUSE_*`, each described, typos refused."""

import difflib
import os
from functools import cached_property
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

PREFIX = "GATEHOUSE_"
FOREIGN = frozenset({"GATEHOUSE_FOOTAGE", "GATEHOUSE_VENV"})
"""Names that other parts of the house read; they are no mistake when the hub sees them."""


class SettingsError(Exception):
    """The environment asks for something that does not exist. The text names it."""


class Settings(BaseSettings):
    """Everything the owner of a hub may set from outside."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True)

    home: Path = Field(Path("var"), description="Folder of all data of this hub.")
    share: Path | None = Field(
        None, description="Root of the share with the footage. Default: `share` in the home."
    )
    host: str = Field("127.0.0.1", description="Address on which the hub listens.")
    port: int = Field(8000, ge=0, le=65535, description="Port on which the hub listens.")
    database_url: str | None = Field(
        None, description="SQLAlchemy URL. Default: SQLite file `gatehouse.db` in the home."
    )
    agent_access: Literal["token", "open"] = Field(
        "token", description="`open` lets agents of the open networks in without a token."
    )
    open_networks: Annotated[list[IPv4Network | IPv6Network], NoDecode] = Field(
        [ip_network("127.0.0.0/8"), ip_network("::1/128")],
        description="Networks, separated by commas, to which `open` access applies.",
    )
    cors_origins: Annotated[list[str], NoDecode] = Field(
        [],
        description="Origins, separated by commas, whose pages may call the API with a token.",
    )
    trusted_proxies: Annotated[list[IPv4Network | IPv6Network], NoDecode] = Field(
        [],
        description="Networks, separated by commas, of proxies that are believed about addresses.",
    )
    timezone: str = Field(
        "", description="The house's zone, such as Europe/Berlin. Default: the machine's."
    )
    ollama_url: str = Field("http://127.0.0.1:11434", description="Where Ollama answers.")
    ollama_model: str = Field("moondream", description="The vision model that describes events.")
    admin_password: str | None = Field(
        None, description="First-run password of `admin`. Without it one is made and shown once."
    )
    convert_workers: int = Field(2, ge=1, le=16, description="Clips converted at the same time.")
    convert_timeout_s: float = Field(
        120, gt=0, description="A conversion that takes longer is ended and tried again."
    )
    lease_s: float = Field(300, gt=0, description="How long a worker may hold a stage unrenewed.")
    log_days: float = Field(
        14, gt=0, le=3650, description="Log lines are forgotten this many days after they arrived."
    )
    session_days: float = Field(30, gt=0, description="A login ends after this many days.")
    session_idle_days: float = Field(
        7, gt=0, description="A login that nobody uses ends after this many days."
    )
    master_key_file: Path | None = Field(
        None, description="The key that seals secrets. Default: `master.key` in the home."
    )
    allowed_hosts: Annotated[list[str], NoDecode] = Field(
        [],
        description="Further names, separated by commas, under which the hub is reached. Loopback, "
        "this machine's name and the address that was called are always allowed.",
    )
    requests_per_minute: int = Field(
        100, ge=1, description="Calls of the API that each user may make in a minute."
    )
    machine_requests_per_minute: int = Field(
        6000, ge=1, description="Calls that each agent or worker may make in a minute."
    )
    registrations_per_minute: int = Field(
        60, ge=1, description="Registrations of cameras that each address may make in a minute."
    )
    audit_days: int = Field(365, ge=1, description="Entries of the audit log are kept this long.")

    keep_days: float | None = Field(
        None, gt=0, description="Events older than this go. Default: as long as there is room."
    )
    keep_bytes: int | None = Field(
        None, gt=0, description="Most bytes kept of each camera. Default: what there is room for."
    )
    backups: Path | None = Field(
        None, description="Folder of backups. Default: `backups` in the home."
    )
    backups_kept: int = Field(7, ge=1, description="How many backups are kept; older ones go.")

    @field_validator("open_networks", "trusted_proxies", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, str):
            return [ip_network(part.strip()) for part in value.split(",") if part.strip()]
        return value

    @field_validator("allowed_hosts", "cors_origins", mode="before")
    @classmethod
    def _split_names(cls, value: object) -> object:
        if isinstance(value, str):
            return [part.strip().lower() for part in value.split(",") if part.strip()]
        return value

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        if value:
            try:
                ZoneInfo(value)
            except (ZoneInfoNotFoundError, ValueError, OSError) as error:
                raise ValueError(
                    f"{value!r} is no time zone; write it like Europe/Berlin"
                ) from error
        return value

    @cached_property
    def zone(self) -> ZoneInfo:
        """The house's time zone: days begin and end in it."""
        return ZoneInfo(self.timezone or _machine_zone())

    @cached_property
    def share_root(self) -> Path:
        """Absolute root of the share."""
        return (self.share or self.home / "share").absolute()

    @cached_property
    def backup_folder(self) -> Path:
        """Absolute folder of the backups."""
        return (self.backups or self.home / "backups").absolute()

    @cached_property
    def master_key_path(self) -> Path:
        """Where the master key lies."""
        return (self.master_key_file or self.home / "master.key").absolute()

    @cached_property
    def url_of_database(self) -> str:
        """SQLAlchemy URL of the hub's database."""
        return self.database_url or f"sqlite:///{(self.home / 'gatehouse.db').absolute()}"


def load() -> Settings:
    """Read the settings from the environment. Raises SettingsError for a name nobody knows."""
    known = {PREFIX + name.upper() for name in Settings.model_fields} | FOREIGN
    for name in sorted(os.environ):
        if name.startswith(PREFIX) and name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            raise SettingsError(f"{name} is no setting of Gatehouse{hint}")
    return Settings()


def _machine_zone() -> str:
    name = os.environ.get("TZ", "").lstrip(":")
    if not name:
        target = Path("/etc/localtime")
        if target.is_symlink():
            parts = target.resolve().parts
            if "zoneinfo" in parts:
                name = "/".join(parts[parts.index("zoneinfo") + 1 :])
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return "UTC"
    return name
