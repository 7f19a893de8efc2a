"""Whom a claim comes from: a publication whose results are looked for here, a derivation of ours, or our own runs."""

from collections.abc import Sequence
from dataclasses import dataclass

REPORTED = ("reproduced", "partly", "differs")  # how a result compares with what others report
OURS = ("holds", "partly", "does not hold")  # what came of a formula or a result of our own


@dataclass(frozen=True)
class Reference:
    """Where a publication can be read."""

    authors: str
    year: int
    title: str
    link: str


@dataclass(frozen=True)
class Source:
    """What a claim's short name stands for.

    name        how the book calls it
    verdicts    the words that judge a claim of it
    setting     what was built there, in a line or two; publications only
    reports     what was found there, in our words; publications only
    references  where to read it; publications only
    """

    name: str
    verdicts: tuple[str, ...]
    setting: str = ""
    reports: str = ""
    references: tuple[Reference, ...] = ()

    @property
    def is_publication(self) -> bool:
        return bool(self.references)


def publication(name: str, setting: str, reports: str, *references: Reference) -> Source:
    """A source outside this project."""
    return Source(name, REPORTED, setting, reports, references)


_FORUM, _ARXIV = "https://www.lesswrong.com/posts/", "https://arxiv.org/abs/"

SOURCES = {
    "seed": publication(
        "the comment",
        "A comment under this post shows cosine heat maps of a small and of a larger toy with orthogonal features "
        "and the decoder bias off. It does not tell how many features there are, who fires with whom, or what "
        "activation costs: our settings are our choice.",
        "Not one feature is learned on its own: every row of the small map is a composite. The larger map is alike. "
        "The bias is off because a small model would use it for tricks.",
        Reference(
            "Demian Till", 2024, "Do sparse autoencoders find “true features”?",
            _FORUM + "QoR8noAB3Mp2KBA4B?commentId=mtPPrejkhYSudDh6m",
        ),
    ),
    "anders": publication(
        "Anders et al. (2024)",
        "Two sets of two features in a plane; the members of a set point in opposite directions, and one of each "
        "set fires, with correlated magnitudes. Four latents, a grid of learning rates and penalties. Demian Till "
        "and Ali Shehper comment on it.",
        "Composed features at every learning rate and penalty. Till adds that training does not even reach the "
        "optimum, Shehper that without correlation no basis of these data is privileged.",
        Reference(
            "Evan Anders, Clement Neo, Jason Hoelscher-Obermaier and Jessica N. Howard", 2024,
            "Sparse autoencoders find composed features in small toy models", _FORUM + "a5wwqza2cY3W7L9cj",
        ),
    ),
    "absorption": publication(
        "Chanin et al. (2024), on absorption",
        "Four orthonormal features and four latents. One feature fires only if another does; in the control all "
        "fire independently.",
        "The control finds the four features. In the hierarchy one latent stands for the parent without the child, "
        "another for both together. If magnitudes vary this is partial. Tied weights remove it.",
        Reference(
            "David Chanin and others", 2024,
            "Toy Models of Feature Absorption in SAEs", _FORUM + "kcg58WhRxFA9hv9vN",
        ),
        Reference(
            "David Chanin, James Wilken-Smith, Tomáš Dulka, Hardik Bhatnagar, Satvik Golechha and Joseph Bloom", 2024,
            "A is for Absorption: Studying Feature Splitting and Absorption in Sparse Autoencoders",
            _ARXIV + "2409.14507",
        ),
    ),
    "matryoshka": publication(
        "Nabeshima (2024) and Bussmann et al. (2025), Matryoshka SAEs",
        "Twenty features and as many latents: three parents, each with three children that exclude each other, and "
        "eight independent features. The loss is summed over nested prefixes of the latents.",
        "The latents of a plain SAE carry the parent with each child; a Matryoshka SAE mostly keeps them apart.",
        Reference(
            "Noa Nabeshima", 2024, "Matryoshka Sparse Autoencoders", "https://github.com/noanabeshima/matryoshka-saes"
        ),
        Reference(
            "Bart Bussmann, Noa Nabeshima, Adam Karvonen and Neel Nanda", 2025,
            "Learning Multi-Level Features with Matryoshka Sparse Autoencoders", _ARXIV + "2503.17547",
        ),
    ),
    "sparse-but-wrong": publication(
        "Chanin and Garriga-Alonso (2025), Sparse but Wrong",
        "Five orthogonal features, four of them correlated with the first. The SAE is told how many latents may "
        "fire: as many as features do, or fewer.",
        "With too few active latents, correlated features are mixed, with the sign of their correlation.",
        Reference(
            "David Chanin and Adrià Garriga-Alonso", 2025,
            "Sparse but Wrong: Incorrect L0 Leads to Incorrect Features in Sparse Autoencoders", _ARXIV + "2508.16560",
        ),
    ),
    "hedging": publication(
        "Chanin et al. (2025), on hedging",
        "A parent and a child that fires only with it; an SAE of one latent, too narrow for both, then one of two.",
        "The one latent bends towards the child. Two latents absorb.",
        Reference(
            "David Chanin, Tomáš Dulka and Adrià Garriga-Alonso", 2025,
            "Feature Hedging: Correlated Features Break Narrow Sparse Autoencoders", _ARXIV + "2505.11756",
        ),
    ),
    "synthsaebench": publication(
        "Chanin and Garriga-Alonso (2026), SynthSAEBench",
        "Many features in superposition, with Zipf rates, hierarchies and correlations of low rank.",
        "Good reconstruction is not recovery, and the number of active latents trades precision for recall.",
        Reference(
            "David Chanin and Adrià Garriga-Alonso", 2026,
            "SynthSAEBench: Evaluating Sparse Autoencoders on Scalable Realistic Synthetic Data", _ARXIV + "2602.14687",
        ),
    ),
    "sharkey": publication(
        "Sharkey et al. (2022)",
        "512 features in 256 dimensions, five of which fire on average, with rates that fall from one to the next. "
        "A grid of penalties and widths.",
        "The features are recovered in a band of penalties and widths.",
        Reference(
            "Lee Sharkey, Dan Braun and Beren Millidge", 2022,
            "Taking features out of superposition with sparse autoencoders", _FORUM + "z6QQJbtpkEAX3Aojj",
        ),
    ),
    "ortsae": publication(
        "Korznikov et al. (2025), OrtSAE",
        "A penalty on the cosine between decoder rows, as Demian Till had proposed. The paper tries it on language "
        "models.",
        "Composites become fewer, and so does absorption.",
        Reference(
            "Anton Korznikov, Andrey Galichin, Alexey Dontsov, Oleg Rogov, Elena Tutubalina and Ivan Oseledets", 2025,
            "OrtSAE: Orthogonal Sparse Autoencoders Uncover Atomic Features", _ARXIV + "2509.22033",
        ),
    ),
    "theory": Source("theory", OURS),
    "ours": Source("ours", OURS),
}  # fmt: skip


def check_verdicts(source: str, verdicts: Sequence[str | None]) -> None:
    """Raise ValueError, in one line, for the verdicts of a claim's cases if they do not suit its source.

    It must be in the table and allow each of them, or it is None: a case with nothing to judge. Two must differ.
    """
    if source not in SOURCES:
        raise ValueError(f"source={source!r}: must be one of {', '.join(SOURCES)}")
    allowed = SOURCES[source].verdicts
    for verdict in verdicts:
        if verdict not in (*allowed, None):
            raise ValueError(f"verdict {verdict!r}: must be one of {', '.join(allowed)} for source={source!r}, or None")
    if len(set(verdicts) - {None}) < 2:
        raise ValueError("all its cases have one verdict; a claim must be able to fail")


def best_verdict(source: str) -> str:
    """The word that says that it is so."""
    return SOURCES[source].verdicts[0]
