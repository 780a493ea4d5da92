"""History beside the broker: reports, workers, schedules, audit trail, retention, and every read for people."""
