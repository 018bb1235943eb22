"""Computations that tests send to real nodes. dispy sends their source, so they live in a file.

Most take a moment, so that a test sees them run.
"""


def at_once(value):
    """Return the argument before dispynode can have noted the start."""
    return value


def set_up():
    """Have each job started by a process that is set up for the computation first.

    After 0, dispynode would do so only if this set a global variable.
    """
    return 2


def nothing(*args, **kwargs):
    """End soon, whatever the arguments."""
    import time

    time.sleep(0.05)


def echo(value, *args, **kwargs):
    """Return the first argument."""
    import time

    time.sleep(0.05)
    return value


def nap(seconds, result=None):
    """Sleep, then return ``result``."""
    import time

    time.sleep(seconds)
    return result


def speak(text, error_text=""):
    """Print to both outputs of the job."""
    import sys
    import time

    print(text)
    print(error_text, file=sys.stderr)
    time.sleep(0.05)
    return text


def fail(message):
    """Raise."""
    import time

    time.sleep(0.05)
    raise RuntimeError(message)


def report_progress(steps, pause_sec=0.05):
    """Send an interim result for each step, then return the number of steps."""
    import time

    for step in range(steps):
        dispy_provisional_result(step)  # noqa: F821 - dispynode puts it there
        time.sleep(pause_sec)
    return steps


def act(deed, value=None):
    """Do what the first argument says: "nap", "fail", "exit", "echo"."""
    import os
    import time

    if deed == "nap":
        time.sleep(value)
    elif deed == "fail":
        # A node can lose a job that ends before multiprocessing has noted its start.
        time.sleep(0.1)
        raise RuntimeError(value)
    elif deed == "exit":
        os._exit(value)
    return value


class Point:
    """An argument of a class of the user's own, with a text of its own."""

    def __init__(self, x, y):
        self.x = x
        self.y = y

    def __str__(self):
        return f"Point({self.x}, {self.y})"


def length(point):
    """Return the distance of a :class:`Point` from the origin."""
    import time

    time.sleep(0.05)
    return (point.x**2 + point.y**2) ** 0.5


def die(way, value=None):
    """Print, then end without a result in the way that the first argument names."""
    import multiprocessing.util
    import os
    import sys
    import threading
    import time

    print("printed", way, value, end="")
    print("reported", way, file=sys.stderr)
    if way == "sys.exit":
        sys.exit(value)
    elif way == "os._exit":
        os._exit(value)
    elif way == "signal":
        os.kill(os.getpid(), value)
        time.sleep(60)
    elif way == "raise":
        raise KeyboardInterrupt(value)
    elif way == "unpicklable":
        return threading.Lock()
    elif way == "thread":
        threading.Timer(value, os._exit, [7]).start()
        time.sleep(60)
    elif way == "after the reply":
        killing = multiprocessing.util.Finalize
        killing(None, os.kill, [os.getpid(), 9], exitpriority=1000)
    elif way == "at any time":
        kill_at = time.monotonic() + 0.03
        threading.Timer(0.03, os.kill, [os.getpid(), 9]).start()
        time.sleep(max(0, kill_at - value - time.monotonic()))
        return "x" * 1_000_000
    elif way == "children":
        if os.fork() == 0:
            time.sleep(value)
            os._exit(0)
        os._exit(4)
    return value


def print_much(lines):
    """Print many lines from two threads, then die."""
    import os
    import threading

    def work():
        for number in range(lines):
            print(f"line {number}\n", end="")

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    os._exit(1)


def fail_in_ways(way, number):
    """Fail in one of five ways; the message holds the number."""
    import os
    import time

    time.sleep(0.02)
    if way == 0:
        return {}[f"row {number}"]
    if way == 1:
        return int(f"text {number}")
    if way == 2:
        return [1][number]
    if way == 3:
        raise RuntimeError(f"step {number} of /data/part-{number}.csv\nfailed")
    os._exit(3)


def work_or_fail(way, number, seconds):
    """Take so long, or fail in one of five ways; the message holds the number."""
    import os
    import time

    time.sleep(seconds)
    if way == "key":
        return {}[f"row {number}"]
    if way == "value":
        return int(f"text {number}")
    if way == "index":
        return [1][number + 1]
    if way == "runtime":
        raise RuntimeError(f"step {number} of /data/part-{number}.csv")
    if way == "die":
        os._exit(3)
    return {"number": number}
