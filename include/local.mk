include_HEADERS = include/pyusdt.h include/pyusdt_layout.h include/pyusdt_profile.h
nodist_include_HEADERS = include/pyusdt_version.h
