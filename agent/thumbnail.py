"""A small picture from a still. The only importer of Pillow beside the sources."""

import io

WIDTH = 480
QUALITY = 80


def thumbnail_of(still: bytes) -> bytes:
    """Return a JPEG of at most `WIDTH` pixels across. Raises OSError when it is no picture."""
    from PIL import Image  # late: a camera that sees nothing needs no 10 MB of it

    with Image.open(io.BytesIO(still)) as picture:
        picture.draft("RGB", (WIDTH, WIDTH))  # decodes at a half or a quarter: all that is needed
        small = picture.convert("RGB")
        small.thumbnail((WIDTH, WIDTH * 4))
        out = io.BytesIO()
        small.save(out, "JPEG", quality=QUALITY)
        return out.getvalue()
