# SPDX-License-Identifier: BSD-2-Clause
"""Threads that end, fail and are renamed, and many at once."""


def fails():
    raise ValueError


def ends():
    raise SystemExit


def renames():
    threading.current_thread().name = "later"


check("one", name="one")
check("dæmon", name="dæmon", daemon=True)
check(None, target=fails)
check("ends", name="ends", target=ends)
t = run(name="first", target=renames)
same(
    told(), [("THREAD_START", "first", t.native_id), ("THREAD_EXIT", "later", t.native_id)]
)
import _thread

lock = _thread.allocate_lock()
lock.acquire()
_thread.start_new_thread(lock.release, ())
lock.acquire()
same(told(), [])

# Many at once: each is told twice, by itself.
ready = threading.Barrier(8)
many = [threading.Thread(target=ready.wait) for i in range(8)]
[t.start() for t in many]
[t.join() for t in many]
want = [event for t in many for event in both(t.name, t)]
same(sorted(told()), sorted(want))
