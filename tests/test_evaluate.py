import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from depthkit.arrays import F32
from depthkit.errors import InputError
from depthkit.evaluate import evaluate

NAN = np.float32(np.nan)


def test_figures_worked_out_by_hand() -> None:
    truth = np.array([[10, 20, 30, 40, NAN]], np.float32)
    values = np.array([[10.25, 23, NAN, 40, 7]], np.float32)
    errors = evaluate(values, truth, thresholds=(1, 4))
    assert errors.pixels == 4
    assert errors.density == 75
    assert errors.bad == {1: 100 / 3, 4: 0}
    assert errors.total == {1: 50, 4: 25}
    assert errors.epe == pytest.approx(3.25 / 3)
    assert errors.rms == pytest.approx(np.sqrt((0.25**2 + 9) / 3))
    assert errors.median == 0.25


def test_an_error_as_large_as_the_threshold_is_not_bad() -> None:
    assert evaluate(np.array([[2.0]], np.float32), np.array([[1.0]], np.float32)).bad[1.0] == 0


@pytest.mark.parametrize(
    ("value", "true", "outlier"),
    [(13.5, 10, True), (13, 10, False), (104.5, 100, False), (105, 100, False), (105.5, 100, True), (7.5, 10, False)],
)
def test_an_outlier_of_kittis_is_off_by_3_px_and_5_percent(value: float, true: float, outlier: bool) -> None:
    errors = evaluate(np.array([[value]], np.float32), np.array([[true]], np.float32))
    assert errors.d1 == (100 if outlier else 0)


def test_outliers_are_a_share_of_the_pixels_with_a_value() -> None:
    truth = np.array([[10, 10, 10, 10, NAN]], np.float32)
    assert evaluate(np.array([[10, 15, NAN, 10, 99]], np.float32), truth).d1 == pytest.approx(100 / 3)


def test_only_pixels_of_the_mask_count() -> None:
    truth = np.zeros((2, 2), np.float32)
    values = np.array([[0, 9], [9, 9]], np.float32)
    errors = evaluate(values, truth, np.array([[True, True], [False, False]]))
    assert (errors.pixels, errors.bad[2.0]) == (2, 50)


def test_nothing_to_average_is_nan() -> None:
    unknown = np.full((3, 3), NAN)
    no_values, no_truth = evaluate(unknown, np.zeros((3, 3), np.float32)), evaluate(unknown, unknown)
    assert (no_values.density, no_values.total[2.0]) == (0, 100)
    assert np.isnan([no_values.epe, no_values.rms, no_values.median, no_values.bad[2.0], no_values.d1]).all()
    assert no_truth.pixels == 0
    assert np.isnan([no_truth.density, no_truth.total[2.0], no_truth.epe]).all()


FIELD = hnp.arrays(np.float32, (4, 6), elements=st.sampled_from([np.nan, 0.0, 0.5, 1.0, 3.0, 8.0]))


@given(FIELD, FIELD)
def test_figures_agree_with_each_other(values: F32, truth: F32) -> None:
    errors = evaluate(values, truth)
    if errors.pixels:
        for threshold, total in errors.total.items():
            wrong = errors.density * errors.bad[threshold] / 100 if errors.density else 0.0
            assert total == pytest.approx(100 - errors.density + wrong)
        assert list(errors.total.values()) == sorted(errors.total.values(), reverse=True)
    if errors.density > 0:
        assert errors.median <= np.sqrt(2) * errors.rms + 1e-9
        assert errors.epe <= errors.rms + 1e-9


@pytest.mark.parametrize(
    ("values", "truth", "mask", "thresholds", "says"),
    [
        (np.zeros((2, 3)), np.zeros((2, 3), np.float32), None, (1,), "values must be float32"),
        (np.zeros((2, 3), np.float32), np.zeros((3, 2), np.float32), None, (1,), "truth must be float32 of shape 2×3"),
        (np.zeros((2, 3), np.float32), np.zeros((2, 3), np.float32), np.ones((2, 3)), (1,), "mask must be bool"),
        (np.zeros((2, 3), np.float32), np.zeros((2, 3), np.float32), None, (-1,), "not negative"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(
    values: F32, truth: F32, mask: object, thresholds: object, says: str
) -> None:
    with pytest.raises(InputError, match=says):
        evaluate(values, truth, mask, thresholds)  # type: ignore[arg-type]
