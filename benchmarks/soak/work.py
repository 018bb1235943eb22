"""What the jobs do. dispy sends the source to the nodes, so it stands alone and unannotated."""

__all__ = ["Weight", "work"]


def work(deed, value, weight=None):
    """Be a job. Not a short one: dispynode jams when a job ends before it has noted its start."""
    import time

    if deed == "nap":
        time.sleep(value)
    elif deed == "talk":
        print("line after line\n" * value)
        dispy_provisional_result({"half": "way"})  # noqa: F821 - dispynode puts it there
        time.sleep(0.1)
    elif deed == "fail":
        time.sleep(0.1)
        raise ValueError(value)
    return value if weight is None else weight.number


class Weight:
    """An argument with a text of its own."""

    def __init__(self, number):
        self.number = number

    def __str__(self):
        return f"Weight({self.number})"
