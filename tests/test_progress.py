from restora.progress import Pace, ProgressMeter


def metered(total, *reports):
    times = iter([time for time, _ in reports])
    meter = ProgressMeter(total, clock=lambda: next(times))
    return [meter.report(fraction) for _, fraction in reports]


def test_what_comes_before_the_first_report_does_not_count():
    slow_start = metered(12.0, (100.0, 0.1), (103.0, 0.4), (106.0, 0.7))
    assert slow_start[0] == Pace(0.1)
    assert [round(pace.rate, 9) for pace in slow_start[1:]] == [1.2, 1.2]
    assert [round(pace.seconds_left, 9) for pace in slow_start[1:]] == [6.0, 3.0]


def test_what_does_not_advance_has_no_rate():
    assert metered(1.0, (0.0, 0.2), (1.0, 0.2)) == [Pace(0.2), Pace(0.2)]
    assert metered(1.0, (0.0, 0.2), (0.0, 0.4)) == [Pace(0.2), Pace(0.4)]
    assert metered(1.0, (0.0, 1.0)) == [Pace(1.0)]


def test_at_the_end_nothing_is_left():
    assert metered(4.0, (0.0, 0.5), (1.0, 1.0))[-1] == Pace(1.0, 2.0, 0.0)
