# SPDX-License-Identifier: BSD-2-Clause
"""The files that a profile can be written as, known by how their names end."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from pyusdt.profiling.model import Profile

    Encode = Callable[[Profile, str], bytes]


def pstats() -> "Encode":
    from pyusdt.profiling.pstatsfile import encode

    return encode


def folded() -> "Encode":
    from pyusdt.profiling.stackfiles import encode_folded

    return encode_folded


def svg() -> "Encode":
    from pyusdt.profiling.stackfiles import encode_svg

    return encode_svg


def speedscope() -> "Encode":
    from pyusdt.profiling.stackfiles import encode_speedscope

    return encode_speedscope


def pprof() -> "Encode":
    from pyusdt.profiling.pprof import encode

    return encode


# What imports the format and what that needs, by the end of a name.
FORMATS = {
    ".pstats": pstats,
    ".folded": folded,
    ".svg": svg,
    ".json": speedscope,
    ".pb.gz": pprof,
}


def suffix_of(path: str) -> str:
    """Raises ValueError where there is no such format."""
    for suffix in FORMATS:
        if path.endswith(suffix):
            return suffix
    known = ", ".join(FORMATS)
    raise ValueError(f"{path}: the name has to end in one of {known}")
