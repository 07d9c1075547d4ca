# SPDX-License-Identifier: BSD-2-Clause
"""Functions by the name that patterns are on, and which of them are told."""

functions = {}


def add(module, file, source, *names):
    where = make(module, file, source)
    if module is None:
        del where["__name__"]
    for name in names:
        function = eval(name, where)
        qualname = function.__code__.co_qualname
        functions[f"{module}.{qualname}" if module else qualname] = function


add("shop", "/x/shop/__init__.py", "def main(): pass", "main")
add(
    "shop.orders",
    "/x/shop/orders.py",
    """
def total(): pass
class Order:
    def __init__(self): pass
    def total(self): pass
def outer():
    def inner(): pass
    return inner
""",
    "total",
    "Order.__init__",
    "Order.total",
    "outer()",
)
add("shops", "/y/shops.py", "def main(): pass", "main")
add(None, "/y/no name, a comma.py", "def lone(): pass", "lone")
add("ü.é", "/y/ü.py", "def ö(): pass", "ö")
add("m" * 500, "/y/" + "f" * 500, "def long(): pass", "long")
add("odd\udc80", "/y/odd\udcff", "def odd(): pass", "odd")


def is_told(function):
    core.clear()
    function(*[None] * function.__code__.co_argcount)
    file = function.__code__.co_filename.encode("utf-8", "backslashreplace")
    seen = {r[6] for r in core.records(file.decode())}
    assert seen <= {function.__code__.co_qualname}, seen
    return bool(seen)


def seen():
    return {n for n, function in functions.items() if is_told(function)}
