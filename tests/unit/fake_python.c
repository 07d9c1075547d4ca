// SPDX-License-Identifier: BSD-2-Clause
/* The struct layouts here are made up, but for those of 3.12, ELF and glibc. */
#include "fake_python.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

/* What the made up versions from 3.13 on publish; 3.12 has what it has. */
enum {
	FRAME = 72,
	PREVIOUS = 8,
	CODE = 0,
	INSTR = 56,
	OWNER = 70,
	NAME = 120,
	QUALNAME = 128,
	FILENAME = 112,
	LINE = 68,
	BYTECODE = 192,
	TEXT = 40,
	THREADS = 80,
	NEXT_INTERP = 16,
	INTERPS = 648,
	NEXT = 8,
	THREAD_ID = 152,
	TYPE = 8,
	INTERPRETER = 16,
	GIL = 16,
};

/* Where in struct _Py_DebugOffsets they are. */
struct published {
	uint32_t version;
	uint16_t frame, previous, code, owner, instr, name, qualname, filename, line;
	uint16_t bytecode, text, interps, next_interp, threads, next, thread_id, type;
	uint16_t interpreter, gil;
};

static const struct published published[] = {
	{0x030d, 184, 232, 240, 264, 248, 288, 296, 280, 312,
	 344,    560, 40,  64,  72,  168, 192, 360, 176, 112},
	{0x030e, 208, 256, 264, 288, 272, 328, 336, 320, 352,
	 384,    640, 40,  64,  72,  192, 216, 408, 200, 120},
	{0x030f, 208, 320, 328, 352, 336, 392, 400, 384, 416,
	 448,    736, 40,  64,  72,  192, 240, 472, 200, 120},
};

/* In the order of the symbol table, the first of which is none. */
static const struct {
	const char *name;
	uint64_t address;
} symbols[] = {
	{"", 0},
	{"_PyRuntime", FAKE_RUNTIME},
	{"PyCode_Type", FAKE_TYPES},
	{"PyUnicode_Type", FAKE_TYPES + 0x80},
	{"Py_Version", FAKE_VERSION},
	{"PyGILState_GetThisThreadState", FAKE_GET_STATE},
};

#define SYMBOLS (sizeof(symbols) / sizeof(symbols[0]))

static unsigned char *find(struct fake_python *python, uint64_t address)
{
	for (int i = 0; i < python->fake.count; i++) {
		const struct fake_range *range = &python->fake.ranges[i];

		if (address - range->address < range->size)
			return range->bytes + (address - range->address);
	}
	abort();
}

void fake_put_bytes(struct fake_python *python, uint64_t address, const void *bytes,
		    size_t size)
{
	memcpy(find(python, address), bytes, size);
}

void fake_put(struct fake_python *python, uint64_t address, uint64_t word)
{
	fake_put_bytes(python, address, &word, sizeof(word));
}

uint64_t fake_get(struct fake_python *python, uint64_t address)
{
	uint64_t word;

	memcpy(&word, find(python, address), sizeof(word));
	return word;
}

static void put_text(struct fake_python *python, uint64_t address, const char *text)
{
	fake_put_bytes(python, address, text, strlen(text) + 1);
}

static void put_headers(struct fake_python *python)
{
	Elf64_Ehdr header = {
		.e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB},
		.e_machine = EM_X86_64,
		.e_phoff = sizeof(header),
		.e_phentsize = sizeof(Elf64_Phdr),
		.e_phnum = 3,
	};
	Elf64_Phdr headers[] = {
		{.p_type = PT_LOAD, .p_vaddr = FAKE_IMAGE},
		{.p_type = PT_DYNAMIC,
		 .p_vaddr = FAKE_IMAGE + 0x200,
		 .p_memsz = 4 * sizeof(Elf64_Dyn)},
		{.p_type = PT_TLS, .p_memsz = 0x40},
	};
	Elf64_Dyn dynamic[] = {
		{DT_SYMTAB, {FAKE_SYMBOLS}},
		{DT_STRTAB, {FAKE_STRINGS}},
		{DT_GNU_HASH, {FAKE_HASH}},
		{DT_NULL, {0}},
	};

	fake_put_bytes(python, FAKE_IMAGE, &header, sizeof(header));
	fake_put_bytes(python, FAKE_IMAGE + sizeof(header), headers, sizeof(headers));
	fake_put_bytes(python, FAKE_IMAGE + 0x200, dynamic, sizeof(dynamic));
}

static uint32_t hash_of(const char *name)
{
	uint32_t hash = 5381;

	for (; *name; name++)
		hash = hash * 33 + (unsigned char)*name;
	return hash;
}

/* One bucket, one bloom word, and all symbols in its chain. */
static void put_symbols(struct fake_python *python)
{
	uint32_t hash[4 + 2 + 1 + SYMBOLS - 1] = {1, 1, 1, 0, ~0U, ~0U, 1};
	uint64_t string = 1;

	for (size_t i = 1; i < SYMBOLS; i++) {
		Elf64_Sym symbol = {
			.st_name = (uint32_t)string,
			.st_shndx = 1,
			.st_value = symbols[i].address,
		};

		fake_put_bytes(python, FAKE_SYMBOLS + i * sizeof(symbol), &symbol,
			       sizeof(symbol));
		put_text(python, FAKE_STRINGS + string, symbols[i].name);
		string += strlen(symbols[i].name) + 1;
		hash[7 + i - 1] = (hash_of(symbols[i].name) & ~1U) | (i == SYMBOLS - 1);
	}
	fake_put_bytes(python, FAKE_HASH, hash, sizeof(hash));
}

void fake_hide(struct fake_python *python, const char *name)
{
	for (size_t i = 1; i < SYMBOLS; i++) {
		uint64_t address = FAKE_SYMBOLS + i * sizeof(Elf64_Sym);

		if (!strcmp(symbols[i].name, name))
			fake_put_bytes(python, address + offsetof(Elf64_Sym, st_shndx),
				       &(uint16_t){SHN_UNDEF}, sizeof(uint16_t));
	}
}

static void put_types(struct fake_python *python)
{
	fake_put(python, FAKE_TYPES + 24, FAKE_TYPES + 0x100);
	put_text(python, FAKE_TYPES + 0x100, "code");
	fake_put(python, FAKE_TYPES + 0x80 + 24, FAKE_TYPES + 0x110);
	put_text(python, FAKE_TYPES + 0x110, "str");
}

static void put_debug(struct fake_python *python, const struct published *at,
		      uint32_t version)
{
	const uint64_t start = FAKE_RUNTIME;

	put_text(python, start, "xdebugpy");
	fake_put(python, start + 8, version);
	fake_put(python, start + 16, 0);
	fake_put(python, start + at->frame, FRAME);
	fake_put(python, start + at->previous, PREVIOUS);
	fake_put(python, start + at->code, CODE);
	fake_put(python, start + at->owner, OWNER);
	fake_put(python, start + at->instr, INSTR);
	fake_put(python, start + at->name, NAME);
	fake_put(python, start + at->qualname, QUALNAME);
	fake_put(python, start + at->filename, FILENAME);
	fake_put(python, start + at->line, LINE);
	fake_put(python, start + at->bytecode, BYTECODE);
	fake_put(python, start + at->text, TEXT);
	fake_put(python, start + at->interps, INTERPS);
	fake_put(python, start + at->next_interp, NEXT_INTERP);
	fake_put(python, start + at->threads, THREADS);
	fake_put(python, start + at->next, NEXT);
	fake_put(python, start + at->thread_id, THREAD_ID);
	fake_put(python, start + at->type, TYPE);
	fake_put(python, start + at->interpreter, INTERPRETER);
	fake_put(python, start + at->gil, GIL);
}

/* The frames of a thread: a function, CPython's own, a function. */
static void put_frames(struct fake_python *python, int thread)
{
	for (unsigned int i = 0; i < FAKE_FRAMES; i++) {
		uint64_t frame = FAKE_FRAME(thread, i);

		fake_put(python, frame + INSTR, FAKE_OBJECT + BYTECODE + 4);
		fake_put_bytes(python, frame + OWNER, i == 1 ? "\3" : "\0", 1);
		fake_put(python, frame + CODE, FAKE_OBJECT | (i == 2));
		fake_put(python, frame + PREVIOUS,
			 i + 1 < FAKE_FRAMES ? FAKE_FRAME(thread, i + 1) : 0);
	}
}

static void put_thread(struct fake_python *python, int thread, bool is_312)
{
	uint64_t state = FAKE_STATE(thread), pointer = FAKE_POINTER(thread);

	put_frames(python, thread);
	fake_put(python, pointer, pointer);
	fake_put(python, pointer + 16, pointer);
	fake_put(python, state + NEXT,
		 thread + 1 < FAKE_THREADS ? FAKE_STATE(thread + 1) : 0);
	fake_put(python, state + (is_312 ? 136 : THREAD_ID), pointer);
	if (is_312) {
		fake_put(python, state + 56, state + 0x200);
		fake_put(python, state + 0x200, FAKE_FRAME(thread, 0));
	} else {
		fake_put(python, state + FRAME, FAKE_FRAME(thread, 0));
	}
}

static void put_code(struct fake_python *python)
{
	fake_put(python, FAKE_OBJECT + TYPE, FAKE_TYPES);
	fake_put(python, FAKE_OBJECT + QUALNAME, FAKE_TEXT);
	fake_put(python, FAKE_OBJECT + FILENAME, FAKE_TEXT);
	fake_put(python, FAKE_OBJECT + LINE, 17);
	fake_put(python, FAKE_TEXT + TYPE, FAKE_TYPES + 0x80);
}

void fake_set_key(struct fake_python *python, int thread, unsigned int key,
		  uint64_t state)
{
	uint64_t pointer = FAKE_POINTER(thread);
	uint64_t block = pointer + FAKE_KEYS;

	fake_put(python, pointer + FAKE_BLOCKS, block);
	if (key >= 32) {
		block = FAKE_BLOCK + (unsigned int)thread * 0x200;
		fake_put(python, pointer + FAKE_BLOCKS + key / 32 * 8, block);
	}
	fake_put(python, block + key % 32 * 16, 1);
	fake_put(python, block + key % 32 * 16 + 8, state);
}

void fake_set_module(struct fake_python *python, int thread, unsigned int module,
		     uint64_t address)
{
	uint64_t table = FAKE_TABLE + 0x10 + (unsigned int)thread * 0x200;

	fake_put(python, FAKE_POINTER(thread) + 8, table);
	fake_put(python, table - 16, 4);
	fake_put(python, table + module * 16, address);
}

void fake_python_init(struct fake_python *python, uint32_t version)
{
	bool is_312 = version >> 16 == 0x030c;

	memset(python, 0, sizeof(*python));
	fake_remote_init(&python->fake);
	fake_remote_add(&python->fake, FAKE_IMAGE, python->image, sizeof(python->image));
	fake_remote_add(&python->fake, FAKE_HEAP, python->heap, sizeof(python->heap));
	for (int i = 0; i < FAKE_THREADS; i++)
		fake_remote_add(&python->fake, FAKE_POINTER(i) & ~UINT64_C(0xfff),
				python->threads[i], 0x1000);
	python->maps = (struct maps){{FAKE_IMAGE}, 1, true, true, ""};
	put_headers(python);
	put_symbols(python);
	put_types(python);
	fake_put_bytes(python, FAKE_VERSION, &version, sizeof(version));
	for (size_t i = 0; i < sizeof(published) / sizeof(published[0]); i++)
		if (published[i].version == version >> 16)
			put_debug(python, &published[i], version);
	fake_put(python, FAKE_RUNTIME + (is_312 ? 40 : INTERPS), FAKE_INTERP);
	fake_put(python, FAKE_INTERP + (is_312 ? 72 : THREADS), FAKE_STATE(0));
	put_code(python);
	for (int i = 0; i < FAKE_THREADS; i++) {
		put_thread(python, i, is_312);
		if (version < 0x030f0000)
			fake_set_key(python, i, FAKE_KEY, FAKE_STATE(i));
	}
}

struct look fake_look(struct fake_python *python)
{
	struct look look;

	look_at(&python->fake.remote, &python->maps, &look);
	return look;
}
