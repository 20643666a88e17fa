"""QR codes as SVG, drawn into the page. The only importer of segno."""

import segno
from markupsafe import Markup


def svg(text: str) -> Markup:
    """Return the drawing: black on white with its margin in either colour scheme, no styles."""
    drawn = segno.make(text, error="m", micro=False).svg_inline(
        scale=4, border=3, dark="#000", light="#fff", svgclass="qr", lineclass=None, omitsize=True
    )
    return Markup(drawn)  # noqa: S704 - made of numbers by the library
