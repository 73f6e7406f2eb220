"""Settings that tests of quick trainings share: a month to lapse in, half a year to look back on, a log as it is."""

DEFINITION = """
[definition]
horizon_days = 30
lookback_days = 180
lapse = { rule = "silence", days = 45 }
"""
FLOORS = """
min_rows = 100
min_positives = 20
threads = 1
"""
LOG = """
[[source]]
path = "log.csv"
customer_id = "customer_id"
event_type = "event_type"
event_timestamp = "event_timestamp"
amount = "amount"
"""
