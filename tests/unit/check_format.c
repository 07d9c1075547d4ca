// SPDX-License-Identifier: BSD-2-Clause
/* Objects as text, and that no code of the program runs for it. */
#include <limits.h>

#include "support.h"
#include "value/format.h"

static void setup(void)
{
	python_start();
	py_exec("def value(object, size=256): return core.format_value(object, size)\n"
		"def callable_(object, size=256): return core.format_callable(object,\n"
		"    size)\n"
		"def exception(object, size=256):\n"
		"    return core.format_exception(object, size)\n"
		"def same(got, want): assert got == want, (got, want)\n");
}

static void teardown(void)
{
	python_stop();
}

START_TEST(singletons)
{
	py_exec("same(value(None), 'None')\n"
		"same(value(True), 'True')\n"
		"same(value(False), 'False')\n"
		"text = value(NotImplemented)\n"
		"assert text.startswith('<builtins.NotImplementedType at 0x'), text\n");
}
END_TEST

START_TEST(small_ints)
{
	py_exec("import struct\n"
		"bits = 8 * struct.calcsize('l') - 1\n"
		"for n in (0, 1, -1, 9, 10, -10, 2**30, -2**30, 2**bits - 1, -2**bits):\n"
		"    same(value(n), repr(n))\n");
}
END_TEST

START_TEST(big_ints)
{
	py_exec("for n in (2**63, -2**63 - 1, 2**64, 10**100, -10**100, 10**254,\n"
		"    10**4000):\n"
		"    same(value(n, 4096), repr(n))\n"
		"same(value(10**254), repr(10**254))\n"
		"same(value(10**255), repr(10**255)[:252] + '...')\n"
		"same(value(-10**254), repr(-10**254)[:252] + '...')\n");
}
END_TEST

START_TEST(huge_ints)
{
	py_exec("same(value(1 << 99999), '<int of 100000 bits>')\n"
		"same(value(-1 << 99999), '<int of 100000 bits>')\n"
		"same(value(1 << 10**8), '<int of 100000001 bits>')\n"
		"same(value(1 << 99999, 16), '<int of 1000...')\n"
		/* Within the buffer, but over CPython's own limit of 4300 digits. */
		"same(value(1 << 14999, 4096), '<int of 15000 bits>')\n");
}
END_TEST

START_TEST(ints_under_a_lowered_digit_limit)
{
	py_exec("sys.set_int_max_str_digits(640)\n"
		"n = 10**1000\n"
		"same(value(n, 4096), '<int of %d bits>' % n.bit_length())\n"
		"same(value(10**600, 4096), '1' + '0' * 600)\n"
		"sys.set_int_max_str_digits(0)\n"
		"same(value(n, 4096), repr(n))\n");
}
END_TEST

START_TEST(floats)
{
	py_exec("import math\n"
		"same(value(math.nan), 'nan')\n"
		"same(value(math.inf), 'inf')\n"
		"same(value(-math.inf), '-inf')\n"
		"same(value(-0.0), '-0.0')\n"
		"for f in (0.0, 1.0, 1e300, -1e300, 1e16, 1e15, 0.1, 1/3, math.pi,\n"
		"    5e-324,\n"
		"          1.7976931348623157e308, 1e-7, 123456789.123456789):\n"
		"    same(value(f), repr(f))\n");
}
END_TEST

START_TEST(strings)
{
	py_exec("for s in ('', 'a', \"it's\", '\"', '''both ' and \" ''', '\\\\',\n"
		"    '\\n\\t\\r\\0',\n"
		"          '\\x7f', '\\x80', '\\xa0', 'é€🐍', '\\u200b', '\\u2028',\n"
		"              '\\U000e0001',\n"
		"          '\\ud800', 'a\\udc80b', '\\udfff\\ud800', 'x' * 253):\n"
		"    same(value(s), repr(s))\n");
}
END_TEST

START_TEST(bytes_objects)
{
	py_exec("for b in (b'', b'a', b\"it's\", b'\"', b'''both ' and \" ''', b'\\\\',\n"
		"    b'\\0\\n\\xff',\n"
		"          bytes(range(60))):\n"
		"    same(value(b), repr(b))\n"
		"same(value(b'x' * 252), repr(b'x' * 252))\n"
		"same(value(b'x' * 253), repr(b'x' * 253)[:252] + '...')\n");
}
END_TEST

START_TEST(long_strings)
{
	py_exec("same(value('x' * 254), repr('x' * 254)[:252] + '...')\n"
		"same(value('x' * 10_000_000), \"'\" + 'x' * 251 + '...')\n"
		"same(value(b'x' * 10_000_000), \"b'\" + 'x' * 250 + '...')\n"
		"same(value('\\0' * 10_000_000, 16), \"'\" + '\\\\x00' * 2 +\n"
		"    '\\\\x0...')\n"
		"same(value('é' * 10_000_000, 16), \"'\" + 'é' * 5 + '...')\n"
		"same(value('🐍' * 10_000_000, 16), \"'\" + '🐍' * 2 + '...')\n");
}
END_TEST

/* Every size against every length: what does not fit is the longest that does. */
START_TEST(strings_are_cut_between_characters)
{
	py_exec("def cut(text, size):\n"
		"    data = text.encode()\n"
		"    if len(data) < size: return text\n"
		"    return data[:size - 4].decode(errors='ignore') + '...'\n"
		"for unit in ('x', 'é', '€', '🐍', 'xé€🐍'):\n"
		"    for length in range(40):\n"
		"        for lead in ('', 'a', 'ab', 'abc'):\n"
		"            s = lead + (unit * 40)[:length]\n"
		"            for size in range(16, 40):\n"
		"                same(value(s, size), cut(repr(s), size))\n");
}
END_TEST

START_TEST(like_repr_below_the_limit)
{
	py_exec("import random\n"
		"r = random.Random(1)\n"
		"def text():\n"
		"    while True:\n"
		"        yield ''.join(map(chr, r.choices(range(0x110000),\n"
		"            k=r.randrange(40))))\n"
		"        yield ''.join(map(chr, r.choices(range(0x250),\n"
		"            k=r.randrange(60))))\n"
		"t = text()\n"
		"table = [r.randrange(-2**n, 2**n) for n in range(1, 300) for i in\n"
		"    range(5)]\n"
		"table += [r.uniform(-1, 1) * 10.0**e for e in range(-300, 300)]\n"
		"table += [struct for n in range(1000) for struct in (next(t),)]\n"
		"table += [r.randbytes(n % 60) for n in range(1000)]\n"
		"for v in table:\n"
		"    want = repr(v)\n"
		"    length = len(want.encode(errors='backslashreplace'))\n"
		"    for size in (16, 64, 256, 4096):\n"
		"        got = value(v, size)\n"
		"        if length < size: same(got, want)\n"
		"        else: assert type(v) is int or got.endswith('...'), (got,\n"
		"            want)\n");
}
END_TEST

START_TEST(instances)
{
	py_exec("class Plain: pass\n"
		"class Outer:\n"
		"    class Inner: pass\n"
		"def local():\n"
		"    class Local: pass\n"
		"    return Local()\n"
		"import collections, functools\n"
		"for o, name in (\n"
		"        (Plain(), '__main__.Plain'),\n"
		"        (Outer.Inner(), '__main__.Outer.Inner'),\n"
		"        (local(), '__main__.local.<locals>.Local'),\n"
		"        (object(), 'builtins.object'),\n"
		"        (collections.OrderedDict(), 'collections.OrderedDict'),\n"
		"        (sys, 'builtins.module'),\n"
		"        (1j, 'builtins.complex'),\n"
		"        (bytearray(), 'builtins.bytearray'),\n"
		"        (Ellipsis, 'builtins.ellipsis'),\n"
		"        (local.__code__, 'builtins.code'),\n"
		"        (range(3), 'builtins.range'),\n"
		"        (ValueError('x'), 'builtins.ValueError'),\n"
		"):\n"
		"    want = '<%s at %#x>' % (name, id(o))\n"
		"    same(value(o), want)\n"
		"    same(callable_(o), want)\n");
}
END_TEST

START_TEST(callables)
{
	py_exec("import collections, functools, math\n"
		"class C:\n"
		"    def method(self): pass\n"
		"    @classmethod\n"
		"    def clsm(cls): pass\n"
		"    @staticmethod\n"
		"    def static(): pass\n"
		"    def __call__(self): pass\n"
		"def f(): \n"
		"    def nested(): pass\n"
		"    return nested\n"
		"lam = lambda: 0\n"
		"for o, name in (\n"
		"        (f, '__main__.f'),\n"
		"        (f(), '__main__.f.<locals>.nested'),\n"
		"        (lam, '__main__.<lambda>'),\n"
		"        (C, '__main__.C'),\n"
		"        (C.method, '__main__.C.method'),\n"
		"        (C().method, '__main__.C.method'),\n"
		"        (C.clsm, '__main__.C.clsm'),\n"
		"        (C.static, '__main__.C.static'),\n"
		"        (len, 'builtins.len'),\n"
		"        (math.sin, 'math.sin'),\n"
		"        (int, 'builtins.int'),\n"
		"        (type, 'builtins.type'),\n"
		"        (ValueError, 'builtins.ValueError'),\n"
		"        (collections.OrderedDict, 'collections.OrderedDict'),\n"
		"        (functools.partial, 'functools.partial'),\n"
		"        ([].append, 'builtins.list.append'),\n"
		"        ('x'.join, 'builtins.str.join'),\n"
		"        (dict.fromkeys, 'builtins.dict.fromkeys'),\n"
		"        (list.append, 'builtins.list.append'),\n"
		"        (int.__add__, 'builtins.int.__add__'),\n"
		"        (object.__init__, 'builtins.object.__init__'),\n"
		"        (dict.__dict__['fromkeys'], 'builtins.dict.fromkeys'),\n"
		"        (object.__new__, 'builtins.object.__new__'),\n"
		"        (functools.reduce, '_functools.reduce'),\n"
		"        (core.note, 'core.note'),\n"
		"):\n"
		"    same(callable_(o), name)\n"
		"    same(value(o), name)\n"
		"for o, name in (\n"
		"        (C(), '__main__.C'),\n"
		"        ((1).__add__, 'builtins.method-wrapper'),\n"
		"        (C.__dict__['static'], 'builtins.staticmethod'),\n"
		"):\n"
		"    same(callable_(o), '<%s at %#x>' % (name, id(o)))\n");
}
END_TEST

/* format_callable() is given whatever is called: never shown as a value. */
START_TEST(what_is_called_is_no_value)
{
	py_exec("for o in (None, True, 7, 1.5, 'text', b'bytes'):\n"
		"    t = type(o)\n"
		"    same(callable_(o), '<builtins.%s at %#x>' % (t.__qualname__,\n"
		"        id(o)))\n");
}
END_TEST

START_TEST(methods_of_anything)
{
	py_exec("import types\n"
		"class C:\n"
		"    def __call__(self, x): pass\n"
		"inner = C()\n"
		"same(callable_(types.MethodType(inner, 1)), '<__main__.C at %#x>' %\n"
		"    id(inner))\n"
		"same(callable_(types.MethodType(len, [])), 'builtins.len')\n"
		"same(callable_(types.MethodType(C, 1)), '__main__.C')\n"
		"m = len\n"
		"for i in range(100_000): m = types.MethodType(m, i)\n"
		"text = callable_(m)\n"
		"assert text.startswith('<builtins.method at 0x'), text\n"
		/* Taking it apart recursively is CPython's trouble, not ours. */
		"while type(m) is types.MethodType: m = m.__func__\n");
}
END_TEST

/* Whatever these say of themselves must neither be asked nor shown. */
static const char hostile[] =
	"import gc\n"
	"ran = []\n"
	"def trap(name):\n"
	"    def trapped(*args, **keywords):\n"
	"        ran.append(name)\n"
	"        return 'trapped'\n"
	"    return trapped\n"
	"specials = ('__repr__', '__str__', '__format__', '__bytes__', '__hash__',\n"
	"    '__eq__',\n"
	"            '__bool__', '__len__', '__iter__', '__int__', '__index__',\n"
	"                '__float__',\n"
	"            '__getattr__', '__getattribute__', '__dir__', '__bit_length__',\n"
	"                'bit_length')\n"
	"names = ('__class__', '__module__', '__qualname__', '__name__', '__self__',\n"
	"    '__func__',\n"
	"         '__objclass__', '__doc__', '__dict__')\n"
	"def body(skip=()):\n"
	"    d = {n: trap(n) for n in specials if n not in skip}\n"
	"    d |= {n: property(trap(n)) for n in names if n not in skip}\n"
	"    return d\n"
	/* Not by assignment: that is what type itself intercepts. */
	"def put(cls, name, value): gc.get_referents(cls.__dict__)[0][name] = value\n"
	"def make(name, *bases, meta=type, **extra):\n"
	"    return meta(name, bases, {'__qualname__': name} | extra)\n";

START_TEST(hostile_objects)
{
	py_exec(hostile);
	py_exec("objects = []\n"
		"for base in (object, int, str, bytes, float, list, dict, tuple,\n"
		"    Exception, set):\n"
		"    T = make('T', base, **body(skip=('__qualname__', '__hash__')))\n"
		"    objects.append((T(), '?'))\n"
		"    objects.append((T, '?'))\n"
		/* The namespace of a metaclass, with everything a class can be asked. */
		"M = make('M', type, **body(skip=('__qualname__', '__getattribute__',\n"
		"    '__hash__',\n"
		"                                 '__dict__')))\n"
		"put(M, '__qualname__', property(trap('meta qualname')))\n"
		"K = make('K', meta=M)\n"
		"objects += [(K, '__main__.K'), (object.__new__(K), '__main__.K')]\n"
		"MG = make('MG', type, __getattribute__=trap('meta getattribute'))\n"
		"G = make('G', meta=MG)\n"
		"objects += [(G, '__main__.G'), (object.__new__(G), '__main__.G')]\n");
	py_exec("def profile(frame, event, argument):\n"
		"    if event == 'call': ran.append(frame.f_code.co_qualname)\n"
		"[repr(o) for o in (objects[0][0], K)], G.x, K.__qualname__\n"
		"assert len(ran) >= 4, ran\n" /* the traps work */
		"ran.clear()\n"
		"results = []\n"
		"for o, want in objects:\n"
		"    for function in (core.format_value, core.format_callable):\n"
		"        sys.setprofile(profile)\n"
		"        text = function(o, 256)\n"
		"        sys.setprofile(None)\n"
		"        results.append((text, want))\n"
		"assert not ran, ran\n"
		"assert len(results) == 2 * len(objects)\n"
		"for text, want in results:\n"
		"    assert 'trapped' not in text, text\n"
		"    assert want == '?' or want in text, (text, want)\n");
}
END_TEST

START_TEST(subclasses_of_builtins_are_not_values)
{
	py_exec(hostile);
	py_exec("for base in (int, str, float, bytes):\n"
		"    T = type('T', (base,), {'__repr__': trap('repr'), '__str__':\n"
		"        trap('str')})\n"
		"    o = T()\n"
		"    same(value(o), '<__main__.T at %#x>' % id(o))\n"
		"import enum\n"
		"class E(enum.IntEnum): A = 1\n"
		"same(value(E.A), '<__main__.E at %#x>' % id(E.A))\n"
		"assert not ran, ran\n");
}
END_TEST

START_TEST(odd_modules)
{
	py_exec(hostile);
	py_exec("class S(str): __str__ = __repr__ = __len__ = trap('str subclass')\n"
		"for module, want in ((7, 'T'), (None, 'T'), ('', 'T'), ('m\\udc80',\n"
		"    'm\\\\udc80.T'),\n"
		"                     ('ü.é', 'ü.é.T'), (S('sub'), 'sub.T'), (object(),\n"
		"                         'T')):\n"
		"    T = type('T', (), {'__module__': module})\n"
		"    same(value(T), want)\n"
		"    o = T()\n"
		"    same(value(o), '<%s at %#x>' % (want, id(o)))\n"
		"    space = {'__name__': module}\n"
		"    exec('def f(): pass', space)\n"
		"    same(callable_(space['f']), want.replace('T', 'f'))\n"
		"T = type('T', (), {})\n"
		"gc.get_referents(T.__dict__)[0].pop('__module__')\n"
		"same(value(T), 'T')\n"
		"assert not ran, ran\n");
}
END_TEST

START_TEST(odd_names)
{
	py_exec("def f(): pass\n"
		/* The name is that of the code. */
		"f.__qualname__ = 'other'\n"
		"f.__module__ = 'other'\n"
		"f.__code__ = f.__code__.replace(co_qualname='a\\udc80.ü')\n"
		"same(callable_(f), '__main__.a\\\\udc80.ü')\n"
		"f.__code__ = f.__code__.replace(co_qualname='x' * 10_000)\n"
		"same(callable_(f, 32), '__main__.' + 'x' * 19 + '...')\n"
		"T = type('ü' * 50, (), {})\n"
		"same(value(T, 17), '__main__.' + 'ü' * 2 + '...')\n"
		"same(value(T, 16), '__main__.' + 'ü' * 1 + '...')\n");
}
END_TEST

START_TEST(hostile_keys_in_namespaces)
{
	py_exec(hostile);
	py_exec("class Key:\n"
		"    def __hash__(self): return hash('__module__')\n"
		"    def __eq__(self, other): ran.append('eq'); return True\n"
		"class StrKey(str):\n"
		"    __hash__ = str.__hash__\n"
		"    def __eq__(self, other): ran.append('eq'); return str.__eq__(self,\n"
		"        other)\n"
		"T = type('T', (), {'a': 1, StrKey('zzz'): 2})\n"
		"o = T()\n"
		"ran.clear()\n"
		"text = core.format_value(o, 256)\n"
		"assert not ran, ran\n"
		"same(text, '<__main__.T at %#x>' % id(o))\n"
		"U = type('U', (), {StrKey('__module__'): 'odd'})\n"
		"u = U()\n"
		"ran.clear()\n"
		"text = core.format_value(u, 256)\n"
		"assert not ran, ran\n"
		"assert text.endswith('U at %#x>' % id(u)), text\n");
}
END_TEST

START_TEST(builtins_of_hostile_owners)
{
	py_exec(hostile);
	py_exec("M = type('M', (type,), {'__module__': property(trap('meta module'))})\n"
		"put(M, '__qualname__', property(trap('meta qualname')))\n"
		"K = M('K', (dict,), {'__module__': 'mod'})\n"
		"objects = [K.fromkeys, K().update, K().__init__, K.__new__, K.update]\n"
		"ran.clear()\n"
		"texts = [core.format_callable(o, 256) for o in objects]\n"
		"assert not ran, ran\n"
		"same(texts[0], 'mod.K.fromkeys')\n"
		"same(texts[1], 'mod.K.update')\n"
		"same(texts[4], 'builtins.dict.update')\n"
		"class Hostile: __class__ = property(trap('class'))\n"
		"import types\n"
		"m = types.MethodType(len, Hostile())\n"
		"ran.clear()\n"
		"same(core.format_callable(m, 256), 'builtins.len')\n"
		"assert not ran, ran\n");
}
END_TEST

START_TEST(exceptions)
{
	py_exec("import json\n"
		"class Odd(Exception): pass\n"
		"class Outer:\n"
		"    class Inner(Exception): pass\n"
		"class MyKeyError(KeyError): pass\n"
		"class MyOSError(OSError): pass\n"
		"Elsewhere = type('Elsewhere', (Exception,), {'__module__': 'a.b'})\n"
		"for e, want in (\n"
		"        (ValueError(), 'ValueError'),\n"
		"        (ValueError('text'), 'ValueError: text'),\n"
		"        (ValueError(''), 'ValueError: '),\n"
		"        (ValueError(\"it's\"), \"ValueError: it's\"),\n"
		"        (ValueError('both \\' and \"'), 'ValueError: both \\' and "
		"\"'),\n"
		"        (ValueError('back\\\\slash'), 'ValueError: back\\\\slash'),\n"
		"        (ValueError('é€🐍'), 'ValueError: é€🐍'),\n"
		"        (ValueError(7), 'ValueError: 7'),\n"
		"        (ValueError(-10**30), 'ValueError: -' + '1' + '0' * 30),\n"
		"        (ValueError(1.5), 'ValueError: 1.5'),\n"
		"        (ValueError(None), 'ValueError: None'),\n"
		"        (ValueError(True), 'ValueError: True'),\n"
		"        (ValueError(b'x'), \"ValueError: b'x'\"),\n"
		"        (Odd('mine'), 'Odd: mine'),\n"
		"        (Outer.Inner(3), 'Outer.Inner: 3'),\n"
		"        (Elsewhere('x'), 'a.b.Elsewhere: x'),\n"
		"        (json.JSONDecodeError('m', 'd', 0),\n"
		"         'json.decoder.JSONDecodeError: m: line 1 column 1 (char 0)'),\n"
		"        (KeyError('key'), \"KeyError: 'key'\"),\n"
		"        (KeyError(7), 'KeyError: 7'),\n"
		"        (MyKeyError('key'), \"MyKeyError: 'key'\"),\n"
		"        (LookupError('key'), 'LookupError: key'),\n"
		"        (OSError(2, 'No such'), 'FileNotFoundError: [Errno 2] No "
		"such'),\n"
		"        (OSError(2, 'No such', 'file'),\n"
		"         'FileNotFoundError: [Errno 2] No such'),\n"
		"        (MyOSError(5, 'x\\ny'), r'MyOSError: [Errno 5] x\\ny'),\n"
		"        (OSError('one'), 'OSError: one'),\n"
		"        (OSError('two', 2), \"OSError: ('two', ...)\"),\n"
		"        (ValueError(2, 'two'), 'ValueError: (2, ...)'),\n"
		"        (ValueError('a', 'b', 'c'), \"ValueError: ('a', ...)\"),\n"
		"        (SystemExit(3), 'SystemExit: 3'),\n"
		"        (StopIteration('v'), 'StopIteration: v'),\n"
		"        (KeyboardInterrupt(), 'KeyboardInterrupt'),\n"
		"        (ExceptionGroup('several', [Odd()]),\n"
		"         \"ExceptionGroup: ('several', ...)\"),\n"
		"): same(exception(e), want)\n");
	/* What is not plain is no message. */
	py_exec("class Str(str): pass\n"
		"class Int(int): pass\n"
		"for value in (Str('x'), Int(3), [], (), {}, object(), len, ValueError,\n"
		"    Odd('x'), 1j, bytearray(b'x')):\n"
		"    same(exception(ValueError(value)), 'ValueError')\n"
		"    same(exception(KeyError(value, 'x')), 'KeyError')\n"
		"    same(exception(ValueError('x', value)), \"ValueError: ('x', "
		"...)\")\n"
		"same(exception(OSError(2, Str('x'))), 'FileNotFoundError: (2, ...)')\n"
		"same(exception(OSError(Int(2), 'x')), 'FileNotFoundError')\n");
}
END_TEST

/* A line of a tracer is one line. */
START_TEST(messages_of_several_lines)
{
	py_exec("for text in ('a\\nb', '\\n', 'tab\\t', '\\0', '\\x1b[0m', '\\r', "
		"'\\x85',\n"
		"    '\\u2028', '\\ud800', \"it's\\n\", 'say \"it\\'s\"\\n', '\\\\\\n', "
		"'é\\n€'):\n"
		"    got = exception(ValueError(text))\n"
		"    same(got, 'ValueError: ' + repr(text)[1:-1])\n"
		"    assert got.isprintable()\n"
		"    same(exception(OSError(1, text)),\n"
		"         'PermissionError: [Errno 1] ' + repr(text)[1:-1])\n");
}
END_TEST

START_TEST(long_messages)
{
	py_exec("same(exception(ValueError('x' * 243)), 'ValueError: ' + 'x' * 243)\n"
		"same(exception(ValueError('x' * 244)), 'ValueError: ' + 'x' * 240 + "
		"'...')\n"
		"same(exception(ValueError('x' * 10_000_000)),\n"
		"     'ValueError: ' + 'x' * 240 + '...')\n"
		"same(exception(ValueError('é' * 10_000_000), 20), 'ValueError: éé...')\n"
		"same(exception(ValueError('🐍' * 200)), 'ValueError: ' + '🐍' * 60 + "
		"'...')\n"
		"same(exception(ValueError('\\n' * 200)),\n"
		"     'ValueError: ' + r'\\n' * 120 + '...')\n"
		"same(exception(ValueError('x' * 300, 1)),\n"
		"     \"ValueError: ('\" + 'x' * 238 + '...')\n"
		"same(exception(KeyError('x' * 300)), \"KeyError: '\" + 'x' * 241 + "
		"'...')\n"
		"same(exception(ValueError(1 << 99999)), 'ValueError: <int of 100000 "
		"bits>')\n"
		"Long = type('L' * 300, (Exception,), {})\n"
		"same(exception(Long('x')), 'L' * 252 + '...')\n"
		"same(exception(Long('x'), 302), 'L' * 298 + '...')\n"
		"same(exception(Long('x'), 304), 'L' * 300 + ': x')\n");
}
END_TEST

/* Every size of buffer against every place where it can end. */
START_TEST(exceptions_in_every_buffer)
{
	py_exec("class Eé(Exception): pass\n"
		"for e in (ValueError('plain'), ValueError('é€🐍' * 9), Eé('x\\n' * "
		"20),\n"
		"    KeyError('🐍' * 9), OSError(5, 'é' * 30), ValueError(10**40, 'x'),\n"
		"    ValueError('é', 'x'), ValueError(0.125), ValueError(), Eé(b'x' * "
		"40),\n"
		"    ValueError('x' * 30 + '\\ud800')):\n"
		"    full = exception(e, 4096).encode()\n"
		"    for size in range(16, 200):\n"
		"        got = exception(e, size).encode()\n"
		"        if len(full) < size: same(got, full)\n"
		"        elif type(e.args[0]) is int: assert len(got) < size\n"
		"        else:\n"
		"            assert got.endswith(b'...') and full.startswith(got[:-3])\n"
		"            assert len(got) >= size - 4, (size, got)\n");
}
END_TEST

/* The class is that of the object, whatever it says, and nothing of it is asked. */
START_TEST(hostile_exceptions)
{
	py_exec(hostile);
	py_exec("methods = {n: trap(n) for n in ('__repr__', '__str__', "
		"'__getattribute__',\n"
		"    '__getattr__', '__hash__', '__eq__', '__reduce__', '__bool__',\n"
		"    '__len__', '__iter__', '__format__', '__dir__')}\n"
		"properties = {n: property(trap(n)) for n in ('args', '__class__',\n"
		"    '__module__', '__name__', '__dict__', 'errno', 'strerror',\n"
		"    '__traceback__', '__notes__', 'add_note')}\n"
		"M = type('M', (type,), {n: property(trap('meta ' + n)) for n in\n"
		"    ('__module__', '__name__', '__mro__', '__bases__')} |\n"
		"    {'__instancecheck__': trap('check'), '__subclasscheck__': "
		"trap('check'),\n"
		"     '__getattribute__': trap('meta getattribute')})\n"
		"put(M, '__qualname__', property(trap('meta qualname')))\n"
		"errors = []\n"
		"for base in (Exception, KeyError, OSError, ValueError, SystemExit):\n"
		"    for meta in (type, M):\n"
		"        T = meta('T', (base,), methods | properties)\n"
		"        for args in (('x',), (2, 'x'), (), (None,)):\n"
		"            errors.append((T(*args), args))\n"
		"ran.clear()\n"
		"got = [(core.format_exception(e, 256), args) for e, args in errors]\n"
		"assert not ran, ran\n"
		"for text, args in got:\n"
		"    assert text.split(': ')[0].endswith('T'), text\n"
		"    if args == (): assert ':' not in text\n"
		"    if args == (None,): assert text.endswith('T: None'), text\n"
		"    if args == ('x',): assert text.endswith((': x', \": 'x'\")), text\n"
		"assert any(text.endswith('T: [Errno 2] x') for text, args in got)\n"
		"assert str(errors[0][0]) == 'trapped' and ran\n"); /* the traps work */
}
END_TEST

/* An object that is not raised, as another caller of our callbacks may pass. */
START_TEST(what_is_no_exception)
{
	py_exec("class C: args = ('x',)\n"
		"for o, want in ((None, 'NoneType'), (7, 'int'), ('x', 'str'), (C(), "
		"'C'),\n"
		"    (ValueError, 'type'), ([], 'list')):\n"
		"    same(exception(o), want)\n"
		/* What it was made with may have been replaced. */
		"e = ValueError('first')\n"
		"e.args = 'second',\n"
		"same(exception(e), 'ValueError: second')\n"
		"e.args = ()\n"
		"same(exception(e), 'ValueError')\n"
		"e = ValueError.__new__(ValueError, 'never initialised')\n"
		"same(exception(e), 'ValueError: never initialised')\n");
}
END_TEST

START_TEST(smallest_buffer)
{
	py_exec("for o in (None, True, -2**63, 10**30, 1e300, 'x' * 99, b'x' * 99,\n"
		"    object(), len,\n"
		"          sys, int, [].append, list.append, '🐍' * 9):\n"
		"    for size in range(16, 64):\n"
		"        full = value(o, 4096)\n"
		"        text = value(o, size)\n"
		"        if len(full.encode()) < size: same(text, full)\n"
		"        elif type(o) is int:\n"
		"            assert text.startswith(('<int of ', full[:size - 4]))\n"
		"        else:\n"
		"            assert text.endswith('...') and "
		"full.startswith(text[:-3])\n");
}
END_TEST

START_TEST(formatting_leaves_no_references)
{
	py_exec("class C:\n"
		"    def m(self): pass\n"
		"def f(): pass\n"
		"c = C()\n"
		"objects = [10**40, 'x' * 300, b'x' * 300, 0.5, C, c, c.m, f,\n"
		"    [].append,\n"
		"           list.append, len, sys, ValueError('x' * 300), OSError(2, "
		"'x'),\n"
		"           KeyError('x\\n'), ValueError(10**40, [])]\n"
		"def counts(): return [sys.getrefcount(o) for o in objects +\n"
		"    [C.__dict__]]\n"
		"def run():\n"
		"    for i in range(100):\n"
		"        for o in objects: value(o); callable_(o); exception(o)\n"
		"run(); counts()\n"
		"before = counts()\n"
		"run()\n"
		"same(counts(), before)\n");
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("format");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, singletons);
	tcase_add_test(tcase, small_ints);
	tcase_add_test(tcase, big_ints);
	tcase_add_test(tcase, huge_ints);
	tcase_add_test(tcase, ints_under_a_lowered_digit_limit);
	tcase_add_test(tcase, floats);
	tcase_add_test(tcase, strings);
	tcase_add_test(tcase, bytes_objects);
	tcase_add_test(tcase, long_strings);
	tcase_add_test(tcase, strings_are_cut_between_characters);
	tcase_add_test(tcase, like_repr_below_the_limit);
	tcase_add_test(tcase, instances);
	tcase_add_test(tcase, callables);
	tcase_add_test(tcase, what_is_called_is_no_value);
	tcase_add_test(tcase, methods_of_anything);
	tcase_add_test(tcase, hostile_objects);
	tcase_add_test(tcase, subclasses_of_builtins_are_not_values);
	tcase_add_test(tcase, odd_modules);
	tcase_add_test(tcase, odd_names);
	tcase_add_test(tcase, hostile_keys_in_namespaces);
	tcase_add_test(tcase, builtins_of_hostile_owners);
	tcase_add_test(tcase, exceptions);
	tcase_add_test(tcase, messages_of_several_lines);
	tcase_add_test(tcase, long_messages);
	tcase_add_test(tcase, exceptions_in_every_buffer);
	tcase_add_test(tcase, hostile_exceptions);
	tcase_add_test(tcase, what_is_no_exception);
	tcase_add_test(tcase, smallest_buffer);
	tcase_add_test(tcase, formatting_leaves_no_references);
	return support_main("format", tcase);
}
