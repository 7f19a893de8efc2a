"""The edges of what is said: intervals that touch, the ends of a bootstrap, verdicts that change within a case."""

import numpy as np
import pytest

from toysae.claims import Family, Mean, fewer, more
from toysae.claims.record import Published, Record


def test_intervals_that_touch_do_not_lie_above_each_other():
    low, high = Mean(0.3, 0.2, 0.4, 16), Mean(0.5, 0.4, 0.6, 16)
    assert not more(high, low) and not fewer(low, high)
    assert more(Mean(0.5, 0.41, 0.6, 16), low) and fewer(low, Mean(0.5, 0.41, 0.6, 16))


def test_a_bootstrap_ends_at_its_percentiles_and_counts_the_sample_itself():
    values, draws = np.random.default_rng(3).normal(0.3, 1, size=25), 199
    generator = np.random.default_rng(5)
    drawn = np.array([values[generator.integers(25, size=25)].mean() for _ in range(draws)])
    of_seeds = lambda i: {"a": values[i].mean()}  # noqa: E731
    found = Family.resampled(of_seeds, 25, generator=np.random.default_rng(5), draws=draws)["a"]
    assert found.interval == pytest.approx(tuple(np.quantile(drawn, [0.025, 0.975])))
    assert found.p == pytest.approx(2 * (1 + (drawn <= 0).sum()) / (draws + 1))
    sure = Family.resampled(lambda i: {"a": 1.0 + 0 * i.mean()}, 25, generator=generator, draws=draws)["a"]
    assert sure.p == pytest.approx(2 / (draws + 1))  # never zero


def test_a_claim_holds_if_its_case_and_its_verdict_are_the_published_ones():
    told = {"id": "a", "statement": "It is.", "source": "ours", "notebook": "01_x"}
    published = Published.of([Record(case=0, verdict="holds", **told)])
    assert published.says(Record(case=0, verdict="holds", **told))
    assert not published.says(Record(case=0, verdict="partly", **told))
    assert not published.says(Record(case=1, verdict="holds", **told))
