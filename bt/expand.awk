# SPDX-License-Identifier: BSD-2-Clause
#
# A script from its template. The line @INCLUDE_NAME@ becomes the file NAME.bth, in small
# letters, of the first of these folders that has it, without that file's first line, the
# licence; it may include others. @LIBPYUSDT@, @DEPTH@ and @THREAD_POINTER@ become the
# values given.
#
# usage: awk -v folders="BUILD_FOLDER SOURCE_FOLDER" -v library=FILE -v depth=NUMBER
#            -v thread_pointer=FIELD -f expand.awk TEMPLATE

function replace(line, name, value,    at, done) {
	while (at = index(line, name)) {
		done = done substr(line, 1, at - 1) value
		line = substr(line, at + length(name))
	}
	return done line
}

function put(line) {
	if (line ~ /^@INCLUDE_[A-Z_]+@$/) {
		include(tolower(substr(line, 10, length(line) - 10)))
		return
	}
	line = replace(line, "@LIBPYUSDT@", library)
	line = replace(line, "@DEPTH@", depth)
	print replace(line, "@THREAD_POINTER@", thread_pointer)
}

function include(name,    count, folder, i, line, path) {
	count = split(folders, folder, " ")
	for (i = 1; i <= count; i++) {
		path = folder[i] "/" name ".bth"
		if ((getline line < path) > 0) {
			while ((getline line < path) > 0)
				put(line)
			close(path)
			return
		}
	}
	printf "%s:%d: no %s.bth in %s\n", FILENAME, FNR, name, folders >"/dev/stderr"
	failed = 1
	exit
}

{ put($0) }

END { exit failed }
