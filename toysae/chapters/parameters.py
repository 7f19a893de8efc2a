"""One specification per notebook parameter, shared by the runner and by the cell that checks them in JupyterLab.

A new parameter is one line in SPECIFICATIONS. A rule over several parameters is one line in RULES; it applies to a
notebook that has all of them. The write-up gets them as data: PARAMETERS.
"""

import ast
import json
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from math import comb
from operator import le
from pathlib import Path
from typing import Any, Protocol

from toysae.claims import say
from toysae.claims.words import nearest, other_settings
from toysae.saes.starts import INITIALISATIONS
from toysae.saes.training import BLOCK_STEPS


class Specification(Protocol):
    """What a parameter may be."""

    type_name: str

    @property
    def about(self) -> str:
        """What the parameter is."""

    @property
    def allowed(self) -> str:
        """What it may be, in words."""

    def accepts(self, value: Any) -> bool:
        """Whether it may be this value."""

    def parse(self, text: str) -> Any:
        """The value that a text stands for. Raises ValueError or KeyError for a text that stands for none."""


@dataclass(frozen=True)
class Whole:
    """A whole number from low to high."""

    low: int
    high: int
    about: str
    type_name = "int"

    @property
    def allowed(self) -> str:
        return f"a whole number from {self.low} to {self.high}"

    def accepts(self, value: Any) -> bool:
        return isinstance(value, int) and not isinstance(value, bool) and self.low <= value <= self.high

    def parse(self, text: str) -> int:
        return int(text)


@dataclass(frozen=True)
class Number:
    """A finite number from low to high, or zero where `or_zero` is set."""

    low: float
    high: float
    about: str
    or_zero: bool = False
    type_name = "float"

    @property
    def allowed(self) -> str:
        return f"a number from {self.low:g} to {self.high:g}{', or 0' if self.or_zero else ''}"

    def accepts(self, value: Any) -> bool:
        if isinstance(value, bool) or not isinstance(value, int | float):
            return False
        return self.low <= value <= self.high or (self.or_zero and value == 0)  # NaN fails both

    def parse(self, text: str) -> float:
        return float(text)


@dataclass(frozen=True)
class Switch:
    """True or False."""

    about: str
    type_name = "bool"
    allowed = "true or false"

    def accepts(self, value: Any) -> bool:
        return isinstance(value, bool)

    def parse(self, text: str) -> bool:
        return {"true": True, "false": False}[text.lower()]


@dataclass(frozen=True)
class Choice:
    """One of a few words."""

    words: tuple[str, ...]
    about: str
    type_name = "str"

    @property
    def allowed(self) -> str:
        return "one of " + ", ".join(self.words)

    def accepts(self, value: Any) -> bool:
        return isinstance(value, str) and value in self.words

    def parse(self, text: str) -> str:
        return text


@dataclass(frozen=True)
class Rule:
    """A condition over several parameters. `sentence` is a template that names them."""

    names: tuple[str, ...]
    holds: Callable[..., bool]
    sentence: str

    def complaint(self, **values: Any) -> str:
        """Why these values cannot be; empty if they can."""
        return "" if self.holds(*values.values()) else self.sentence.format(**values)


@dataclass(frozen=True)
class Room:
    """What training takes in memory, which has to be there: a share for each sample of a batch, one for each SAE.

    size       from the values by name to features, latents and, where all the ways are drawn, records of them
    """

    names: tuple[str, ...]
    size: Callable[[Mapping[str, Any]], tuple[int, int, int]]

    def complaint(self, **values: Any) -> str:
        """As in Rule; says which number of SAEs would fit, or which batches."""
        features, latents, records = self.size(values)
        per_sample = SAMPLE_BYTES * BLOCK_STEPS * features
        per_sae = latents * features * (NUMBER_BYTES + RECORD_BYTES * records)
        n_saes, batch_size, room = values["n_saes"], values["batch_size"], USABLE * memory()
        needed = n_saes * per_sae + batch_size * per_sample
        if needed <= room:
            return ""
        fit = {
            "n_saes": int((room - batch_size * per_sample) / per_sae),
            "batch_size": int((room - n_saes * per_sae) / per_sample),
        }
        fits = [f"{name}={value}" for name, value in fit.items() if value >= 2]
        asked = f"n_saes={n_saes}, batch_size={batch_size}: need {needed / 2**30:.1f} GB of memory"
        return f"{asked}, and {room / 2**30:.1f} GB can be had; {' or '.join(fits) or 'smaller ones'} would fit"


# Bytes, measured: of a feature in a sample that is drawn; of an entry of an SAE's decoder, with all that belongs to it
# in training and is counted afterwards; of such an entry in each record of the way there
SAMPLE_BYTES, NUMBER_BYTES, RECORD_BYTES = 16, 400, 40
USABLE = 0.75  # of the memory: the rest is for Python, the libraries and everybody else
LIMITS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")  # of a container
BENCHMARK = (256, 128, 0)  # features and latents in the chapter that goes beyond the toy
MOST_RECORDS = 301  # of the ways that the first chapter draws


def memory() -> int:
    """Bytes of memory of this machine, or of its container where that has fewer."""
    found = [os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")]
    for place in LIMITS:
        with suppress(OSError, ValueError):  # there is no such file, or it says "max"
            found.append(int(Path(place).read_text()))
    return min(found)


# Ranges in which sentences make sense: below, prices and magnitudes are rounding errors to each other, and losses a
# millionth of a per cent of what they are held against. A sample of more than 8 features takes minutes to encode
# exactly. More SAEs or larger batches than these narrow no interval that is told
SPECIFICATIONS: dict[str, Specification] = {
    "n_features": Whole(2, 64, "number of true features"),
    "k_active": Whole(2, 8, "features that fire in each sample"),
    "n_latents": Whole(1, 256, "latents of each SAE"),
    "n_groups": Whole(2, 64, "groups of features"),
    "group_size": Whole(2, 16, "features in a group"),
    "mu": Number(0.1, 10, "mean magnitude of an active feature"),
    "sigma": Number(0.001, 10, "standard deviation of that magnitude", or_zero=True),
    "spread": Number(0.001, 0.9, "standard deviation of a magnitude that has two values, around one", or_zero=True),
    "p_alone": Number(0.01, 0.99, "how often a sample holds one feature alone"),
    "p_child": Number(0.01, 0.99, "how often a child fires when its parent does"),
    "correlation": Number(0.01, 0.5, "correlation of one feature with the others"),
    "k": Number(1, 1.95, "latents that may be active in the mean, where two are needed"),
    "mean_l0": Number(2, 16, "features that fire at once, in the mean"),
    "l1_coeff": Number(0.001, 2, "lambda, the weight of the L1 penalty"),
    "lr": Number(1e-5, 1, "learning rate of Adam"),
    "n_steps": Whole(1, 100_000, "training steps"),
    "batch_size": Whole(1, 16_384, "samples in a batch"),
    "n_saes": Whole(2, 1024, "SAEs trained side by side, one seed each"),
    "seed": Whole(0, 2**31 - 1, "seed of the whole run"),
    "decoder_bias": Switch("whether the decoder has a bias"),
    "n_largest": Whole(4, 9, "most features in a comparison of sizes"),
    "init": Choice(tuple(INITIALISATIONS), "initial decoder rows"),
    "threshold": Number(0.75, 0.999, "cosine from which a latent is called aligned"),
}

MAX_COMBINATIONS = 300  # patterns of a notebook's world: each has a composite, and each composite a row in an account


def _few_choices(n: int, k: int) -> bool:
    return k > n or comb(n, k) <= MAX_COMBINATIONS


def _few_patterns(n_groups: int, size: int, k: int) -> bool:
    return n_groups * size <= 64 and n_groups * comb(size, k) <= MAX_COMBINATIONS


RULES: tuple[Rule | Room, ...] = (
    Rule(("k_active", "n_features"), le, "k_active={k_active}: must be at most n_features={n_features}"),
    Rule(
        ("n_features", "n_largest"),
        lambda n, largest: 4 <= n <= largest,
        "n_features={n_features}: must be from 4 to n_largest={n_largest}",
    ),
    Rule(("k_active", "group_size"), le, "k_active={k_active}: must be at most group_size={group_size}"),
    Rule(
        ("n_features", "k_active"),
        _few_choices,
        "n_features={n_features}: must allow at most 300 choices of k_active={k_active} features",
    ),
    Rule(
        ("n_groups", "group_size", "k_active"),
        _few_patterns,
        "n_groups={n_groups}: must leave at most 64 features and 300 patterns "
        "with group_size={group_size} and k_active={k_active}",
    ),
    Room(("n_saes", "batch_size", "n_latents", "n_features"), lambda v: (v["n_features"], v["n_latents"], 0)),
    Room(
        ("n_saes", "batch_size", "n_latents", "n_features", "n_steps", "decoder_bias"),  # the first chapter alone
        lambda v: (v["n_features"], v["n_latents"], min(v["n_steps"], MOST_RECORDS)),
    ),
    Room(
        ("n_saes", "batch_size", "n_latents", "n_groups", "group_size"),
        lambda v: (v["n_groups"] * v["group_size"], v["n_latents"], 0),
    ),
    Room(("n_saes", "batch_size", "mean_l0"), lambda v: BENCHMARK),
)


@dataclass(frozen=True)
class Parameters:
    """What the parameters of notebooks may be, one by one and together."""

    specifications: Mapping[str, Specification]
    rules: tuple[Rule | Room, ...]

    def check(self, found: Mapping[str, Any]) -> None:
        """Checks every parameter among the names found; other names may be there.

        Raises ValueError with one line that names the parameter, its value and what is allowed.
        """
        known = {name: found[name] for name in self.specifications if name in found}
        for name, value in known.items():
            self._check_one(name, value)
        for rule in self.rules:
            if all(name in known for name in rule.names):
                complaint = rule.complaint(**{name: known[name] for name in rule.names})
                if complaint:
                    raise ValueError(complaint)

    def parse(self, name: str, text: str) -> Any:
        """The value of one parameter. Raises ValueError, in one line, for a wrong type or an impossible value."""
        if name not in self.specifications:
            raise ValueError(f"{name}={text}: has no specification in toysae/chapters/parameters.py")
        try:
            value = self.specifications[name].parse(text)
        except (ValueError, KeyError):
            raise ValueError(f"{name}={text}: must be {self.specifications[name].allowed}") from None
        self._check_one(name, value)
        return value

    def _check_one(self, name: str, value: Any) -> None:
        if not self.specifications[name].accepts(value):
            raise ValueError(f"{name}={value!r}: must be {self.specifications[name].allowed}")


PARAMETERS = Parameters(SPECIFICATIONS, RULES)


def check_parameters(found: Mapping[str, Any]) -> None:
    """Checks the parameters of a notebook, as in check_parameters(globals()); see Parameters.check.

    Also refused is a name that the parameters cell assigns and that is no parameter: in a kernel that lives on, the
    parameter that was meant would keep its old value. In JupyterLab it is said which values are not the published ones.
    """
    published = _published_here()
    for name in _assigned(found.get("In", [])):
        if name not in (published or SPECIFICATIONS):
            raise ValueError(f"unknown parameter {name!r}: {nearest(name, published or SPECIFICATIONS)}")
    PARAMETERS.check(found)
    changed = {name: found[name] for name, value in published.items() if name in found and found[name] != value}
    if changed:
        say(f"> {other_settings(changed, published)}")


def _published_here() -> dict[str, Any]:
    """The published parameters of the notebook that is open in JupyterLab, which its copy carries; else none.

    The server names the notebook to its kernel. `make run` does not, and puts a banner of its own.
    """
    try:
        path = Path(os.environ.get("JPY_SESSION_NAME", "")).with_suffix(".ipynb")
        return dict(json.loads(path.read_text(encoding="utf-8"))["metadata"]["toysae"]["published"])
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def _assigned(cells: Sequence[str]) -> list[str]:
    """The names in the parameters cell that ran last: it annotates them, as in `sigma: float = 0.1`."""
    for cell in reversed(cells):
        statements = _statements(cell)
        annotated = [statement for statement in statements if isinstance(statement, ast.AnnAssign)]
        if set(SPECIFICATIONS) & set(_names(annotated)):
            return _names(statements)
    return []


def _statements(cell: str) -> list[ast.stmt]:
    try:
        return ast.parse(cell).body
    except SyntaxError:  # it is in the history all the same
        return []


def _names(statements: Iterable[ast.stmt]) -> list[str]:
    """The names that these statements assign."""
    targets: list[ast.expr] = []
    for statement in statements:
        if isinstance(statement, ast.Assign):
            targets += statement.targets
        elif isinstance(statement, ast.AnnAssign):
            targets.append(statement.target)
    return [target.id for target in targets if isinstance(target, ast.Name)]
