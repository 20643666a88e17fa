"""The inbox: never makes the camera wait, drops what does not fit, and counts it honestly."""

import threading

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from agent.inbox import Drops, Inbox
from agent.sources.base import LumaFrame, Packet

DARK = np.zeros((2, 2), dtype=np.uint8)


def packet(number: int, *, keyframe: bool = False, size: int = 10) -> Packet:
    return Packet(b"x" * size, number, number, keyframe)


def test_it_gives_back_in_order_what_was_put_in() -> None:
    inbox: Inbox[str] = Inbox()
    inbox.put_packet(packet(1, keyframe=True))
    inbox.put_luma(LumaFrame(DARK, 2))
    inbox.put_order("stop")
    first, second = inbox.get(), inbox.get()
    assert isinstance(first, Packet)
    assert isinstance(second, LumaFrame)
    assert inbox.get() == "stop"
    assert inbox.drops == Drops()


def test_it_drops_frames_for_the_detector_and_takes_them_again_later() -> None:
    inbox: Inbox[str] = Inbox(luma_frames=2)
    for number in range(5):
        inbox.put_luma(LumaFrame(DARK, number))
    assert inbox.drops == Drops(luma=3)
    inbox.get()
    inbox.put_luma(LumaFrame(DARK, 9))
    assert inbox.drops == Drops(luma=3)


@given(st.lists(st.tuples(st.booleans(), st.integers(1, 40), st.integers(0, 3)), max_size=80))
def test_it_never_gives_a_picture_whose_group_is_incomplete(
    steps: list[tuple[bool, int, int]],
) -> None:
    inbox: Inbox[str] = Inbox(packet_bytes=100)
    got: list[int] = []
    key_of: dict[int, int] = {}
    key = -1
    for number, (keyframe, size, takes) in enumerate(steps):
        key = number if keyframe or key < 0 else key
        key_of[number] = key
        inbox.put_packet(packet(number, keyframe=number == key, size=size))
        for _ in range(min(takes, inbox.waiting)):
            item = inbox.get()
            assert isinstance(item, Packet)
            got.append(item.pts_us)
    while inbox.waiting:
        item = inbox.get()
        assert isinstance(item, Packet)
        got.append(item.pts_us)
    assert len(got) + inbox.drops.packets == len(steps)
    kept = set(got)
    for number in got:
        assert all(n in kept for n in range(key_of[number], number)), "decoded without its past"


def test_it_counts_right_when_two_threads_work_on_it() -> None:
    inbox: Inbox[str] = Inbox(luma_frames=5)
    many, got = 20_000, []

    def take() -> None:
        while inbox.get() != "stop":
            got.append(1)

    taker = threading.Thread(target=take)
    taker.start()
    for number in range(many):
        inbox.put_luma(LumaFrame(DARK, number))
    inbox.put_order("stop")
    taker.join(20)
    assert len(got) + inbox.drops.luma == many
    for number in range(5):  # and there is room for as many as ever
        inbox.put_luma(LumaFrame(DARK, number))
    assert inbox.waiting == 5
