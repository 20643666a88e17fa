"""The timing file: read back as written, and cut anywhere still read up to its last whole line."""

from hypothesis import given
from hypothesis import strategies as st

from nfs import timing
from nfs.timing import AccessUnit

UNITS = st.lists(
    st.tuples(
        st.integers(1, 200_000), st.integers(0, 500_000), st.integers(1, 10**6), st.booleans()
    ),
    max_size=40,
).map(
    lambda rows: [
        AccessUnit(
            sum(r[0] for r in rows[: n + 1]) + row[1], sum(r[0] for r in rows[: n + 1]), *row[2:]
        )
        for n, row in enumerate(rows)
    ]
)


@given(UNITS)
def test_it_reads_back_what_was_written(units: list[AccessUnit]) -> None:
    assert timing.read(b"".join(map(timing.line_of, units))) == units


@given(UNITS, st.integers(0, 10_000))
def test_it_reads_a_file_cut_anywhere_up_to_its_last_whole_line(
    units: list[AccessUnit], cut: int
) -> None:
    data = b"".join(map(timing.line_of, units))[:cut]
    assert timing.read(data) == units[: data.count(b"\n")]


def test_it_stops_at_the_zeros_that_a_power_cut_leaves() -> None:
    good = timing.line_of(AccessUnit(0, 0, 10, True))
    assert len(timing.read(good + b"\0" * 50 + b"\n" + good)) == 1


def test_it_stops_where_time_runs_backwards() -> None:
    lines = b"0 0 5 k\n40000 40000 5 -\n20000 20000 5 -\n"
    assert len(timing.read(lines)) == 2


@given(UNITS, st.integers(0, 10**7))
def test_it_keeps_only_pictures_that_are_whole_in_the_clip(
    units: list[AccessUnit], size: int
) -> None:
    kept = timing.within(units, size)
    assert sum(unit.size_bytes for unit in kept) <= size
    if len(kept) < len(units):
        assert sum(unit.size_bytes for unit in units[: len(kept) + 1]) > size


def test_it_counts_the_last_picture_as_long_as_the_others() -> None:
    units = [AccessUnit(at, at, 1, False) for at in (0, 100_000, 200_000)]
    assert timing.duration_us(units) == 300_000
    assert timing.duration_us([]) == 0
