// SPDX-License-Identifier: BSD-2-Clause
/*
 * What the kernel asks for a hit of a probe: a loop in C around one of the same shape as
 * those of libpyusdt. Built once for each instruction that may be at the site.
 *
 * usage: hits
 *
 * Reads lines "COUNT THREADS"; for each it hits the probe COUNT times in each of so many
 * threads and prints the time passed and the CPU time, both in nanoseconds.
 */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

/* Here it is not configure that chooses. */
#ifdef __x86_64__
#undef USDT_NOP
#if HITS_NOP == 1
#define USDT_NOP nop
#elif HITS_NOP == 5
#define USDT_NOP .byte 0x0f, 0x1f, 0x44, 0x00, 0x00
#endif
#endif
#include <usdt.h>

#define MAX_THREADS 64

struct code {
	const char *name;
	const char *file;
	const char *qualname;
	const char *module;
	uint64_t id;
};

USDT_DEFINE_SEMA(hit);

__attribute__((noinline, aligned(64))) static void probe(const struct code *code,
							 int line, long offset,
							 const char *value,
							 const void *object)
{
	USDT_WITH_EXPLICIT_SEMA(hit, bench, hit, code->name, code->file, line, offset,
				value, code->qualname, code->module, code->id, object);
}

static void *loop(void *argument)
{
	static const struct code code = {
		"function", "/usr/lib/python3/dist-packages/package/module.py",
		"Class.function", "package.module", 42};
	long count = *(const long *)argument;

	for (long i = 0; i < count; i++)
		probe(&code, 7, i, NULL, NULL);
	return NULL;
}

static long long now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
	return time.tv_sec * 1000000000LL + time.tv_nsec;
}

int main(void)
{
	long count;
	int threads;

	while (scanf("%ld %d", &count, &threads) == 2) {
		pthread_t others[MAX_THREADS];
		long long used = now();

		if (threads < 1 || threads > MAX_THREADS)
			return 2;
		for (int i = 1; i < threads; i++)
			if (pthread_create(&others[i], NULL, loop, &count))
				return 1;
		loop(&count);
		for (int i = 1; i < threads; i++)
			pthread_join(others[i], NULL);
		printf("%lld\n", now() - used);
		fflush(stdout);
	}
	return 0;
}
