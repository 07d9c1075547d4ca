// SPDX-License-Identifier: BSD-2-Clause
#include "waiting.h"

#include <errno.h>
#include <linux/futex.h>
#include <stddef.h>
#include <sys/syscall.h>

/* The kernel's own results of a call that it will make again; user space never sees them.
 */
#define ERESTARTSYS           512
#define ERESTARTNOINTR        513
#define ERESTARTNOHAND        514
#define ERESTART_RESTARTBLOCK 516

/*
 * malloc() and the dynamic linker map memory, open and read files, and wait for locks by
 * FUTEX_WAIT; they call none of these. (read() of the dynamic linker is its own, see
 * graft.c.)
 */
static const struct {
	int64_t number;
	const char *name;
} free_calls[] = {
#define CALL(name) {SYS_##name, #name}
	CALL(read),
	CALL(readv),
	CALL(write),
	CALL(writev),
	CALL(recvfrom),
	CALL(recvmsg),
	CALL(recvmmsg),
	CALL(sendto),
	CALL(sendmsg),
	CALL(accept),
	CALL(accept4),
	CALL(connect),
#ifdef SYS_poll
	CALL(poll),
	CALL(select),
	CALL(epoll_wait),
	CALL(pause),
#endif
	CALL(ppoll),
	CALL(pselect6),
	CALL(epoll_pwait),
	CALL(nanosleep),
	CALL(clock_nanosleep),
	CALL(wait4),
	CALL(waitid),
	CALL(flock),
	CALL(fcntl),
	CALL(semop),
	CALL(semtimedop),
	CALL(msgrcv),
	CALL(msgsnd),
	CALL(rt_sigsuspend),
	CALL(rt_sigtimedwait),
	CALL(futex),
	/* One of those with a limit of time, or a futex with one, that was disturbed
	   before. */
	CALL(restart_syscall),
#undef CALL
};

const char *waiting_name(int64_t number)
{
	for (size_t i = 0; i < sizeof(free_calls) / sizeof(*free_calls); i++)
		if (free_calls[i].number == number)
			return free_calls[i].name;
	return NULL;
}

static bool is_under_way(const struct call *call)
{
	switch (-call->result) {
	case ERESTARTSYS:
	case ERESTARTNOINTR:
	case ERESTARTNOHAND:
	case ERESTART_RESTARTBLOCK:
	case EINTR:
		return call->number >= 0;
	}
	return false;
}

/* As semaphores, condition variables and joins do; mutexes wait by FUTEX_WAIT. */
static bool is_free_futex(const struct call *call)
{
	return (call->arguments[1] & FUTEX_CMD_MASK) == FUTEX_WAIT_BITSET;
}

enum waiting waiting_in(const struct call *call)
{
	if (!is_under_way(call))
		return WAITING_NOT;
	if (!waiting_name(call->number) ||
	    (call->number == SYS_futex && !is_free_futex(call)))
		return WAITING_SOMEHOW;
	return WAITING_FREELY;
}

/*
 * A few calls return EINTR even where nothing but a debugger has disturbed them. With no
 * limit of time they can as well begin anew.
 */
static bool has_no_limit(const struct call *call)
{
	switch (call->number) {
#ifdef SYS_epoll_wait
	case SYS_epoll_wait:
#endif
	case SYS_epoll_pwait:
		return (int32_t)call->arguments[3] < 0;
	case SYS_rt_sigtimedwait:
		return !call->arguments[2];
	case SYS_semop:
		return true;
	}
	return false;
}

int64_t waiting_restart(const struct call *call)
{
	if (call->result == -EINTR && !has_no_limit(call))
		return -1;
	return call->result == -ERESTART_RESTARTBLOCK ? SYS_restart_syscall
						      : call->number;
}
