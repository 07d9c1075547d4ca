# SPDX-License-Identifier: BSD-2-Clause
"""What the program's objects take up is, with every probe watched, what it is without."""

from running import ProgramTest


class Objects(ProgramTest):
    def test_strings_do_not_grow(self):
        """CPython keeps the UTF-8 of a str that it was asked for in the str."""
        self.same(
            """
            import functools, gc, sys, threading, types
            seen = {}
            def text(name):
                # Made anew, of two-byte and of four-byte characters: no constant.
                made = "".join([name, chr(0xe9), chr(0x4e2d), name])
                seen[name] = made
                return made
            def result(value): return value
            def results(*values):
                for value in values:
                    yield result(value)
            def grown():
                # The copies are in no event.
                return [name for name, text in seen.items()
                        if sys.getsizeof(text) != sys.getsizeof("".join([*text]))]

            [*results(text("value"), [text("item")], (text("of a tuple"),),
                      {text("key"): text("of a dict")}, {text("member")},
                      text("long") * 100, text("surrogate") + chr(0xdc80))]
            space = {"__name__": text("module"), "result": result}
            exec(compile(f"def {text('function')}(): return result(1)",
                         text("file"), "exec"), space)
            function = space[seen["function"]]
            seen["co_name"] = function.__code__.co_name
            seen["co_qualname"] = function.__code__.co_qualname
            seen["co_filename"] = function.__code__.co_filename
            function()
            functools.partial(function)()
            kind = type(text("class"), (), {"__module__": text("module of a class"),
                        "__qualname__": text("qualified")})
            result(kind())
            result(kind)
            class Error(Exception): pass
            Error.__module__ = text("module of an error")
            for error in (Error(text("message")), KeyError(text("missing")),
                          OSError(2, text("strerror")), ValueError(text("first"), 2)):
                try: raise error
                except Exception: pass
                def generate():
                    try: yield
                    except Exception: yield
                generator = generate(); next(generator); generator.throw(error)
                generator.close()
            thread = threading.Thread(target=result, args=(text("argument"),),
                                      name=text("thread"))
            thread.start(); thread.join()
            try: __import__(text("import"))
            except ImportError: pass
            sys.modules[text("imported")] = types.ModuleType(text("of sys.modules"))
            __import__(seen["imported"])
            # CPython itself asks for the names of classes, and more of them in some versions.
            print(grown(), "of", len(seen))
            """,
            says="of 27",
        )
