// SPDX-License-Identifier: BSD-2-Clause
/* LAYOUT: that frames are where it says, when it is announced, and what it does not
 * touch. */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "layout/layout_check.h"
#include "layout/layout_offsets.h"
#include "layout/layout_tstate.h"
#include "monitoring/interp.h"
#include "support.h"

#define MAX_FRAMES 100

static void setup(void)
{
	python_start();
	py_define_state();
}

static void teardown(void)
{
	python_stop();
}

static uint64_t word_at(uint64_t address)
{
	uint64_t word;

	memcpy(&word, (const void *)(uintptr_t)address, sizeof(word));
	return word;
}

static uint64_t thread_state(const struct pyusdt_layout *layout)
{
	return word_at((uint64_t)(uintptr_t)__builtin_thread_pointer() +
		       (uint64_t)layout->tstate);
}

static bool is_shim(const struct pyusdt_layout *layout, uint64_t frame)
{
	return *(const unsigned char *)(uintptr_t)(frame + layout->owner) >=
	       layout->first_shim;
}

static PyObject *string_at(uint64_t code, uint32_t field, uint32_t ascii)
{
	return PyUnicode_FromString(
		(const char *)(uintptr_t)(word_at(code + field) + ascii));
}

static void append_frame(PyObject *list, const struct pyusdt_layout *layout,
			 uint64_t frame)
{
	uint64_t code = word_at(frame + layout->code) & ~UINT64_C(3);
	int line;
	PyObject *tuple;

	memcpy(&line, (const void *)(uintptr_t)(code + layout->firstlineno),
	       sizeof(line));
	tuple = Py_BuildValue("(NNNiK)", string_at(code, layout->name, layout->ascii),
			      string_at(code, layout->qualname, layout->ascii),
			      string_at(code, layout->filename, layout->ascii), line,
			      (unsigned long long)code);
	PyList_Append(list, tuple);
	Py_DECREF(tuple);
}

/* What a BPF program does, as pyusdt_layout.h tells it to. */
static PyObject *walk(PyObject *self, PyObject *unused)
{
	const struct pyusdt_layout *layout = pyusdt_layout(NULL);
	PyObject *list = PyList_New(0);
	uint64_t frame;

	(void)self;
	(void)unused;
	frame = word_at(thread_state(layout) + layout->frame);
	if (layout->frame_indirect)
		frame = word_at(frame);
	for (int i = 0; frame && i < MAX_FRAMES; i++) {
		if (!is_shim(layout, frame))
			append_frame(list, layout, frame);
		frame = word_at(frame + layout->previous);
	}
	return list;
}

static PyMethodDef functions[] = {
	{"walk", walk, METH_NOARGS, NULL},
	{NULL, NULL, 0, NULL},
};

static void define_walk(void)
{
	ck_assert_int_eq(PyModule_AddFunctions(PyImport_AddModule("__main__"), functions),
			 0);
	/* The frames as Python itself tells them. */
	py_exec("def told():\n"
		"    frame, frames = sys._getframe(1), []\n"
		"    while frame:\n"
		"        c = frame.f_code\n"
		"        frames.append((c.co_name, c.co_qualname, c.co_filename,\n"
		"                       c.co_firstlineno, id(c)))\n"
		"        frame = frame.f_back\n"
		"    return frames\n");
}

static const struct pyusdt_layout *arm(void)
{
	const struct pyusdt_layout *layout;
	const char *why = NULL;

	ck_assert_int_eq(pyusdt_enable(PYUSDT_LAYOUT), 0);
	layout = pyusdt_layout(&why);
	ck_assert_msg(layout != NULL, "%s", why);
	return layout;
}

START_TEST(abi)
{
	static const size_t offsets[] = {
		offsetof(struct pyusdt_layout, size),
		offsetof(struct pyusdt_layout, python),
		offsetof(struct pyusdt_layout, tstate),
		offsetof(struct pyusdt_layout, frame),
		offsetof(struct pyusdt_layout, frame_indirect),
		offsetof(struct pyusdt_layout, previous),
		offsetof(struct pyusdt_layout, code),
		offsetof(struct pyusdt_layout, owner),
		offsetof(struct pyusdt_layout, instr),
		offsetof(struct pyusdt_layout, first_shim),
		offsetof(struct pyusdt_layout, name),
		offsetof(struct pyusdt_layout, qualname),
		offsetof(struct pyusdt_layout, filename),
		offsetof(struct pyusdt_layout, firstlineno),
		offsetof(struct pyusdt_layout, bytecode),
		offsetof(struct pyusdt_layout, ascii),
		offsetof(struct pyusdt_layout, thread_id),
		offsetof(struct pyusdt_layout, interpreter),
		offsetof(struct pyusdt_layout, gil),
	};
	static const size_t wanted[] = {
		0, 4, 8, 16, 20, 24, 28, 32, 36, 40, 44, 48, 52, 56, 60, 64, 68, 72, 76,
	};

	ck_assert_mem_eq(offsets, wanted, sizeof(wanted));
}
END_TEST

START_TEST(none_before_it_is_armed)
{
	const char *why = NULL;

	ck_assert_ptr_null(pyusdt_layout(&why));
	ck_assert_ptr_nonnull(why);
	ck_assert_ptr_null(pyusdt_layout(NULL));
	fake_watch(PYUSDT_LAYOUT);
	ck_assert_int_eq(pyusdt_enable(ALL_EVENTS), 0);
	ck_assert_ptr_null(pyusdt_layout(&why));
	ck_assert_uint_eq(fake_layout_count(), 0);
}
END_TEST

START_TEST(what_it_tells_of_itself)
{
	const struct pyusdt_layout *layout = arm();

	ck_assert_uint_eq(layout->size, sizeof(*layout));
	ck_assert_int_eq(layout->python, py_long("sys.hexversion"));
	ck_assert_ptr_eq(pyusdt_layout(NULL), layout);
}
END_TEST

START_TEST(takes_no_tool_id)
{
	fake_watch(PYUSDT_LAYOUT | ALL_EVENTS);
	py_exec("before = state()[:6]");
	arm();
	py_exec("same(state()[:6], before)\n"
		"same(core.enabled(), core.LAYOUT)\n"
		"for i in range(6): M.use_tool_id(i, 'other')\n"
		"same(core.enable(core.LAYOUT), 0)\n"
		"same(core.disable(), 0)\n"
		"same([M.get_tool(i) for i in range(6)], ['other'] * 6)\n");
}
END_TEST

START_TEST(with_and_without_events)
{
	fake_watch(PYUSDT_LAYOUT | PYUSDT_LINE);
	py_exec("for i in range(3):\n"
		"    same(core.enable(core.LAYOUT | core.ALL), 0)\n"
		"    same((M.get_tool(4), events(4)), ('pyusdt', {'LINE'}))\n"
		"    same(core.active(), core.LAYOUT | core.LINE)\n"
		"    same(core.enable(core.LAYOUT), 0)\n"
		"    same((M.get_tool(4), registered(4)), (None, set()))\n"
		"    same((core.enabled(), core.active()), (core.LAYOUT, core.LAYOUT))\n"
		"same(core.disable(), 0)\n"
		"same(core.enabled(), 0)\n");
}
END_TEST

START_TEST(frames_are_where_it_says)
{
	arm();
	define_walk();
	py_run("layout/frames_are_where_it_says.py");
}
END_TEST

START_TEST(frames_of_other_threads)
{
	arm();
	define_walk();
	py_exec("import threading\n"
		"results = []\n"
		"def work(): results.append((walk(), told()))\n"
		"threads = [threading.Thread(target=work) for i in range(5)]\n"
		"[t.start() for t in threads]\n"
		"[t.join() for t in threads]\n"
		"same(len(results), 5)\n"
		"for got, want in results: same(got, want)\n");
}
END_TEST

START_TEST(frames_without_the_gil)
{
	const struct pyusdt_layout *layout = arm();
	PyThreadState *state = PyEval_SaveThread();

	ck_assert_uint_eq(thread_state(layout), (uintptr_t)state);
	PyEval_RestoreThread(state);
	ck_assert_uint_eq(thread_state(layout), (uintptr_t)PyThreadState_Get());
}
END_TEST

static void *state_of_thread(void *argument)
{
	const struct pyusdt_layout *layout = argument;

	return (void *)(uintptr_t)thread_state(layout);
}

START_TEST(a_thread_without_python)
{
	const struct pyusdt_layout *layout = arm();
	pthread_t thread;
	void *state = &thread;

	ck_assert_int_eq(
		pthread_create(&thread, NULL, state_of_thread, (void *)(uintptr_t)layout),
		0);
	pthread_join(thread, &state);
	ck_assert_ptr_null(state);
}
END_TEST

/* At once when a tracer comes, then not before a second is over. */
START_TEST(announced_to_those_who_come)
{
	const struct pyusdt_layout *layout = arm();
	uint32_t python;

	ck_assert_uint_eq(fake_layout_count(), 0);
	fake_watch(PYUSDT_LINE);
	pyusdt_poll();
	ck_assert_uint_eq(fake_layout_count(), 0);
	for (unsigned int i = 1; i <= 3; i++) {
		fake_watch(PYUSDT_LAYOUT);
		ck_assert_int_ge(pyusdt_poll(), 0);
		ck_assert_uint_eq(fake_layout_count(), i);
		ck_assert_ptr_eq(fake_layout(&python), layout);
		ck_assert_uint_eq(python, layout->python);
		fake_watch(0);
		ck_assert_int_ge(pyusdt_poll(), 0);
		ck_assert_uint_eq(fake_layout_count(), i);
	}
}
END_TEST

START_TEST(announced_before_enable_returns)
{
	fake_watch(PYUSDT_LAYOUT);
	arm();
	ck_assert_uint_eq(fake_layout_count(), 1);
}
END_TEST

static unsigned int announced_meanwhile;

static void poll_meanwhile(void)
{
	ck_assert_int_ge(pyusdt_poll(), 0);
	announced_meanwhile = fake_layout_count();
}

/*
 * The watcher, on its way to the probe, may not get a CPU for long. Whoever polls then
 * goes on to code that is to be traced: it has to be announced when that returns.
 */
START_TEST(announced_while_another_thread_is_about_to)
{
	set_poll_msec(0);
	arm();
	fake_watch(PYUSDT_LAYOUT);
	fake_before_layout(poll_meanwhile);
	ck_assert_int_ge(pyusdt_poll(), 0);
	ck_assert_uint_eq(announced_meanwhile, 1);
	/* Both have told it, once each. */
	ck_assert_uint_eq(fake_layout_count(), 2);
	ck_assert_int_ge(pyusdt_poll(), 0);
	ck_assert_uint_eq(fake_layout_count(), 2);
}
END_TEST

/* Where each field is in them is tested by check_words. */
START_TEST(announced_by_value)
{
	const struct pyusdt_layout *layout = arm();
	struct layout_way way = {.tstate = layout->tstate};
	struct layout_words wanted, told;
	const char *why;

	ck_assert(layout_words(layout, &way, &wanted, &why));
	fake_watch(PYUSDT_LAYOUT | PYUSDT_PROCESS);
	ck_assert_int_ge(pyusdt_poll(), 0);
	ck_assert_uint_eq(fake_process_count(), 0);
	ck_assert_int_eq(pyusdt_enable(PYUSDT_PROCESS), 0);
	ck_assert_uint_eq(fake_process_count(), 1);
	told = fake_process();
	ck_assert_mem_eq(&told, &wanted, sizeof(wanted));
}
END_TEST

/* In any thread: what BPF code compares before it believes a state. */
START_TEST(state_names_its_thread)
{
	const struct pyusdt_layout *layout = arm();

#ifdef __x86_64__
	ck_assert_uint_ne(layout->thread_id, 0);
#endif
	if (layout->thread_id)
		ck_assert_ptr_eq(
			*(void **)((char *)PyThreadState_Get() + layout->thread_id),
			__builtin_thread_pointer());
}
END_TEST

/* As CPython's headers do not say: what a script reads of who has the GIL. */
START_TEST(gil_says_who_has_it)
{
	const struct pyusdt_layout *layout = arm();
	const char *state = (const char *)PyThreadState_Get();
	const char *interpreter = *(const char *const *)(state + layout->interpreter);
	const char *gil;
	PyThreadState *saved;

	ck_assert_uint_ne(layout->gil, 0);
	ck_assert_ptr_eq(interpreter,
			 PyThreadState_GetInterpreter((PyThreadState *)state));
	gil = *(const char *const *)(interpreter + layout->gil);
	ck_assert_ptr_eq(*(const char *const *)(gil + PYUSDT_GIL_HOLDER), state);
	ck_assert_int_eq(*(const volatile int *)(gil + PYUSDT_GIL_LOCKED), 1);
	saved = PyEval_SaveThread();
	ck_assert_int_eq(*(const volatile int *)(gil + PYUSDT_GIL_LOCKED), 0);
	PyEval_RestoreThread(saved);
}
END_TEST

static bool is_announced_thrice(void)
{
	return fake_layout_count() >= 3;
}

START_TEST(announced_again_by_the_watcher)
{
	set_poll_msec(1);
	fake_watch(PYUSDT_LAYOUT);
	arm();
	ck_assert(wait_until(is_announced_thrice));
}
END_TEST

START_TEST(silent_when_disarmed)
{
	arm();
	ck_assert_int_eq(pyusdt_enable(PYUSDT_LINE), 0);
	fake_watch(PYUSDT_LAYOUT);
	ck_assert_int_eq(pyusdt_poll(), 0);
	ck_assert_int_eq(pyusdt_disable(), 0);
	ck_assert_int_eq(pyusdt_poll(), 0);
	ck_assert_uint_eq(fake_layout_count(), 0);
}
END_TEST

START_TEST(python_again_and_again)
{
	for (int i = 0; i < 3; i++) {
		const char *why = NULL;

		python_start();
		arm();
		define_walk();
		py_exec("assert walk() == told()");
		python_stop();
		ck_assert_ptr_null(pyusdt_layout(&why));
		ck_assert_ptr_nonnull(why);
	}
}
END_TEST

/* The layout is the process's: whose interpreter ends is no matter while Python is there.
 */
START_TEST(an_interpreter_that_ends)
{
	PyThreadState *first = PyThreadState_Get(), *second;
	const struct pyusdt_layout *layout = arm();

	ck_assert_int_eq(pyusdt_disable(), 0);
	second = Py_NewInterpreter();
	ck_assert_ptr_nonnull(second);
	ck_assert_ptr_eq(arm(), layout);
	Py_EndInterpreter(second);
	PyThreadState_Swap(first);
	ck_assert_ptr_eq(pyusdt_layout(NULL), layout);
	ck_assert_ptr_eq(arm(), layout);
}
END_TEST

static void check_none(void)
{
	const char *why = NULL;

	ck_assert_ptr_null(pyusdt_layout(&why));
	ck_assert_ptr_nonnull(why);
}

/* CPython calls no handler of ours any more when it is armed in one of the program's. */
START_TEST(armed_at_the_end)
{
	for (int i = 0; i < 40; i++) {
		python_start();
		py_exec("import atexit\n"
			"atexit.register(lambda: core.note(core.enable(core.LAYOUT)))\n");
		python_stop();
		check_none();
	}
}
END_TEST

/* CPython 3.12 dies of one that is left. */
START_TEST(an_interpreter_that_is_left)
{
	if (Py_Version < 0x030d0000)
		return;
	for (int i = 0; i < 3; i++) {
		PyThreadState *first;

		python_start();
		first = PyThreadState_Get();
		arm();
		ck_assert_ptr_nonnull(Py_NewInterpreter());
		arm();
		PyThreadState_Swap(first);
		python_stop();
		check_none();
	}
}
END_TEST

START_TEST(a_pending_exception_is_kept)
{
	PyObject *exception = py_eval("KeyError('mine')");
	PyObject *left;

	PyErr_SetRaisedException(Py_NewRef(exception));
	arm();
	left = PyErr_GetRaisedException();
	ck_assert_ptr_eq(left, exception);
	Py_DECREF(left);
	Py_DECREF(exception);
}
END_TEST

/* The fields of a layout, by which frames are found. */
#define FIELD(name) #name, offsetof(struct pyusdt_layout, name)
static const struct {
	const char *name;
	size_t offset;
} fields[] = {
	{FIELD(frame)},       {FIELD(frame_indirect)}, {FIELD(previous)},
	{FIELD(code)},        {FIELD(owner)},          {FIELD(instr)},
	{FIELD(name)},        {FIELD(qualname)},       {FIELD(first_shim)},
	{FIELD(filename)},    {FIELD(bytecode)},       {FIELD(ascii)},
	{FIELD(firstlineno)},
};

static __u32 *field_of(struct pyusdt_layout *layout, int field)
{
	return (__u32 *)(void *)((char *)layout + fields[field].offset);
}

static bool is_accepted(const struct pyusdt_layout *layout)
{
	const char *why = NULL;
	bool accepted = layout_check(interp_find()->closure_type, layout, &why);

	ck_assert_int_eq(accepted, !why);
	ck_assert(!PyErr_Occurred());
	return accepted;
}

static bool is_field(int field, const char *name)
{
	return !strcmp(fields[field].name, name);
}

/*
 * Not wrong, or as good: frame_indirect is 0 or not; enum _frameowner has 2 for frames
 * that run no more. Around the owner are addresses, and beyond a frame others, with bytes
 * that may be like it by chance.
 */
static bool may_be_right(int field, uint32_t value, uint32_t right)
{
	return value == right || (is_field(field, "frame_indirect") && value && right) ||
	       (is_field(field, "first_shim") && value == 2) ||
	       (is_field(field, "owner") && (value + 2 < right || value >= right + 8));
}

static void try_field(int field)
{
	const struct pyusdt_layout *right = pyusdt_layout(NULL);
	struct pyusdt_layout wrong = *right;
	__u32 *value = field_of(&wrong, field), was = *value;

	ck_assert(is_accepted(right));
	/* All that is there, what is far beyond, and what is no address. */
	for (uint32_t i = 0; i < 1024; i++) {
		*value = i < 512 ? i : UINT32_MAX >> (i & 31) << (i >> 4 & 31);
		if (!may_be_right(field, *value, was))
			ck_assert_msg(!is_accepted(&wrong), "%s = %u, not %u",
				      fields[field].name, *value, was);
	}
}

static PyObject *try_here(PyObject *self, PyObject *field)
{
	(void)self;
	try_field((int)PyLong_AsLong(field));
	Py_RETURN_NONE;
}

static PyMethodDef tries[] = {
	{"try_field", try_here, METH_O, NULL},
	{NULL, NULL, 0, NULL},
};

/*
 * Where no function runs, and in a stack of functions of all kinds, whose names, lines
 * and files are not alike. The first is not large enough for bytes that may be like an
 * owner.
 */
START_TEST(a_wrong_field_is_refused)
{
	char call[100];

	arm();
	if (!is_field(_i, "owner"))
		try_field(_i);
	ck_assert_int_eq(PyModule_AddFunctions(PyImport_AddModule("__main__"), tries), 0);
	py_run("layout/a_wrong_field_is_refused.py");
	snprintf(call, sizeof(call), "nested(8, %d)", _i);
	py_exec(call);
}
END_TEST

/* It does not crash where nothing is an address, nor hang where there is no end. */
START_TEST(wrong_fields_together)
{
	const struct pyusdt_layout *right = arm();
	uint32_t random = (uint32_t)_i;
	int refused = 0;

	for (int i = 0; i < 2000; i++) {
		struct pyusdt_layout wrong = *right;

		for (int field = 0; field < (int)ARRAY_SIZE(fields); field++) {
			random = random * 1664525 + 1013904223;
			if (random >> 31)
				*field_of(&wrong, field) = random >> 13 & 0x1f8;
		}
		refused += !is_accepted(&wrong);
	}
	ck_assert_int_gt(refused, 1900);
}
END_TEST

START_TEST(a_wrong_thread_state_is_refused)
{
	const struct pyusdt_layout *right = arm();
	struct pyusdt_layout wrong = *right;

	for (wrong.tstate = -4096; wrong.tstate < 4096; wrong.tstate += 4)
		if (layout_tstate_at(wrong.tstate) != PyThreadState_Get())
			ck_assert(!is_accepted(&wrong));
	for (int i = 0; i < 64; i++) {
		wrong.tstate = (int64_t)(UINT64_MAX << i);
		if (layout_tstate_at(wrong.tstate) != PyThreadState_Get())
			ck_assert(!is_accepted(&wrong));
	}
}
END_TEST

/* For this process: what a container's filter of system calls may do. */
static void refuse_process_vm_readv(uint32_t error)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_process_vm_readv, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {ARRAY_SIZE(filter), filter};

	ck_assert_int_eq(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
	ck_assert_int_eq(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program), 0);
}

/* Threads keep their PyThreadState as ever: the reason must not say that they do not. */
static const struct {
	uint32_t error;
	const char *says;
} refusals[] = {
	{EPERM, "process_vm_readv: Operation not permitted"},
	{ENOSYS, "process_vm_readv: Function not implemented"},
	{EACCES, "process_vm_readv"},
};

START_TEST(memory_that_cannot_be_read)
{
	const char *why = "";

	refuse_process_vm_readv(refusals[_i].error);
	ck_assert_int_eq(pyusdt_enable(PYUSDT_LAYOUT), 0);
	ck_assert_ptr_null(pyusdt_layout(&why));
	ck_assert_msg(!strncmp(why, refusals[_i].says, strlen(refusals[_i].says)), "%s",
		      why);
}
END_TEST

/* No guess is made of what is not known. */
START_TEST(unknown_versions)
{
	static const uint32_t versions[] = {0x02070000, 0x030b00f0, 0x03630000,
					    0x04000000};
	static const char debug[LAYOUT_DEBUG_SIZE];

	for (size_t i = 0; i < ARRAY_SIZE(versions); i++) {
		struct pyusdt_layout layout;
		const char *why = NULL;

		ck_assert(!layout_offsets(versions[i], debug, &layout, &why));
		ck_assert_ptr_nonnull(why);
		why = NULL;
		ck_assert(!layout_offsets(versions[i], NULL, &layout, &why));
		ck_assert_ptr_nonnull(why);
	}
}
END_TEST

/* From 3.13 on CPython publishes them, with a cookie before; without it, no layout. */
START_TEST(no_published_offsets)
{
	static const char debug[LAYOUT_DEBUG_SIZE];

	for (uint32_t version = 0x030d00f0; version <= 0x030f00f0; version += 0x10000) {
		struct pyusdt_layout layout;
		const char *why = NULL;

		ck_assert(!layout_offsets(version, debug, &layout, &why));
		ck_assert_ptr_nonnull(why);
		ck_assert(!layout_offsets(version, NULL, &layout, &why));
	}
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("with Python");
	TCase *bare = tcase_create("without Python");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(bare, abi);
	tcase_add_test(bare, python_again_and_again);
	tcase_add_test(bare, armed_at_the_end);
	tcase_add_test(bare, an_interpreter_that_is_left);
	tcase_add_test(bare, unknown_versions);
	tcase_add_test(bare, no_published_offsets);
	tcase_add_test(tcase, none_before_it_is_armed);
	tcase_add_test(tcase, what_it_tells_of_itself);
	tcase_add_test(tcase, takes_no_tool_id);
	tcase_add_test(tcase, with_and_without_events);
	tcase_add_test(tcase, frames_are_where_it_says);
	tcase_add_test(tcase, frames_of_other_threads);
	tcase_add_test(tcase, frames_without_the_gil);
	tcase_add_test(tcase, a_thread_without_python);
	tcase_add_test(tcase, announced_to_those_who_come);
	tcase_add_test(tcase, announced_before_enable_returns);
	tcase_add_test(tcase, announced_by_value);
	tcase_add_test(tcase, state_names_its_thread);
	tcase_add_test(tcase, gil_says_who_has_it);
	tcase_add_test(tcase, announced_while_another_thread_is_about_to);
	tcase_add_test(tcase, announced_again_by_the_watcher);
	tcase_add_test(tcase, silent_when_disarmed);
	tcase_add_test(tcase, an_interpreter_that_ends);
	tcase_add_test(tcase, a_pending_exception_is_kept);
	tcase_add_loop_test(tcase, a_wrong_field_is_refused, 0, ARRAY_SIZE(fields));
	tcase_add_loop_test(tcase, wrong_fields_together, 0, 5);
	tcase_add_test(tcase, a_wrong_thread_state_is_refused);
	tcase_add_loop_test(tcase, memory_that_cannot_be_read, 0, ARRAY_SIZE(refusals));
	return support_main("layout", bare, tcase);
}
