# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
# What is kept from one run to the next: the userland of each architecture, and each kernel. Sourced by ./run,
# which has $here, $scratch and run_job.
#
# An entry is a folder with a recipe in it: it is made anew when the recipe has changed or is too old. Who
# uses an entry holds its lock shared, who makes it alone. The new one is made beside it and renamed.
#
# Packages are downloaded and unpacked by mmdebstrap, with a state of apt of its own; none is configured, so
# nothing of another architecture has to run, and nothing is mounted.

readonly max_age_days=30
readonly cache=$(realpath -ms \
	"${PYUSDT_KERNELS_DIR:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/libpyusdt/kernels}")
readonly marker=.libpyusdt-kernels

readonly userland_suite=trixie
readonly userland_version=6.12
# The interpreter with what is compiled against, the tracer, and what the guest's own scripts call.
readonly userland_packages='python3 libpython3-dev check bpftrace busybox-static mawk procps'

entry=
making=

# --- entries

delete() { rm -rf --one-file-system -- "$@"; }

# Of an entry: the packages, and the files here that say what is done with them.
recipe() {
	printf '%s\n' "$*"
	sha256sum <"$here/cache.sh"
	sha256sum <"$here/initramfs"
}

# is_usable ENTRY RECIPE
is_usable() { [ "$(cat "$1/$marker" 2>/dev/null)" = "$2" ]; }

is_fresh() {
	is_usable "$@" && [ -z "$(find "$1/$marker" -mtime "+$((max_age_days - 1))")" ]
}

# provide NAME SUITE ARCHITECTURE PACKAGES MAKER: MAKER makes the entry from PACKAGES. Returns: 0 with
# `entry` set to its folder, locked until this process ends; 1 on failure; 77 where it is not to be had.
provide() {
	local name=$1 suite=$2 architecture=$3 packages=$4 maker=$5 contents lock status
	contents=$(recipe "$suite" "$architecture" "$packages")
	entry=$cache/$name
	mkdir -p "$cache" && exec {lock}>>"$entry.lock" || return 1
	flock --shared "$lock" && is_fresh "$entry" "$contents" && return
	if is_usable "$entry" "$contents"; then
		# Not waiting for those who work with an outdated one.
		flock --nonblock "$lock" || { flock --shared "$lock" && return; }
	else
		flock "$lock"
	fi
	if ! is_fresh "$entry" "$contents"; then
		make_entry
		status=$?
		end_making
		[ "$status" -eq 0 ] || outdated_will_do "$status" || return
	fi
	flock --shared "$lock"
}

# outdated_will_do STATUS: an outdated entry is better than none. Returns: STATUS where there is none.
outdated_will_do() {
	is_usable "$entry" "$contents" || return "$1"
	note "$entry is older than $max_age_days days and used all the same"
}

make_entry() {
	local archive
	if [ -e "$entry" ] && [ ! -f "$entry/$marker" ]; then
		note "$entry was not made by this program: not touching it"
		return 1
	fi
	find_archive || return 77
	making=$entry
	delete "$entry.new" "$entry.old"
	note "making $entry from $archive"
	mkdir "$entry.new" && "$maker" "$entry.new" || return 1
	printf '%s\n' "$contents" >"$entry.new/$marker" || return
	[ ! -e "$entry" ] || mv -T "$entry" "$entry.old" || return
	mv -T "$entry.new" "$entry"
}

# Also on any exit: nobody else is at work there, while we have the lock.
end_making() {
	[ -z "$making" ] || delete "$making.new" "$making.old"
	making=
}

# --- the archive

# Sets `archive` to the first one that has the suite, with the last one of the packages.
find_archive() {
	local candidate archives
	archives=$(debian_archives "${PYUSDT_DEBIAN_MIRROR:-}")
	for candidate in $archives; do
		if debian_names "$candidate" "$suite" "$architecture" "$scratch" &&
			grep -qxF "${packages##* }" "$scratch/names"; then
			archive=$candidate
			return
		fi
	done
	note "no network, or no archive of apt's configuration has $suite for $architecture:" \
		"${archives//$'\n'/ }"
	return 1
}

# sources: a release's updates need the release itself
sources() {
	local keyring
	if ! keyring=$(debian_keyring); then
		note 'no keyring: apt-get install debian-archive-keyring'
		return 1
	fi
	case $suite in
	*-backports) printf 'deb [signed-by=%s] %s %s main\n' "$keyring" "$archive" "${suite%-backports}" ;;
	esac
	printf 'deb [signed-by=%s] %s %s main\n' "$keyring" "$archive" "$suite"
}

# apt_settings: how this machine reaches the archive, and how strict it is with old clocks
apt_settings() { apt-config dump | grep -E '^Acquire::(https?|Check-|Retries)'; }

# unpack FOLDER OPTION...: the packages, and all that they need
unpack() {
	local folder=$1 include=$packages
	shift
	case $suite in
	*-backports) include=$packages/$suite ;;
	esac
	sources >"$scratch/sources" || return
	apt_settings >"$scratch/apt.conf"
	run_job "$fetch_limit" mmdebstrap --mode=root --variant=extract --skip=chroot/mount \
		--format=directory --architectures="$architecture" --aptopt="$scratch/apt.conf" \
		--include="$include" "$@" "${suite%-backports}" "$folder" - \
		<"$scratch/sources" >"$scratch/unpack.log" 2>&1 && return
	cat "$scratch/unpack.log"
	return 1
}

# --- the userland

# make_userland FOLDER: FOLDER/root, a Debian that was never configured
make_userland() {
	local root=$1/root
	unpack "$root" --include='?essential' || return
	# What the configuration of packages would have done, as far as it is needed.
	ln -s mawk "$root/usr/bin/awk" &&
		cp "$root/usr/share/base-passwd/passwd.master" "$root/etc/passwd" &&
		cp "$root/usr/share/base-passwd/group.master" "$root/etc/group" &&
		printf '127.0.0.1\tlocalhost\n' >"$root/etc/hosts"
}

# --- a kernel

# What mounts the root over 9p, with an overlay.
readonly boot_modules='virtio_pci 9pnet_virtio 9p overlay'

# make_kernel FOLDER: FOLDER/{release,vmlinuz,initramfs} from the packages; needs $userland
make_kernel() {
	local folder=$1 packed=$1/packed
	unpack "$packed" &&
		find_release &&
		find_image &&
		make_initramfs >"$folder/initramfs" || return
	delete "$packed"
}

# The modules are where kmod looks for them, in older packages and in newer ones.
find_release() {
	mkdir -p "$packed/lib" "$packed/usr/lib" || return
	[ -e "$packed/usr/lib/modules" ] || ln -s ../../lib/modules "$packed/usr/lib/modules" || return
	[ -e "$packed/lib/modules" ] || ln -s ../usr/lib/modules "$packed/lib/modules" || return
	(cd "$packed/lib/modules" && printf '%s\n' *) >"$folder/release"
}

find_image() {
	local release candidate
	release=$(cat "$folder/release")
	for candidate in "$packed/boot/vmlinuz-$release" "$packed/lib/modules/$release/vmlinuz"; do
		[ -f "$candidate" ] && mv "$candidate" "$folder/vmlinuz" && return
	done
	note "no image of $release in $packages"
	return 1
}

make_initramfs() {
	local tree=$scratch/initramfs programs=$userland/root module name
	delete "$tree"
	mkdir -p "$tree"/{bin,modules,mnt,proc,dev,lower,upper} &&
		cp "$programs/usr/bin/busybox" "$tree/bin/busybox" &&
		install "$here/initramfs" "$tree/init" || return
	list_modules >"$scratch/modules" || return
	while read -r module; do
		name=$(basename "${module%.xz}")
		case $module in
		*.xz) xz --decompress --stdout "$module" >"$tree/modules/$name" ;;
		*) cp "$module" "$tree/modules/$name" ;;
		esac || return
		printf 'insmod /modules/%s\n' "$name" >>"$tree/modules/load"
	done <"$scratch/modules"
	(cd "$tree" && find . | cpio --quiet --create --format=newc | gzip)
}

# list_modules: their files, in the order in which they are to be loaded
list_modules() {
	local release
	release=$(cat "$folder/release")
	PATH=$PATH:/usr/sbin:/sbin
	depmod --basedir "$packed" "$release" || return
	# shellcheck disable=SC2086 # a list
	modprobe --dirname "$packed" --set-version "$release" --show-depends --all $boot_modules |
		awk '$1 == "insmod" && !seen[$2]++ { print $2 }'
}
