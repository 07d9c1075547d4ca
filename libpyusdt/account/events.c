// SPDX-License-Identifier: BSD-2-Clause
/*
 * This file is what an event costs: the calling thread's shadow stack is held against
 * CPython's frames, and the sums of its top are written. Time is read last where a
 * function begins and first where it ends, so that most of what we take ourselves is the
 * caller's, as it is in the standard library's profilers.
 */
#include "account/events.h"

#include <string.h>

#include "account/c_names.h"
#include "account/clock.h"
#include "account/frames.h"
#include "account/nodes.h"
#include "account/threads.h"
#include "account/telling.h"
#include "base/pycompat.h"

#define ALWAYS_INLINE inline __attribute__((always_inline))
#define COLD          __attribute__((cold, noinline))
#define unlikely(x)   __builtin_expect(!!(x), 0)

/* Of processes of multiprocessing, after whose last function comes os._exit(). */
#define LAST_FUNCTION "multiprocessing.process.BaseProcess._bootstrap"

/* Go over to @next. What has passed until @now is the old top's: it may have waited. */
static void change_stack(struct account_thread *thread, const struct stack *next,
			 uint64_t now)
{
	sums_add(&thread->stack.top->record->sums.own, now - thread->last);
	thread->last = now;
	if (stack_is_empty(&thread->stack)) {
		stack_free(&thread->stack);
	} else {
		stack_rest(&thread->stack);
		if (!parked_put(&thread->parked, &thread->stack))
			stack_free(&thread->stack);
	}
	thread->stack = *next;
	stack_go_on(&thread->stack);
}

/* Returns: whether @frame is one that is known, whose entry is the top now. */
static bool find_frame(struct account_thread *thread, const char *frame, uint64_t now)
{
	struct entry *entry = stack_find(&thread->stack, frame);
	struct stack parked;

	if (entry) {
		stack_drop(&thread->stack, entry);
		return true;
	}
	if (!parked_take(&thread->parked, frame, &parked))
		return false;
	change_stack(thread, &parked, now);
	return true;
}

/* Returns: whether the top is of @frame or one of its callers: those above are hidden. */
static bool is_top_below(const struct account_thread *thread, const char *frame)
{
	const struct entry *top = thread->stack.top;

	while (frame && frame != top->frame)
		frame = frames_previous(frame);
	return frame && entry_is_of(top, frame);
}

/*
 * Make that entry the top which is of the innermost known one of @frame and its callers.
 * What is above it has ended with an event that was lost; or it is on another stack.
 * Where none of them is known they are on a stack of their own.
 */
static COLD void find_caller(struct account_thread *thread, const char *frame)
{
	uint64_t now = clock_now();
	struct stack new;

	if (is_top_below(thread, frame))
		return;
	for (; frame; frame = frames_previous(frame))
		if (!frames_is_shim(frame) && find_frame(thread, frame, now))
			return;
	if (!stack_is_empty(&thread->stack) && stack_init(&new, &thread->unknown))
		change_stack(thread, &new, now);
}

/* Nothing is known, nor was anything before: what begins is the first. */
static ALWAYS_INLINE bool is_blank(const struct account_thread *thread)
{
	return stack_is_empty(&thread->stack) && !thread->parked.count;
}

/* The top is the caller of @frame, as far as that is known. */
static ALWAYS_INLINE void settle_caller(struct account_thread *thread, const char *frame)
{
	const char *caller = frames_previous(frame);

	if (unlikely(thread->stack.top->frame != caller) &&
	    !frames_is_called_by_c(frame, thread->stack.top->frame) && !is_blank(thread))
		find_caller(thread, caller);
}

/* There is room for one entry. */
static ALWAYS_INLINE void push(struct account_thread *thread, struct record *record,
			       const char *frame)
{
	struct entry *top = thread->stack.top;
	uint64_t now;

	record->active++;
	now = clock_now();
	sums_add(&top->record->sums.own, now - thread->last);
	thread->last = now;
	top++;
	*top = (struct entry){frame, record, now};
	thread->stack.top = top;
}

static ALWAYS_INLINE bool has_room(struct account_thread *thread)
{
	return !unlikely(thread->stack.top + 1 == thread->stack.end) ||
	       stack_grow(&thread->stack);
}

/* Returns: that of @code as the top calls it, NULL where there is none yet. */
static ALWAYS_INLINE struct record *find_record(struct account_thread *thread,
						const void *code)
{
	const struct records *records = &thread->records;
	struct record *record = records_find(records, code, thread->stack.top->record);

	/* That of all contexts that there was no more room for. */
	if (unlikely(!record) && records->contexts)
		record = records_find(records, code, NULL);
	return record;
}

bool account_enter(struct account *account, const PyObject *code, bool resumed)
{
	struct account_thread *thread = threads_get(account);
	struct record *record;
	const char *frame;

	if (unlikely(!thread))
		return true;
	frame = frames_current();
	/* The program itself can call what we have registered, also where no Python runs.
	 */
	if (unlikely(!frame))
		return true;
	settle_caller(thread, frame);
	record = find_record(thread, code);
	if (unlikely(!record))
		return false;
	sums_add(resumed ? &record->sums.resumes : &record->sums.calls, 1);
	if (has_room(thread))
		push(thread, record, frame);
	return true;
}

/* The top has ended @now. */
static ALWAYS_INLINE void pop(struct account_thread *thread, uint64_t now, bool raised)
{
	struct entry *top = thread->stack.top;
	struct record *record = top->record;

	sums_add(&record->sums.own, now - thread->last);
	thread->last = now;
	record_end(record, now - top->start);
	if (unlikely(raised))
		sums_add(&record->sums.exceptions, 1);
	thread->stack.top = top - 1;
}

static ALWAYS_INLINE bool is_top(struct account_thread *thread, const char *frame,
				 const void *code)
{
	const struct entry *top = thread->stack.top;

	return top->frame == frame && top->record->code == code;
}

/* Returns: whether the top is @code in @frame now: the end of what is above was lost. */
static COLD bool find_top(struct account_thread *thread, const char *frame,
			  const void *code, uint64_t now)
{
	if (is_blank(thread) || !find_frame(thread, frame, now))
		return false;
	/* What @frame has called of C has its address, too. */
	while (!is_top(thread, frame, code)) {
		if (!thread->stack.top->record->is_c)
			return false;
		stack_drop(&thread->stack, thread->stack.top - 1);
	}
	return true;
}

bool account_leave(struct account *account, const PyObject *code, bool raised)
{
	uint64_t now = clock_now();
	struct account_thread *thread = threads_get(account);
	const char *frame;
	bool last;

	if (unlikely(!thread))
		return true;
	frame = frames_current();
	if (unlikely(!frame))
		return true;
	if (unlikely(!is_top(thread, frame, code)) && !find_top(thread, frame, code, now))
		return false;
	last = thread->stack.top->record->ends_process;
	pop(thread, now, raised);
	if (unlikely(last))
		telling_all();
	return true;
}

/* Returns: NULL where memory ran out. */
static struct record *add_record(struct account_thread *thread, struct codemeta *meta,
				 const void *code)
{
	struct record *parent = thread->stack.top->record;
	struct account *account = thread->account;
	struct account_node *context = NULL, *node;
	struct record *record = NULL;

	sums_lock();
	if (account->contexts)
		context = parent->node;
	node = nodes_get(account, meta, context);
	/* Without the parent that it was to have: there is no room for more contexts. */
	if (context && node && !node->parent)
		parent = NULL;
	if (node)
		record = records_add(&thread->records, code, parent);
	if (record)
		record_attach(record, node);
	if (record && account->buckets)
		record_add_buckets(record);
	sums_unlock();
	return record;
}

bool account_ends_process(const struct codemeta *meta)
{
	return !strcmp(meta->full_name, LAST_FUNCTION);
}

bool account_meet(struct account *account, struct codemeta *meta)
{
	struct account_thread *thread = threads_get(account);
	struct record *record = thread ? add_record(thread, meta, meta->code) : NULL;

	if (!record)
		return false;
	record->ends_process =
		account->kind == ACCOUNT_TOLD && account_ends_process(meta);
	return true;
}

/* With a new function of C. Returns: NULL where it cannot be counted. */
static COLD struct record *add_c(struct account_thread *thread, const PyMethodDef *def,
				 PyObject *callable)
{
	struct account *account = thread->account;
	uint64_t token = account->token;
	struct codemeta *meta = c_names_get(account, def, callable);
	struct record *record;

	/* Another thread may have ended it meanwhile, and forgotten the names. */
	if (!meta || account->token != token)
		return NULL;
	record = add_record(thread, meta, def);
	if (record)
		record->is_c = true;
	return record;
}

void account_enter_c(struct account *account, PyObject *callable)
{
	const PyMethodDef *def = pycompat_method_def(callable);
	struct account_thread *thread = def ? threads_get(account) : NULL;
	struct record *record;
	const char *frame;

	frame = thread ? frames_current() : NULL;
	if (!frame)
		return;
	if (thread->stack.top->frame != frame && !is_blank(thread))
		find_caller(thread, frame);
	record = find_record(thread, def);
	if (unlikely(!record))
		record = add_c(thread, def, callable);
	if (!record)
		return;
	sums_add(&record->sums.calls, 1);
	if (has_room(thread))
		push(thread, record, frame);
}

void account_leave_c(struct account *account, PyObject *callable, bool raised)
{
	uint64_t now = clock_now();
	const PyMethodDef *def = pycompat_method_def(callable);
	struct account_thread *thread = def ? threads_get(account) : NULL;
	const char *frame;

	frame = thread ? frames_current() : NULL;
	if (!frame)
		return;
	if (is_top(thread, frame, def) || find_top(thread, frame, def, now))
		pop(thread, now, raised);
}
