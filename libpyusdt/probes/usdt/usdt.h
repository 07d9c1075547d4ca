/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * USDT probes without a dependency: the part of the API of libbpf's usdt.h that
 * libpyusdt uses, so that either header serves (configure --with-usdt=DIR).
 *
 *   USDT_DEFINE_SEMA(sema)                     define a semaphore; file scope, once
 *   USDT_SEMA(sema)                            the variable, a struct usdt_sema
 *   USDT_SEMA_IS_ACTIVE(sema)                  has any of its probes a tracer?
 *   USDT_WITH_EXPLICIT_SEMA(sema, group, name, args...)
 *                                              the probe site, with up to 10 arguments,
 *                                              integers or pointers
 *   USDT_NOP                                   the instruction at the site, as operands
 *                                              of the assembler; may be set before
 *
 * What is written, for each site, is a note in the ELF section .note.stapsdt, in the
 * format that SystemTap published as version 3 and that perf, bpftrace, bcc and gdb
 * read: owner "stapsdt", type 3, and as description three addresses (the site, the
 * link-time address of the section .stapsdt.base, by which a tracer notices prelinking,
 * and the semaphore, 16 bits in the section .probes) and three strings (provider, name,
 * and one word per argument: its size in bytes, negative when signed, then "@" and the
 * operand as the assembler writes it).
 */
#ifndef __USDT_H
#define __USDT_H

struct usdt_sema {
	volatile unsigned short active;
};

#define USDT_SEMA(sema) usdt_sema_##sema

#define USDT_DEFINE_SEMA(sema)           \
	struct usdt_sema USDT_SEMA(sema) \
		__attribute__((section(".probes"), visibility("hidden"))) = {0}

#define USDT_SEMA_IS_ACTIVE(sema) (USDT_SEMA(sema).active > 0)

#define USDT_WITH_EXPLICIT_SEMA(sema, group, name, ...)                           \
	usdt_site(USDT_SEMA(sema), group, name,                                   \
		  usdt_count(_, ##__VA_ARGS__, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0), \
		  ##__VA_ARGS__)

#ifndef USDT_NOP
#if defined(__x86_64__)
/*
 * nop, then a 10-byte nop: new kernels turn the second into a call, which is far
 * cheaper than a breakpoint; to all others the first is a site as ever.
 */
#define USDT_NOP .byte 0x90, 0x66, 0x2e, 0x0f, 0x1f, 0x84, 0, 0, 0, 0, 0
#else
#define USDT_NOP nop
#endif
#endif

/* The operand at the site may be a constant, in memory, or in a register. */
#define usdt_constraint "nor"

#define usdt_count(_, a, b, c, d, e, f, g, h, i, j, n, ...) n

#define usdt_paste_(a, b) a##b
#define usdt_paste(a, b)  usdt_paste_(a, b)
#define usdt_string_(...) #__VA_ARGS__
#define usdt_string(...)  usdt_string_(__VA_ARGS__)

#ifdef __LP64__
#define usdt_address ".8byte "
#else
#define usdt_address ".4byte "
#endif

/* The size as the note has it. */
/* clang-format off */
#define usdt_size(x)                                                                    \
	((int)sizeof(x) * _Generic((x),                                                 \
		char: (char)-1 < 0 ? -1 : 1,                                            \
		signed char: -1, short: -1, int: -1, long: -1, long long: -1,           \
		default: 1))
/* clang-format on */

#define usdt_operand(n, x) [size##n] "n"(usdt_size(x)), [value##n] usdt_constraint(x)
#define usdt_word(n)       "%c[size" #n "]@%[value" #n "]"

#define usdt_operands0()        [unused] "n"(0)
#define usdt_operands1(x)       usdt_operand(1, x)
#define usdt_operands2(x, ...)  usdt_operand(2, x), usdt_operands1(__VA_ARGS__)
#define usdt_operands3(x, ...)  usdt_operand(3, x), usdt_operands2(__VA_ARGS__)
#define usdt_operands4(x, ...)  usdt_operand(4, x), usdt_operands3(__VA_ARGS__)
#define usdt_operands5(x, ...)  usdt_operand(5, x), usdt_operands4(__VA_ARGS__)
#define usdt_operands6(x, ...)  usdt_operand(6, x), usdt_operands5(__VA_ARGS__)
#define usdt_operands7(x, ...)  usdt_operand(7, x), usdt_operands6(__VA_ARGS__)
#define usdt_operands8(x, ...)  usdt_operand(8, x), usdt_operands7(__VA_ARGS__)
#define usdt_operands9(x, ...)  usdt_operand(9, x), usdt_operands8(__VA_ARGS__)
#define usdt_operands10(x, ...) usdt_operand(10, x), usdt_operands9(__VA_ARGS__)

/* Operands are numbered from the last, so the first argument is the highest number. */
#define usdt_words0
#define usdt_words1  usdt_word(1)
#define usdt_words2  usdt_word(2) " " usdt_words1
#define usdt_words3  usdt_word(3) " " usdt_words2
#define usdt_words4  usdt_word(4) " " usdt_words3
#define usdt_words5  usdt_word(5) " " usdt_words4
#define usdt_words6  usdt_word(6) " " usdt_words5
#define usdt_words7  usdt_word(7) " " usdt_words6
#define usdt_words8  usdt_word(8) " " usdt_words7
#define usdt_words9  usdt_word(9) " " usdt_words8
#define usdt_words10 usdt_word(10) " " usdt_words9

/* One directive of the assembler a line. */
/* clang-format off */
#define usdt_site(sema, group, name, n, ...)                                            \
	__asm__ __volatile__(                                                           \
		"990: " usdt_string(USDT_NOP) "\n"                                      \
		".pushsection .note.stapsdt, \"\", \"note\"\n"                          \
		".balign 4\n"                                                           \
		".4byte 992f - 991f, 994f - 993f, 3\n"                                  \
		"991: .asciz \"stapsdt\"\n"                                             \
		"992: .balign 4\n"                                                      \
		"993: " usdt_address "990b, _.stapsdt.base, " usdt_string(sema) "\n"    \
		".asciz \"" #group "\"\n"                                               \
		".asciz \"" #name "\"\n"                                                \
		".asciz \"" usdt_paste(usdt_words, n) "\"\n"                            \
		"994: .balign 4\n"                                                      \
		".popsection\n"                                                         \
		".ifndef _.stapsdt.base\n"                                              \
		".pushsection .stapsdt.base, \"aG\", \"progbits\", "                    \
			".stapsdt.base, comdat\n"                                       \
		".weak _.stapsdt.base\n"                                                \
		".hidden _.stapsdt.base\n"                                              \
		"_.stapsdt.base: .space 1\n"                                            \
		".size _.stapsdt.base, 1\n"                                             \
		".popsection\n"                                                         \
		".endif\n"                                                              \
		:                                                                       \
		: usdt_paste(usdt_operands, n)(__VA_ARGS__))
/* clang-format on */

#endif /* __USDT_H */
