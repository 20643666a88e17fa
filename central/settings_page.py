"""The settings as a page of the reference, made from the code so that it cannot be wrong."""

from central.settings import PREFIX, Settings


def page() -> str:
    """Return `docs/ref/settings.md`."""
    lines = [
        "# Settings of the hub",
        "",
        "Environment variables. Made by `python -m central settings`; do not edit.",
        "",
        "| name | default | meaning |",
        "| --- | --- | --- |",
    ]
    for name, field in Settings.model_fields.items():
        default = "" if field.default is None else field.default
        shown = ", ".join(map(str, default)) if isinstance(default, list) else str(default)
        lines.append(
            f"| `{PREFIX}{name.upper()}` | {shown and f'`{shown}`'} | {field.description} |"
        )
    return "\n".join(lines) + "\n"
