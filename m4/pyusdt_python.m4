# PYUSDT_PYTHON(MINOR)
# --------------------
# Find a CPython >= 3.MINOR with headers: $PYTHON where it is given, else the newest of
# python3.N and python3 on PATH, then of pyenv's versions.
#
# Sets PYTHON, PYTHON_CPPFLAGS, PYTHON_FULL_VERSION, PYTHON_ABI, PYTHON_PKG_CONFIG_PATH,
# pythondir (where its packages go, --with-pythondir), PYTHON_EMBED_LIBS and
# have_python_embed (its libpython, for tests only).
AC_DEFUN([PYUSDT_PYTHON], [
AC_ARG_VAR([PYTHON], [a CPython >= 3.$1 with headers; by default the newest there is])
AC_ARG_WITH([pythondir], [AS_HELP_STRING([--with-pythondir=DIR],
	[where to install the Python package (default: the site directory of PYTHON)])])

AC_MSG_CHECKING([for a CPython >= 3.$1 with headers])
AS_IF([test -n "$PYTHON"],
	[PYTHON=`command -v "$PYTHON"` && _PYUSDT_PYTHON_WORKS([$1], ["$PYTHON"]) ||
		{ AC_MSG_RESULT([no])
		AC_MSG_ERROR([PYTHON is no working CPython >= 3.$1 with its headers])
		}],
	[for minor in `seq 40 -1 $1`; do
		for candidate in python3.$minor python3 \
			`ls -d "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.$minor.*/bin/python3 2>/dev/null | sort -rV`
		do
			candidate=`command -v $candidate 2>/dev/null` || continue
			_PYUSDT_PYTHON_WORKS(["$minor"], ["$candidate"]) || continue
			PYTHON=$candidate
			break 2
		done
	done])
AS_IF([test -n "$PYTHON"], [AC_MSG_RESULT([$PYTHON])],
	[AC_MSG_RESULT([no])
	AC_MSG_ERROR([no CPython >= 3.$1 with its headers here: use Debian 13 or Ubuntu 24.04 or later (python3-dev), or give PYTHON=/path/to/python3])])

_PYUSDT_PYTHON_ASK([PYTHON_FULL_VERSION], [sysconfig.get_python_version() + "." + str(sys.version_info.micro)])
_PYUSDT_PYTHON_ASK([PYTHON_CPPFLAGS], ["-I" + sysconfig.get_path("include")])
_PYUSDT_PYTHON_ASK([PYTHON_PKG_CONFIG_PATH], [sysconfig.get_config_var("LIBPC") or ""])
_PYUSDT_PYTHON_ASK([python_site], [sysconfig.get_path("platlib")])
_PYUSDT_PYTHON_ASK([python_gil_disabled], [sysconfig.get_config_var("Py_GIL_DISABLED") or 0])

# A free-threaded CPython has no stable ABI before 3.15: use its own headers.
AS_IF([test "$python_gil_disabled" = 1],
	[PYTHON_ABI="free-threaded, this version only"
	PYTHON_MODULE_SUFFIX=.so],
	[PYTHON_ABI="stable ABI of 3.$1"
	PYTHON_MODULE_SUFFIX=.abi3.so
	PYTHON_CPPFLAGS="$PYTHON_CPPFLAGS -DPy_LIMITED_API=0x030c0000"])

pythondir=${with_pythondir:-$python_site}
_PYUSDT_PYTHON_EMBED

AC_SUBST([PYTHON_CPPFLAGS])
AC_SUBST([PYTHON_MODULE_SUFFIX])
AC_SUBST([PYTHON_PKG_CONFIG_PATH])
AC_SUBST([pythondir])
])

# _PYUSDT_PYTHON_WORKS(MINOR, PYTHON)
# A pyenv shim exists for versions that it then refuses to run, so it must really run.
m4_define([_PYUSDT_PYTHON_WORKS], [$2 -c '
import os, sys, sysconfig
sys.exit(not (sys.implementation.name == "cpython"
	and sys.version_info >= (3, int(sys.argv[[1]])) and hasattr(sys, "monitoring")
	and os.path.exists(os.path.join(sysconfig.get_path("include"), "Python.h"))))
' $1 >/dev/null 2>&1])

# _PYUSDT_PYTHON_ASK(VARIABLE, EXPRESSION)
m4_define([_PYUSDT_PYTHON_ASK], [$1=`"$PYTHON" -c '
import sys, sysconfig
print($2)'`])

# The library must not link libpython: only programs that embed CPython do, such as the
# unit tests.
AC_DEFUN([_PYUSDT_PYTHON_EMBED], [
_PYUSDT_PYTHON_ASK([PYTHON_EMBED_LIBS], [" ".join(
	("-L{0} -Wl,-rpath,{0} -lpython{1} {2} {3}" if sysconfig.get_config_var("Py_ENABLE_SHARED")
	else "-L{0} -lpython{1} {2} {3} -Wl,--export-dynamic").format(
	sysconfig.get_config_var("LIBDIR"), sysconfig.get_config_var("LDVERSION"),
	sysconfig.get_config_var("LIBS") or "", sysconfig.get_config_var("SYSLIBS") or "").split())])
AC_MSG_CHECKING([for its libpython])
saved_LIBS=$LIBS saved_CPPFLAGS=$CPPFLAGS
LIBS="$PYTHON_EMBED_LIBS $LIBS" CPPFLAGS="$CPPFLAGS $PYTHON_CPPFLAGS"
AC_LINK_IFELSE([AC_LANG_PROGRAM([[#include <Python.h>]], [[Py_Initialize();]])],
	[have_python_embed=yes], [have_python_embed=no])
LIBS=$saved_LIBS CPPFLAGS=$saved_CPPFLAGS
AC_MSG_RESULT([$have_python_embed])
AC_SUBST([PYTHON_EMBED_LIBS])
])
