from .measures.assessment import assess as assess
from .measures.labels import label_latents as label_latents
from .optimum.search import best_dictionary as best_dictionary
from .saes.starts import start as start
from .saes.training import train as train
from .worlds.named_worlds import antipodal_plane as antipodal_plane
from .worlds.named_worlds import benchmark as benchmark
from .worlds.named_worlds import bundles as bundles
from .worlds.named_worlds import correlated as correlated
from .worlds.named_worlds import groups as groups
from .worlds.named_worlds import hierarchy as hierarchy
from .worlds.named_worlds import independent as independent
from .worlds.named_worlds import independent_groups as independent_groups
from .worlds.named_worlds import k_of_n as k_of_n
from .worlds.named_worlds import mutually_exclusive as mutually_exclusive
from .worlds.named_worlds import one_with_others as one_with_others
from .worlds.named_worlds import pair as pair
from .worlds.named_worlds import product as product
from .worlds.named_worlds import solo_leak as solo_leak
from .worlds.named_worlds import superposed as superposed
from .worlds.named_worlds import superposition as superposition
from .worlds.named_worlds import tree as tree
from .worlds.named_worlds import two_features as two_features
from .worlds.named_worlds import two_of_three as two_of_three
from .worlds.named_worlds import zipf as zipf
from .worlds.world import World as World

__version__: str
FLOORS: tuple[tuple[str, ...], ...]
