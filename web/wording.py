"""The plain words of the pages: times, lengths, states and moves. Pure."""

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from central.events.query import MoveFacts, StageFacts

MONTHS = (
    "January February March April May June July August September October November December"
).split()
WEEKDAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()

RECENT = timedelta(hours=12)
"""Beyond this, "ago" says less than the clock."""


@dataclass(frozen=True)
class StateView:
    """Where something stands, in words. `tone` is good, busy, bad or quiet."""

    tone: str
    text: str


@dataclass(frozen=True)
class StageWords:
    """What a homeowner calls a stage, and its states."""

    label: str
    waiting: str
    claimed: str
    done: str


STAGES = {
    "convert": StageWords("Video", "waiting to be converted", "converting…", "ready"),
    "detect": StageWords("People and things", "waiting for AI", "AI is looking…", "looked at"),
    "describe": StageWords("Description", "waiting for AI", "AI is describing…", "described"),
    "identify": StageWords("Faces", "waiting for AI", "AI is comparing…", "compared"),
    "embed": StageWords("Search", "waiting for AI", "being prepared…", "ready"),
    "optimize": StageWords("Smaller video", "waiting for the night", "re-encoding…", "done"),
    "archive": StageWords("Archive", "waiting to be copied", "copying…", "copied"),
}
ERRORS = {
    404: "There is no such page.",
    405: "There is no such page.",
    429: "That was too often. Wait a minute, then try again.",
    500: "Something went wrong. The hub's log tells more.",
    503: "Your hub cannot reach its database right now. It tries again by itself.",
}
"""What a person is told of an error that says more to programs than to them."""

AI_STAGES = ("detect", "describe")
"""Stages whose answer the gallery is waiting for."""


def words_of(stage: str) -> StageWords:
    """Return the words for a stage; a stage nobody has named yet is called what it is."""
    plain = StageWords(stage.capitalize(), "waiting", "in progress…", "done")
    return STAGES.get(stage, plain)


def state_of(facts: StageFacts) -> StateView:
    """Return a stage's state in words a homeowner understands."""
    words = words_of(facts.stage)
    if facts.state == "waiting" and facts.attempt:
        return StateView("busy", "will be tried again")
    return {
        "waiting": StateView("busy", words.waiting),
        "claimed": StateView("busy", words.claimed),
        "done": StateView("good", words.done),
        "failed": StateView("bad", "failed"),
        "skipped": StateView("quiet", "not needed"),
    }.get(facts.state, StateView("quiet", facts.state))


def move_sentence(move: MoveFacts) -> str:
    """Return one row of a stage's history as a sentence."""
    what = {
        "claim": "taken",
        "finish": "done",
        "skip": "left out",
        "retry": "did not work, will be tried again",
        "give_up": "given up",
        "expire": "taken back",
        "requeue": "queued again",
    }.get(move.verb, move.verb)
    why = f": {move.reason}" if move.reason else ""
    return f"{what} by {move.actor}, attempt {move.attempt}{why}"


def duration(seconds: float | None) -> str:
    """Return a length as minutes and seconds, such as 0:12, or nothing."""
    if seconds is None:
        return ""
    whole = int(seconds)  # as players count
    return f"{whole // 60}:{whole % 60:02d}"


def ago(at: datetime, now: datetime) -> str:
    """Return how long ago something was, or nothing when the clock says it better.

    `static/times.js` counts on in the same words.
    """
    passed = now - at
    minutes = int(passed.total_seconds() // 60)
    if passed < timedelta(minutes=-1) or passed >= RECENT:
        return ""
    if minutes < 1:
        return "just now"
    return f"{minutes}\u00a0min ago" if minutes < 60 else f"{minutes // 60}\u00a0h ago"


def day_label(day: date, today: date) -> str:
    """Return Today, Yesterday, or the date in words."""
    if day == today:
        return "Today"
    if day == today - timedelta(days=1):
        return "Yesterday"
    year = "" if day.year == today.year else f" {day.year}"
    return f"{WEEKDAYS[day.weekday()]}, {day.day} {MONTHS[day.month - 1]}{year}"


def exact(local: datetime) -> str:
    """Return a local time in full, with its zone."""
    return (
        f"{WEEKDAYS[local.weekday()]}, {local.day} {MONTHS[local.month - 1]} {local.year}, "
        f"{local:%H:%M:%S} {local.tzname()}"
    )


def unbroken(sentence: str) -> str:
    """Return a sentence in which a line never ends between a number and its unit."""
    return re.sub(r"(?<=\d) (?=s\b|%)", "\u00a0", sentence)


def sentence(text: str) -> str:
    """Return the text with a capital and a full stop; names within it stay as they are."""
    text = text.strip()
    if not text:
        return ""
    return text[0].upper() + text[1:] + ("" if text[-1] in ".!?…" else ".")
