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

# Of clang-format and clang-tidy: each version has its own idea of both. Debian 12 and later have it.
lint_version=19

is_installed()
{
	test "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed
}

# candidate PACKAGE: the version that apt would install; nothing where it has none.
candidate()
{
	apt-cache policy "$1" 2>/dev/null | sed -n 's/^ *Candidate: \([0-9]\)/\1/p'
}

is_available()
{
	test -n "$(candidate "$1")"
}

# Once, and only where something is missing.
update_index()
{
	test -z "${index_is_new:-}" || return 0
	apt-get update -qq
	index_is_new=yes
}

install_packages()
{
	say "installing $*"
	DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" \
		>/dev/null
}

# need_packages PACKAGE...: install those that are not there yet.
need_packages()
{
	missing=
	for package in "$@"; do
		is_installed "$package" || missing="$missing $package"
	done
	test -n "$missing" || return 0
	command -v apt-get >/dev/null || die "please install:$missing"
	test "$(id -u)" -eq 0 || die "run as root, or install first:$missing"
	update_index
	# Word splitting is wanted.
	# shellcheck disable=SC2086
	install_packages $missing
}

# first_of TEST NAME|NAME...: the first of these names for which TEST holds
first_of()
{
	for package in $(echo "$2" | tr '|' ' '); do
		if "$1" "$package"; then
			echo "$package"
			return
		fi
	done
	return 1
}

# want_packages PACKAGE...: the same for what tests can do without, unless all of them are to run.
# Where releases have other names for the same, all are given, as NAME|NAME.
want_packages()
{
	missing= left_out=
	for names in "$@"; do
		first_of is_installed "$names" >/dev/null || missing="$missing $names"
	done
	test -n "$missing" || return 0
	if command -v apt-get >/dev/null && test "$(id -u)" -eq 0; then
		update_index
		wanted=$missing missing=
		for names in $wanted; do
			if package=$(first_of is_available "$names"); then
				missing="$missing $package"
			else
				left_out="$left_out $names"
			fi
		done
		# Word splitting is wanted.
		# shellcheck disable=SC2086
		test -z "$missing" || install_packages $missing
	else
		left_out=$missing
	fi
	test -n "$left_out" || return 0
	test "${PYUSDT_REQUIRE_LIVE:-0}" != 1 || die "cannot be installed here:$left_out"
	say "tests that need these are left out, they cannot be installed here:$left_out"
}

# The release's CPython with its headers, where configure would take it. Else there may be another
# one, or configure says what to do.
need_python()
{
	test -z "${PYTHON:-}" || return 0
	command -v apt-get >/dev/null || return 0
	is_available python3-dev || test "$(id -u)" -ne 0 || update_index
	! dpkg --compare-versions "$(candidate python3-dev)" ge 3.12 || need_packages python3-dev
}

# The file system that names the kernel's tracepoints; bpftrace complains without it.
need_tracefs()
{
	test "$(id -u)" -eq 0 || return 0
	test ! -e /sys/kernel/tracing/events || return 0
	mount -t tracefs tracefs /sys/kernel/tracing 2>/dev/null ||
		echo "tracefs cannot be mounted here: no tracepoints"
}

# Is the build tree in this folder one for another Python than the one that is asked for?
is_for_another_python()
{
	test -n "${PYTHON:-}" && test "$(command -v "$PYTHON")" != "$(sed -n 's/^PYTHON = //p' Makefile)"
}

# configure_tree DIRECTORY [CONFIGURE OPTION...]: where that was not done yet. Once more where packages
# have come or gone since: what configure looks for may be among them.
configure_tree()
{
	directory=$1
	shift
	test -x "$top/configure" || (cd "$top" && autoreconf -fi >/dev/null)
	mkdir -p "$directory"
	(
		cd "$directory"
		if ! test -f config.status || is_for_another_python; then
			"$top/configure" --quiet "$@"
		elif test /var/lib/dpkg/status -nt config.status; then
			./config.status --recheck --quiet >/dev/null
			./config.status --quiet
		fi
	)
}

# build_tree DIRECTORY [CONFIGURE OPTION...]
build_tree()
{
	configure_tree "$@"
	make -C "$1" --quiet -j"$(nproc)"
}

# What make knows: value VARIABLE
value()
{
	sed -n "s/^$1 = //p" "$build/Makefile"
}
