// SPDX-License-Identifier: BSD-2-Clause
/*
 * The filters are run here as the kernel would run them, for each system call that
 * loading the library and arming events makes; its arguments are taken to be 0.
 */
#include "seccomp.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>

#ifdef __x86_64__
#define ARCHITECTURE AUDIT_ARCH_X86_64
#else
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#endif

#define MAX_FILTERS 64

static const struct {
	const char *name;
	int number;
	bool may_fail; /* the C library or we go on without it */
} needed[] = {
#define CALL(name, may_fail) {#name, SYS_##name, may_fail}
	CALL(openat, false),
	CALL(read, false),
	CALL(pread64, true),
	CALL(newfstatat, false),
	CALL(close, false),
	CALL(mmap, false),
	CALL(mprotect, false),
	CALL(munmap, false),
	CALL(brk, true),
	CALL(futex, false),
	CALL(clone3, true),
	CALL(clone, false),
	CALL(rseq, true),
	CALL(set_robust_list, true),
	CALL(madvise, true),
	CALL(exit, false),
	CALL(gettid, false),
	CALL(getpid, false),
	CALL(tgkill, false),
	CALL(rt_sigprocmask, false),
	CALL(rt_sigpending, false),
	CALL(rt_sigaction, false),
	CALL(prctl, true),
	CALL(process_vm_readv, true),
	CALL(sched_yield, true),
	CALL(getrandom, true),
	CALL(write, true),
#undef CALL
};

/* What such a program works with. */
struct machine {
	uint32_t a, x, memory[BPF_MEMWORDS];
	const struct seccomp_data *data;
};

static uint32_t load(const struct machine *machine, const struct sock_filter *at)
{
	uint32_t word = 0;

	switch (BPF_MODE(at->code)) {
	case BPF_IMM:
		return at->k;
	case BPF_MEM:
		return at->k < BPF_MEMWORDS ? machine->memory[at->k] : 0;
	case BPF_LEN:
		return sizeof(*machine->data);
	case BPF_ABS:
		if (at->k <= sizeof(*machine->data) - sizeof(word))
			memcpy(&word, (const char *)machine->data + at->k, sizeof(word));
	}
	return word;
}

static uint32_t compute(uint32_t a, uint32_t operand, uint16_t code)
{
	switch (BPF_OP(code)) {
	case BPF_ADD:
		return a + operand;
	case BPF_SUB:
		return a - operand;
	case BPF_MUL:
		return a * operand;
	case BPF_DIV:
		return operand ? a / operand : 0;
	case BPF_OR:
		return a | operand;
	case BPF_AND:
		return a & operand;
	case BPF_XOR:
		return a ^ operand;
	case BPF_LSH:
		return operand < 32 ? a << operand : 0;
	case BPF_RSH:
		return operand < 32 ? a >> operand : 0;
	}
	return -a; /* BPF_NEG */
}

/* Returns: by how many instructions to go on further than to the next. */
static uint32_t jump(uint32_t a, uint32_t operand, const struct sock_filter *at)
{
	bool taken = false;

	switch (BPF_OP(at->code)) {
	case BPF_JA:
		return at->k;
	case BPF_JEQ:
		taken = a == operand;
		break;
	case BPF_JGT:
		taken = a > operand;
		break;
	case BPF_JGE:
		taken = a >= operand;
		break;
	case BPF_JSET:
		taken = a & operand;
		break;
	}
	return taken ? at->jt : at->jf;
}

static void store(struct machine *machine, uint32_t index, uint32_t value)
{
	if (index < BPF_MEMWORDS)
		machine->memory[index] = value;
}

/* Jumps lead forwards only. Returns: what the filter returns. */
static uint32_t run(const struct sock_filter *filter, size_t count,
		    const struct seccomp_data *data)
{
	struct machine machine = {.data = data};

	for (size_t i = 0; i < count; i++) {
		const struct sock_filter *at = &filter[i];
		uint32_t operand = BPF_SRC(at->code) == BPF_X ? machine.x : at->k;

		switch (BPF_CLASS(at->code)) {
		case BPF_LD:
			machine.a = load(&machine, at);
			break;
		case BPF_LDX:
			machine.x = load(&machine, at);
			break;
		case BPF_ST:
			store(&machine, at->k, machine.a);
			break;
		case BPF_STX:
			store(&machine, at->k, machine.x);
			break;
		case BPF_ALU:
			machine.a = compute(machine.a, operand, at->code);
			break;
		case BPF_JMP:
			i += jump(machine.a, operand, at);
			break;
		case BPF_RET:
			return BPF_RVAL(at->code) == BPF_A ? machine.a : at->k;
		case BPF_MISC:
			if (BPF_MISCOP(at->code) == BPF_TAX)
				machine.x = machine.a;
			else
				machine.a = machine.x;
			break;
		}
	}
	return SECCOMP_RET_KILL_PROCESS;
}

static bool is_allowed(uint32_t result, bool may_fail)
{
	switch (result & SECCOMP_RET_ACTION_FULL) {
	case SECCOMP_RET_ALLOW:
	case SECCOMP_RET_LOG:
		return true;
	case SECCOMP_RET_ERRNO:
		return may_fail;
	}
	return false;
}

const char *seccomp_refuses(const struct sock_filter *filter, size_t count)
{
	for (size_t i = 0; i < sizeof(needed) / sizeof(*needed); i++) {
		struct seccomp_data data = {
			.nr = needed[i].number,
			.arch = ARCHITECTURE,
		};

		if (!is_allowed(run(filter, count, &data), needed[i].may_fail))
			return needed[i].name;
	}
	return NULL;
}

const char *seccomp_refuses_process(pid_t pid)
{
	struct sock_filter filter[BPF_MAXINSNS];

	for (unsigned long i = 0; i < MAX_FILTERS; i++) {
		const char *refused;
		long count = ptrace(PTRACE_SECCOMP_GET_FILTER, pid, i, NULL);

		/* There are no more of them. */
		if (count < 0 && errno == ENOENT && i > 0)
			return NULL;
		if (count < 0 || count > BPF_MAXINSNS ||
		    ptrace(PTRACE_SECCOMP_GET_FILTER, pid, i, filter) != count)
			return "";
		refused = seccomp_refuses(filter, (size_t)count);
		if (refused)
			return refused;
	}
	return "";
}
