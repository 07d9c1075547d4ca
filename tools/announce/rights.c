// SPDX-License-Identifier: BSD-2-Clause
/*
 * Reading others' memory needs CAP_SYS_PTRACE. All else that root may do goes before the
 * first byte of a process is read.
 */
#include "rights.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* nobody: owns no files. */
#define NOBODY 65534

struct capabilities {
	struct __user_cap_header_struct header;
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];
};

static bool get(struct capabilities *capabilities)
{
	*capabilities = (struct capabilities){.header = {_LINUX_CAPABILITY_VERSION_3, 0}};
	return !syscall(SYS_capget, &capabilities->header, capabilities->data);
}

static bool has(const struct capabilities *capabilities, unsigned int number)
{
	return capabilities->data[number / 32].permitted & 1U << number % 32;
}

/* Only those, of what is permitted. */
static bool keep(struct capabilities *capabilities, unsigned int number)
{
	uint32_t bit = capabilities->data[number / 32].permitted & 1U << number % 32;

	memset(capabilities->data, 0, sizeof(capabilities->data));
	capabilities->data[number / 32].permitted = bit;
	capabilities->data[number / 32].effective = bit;
	return !syscall(SYS_capset, &capabilities->header, capabilities->data);
}

/* In a container nobody may be no user, or we may not become another. */
static bool is_refusal(void)
{
	return errno == EINVAL || errno == EPERM;
}

static const char *become_nobody(void)
{
	if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0))
		return "PR_SET_KEEPCAPS";
	if (setgroups(0, NULL) && !is_refusal())
		return "setgroups";
	if (setresgid(NOBODY, NOBODY, NOBODY) && !is_refusal())
		return "setresgid";
	if (setresuid(NOBODY, NOBODY, NOBODY) && !is_refusal())
		return "setresuid";
	return NULL;
}

const char *rights_drop(void)
{
	struct capabilities capabilities;
	const char *failed = NULL;

	if (!get(&capabilities))
		return "capget";
	/* Without it, root reads its own processes, as anyone does. */
	if (geteuid() == 0 && has(&capabilities, CAP_SYS_PTRACE))
		failed = become_nobody();
	if (failed)
		return failed;
	if (!keep(&capabilities, CAP_SYS_PTRACE))
		return "capset";
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return "PR_SET_NO_NEW_PRIVS";
	return NULL;
}
