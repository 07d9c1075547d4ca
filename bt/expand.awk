# SPDX-License-Identifier: BSD-2-Clause
#
# A script is made from its template by this.
#
# The line @INCLUDE_NAME@ becomes the part NAME.bth, in small letters, of the first of these
# folders that has it, without that file's first line, the licence, and with the indentation
# of @INCLUDE_NAME@; a part may include others. Comments mark where it begins and ends, for
# those who read the installed script. Within a line that has more, @INCLUDE_NAME@ becomes
# the part's only line, without these comments.
#
# @layout.FIELD@ becomes the value of that field of the words in $layout, which the probe
# PROCESS has told. This is the only place that knows how a script takes it from them, and
# PYUSDT_WORDS of the header is the only one that knows where in them the field is.
#
# @LIBPYUSDT@, @ANNOUNCE@, @DEPTH@ and @THREAD_POINTER@ become the values given.
#
# usage: awk -v folders="BUILD_FOLDER SOURCE_FOLDER" -v header=PYUSDT_LAYOUT_H
#            -v library=FILE -v announce=FILE -v depth=NUMBER -v thread_pointer=FIELD
#            -f expand.awk TEMPLATE

function fail(message) {
	printf "%s:%d: %s\n", FILENAME, FNR, message >"/dev/stderr"
	failed = 1
	exit
}

# Of each row FIELD(word, field, lowest bit, bits): which of the words, in the order in which
# they are told, and the rest.
function read_header(    line, row, words) {
	while ((getline line < header) > 0) {
		if (line !~ /^\tFIELD\([a-z]+, [a-z_]+, [0-9]+, [0-9]+\)/)
			continue
		split(line, row, /[(), ]+/)
		if (!(row[2] in number))
			number[row[2]] = words++
		word_of[row[3]] = number[row[2]]
		lowest[row[3]] = row[4]
		mask[row[3]] = sprintf("0x%x", 2 ^ row[5] - 1)
	}
	close(header)
	if (!words)
		fail("no PYUSDT_WORDS in '" header "'")
}

function field(name) {
	if (!(name in word_of))
		fail("no " name " in PYUSDT_WORDS of " header)
	return "(($layout." word_of[name] " >> " lowest[name] ") & " mask[name] " /* " name " */)"
}

# part_path NAME: its file, of which the first line has been read
function part_path(name,    count, first, folder, i, path) {
	count = split(folders, folder, " ")
	for (i = 1; i <= count; i++) {
		path = folder[i] "/" name ".bth"
		if ((getline first < path) > 0)
			return path
	}
	fail("no " name ".bth in " folders)
}

function part_name(word) {
	return tolower(substr(word, 10, length(word) - 10))
}

function indentation(line) {
	match(line, /^\t*/)
	return substr(line, 1, RLENGTH)
}

# put_part NAME, INDENT: its lines, the first with that indentation, the others as far from it
# as they are in the file
function put_part(name, indent,    line, own, path) {
	path = part_path(name)
	print indent "/* >>> " name ".bth */"
	own = -1
	while ((getline line < path) > 0) {
		if (own < 0)
			own = length(indentation(line))
		put(line == "" ? "" : indent substr(line, own + 1))
	}
	close(path)
	print indent "/* <<< " name ".bth */"
}

function only_line(name,    line, more, path) {
	path = part_path(name)
	if ((getline line < path) <= 0 || (getline more < path) > 0)
		fail(path ": not one line, but included within a line")
	close(path)
	return line
}

function value_of(word) {
	if (word ~ /^@INCLUDE_/)
		return only_line(part_name(word))
	if (word ~ /^@layout\./)
		return field(substr(word, 9, length(word) - 9))
	if (word == "@LIBPYUSDT@")
		return library
	if (word == "@ANNOUNCE@")
		return announce
	if (word == "@DEPTH@")
		return depth
	if (word == "@THREAD_POINTER@")
		return thread_pointer
	fail("not known: " word)
}

function put(line,    done, indent) {
	if (line ~ /^\t*@INCLUDE_[A-Z_]+@$/) {
		indent = indentation(line)
		put_part(part_name(substr(line, length(indent) + 1)), indent)
		return
	}
	while (match(line, /@([A-Z_]+|layout\.[a-z_]+)@/)) {
		done = done substr(line, 1, RSTART - 1) value_of(substr(line, RSTART, RLENGTH))
		line = substr(line, RSTART + RLENGTH)
	}
	print done line
}

BEGIN { read_header() }

{ put($0) }

END { exit failed }
