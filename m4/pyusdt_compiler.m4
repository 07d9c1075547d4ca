# PYUSDT_COMPILER_FLAGS
# ---------------------
# Put into PYUSDT_CFLAGS and PYUSDT_LDFLAGS what we want and the compiler takes. The
# user's CFLAGS and LDFLAGS are left alone, and come after ours.
AC_DEFUN([PYUSDT_COMPILER_FLAGS], [
m4_foreach_w([flag], [-Wall -Wextra -Wshadow -Wundef -Wstrict-prototypes
	-Wmissing-prototypes -Wold-style-definition -Wpointer-arith -Wwrite-strings
	-Wvla -Wformat=2 -fvisibility=hidden -fno-semantic-interposition],
	[_PYUSDT_CFLAG(flag)])
m4_foreach_w([flag], [-Wl,-z,relro],
	[_PYUSDT_LDFLAG(flag)])
AC_SUBST([PYUSDT_CFLAGS])
AC_SUBST([PYUSDT_LDFLAGS])
])

# Unknown -W options are mere warnings to clang: -Werror makes them fail.
m4_define([_PYUSDT_CFLAG], [
AS_VAR_PUSHDEF([cached], [pyusdt_cv_cflag_$1])
AC_CACHE_CHECK([whether $CC takes $1], [cached],
	[saved_CFLAGS=$CFLAGS
	CFLAGS="$CFLAGS -Werror $1"
	AC_COMPILE_IFELSE([AC_LANG_PROGRAM], [AS_VAR_SET([cached], [yes])],
		[AS_VAR_SET([cached], [no])])
	CFLAGS=$saved_CFLAGS])
AS_VAR_IF([cached], [yes], [PYUSDT_CFLAGS="$PYUSDT_CFLAGS $1"])
AS_VAR_POPDEF([cached])
])

m4_define([_PYUSDT_LDFLAG], [
AS_VAR_PUSHDEF([cached], [pyusdt_cv_ldflag_$1])
AC_CACHE_CHECK([whether the linker takes $1], [cached],
	[saved_LDFLAGS=$LDFLAGS
	LDFLAGS="$LDFLAGS $1"
	AC_LINK_IFELSE([AC_LANG_PROGRAM], [AS_VAR_SET([cached], [yes])],
		[AS_VAR_SET([cached], [no])])
	LDFLAGS=$saved_LDFLAGS])
AS_VAR_IF([cached], [yes], [PYUSDT_LDFLAGS="$PYUSDT_LDFLAGS $1"])
AS_VAR_POPDEF([cached])
])
