"""Points the programs of the documents to the dispy and the ports of a test, unread by them."""

import os

if "DOCUMENTED_DISPY_PORT" in os.environ:
    import dispy

    def _on_loopback(made, port):
        def begin(self, *arguments, **options):
            options = {"nodes": ["127.0.0.2"], "host": "127.0.0.1", "dispy_port": port} | options
            made(self, *arguments, **options)

        return begin

    dispy.JobCluster.__init__ = _on_loopback(
        dispy.JobCluster.__init__, int(os.environ["DOCUMENTED_DISPY_PORT"])
    )
