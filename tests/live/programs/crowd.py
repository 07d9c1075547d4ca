# SPDX-License-Identifier: BSD-2-Clause
"""Many processes that wait, and a program among them: the first ones of a namespace.

usage: unshare --pid --fork --mount-proc python3 crowd.py PYTHONS OTHERS LOOP WORD ... -
starts so many of each, one that runs LOOP, a program, if that is not "", and the program of
the further words. Ends with the end of standard input, and all others with it.
"""

import subprocess
import sys

WAITS = "import sys; print('ready', flush=True); sys.stdin.read()"


def start(*command):
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)


def main():
    pythons, others, loop, *words = sys.argv[1:]
    crowd = [start(sys.executable, "-S", "-E", "-c", WAITS) for _ in range(int(pythons))]
    for process in crowd:
        process.stdout.readline()
    crowd += [start("cat") for _ in range(int(others))]
    if loop:
        crowd.append(start(loop))
    crowd.append(subprocess.Popen(words, stdin=subprocess.DEVNULL))
    print("ready", flush=True)
    sys.stdin.read()


main()
