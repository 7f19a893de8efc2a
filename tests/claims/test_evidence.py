"""Evidence: counts and means with their intervals, how they are printed, how they are recorded."""

import json
import math

import numpy as np
import pytest
import torch

from toysae.claims import Comparison, Fraction, Mean, Pooled
from toysae.claims.evidence import as_json, checked, printed


@pytest.mark.parametrize(("value", "text"), [
    (12345, "12,345"), (0.123456, "0.1235"), (12345.6, "12,346"), (1e-7, "1e-07"), (math.nan, "undefined"),
    ("TopK", "TopK"), (Fraction(0, 0), "none of 0"), (Pooled(1234, 2000), "1,234 of 2,000"),
    (Comparison(0.31234, 0.2, 0.41, 32, 0.0123), "0.312 (95 % interval 0.2 to 0.41; p in its family 0.012)"),
    (Comparison(0.3, 0.2, 0.4, 32, 1e-9), "0.3 (95 % interval 0.2 to 0.4; p in its family below 0.001)"),
    (Comparison(0.3, -math.inf, math.inf, 1), "0.3 (one value)"), (Comparison(0, 0, 0, 0), "no values"),
])  # fmt: skip
def test_evidence_has_a_plain_printed_form(value, text):
    assert printed(value) == text


@pytest.mark.parametrize(("value", "recorded"), [
    (Fraction(62, 64), {"k": 62, "n": 64}), (Mean(1.0, 0.5, 1.5, 8), {"mean": 1.0, "low": 0.5, "high": 1.5, "n": 8}),
    (Mean.of([2.0]), {"mean": 2.0, "low": None, "high": None, "n": 1}), (math.nan, None), (0.25, 0.25), ("a", "a"),
    (Fraction(np.int64(1), np.int64(2)), {"k": 1, "n": 2}), (Pooled(3, 2000), {"pooled_k": 3, "pooled_n": 2000}),
    (Comparison(1.0, 0.5, 1.5, 8, 0.25), {"mean": 1.0, "low": 0.5, "high": 1.5, "n": 8, "p": 0.25}),
])  # fmt: skip
def test_evidence_is_recorded_as_strict_json(value, recorded):
    assert json.loads(json.dumps(as_json(value), allow_nan=False)) == recorded


@pytest.mark.parametrize("number", [np.float64(0.5), np.float32(0.5), torch.tensor(0.5), np.array(0.5)])
def test_numbers_of_numpy_and_torch_become_plain_ones(number):
    assert checked(number) == 0.5
    assert type(checked(number)) is float


@pytest.mark.parametrize("value", [True, np.bool_(True), None, [1, 2], torch.tensor([1.0, 2.0]), {"a": 1}, 1j])
def test_what_is_no_evidence_is_refused(value):
    with pytest.raises(TypeError, match="must be a Fraction, a Pooled, a Mean, a number or a name"):
        checked(value)
