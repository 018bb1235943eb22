"""What flask_dispy costs, beside dispy.httpd: ``python -m benchmarks``."""
