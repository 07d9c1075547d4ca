// SPDX-License-Identifier: BSD-2-Clause
#include "graft_code.h"

#include <string.h>

#ifdef __x86_64__

#include <cpuid.h>

#define OFFSETS(type, member, offset) \
	_Static_assert(offsetof(struct type, member) == (offset), #member)

OFFSETS(graft_data, state, 8);
OFFSETS(graft_data, result, 12);
OFFSETS(graft_data, error, 16);
OFFSETS(graft_data, blocked, 24);
OFFSETS(graft_data, pending, 32);
OFFSETS(graft_data, all, 40);
OFFSETS(graft_data, symbol, 48);
OFFSETS(graft_data, library, 64);
OFFSETS(graft_slots, data, 88);
_Static_assert(sizeof(struct graft_slots) == 96, "slots");
_Static_assert(GRAFT_CODE_WORDS * 8 == 640, "code");

extern const char graft_code_begin[], graft_code_slots[];

/*
 * Registers from the save on: rbp the stack with the general ones, rbx the rest's, r14
 * the data, r13 the address of errno, r12 its value.
 */
__asm__(".pushsection .rodata\n"
	"	.balign 8\n"
	".macro slot name, number\n"
	"	.set slot_\\name, graft_code_slots + 8 * \\number\n"
	".endm\n"
	"slot back, 0; slot interrupted, 1; slot caught, 2; slot errno_location, 3\n"
	"slot dlopen, 4; slot dlsym, 5; slot dlerror, 6; slot attach, 7\n"
	"slot request, 8; slot from, 9; slot xsave, 10; slot data, 11\n"
	".macro set_mask from, to\n"
	"	mov $14, %eax; mov $2, %edi; \\from; \\to\n" /* rt_sigprocmask(SIG_SETMASK)
							      */
	"	mov $8, %r10d; syscall\n"
	".endm\n"
	".macro leave_for place\n"
	"	mov %rbp, %rsp\n"
	"	pop %r15; pop %r14; pop %r13; pop %r12; pop %r11; pop %r10; pop %r9; pop "
	"%r8\n"
	"	pop %rdi; pop %rsi; pop %rbp; pop %rbx; pop %rdx; pop %rcx; pop %rax\n"
	"	popfq\n"
	"	lea 256(%rsp), %rsp\n"
	"	jmp *slot_\\place(%rip)\n"
	".endm\n"
	"graft_code_begin:\n"
	"	lea -256(%rsp), %rsp\n" /* code may use what is below the stack pointer */
	"	pushfq\n"
	"	push %rax; push %rcx; push %rdx; push %rbx; push %rbp; push %rsi; push "
	"%rdi\n"
	"	push %r8; push %r9; push %r10; push %r11; push %r12; push %r13; push "
	"%r14\n"
	"	push %r15\n"
	"	cld\n"
	"	mov %rsp, %rbp\n"
	"	mov slot_data(%rip), %r14\n"
	"	set_mask \"lea 40(%r14), %rsi\", \"lea 24(%r14), %rdx\"\n"
	"	movl $1, 8(%r14)\n"
	"	sub slot_xsave(%rip), %rsp\n"
	"	and $-64, %rsp\n"
	"	mov %rsp, %rbx\n"
	"	lea 512(%rbx), %rdi; xor %eax, %eax; mov $8, %ecx; rep stosq\n"
	"	mov $-1, %eax; mov $-1, %edx; xsave64 (%rbx)\n"
	"	call *slot_errno_location(%rip); mov %rax, %r13; mov (%rax), %r12d\n"
	"	mov slot_attach(%rip), %rax; test %rax, %rax; jne 1f\n"
	"	lea 64(%r14), %rdi; mov $2, %esi\n" /* RTLD_NOW | RTLD_LOCAL */
	"	call *slot_dlopen(%rip); test %rax, %rax; je 2f\n"
	"	mov %rax, %rdi; lea 48(%r14), %rsi\n"
	"	call *slot_dlsym(%rip); test %rax, %rax; je 2f\n"
	"1:	mov slot_request(%rip), %rdi; mov slot_from(%rip), %esi; call *%rax\n"
	"	mov %eax, 12(%r14)\n"
	"	jmp 3f\n"
	"2:	call *slot_dlerror(%rip); mov %rax, 16(%r14)\n"
	"3:	mov %r12d, (%r13)\n"
	"	mov $-1, %eax; mov $-1, %edx; xrstor64 (%rbx)\n"
	"	mov $127, %eax; lea 32(%r14), %rdi; mov $8, %esi; syscall\n" /* rt_sigpending
									      */
	"	mov 24(%r14), %r15; not %r15; and 32(%r14), %r15\n"
	"	and slot_caught(%rip), %r15\n"
	/*
	 * A signal that comes from here on is seen by the frame of its handler: the
	 * kernel writes it over what is put below the stack now.
	 */
	"	lea -4224(%rsp), %rdi; mov $512, %ecx; mov %rdi, %rax; rep stosq\n"
	"	set_mask \"lea 24(%r14), %rsi\", \"xor %edx, %edx\"\n"
	"	movl $2, 8(%r14)\n"
	"	cmpq $0, slot_caught(%rip); je 5f\n"
	"	test %r15, %r15; jne 4f\n"
	"	lea -4224(%rsp), %rdi; mov $512, %ecx; mov %rdi, %rax; repe scasq; jne "
	"4f\n"
	"5:	leave_for back\n"
	"4:	movq $-4, 112(%rbp)\n" /* rax: EINTR */
	"	leave_for interrupted\n"
	"	.balign 8\n"
	"graft_code_slots: .fill 12, 8, 0\n"
	".org graft_code_begin + 640\n" /* refused by the assembler where there is more */
	".purgem slot\n"
	".purgem set_mask\n"
	".purgem leave_for\n"
	".popsection\n");

bool graft_code_supported(void)
{
	unsigned int a, b, c, d;

	return __get_cpuid(1, &a, &b, &c, &d) && c & bit_OSXSAVE;
}

uint64_t graft_code_xsave(void)
{
	unsigned int a, b, c, d;

	__cpuid_count(13, 0, a, b, c, d);
	return b;
}

void graft_code_make(uint64_t *words, const struct graft_slots *slots)
{
	size_t at = (uintptr_t)graft_code_slots - (uintptr_t)graft_code_begin;

	memset(words, 0, GRAFT_CODE_WORDS * sizeof(*words));
	memcpy(words, graft_code_begin, at);
	memcpy((char *)words + at, slots, sizeof(*slots));
}

#else

bool graft_code_supported(void)
{
	return false;
}

uint64_t graft_code_xsave(void)
{
	return 0;
}

void graft_code_make(uint64_t *words, const struct graft_slots *slots)
{
	(void)slots;
	memset(words, 0, GRAFT_CODE_WORDS * sizeof(*words));
}

#endif
