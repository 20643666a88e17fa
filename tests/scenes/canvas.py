"""Drawing brightness with numpy: soft-edged shapes, textures and bending. Pure.

Places and lengths are in pixels of a picture 320×240; a canvas may be larger by `scale`.
"""

import numpy as np
import numpy.typing as npt

Canvas = npt.NDArray[np.float32]
"""Shape (height, width): brightness 0–255, not yet rounded."""

WIDTH, HEIGHT = 320, 240


def scale_of(canvas: Canvas) -> float:
    """Return how many pixels of the canvas make one of ours."""
    return int(canvas.shape[0]) / HEIGHT


def field(chance: np.random.Generator, shape: tuple[int, int], grain: float) -> Canvas:
    """Return smooth noise of mean 0 and about deviation 1, whose lumps are `grain` pixels wide."""
    rows, columns = shape
    knots = chance.normal(0, 1, (int(rows / grain) + 3, int(columns / grain) + 3))
    y, x = np.arange(rows) / grain, np.arange(columns) / grain
    top, left = y.astype(int), x.astype(int)
    down, right = (y - top)[:, None], (x - left)[None, :]
    upper = knots[top][:, left] * (1 - right) + knots[top][:, left + 1] * right
    lower = knots[top + 1][:, left] * (1 - right) + knots[top + 1][:, left + 1] * right
    return np.asarray((upper * (1 - down) + lower * down) * 1.5, dtype=np.float32)


def grained(chance: np.random.Generator, shape: tuple[int, int], strength: float) -> Canvas:
    """Return texture of several grains, fine and coarse, of about the given deviation."""
    parts = [field(chance, shape, grain) for grain in (1.7, 4.0, 11.0)]
    return np.asarray(sum(parts) * np.float32(strength / 1.7), dtype=np.float32)


def rectangle(canvas: Canvas, x: float, y: float, w: float, h: float, value: float) -> None:
    """Fill a rectangle."""
    s = scale_of(canvas)
    top, left = max(0, round(y * s)), max(0, round(x * s))
    canvas[top : max(0, round((y + h) * s)), left : max(0, round((x + w) * s))] = value


def limb(
    canvas: Canvas,
    start: tuple[float, float],
    end: tuple[float, float],
    radius: float,
    value: float,
    opacity: float = 1.0,
) -> None:
    """Draw a thick line with round ends and a soft edge of a pixel; a disc when both ends agree."""
    s = scale_of(canvas)
    (x1, y1), (x2, y2), r = (start[0] * s, start[1] * s), (end[0] * s, end[1] * s), radius * s
    top, left = max(0, int(min(y1, y2) - r - 1)), max(0, int(min(x1, x2) - r - 1))
    bottom, right = int(max(y1, y2) + r + 2), int(max(x1, x2) + r + 2)
    patch = canvas[top : max(0, bottom), left : max(0, right)]
    if patch.size == 0:
        return
    y = (np.arange(top, top + patch.shape[0], dtype=np.float32) - np.float32(y1))[:, None]
    x = (np.arange(left, left + patch.shape[1], dtype=np.float32) - np.float32(x1))[None, :]
    dx, dy = x2 - x1, y2 - y1
    along = np.clip((x * dx + y * dy) / max(dx * dx + dy * dy, 1e-6), 0, 1)
    away = np.hypot(x - along * dx, y - along * dy)
    cover = np.clip(r - away + 0.5, 0, 1) * opacity
    patch += (value - patch) * cover.astype(np.float32)


def glow(
    canvas: Canvas, x: float, y: float, wide: float, high: float, gain: float, edge: float = 1.0
) -> None:
    """Multiply an ellipse by 1 + gain; `edge` is the share of the radius over which it fades."""
    s = scale_of(canvas)
    x, y, wide, high = x * s, y * s, max(wide * s, 1e-3), max(high * s, 1e-3)
    top, left = max(0, int(y - high)), max(0, int(x - wide))
    patch = canvas[top : max(0, int(y + high + 1)), left : max(0, int(x + wide + 1))]
    if patch.size == 0:
        return
    dy = ((np.arange(top, top + patch.shape[0], dtype=np.float32) - y) / high)[:, None]
    dx = ((np.arange(left, left + patch.shape[1], dtype=np.float32) - x) / wide)[None, :]
    patch *= 1 + np.float32(gain) * np.clip((1 - np.hypot(dx, dy)) / edge, 0, 1)


def bent(texture: Canvas, right: Canvas, down: Canvas) -> Canvas:
    """Return a texture seen through shifts of `right` and `down` pixels at each place."""
    rows, columns = texture.shape
    y = np.arange(rows, dtype=np.float32)[:, None] + down
    x = np.arange(columns, dtype=np.float32)[None, :] + right
    left = np.floor(x)
    share = x - left
    row = np.clip(np.rint(y).astype(np.intp), 0, rows - 1)
    column = np.clip(left.astype(np.intp), 0, columns - 2)
    seen: Canvas = texture[row, column] * (1 - share) + texture[row, column + 1] * share
    return seen
