# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
# Debian's archive, for tests that want another release or architecture than this machine's. Sourced.

readonly apt_helper=/usr/lib/apt/apt-helper

# debian_archives [MIRROR]: MIRROR, or else those that apt is configured with here, one a line
debian_archives() {
	if [ -n "${1:-}" ]; then
		printf '%s\n' "$1"
		return
	fi
	# shellcheck disable=SC2016 # expanded by apt
	apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 2>/dev/null |
		grep -E '^(https?|file):' | awk '!seen[$0]++'
}

# debian_names ARCHIVE SUITE ARCHITECTURE FOLDER: writes the names of the packages there to FOLDER/names
debian_names() {
	local uri=${1%/}/dists/$2/main/binary-$3/Packages.xz folder=$4
	rm -f "$folder/Packages.xz"
	"$apt_helper" -o Acquire::Retries=1 -o Acquire::http::Timeout=20 -o Acquire::https::Timeout=20 \
		download-file "$uri" "$folder/Packages.xz" >/dev/null 2>&1 || return
	"$apt_helper" cat-file "$folder/Packages.xz" | sed -n 's/^Package: //p' >"$folder/names"
}

debian_keyring() {
	local candidate
	for candidate in /usr/share/keyrings/debian-archive-keyring.{gpg,pgp}; do
		if [ -r "$candidate" ]; then
			printf '%s\n' "$candidate"
			return
		fi
	done
	return 1
}
