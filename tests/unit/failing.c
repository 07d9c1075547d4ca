// SPDX-License-Identifier: BSD-2-Clause
#include "failing.h"

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdlib.h>

#define LIVE_MAX 16384

static _Thread_local unsigned int countdown;
static _Thread_local bool failed;

void failing_start(unsigned int number)
{
	countdown = number;
	failed = false;
}

bool failing_stop(void)
{
	countdown = 0;
	return failed;
}

static bool fails(void)
{
	if (!countdown || --countdown)
		return false;
	failed = true;
	return true;
}

static bool fails_with_exception(void)
{
	if (!fails())
		return false;
	PyErr_NoMemory();
	return true;
}

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
char *__real_strdup(const char *text);
void __real_free(void *block);

/* libcheck's calls come here as well, and it frees what others have allocated. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static void *live[LIVE_MAX];
static size_t live_count;

size_t failing_live_blocks(void)
{
	return live_count;
}

static void *remember(void *block)
{
	if (!block)
		return NULL;
	pthread_mutex_lock(&lock);
	if (live_count == LIVE_MAX)
		abort();
	live[live_count++] = block;
	pthread_mutex_unlock(&lock);
	return block;
}

static void forget(const void *block)
{
	pthread_mutex_lock(&lock);
	for (size_t i = live_count; i-- > 0;) {
		if (live[i] == block) {
			live[i] = live[--live_count];
			break;
		}
	}
	pthread_mutex_unlock(&lock);
}

void *__wrap_malloc(size_t size)
{
	return fails() ? NULL : remember(__real_malloc(size));
}

void *__wrap_calloc(size_t count, size_t size)
{
	return fails() ? NULL : remember(__real_calloc(count, size));
}

char *__wrap_strdup(const char *text)
{
	return fails() ? NULL : remember(__real_strdup(text));
}

DIR *__real_opendir(const char *name);
DIR *__wrap_opendir(const char *name)
{
	return fails() ? NULL : __real_opendir(name);
}

void __wrap_free(void *block)
{
	forget(block);
	__real_free(block);
}

static int thread_error = EAGAIN;

void failing_threads_with(int error)
{
	thread_error = error;
}

int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
			  void *(*function)(void *), void *argument);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
			  void *(*function)(void *), void *argument)
{
	if (fails())
		return thread_error;
	return __real_pthread_create(thread, attributes, function, argument);
}

/* WRAP(type, failure, name, parameters, arguments) */
#define WRAP(type, failure, name, parameters, arguments)                             \
	type __real_##name parameters;                                               \
	type __wrap_##name parameters                                                \
	{                                                                            \
		return fails_with_exception() ? (failure) : __real_##name arguments; \
	}
#define WRAP_OBJECT(name, parameters, arguments) \
	WRAP(PyObject *, NULL, name, parameters, arguments)

WRAP_OBJECT(PyBytes_FromStringAndSize, (const char *data, Py_ssize_t size), (data, size))
WRAP_OBJECT(PyCapsule_New,
	    (void *pointer, const char *name, PyCapsule_Destructor destroy),
	    (pointer, name, destroy))
WRAP_OBJECT(PyDict_New, (void), ())
WRAP(int, -1, PyDict_SetItemString, (PyObject * dict, const char *key, PyObject *value),
     (dict, key, value))
WRAP_OBJECT(PyImport_ImportModule, (const char *name), (name))
WRAP_OBJECT(PyEval_EvalCode, (PyObject * code, PyObject *globals, PyObject *locals),
	    (code, globals, locals))
WRAP_OBJECT(PyIter_Next, (PyObject * iterator), (iterator))
WRAP_OBJECT(PyObject_CallNoArgs, (PyObject * callable), (callable))
WRAP_OBJECT(PyObject_GetIter, (PyObject * object), (object))
WRAP_OBJECT(PySequence_GetItem, (PyObject * sequence, Py_ssize_t index),
	    (sequence, index))
WRAP_OBJECT(PyType_GetName, (PyTypeObject * type), (type))
WRAP_OBJECT(PyUnicode_AsASCIIString, (PyObject * text), (text))
WRAP_OBJECT(Py_CompileString, (const char *source, const char *name, int start),
	    (source, name, start))
WRAP(char *, NULL, PyOS_double_to_string,
     (double value, char format, int precision, int flags, int *type),
     (value, format, precision, flags, type))
WRAP_OBJECT(PyObject_Call, (PyObject * callable, PyObject *tuple, PyObject *dict),
	    (callable, tuple, dict))
WRAP_OBJECT(PyObject_GetAttrString, (PyObject * object, const char *name), (object, name))
WRAP_OBJECT(PyFrame_GetVar, (PyFrameObject * frame, PyObject *name), (frame, name))
WRAP(int, -1, PyList_Append, (PyObject * list, PyObject *item), (list, item))
WRAP(int, -1, PyList_SetSlice,
     (PyObject * list, Py_ssize_t low, Py_ssize_t high, PyObject *items),
     (list, low, high, items))
WRAP_OBJECT(PyObject_GenericGetDict, (PyObject * object, void *context),
	    (object, context))
WRAP_OBJECT(PyObject_Repr, (PyObject * object), (object))
WRAP_OBJECT(PyTuple_New, (Py_ssize_t size), (size))
WRAP_OBJECT(PyType_FromSpec, (PyType_Spec * spec), (spec))
WRAP_OBJECT(PyType_GetQualName, (PyTypeObject * type), (type))
WRAP_OBJECT(PyUnicode_AsEncodedString,
	    (PyObject * text, const char *encoding, const char *errors),
	    (text, encoding, errors))
WRAP_OBJECT(PyUnicode_FromString, (const char *text), (text))
WRAP_OBJECT(PyUnicode_Substring, (PyObject * text, Py_ssize_t start, Py_ssize_t end),
	    (text, start, end))
WRAP_OBJECT(PyWeakref_NewRef, (PyObject * object, PyObject *callback), (object, callback))
WRAP_OBJECT(_PyObject_New, (PyTypeObject * type), (type))

/* Its queue may be full. */
int __real_Py_AddPendingCall(int (*function)(void *), void *argument);
int __wrap_Py_AddPendingCall(int (*function)(void *), void *argument)
{
	return fails() ? -1 : __real_Py_AddPendingCall(function, argument);
}

PyThreadState *__real_PyThreadState_New(PyInterpreterState *interp);
PyThreadState *__wrap_PyThreadState_New(PyInterpreterState *interp)
{
	return fails() ? NULL : __real_PyThreadState_New(interp);
}

/* What the variadic ones do: no form of them takes a va_list. */
static PyObject *call(PyObject *callable, const char *format, va_list arguments)
{
	PyObject *value = format ? Py_VaBuildValue(format, arguments) : PyTuple_New(0);
	PyObject *tuple = value && !PyTuple_Check(value) ? PyTuple_Pack(1, value)
							 : Py_XNewRef(value);
	PyObject *result = tuple ? __real_PyObject_Call(callable, tuple, NULL) : NULL;

	Py_XDECREF(value);
	Py_XDECREF(tuple);
	return result;
}

#define WRAP_CALL(name, parameters, get_callable)           \
	PyObject *__wrap_##name parameters                  \
	{                                                   \
		PyObject *callable, *result;                \
		va_list arguments;                          \
                                                            \
		if (fails_with_exception())                 \
			return NULL;                        \
		callable = get_callable;                    \
		if (!callable)                              \
			return NULL;                        \
		va_start(arguments, format);                \
		result = call(callable, format, arguments); \
		va_end(arguments);                          \
		Py_DECREF(callable);                        \
		return result;                              \
	}

/* With and without PY_SSIZE_T_CLEAN the headers of 3.12 name different functions. */
#undef PyObject_CallFunction
#undef PyObject_CallMethod
#define FUNCTION_PARAMETERS (PyObject * function, const char *format, ...)
#define METHOD_PARAMETERS   (PyObject * object, const char *name, const char *format, ...)
#define METHOD              __real_PyObject_GetAttrString(object, name)

WRAP_CALL(PyObject_CallFunction, FUNCTION_PARAMETERS, Py_NewRef(function))
WRAP_CALL(_PyObject_CallFunction_SizeT, FUNCTION_PARAMETERS, Py_NewRef(function))
WRAP_CALL(PyObject_CallMethod, METHOD_PARAMETERS, METHOD)
WRAP_CALL(_PyObject_CallMethod_SizeT, METHOD_PARAMETERS, METHOD)
