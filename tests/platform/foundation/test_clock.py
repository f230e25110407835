"""Moments as they stand on the wire."""

import datetime

from hypothesis import given, strategies as st

from xpander_client.platform.foundation.clock import timestamp


@given(st.floats(0, 4e9))
def test_a_moment_is_written_to_the_microsecond(moment: float) -> None:
    written = datetime.datetime.fromisoformat(timestamp(moment))
    exact = datetime.datetime.fromtimestamp(moment, datetime.UTC)
    assert abs(written - exact) <= datetime.timedelta(microseconds=1)
    assert len(timestamp(moment)) == len("1970-01-01T00:00:00.000000+00:00")
