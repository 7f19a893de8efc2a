"""A contest whose winners are planted: what the tests of sweeps and of the chapter on remedies judge."""

import numpy as np
import pandas as pd

from toysae.sweeps.contests import SCORES, Contest

SETTINGS, SEEDS = (0.5, 1.0, 2.0), range(24)


def contest(**mcc_of):
    """Contestants by name: a function of setting, seed and a standard normal number gives their MCC on two tasks."""
    generator = np.random.default_rng(0)
    rows = [
        dict.fromkeys(SCORES, 1.0)
        | {"task": task, "contestant": name, "setting": setting, "seed": seed, "l0": setting, "n_features": 2}
        | {"mcc": mcc(setting, seed, generator.normal()), "role": "selecting" if seed < 8 else "scored"}
        | {"absorption": np.nan if task == "a" else setting}
        for task in "ab"
        for name, mcc in mcc_of.items()
        for setting in SETTINGS
        for seed in SEEDS
    ]
    return Contest.of(pd.DataFrame(rows), {"a": 1.0, "b": 2.0})


PLANTED = contest(
    plain=lambda setting, seed, z: 0.5 + 0.02 * z,
    better=lambda setting, seed, z: 0.6 + 0.02 * z,
    worse=lambda setting, seed, z: 0.4 + 0.02 * z,
    alike=lambda setting, seed, z: 0.5 + 0.02 * z,
)
