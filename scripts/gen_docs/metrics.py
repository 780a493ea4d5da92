"""The page of metrics."""

from millhand.telemetry.facts import MetricFacts, describe
from scripts.gen_docs.markdown import code, page


def write() -> str:
    """The page."""
    return page(
        "Metrics",
        "A worker serves these at `/metrics` of its HTTP port (`http.host`, `http.port`) in the text format of"
        " Prometheus, beside those of the Prometheus client itself (`process_…`, `python_…`). With `http.key` set,"
        " `/metrics` asks for it as a bearer token. What to watch is in [Operate](../how-to/operate.md#watch-it).",
        *(_metric(fact) for fact in describe()),
    )


def _metric(fact: MetricFacts) -> str:
    labels = ", ".join(code(label) for label in fact.labels) or "none"
    buckets = f" · buckets up to {', '.join(f'{bound:g}' for bound in fact.buckets)} s" if fact.buckets else ""
    return f"## {fact.name}\n\n{fact.help}\n\n{fact.type[:1].upper()}{fact.type[1:]} · labels: {labels}{buckets}"
