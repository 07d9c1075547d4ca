// SPDX-License-Identifier: BSD-2-Clause
/* Values of every kind as text: what is shown, where it ends, and whose code runs. */
#include <string.h>
#include <sys/mman.h>

#include "support.h"
#include "value/format.h"

typedef const char *format_fn(char *buffer, size_t size, PyObject *object);

static const struct {
	const char *name;
	format_fn *function;
} formats[] = {
	{"value", format_value},
	{"callable", format_callable},
	{"exception", format_exception},
	{"repr", format_repr},
};

static format_fn *format_of(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++)
		if (!strcmp(formats[i].name, name))
			return formats[i].function;
	ck_abort_msg("no format %s", name);
}

/* Returns: a buffer that a fault follows. */
static char *guarded(size_t size)
{
	static char *pages;

	if (!pages) {
		pages = mmap(NULL, 2 * FORMAT_MAX, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		ck_assert_ptr_ne(pages, MAP_FAILED);
		ck_assert_int_eq(mprotect(pages + FORMAT_MAX, FORMAT_MAX, PROT_NONE), 0);
	}
	memset(pages, 0xff, FORMAT_MAX);
	return pages + FORMAT_MAX - size;
}

/* format(name, object, size) */
static PyObject *format(PyObject *module, PyObject *arguments)
{
	const char *name;
	PyObject *object;
	Py_ssize_t size;
	const char *text;
	char *buffer;

	(void)module;
	if (!PyArg_ParseTuple(arguments, "sOn", &name, &object, &size))
		return NULL;
	buffer = guarded((size_t)size);
	text = format_of(name)(buffer, (size_t)size, object);
	/* The guard page ends what begins within the buffer. */
	ck_assert_uint_lt(strlen(text), (size_t)size);
	ck_assert_msg(!PyErr_Occurred(), "an exception is left set");
	/* Strict: half a character is an error. */
	return PyUnicode_FromString(text);
}

static PyObject *values(PyObject *module, PyObject *how)
{
	(void)module;
	set_options(0, (int)PyLong_AsLong(how), 256, -1);
	Py_RETURN_NONE;
}

static PyMethodDef methods[] = {
	{"format", format, METH_VARARGS, NULL},
	{"values", values, METH_O, NULL},
	{NULL, NULL, 0, NULL},
};

static void setup(void)
{
	python_start();
	ck_assert_int_eq(PyModule_AddFunctions(PyImport_AddModule("core"), methods), 0);
	py_exec("from random import Random\n"
		"random = Random(5)\n"
		"SAFE, REPR = 1, 2\n"
		"def value(o, size=256): return core.format('value', o, size)\n"
		"def callable_(o): return core.format('callable', o, 256)\n"
		"def exception(o): return core.format('exception', o, 256)\n"
		"def same(got, want): assert got == want, (got, want)\n"
		"def address(object, name=None):\n"
		"    t = type(object)\n"
		"    name = name or f'{t.__module__}.{t.__qualname__}'\n"
		"    return f'<{name} at {id(object):#x}>'\n"
		"ran = []\n"
		"def trap(name, result='trapped'):\n"
		"    def trapped(*arguments, **keywords):\n"
		"        ran.append(name)\n"
		"        return result\n"
		"    return trapped\n"
		"SCALARS = (None, True, False, 0, -1, 2**70, 1.5, float('inf'), -0.0,\n"
		"    b'', '', \"it's\", 'a\"b', 'ü€😀', '\\n\\0\\udc80', b'\\xff\\'')\n");
}

static void teardown(void)
{
	python_stop();
}

START_TEST(containers_like_repr)
{
	py_exec("def items(): return random.choices(SCALARS, k=random.randrange(9))\n"
		"def pairs(): return zip(items(), items())\n"
		"for make in (list, tuple, set, frozenset, lambda x: dict(pairs())):\n"
		"    for i in range(2000):\n"
		"        container = make(items())\n"
		"        text = repr(container)\n"
		"        same(value(container, 4096), text)\n"
		"        if len(text.encode()) < 256: same(value(container), text)\n"
		"for o in ([], (), {}, set(), frozenset()): same(value(o), repr(o))\n"
		"same(value((1,)), '(1,)')\n");
}
END_TEST

START_TEST(the_first_items)
{
	py_exec("for n in (8, 9, 10, 1000, 100_000):\n"
		"    first = ', '.join(map(str, range(8)))\n"
		"    if n > 8: first += f', ... {n - 8} more'\n"
		"    same(value(list(range(n))), f'[{first}]')\n"
		"    same(value(tuple(range(n))), f'({first})')\n"
		"    same(value(set(range(n))), f'{{{first}}}')\n"
		"    same(value(frozenset(range(n))), f'frozenset({{{first}}})')\n"
		"    pairs = first.replace(',', ': 0,', 7)\n"
		"    if n == 8: pairs += ': 0'\n"
		"    else: pairs = pairs.replace(', ...', ': 0, ...')\n"
		"    same(value(dict.fromkeys(range(n), 0)), f'{{{pairs}}}')\n");
}
END_TEST

START_TEST(containers_within)
{
	py_exec("for o, want in (\n"
		"        ([[1], [], (1, 2), (), {1: 2}, {}, {3}, set()],\n"
		"         '[<list of 1>, [], <tuple of 2>, (), <dict of 1>, {}, '\n"
		"         '<set of 1>, set()]'),\n"
		"        (({},), '({},)'),\n"
		"        (({1: 1},), '(<dict of 1>,)'),\n"
		"        ({(1, 2): [3]}, '{<tuple of 2>: <list of 1>}'),\n"
		"        ({(): []}, '{(): []}'),\n"
		"        ({frozenset({1, 2})}, '{<frozenset of 2>}'),\n"
		"        (frozenset({frozenset()}), 'frozenset({frozenset()})'),\n"
		"        ([[[[]]]], '[<list of 1>]'),\n"
		"        ([[0] * 100_000], '[<list of 100000>]')):\n"
		"    same(value(o), want)\n"
		"a = []; a.append(a)\n"
		"same(value(a), '[<list of 1>]')\n"
		"d = {}; d['self'] = d\n"
		"same(value(d), \"{'self': <dict of 1>}\")\n"
		"t = ([],); t[0].append(t)\n"
		"same(value(t), '(<list of 1>,)')\n"
		"deep = []\n"
		"for i in range(100_000): deep = [deep]\n"
		"same(value(deep), '[<list of 1>]')\n"
		"while deep: deep = deep.pop()\n");
}
END_TEST

/* One of them does not take all the room. */
START_TEST(long_items)
{
	py_exec("for o in ('x' * 100, b'x' * 100, 'ü' * 100, '\\n' * 100):\n"
		"    part = repr(o).encode()[:60].decode(errors='ignore') + '...'\n"
		"    same(value([o, 1]), f'[{part}, 1]')\n"
		"    same(value({o: o}), f'{{{part}: {part}}}')\n"
		"    same(value({o}), f'{{{part}}}')\n"
		"same(value([10**63, 1 << 5000]),\n"
		"     '[' + '1' + '0' * 59 + '..., <int of 5001 bits>]')\n"
		"for o in ('x' * 61, b'x' * 60, 10**62): same(value([o]), repr([o]))\n");
}
END_TEST

START_TEST(other_items)
{
	py_exec("import functools\n"
		"class C:\n"
		"    def m(self): pass\n"
		"c = C()\n"
		"same(value([C, c.m, len, c]),\n"
		"    f'[__main__.C, __main__.C.m, builtins.len, {address(c)}]')\n"
		"same(value({C: len}), '{__main__.C: builtins.len}')\n"
		"same(value((functools.partial(len),)),\n"
		"    '(functools.partial(builtins.len),)')\n");
}
END_TEST

/* What a class makes of a container is its own affair. */
START_TEST(only_the_very_containers)
{
	py_exec("import array, collections, enum, types\n"
		"from dataclasses import dataclass\n"
		"Pair = collections.namedtuple('Pair', 'a b')\n"
		"@dataclass\n"
		"class Data: x: int = 1\n"
		"class Color(enum.Enum): RED = 1\n"
		"class Flag(enum.IntFlag): A = 1\n"
		"class Text(enum.StrEnum): B = 'b'\n"
		"bases = list, tuple, dict, set, frozenset\n"
		"objects = [type('T', (base,), {})() for base in bases]\n"
		"objects += [collections.OrderedDict(a=1), collections.Counter('a'),\n"
		"    collections.defaultdict(list), collections.deque([1]), Pair(1, 2),\n"
		"    bytearray(b'x'), memoryview(b'x'), array.array('i'), range(3),\n"
		"    {}.keys(), iter([]), types.MappingProxyType({}), slice(1), 1j,\n"
		"    ..., types.SimpleNamespace(), Data(), Color.RED, Flag.A, Text.B]\n"
		"for o in objects:\n"
		"    if isinstance(o, enum.Enum): type(o).__repr__ = trap('repr')\n"
		"    name = f'{type(o).__module__}.{type(o).__qualname__}'\n"
		"    same(value(o), address(o, name))\n"
		"    same(value([o])[:40], f'[{address(o, name)}]'[:40])\n"
		"same(ran, [])\n");
}
END_TEST

START_TEST(partials)
{
	py_exec("import functools, types\n"
		"partial = functools.partial\n"
		"class C:\n"
		"    def m(self): pass\n"
		"    def __call__(self): pass\n"
		"c = C()\n"
		"def nested(inner):\n"
		"    outer = partial(int)\n"
		"    outer.__setstate__((inner, (), {}, {}))\n"
		"    return outer\n"
		"class Sub(partial): pass\n"
		"for o, want in (\n"
		"        (partial(C), '__main__.C'),\n"
		"        (partial(c.m, 1, x=2), '__main__.C.m'),\n"
		"        (partial(len, []), 'builtins.len'),\n"
		"        (partial(str.upper), 'builtins.str.upper'),\n"
		"        (partial(c), address(c)),\n"
		"        (partial(partial(len)), 'builtins.len'),\n"
		"        (nested(partial(len)), '...'),\n"
		"        (nested(Sub(len)), '<__main__.Sub at '),\n"
		"        (partial(types.MethodType(partial(len), 1)), '...')):\n"
		"    for function in (value, callable_):\n"
		"        text = function(o)\n"
		"        assert text.startswith(f'functools.partial({want}'), text\n"
		"        assert text.endswith(')'), text\n"
		"same(value(types.MethodType(partial(len), 1)),\n"
		"    'functools.partial(builtins.len)')\n"
		"own = partial(int)\n"
		"own.__setstate__((own, (), {}, {}))\n"
		"same(value(own), 'functools.partial(...)')\n"
		"own.__setstate__((int, (), {}, {}))\n"
		"for o in (Sub(len), functools.partialmethod(len)):\n"
		"    same(value(o), address(o))\n");
}
END_TEST

/* What only looks like one may do anything when it is asked. */
START_TEST(no_partials)
{
	py_exec("import functools, _functools\n"
		"def fake(base): return type('partial', (base,), {\n"
		"    '__module__': 'functools', 'func': property(trap('func')),\n"
		"    '__getattribute__': trap('getattribute')})\n"
		"real = functools.partial\n"
		"for base in (object, real):\n"
		"    kind = fake(base)\n"
		"    o = kind() if base is object else kind(len)\n"
		"    same(value(o), address(o, 'functools.partial'))\n"
		"    _functools.partial = type(o)\n"
		"    same(value(o), address(o, 'functools.partial'))\n"
		"    _functools.partial = real\n"
		"module = type(sys)('_functools')\n"
		"module.partial = type(o)\n"
		"sys.modules['_functools'] = module\n"
		"same(value(o), address(o, 'functools.partial'))\n"
		"for gone in (None, 7):\n"
		"    sys.modules['_functools'] = gone\n"
		"    assert value(real(len)).startswith('<functools.partial at 0x')\n"
		"same(ran, [])\n");
}
END_TEST

/* One in the other, without an end: the stack has one. */
START_TEST(partials_and_methods_of_each_other)
{
	py_exec("import functools, types\n"
		"o = len\n"
		"for i in range(100_000):\n"
		"    o = functools.partial(types.MethodType(o, i))\n"
		"same(value(o), 'functools.partial(...)')\n"
		"same(callable_(o.func), 'functools.partial(...)')\n"
		/* Taking it apart recursively is CPython's trouble, not ours. */
		"while o is not len: o = o.func.__func__\n");
}
END_TEST

START_TEST(no_references_are_kept)
{
	py_exec("import functools, types\n"
		"class Key: pass\n"
		"def function(): pass\n"
		"items = [Key, Key(), 10**40, 'x' * 99, b'x' * 99, 1.5, function,\n"
		"    (1, 2), [1]]\n"
		"made = [items, tuple(items), set(items[:7]), frozenset(items[:7]),\n"
		"    dict(zip(items[:7], items)), functools.partial(function, items),\n"
		"    [items], types.MethodType(function, items), items * 5,\n"
		"    functools.partial(types.MethodType(function, 1))]\n"
		"error = KeyError(*items)\n"
		"def counts():\n"
		"    return [sys.getrefcount(o) for o in (*items, *made, error.args)]\n"
		"def run():\n"
		"    for i in range(100):\n"
		"        for o in made:\n"
		"            for kind in ('value', 'callable', 'repr'):\n"
		"                core.format(kind, o, 256)\n"
		"        exception(error)\n"
		"run(); counts()\n"
		"before = counts()\n"
		"run()\n"
		"same(counts(), before)\n");
}
END_TEST

/* Whatever the size, the text is within, whole characters, and says that it was cut. */
START_TEST(every_size)
{
	py_exec("import functools, types\n"
		"class Ü:\n"
		"    def method(self): pass\n"
		"    def __repr__(self): return 'ü€😀' * 200\n"
		"def long(): pass\n"
		"long.__code__ = long.__code__.replace(co_qualname='€😀' * 300)\n"
		"texts = ['ü' * 400, '€' * 400, '😀' * 400, 'x' * 400, '\\n' * 200,\n"
		"    \"'\" * 400, 'a\\udc80' * 200]\n"
		"objects = [*(o for o in SCALARS if o != 2**70), *texts, b'x' * 400,\n"
		"    b'\\xff' * 300, Ü(), Ü, Ü().method, long,\n"
		"    types.MethodType(long, 1),\n"
		"    functools.partial(long), functools.partial(Ü), texts,\n"
		"    tuple(texts), set(texts), frozenset(texts),\n"
		"    dict(zip(texts, texts)),\n"
		"    [[0] * 9] * 9, ['ü'] * 20, {'€': '😀'}, list(range(100))]\n"
		"def check(kind, o):\n"
		"    full = core.format(kind, o, 4096)\n"
		"    for size in range(16, 301):\n"
		"        text = core.format(kind, o, size)\n"
		"        length = len(text.encode())\n"
		"        assert length < size, (kind, o, size, text)\n"
		"        if len(full.encode()) < size: same(text, full)\n"
		"        else:\n"
		"            assert text.endswith('...'), (kind, size, text)\n"
		"            assert full.startswith(text[:-3]), (kind, size, text)\n"
		/* No more is taken away than must be. */
		"            assert length > size - 8, (kind, size, text)\n"
		"for o in objects:\n"
		"    check('value', o); check('callable', o); check('repr', o)\n"
		"for kind in (ValueError, KeyError, type('Ü' * 100, (Exception,), {})):\n"
		"    check('exception', kind())\n"
		"    for o in objects: check('exception', kind(o))\n"
		"    for o in texts: check('exception', kind(o, 1))\n"
		"for text in texts: check('exception', OSError(2, text))\n");
}
END_TEST

START_TEST(huge_ones)
{
	py_exec("MANY = 10_000_000\n"
		"for o in ('x', '😀', b'\\0', '\\udc80'):\n"
		"    o *= MANY\n"
		"    start = repr(o[:100])[:13]\n"
		"    for text, before in ((value(o), ''), (value([o]), '['),\n"
		"            (value({o: o}), '{'), (core.format('repr', o, 256), ''),\n"
		"            (exception(KeyError(o)), 'KeyError: '),\n"
		"            (exception(ValueError(o, o)), 'ValueError: (')):\n"
		"        assert text.startswith(before + start) and '...' in text, text\n"
		"text = 'ü' * MANY\n"
		"T = type(text, (), {'__module__': text, '__qualname__': text})\n"
		"def f(): pass\n"
		"f = type(f)(f.__code__.replace(co_qualname=text), {'__name__': text})\n"
		"cut = 'ü' * 126 + '...'\n"
		"for o in (T, f): same((value(o), callable_(o)), (cut, cut))\n"
		"same(value(T()), '<' + 'ü' * 125 + '...')\n"
		"same(value(1 << 8 * MANY), '<int of 80000001 bits>')\n"
		"E = type('E', (Exception,), {})\n"
		"same(exception(E(text)), 'E: ' + 'ü' * 124 + '...')\n"
		"same(exception(OSError(text)), 'OSError: ' + 'ü' * 121 + '...')\n"
		"text = exception(OSError(5, text))\n"
		"assert text.startswith('OSError: [Errno 5] ü'), text\n");
}
END_TEST

/* Names that a program has given itself. */
START_TEST(odd_names)
{
	py_exec("class S(str): __str__ = __repr__ = __len__ = encode = trap('str')\n"
		"def f(): pass\n"
		"def named(module, name):\n"
		"    return type(f)(f.__code__.replace(co_qualname=name),\n"
		"        {'__name__': module})\n"
		"modules = [('m\\udc80', 'm\\\\udc80.'), ('ü', 'ü.'), ('', ''),\n"
		"    (7, ''), (None, ''), (S('s'), 's.'), (['x'], '')]\n"
		"names = [('a\\udcff', 'a\\\\udcff'), ('é', 'é'), (S('n'), 'n')]\n"
		"for module, before in modules:\n"
		"    for name, after in names:\n"
		"        body = {'__module__': module, '__qualname__': name}\n"
		"        T = type('T', (), body)\n"
		"        E = type('E', (Exception,), body)\n"
		"        same(value(T), before + after)\n"
		"        o = T()\n"
		"        same(value(o), f'<{before}{after} at {id(o):#x}>')\n"
		"        same(exception(E('x')), before + after + ': x')\n"
		"        same(callable_(named(module, name)), before + after)\n"
		"same(ran, [])\n");
}
END_TEST

/* Every method that an object can be asked by, each of which tells that it was. */
static const char hostile[] =
	"NAMES = '''\n"
	"abs add aenter aexit aiter and anext annotate await bool buffer bytes call\n"
	"ceil class_getitem complex contains copy deepcopy delattr delete delitem\n"
	"delslice dir divmod enter eq exit float floor floordiv format fspath ge get\n"
	"getattr getattribute getinitargs getitem getnewargs getnewargs_ex getslice\n"
	"getstate gt hash iadd iand ifloordiv ilshift imatmul imod imul index init\n"
	"init_subclass instancecheck int invert ior ipow irshift isub iter itruediv\n"
	"ixor le len length_hint lshift lt matmul missing mod mro_entries mul ne neg\n"
	"new next or pos post_init pow radd rand rdivmod reduce reduce_ex\n"
	"release_buffer replace repr reversed rfloordiv rlshift rmatmul rmod rmul ror\n"
	"round rpow rrshift rshift rsub rtruediv rxor set setattr setitem setslice\n"
	"setstate sizeof str sub subclasscheck subclasses subclasshook truediv trunc\n"
	"xor'''.split()\n"
	"ATTRIBUTES = '''annotations args bases basicsize cause class code context\n"
	"defaults dict doc flags func globals kwdefaults module mro name notes objclass\n"
	"origin self suppress_context text_signature traceback type_params\n"
	"wrapped'''.split()\n"
	"OTHERS = 'args errno filename func keywords msg name strerror value'.split()\n"
	"RESULTS = {'__hash__': 7, '__eq__': False, '__len__': 1, '__bool__': True}\n"
	"def body(skip=()):\n"
	"    names = {f'__{name}__': None for name in NAMES}\n"
	"    made = {n: trap(n, RESULTS.get(n, 'trapped')) for n in names}\n"
	"    for n in [f'__{name}__' for name in ATTRIBUTES] + OTHERS:\n"
	"        made[n] = property(trap(n))\n"
	"    for n in ('bit_length', 'isprintable', 'encode', 'keys', 'items'):\n"
	"        made[n] = trap(n)\n"
	"    return {n: m for n, m in made.items() if n not in skip}\n"
	"BASES = [object, int, float, complex, str, bytes, bytearray, list, tuple,\n"
	"    dict, set, frozenset]\n"
	"ERRORS = [Exception, KeyError, OSError, SyntaxError, StopIteration,\n"
	"    ImportError, UnicodeError, GeneratorExit]\n"
	"def instances():\n"
	"    for base in BASES:\n"
	"        o = base.__new__(type('H', (base,), body()))\n"
	"        yield o, f'<H at {id(o):#x}>'\n"
	/* Classes whose own class lies about them. */
	"    Meta = type('Meta', (type,), body(('__new__', '__init__',\n"
	"        '__getattribute__', '__dict__', '__mro__', '__bases__', '__flags__',\n"
	"        '__basicsize__')))\n"
	"    Getter = type('Getter', (type,), {'__getattribute__': trap('getter')})\n"
	"    for meta in (Meta, Getter):\n"
	"        K = type.__new__(meta, 'K', (), {})\n"
	"        yield K, '__main__.K'\n"
	"        o = object.__new__(K)\n"
	"        yield o, f'<__main__.K at {id(o):#x}>'\n"
	"def errors(*arguments):\n"
	"    for base in ERRORS:\n"
	"        yield base.__new__(type('H', (base,), body()), *arguments)\n";

/* As untraced, where a program asks its own objects. */
START_TEST(nothing_of_the_program_is_run)
{
	py_exec(hostile);
	py_exec("made = list(instances())\n"
		"objects = [o for o, want in made]\n"
		"failures = list(errors())\n"
		"for o in objects:\n"
		"    failures += [*errors(o), *errors('text', o), *errors(2, o)]\n"
		"def returns(o): return o\n"
		"def yields(o): yield o\n"
		"def calls(o):\n"
		"    try: o(1)\n"
		"    except Exception: pass\n"
		"def raises(e):\n"
		"    try: raise e\n"
		"    finally: e = None\n"
		"def catches(e):\n"
		"    try: raises(e)\n"
		"    except BaseException: pass\n"
		"def throws(e):\n"
		"    g = yields(None)\n"
		"    next(g)\n"
		"    try: g.throw(e)\n"
		"    except BaseException: pass\n"
		"def program():\n"
		"    ran.clear()\n"
		"    for o in objects:\n"
		"        for v in (o, [o], (o, o), {1: o}, [[o]], {o: o}, {o},\n"
		"            frozenset({o})):\n"
		"            returns(v)\n"
		"            for _ in yields(v): pass\n"
		"        calls(o)\n"
		"    for e in failures:\n"
		"        catches(e)\n"
		"        throws(e)\n"
		"    return list(ran)\n"
		"untraced = program()\n"
		"same(set(untraced), {'__hash__', '__call__'})\n"
		"core.watch(core.ALL)\n"
		"same(core.enable(core.ALL), 0)\n"
		"core.clear()\n"
		"traced = program()\n"
		"same(core.disable(), 0)\n"
		"same(traced, untraced)\n");
	py_exec("told = core.records('test.py')\n"
		"def texts(*head): return [r[5] for r in told if r[:2] == head]\n"
		"wanted = [want for o, want in made]\n"
		"same(texts('PY_RETURN', 'returns')[::8], wanted)\n"
		"same(texts('PY_YIELD', 'yields')[:len(wanted) * 8:8], wanted)\n"
		"same(texts('PY_RETURN', 'returns')[1::8],\n"
		"    [f'[{want}]' for want in wanted])\n"
		"called = texts('CALL', 'calls')\n"
		"same([t for t in called if t in wanted], wanted)\n"
		"for event, name in (('RAISE', 'raises'), ('PY_UNWIND', 'raises'),\n"
		"        ('EXCEPTION_HANDLED', 'catches'), ('PY_THROW', 'yields')):\n"
		"    found = [t for t in texts(event, name) if t[:2] in ('H', 'H:')]\n"
		"    same((event, len(found)), (event, len(failures)))\n"
		"    same(set(found), {'H', \"H: ('text', ...)\", 'H: (2, ...)'})\n");
}
END_TEST

/* Where it is asked for it may run: results and yielded values by their own __repr__. */
static const char by_repr[] =
	"import signal\n"
	"core.values(REPR)\n"
	"core.watch(core.ALL)\n"
	"def returns(o): return o\n"
	"def shown(o):\n"
	"    same(core.enable(core.ALL), 0)\n"
	"    core.clear()\n"
	"    returns(o)\n"
	"    told = core.records('test.py')\n"
	"    same(core.disable(), 0)\n"
	"    return [r[5] for r in told if r[:2] == ('PY_RETURN', 'returns')]\n"
	"class C:\n"
	"    def __init__(self, answer): self.answer = answer\n"
	"    def __repr__(self):\n"
	"        ran.append(self)\n"
	"        return self.answer()\n"
	"def raises(exception):\n"
	"    def answer(): raise exception\n"
	"    return answer\n"
	"class Text(str):\n"
	"    __str__ = __repr__ = __len__ = encode = trap('str')\n";

START_TEST(shown_by_repr)
{
	py_exec(by_repr);
	py_exec("for o in (*SCALARS, [1, [2, {3: 4}]], {1, 2}, list(range(50)), len,\n"
		"    sys):\n"
		"    same(shown(o), [repr(o)])\n"
		"for text in ('', 'plain', 'ü€😀', 'a\\nb', 'x' * 255):\n"
		"    same(shown(C(lambda: text)), [text])\n"
		"same(shown(C(lambda: 'a\\udc80')), ['a\\\\udc80'])\n"
		"same(shown(C(lambda: 'x' * 256)), ['x' * 252 + '...'])\n"
		"same(shown(C(lambda: 'ü' * 10_000_000)), ['ü' * 126 + '...'])\n"
		"same(shown(C(lambda: Text('mine'))), ['mine'])\n"
		"same(shown([C(lambda: 'inner')]), ['[inner]'])\n"
		"assert 'str' not in ran\n");
	/* Nothing else is: callables and exceptions are as ever. */
	py_exec("class E(Exception):\n"
		"    __repr__ = __str__ = trap('exception')\n"
		"class Callable(C):\n"
		"    def __call__(self): raise E(self)\n"
		"def generate(o): yield o\n"
		"c = Callable(lambda: 'shown')\n"
		"ran.clear()\n"
		"core.enable(core.ALL)\n"
		"core.clear()\n"
		"try: c()\n"
		"except E: pass\n"
		"same(ran, [])\n"
		/* To its end: where one is left before, some versions raise a
		 * GeneratorExit in it, which its own code handles. */
		"for _ in generate(c): pass\n"
		"same(ran, [c])\n"
		"told = core.records('test.py')\n"
		"same([r[5] for r in told if r[:2] == ('PY_YIELD', 'generate')],\n"
		"    ['shown'])\n"
		"same({r[5] for r in told if r[0] == 'EXCEPTION_HANDLED'}, {'E'})\n"
		"calls = [r[5] for r in told if r[0] == 'CALL' and r[9] == id(c)]\n"
		"same(calls, [address(c)])\n");
}
END_TEST

/* Nothing of it gets into the program, which goes on. */
START_TEST(repr_that_fails)
{
	py_exec(by_repr);
	py_exec("def forever(): return repr(o)\n"
		"def recursion():\n"
		"    recursion()\n"
		"answers = [raises(e) for e in (ValueError('no'), SystemExit(3),\n"
		"    MemoryError(),\n"
		"    GeneratorExit(), StopIteration())]\n"
		"answers += [lambda: 7, lambda: None, lambda: b'bytes',\n"
		"    lambda: C.missing,\n"
		"    sys.exit, forever, recursion]\n"
		"for answer in answers:\n"
		"    o = C(answer)\n"
		"    ran.clear()\n"
		"    same(shown(o), [address(o)])\n"
		"    assert ran and ran[0] is o\n"
		"    same(sys.exc_info(), (None, None, None))\n"
		"class Base(BaseException): pass\n"
		"o = C(raises(Base()))\n"
		"same(shown([o, 1]), [f'[{address(o)}, 1]'])\n"
		"same(returns(5), 5)\n");
}
END_TEST

START_TEST(repr_that_does_things)
{
	py_exec(by_repr);
	py_exec("import io\n"
		"def prints():\n"
		"    print('printed', file=out)\n"
		"    return 'text'\n"
		"out = io.StringIO()\n"
		"same(shown(C(prints)), ['text'])\n"
		"same(out.getvalue(), 'printed\\n')\n"
		"box = []\n"
		"def empties():\n"
		"    box.clear()\n"
		"    return 'gone'\n"
		"box.append(C(empties))\n"
		"same(shown(box[0]), ['gone'])\n"
		"same(box, [])\n"
		"box += [C(empties), C(empties)]\n"
		"same(shown(box), ['[gone]'])\n"
		"def ends():\n"
		"    core.values(SAFE)\n"
		"    return 'last'\n"
		"o = C(ends)\n"
		"same(shown(o), ['last'])\n"
		"same(shown(o), [address(o)])\n");
}
END_TEST

/* The names of the code that runs are gone then. */
static const char *const disarming[] = {
	"core.disable()",
	"core.disable(); core.values(SAFE)",
	"core.values(SAFE); core.disable()",
	"core.disable(); core.values(0)",
};

START_TEST(repr_that_disarms)
{
	py_exec(by_repr);
	py_exec("def returns_disarmed(o): return o\n"
		"def disarm():\n"
		"    exec(what)\n"
		"    core.clear()\n"
		"    return 'text'\n");
	ck_assert_int_eq(PyModule_AddStringConstant(PyImport_AddModule("__main__"),
						    "what", disarming[_i]),
			 0);
	py_exec("core.enable(core.ALL)\n"
		"returns_disarmed(C(disarm))\n"
		"same(core.enabled(), 0)\n"
		"same(core.records('test.py'), [])\n"
		/* By another thread, which the __repr__ waits for. */
		"import threading\n"
		"inside, done = threading.Event(), threading.Event()\n"
		"def wait():\n"
		"    inside.set()\n"
		"    done.wait()\n"
		"    return 'text'\n"
		"def other():\n"
		"    inside.wait()\n"
		"    disarm()\n"
		"    done.set()\n"
		"core.values(REPR)\n"
		"thread = threading.Thread(target=other)\n"
		"thread.start()\n"
		"core.enable(core.ALL)\n"
		"returns_disarmed(C(wait))\n"
		"thread.join()\n"
		"same(core.enabled(), 0)\n"
		"same(core.records('test.py'), [])\n");
}
END_TEST

/* Armed again in between: the code is not known any more, and so is not told. */
START_TEST(repr_that_arms_again)
{
	py_exec(by_repr);
	py_exec("def again():\n"
		"    core.disable()\n"
		"    core.enable(core.ALL)\n"
		"    returns(1)\n"
		"    core.clear()\n"
		"    return 'text'\n"
		"for i in range(100): same(shown(C(again)), [])\n");
}
END_TEST

/* Ctrl-C is the program's, wherever it strikes. */
START_TEST(interrupted_repr)
{
	py_exec(by_repr);
	py_exec("signal.signal(signal.SIGINT, signal.default_int_handler)\n"
		"o = C(raises(KeyboardInterrupt()))\n"
		"def interrupted():\n"
		"    try:\n"
		"        returns(o)\n"
		"        for i in range(1_000_000): pass\n"
		"    except KeyboardInterrupt: return True\n"
		"    return False\n"
		"core.enable(core.PY_RETURN)\n"
		"core.clear()\n"
		"same(interrupted(), True)\n"
		"same([r[5] for r in core.records('test.py') if r[1] == 'returns'],\n"
		"    [address(o)])\n"
		"ran.clear()\n"
		"o.answer = lambda: 'text'\n"
		"same(interrupted(), False)\n"
		/* A handler of the program's own, or none. */
		"caught = []\n"
		"signal.signal(signal.SIGINT, lambda *a: caught.append(1))\n"
		"o.answer = raises(KeyboardInterrupt())\n"
		"same(interrupted(), False)\n"
		"same(caught, [1])\n"
		"for handler in (signal.SIG_IGN, signal.SIG_DFL):\n"
		"    signal.signal(signal.SIGINT, handler)\n"
		"    same(interrupted(), False)\n");
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("values");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, containers_like_repr);
	tcase_add_test(tcase, the_first_items);
	tcase_add_test(tcase, containers_within);
	tcase_add_test(tcase, long_items);
	tcase_add_test(tcase, other_items);
	tcase_add_test(tcase, only_the_very_containers);
	tcase_add_test(tcase, partials);
	tcase_add_test(tcase, no_partials);
	tcase_add_test(tcase, partials_and_methods_of_each_other);
	tcase_add_test(tcase, no_references_are_kept);
	tcase_add_test(tcase, every_size);
	tcase_add_test(tcase, huge_ones);
	tcase_add_test(tcase, odd_names);
	tcase_add_test(tcase, nothing_of_the_program_is_run);
	tcase_add_test(tcase, shown_by_repr);
	tcase_add_test(tcase, repr_that_fails);
	tcase_add_test(tcase, repr_that_does_things);
	tcase_add_loop_test(tcase, repr_that_disarms, 0, ARRAY_SIZE(disarming));
	tcase_add_test(tcase, repr_that_arms_again);
	tcase_add_test(tcase, interrupted_repr);
	return support_main("values", tcase);
}
