"""The command line: python -m toysae.bench. Measures, and writes build/bench/; the book shows it as a page."""

import subprocess
import sys
from pathlib import Path

import torch

from toysae.bench import costs, report
from toysae.bench.contest import Contender, contest
from toysae.bench.ours import world_of
from toysae.bench.serving import Task
from toysae.optimum.codes import dictionary_loss

CHECKOUT = Path(__file__).resolve().parents[2]
TASK = Task(
    rates=(0.1,) * 10, mu=1.0, sigma=0.0, n_latents=10, batch_size=1024, n_steps=2000, lr=0.003, l1_coeff=0.1, seeds=()
)
N_SAES = 64
N_ROUNDS = 7
STACK_SIZES = (64, 256, 1024, 4096)
WIDTHS = (10, 20, 40)


def main(checkout: Path = CHECKOUT) -> int:
    """Measure everything, write the report, and return the exit code."""
    folder, peers = checkout / "build" / "bench", checkout / ".venv-peers" / "bin" / "python"
    if not peers.exists():
        print("what we compare with is not installed: run make bench", file=sys.stderr)
        return 2
    folder.mkdir(parents=True, exist_ok=True)
    try:
        results = measure(checkout, peers, folder)
    except RuntimeError as problem:
        print(problem, file=sys.stderr)
        return 1
    report.write(results, folder)
    print(report.headline(report.contest_table(results.contest)))
    print(f"{folder.relative_to(checkout)}/bench.md holds the table and the figure")
    return 0


def measure(root: Path, peers: Path, folder: Path) -> report.Results:
    """All measurements, a few minutes."""
    contenders = (
        Contender("toysae", (sys.executable, "-m", "toysae.bench.ours"), N_SAES),
        Contender("PyTorch loop", (sys.executable, "-m", "toysae.bench.plain"), 1),
        Contender("SAELens", (str(peers), "-m", "toysae.bench.peer"), 1),
    )
    world = world_of(TASK)
    return report.Results(
        machine=report.machine({"torch": torch.__version__, "SAELens": version_in(peers, "sae-lens")}),
        task=TASK,
        contest=contest(contenders, TASK, N_ROUNDS, root, folder, tell),
        stacks=costs.by_stack_size(STACK_SIZES, n_steps=1000, n_rounds=N_ROUNDS),
        variants=costs.by_variant(WIDTHS[0], N_SAES, n_steps=200, n_rounds=N_ROUNDS, peers=peers),
        widths=costs.by_width(WIDTHS, N_SAES, n_steps=200, n_rounds=N_ROUNDS),
        sgemm=costs.sgemm_rate(N_ROUNDS),
        atoms=float(dictionary_loss(world.features, world, TASK.l1_coeff)),
    )


def version_in(python: Path, package: str) -> str:
    """The version of a package in another environment."""
    words = [str(python), "-c", f"from importlib import metadata; print(metadata.version({package!r}))"]
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout.strip()


def tell(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
