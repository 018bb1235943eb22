"""The shapes of what views return and the JSON API sends, by subject.

OpenAPI's schemas are made of them, except those of the rows of nodes and jobs, which come from the
tables of fields; tests compare these, and ``static/js/data/types.js``, with the shapes here. Each
is open: more fields may join it. Times are seconds since the epoch, durations seconds, sizes bytes.
"""
