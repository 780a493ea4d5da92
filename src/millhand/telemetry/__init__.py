"""How millhand tells what it does: structured logs, Prometheus metrics and OpenTelemetry spans."""
