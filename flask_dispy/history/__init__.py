"""What is kept of runs beyond the end of the program: an SQLite file, its writer and its reader.

Below the registry, which tells a :class:`~flask_dispy.history.recorder.Recorder` what happened.
"""
