// SPDX-License-Identifier: BSD-2-Clause
/* The words of PROCESS: each field is where BPF code takes it from, or it is refused. */
#include <stddef.h>
#include <string.h>

#include "layout/layout_words.h"
#include "support.h"

/* Each of them another value. */
static const struct pyusdt_layout layout = {
	.size = sizeof(layout),
	.python = 0x030d00f0,
	.frame = 0x1001,
	.frame_indirect = 1,
	.previous = 0x1002,
	.code = 0x1003,
	.owner = 0x1004,
	.instr = 0x1005,
	.first_shim = 3,
	.name = 0x1006,
	.qualname = 0x1007,
	.filename = 0x1008,
	.firstlineno = 0x1009,
	.bytecode = 0x100a,
	.ascii = 0x28,
	.thread_id = 0x100d,
	.interpreter = 0x100e,
	.gil = 0x100f,
};

static const struct layout_way way = {.tstate = -40, .inner = 0x100b, .inmost = 0x100c};

static struct layout_words encode(const struct pyusdt_layout *from,
				  const struct layout_way *by)
{
	struct layout_words words;
	const char *why = NULL;

	ck_assert(layout_words(from, by, &words, &why));
	ck_assert_ptr_null(why);
	return words;
}

START_TEST(fields_are_where_they_are_documented)
{
	struct layout_words words = encode(&layout, &way);

	ck_assert_uint_eq(words.tstate, 0x100c100bffffffd8);
	ck_assert_uint_eq(words.walk, 0x1005100410031002);
	ck_assert_uint_eq(words.names, 0x100a100910081007);
	ck_assert_uint_eq(words.rest, 0x01034028100d1001);
	ck_assert_uint_eq(words.version, 0x100f100e030d00f0);
}
END_TEST

/* As the scripts do: the low 32 bits are signed. */
START_TEST(offset_from_the_thread_pointer_comes_back)
{
	const int64_t offsets[] = {INT32_MIN, -40, -1, 0, 1, 0x330, INT32_MAX};

	for (size_t i = 0; i < ARRAY_SIZE(offsets); i++) {
		struct layout_way other = way;
		uint64_t low;

		other.tstate = offsets[i];
		low = encode(&layout, &other).tstate & 0xffffffff;
		ck_assert_int_eq((int64_t)((low ^ 0x80000000) - 0x80000000), offsets[i]);
	}
}
END_TEST

START_TEST(largest_values_fit)
{
	struct pyusdt_layout large = layout;
	struct layout_way far = way;

	large.instr = far.inmost = 0xffff;
	large.ascii = 0xff;
	ck_assert_uint_eq(encode(&large, &far).walk >> 48, 0xffff);
	ck_assert_uint_eq(encode(&large, &far).tstate >> 48, 0xffff);
	ck_assert_uint_eq(encode(&large, &far).rest >> 32 & 0xff, 0xff);
}
END_TEST

static void refused(const struct pyusdt_layout *from, const struct layout_way *by)
{
	struct layout_words words, untouched;
	const char *why = NULL;

	memset(&words, 0x5a, sizeof(words));
	untouched = words;
	ck_assert(!layout_words(from, by, &words, &why));
	ck_assert_str_eq(why,
			 "an offset of its frames is too large for the probe PROCESS");
	ck_assert_mem_eq(&words, &untouched, sizeof(words));
}

/* Each field of 16 bits, by its place in the struct. */
START_TEST(what_does_not_fit_is_refused)
{
	const size_t fields[] = {
		offsetof(struct pyusdt_layout, frame),
		offsetof(struct pyusdt_layout, previous),
		offsetof(struct pyusdt_layout, code),
		offsetof(struct pyusdt_layout, owner),
		offsetof(struct pyusdt_layout, instr),
		offsetof(struct pyusdt_layout, qualname),
		offsetof(struct pyusdt_layout, filename),
		offsetof(struct pyusdt_layout, firstlineno),
		offsetof(struct pyusdt_layout, bytecode),
		offsetof(struct pyusdt_layout, thread_id),
		offsetof(struct pyusdt_layout, interpreter),
		offsetof(struct pyusdt_layout, gil),
	};
	const size_t small[] = {
		offsetof(struct pyusdt_layout, ascii),
		offsetof(struct pyusdt_layout, first_shim),
		offsetof(struct pyusdt_layout, frame_indirect),
	};

	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		struct pyusdt_layout large = layout;

		*(uint32_t *)((char *)&large + fields[i]) = 0x10000;
		refused(&large, &way);
	}
	for (size_t i = 0; i < ARRAY_SIZE(small); i++) {
		struct pyusdt_layout large = layout;

		*(uint32_t *)((char *)&large + small[i]) = 0x100;
		refused(&large, &way);
	}
}
END_TEST

START_TEST(way_that_does_not_fit_is_refused)
{
	struct layout_way far;

	far = way;
	far.tstate = (int64_t)INT32_MAX + 1;
	refused(&layout, &far);
	far.tstate = (int64_t)INT32_MIN - 1;
	refused(&layout, &far);
	far = way;
	far.inner = 0x10000;
	refused(&layout, &far);
	far = way;
	far.inmost = 0x10000;
	refused(&layout, &far);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("words");

	tcase_add_test(tcase, fields_are_where_they_are_documented);
	tcase_add_test(tcase, offset_from_the_thread_pointer_comes_back);
	tcase_add_test(tcase, largest_values_fit);
	tcase_add_test(tcase, what_does_not_fit_is_refused);
	tcase_add_test(tcase, way_that_does_not_fit_is_refused);
	return support_main("words", tcase);
}
