// SPDX-License-Identifier: BSD-2-Clause
#include "graft.h"

#include <elf.h>
#include <errno.h>
#include <inttypes.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/time.h>
#include <sys/user.h>
#include <sys/wait.h>

#include "../announce/elf64.h"
#include "control/attach.h"
#include "clock.h"
#include "room.h"
#include "seccomp.h"
#include "text.h"
#include "waiting.h"

/* What dlopen() and starting a thread may take of the stack, and more. */
#define STACK_NEEDED (UINT64_C(256) << 10)

#define MAX_AUXV 64

#ifdef __x86_64__

static void not_now(struct graft *graft, const char *what, const char *of)
{
	char shown[128];

	text_show(of, shown, sizeof(shown));
	snprintf(graft->why, sizeof(graft->why), "its main thread %s%s", what, shown);
}

static enum graft_result refuse(struct graft *graft, const char *why)
{
	snprintf(graft->why, sizeof(graft->why), "%s", why);
	return GRAFT_REFUSED;
}

/* Where the kernel has put the dynamic linker. */
static uint64_t find_loader(const struct target *target)
{
	Elf64_auxv_t vector[MAX_AUXV + 1];
	ssize_t size = target_read_file(target, "auxv", (char *)vector,
					MAX_AUXV * sizeof(*vector));

	for (size_t i = 0; size > 0 && i < (size_t)size / sizeof(*vector); i++)
		if (vector[i].a_type == AT_BASE)
			return vector[i].a_un.a_val;
	return 0;
}

/* Where there is none, nothing else tells the stack from what lies below it. */
#define STACK_WITHOUT_LIMIT (UINT64_C(8) << 20)

/* Not by prlimit(), which wants a right of its own where the users differ. */
static uint64_t find_stack_limit(const struct target *target)
{
	uint64_t limit = STACK_WITHOUT_LIMIT;
	char text[2048];
	const char *line;

	if (target_read_file(target, "limits", text, sizeof(text) - 1) > 0) {
		line = strstr(text, "Max stack size");
		if (line)
			sscanf(line, "Max stack size %" SCNu64, &limit);
	}
	return limit;
}

/* Before 2.34 glibc has dlopen() and threads in files of their own. */
static bool is_libc(const struct mapping *mapping)
{
	static const char *const names[] = {"/libc.so", "/libc-", "/libdl",
					    "/libpthread"};
	const char *base = strrchr(mapping->path, '/');

	for (size_t i = 0; base && i < sizeof(names) / sizeof(*names); i++)
		if (!strncmp(base, names[i], strlen(names[i])))
			return true;
	return false;
}

static bool is_beginning(const struct mapping *mapping)
{
	return mapping->inode && !mapping->offset && mapping->readable;
}

static void take_symbol(struct remote *memory, const struct elf *elf, const char *name,
			uint64_t *address)
{
	if (!*address)
		*address = elf_symbol(memory, elf, name);
}

static bool find_functions(struct target *target, struct graft_slots *slots)
{
	for (size_t i = 0; i < target->mappings.count; i++) {
		const struct mapping *mapping = &target->mappings.all[i];
		struct remote *memory = target_memory(target);
		struct elf elf;

		if (!is_beginning(mapping) || !is_libc(mapping) ||
		    !elf_open(memory, mapping->start, &elf))
			continue;
		take_symbol(memory, &elf, "__errno_location", &slots->errno_location);
		take_symbol(memory, &elf, "dlopen", &slots->dlopen);
		take_symbol(memory, &elf, "dlsym", &slots->dlsym);
		take_symbol(memory, &elf, "dlerror", &slots->dlerror);
	}
	return slots->errno_location && slots->dlopen && slots->dlsym && slots->dlerror;
}

const char *graft_prepare(struct target *target, struct graft *graft)
{
	*graft = (struct graft){0};
	if (!graft_code_supported())
		return "this processor does not have XSAVE";
	if (!find_functions(target, &graft->slots))
		return "its C library is not glibc, or is stripped of its symbols";
	graft->slots.xsave = graft_code_xsave() + 64;
	graft->loader = find_loader(target);
	graft->stack_limit = find_stack_limit(target);
	graft->code = room_find(target, ROOM_CODE, GRAFT_CODE_WORDS * sizeof(uint64_t));
	graft->data = room_find(target, ROOM_DATA, sizeof(struct graft_data));
	if (!graft->code || !graft->data)
		return "no library of it has room for some hundred bytes";
	return NULL;
}

static void on_alarm(int signal)
{
	(void)signal;
}

/* Ends a wait for a thread that does not stop. @usec: 0 for none. */
static void set_alarm(int64_t usec)
{
	struct sigaction action = {.sa_handler = on_alarm};
	struct itimerval timer = {
		.it_value = {.tv_sec = usec / 1000000, .tv_usec = usec % 1000000},
	};

	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &timer, NULL);
}

/*
 * Signals that come first are passed on, and it goes on to be stopped by us.
 *
 * Returns: the signal that it is stopped by, SIGTRAP for ours; -1 where it is gone, 0
 * where it cannot be stopped.
 */
static int wait_until_stopped(pid_t pid)
{
	int status;

	for (;;) {
		if (waitpid(pid, &status, __WALL) < 0)
			return errno == EINTR ? 0 : -1;
		if (!WIFSTOPPED(status))
			return -1;
		if (status >> 16 == PTRACE_EVENT_STOP)
			return WSTOPSIG(status);
		ptrace(PTRACE_CONT, pid, 0, WSTOPSIG(status));
	}
}

static struct call call_of(const struct user_regs_struct *registers)
{
	return (struct call){
		.number = (int64_t)registers->orig_rax,
		.result = (int64_t)registers->rax,
		.arguments = {registers->rdi, registers->rsi, registers->rdx,
			      registers->r10, registers->r8, registers->r9},
	};
}

/* Returns: whether there is as much of the main thread's own stack as is needed. */
static bool has_stack(const struct target *target, const struct graft *graft,
		      uint64_t pointer)
{
	const struct mapping *stack = mappings_named(&target->mappings, "[stack]");

	return stack && pointer < stack->end &&
	       stack->end - pointer + STACK_NEEDED < graft->stack_limit;
}

/*
 * A signal handler in C may have interrupted anything. The kernel blocks its signal
 * meanwhile.
 */
static bool has_signals(struct target *target, struct graft *graft)
{
	FILE *file = target_file(target, "status");
	struct status status;
	bool known = file && status_read(file, &status);

	if (file)
		fclose(file);
	if (!known)
		return true;
	graft->slots.caught = status.caught;
	return (status.blocked | status.pending) & status.caught;
}

/* Returns: whether the file of @mapping is where memory is allocated. */
static bool has_malloc(struct target *target, const struct mapping *mapping)
{
	for (size_t i = 0; i < target->mappings.count; i++) {
		const struct mapping *start = &target->mappings.all[i];
		struct remote *memory = target_memory(target);
		struct elf elf;

		if (is_beginning(start) && mapping_same_file(start, mapping))
			return !elf_open(memory, start->start, &elf) ||
			       elf_symbol(memory, &elf, "malloc");
	}
	return true;
}

static bool is_in_loader(const struct target *target, const struct graft *graft,
			 const struct mapping *mapping)
{
	const struct mapping *loader = mappings_at(&target->mappings, graft->loader);

	return loader && mapping_same_file(mapping, loader);
}

/*
 * dlopen() and pthread_create() take locks of the C library and of malloc() only. Whoever
 * has one of these is in one of their files, for neither calls others with a lock held,
 * but for the dynamic linker, whose own can be taken again by the same thread.
 */
static bool is_harmless(struct target *target, const struct mapping *mapping)
{
	return mapping->executable && mapping->inode && !is_libc(mapping) &&
	       !has_malloc(target, mapping);
}

/* Returns: whether the thread, at such registers, can be led aside. */
static bool can_be_led(struct target *target, struct graft *graft,
		       const struct user_regs_struct *registers, enum waiting waiting)
{
	const struct mapping *mapping = mappings_at(&target->mappings, registers->rip);

	if (!mapping || registers->cs != 0x33)
		not_now(graft, "runs code that is in no file", "");
	else if (waiting == WAITING_SOMEHOW)
		not_now(graft, "waits in the C library or a driver", "");
	else if (is_in_loader(target, graft, mapping))
		not_now(graft, "loads a library", "");
	else if (waiting == WAITING_NOT && !is_harmless(target, mapping))
		not_now(graft, "runs code of ", mapping->path);
	else if (!has_stack(target, graft, registers->rsp))
		not_now(graft, "has another stack than its own, or too little of it", "");
	else if (has_signals(target, graft))
		not_now(graft, "is at a signal", "");
	else
		return true;
	return false;
}

/* An earlier one, which was killed, may have planted what the thread is in. */
static bool is_in_use(struct target *target, struct graft *graft, uint64_t instruction)
{
	struct graft_data data;

	if (instruction - graft->code >= GRAFT_CODE_WORDS * sizeof(uint64_t) &&
	    !(remote_read(target_memory(target), graft->data, &data, sizeof(data)) &&
	      data.mark == ROOM_MARK && data.state == GRAFT_INSIDE))
		return false;
	not_now(graft, "is at an earlier request", "");
	return true;
}

static bool plant(const struct target *target, const struct graft *graft,
		  const char *library)
{
	struct graft_data data = {
		.mark = ROOM_MARK,
		.state = GRAFT_PLANTED,
		.all = UINT64_MAX,
		.symbol = "_pyusdt_attach",
	};
	uint64_t code[GRAFT_CODE_WORDS];

	snprintf(data.library, sizeof(data.library), "%s", library);
	if (!target_write(target, graft->data, &data, sizeof(data)))
		return false;
	graft_code_make(code, &graft->slots);
	/* Into a page that cannot be written, of which the process then has its own. */
	for (size_t i = 0; i < GRAFT_CODE_WORDS; i++)
		if (ptrace(PTRACE_POKEDATA, target->pid, graft->code + i * sizeof(*code),
			   code[i]) < 0)
			return false;
	return true;
}

/* As the kernel does with a call that it makes again. */
static void set_way_back(const struct user_regs_struct *registers,
			 const struct call *call, enum waiting waiting,
			 struct user_regs_struct *led, struct graft_slots *slots)
{
	int64_t number = waiting == WAITING_FREELY ? waiting_restart(call) : -1;

	slots->back = slots->interrupted = registers->rip;
	if (number >= 0) {
		slots->back -= 2; /* the instruction that makes the call */
		led->rax = (uint64_t)number;
	} else {
		slots->caught = 0;
	}
	led->orig_rax = UINT64_MAX;
}

/* Returns: whether its seccomp filters let it go that way, else why is set. */
static bool is_allowed(const struct target *target, struct graft *graft)
{
	const char *call = NULL;

	if (target->status.seccomp && !graft->filters_seen)
		call = seccomp_refuses_process(target->pid);
	graft->filters_seen = !call;
	if (call && *call)
		snprintf(graft->why, sizeof(graft->why),
			 "its seccomp filter forbids %s(), which loading a library needs",
			 call);
	else if (call)
		refuse(graft,
		       "its seccomp filter cannot be read: run this as root, outside of "
		       "containers");
	return !call;
}

static enum graft_result lead(struct target *target, const char *path,
			      struct graft *graft)
{
	struct user_regs_struct registers, led;
	struct call call;
	enum waiting waiting;

	if (ptrace(PTRACE_GETREGS, target->pid, 0, &registers) < 0)
		return refuse(graft, "its registers cannot be read");
	call = call_of(&registers);
	waiting = waiting_in(&call);
	if (is_in_use(target, graft, registers.rip) ||
	    !can_be_led(target, graft, &registers, waiting))
		return GRAFT_NOT_NOW;
	if (!is_allowed(target, graft))
		return GRAFT_REFUSED;
	led = registers;
	set_way_back(&registers, &call, waiting, &led, &graft->slots);
	graft->slots.from = waiting == WAITING_FREELY ? ATTACH_BLOCKED : ATTACH_RUNNING;
	led.rip = graft->code;
	if (!plant(target, graft, path))
		return refuse(graft, "the kernel lets nobody write its code");
	if (ptrace(PTRACE_SETREGS, target->pid, 0, &led) < 0)
		return refuse(graft, "its registers cannot be set");
	return GRAFT_SET;
}

/*
 * The wait for it may take all the time there is, as where the thread waits for a disk:
 * it does not stand still for us then.
 */
static enum graft_result stop_and_lead(struct target *target, const char *path,
				       int64_t usec, struct graft *graft)
{
	enum graft_result result;
	int signal;

	set_alarm(usec);
	ptrace(PTRACE_INTERRUPT, target->pid, 0, 0);
	signal = wait_until_stopped(target->pid);
	set_alarm(0);
	result = signal == SIGTRAP ? lead(target, path, graft) : GRAFT_NOT_NOW;
	if (signal < 0)
		result = refuse(graft, "it has ended");
	else if (!signal)
		not_now(graft, "is in a wait that cannot be interrupted", "");
	else if (signal != SIGTRAP)
		result = refuse(graft, "it is stopped by a signal");
	ptrace(PTRACE_DETACH, target->pid, 0, 0);
	return result;
}

/* While it stands, it should be for no other reason than what is done here. */
static void set_priority(int policy)
{
	struct sched_param priority = {.sched_priority = policy == SCHED_FIFO};

	sched_setscheduler(0, policy, &priority);
}

enum graft_result graft_set(struct target *target, const struct library *library,
			    const char *path, uint64_t request, int64_t usec,
			    struct graft *graft)
{
	enum graft_result result;
	int64_t begin;

	graft->slots.data = graft->data;
	graft->slots.attach = library->attach;
	graft->slots.request = request;
	set_priority(SCHED_FIFO);
	begin = clock_usec();
	if (ptrace(PTRACE_SEIZE, target->pid, 0, 0) < 0)
		result = refuse(graft,
				errno == EPERM
					? "a debugger, strace or the like is attached "
					  "to it, or the kernel does not permit it"
					: "it has ended");
	else
		result = stop_and_lead(target, path, usec, graft);
	graft->stood = clock_usec() - begin;
	set_priority(SCHED_OTHER);
	return result;
}

bool graft_through(struct target *target, const struct graft *graft,
		   struct graft_data *data)
{
	return remote_read(target_memory(target), graft->data, data, sizeof(*data)) &&
	       data->state == GRAFT_THROUGH;
}

#else

const char *graft_prepare(struct target *target, struct graft *graft)
{
	(void)target;
	*graft = (struct graft){0};
	return "on this processor only CPython 3.14 and later can be asked";
}

enum graft_result graft_set(struct target *target, const struct library *library,
			    const char *path, uint64_t request, int64_t usec,
			    struct graft *graft)
{
	(void)target;
	(void)library;
	(void)path;
	(void)request;
	(void)usec;
	(void)graft;
	return GRAFT_REFUSED;
}

bool graft_through(struct target *target, const struct graft *graft,
		   struct graft_data *data)
{
	(void)target;
	(void)graft;
	(void)data;
	return false;
}

#endif
