/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where a process keeps its Python frames, for BPF programs that walk them.
 *
 * The probe pyusdt:LAYOUT hands a pointer to this struct, in the memory of the traced
 * process, to whoever traces it: when a tracer comes, and again about once a second. The
 * struct lives as long as the process and does not change while Python is initialised.
 *
 * A BPF program keeps the pointer per process, and in any event of any thread of it
 * reads, all in user memory:
 *
 *   state = *(u64 *)(thread pointer + layout.tstate)    0: this thread has no Python
 *   frame = *(u64 *)(state + layout.frame)
 *   if layout.frame_indirect: frame = *(u64 *)frame
 *   while frame:
 *     if *(u8 *)(frame + layout.owner) < layout.first_shim:
 *       code = *(u64 *)(frame + layout.code) & ~3
 *       qualname = *(u64 *)(code + layout.qualname) + layout.ascii   NUL-terminated
 *       file = *(u64 *)(code + layout.filename) + layout.ascii       NUL-terminated
 *       line = *(s32 *)(code + layout.firstlineno)
 *       offset = *(u64 *)(frame + layout.instr) - (code + layout.bytecode)
 *     frame = *(u64 *)(frame + layout.previous)
 *
 * The thread pointer is task_struct's thread.fsbase on x86-64 and thread.uw.tp_value on
 * arm64. Names with characters outside ASCII are stored otherwise: what is at
 * layout.ascii is no text then; bit 6 of the byte at string + 32 is set for ASCII.
 *
 * ABI: fields are appended, never moved; size says how many there are.
 *
 * Since: 0.1
 */
#ifndef PYUSDT_LAYOUT_H
#define PYUSDT_LAYOUT_H

/* vmlinux.h, of libbpf programs, has these types itself. */
#ifndef __VMLINUX_H__
#include <linux/types.h>
#endif

struct pyusdt_layout {
	__u32 size;           /*  0  of this struct, in bytes */
	__u32 python;         /*  4  PY_VERSION_HEX of the running interpreter */
	__s64 tstate;         /*  8  from the thread pointer to the word that holds the
			       *     thread's PyThreadState *, with and without the GIL */
	__u32 frame;          /* 16  in PyThreadState: the innermost frame */
	__u32 frame_indirect; /* 20  1: that is a pointer to the pointer (3.12) */
	__u32 previous;       /* 24  in a frame: the caller's */
	__u32 code;  /* 28  in a frame: its code object, low two bits no part of it */
	__u32 owner; /* 32  in a frame: one byte */
	__u32 instr; /* 36  in a frame: the instruction that runs, or ran last */
	__u32 first_shim;  /* 40  owner >= this: CPython's own, no Python function */
	__u32 name;        /* 44  in a code object: co_name, these three a str * */
	__u32 qualname;    /* 48  co_qualname */
	__u32 filename;    /* 52  co_filename */
	__u32 firstlineno; /* 56  co_firstlineno, an int */
	__u32 bytecode;    /* 60  the first instruction */
	__u32 ascii;       /* 64  in an ASCII str: its bytes */
	__u32 thread_id;   /* 68  in PyThreadState: the thread pointer of its thread, by
			    *     which a state that is another's is known; 0: not known */
	__u32 interpreter; /* 72  in PyThreadState: its interpreter */
	__u32 gil;         /* 76  in an interpreter: pointer to the GIL that it uses, a
			    *     struct _gil_runtime_state; 0: not known */
};

/*
 * In a struct _gil_runtime_state, the same in 3.12 to 3.15. A thread that waits for the
 * GIL is in futex(2) with an address from PYUSDT_GIL_CONDITION on; from PYUSDT_GIL_MUTEX
 * on it waits for the lock of that, or until another thread has taken the GIL: for both
 * the scheduler is to blame, not who has it.
 */
#define PYUSDT_GIL_HOLDER    8  /* PyThreadState *, of who has it or had it last */
#define PYUSDT_GIL_LOCKED    16 /* an int, 1: it is taken */
#define PYUSDT_GIL_CONDITION 32
#define PYUSDT_GIL_MUTEX     80
#define PYUSDT_GIL_SIZE      208

/*
 * The probe pyusdt:PROCESS(pid, tstate, walk, names, rest, version) tells the same by
 * value, of any process: pid is 0 where the library fires it, of the process that it is
 * in, and the id of another process where pyusdt-announce does. A BPF program keeps the
 * other words as one value per process, and an event costs it one look-up instead of one
 * read of user memory for each offset.
 *
 * PYUSDT_WORDS names the fields of these words: the word, the field, its lowest bit, how
 * many bits. The fields are as in struct pyusdt_layout, and further
 *
 *   tstate     signed
 *   inner      not 0: what is at tstate is not the PyThreadState but a pointer, and it is
 *              inner - 1 bytes after what that points to;
 *   inmost     likewise once more
 *   python     PY_VERSION_HEX
 *   ascii_bit  in the byte 8 before the text of a str: it is ASCII
 *
 * Before a BPF program believes a PyThreadState it compares the word at thread_id, unless
 * that is 0, with the thread pointer: what it was told may be another program's, which
 * the process ran before.
 *
 * ABI: words and fields keep their places.
 */
#define PYUSDT_WORDS(FIELD)                 \
	FIELD(tstate, tstate, 0, 32)        \
	FIELD(tstate, inner, 32, 16)        \
	FIELD(tstate, inmost, 48, 16)       \
	FIELD(walk, previous, 0, 16)        \
	FIELD(walk, code, 16, 16)           \
	FIELD(walk, owner, 32, 16)          \
	FIELD(walk, instr, 48, 16)          \
	FIELD(names, qualname, 0, 16)       \
	FIELD(names, filename, 16, 16)      \
	FIELD(names, firstlineno, 32, 16)   \
	FIELD(names, bytecode, 48, 16)      \
	FIELD(rest, frame, 0, 16)           \
	FIELD(rest, thread_id, 16, 16)      \
	FIELD(rest, ascii, 32, 8)           \
	FIELD(rest, ascii_bit, 40, 8)       \
	FIELD(rest, first_shim, 48, 8)      \
	FIELD(rest, frame_indirect, 56, 8)  \
	FIELD(version, python, 0, 32)       \
	FIELD(version, interpreter, 32, 16) \
	FIELD(version, gil, 48, 16)

#endif /* PYUSDT_LAYOUT_H */
