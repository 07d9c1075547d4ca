// SPDX-License-Identifier: BSD-2-Clause
#include "request.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "clock.h"
#include "debug_offsets.h"
#include "graft.h"
#include "library.h"
#include "place.h"
#include "python.h"
#include "script.h"
#include "target.h"
#include "text.h"
#include "waiting.h"

/* For an answer; later, it is asked again: a process that begins forgets some requests.
 */
#define ANSWER_MSEC 500

/* For the main thread to come by and take a script: longer than a slice of its time. */
#define SCRIPT_MSEC 50

/* Between two looks at a thread that could not be led aside: more each time, up to this.
 */
#define MAX_PAUSE_USEC 20000

#define POLL_USEC 200

/* One process, all that is known of it, and how far it is. */
struct session {
	const struct request *request;
	struct answer *answer;
	struct target target;
	struct python python;
	struct library library;
	struct place place;
	struct graft graft;
	const char *no_graft; /* NULL, or why there can be none */
	struct debug_offsets offsets;
	bool has_script; /* CPython takes scripts */
	uint64_t word;   /* the request as the library has it */
	int64_t end;
};

/* What one way in has come to. */
enum way {
	WAY_IN,      /* an answer may come */
	WAY_NOT_NOW, /* try again */
	WAY_NONE,    /* there is no such way, why is set */
};

static volatile sig_atomic_t interrupted;

void request_interrupt(void)
{
	interrupted = 1;
}

static void say(struct session *session, const char *why)
{
	snprintf(session->answer->why, sizeof(session->answer->why), "%s", why);
}

static bool is_time_left(const struct session *session)
{
	return !interrupted && clock_usec() < session->end;
}

/* Not 0, and not that of the last one. */
static void number(struct session *session)
{
	unsigned char random = 0;
	uint64_t last = session->word;

	do {
		if (getrandom(&random, 1, 0) != 1)
			random++;
		session->word = ATTACH_NUMBER(random) | session->request->events;
	} while (!random || session->word == last);
}

/* Returns: the system call that its main thread is blocked in, -1: it is not. */
static int64_t blocked_in(const struct session *session)
{
	char line[256];
	int64_t number = -1;

	if (target_read_file(&session->target, "syscall", line, sizeof(line) - 1) > 0 &&
	    sscanf(line, "%" SCNd64, &number) != 1)
		number = -1;
	return number;
}

/* Returns: whether there is anything to wait for, else why is set. */
static bool look(struct session *session)
{
	const char *why = target_look(&session->target);

	if (why)
		say(session, why);
	else if (!session->library.loaded)
		library_find(&session->target, &session->library);
	return !why;
}

static bool is_answered(struct session *session)
{
	struct attach_state *state = &session->answer->state;

	return library_state(&session->target, &session->library, state) &&
	       state->done == session->word;
}

/* The dynamic linker's message. Returns: whether there is one. */
static bool is_load_refused(struct session *session, const struct graft_data *data)
{
	char text[257] = "", shown[400];

	if (!data->error)
		return false;
	remote_read_some(target_memory(&session->target), data->error, text,
			 sizeof(text) - 1);
	text_show(text, shown, sizeof(shown));
	snprintf(session->answer->why, sizeof(session->answer->why),
		 "it cannot load the library: %s", shown);
	return true;
}

/*
 * Where the main thread was led aside, until it is back as well: before, a signal that
 * comes would be another thread's to take, and the main thread would go on waiting.
 *
 * Returns: whether it came; @grafted: the main thread was led aside for it.
 */
static enum way wait_for_answer(struct session *session, bool grafted)
{
	int64_t end = clock_usec() + (int64_t)ANSWER_MSEC * 1000;
	bool answered = false;

	while (clock_usec() < end) {
		struct graft_data data;

		if (!look(session))
			return answered ? WAY_IN : WAY_NONE;
		answered = is_answered(session);
		if (answered && !grafted)
			return WAY_IN;
		if (grafted && graft_through(&session->target, &session->graft, &data)) {
			if (answered)
				return WAY_IN;
			if (is_load_refused(session, &data))
				return WAY_NONE;
			if (data.result == -EBUSY) {
				say(session, "its main thread is within the library");
				return WAY_NOT_NOW;
			}
		}
		clock_sleep(POLL_USEC);
	}
	if (answered)
		return WAY_IN;
	say(session,
	    "it does not answer: an audit hook, or what it is at, is in the way");
	return WAY_NOT_NOW;
}

static enum way by_graft(struct session *session)
{
	int64_t left = session->end - clock_usec();
	enum graft_result result;

	if (left <= 0)
		return WAY_NOT_NOW;
	session->answer->why[0] = 0;
	result = graft_set(&session->target, &session->library, session->place.path,
			   session->word, left, &session->graft);
	session->answer->stood = session->graft.stood;
	if (result == GRAFT_SET)
		return wait_for_answer(session, true);
	say(session, session->graft.why);
	return result == GRAFT_NOT_NOW ? WAY_NOT_NOW : WAY_NONE;
}

/* Returns: how CPython may load the library, NULL: by no path. */
static const char *script_path(const struct session *session)
{
	if (!session->library.loaded)
		return session->place.path;
	return session->library.path[0] ? session->library.path : NULL;
}

static enum way by_script(struct session *session)
{
	const char *path = script_path(session);
	char text[1024];
	int size;
	struct place place;
	const char *why;
	enum way way = WAY_NOT_NOW;

	/* Filters can be read only while it is stopped. */
	if (session->target.status.seccomp) {
		say(session,
		    "seccomp limits its system calls: to load a library may end it");
		return WAY_NONE;
	}
	if (!path) {
		say(session, "the library that it has loaded is in no file any more");
		return WAY_NONE;
	}
	size = script_text(text, sizeof(text), path, session->word);
	why = place_text(&session->target, text, (size_t)size, &place);
	if (why) {
		say(session, why);
		return WAY_NONE;
	}
	switch (script_run(&session->target, &session->python, &session->offsets,
			   place.path, SCRIPT_MSEC)) {
	case SCRIPT_TAKEN:
		session->answer->why[0] = 0;
		session->answer->stood = -1;
		way = wait_for_answer(session, false);
		break;
	case SCRIPT_DISABLED:
		say(session, "its user has disabled remote debugging");
		way = WAY_NONE;
		break;
	case SCRIPT_OTHERS:
		say(session, "a request of another debugger waits in it");
		break;
	case SCRIPT_EARLY:
		say(session, "its Python has no main thread yet");
		break;
	case SCRIPT_NOT:
		say(session, "its main thread is blocked, or runs no Python code");
		break;
	}
	place_remove(&place);
	return way;
}

/*
 * By a graft where that can be: no instruction of Python is run in the main thread then.
 * A script is some, and a signal that waits when it begins has its handler run within it.
 */
static enum way enter(struct session *session)
{
	int64_t call = blocked_in(session);

	if (call >= 0 && (session->no_graft || !waiting_name(call))) {
		snprintf(session->answer->why, sizeof(session->answer->why),
			 "its main thread is blocked in system call %" PRId64, call);
		return WAY_NOT_NOW;
	}
	return session->no_graft ? by_script(session) : by_graft(session);
}

/* Returns: whether it is done, for good or bad. */
static bool is_done(struct session *session, enum way way)
{
	if (way == WAY_NONE)
		return true;
	if (way == WAY_NOT_NOW)
		return false;
	/* Python has not begun yet. */
	if (session->answer->state.result == -EPERM) {
		say(session, "its Python has not begun yet, or is at its end");
		number(session);
		return false;
	}
	session->answer->outcome = OUTCOME_ANSWERED;
	return true;
}

static void ask(struct session *session)
{
	long pause = 1000;

	number(session);
	while (is_time_left(session)) {
		if (!look(session) || is_done(session, enter(session)))
			return;
		clock_sleep(pause);
		if (pause < MAX_PAUSE_USEC)
			pause *= 2;
	}
	session->answer->outcome = OUTCOME_LATE;
	if (library_take_back(&session->target, &session->library))
		is_done(session, wait_for_answer(session, false));
}

/* Returns: NULL; or why it cannot be asked, @is_final: whatever else it may yet map. */
static const char *find_ways(struct session *session, bool *is_final)
{
	const struct request *request = session->request;
	const char *why = python_find(&session->target, &session->python);
	struct attach_state state = {0};

	*is_final = session->python.runtime;
	if (why)
		return why;
	*is_final = false;
	session->has_script =
		debug_offsets_read(&session->target, &session->python, &session->offsets);
	library_find(&session->target, &session->library);
	if (session->library.loaded &&
	    !library_state(&session->target, &session->library, &state))
		return "the libpyusdt that it has loaded is of another release";
	session->word = state.done; /* not to be taken for the answer to ours */
	session->no_graft = request->no_stop
				    ? "its CPython is older than 3.14: it must be stopped"
				    : graft_prepare(&session->target, &session->graft);
	return session->has_script ? NULL : session->no_graft;
}

/* A program that has just begun may not have mapped all its libraries yet. */
static const char *find_ways_soon(struct session *session)
{
	int64_t end = clock_usec() + (int64_t)ANSWER_MSEC * 1000;
	const char *why;
	bool is_final;

	for (;;) {
		why = find_ways(session, &is_final);
		if (!why || is_final || interrupted || clock_usec() > end)
			return why;
		clock_sleep(MAX_PAUSE_USEC);
		if (target_look(&session->target))
			return why;
	}
}

/* CPython sets that it is not while it begins. */
static bool is_disabled(struct session *session)
{
	int64_t end = clock_usec() + (int64_t)ANSWER_MSEC * 1000;

	while (script_disabled(&session->target, &session->python, &session->offsets)) {
		if (interrupted || clock_usec() > end)
			return true;
		clock_sleep(MAX_PAUSE_USEC);
	}
	return false;
}

/* Returns: NULL, or why it cannot be asked. */
static const char *prepare(struct session *session)
{
	const char *why = target_open(&session->target, session->request->pid);

	if (!why)
		why = find_ways_soon(session);
	if (why)
		return why;
	session->answer->python = session->python.version;
	if (session->has_script && is_disabled(session))
		return "its user has disabled remote debugging";
	if (session->library.loaded)
		return NULL;
	if (!session->request->events)
		return "libpyusdt is not loaded in it: there is nothing to disarm";
	session->answer->loaded = true;
	return place_library(&session->target, session->request->library,
			     &session->place);
}

void request_make(const struct request *request, struct answer *answer)
{
	struct session session = {
		.request = request,
		.answer = answer,
		.place = {.folder = -1},
		.end = clock_usec() + (int64_t)request->msec * 1000,
	};
	const char *why;

	*answer = (struct answer){.outcome = OUTCOME_REFUSED, .stood = -1};
	why = prepare(&session);
	if (why)
		say(&session, why);
	else
		ask(&session);
	place_remove(&session.place);
	target_close(&session.target);
}
