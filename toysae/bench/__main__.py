"""The command line: python -m toysae.bench. Measures, and writes build/bench/; the book shows it as a page."""

import subprocess
import sys
from pathlib import Path

import torch

from toysae.bench import costs, report
from toysae.bench.errands import Contender
from toysae.bench.home import batches_of
from toysae.optimum.codes import dictionary_loss

CHECKOUT = Path(__file__).resolve().parents[2]
AT_ONCE = 64  # SAEs in a stack of ours
STACK_SIZES = (64, 256, 1024, 4096)
WIDTHS = (10, 20, 40)


def main(checkout: Path = CHECKOUT, n_steps: int = 1000, n_rounds: int = 7) -> int:
    """Measure everything, which takes some minutes, write the report, and return the exit code."""
    folder, peers = checkout / "build" / "bench", checkout / ".venv-peers" / "bin" / "python"
    if not peers.exists():
        print("what we compare with is not installed: run make bench", file=sys.stderr)
        return 2
    folder.mkdir(parents=True, exist_ok=True)
    try:
        results = measured(checkout, peers, folder, n_steps, n_rounds)
    except RuntimeError as problem:
        print(problem, file=sys.stderr)
        return 1
    report.write(results, folder)
    print(report.headline(results.race))
    print(f"{folder.relative_to(checkout)}/bench.md holds the tables and the figure")
    return 0


def measured(root: Path, peers: Path, folder: Path, n_steps: int, n_rounds: int) -> report.Results:
    """All measurements; stacks take n_steps, the race twice as many, what is done for many kinds or widths a fifth."""
    ours = Contender("toysae", (sys.executable, "-m", "toysae.bench.home", "ours"), AT_ONCE)
    plain = Contender("PyTorch loop", (sys.executable, "-m", "toysae.bench.home", "plain"), 1)
    saelens = Contender("SAELens", (str(peers), "-m", "toysae.bench.peer"), 1)
    errand = costs.errand_of("L1", 2 * n_steps, decoder_bias=True)
    raced = costs.race([(one, errand) for one in (ours, plain, saelens)], n_rounds, root, folder)
    world = batches_of(errand).world
    return report.Results(
        machine=report.machine(torch=torch.__version__, SAELens=version_in(peers, "sae-lens")),
        errand=errand,
        atoms=float(dictionary_loss(world.features, world, errand.knob)),
        race=raced.drop(columns="parameters"),
        learned=costs.learned(raced, errand),
        kinds=costs.by_kind(ours, saelens, n_steps // 5, n_rounds, root, folder),
        stacks=costs.by_stack_size(STACK_SIZES, n_steps, n_rounds),
        widths=costs.by_width(WIDTHS, AT_ONCE, n_steps // 5, n_rounds),
        sgemm=costs.sgemm_rate(n_rounds),
        beginnings=costs.beginnings(root, n_rounds),
    )


def version_in(python: Path, package: str) -> str:
    """The version of a package in another environment."""
    words = [str(python), "-c", f"from importlib import metadata; print(metadata.version({package!r}))"]
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout.strip()


if __name__ == "__main__":
    sys.exit(main())
