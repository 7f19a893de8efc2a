"""What the package does where only its core is installed. "make test-install" runs this there, as a script.

The example of the front door runs, from an installed copy, and nothing that only extras ask for has come along.
"""

import doctest
import re
import sys
from importlib import metadata

import toysae


def names(requirements):
    return {re.match(r"[\w.-]+", requirement)[0] for requirement in requirements}


def only_in_extras():
    """The packages that an extra of ours names, and the core does not."""
    asked = metadata.requires("toysae")
    extras = [requirement for requirement in asked if "extra ==" in requirement]
    return names(extras) - names(set(asked) - set(extras))


def is_installed(name):
    try:
        return bool(metadata.version(name))
    except metadata.PackageNotFoundError:
        return False


def main():
    if "site-packages" not in toysae.__file__:
        return f"toysae comes from {toysae.__file__}, not from an installed copy"
    if came := sorted(filter(is_installed, only_in_extras())):
        return f"the core alone was asked for, and these came along: {', '.join(came)}"
    example = doctest.testmod(toysae)
    if example.failed or not example.attempted:
        return f"the example of the front door: {example.failed} of {example.attempted} lines failed"
    n_packages = len({entry.metadata["Name"] for entry in metadata.distributions()})
    print(f"The core alone ({n_packages} packages, none of an extra) runs the example of the front door.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
