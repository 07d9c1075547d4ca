# SPDX-License-Identifier: BSD-2-Clause
"""Every method that an object can be asked by, each of which notes that it was."""

NAMES = """
abs add aenter aexit aiter and anext annotate await bool buffer bytes call
ceil class_getitem complex contains copy deepcopy delattr delete delitem
delslice dir divmod enter eq exit float floor floordiv format fspath ge get
getattr getattribute getinitargs getitem getnewargs getnewargs_ex getslice
getstate gt hash iadd iand ifloordiv ilshift imatmul imod imul index init
init_subclass instancecheck int invert ior ipow irshift isub iter itruediv
ixor le len length_hint lshift lt matmul missing mod mro_entries mul ne neg
new next or pos post_init pow radd rand rdivmod reduce reduce_ex
release_buffer replace repr reversed rfloordiv rlshift rmatmul rmod rmul ror
round rpow rrshift rshift rsub rtruediv rxor set setattr setitem setslice
setstate sizeof str sub subclasscheck subclasses subclasshook truediv trunc
xor""".split()
ATTRIBUTES = """annotations args bases basicsize cause class code context
defaults dict doc flags func globals kwdefaults module mro name notes objclass
origin self suppress_context text_signature traceback type_params
wrapped""".split()
OTHERS = "args errno filename func keywords msg name strerror value".split()
RESULTS = {"__hash__": 7, "__eq__": False, "__len__": 1, "__bool__": True}


def body(skip=()):
    names = {f"__{name}__": None for name in NAMES}
    made = {n: trap(n, RESULTS.get(n, "trapped")) for n in names}
    for n in [f"__{name}__" for name in ATTRIBUTES] + OTHERS:
        made[n] = property(trap(n))
    for n in ("bit_length", "isprintable", "encode", "keys", "items"):
        made[n] = trap(n)
    return {n: m for n, m in made.items() if n not in skip}


BASES = [
    object,
    int,
    float,
    complex,
    str,
    bytes,
    bytearray,
    list,
    tuple,
    dict,
    set,
    frozenset,
]
ERRORS = [
    Exception,
    KeyError,
    OSError,
    SyntaxError,
    StopIteration,
    ImportError,
    UnicodeError,
    GeneratorExit,
]


def instances():
    for base in BASES:
        o = base.__new__(type("H", (base,), body()))
        yield o, f"<H at {id(o):#x}>"
    # Classes whose own class lies about them.
    without = "new init getattribute dict mro bases flags basicsize".split()
    Meta = type("Meta", (type,), body([f"__{name}__" for name in without]))
    Getter = type("Getter", (type,), {"__getattribute__": trap("getter")})
    for meta in (Meta, Getter):
        K = type.__new__(meta, "K", (), {})
        yield K, "__main__.K"
        o = object.__new__(K)
        yield o, f"<__main__.K at {id(o):#x}>"


def errors(*arguments):
    for base in ERRORS:
        yield base.__new__(type("H", (base,), body()), *arguments)
