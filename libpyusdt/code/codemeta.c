// SPDX-License-Identifier: BSD-2-Clause
/*
 * This file reads what a code object says of itself and writes it down in one block of
 * memory, which tracers can read as long as the code object lives.
 */
#include "code/codemeta.h"

#include <stdlib.h>
#include <string.h>

#include "base/pyobject.h"

#define OWN_PACKAGE "pyusdt"

/*
 * bcc's tools copy so many bytes from where a name begins, also past its end, and take
 * all of them for a key: they must be readable, and stay the same.
 */
#define COPIED_BY_BCC 80

static uint64_t next_id(void)
{
	static uint64_t last;

	return __atomic_add_fetch(&last, 1, __ATOMIC_RELAXED);
}

/* The strings of a code object on their way into its metadata. */
struct names {
	struct {
		PyObject *bytes; /* owned; NULL: empty */
		const char *data;
		size_t size; /* with the NUL */
	} text[4];
};

enum { NAME, FILE_NAME, QUALNAME, MODULE };

/* Returns: 0, or -1 with an exception set. @text is stolen, NULL is an empty string. */
static int names_set(struct names *names, int which, PyObject *text)
{
	PyObject *bytes = NULL;

	names->text[which].data = "";
	names->text[which].size = 1;
	if (!text)
		return 0;
	bytes = pyobject_utf8(text);
	Py_DECREF(text);
	if (!bytes)
		return -1;
	names->text[which].bytes = bytes;
	names->text[which].data = PyBytes_AsString(bytes);
	/* A name with a NUL in it ends there, as C strings do. */
	names->text[which].size = strlen(names->text[which].data) + 1;
	return 0;
}

/* Returns: 0, or -1 with an exception set. */
static int names_of_code(struct names *names, PyObject *code, PyObject *globals)
{
	static const char *const attributes[] = {
		[NAME] = "co_name",
		[FILE_NAME] = "co_filename",
		[QUALNAME] = "co_qualname",
	};

	for (int i = NAME; i <= QUALNAME; i++) {
		/* Code objects are of a builtin type that has no subclasses: no user
		 * code. */
		PyObject *text = pyobject_attribute(code, attributes[i]);

		if (!text || names_set(names, i, text) < 0)
			return -1;
	}
	return names_set(names, MODULE, pyobject_dict_str(globals, "__name__"));
}

static void names_free(struct names *names)
{
	for (size_t i = 0; i < sizeof(names->text) / sizeof(names->text[0]); i++)
		Py_XDECREF(names->text[i].bytes);
}

/* Returns: the first line, or -1 with an exception set. */
static int first_line(PyObject *code)
{
	PyObject *number = pyobject_attribute(code, "co_firstlineno");
	long line = number ? PyLong_AsLong(number) : -1;

	Py_XDECREF(number);
	return (int)line;
}

static const char *append(char **end, const char *data, size_t size)
{
	char *start = *end;

	memcpy(start, data, size);
	*end += size;
	return start;
}

static bool ends_with(const char *text, const char *end)
{
	size_t length = strlen(text), size = strlen(end);

	return length >= size && !strcmp(text + length - size, end);
}

static struct codemeta *meta_new(const struct names *names, PyObject *code)
{
	size_t module_length = names->text[MODULE].size - 1;
	size_t prefix = module_length ? module_length + strlen(".") : 0;
	size_t full_size = prefix + names->text[QUALNAME].size;
	/* Mostly the name is the end of the qualified name, and needs no place of its
	 * own. */
	bool shared = ends_with(names->text[QUALNAME].data, names->text[NAME].data);
	size_t name_size = shared ? 0 : names->text[NAME].size;
	/* The file's name is the last that bcc's tools copy; what follows is zero. */
	size_t tail_size = names->text[FILE_NAME].size + names->text[MODULE].size;
	struct codemeta *meta = calloc(
		1, sizeof(*meta) + full_size + name_size +
			   (tail_size > COPIED_BY_BCC ? tail_size : COPIED_BY_BCC));
	char *end;

	if (!meta)
		return NULL;
	end = meta->strings;
	meta->code = code;
	meta->full_name = end;
	meta->full_size = full_size;
	if (prefix) {
		append(&end, names->text[MODULE].data, module_length);
		append(&end, ".", strlen("."));
	}
	meta->qualname =
		append(&end, names->text[QUALNAME].data, names->text[QUALNAME].size);
	meta->name =
		shared ? meta->qualname + names->text[QUALNAME].size -
				 names->text[NAME].size
		       : append(&end, names->text[NAME].data, names->text[NAME].size);
	meta->file =
		append(&end, names->text[FILE_NAME].data, names->text[FILE_NAME].size);
	meta->module = append(&end, names->text[MODULE].data, names->text[MODULE].size);
	return meta;
}

/*
 * Is @meta of the Python package pyusdt? The globals of the package's __main__ become
 * those of the program that it runs; its file name stays.
 */
static bool is_own(const struct codemeta *meta, PyObject *globals)
{
	PyObject *package = pyobject_dict_str(globals, "__package__");
	bool own = package && !PyUnicode_CompareWithASCIIString(package, OWN_PACKAGE);

	Py_XDECREF(package);
	return own || ends_with(meta->file, "/" OWN_PACKAGE "/__main__.py");
}

struct codemeta *codemeta_new(PyObject *code, PyObject *globals)
{
	struct names names = {0};
	struct codemeta *meta = NULL;
	int line = first_line(code);

	if (!PyErr_Occurred() && names_of_code(&names, code, globals) == 0)
		meta = meta_new(&names, code);
	names_free(&names);
	if (!meta)
		return NULL;
	meta->line = line;
	meta->own = is_own(meta, globals);
	meta->id = next_id();
	return meta;
}

struct codemeta *codemeta_new_of_c(const char *name)
{
	size_t size = strlen(name) + 1;
	struct codemeta *meta = calloc(1, sizeof(*meta) + size);

	if (!meta)
		return NULL;
	meta->name = meta->qualname = meta->full_name = memcpy(meta->strings, name, size);
	meta->full_size = size;
	/* As the profilers of the standard library say it. */
	meta->file = "~";
	meta->module = "";
	meta->visible = true;
	meta->id = next_id();
	return meta;
}
