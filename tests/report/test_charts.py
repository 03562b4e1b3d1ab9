"""What load has measured, as charts."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from patternproof.report.charts import BOTTOM, LEFT, MOST_POINTS, RIGHT, TOP, charts
from patternproof.report.json import report
from patternproof.report.load import SecondPart
from tests.report.judged import SETTINGS, judged, measured

(LOAD,) = report(judged(), SETTINGS, [measured()]).load


def second(number: int, requests: int = 10, slow: float = 0.01) -> SecondPart:
    return SecondPart(number, requests, {"50": 0.001, "90": 0.002, "99": slow})


def test_percentiles_stand_at_their_time_and_a_second_without_requests_is_a_gap() -> None:
    percentiles, _, _ = charts(LOAD)
    p50, _, p99 = percentiles.lines
    assert [[x for x, _ in part] for part in p99.parts] == [[LEFT, LEFT + (RIGHT - LEFT) / 3], [RIGHT, RIGHT]]
    assert {y for part in p50.parts for _, y in part} == {BOTTOM}
    assert [tick.text for tick in percentiles.rows] == ["1 ms", "10 ms", "100 ms", "1 s"]
    assert [tick.at for tick in percentiles.rows] == pytest.approx([BOTTOM, 136.7, 83.3, TOP])
    assert p99.parts[0][0][1] == pytest.approx(136.7)


def test_the_histogram_has_a_bar_for_each_bin_as_high_as_it_is_full() -> None:
    _, histogram, _ = charts(LOAD)
    few, many = sorted(histogram.bars, key=lambda bar: bar.height)
    assert many.height == pytest.approx(3 * few.height, abs=0.2)
    assert many.y + many.height == pytest.approx(BOTTOM)
    assert (histogram.columns[0].text, histogram.columns[-1].text) == ("1 ms", "1 s")
    assert many.x == LEFT
    assert few.x == pytest.approx(LEFT + 2 * (RIGHT - LEFT) / 3, abs=0.1)


def test_throughput_falls_to_nothing_in_a_second_without_requests() -> None:
    _, _, throughput = charts(LOAD)
    ((line,),) = (each.parts for each in throughput.lines)
    assert [y for _, y in line] == [110.0, TOP, BOTTOM, 110.0]
    assert [tick.text for tick in throughput.rows] == ["0", "5", "10", "15", "20"]


def test_a_long_run_has_no_more_points_and_hides_no_stall() -> None:
    timeline = [second(number, slow=1.0 if number == 1_234 else 0.01) for number in range(3_600)]
    percentiles, _, throughput = charts(replace(LOAD, timeline=timeline))
    (points,) = percentiles.lines[-1].parts
    assert len(points) == MOST_POINTS
    assert min(y for _, y in points) == TOP
    assert len(points) == len(throughput.lines[0].parts[0])


@pytest.mark.parametrize("seconds", [[second(0)], [second(0, slow=0.001)], [second(7), second(9)]])
def test_few_seconds_make_a_picture_too(seconds: list[SecondPart]) -> None:
    for chart in charts(replace(LOAD, timeline=seconds)):
        points = [point for line in chart.lines for part in line.parts for point in part]
        assert all(LEFT <= x <= RIGHT and TOP <= y <= BOTTOM for x, y in points)
        assert {len(part) > 1 for line in chart.lines for part in line.parts} <= {True}


def test_where_nothing_was_measured_there_is_no_picture() -> None:
    assert charts(replace(LOAD, timeline=[])) == []
