"""The history, which outlives the program: an SQLite file, its writer and its reader.

It is below the registry, which reports changes to a
:class:`~flask_dispy.history.recorder.Recorder`.
"""
