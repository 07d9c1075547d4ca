# SPDX-License-Identifier: BSD-2-Clause
"""Threads that call, code that comes and goes, while another thread tells."""

def churn(number):
    for i in range(60):
        space = {}
        exec(compile("def new(): pass\nnew()", "account/churned.py", "exec"), space)
        work["run"]()
        list(work["numbers"](20))


def run_threads():
    threads = [threading.Thread(target=churn, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
