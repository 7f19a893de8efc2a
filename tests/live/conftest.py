"""What the tests of the live page share: a JavaScript engine that has read simulation.js."""

import json
from pathlib import Path

import pytest
from py_mini_racer import MiniRacer

import toysae

SIMULATION = Path(toysae.__file__).parent / "live" / "simulation.js"
PLAIN = "(key, value) => (ArrayBuffer.isView(value) ? Array.from(value) : value)"  # typed arrays as lists


class Engine:
    def __init__(self):
        self._racer = MiniRacer()
        self._racer.eval(SIMULATION.read_text(encoding="utf-8"))

    def __call__(self, body, **given):
        """What the body of a function returns; the names given are its arguments."""
        arguments = ", ".join(json.dumps(value) for value in given.values())
        return json.loads(
            self._racer.eval(f"JSON.stringify((({', '.join(given)}) => {{ {body} }})({arguments}), {PLAIN})")
        )

    def close(self):
        self._racer.close()


@pytest.fixture(scope="module")
def js():
    engine = Engine()
    yield engine
    engine.close()
