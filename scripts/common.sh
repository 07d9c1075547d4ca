# shellcheck shell=sh
# SPDX-License-Identifier: BSD-2-Clause
# What the scripts here share. Sourced with $0 being one of them, by sh -eu.

top=$(cd "$(dirname "$0")/.." && pwd)
build=${PYUSDT_BUILDDIR:-$top/build}

say()
{
	printf '\n== %s\n' "$*"
}

die()
{
	echo "$(basename "$0"): $*" >&2
	exit 1
}

# Install the Debian packages named that are not there yet.
need_packages()
{
	missing=
	for package in "$@"; do
		dpkg-query -W -f '${Status}' "$package" 2>/dev/null |
			grep -q 'ok installed' || missing="$missing $package"
	done
	test -n "$missing" || return 0
	command -v apt-get >/dev/null || die "please install:$missing"
	test "$(id -u)" -eq 0 || die "run as root, or install first:$missing"
	say "installing$missing"
	apt-get update -qq
	# Word splitting is wanted.
	# shellcheck disable=SC2086
	DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
		$missing >/dev/null
}

# The file system that names the kernel's tracepoints; bpftrace complains without it.
need_tracefs()
{
	test "$(id -u)" -eq 0 || return 0
	test ! -e /sys/kernel/tracing/events || return 0
	mount -t tracefs tracefs /sys/kernel/tracing 2>/dev/null ||
		echo "tracefs cannot be mounted here: no tracepoints"
}

# build_tree DIRECTORY [CONFIGURE OPTION...]
build_tree()
{
	directory=$1
	shift
	test -x "$top/configure" || (cd "$top" && autoreconf -fi >/dev/null)
	mkdir -p "$directory"
	(
		cd "$directory"
		test -f config.status || "$top/configure" --quiet "$@"
		make --quiet -j"$(nproc)"
	)
}

# What make knows: value VARIABLE
value()
{
	sed -n "s/^$1 = //p" "$build/Makefile"
}
