"""The tables, once, for MariaDB and SQLite. What rows mean, their owners in `central` know."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Double,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from database.types import BigId, UtcDateTime, ascii_string


class Base(DeclarativeBase):
    """All tables. Constraints are named, so that a migration can drop them on both engines."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


_PLAIN: dict[str, Any] = {
    "mysql_engine": "InnoDB",
    "mysql_charset": "utf8mb4",
    "mysql_collate": "utf8mb4_unicode_ci",  # the server's default differs between its versions
}
_WATCHED: dict[str, Any] = {
    "sqlite_autoincrement": True,  # a deleted id is never given again
    **_PLAIN,
}


_Json = JSON(none_as_null=True)


class Camera(Base):
    """A camera the hub knows. `camera_id` is its public name, `id` the key of its rows."""

    __tablename__ = "camera"
    __table_args__ = (_WATCHED,)

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    camera_id: Mapped[str] = mapped_column(ascii_string(50), unique=True)
    name: Mapped[str] = mapped_column(String(100))
    location: Mapped[str] = mapped_column(String(200))
    ip_address: Mapped[str] = mapped_column(String(45))
    status: Mapped[str] = mapped_column(ascii_string(20))
    frames_per_s: Mapped[float] = mapped_column(Double)
    last_seen_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)
    version: Mapped[int] = mapped_column(Integer)
    timezone: Mapped[str | None] = mapped_column(ascii_string(64))


class Event(Base):
    """One motion event. `started_at` is the motion's start, `clip_started_at` the first picture."""

    __tablename__ = "event"
    __table_args__ = (
        Index("ix_event_started_at_id", "started_at", "id"),
        Index("ix_event_camera_started_at_id", "camera", "started_at", "id"),
        _WATCHED,
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    uid: Mapped[str] = mapped_column(ascii_string(36), unique=True)
    camera: Mapped[int] = mapped_column(ForeignKey("camera.id"))
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    clip_started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    motion_score: Mapped[float] = mapped_column(Double)
    confidence_score: Mapped[float | None] = mapped_column(Double)
    trigger: Mapped[dict[str, Any] | None] = mapped_column(_Json)
    origin: Mapped[dict[str, Any] | None] = mapped_column(_Json)
    clock: Mapped[dict[str, Any] | None] = mapped_column(_Json)
    clip: Mapped[dict[str, Any] | None] = mapped_column(_Json)
    segment: Mapped[int] = mapped_column(Integer)
    previous_uid: Mapped[str | None] = mapped_column(ascii_string(36), index=True)
    salvaged: Mapped[bool] = mapped_column(Boolean)
    content_sha256: Mapped[str] = mapped_column(ascii_string(64))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    duration_s: Mapped[float | None] = mapped_column(Double)
    said_status: Mapped[str | None] = mapped_column(ascii_string(20))


class EventFile(Base):
    """A file of an event, by its path on the share; it lies there complete once `transferred`.

    `gone_at`: since when the share has it no longer, though nobody of ours removed it.
    """

    __tablename__ = "event_file"
    __table_args__ = (UniqueConstraint("event", "kind"), _WATCHED)

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    event: Mapped[int] = mapped_column(ForeignKey("event.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(ascii_string(20))
    path: Mapped[str] = mapped_column(ascii_string(500), unique=True)
    size_bytes: Mapped[int | None] = mapped_column(BigInteger)
    sha256: Mapped[str | None] = mapped_column(ascii_string(64))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    transferred: Mapped[bool] = mapped_column(Boolean, default=True)
    gone_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class EventTotal(Base):
    """How many events a camera has: lists say their total without counting a million rows."""

    __tablename__ = "event_total"
    __table_args__ = (_PLAIN,)

    camera: Mapped[int] = mapped_column(
        ForeignKey("camera.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    events: Mapped[int] = mapped_column(BigInteger)


class EventStage(Base):
    """Where one event stands in one stage. The index is exactly the order in which claims look."""

    __tablename__ = "event_stage"
    __table_args__ = (
        Index("ix_event_stage_claim_order", "stage", "state", "priority", "not_before", "event"),
        Index("ix_event_stage_lease", "state", "lease_until"),
        _PLAIN,
    )

    event: Mapped[int] = mapped_column(
        ForeignKey("event.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    stage: Mapped[str] = mapped_column(ascii_string(20), primary_key=True)
    state: Mapped[str] = mapped_column(ascii_string(10))
    priority: Mapped[int] = mapped_column(Integer)
    attempt: Mapped[int] = mapped_column(Integer)
    lease_owner: Mapped[str | None] = mapped_column(String(100))
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    not_before: Mapped[datetime] = mapped_column(UtcDateTime)
    last_error: Mapped[str | None] = mapped_column(Text)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)


class StageHistory(Base):
    """Every move of every stage: who, when, why. Only ever appended to."""

    __tablename__ = "stage_history"
    __table_args__ = (Index("ix_stage_history_event_id", "event", "id"), _WATCHED)

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    event: Mapped[int] = mapped_column(ForeignKey("event.id", ondelete="CASCADE"))
    stage: Mapped[str] = mapped_column(ascii_string(20))
    verb: Mapped[str] = mapped_column(ascii_string(12))
    from_state: Mapped[str] = mapped_column(ascii_string(10))
    to_state: Mapped[str] = mapped_column(ascii_string(10))
    attempt: Mapped[int] = mapped_column(Integer)
    actor: Mapped[str] = mapped_column(String(100))
    reason: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class Change(Base):
    """A hint that something changed, for pages and streams. Kept for a day, then dropped."""

    __tablename__ = "change"
    __table_args__ = (Index("ix_change_at", "at"), _WATCHED)

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    kind: Mapped[str] = mapped_column(ascii_string(20))
    verb: Mapped[str] = mapped_column(ascii_string(10))
    ref: Mapped[int] = mapped_column(BigInteger)
    camera: Mapped[int | None] = mapped_column(BigInteger)
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class User(Base):
    """A person who may log in. `all_cameras`, else those of `user_camera`.

    `totp_secret` is sealed; it counts once `totp_confirmed_at` is set. `totp_step` is the last time
    step whose code was taken, so that no code works twice.
    """

    __tablename__ = "user"
    __table_args__ = (_WATCHED,)

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    name: Mapped[str] = mapped_column(String(100), unique=True)
    role: Mapped[str] = mapped_column(ascii_string(20))
    password_hash: Mapped[str] = mapped_column(ascii_string(255))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    enabled: Mapped[bool] = mapped_column(Boolean, default=True)
    all_cameras: Mapped[bool] = mapped_column(Boolean, default=True)
    totp_secret: Mapped[str | None] = mapped_column(ascii_string(255))
    totp_step: Mapped[int | None] = mapped_column(BigInteger)
    totp_confirmed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class UserCamera(Base):
    """A camera that a user who may not see all of them may see."""

    __tablename__ = "user_camera"
    __table_args__ = (_PLAIN,)

    user: Mapped[int] = mapped_column(
        ForeignKey("user.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    camera: Mapped[int] = mapped_column(
        ForeignKey("camera.id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
        index=True,
    )


class RecoveryCode(Base):
    """A code that stands in for a lost phone, once. Stored only as its hash."""

    __tablename__ = "recovery_code"
    __table_args__ = (UniqueConstraint("user", "code_sha256"), _WATCHED)

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    user: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"))
    code_sha256: Mapped[str] = mapped_column(ascii_string(64))
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class UserSession(Base):
    """A login that has not ended. The cookie's token is stored only as its hash."""

    __tablename__ = "user_session"
    __table_args__ = (_WATCHED,)

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    user: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), index=True)
    token_sha256: Mapped[str] = mapped_column(ascii_string(64), unique=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime)
    address: Mapped[str] = mapped_column(String(45), default="")
    device: Mapped[str] = mapped_column(String(200), default="")


class RefreshToken(Base):
    """A program's right to a new access token, once. All that follow one login are a family."""

    __tablename__ = "refresh_token"
    __table_args__ = (_WATCHED,)

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    user: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), index=True)
    family: Mapped[str] = mapped_column(ascii_string(32), index=True)
    token_sha256: Mapped[str] = mapped_column(ascii_string(64), unique=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    address: Mapped[str] = mapped_column(String(45))
    device: Mapped[str] = mapped_column(String(200))


class ApiToken(Base):
    """What a program of a person's, or a worker elsewhere, shows. Stored only as its hash."""

    __tablename__ = "api_token"
    __table_args__ = (_WATCHED,)

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    kind: Mapped[str] = mapped_column(ascii_string(10))
    user: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(100))
    token_sha256: Mapped[str] = mapped_column(ascii_string(64), unique=True)
    scopes: Mapped[list[str]] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class AgentToken(Base):
    """What an agent shows to prove which camera it is. Stored only as its hash.

    `hub_key` is what the hub shows that agent, sealed: another secret, as it must be told.
    """

    __tablename__ = "agent_token"
    __table_args__ = (_WATCHED,)

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    camera_id: Mapped[str] = mapped_column(ascii_string(50), index=True)
    token_sha256: Mapped[str] = mapped_column(ascii_string(64), unique=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    hub_key: Mapped[str | None] = mapped_column(ascii_string(255))


class Enrolment(Base):
    """A code that a new agent exchanges for its token, once and soon. Stored as its hash."""

    __tablename__ = "enrolment"
    __table_args__ = (_WATCHED,)

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    camera_id: Mapped[str] = mapped_column(ascii_string(50), index=True)
    camera_name: Mapped[str] = mapped_column(String(100))
    code_sha256: Mapped[str] = mapped_column(ascii_string(64), unique=True)
    made_by: Mapped[str] = mapped_column(String(100))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class AuditEntry(Base):
    """Who did what, when and from where. Only ever appended to; `once_key` keeps repeats out."""

    __tablename__ = "audit_entry"
    __table_args__ = (
        Index("ix_audit_entry_at_id", "at", "id"),
        Index("ix_audit_entry_actor_id", "actor", "id"),
        Index("ix_audit_entry_action_id", "action", "id"),
        Index("ix_audit_entry_object", "object_kind", "object_id", "id"),
        _WATCHED,
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    actor_kind: Mapped[str] = mapped_column(ascii_string(10))
    actor: Mapped[str] = mapped_column(String(100))
    address: Mapped[str] = mapped_column(String(45))
    action: Mapped[str] = mapped_column(ascii_string(50))
    object_kind: Mapped[str] = mapped_column(ascii_string(20))
    object_id: Mapped[str] = mapped_column(String(100))
    outcome: Mapped[str] = mapped_column(ascii_string(10))
    detail: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    request_id: Mapped[str | None] = mapped_column(ascii_string(64), index=True)
    once_key: Mapped[str | None] = mapped_column(ascii_string(64), unique=True)


class LogLine(Base):
    """A line that hub, jobs, an agent or an AI server logged. `at` is its own time, UTC."""

    __tablename__ = "log_line"
    __table_args__ = (
        Index("ix_log_line_at_id", "at", "id"),
        Index("ix_log_line_source_at_id", "source", "at", "id"),
        _WATCHED,
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    source: Mapped[str] = mapped_column(String(50))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    received_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    level: Mapped[str] = mapped_column(ascii_string(8))
    message: Mapped[str] = mapped_column(Text)
    request_id: Mapped[str | None] = mapped_column(ascii_string(64), index=True)
    event_uid: Mapped[str | None] = mapped_column(ascii_string(36), index=True)


class Pulse(Base):
    """When a process of the hub last managed to write: proof that the database takes writes."""

    __tablename__ = "pulse"
    __table_args__ = (_PLAIN,)

    process: Mapped[str] = mapped_column(ascii_string(50), primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class Garbage(Base):
    """A file that belongs to no event any more and is about to be removed from the share."""

    __tablename__ = "garbage"
    __table_args__ = (_WATCHED,)

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    path: Mapped[str] = mapped_column(ascii_string(500), unique=True)
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    reason: Mapped[str] = mapped_column(String(200))
    marked_at: Mapped[datetime] = mapped_column(UtcDateTime)


class CameraRetention(Base):
    """How long and how much one camera's footage is kept, where it differs from the house's."""

    __tablename__ = "camera_retention"
    __table_args__ = (_PLAIN,)

    camera: Mapped[int] = mapped_column(
        ForeignKey("camera.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    keep_days: Mapped[float | None] = mapped_column(Double)
    keep_bytes: Mapped[int | None] = mapped_column(BigInteger)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)


class KnownShare(Base):
    """The share that this database speaks of: nothing is removed from any other."""

    __tablename__ = "known_share"
    __table_args__ = (_PLAIN,)

    uuid: Mapped[str] = mapped_column(ascii_string(36), primary_key=True)
    known_since: Mapped[datetime] = mapped_column(UtcDateTime)
