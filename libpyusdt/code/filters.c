// SPDX-License-Identifier: BSD-2-Clause
/*
 * This file holds the patterns of which code is visible to tracers, and judges each code
 * object by them: when its metadata is made, and all once more when the patterns change.
 */
#include "code/filters.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "code/codelist.h"
#include "code/codemeta.h"
#include "code/glob.h"

#define FILE_PREFIX "file:"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* Patterns, as they were given and one after the other. */
struct patterns {
	const char *text; /* one of those kept; NULL: none were given */
	char *strings;    /* owned; each with a NUL, an empty one behind the last */
};

/*
 * All texts that were ever given: another thread may have been told of any. They are few,
 * and the same ones come again.
 */
struct kept_text {
	struct kept_text *next;
	char text[];
};

/* Protected by `lock`. */
static struct patterns included, excluded;
static struct kept_text *kept_texts;

/* Written by who holds `lock`, read by all. */
static unsigned int version; /* atomic */
static bool any;             /* atomic; are there any patterns? */

/* Returns: the first pattern of @text, and its length; NULL where there is none left. */
static const char *first_pattern(const char *text, size_t *length)
{
	text += strspn(text, ", \t\n");
	*length = strcspn(text, ",");
	while (*length && strchr(" \t\n", text[*length - 1]))
		--*length;
	return *length ? text : NULL;
}

/* Caller holds `lock`. Returns: @text, for ever; NULL where memory ran out. */
static const char *keep_text(const char *text)
{
	struct kept_text *kept = kept_texts;
	size_t size = strlen(text) + 1;

	while (kept && strcmp(kept->text, text) != 0)
		kept = kept->next;
	if (kept)
		return kept->text;
	kept = malloc(sizeof(*kept) + size);
	if (!kept)
		return NULL;
	memcpy(kept->text, text, size);
	kept->next = kept_texts;
	kept_texts = kept;
	return kept->text;
}

/* Caller holds `lock`. */
static const char *patterns_text(const struct patterns *patterns)
{
	return patterns->text ? patterns->text : "";
}

/* Caller holds `lock`. */
static void patterns_move(struct patterns *to, const struct patterns *from)
{
	free(to->strings);
	to->strings = from->strings;
	to->text = from->text;
}

static bool is_file_pattern(const char *pattern)
{
	return !strncmp(pattern, FILE_PREFIX, strlen(FILE_PREFIX));
}

const char *filters_pattern_error(const char *pattern)
{
	if (strchr(pattern, ','))
		return "a comma stands between patterns: write ? for one in a name";
	return glob_check(is_file_pattern(pattern) ? pattern + strlen(FILE_PREFIX)
						   : pattern);
}

/* Returns: 0 or -ENOMEM. */
static int patterns_read(struct patterns *patterns, const char *text)
{
	const char *pattern;
	size_t length;
	char *end;

	/* Each comma, and the end, leave room for a NUL; the empty one needs one more. */
	patterns->strings = end = calloc(strlen(text) + 2, 1);
	if (!end)
		return -ENOMEM;
	for (; (pattern = first_pattern(text, &length)); text = pattern + length) {
		memcpy(end, pattern, length);
		end += length + 1;
	}
	return 0;
}

static bool are_good(const struct patterns *patterns)
{
	for (const char *at = patterns->strings; *at; at += strlen(at) + 1)
		if (filters_pattern_error(at))
			return false;
	return true;
}

static bool matches(const struct patterns *patterns, const struct codemeta *code)
{
	for (const char *at = patterns->strings; at && *at; at += strlen(at) + 1)
		if (is_file_pattern(at) ? glob_match(at + strlen(FILE_PREFIX), code->file)
					: glob_match(at, code->full_name))
			return true;
	return false;
}

static bool is_empty(const struct patterns *patterns)
{
	return !patterns->strings || !*patterns->strings;
}

/* Caller holds `lock`. */
static bool is_visible(const struct codemeta *code)
{
	return !code->own && (is_empty(&included) || matches(&included, code)) &&
	       !matches(&excluded, code);
}

/* Caller holds `lock`. */
static void judge(struct codelink *link)
{
	struct codemeta *code = (struct codemeta *)link;

	__atomic_store_n(&code->visible, is_visible(code), __ATOMIC_RELAXED);
}

void filters_add(struct codemeta *code)
{
	pthread_mutex_lock(&lock);
	judge(&code->link);
	codelist_add(&code->link);
	pthread_mutex_unlock(&lock);
}

/* Caller holds `lock`. Returns: 0, -EINVAL or -ENOMEM. */
static int read_and_check(struct patterns *patterns, const char *text)
{
	int error = patterns_read(patterns, text);

	if (error)
		return error;
	if (!are_good(patterns))
		return -EINVAL;
	patterns->text = keep_text(text);
	return patterns->text ? 0 : -ENOMEM;
}

/* Caller holds `lock`. Returns: as filters_set(). */
static int replace(const char *include, const char *exclude)
{
	struct patterns new_included = {0}, new_excluded = {0};
	int error = read_and_check(&new_included, include);

	if (!error)
		error = read_and_check(&new_excluded, exclude);
	if (error) {
		free(new_included.strings);
		free(new_excluded.strings);
		return error;
	}
	patterns_move(&included, &new_included);
	patterns_move(&excluded, &new_excluded);
	__atomic_store_n(&any, !is_empty(&included) || !is_empty(&excluded),
			 __ATOMIC_RELAXED);
	codelist_walk(judge);
	/* Last: who sees it brings back what was refused by the old ones, once. */
	__atomic_add_fetch(&version, 1, __ATOMIC_RELEASE);
	return 1;
}

int filters_set(const char *include, const char *exclude)
{
	int result = 0;

	include = include ? include : "";
	exclude = exclude ? exclude : "";
	pthread_mutex_lock(&lock);
	if (strcmp(include, patterns_text(&included)) != 0 ||
	    strcmp(exclude, patterns_text(&excluded)) != 0)
		result = replace(include, exclude);
	pthread_mutex_unlock(&lock);
	return result;
}

static const char *locked_text(const struct patterns *patterns)
{
	const char *text;

	pthread_mutex_lock(&lock);
	text = patterns_text(patterns);
	pthread_mutex_unlock(&lock);
	return text;
}

const char *filters_include(void)
{
	return locked_text(&included);
}

const char *filters_exclude(void)
{
	return locked_text(&excluded);
}

bool filters_any(void)
{
	return __atomic_load_n(&any, __ATOMIC_RELAXED);
}

unsigned int filters_version(void)
{
	return __atomic_load_n(&version, __ATOMIC_ACQUIRE);
}

void filters_fork_prepare(void)
{
	pthread_mutex_lock(&lock);
}

void filters_fork_done(void)
{
	pthread_mutex_unlock(&lock);
}
