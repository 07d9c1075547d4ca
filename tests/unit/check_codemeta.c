// SPDX-License-Identifier: BSD-2-Clause
/* The table of code objects: what it tells, and that it lives as long as they do. */
#include <string.h>

#include "base/closure.h"
#include "code/codetable.h"
#include "support.h"

static struct codetable table;
static PyTypeObject *closure_type;

static PyObject *id_or_none(const struct codemeta *meta)
{
	if (meta)
		return PyLong_FromUnsignedLongLong(meta->id);
	Py_RETURN_NONE;
}

/* Its caller is the frame that runs now. */
static PyObject *add(PyObject *self, PyObject *code)
{
	const struct codemeta *meta = codetable_add(&table, code, PyEval_GetGlobals());

	(void)self;
	ck_assert_msg(!PyErr_Occurred(), "an exception is left set");
	if (!meta)
		Py_RETURN_NONE;
	ck_assert_ptr_eq(codetable_find(&table, code), meta);
	return Py_BuildValue("(ssssi)", meta->name, meta->file, meta->qualname,
			     meta->module, (int)meta->own);
}

static PyObject *add_id(PyObject *self, PyObject *code)
{
	(void)self;
	return id_or_none(codetable_add(&table, code, PyEval_GetGlobals()));
}

static PyObject *find(PyObject *self, PyObject *code)
{
	(void)self;
	return id_or_none(codetable_find(&table, code));
}

static PyObject *line_of(PyObject *self, PyObject *code)
{
	(void)self;
	return PyLong_FromLong(codetable_find(&table, code)->line);
}

static PyObject *count(PyObject *self, PyObject *unused)
{
	(void)self;
	(void)unused;
	return PyLong_FromSize_t(table.metas.count);
}

static PyObject *hash(PyObject *self, PyObject *code)
{
	(void)self;
	return PyLong_FromSize_t(objtable_hash(code));
}

static PyObject *clear(PyObject *self, PyObject *unused)
{
	(void)self;
	(void)unused;
	codetable_clear(&table);
	Py_RETURN_NONE;
}

static size_t keys_seen;

int __real_PyDict_Next(PyObject *dict, Py_ssize_t *position, PyObject **key,
		       PyObject **value);
int __wrap_PyDict_Next(PyObject *dict, Py_ssize_t *position, PyObject **key,
		       PyObject **value)
{
	keys_seen++;
	return __real_PyDict_Next(dict, position, key, value);
}

/* Returns: how many keys were looked at to make the metadata, and the module's name. */
static PyObject *keys_for(PyObject *self, PyObject *arguments)
{
	const struct codemeta *meta;
	PyObject *code, *globals;

	(void)self;
	if (!PyArg_ParseTuple(arguments, "OO", &code, &globals))
		return NULL;
	keys_seen = 0;
	meta = codetable_add(&table, code, globals);
	ck_assert_ptr_nonnull(meta);
	ck_assert(!PyErr_Occurred());
	return Py_BuildValue("(ns)", (Py_ssize_t)keys_seen, meta->module);
}

static PyMethodDef functions[] = {
	{"keys_for", keys_for, METH_VARARGS, NULL},
	{"add", add, METH_O, NULL},
	{"add_id", add_id, METH_O, NULL},
	{"find", find, METH_O, NULL},
	{"line_of", line_of, METH_O, NULL},
	{"count", count, METH_NOARGS, NULL},
	{"hash_of", hash, METH_O, NULL},
	{"clear", clear, METH_NOARGS, NULL},
	{NULL, NULL, 0, NULL},
};

static void setup(void)
{
	PyObject *main_module;

	python_start();
	main_module = PyImport_AddModule("__main__");
	ck_assert_int_eq(PyModule_AddFunctions(main_module, functions), 0);
	closure_type = closure_type_new();
	ck_assert_ptr_nonnull(closure_type);
	codetable_init(&table, closure_type);
	py_exec("def same(got, want): assert got == want, (got, want)\n"
		"def new(name='f'):\n"
		"    return compile('def %s(): pass' % name, '<string>',\n"
		"        'exec').co_consts[0]\n");
}

static void teardown(void)
{
	codetable_clear(&table);
	Py_DECREF((PyObject *)closure_type);
	python_stop();
}

START_TEST(what_it_tells)
{
	py_exec("class C:\n\n  def m(self): pass\n"
		"m = C.m.__code__.replace(co_filename='dir/file.py')\n"
		"same(add(m), ('m', 'dir/file.py', 'C.m', '__main__', 0))\n"
		"same(line_of(m), 3)\n"
		"f = new()\n"
		"same(add(f), ('f', '<string>', 'f', '__main__', 0))\n"
		"same(find(f.replace()), None)\n");
}
END_TEST

START_TEST(first_lines)
{
	py_exec("for line in (0, 1, 2**31 - 1):\n"
		"    c = new().replace(co_firstlineno=line)\n"
		"    assert add(c)\n"
		"    same(line_of(c), line)\n");
}
END_TEST

START_TEST(gone_with_the_code)
{
	py_exec("for i in range(100):\n"
		"    c = new()\n"
		"    assert find(c) is None\n"
		"    assert add(c)\n"
		"    same(count(), 1)\n"
		"    del c\n"
		"    same(count(), 0)\n");
}
END_TEST

START_TEST(gone_with_a_collected_cycle)
{
	py_exec("import gc\n"
		"def make():\n"
		"    space = {}\n"
		"    exec('def f(): pass', space)\n"
		"    space['f'].itself = space['f']\n"
		"    add(space['f'].__code__)\n"
		"gc.disable()\n"
		"for i in range(10): make()\n"
		"same(count(), 10)\n"
		"gc.collect()\n"
		"same(count(), 0)\n");
}
END_TEST

START_TEST(ids_are_never_used_again)
{
	py_exec("seen = set()\n"
		"addresses = set()\n"
		"last = 0\n"
		"for i in range(1000):\n"
		"    c = new()\n"
		"    number = add_id(c)\n"
		"    assert number > last and number not in seen\n"
		"    same(find(c), number)\n"
		"    last = number\n"
		"    seen.add(number)\n"
		"    addresses.add(id(c))\n"
		/* Otherwise this tested nothing. */
		"import os\n"
		"assert len(addresses) < 1000 or 'PYTHONMALLOC' in os.environ\n");
}
END_TEST

START_TEST(ten_thousand)
{
	size_t capacity;

	py_exec("codes = [new('f%d' % i) for i in range(10_000)]\n"
		"ids = [add_id(c) for c in codes]\n"
		"same(count(), 10_000)\n"
		"same(len(set(ids)), 10_000)\n"
		"same([find(c) for c in codes], ids)\n");
	capacity = table.metas.slots->mask + 1;
	ck_assert_uint_le(table.metas.slots->used * 3, capacity);
	ck_assert_uint_le(capacity, 32768);
	py_exec("del codes[::2]\n"
		"same(count(), 5_000)\n"
		"same([find(c) for c in codes], ids[1::2])\n"
		"del codes[:]\n"
		"same(count(), 0)\n");
	/* A program that makes code for ever does not grow. */
	py_exec("for i in range(10):\n"
		"    codes = [new() for i in range(10_000)]\n"
		"    for c in codes: add_id(c)\n"
		"    del codes, c\n"
		"same(count(), 0)\n");
	/* Made anew with what was deleted left out, a quarter full at most. */
	ck_assert_uint_le(table.metas.slots->mask + 1, 65536);
}
END_TEST

START_TEST(equal_code_is_not_the_same_code)
{
	py_exec("a, b = new(), new()\n"
		"assert a == b and a is not b\n"
		"ids = add_id(a), add_id(b)\n"
		"same(count(), 2)\n"
		"assert ids[0] != ids[1]\n"
		"same((find(a), find(b)), ids)\n"
		"del a\n"
		"same(count(), 1)\n"
		"same(find(b), ids[1])\n");
}
END_TEST

/* All of one home slot, or of two neighbours, taken out in every order. */
START_TEST(deleting_keeps_the_others_findable)
{
	py_exec("import itertools\n"
		"spread = []\n"
		"def take(homes):\n"
		"    while True:\n"
		"        for i, c in enumerate(spread):\n"
		"            if hash_of(c) & 63 in homes: return spread.pop(i)\n"
		"        spread.extend(new() for i in range(100))\n"
		"def one(homes, order):\n"
		"    codes = {i: take(homes) for i in order}\n"
		"    ids = {i: add_id(c) for i, c in codes.items()}\n"
		"    for i in order:\n"
		"        del codes[i]\n"
		"        same([find(c) for c in codes.values()], [ids[j] for j in "
		"codes])\n"
		"        same(count(), len(codes))\n");
	py_exec("for homes in ((7,), (63, 0), (62, 63), (5, 6, 7)):\n"
		"    for order in itertools.permutations(range(5)):\n"
		"        one(homes, order)\n");
}
END_TEST

START_TEST(random_births_and_deaths)
{
	py_exec("import random\n"
		"r = random.Random(2)\n"
		"alive = {}\n"
		"for step in range(20_000):\n"
		"    if len(alive) < r.choice((20, 40, 200)):\n"
		"        c = new()\n"
		"        alive[id(c)] = c, add_id(c)\n"
		"        del c\n"
		"    else:\n"
		"        del alive[r.choice(list(alive))]\n"
		"    if step % 50 == 0:\n"
		"        same([find(c) for c, n in alive.values()], [n for c, n in\n"
		"            alive.values()])\n"
		"    same(count(), len(alive))\n");
}
END_TEST

START_TEST(odd_names)
{
	py_exec("c = new().replace(co_name='a\\0b', co_qualname='q\\0r',\n"
		"    co_filename='f\\0g')\n"
		"same(add(c), ('a', 'f', 'q', '__main__', 0))\n"
		"c = new().replace(co_filename='dir\\udc80/\\ud800.py', co_name='ü',\n"
		"    co_qualname='C.ü')\n"
		"same(add(c), ('ü', 'dir\\\\udc80/\\\\ud800.py', 'C.ü', '__main__', 0))\n"
		"c = new().replace(co_name='', co_qualname='', co_filename='')\n"
		"same(add(c), ('', '', '', '__main__', 0))\n"
		"c = new().replace(co_name='n' * 100_000, co_qualname='q' * 100_000)\n"
		"same(add(c), ('n' * 100_000, '<string>', 'q' * 100_000, '__main__',\n"
		"    0))\n"
		/* A long common beginning is no equality. */
		"c = new().replace(co_name='same', co_qualname='same.but')\n"
		"same(add(c)[2], 'same.but')\n");
}
END_TEST

START_TEST(no_code_objects)
{
	py_exec("def f(): pass\n"
		"class C: pass\n"
		"class Hostile:\n"
		"    __class__ = type(f.__code__)\n"
		"    def __getattr__(self, name): raise SystemExit\n"
		"for o in (None, 42, 'x', f, C, C(), Hostile(), type(f.__code__), [],\n"
		"    f.__code__.co_code):\n"
		"    assert add(o) is None, o\n"
		"    assert find(o) is None, o\n"
		"same(count(), 0)\n");
}
END_TEST

/* The module is that of the globals of the frame that runs. */
START_TEST(modules)
{
	py_exec("ran = []\n"
		"class S(str):\n"
		"    __len__ = __str__ = __eq__ = lambda *a: ran.append(a)\n"
		"    __hash__ = str.__hash__\n"
		"class Key:\n"
		"    def __hash__(self): return hash('__name__')\n"
		"    def __eq__(self, other): ran.append(other); return True\n"
		"class Dict(dict):\n"
		"    def __getitem__(self, key): ran.append(key); raise KeyError\n"
		"    get = __missing__ = __getitem__\n"
		"def module_in(space, kind=dict):\n"
		"    g = kind()\n"
		"    c = new()\n"
		"    result = []\n"
		"    for k, v in space: dict.__setitem__(g, k, v)\n"
		"    dict.update(g, add=add, c=c, result=result)\n"
		"    ran.clear()\n"
		"    exec('result.append(add(c))', g) if kind is dict else \\\n"
		"        type(new)(compile('result.append(add(c))', 'x', 'exec'), g)()\n"
		"    return result[0][3]\n");
	py_exec("for name, want in (('a.b.c', 'a.b.c'), ('', ''), ('ü', 'ü'),\n"
		"    ('m\\udc80', 'm\\\\udc80'),\n"
		"                   (7, ''), (None, ''), (b'm', ''), ('a\\0b', 'a'),\n"
		"                       (S('sub'), 'sub')):\n"
		"    same(module_in([('__name__', name)]), want)\n"
		"    assert not ran, ran\n"
		"same(module_in([]), '')\n"
		"same(module_in([('__name__', 'm')], Dict), 'm')\n"
		"k = Key()\n"
		"g = [(S('zz'), 1), ('__name__', 'late')]\n"
		"same(module_in([(i, i) for i in range(1000)] + g), 'late')\n");
	py_exec("space = {'add': add, 'c': new(), 'r': []}\n"
		"space[Key()] = 'hostile'\n"
		"space['ran'] = ran\n"
		/* exec() itself looks for __name__. */
		"exec('ran.clear(); x = add(c); n = len(ran)', space)\n"
		"same((space['x'][3], space['n']), ('', 0))\n");
}
END_TEST

/* Each first event asks for names that may not be there: not by looking at all of them.
 */
START_TEST(modules_with_many_names)
{
	py_exec("class Instance: pass\n"
		"class Dict(dict): pass\n"
		"def names(count, kind=dict):\n"
		"    return kind({f'name{i}': i for i in range(count)})\n"
		"def attributes(count):\n"
		"    instance = Instance()\n"
		"    for i in range(count): setattr(instance, f'name{i}', i)\n"
		"    return instance.__dict__\n"
		"def named(space, value='late'):\n"
		"    space['__name__'] = value\n"
		"    return space\n"
		"few = keys_for(new(), names(20))\n"
		"assert 0 < few[0] <= 40\n"
		"for count in (100, 1000, 100_000):\n"
		"    same(keys_for(new(), names(count)), few)\n"
		"    same(keys_for(new(), names(count, Dict)), few)\n"
		"    same(keys_for(new(), named(names(count))), (few[0], 'late'))\n"
		"    same(keys_for(new(), named(names(count), 7)), few)\n"
		"for count in (20, 25): same(keys_for(new(), attributes(count)), few)\n");
}
END_TEST

/* A key of the user that has the same hash is asked by CPython's own look-up. */
START_TEST(hostile_keys_among_many)
{
	py_exec("ran = []\n"
		"class Key:\n"
		"    def __hash__(self): return hash('__name__')\n"
		"    def __eq__(self, other): ran.append(other); return True\n"
		"class Text(str):\n"
		"    __eq__ = Key.__eq__\n"
		"    __hash__ = str.__hash__\n"
		"def modules(first, last):\n"
		"    for keys in ([Key()], [Text('__name__')], [1, Key()],\n"
		"                 [Key(), Text('__package__')]):\n"
		"        space = {f'name{i}': i for i in range(first)}\n"
		"        space.update((key, 'hostile') for key in keys)\n"
		"        space.update({f'late{i}': i for i in range(last)})\n"
		"        ran.clear()\n"
		"        yield keys_for(new(), space)[1]\n"
		"        same(ran, [])\n"
		"        del space[keys[0]]\n"
		"        ran.clear()\n"
		"        yield keys_for(new(), space)[1]\n"
		"        same(ran, [])\n"
		"for first, last in ((0, 1000), (3, 1000), (100, 0), (1000, 1000)):\n"
		"    same([*modules(first, last)], [''] * 8)\n");
}
END_TEST

START_TEST(own_package)
{
	py_exec("def own_in(**space):\n"
		"    space.update(add=add, c=new(), result=[])\n"
		"    exec('result.append(add(c))', space)\n"
		"    return space['result'][0][4]\n"
		"same(own_in(__package__='pyusdt', __name__='pyusdt.cli'), 1)\n"
		"same(own_in(__package__='pyusdt', __name__='__main__'), 1)\n"
		"same(own_in(__package__='pyusdt2'), 0)\n"
		"same(own_in(__package__='pyusd'), 0)\n"
		"same(own_in(__package__='', __name__='pyusdt'), 0)\n"
		"same(own_in(__package__=None), 0)\n"
		"same(own_in(__package__=7), 0)\n"
		"same(own_in(), 0)\n"
		/* The globals of __main__ are those of the program that it runs. */
		"for file, want in (('/a/pyusdt/__main__.py', 1), "
		"('/pyusdt/__main__.py', 1),\n"
		"    ('pyusdt/__main__.py', 0), ('/mypyusdt/__main__.py', 0),\n"
		"    ('/pyusdt/main.py', 0), ('', 0)):\n"
		"    same(add(new().replace(co_filename=file))[4], want)\n");
}
END_TEST

START_TEST(cleared_and_used_again)
{
	py_exec("codes = [new() for i in range(500)]\n"
		"first = [add_id(c) for c in codes]\n"
		"clear()\n"
		"same(count(), 0)\n"
		"assert not any(find(c) for c in codes)\n"
		"codes = codes[:250]\n"
		"second = [add_id(c) for c in codes]\n"
		"assert min(second) > max(first)\n"
		"same(count(), 250)\n"
		"del codes\n"
		"same(count(), 0)\n"
		"clear(); clear()\n");
}
END_TEST

/* A program can get at our weak references, and keep them. */
/* A program can get at our weak references, and keep them. */
START_TEST(weak_references_kept_by_the_program)
{
	py_exec("import weakref\n"
		"c = new()\n"
		"add(c)\n"
		"kept = weakref.getweakrefs(c)\n"
		"same(len(kept), 1)\n"
		"clear()\n"
		"same(count(), 0)\n"
		"del c\n"
		"assert kept[0]() is None\n"
		"same(count(), 0)\n"
		"c = new()\n"
		"add(c)\n"
		"kept = weakref.getweakrefs(c)\n"
		"del c\n"
		"same(count(), 0)\n"
		"assert kept[0]() is None\n");
	py_exec("c = new()\n"
		"add(c)\n"
		"callback = weakref.getweakrefs(c)[0].__callback__\n"
		"callback(); callback(1, 2); callback(None)\n"
		"same(count(), 0)\n"
		"assert add(c)\n"
		"same(count(), 1)\n"
		"del c\n"
		"same(count(), 0)\n");
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("codemeta");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, what_it_tells);
	tcase_add_test(tcase, first_lines);
	tcase_add_test(tcase, gone_with_the_code);
	tcase_add_test(tcase, gone_with_a_collected_cycle);
	tcase_add_test(tcase, ids_are_never_used_again);
	tcase_add_test(tcase, ten_thousand);
	tcase_add_test(tcase, equal_code_is_not_the_same_code);
	tcase_add_test(tcase, deleting_keeps_the_others_findable);
	tcase_add_test(tcase, random_births_and_deaths);
	tcase_add_test(tcase, odd_names);
	tcase_add_test(tcase, no_code_objects);
	tcase_add_test(tcase, modules);
	tcase_add_test(tcase, modules_with_many_names);
	tcase_add_test(tcase, hostile_keys_among_many);
	tcase_add_test(tcase, own_package);
	tcase_add_test(tcase, cleared_and_used_again);
	tcase_add_test(tcase, weak_references_kept_by_the_program);
	return support_main("codemeta", tcase);
}
