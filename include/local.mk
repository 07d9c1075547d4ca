include_HEADERS = include/pyusdt.h
nodist_include_HEADERS = include/pyusdt_version.h
