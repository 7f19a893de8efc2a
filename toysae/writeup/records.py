"""What an executed notebook recorded: its claims and its named figures."""

from base64 import b64decode

from nbformat import NotebookNode

from toysae.claims.prose import TRAINED_MIME
from toysae.claims.record import CLAIM_MIME, Published, Record
from toysae.writeup.budgets import sentences


def outputs_of(notebook: NotebookNode) -> list[NotebookNode]:
    """Everything that the code cells displayed, in order."""
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    return [output for cell in cells for output in cell.outputs if "data" in output]


def answer_of(name: str, notebook: NotebookNode) -> str | None:
    """What a notebook finds: the first sentence of its answer if it marks one, else its first claim; else None."""
    outputs = outputs_of(notebook)
    marked = [o.data["text/markdown"] for o in outputs if o.metadata.get("toysae", {}).get("role") == "answer"]
    stated = [claim.statement for claim in recorded(name, outputs, Published())]
    return next(iter([*(sentences(text.strip("*"))[0] for text in marked), *stated]), None)


def claims_of(name: str, notebook: NotebookNode, published: Published) -> list[Record]:
    """The claims of one notebook, compared with the published ones. Raises ValueError if an id is used twice."""
    found = recorded(name, outputs_of(notebook), published)
    ids = [claim.id for claim in found]
    for id in ids:
        if ids.count(id) > 1:
            raise ValueError(f"{name}: the claim id {id!r} is used {ids.count(id)} times; each claim needs its own")
    return found


def recorded(name: str, outputs: list[NotebookNode], published: Published) -> list[Record]:
    """The claims among some outputs of a notebook, in their order."""
    stated = [output.data[CLAIM_MIME] for output in outputs if CLAIM_MIME in output.get("data", {})]
    return [Record.from_cell(name, record, published) for record in stated]


def trained_in(notebook: NotebookNode) -> int:
    """How many SAEs the notebook says it trained; 0 where it does not say."""
    said = [output.data[TRAINED_MIME] for output in outputs_of(notebook) if TRAINED_MIME in output.data]
    return sum(record["n_saes"] for record in said)


def figures_of(notebook: NotebookNode) -> dict[str, bytes]:
    """The PNG of every named figure, by name."""
    named = [output for output in outputs_of(notebook) if output.metadata.get("toysae", {}).get("name")]
    return {output.metadata["toysae"]["name"]: b64decode(output.data["image/png"]) for output in named}
