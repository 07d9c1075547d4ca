# SPDX-License-Identifier: BSD-2-Clause
"""How threads are run, and what is then told of each."""


def run(type=None, **keywords):
    import threading

    threading.excepthook = lambda arguments: None
    thread = (type or threading.Thread)(**keywords)
    thread.start()
    thread.join()
    return thread


def both(name, thread):
    return [
        ("THREAD_START", name, thread.native_id),
        ("THREAD_EXIT", name, thread.native_id),
    ]


def check(told_as, **keywords):
    thread = run(**keywords)
    same(told(), both(told_as or thread.name, thread))
