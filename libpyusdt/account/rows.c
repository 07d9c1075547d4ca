// SPDX-License-Identifier: BSD-2-Clause
/* This file keeps the table of what was not told yet. */
#include "account/rows.h"

#include <stddef.h>
#include <string.h>

#define SAME_PLACE(field, public)                                           \
	_Static_assert(offsetof(struct record, field) ==                    \
			       offsetof(struct pyusdt_profile_row, public), \
		       #public " is not where tracers read it")
SAME_PLACE(sums, sums);
SAME_PLACE(told, told);
SAME_PLACE(thread, thread);
SAME_PLACE(filename_length, filename_length);
SAME_PLACE(qualname, qualname);
SAME_PLACE(filename, filename);
SAME_PLACE(line, line);
SAME_PLACE(next_row, next);

static struct pyusdt_profile_table table = {.size = sizeof(table)};

/* Links of rows point to records: the table's first one is where such a link is. */
static struct record *first;

const struct pyusdt_profile_table *rows_table(void)
{
	return &table;
}

/* Not before all that was written until now. */
#define STORE(to, value) __atomic_store_n(&(to), (value), __ATOMIC_RELEASE)

void rows_set_scale(double ns_per_tick)
{
	STORE(table.scale, (uint64_t)(ns_per_tick * (1 << 20)));
}

/* @link: that before @row, NULL: @row is the first. */
static void set_link(struct record **link, struct record *row)
{
	STORE(*link, row);
	if (link == &first)
		STORE(table.rows, (const struct pyusdt_profile_row *)row);
}

static void put_in(struct record *row)
{
	row->next_row = first;
	if (first)
		first->row_link = &row->next_row;
	row->row_link = &first;
	set_link(&first, row);
}

static void take_out(struct record *row)
{
	if (row->next_row)
		row->next_row->row_link = row->row_link;
	set_link(row->row_link, row->next_row);
	row->row_link = NULL;
}

void rows_add(struct record *row, const struct codemeta *meta)
{
	if (row->row_link)
		return;
	row->qualname = meta->qualname;
	row->filename = meta->file;
	row->filename_length = strlen(meta->file);
	row->line = (uint64_t)meta->line;
	put_in(row);
	STORE(table.count, table.count + 1);
}

void rows_remove(struct record *row)
{
	if (!row->row_link)
		return;
	take_out(row);
	STORE(table.count, table.count - 1);
}

void rows_begin_telling(const struct record *row, const struct pyusdt_sums *sums)
{
	table.sums = *sums;
	STORE(table.hit, table.hit + 1);
	STORE(table.telling, (const struct pyusdt_profile_row *)row);
}

void rows_told(struct record *row)
{
	row->told = table.sums;
	STORE(table.telling, NULL);
	if (row->row_link) {
		take_out(row);
		put_in(row);
	}
}
