"""From a configuration's words to a source."""

from pathlib import Path

from agent.sources.base import Source, SourceError


def open_source(spec: str) -> Source:
    """Return the source that `spec` names: `file:PATH` or `synthetic:SEED`. Raises SourceError."""
    kind, _, rest = spec.partition(":")
    if kind == "file" and rest:
        from agent.sources.file import FileSource  # av only for those who need it

        return FileSource(Path(rest))
    if kind == "synthetic":
        from agent.sources.synthetic import SyntheticSource

        try:
            return SyntheticSource(int(rest or "0"))
        except ValueError:
            raise SourceError(f"{rest!r} is no seed: use a number, as in synthetic:7") from None
    raise SourceError(f"{spec!r} is no source yet; use file:PATH or synthetic:SEED")
