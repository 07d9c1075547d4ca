/* SPDX-License-Identifier: BSD-2-Clause */
/* Giving up what is not needed: what is read comes from processes that may be hostile. */
#ifndef ANNOUNCE_RIGHTS_H
#define ANNOUNCE_RIGHTS_H

/*
 * Keep of all capabilities only CAP_SYS_PTRACE, where we have it, and be no longer root.
 * No later program can get more. Returns: NULL, or which step failed, with errno.
 */
const char *rights_drop(void);

#endif /* ANNOUNCE_RIGHTS_H */
