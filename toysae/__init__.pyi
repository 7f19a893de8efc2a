from .measures.assessment import assess as assess
from .measures.labels import label_latents as label_latents
from .optimum.search import best_dictionary as best_dictionary
from .saes.starts import start as start
from .saes.training import train as train
from .worlds.catalogue import antipodal_plane as antipodal_plane
from .worlds.catalogue import benchmark as benchmark
from .worlds.catalogue import bundles as bundles
from .worlds.catalogue import correlated as correlated
from .worlds.catalogue import groups as groups
from .worlds.catalogue import hierarchy as hierarchy
from .worlds.catalogue import independent as independent
from .worlds.catalogue import independent_groups as independent_groups
from .worlds.catalogue import k_of_n as k_of_n
from .worlds.catalogue import mutually_exclusive as mutually_exclusive
from .worlds.catalogue import one_with_others as one_with_others
from .worlds.catalogue import pair as pair
from .worlds.catalogue import product as product
from .worlds.catalogue import solo_leak as solo_leak
from .worlds.catalogue import superposed as superposed
from .worlds.catalogue import superposition as superposition
from .worlds.catalogue import tree as tree
from .worlds.catalogue import two_features as two_features
from .worlds.catalogue import two_of_three as two_of_three
from .worlds.catalogue import zipf as zipf
from .worlds.world import World as World

__version__: str
FLOORS: tuple[tuple[str, ...], ...]
