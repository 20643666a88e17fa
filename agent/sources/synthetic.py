"""The synthetic scene as a camera, labelled as such in the picture."""

from datetime import UTC, datetime

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from agent.sources import codec
from agent.sources.base import Sink, SourceInfo
from agent.sources.codec import Encoder
from agent.sources.scene import HEIGHT, WIDTH, Rgb, Scene
from agent.sources.simulated import SimulatedCamera, now_us

FRAMES_PER_S = 10.0
LABEL_SIZE = 22


class SyntheticSource(SimulatedCamera):
    """Shows the scene of one seed in real time, 960×540 at 10 frames/s."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self._scene = Scene(seed)
        self._started_us = 0

    def prepare(self) -> SourceInfo:
        """Say what will come; nothing can be missing."""
        return SourceInfo("synthetic", WIDTH, HEIGHT, FRAMES_PER_S, synthetic=True)

    def position_s(self, at_us: int) -> float | None:
        """Return the time within the scene."""
        return (at_us - self._started_us) / 1e6 if self._started_us else None

    def play(self, sink: Sink) -> None:
        """Draw, encode and push until stopped; late pictures are left out, not hurried."""
        encoder = Encoder(WIDTH, HEIGHT, FRAMES_PER_S)
        self._started_us = now_us()
        number = 0
        while True:
            at_us = self._started_us + round(number * 1e6 / FRAMES_PER_S)
            if not self.wait_until(at_us):
                return
            rgb = labelled(self._scene.picture((at_us - self._started_us) / 1e6))
            picture = codec.picture_of(rgb, at_us)
            for packet in encoder.encode(picture.frame, at_us):
                sink.on_packet(packet)
            self.show(sink, picture)
            late = int((now_us() - at_us) * FRAMES_PER_S / 1e6)
            number += 1 + max(0, late)


def labelled(rgb: Rgb) -> Rgb:
    """Write into the picture that it is synthetic, and what time it is (UTC)."""
    image = Image.fromarray(rgb)
    pen = ImageDraw.Draw(image)
    text = f"SYNTHETIC  {datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC"
    pen.rectangle((0, HEIGHT - LABEL_SIZE - 12, 400, HEIGHT), fill=(0, 0, 0))
    pen.text((8, HEIGHT - LABEL_SIZE - 8), text, fill=(255, 255, 255), font=_font())
    return np.asarray(image)


def _font() -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(LABEL_SIZE)
