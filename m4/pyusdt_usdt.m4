# PYUSDT_USDT
# -----------
# Which usdt.h, and which instruction the probe sites have.
#
# Sets USDT_CPPFLAGS, USDT_CFLAGS, usdt_header, usdt_nop.
AC_DEFUN([PYUSDT_USDT], [
AC_ARG_WITH([usdt], [AS_HELP_STRING([--with-usdt=DIR],
	[take usdt.h (github.com/libbpf/usdt) from DIR; "no": the one in this tree
	(default: one on the include path, else the one in this tree)])])
AC_ARG_WITH([usdt-nop], [AS_HELP_STRING([--with-usdt-nop=nop|nop5|nop10],
	[instruction at the probe sites (default: nop10 on x86-64, a nop followed by a
	10-byte nop, which suits every kernel; nop5 is what 6.18 to 7.1 optimise)])])

AS_CASE([$with_usdt],
	[no], [usdt_header="in this tree"],
	[''|yes], [AC_CHECK_HEADER([usdt.h],
		[usdt_header="on the include path"],
		[usdt_header="in this tree"])],
	[AS_IF([test -f "$with_usdt/usdt.h"], [],
		[AC_MSG_ERROR([--with-usdt: there is no usdt.h in $with_usdt])])
	usdt_header="$with_usdt/usdt.h"
	USDT_CPPFLAGS="-I$with_usdt"])
AS_IF([test "$usdt_header" = "in this tree"],
	[USDT_CPPFLAGS='-I$(top_srcdir)/libpyusdt/probes/usdt'])

usdt_nop=$with_usdt_nop
AS_CASE([$host_cpu],
	[x86_64], [
		AS_CASE([$usdt_nop],
			[''|yes|nop10], [usdt_nop=nop10],
			[nop], [AC_DEFINE([USDT_NOP], [nop], [instruction at the probe sites])],
			[nop5], [AC_DEFINE([USDT_NOP],
				[.byte 0x0f, 0x1f, 0x44, 0x00, 0x00])],
			[AC_MSG_ERROR([--with-usdt-nop: nop, nop5 or nop10, not $usdt_nop])])
		# The kernel's call at an optimised site writes below the stack pointer.
		USDT_CFLAGS=-mno-red-zone],
	[
		AS_CASE([$usdt_nop], [''|yes|nop], [usdt_nop=nop],
			[AC_MSG_ERROR([--with-usdt-nop: only nop on $host_cpu])])])
AC_SUBST([USDT_CPPFLAGS])
AC_SUBST([USDT_CFLAGS])
])
