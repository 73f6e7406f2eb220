"""The back-test's report: figures with intervals, slice by slice, as JSON and as a page."""
