# SPDX-License-Identifier: BSD-2-Clause
#
# syscalls.bth, the names of the system calls, from the macros of <sys/syscall.h>. In
# blocks: the time that bpftrace takes for one grows with the square of its length.
#
# usage: echo '#include <sys/syscall.h>' | cc -E -dM - | awk -f syscalls.awk

BEGIN {
	per_block = 48
	print "/* SPDX-License-Identifier: BSD-2-Clause */"
	print "/* The names of the system calls, there before the first one is counted. */"
}

$1 == "#define" && $2 ~ /^__NR/ && NF == 3 { value[$2] = $3 }

END {
	for (name in value) {
		number = value[name]
		# Some are named for others, as __NR_fcntl for __NR3264_fcntl on arm64.
		while (number in value)
			number = value[number]
		if (name ~ /^__NR_/ && number ~ /^[0-9]+$/) {
			by_number[number + 0] = substr(name, 6)
			if (number + 0 > highest)
				highest = number + 0
		}
	}
	for (number = 0; number <= highest; number++) {
		if (!(number in by_number))
			continue
		if (count++ % per_block == 0) {
			if (count > 1)
				print "}\n"
			print "usdt:@LIBPYUSDT@:pyusdt:PROCESS,"
			print "usdt:@ANNOUNCE@:pyusdt:PROCESS"
			print "/@name[" number "] == \"\"/\n{"
		}
		printf "\t@name[%d] = \"%s\";\n", number, by_number[number]
	}
	print "}"
}
