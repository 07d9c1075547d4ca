// SPDX-License-Identifier: BSD-2-Clause
/* What pyusdt-attach concludes from what the kernel and CPython say; code that it grafts.
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/futex.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "support.h"

#include "../../tools/attach/debug_offsets.h"
#include "../../tools/attach/graft_code.h"
#include "../../tools/attach/mappings.h"
#include "../../tools/attach/python.h"
#include "../../tools/attach/script.h"
#include "../../tools/attach/seccomp.h"
#include "../../tools/attach/status.h"
#include "../../tools/attach/text.h"
#include "../../tools/attach/waiting.h"

#define SYSTEM_RESTARTS -512
#define NO_HANDLER      -514
#define RESTARTS_BLOCK  -516

static FILE *file_of(const char *text)
{
	return fmemopen((void *)(uintptr_t)text, strlen(text), "r");
}

static struct status status_of(const char *text)
{
	FILE *file = file_of(text);
	struct status status;

	ck_assert(status_read(file, &status));
	fclose(file);
	return status;
}

START_TEST(status_is_read)
{
	struct status status =
		status_of("Name:\tTracerPid: 9\nState:\tS (sleeping)\nTgid:\t7\n"
			  "TracerPid:\t0\nUid:\t1\t2\t3\t4\nGid:\t5\t6\t7\t8\n"
			  "SigPnd:\t0000000000000001\nShdPnd:\t0000000000000200\n"
			  "SigBlk:\t0000000000000400\nSigCgt:\t8000000000000002\n"
			  "Seccomp:\t0\nx86_Thread_features:\t\n");

	ck_assert_int_eq(status.state, 'S');
	ck_assert_int_eq(status.tgid, 7);
	ck_assert_int_eq(status.tracer, 0);
	ck_assert_uint_eq(status.uid, 4);
	ck_assert_uint_eq(status.gid, 8);
	ck_assert_uint_eq(status.pending, 0x201);
	ck_assert_uint_eq(status.blocked, 0x400);
	ck_assert_uint_eq(status.caught, 0x8000000000000002);
	ck_assert_ptr_null(status_refusal(&status, 7));
}
END_TEST

START_TEST(status_is_a_reason)
{
	static const struct {
		const char *text, *reason;
	} all[] = {
		{"State:\tS\nTgid:\t8\n", "this is a thread"},
		{"State:\tT\nTgid:\t7\n", "stopped by a signal"},
		{"State:\tZ\nTgid:\t7\n", "has ended"},
		{"State:\tX\nTgid:\t7\n", "has ended"},
		{"State:\tt\nTgid:\t7\n", "a debugger"},
		{"State:\tR\nTgid:\t7\nTracerPid:\t3\n", "a debugger"},
		{"State:\tR\nTgid:\t7\nSeccomp:\t1\n", "seccomp"},
		{"State:\tR\nTgid:\t7\nx86_Thread_features:\tshstk wrss\n",
		 "shadow stack"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		struct status status = status_of(all[i].text);
		const char *why = status_refusal(&status, 7);

		ck_assert_ptr_nonnull(why);
		ck_assert_msg(strstr(why, all[i].reason), "%s: %s", all[i].text, why);
	}
}
END_TEST

START_TEST(no_status)
{
	FILE *file = file_of("Name:\tx\n");
	struct status status;

	ck_assert(!status_read(file, &status));
	fclose(file);
}
END_TEST

START_TEST(mappings_are_read)
{
	FILE *file =
		file_of("1000-3000 r-xp 00001000 fd:02 77    /lib/a b.so (deleted)\n"
			"nonsense\n"
			"3000-4000 rw-p 00000000 00:00 0 \n"
			"7ff0-7fff rw-p 00000000 00:00 0    [stack]\n"
			"8000-9000 r--p 00000000 fd:02 77    /lib/a b.so (deleted)\n");
	struct mappings mappings;
	const struct mapping *one;

	ck_assert_int_eq(mappings_read(file, &mappings), 0);
	fclose(file);
	ck_assert_uint_eq(mappings.count, 4);
	one = mappings_at(&mappings, 0x2fff);
	ck_assert_ptr_eq(one, &mappings.all[0]);
	ck_assert(one->readable && one->executable && !one->writable);
	ck_assert_uint_eq(one->offset, 0x1000);
	ck_assert_str_eq(one->path, "/lib/a b.so (deleted)");
	ck_assert(mapping_same_file(one, &mappings.all[3]));
	ck_assert(!mapping_same_file(&mappings.all[1], &mappings.all[2]));
	ck_assert_ptr_eq(mappings_named(&mappings, "[stack]"), &mappings.all[2]);
	ck_assert_ptr_null(mappings_at(&mappings, 0x4000));
	ck_assert_ptr_null(mappings_named(&mappings, "[heap]"));
	mappings_free(&mappings);
}
END_TEST

static struct call call_of(int64_t number, int64_t result)
{
	return (struct call){.number = number, .result = result};
}

START_TEST(waits_that_can_be_led_aside)
{
	struct call call = call_of(SYS_read, SYSTEM_RESTARTS);

	ck_assert_int_eq(waiting_in(&call), WAITING_FREELY);
	ck_assert_int_eq(waiting_restart(&call), SYS_read);
	call = call_of(SYS_clock_nanosleep, RESTARTS_BLOCK);
	ck_assert_int_eq(waiting_in(&call), WAITING_FREELY);
	ck_assert_int_eq(waiting_restart(&call), SYS_restart_syscall);
	call = call_of(SYS_ppoll, NO_HANDLER);
	ck_assert_int_eq(waiting_in(&call), WAITING_FREELY);
	call = call_of(SYS_futex, SYSTEM_RESTARTS);
	call.arguments[1] = FUTEX_WAIT_BITSET | FUTEX_PRIVATE_FLAG | FUTEX_CLOCK_REALTIME;
	ck_assert_int_eq(waiting_in(&call), WAITING_FREELY);
}
END_TEST

START_TEST(waits_that_cannot)
{
	struct call call = call_of(SYS_futex, SYSTEM_RESTARTS);

	/* As for the lock of malloc(). */
	call.arguments[1] = FUTEX_WAIT | FUTEX_PRIVATE_FLAG;
	ck_assert_int_eq(waiting_in(&call), WAITING_SOMEHOW);
	call = call_of(SYS_openat, SYSTEM_RESTARTS);
	ck_assert_int_eq(waiting_in(&call), WAITING_SOMEHOW);
	call = call_of(SYS_read, 12);
	ck_assert_int_eq(waiting_in(&call), WAITING_NOT);
	call = call_of(-1, SYSTEM_RESTARTS);
	ck_assert_int_eq(waiting_in(&call), WAITING_NOT);
	ck_assert_ptr_null(waiting_name(SYS_openat));
	ck_assert_str_eq(waiting_name(SYS_read), "read");
}
END_TEST

START_TEST(interrupted_waits)
{
	struct call call = call_of(SYS_epoll_pwait, -EINTR);

	call.arguments[3] = 1000;
	ck_assert_int_eq(waiting_restart(&call), -1);
	/* As an int, whatever is above it. */
	call.arguments[3] = 0xffffffff;
	ck_assert_int_eq(waiting_restart(&call), SYS_epoll_pwait);
	call = call_of(SYS_rt_sigtimedwait, -EINTR);
	ck_assert_int_eq(waiting_restart(&call), SYS_rt_sigtimedwait);
	call.arguments[2] = 0x1000;
	ck_assert_int_eq(waiting_restart(&call), -1);
	call = call_of(SYS_connect, -EINTR);
	ck_assert_int_eq(waiting_restart(&call), -1);
}
END_TEST

#define WORDS(text) text, sizeof(text) - 1

START_TEST(disabled_on_the_command_line)
{
	ck_assert(
		python_words_disable(WORDS("python3\0-X\0disable-remote-debug\0x.py\0")));
	ck_assert(python_words_disable(WORDS("python3\0-Xdisable-remote-debug\0")));
	ck_assert(python_words_disable(WORDS("python3\0-sX\0disable-remote-debug=1\0")));
	ck_assert(python_words_disable(
		WORDS("python3\0--check-hash-based-pycs\0never\0-W\0error\0-X\0"
		      "disable-remote-debug\0-c\0pass\0")));
}
END_TEST

START_TEST(not_disabled_on_the_command_line)
{
	ck_assert(!python_words_disable(
		WORDS("python3\0x.py\0-X\0disable-remote-debug\0")));
	ck_assert(!python_words_disable(
		WORDS("python3\0-c\0pass\0-X\0disable-remote-debug\0")));
	ck_assert(
		!python_words_disable(WORDS("python3\0-mx\0-X\0disable-remote-debug\0")));
	ck_assert(!python_words_disable(
		WORDS("python3\0-W\0-Xdisable-remote-debug\0x.py\0")));
	ck_assert(!python_words_disable(WORDS("python3\0--\0-Xdisable-remote-debug\0")));
	ck_assert(!python_words_disable(WORDS("python3\0-X\0disable-remote-debugger\0")));
	ck_assert(!python_words_disable(WORDS("python3\0-X\0")));
	ck_assert(!python_words_disable("", 0));
}
END_TEST

START_TEST(disabled_in_the_environment)
{
	ck_assert(python_environment_disables(
		WORDS("A=b\0PYTHON_DISABLE_REMOTE_DEBUG=0\0")));
	ck_assert(!python_environment_disables(WORDS("PYTHON_DISABLE_REMOTE_DEBUG=\0")));
	ck_assert(
		!python_environment_disables(WORDS("A=PYTHON_DISABLE_REMOTE_DEBUG=1\0")));
	ck_assert(!python_environment_disables("", 0));
}
END_TEST

/* As 3.14.10 has it. */
static void fill(uint64_t words[128])
{
	memset(words, 0, 128 * sizeof(*words));
	memcpy(words, "xdebugpy", 8);
	words[1] = 0x030e0af0;
	words[5] = 632;
	words[7] = 5288;
	words[8] = 5280;
	words[10] = 5344;
	words[89] = 24;
	words[90] = 304;
	words[91] = 5900;
	words[92] = 0;
	words[93] = 4;
	words[94] = 512;
}

START_TEST(debug_offsets_are_read)
{
	struct debug_offsets offsets;
	uint64_t words[128];

	fill(words);
	ck_assert(debug_offsets_parse(words, 128, 0x030e0af0, &offsets));
	ck_assert_uint_eq(offsets.first_interpreter, 632);
	ck_assert_uint_eq(offsets.id, 5288);
	ck_assert_uint_eq(offsets.next_interpreter, 5280);
	ck_assert_uint_eq(offsets.main_thread, 5344);
	ck_assert_uint_eq(offsets.breaker, 24);
	ck_assert_uint_eq(offsets.support, 304);
	ck_assert_uint_eq(offsets.enabled, 5900);
	ck_assert_uint_eq(offsets.pending, 0);
	ck_assert_uint_eq(offsets.path, 4);
	ck_assert_uint_eq(offsets.path_size, 512);
}
END_TEST

START_TEST(debug_offsets_that_cannot_be)
{
	static const unsigned int places[] = {0, 1, 5, 7, 8, 10, 89, 90, 91, 92, 93, 94};
	struct debug_offsets offsets;
	uint64_t words[128];

	fill(words);
	ck_assert(!debug_offsets_parse(words, 94, 0x030e0af0, &offsets));
	ck_assert(!debug_offsets_parse(words, 128, 0x030d00f0, &offsets));
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		fill(words);
		words[places[i]] = UINT64_MAX / 2;
		ck_assert(!debug_offsets_parse(words, 128, 0x030e0af0, &offsets));
	}
}
END_TEST

START_TEST(text_is_nothing_else)
{
	char shown[16], full[64];

	text_show("a\x1b[0m\n\xc3", full, sizeof(full));
	ck_assert_str_eq(full, "a\\x1b[0m\\x0a\\xc3");
	text_show("0123456789abcdefghij", shown, sizeof(shown));
	ck_assert_str_eq(shown, "012345678");
}
END_TEST

START_TEST(script_is_python)
{
	char text[1024], source[1200];
	int size = script_text(text, sizeof(text), "/tmp/x.so", 12345);

	ck_assert_int_lt(size, (int)sizeof(text));
	python_start();
	/* It loads nothing, and nobody sees that. */
	snprintf(source, sizeof(source),
		 "import sys\nbefore = set(sys.modules)\n%s"
		 "assert set(sys.modules) == before",
		 text);
	py_exec(source);
	python_stop();
}
END_TEST

#define NUMBER               BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr))
#define IF_NOT(number, skip) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, skip)
#define RESULT(value)        BPF_STMT(BPF_RET | BPF_K, value)

static const char *refused_by(const struct sock_filter *filter, size_t count)
{
	const char *name = seccomp_refuses(filter, count);

	return name ? name : "nothing";
}

#define FILTERED(...)                                            \
	refused_by((struct sock_filter[]){__VA_ARGS__},          \
		   sizeof((struct sock_filter[]){__VA_ARGS__}) / \
			   sizeof(struct sock_filter))

START_TEST(filters_are_run)
{
	ck_assert_str_eq(FILTERED(RESULT(SECCOMP_RET_ALLOW)), "nothing");
	ck_assert_str_eq(FILTERED(RESULT(SECCOMP_RET_LOG)), "nothing");
	ck_assert_str_eq(FILTERED(RESULT(SECCOMP_RET_KILL_PROCESS)), "openat");
	ck_assert_str_eq(FILTERED(RESULT(SECCOMP_RET_TRAP)), "openat");
	ck_assert_str_eq(FILTERED(NUMBER, IF_NOT(SYS_mprotect, 1),
				  RESULT(SECCOMP_RET_ERRNO | 1),
				  RESULT(SECCOMP_RET_ALLOW)),
			 "mprotect");
	/* As Docker's does: the C library then calls clone(). */
	ck_assert_str_eq(FILTERED(NUMBER, IF_NOT(SYS_clone3, 1),
				  RESULT(SECCOMP_RET_ERRNO | 38),
				  RESULT(SECCOMP_RET_ALLOW)),
			 "nothing");
	ck_assert_str_eq(FILTERED(NUMBER, IF_NOT(SYS_clone3, 1),
				  RESULT(SECCOMP_RET_KILL_THREAD),
				  RESULT(SECCOMP_RET_ALLOW)),
			 "clone3");
	/* It has no end. */
	ck_assert_str_eq(FILTERED(NUMBER), "openat");
}
END_TEST

START_TEST(filters_compute)
{
	/* (number ^ x) - 1 + memory, where x is 5 and memory is 1: exit() is told by it.
	 */
	ck_assert_str_eq(
		FILTERED(BPF_STMT(BPF_LDX | BPF_IMM, 1), BPF_STMT(BPF_STX, 3),
			 BPF_STMT(BPF_LD | BPF_IMM, 5), BPF_STMT(BPF_MISC | BPF_TAX, 0),
			 NUMBER, BPF_STMT(BPF_ALU | BPF_XOR | BPF_X, 0),
			 BPF_STMT(BPF_ALU | BPF_SUB | BPF_K, 1),
			 BPF_STMT(BPF_LDX | BPF_MEM, 3),
			 BPF_STMT(BPF_ALU | BPF_ADD | BPF_X, 0), IF_NOT(SYS_exit ^ 5, 1),
			 RESULT(SECCOMP_RET_KILL_PROCESS), RESULT(SECCOMP_RET_ALLOW)),
		"exit");
}
END_TEST

#ifdef __x86_64__

static struct {
	uint64_t request, from, mask_within;
	int calls;
} called;

static int attach(uint64_t request, uint64_t from)
{
	sigset_t mask;

	called.request = request;
	called.from = from;
	called.calls++;
	pthread_sigmask(SIG_SETMASK, NULL, &mask);
	memcpy(&called.mask_within, &mask, sizeof(called.mask_within));
	errno = EDOM;
	raise(SIGUSR1);
	/* Whatever a call may change. */
	__asm__ volatile("pxor %%xmm0, %%xmm0; pxor %%xmm15, %%xmm15; std; cld" ::
				 : "xmm0", "xmm15");
	return -7;
}

static volatile sig_atomic_t handled;

static void handle(int number)
{
	(void)number;
	handled++;
}

/* Leads this thread through the code. Returns: what rax is afterwards. */
static long lead(const struct graft_slots *given, struct graft_data *data)
{
	uint64_t *code = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
			      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct graft_slots slots = *given;
	double before = 1.5, after;
	long rax = 99, rbx = 0x1234567, r12 = 0x7654321;

	ck_assert_ptr_ne(code, MAP_FAILED);
	slots.data = (uintptr_t)data;
	slots.xsave = graft_code_xsave() + 64;
	slots.errno_location = (uintptr_t)__errno_location;
	slots.attach = (uintptr_t)attach;
	*data = (struct graft_data){.all = UINT64_MAX};
	/* The way back is known only here. */
	__asm__ volatile("lea 1f(%%rip), %%rax\n\t"
			 "mov %%rax, (%0)\n\t"
			 "mov %%rax, 8(%0)"
			 :
			 : "r"(&slots)
			 : "rax", "memory");
	graft_code_make(code, &slots);
	errno = ERANGE;
	__asm__ volatile("movsd %[before], %%xmm15\n\t"
			 "stc\n\t"
			 "jmp *%[code]\n"
			 "1:\n\t"
			 "movsd %%xmm15, %[after]"
			 : "+a"(rax), "+b"(rbx), "+r"(r12), [after] "=m"(after)
			 : [code] "r"(code), [before] "m"(before)
			 : "xmm15", "memory", "cc");
	ck_assert_int_eq(errno, ERANGE);
	ck_assert(after == before);
	ck_assert_int_eq(rbx, 0x1234567);
	ck_assert_int_eq(r12, 0x7654321);
	munmap(code, 4096);
	return rax;
}

START_TEST(code_calls_and_restores)
{
	struct graft_slots slots = {.request = 0xabcdef, .from = 1};
	struct graft_data data;
	sigset_t before, after;

	signal(SIGUSR1, handle);
	pthread_sigmask(SIG_SETMASK, NULL, &before);
	ck_assert_int_eq(lead(&slots, &data), 99);
	pthread_sigmask(SIG_SETMASK, NULL, &after);
	ck_assert_int_eq(memcmp(&before, &after, 8), 0);
	ck_assert_int_eq(called.calls, 1);
	ck_assert_uint_eq(called.request, 0xabcdef);
	ck_assert_uint_eq(called.from, 1);
	ck_assert_uint_eq(called.mask_within & 1 << (SIGUSR1 - 1), 1 << (SIGUSR1 - 1));
	ck_assert_int_eq(data.state, GRAFT_THROUGH);
	ck_assert_int_eq(data.result, -7);
	/* It came within, and was heard afterwards. */
	ck_assert_int_eq(handled, 1);
}
END_TEST

START_TEST(signal_interrupts_the_call)
{
	struct graft_slots slots = {.caught = 1 << (SIGUSR1 - 1)};
	struct graft_data data;

	signal(SIGUSR1, handle);
	ck_assert_int_eq(lead(&slots, &data), -EINTR);
	ck_assert_int_eq(handled, 1);
}
END_TEST

#endif

int main(void)
{
	TCase *tcase = tcase_create("attach");

	tcase_add_test(tcase, status_is_read);
	tcase_add_test(tcase, status_is_a_reason);
	tcase_add_test(tcase, no_status);
	tcase_add_test(tcase, mappings_are_read);
	tcase_add_test(tcase, waits_that_can_be_led_aside);
	tcase_add_test(tcase, waits_that_cannot);
	tcase_add_test(tcase, interrupted_waits);
	tcase_add_test(tcase, disabled_on_the_command_line);
	tcase_add_test(tcase, not_disabled_on_the_command_line);
	tcase_add_test(tcase, disabled_in_the_environment);
	tcase_add_test(tcase, debug_offsets_are_read);
	tcase_add_test(tcase, debug_offsets_that_cannot_be);
	tcase_add_test(tcase, text_is_nothing_else);
	tcase_add_test(tcase, script_is_python);
	tcase_add_test(tcase, filters_are_run);
	tcase_add_test(tcase, filters_compute);
#ifdef __x86_64__
	if (graft_code_supported()) {
		tcase_add_test(tcase, code_calls_and_restores);
		tcase_add_test(tcase, signal_interrupts_the_call);
	}
#endif
	return support_main("attach", tcase);
}
