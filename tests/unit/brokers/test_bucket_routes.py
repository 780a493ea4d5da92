"""Which keys are jobs, and what a broker's URL says of a bucket."""

import json

import pytest

from millhand.brokers.bucket.layout import failed_key, job_key, note_key, noted_key, parse_job_key, reason_key
from millhand.brokers.bucket.place import parse
from millhand.brokers.bucket.routes import DOCUMENTS, Route
from millhand.core.errors import ConfigError


def test_a_file_becomes_arguments_and_an_output() -> None:
    route = Route.parse(DOCUMENTS)
    fields = route.match("to-convert/order 7.docx")
    assert fields is not None
    assert fields == {"id": "order 7"}
    assert route.output_of(fields) == "converted/order 7.pdf"
    args = json.loads(route.args_of(fields, "s3://b/to-convert/order%207.docx", "s3://b/converted/order%207.pdf"))
    assert args == {"source": "s3://b/to-convert/order%207.docx", "target": "s3://b/converted/order%207.pdf"}
    assert (route.folder, route.queue, route.kind) == ("to-convert", "to-convert", "document.convert")


def test_arguments_may_be_named() -> None:
    route = Route.parse(
        "maps/{size}/{id}.zip -> page.export?bundle={input}&target={output}&size={size} -> out/{size}-{id}.png"
    )
    fields = route.match("maps/A3/town.ZIP")
    assert fields is not None
    assert fields == {"size": "A3", "id": "town"}
    assert json.loads(route.args_of(fields, "in", "out")) == {"bundle": "in", "target": "out", "size": "A3"}
    assert route.handler_writes


def test_a_result_may_be_the_output() -> None:
    route = Route.parse("in/{path}.txt->text.count?source={input}->out/{path}.json")
    assert route.match("in/a/b/c.txt") == {"path": "a/b/c"}
    assert not route.handler_writes
    assert Route.parse("in/{id}.txt -> text.count").output == ""


@pytest.mark.parametrize(
    "name",
    [
        "~$order.docx",
        ".order.docx",
        "~order.docx",
        ".hidden.docx",
        "order.doc",
        "order.docx.part",
        "order.docx.tmp",
        "deep/order.docx",
        "order",
        "",
    ],
)
def test_what_is_not_meant_is_left_alone(name: str) -> None:
    assert Route.parse(DOCUMENTS).match(f"to-convert/{name}") is None


@pytest.mark.parametrize(
    "name", ["~$x.any", "x.tmp", "x.PART", "x.crdownload", "x.any~", "Thumbs.db", "desktop.ini", ".DS_Store"]
)
def test_unfinished_and_system_files_are_left_alone_whatever_the_pattern(name: str) -> None:
    assert Route.parse("in/{name} -> a.kind").match(f"in/{name}") is None
    assert Route.parse("in/{name} -> a.kind").match("in/x.any")


@pytest.mark.parametrize(
    "text",
    [
        "to-convert/a.docx -> document.convert",
        "{id}.docx -> document.convert -> {id}.pdf",
        "in/{id}.docx",
        "in/{id}.docx -> ",
        "in/{id}.docx -> a.kind -> out/{name}.pdf",
        "in/{id}.docx -> a.kind -> out/same.pdf",
        "in/{id}.docx -> a.kind?source={file}",
        "failed/{id}.docx -> a.kind",
        "jobs/{id}.json -> a.kind",
        "a -> b -> c -> d",
    ],
)
def test_a_route_that_can_not_be_meant_is_refused(text: str) -> None:
    with pytest.raises(ConfigError) as refused:
        Route.parse(text)
    assert DOCUMENTS in refused.value.hint


def test_a_url_says_all() -> None:
    place = parse(
        "s3://acme/docs/?route=in/{id}.odt->document.convert->out/{id}.pdf&route=up/{id}.rtf -> document.convert"
        "&jobs=off&poll=1&idle_poll=30&still=5&attempts=2&crashes=1"
    )
    assert (place.scheme, place.bucket, place.folder, place.shown) == ("s3", "acme", "docs", "s3://acme/docs")
    assert place.queues == ["in", "up"]
    assert (place.jobs, place.poll, place.idle_poll, place.still) == (False, 1, 30, 5)
    assert [(each.max_attempts, each.max_crashes) for each in place.routes] == [(2, 1), (2, 1)]


def test_a_url_that_says_nothing_means_documents() -> None:
    place = parse("az://container")
    assert [route.pattern for route in place.routes] == ["to-convert/{id}.docx"]
    assert (place.folder, place.jobs, place.poll) == ("", True, 3)


@pytest.mark.parametrize(
    "url",
    [
        "s3://",
        "s3:///folder",
        "s3://key:secret@bucket",
        "s3://bucket:9000",
        "s3://bucket/a//b",
        "s3://bucket/..",
        "s3://bucket#x",
        "s3://bucket?colour=red",
        "s3://bucket?jobs=perhaps",
        "s3://bucket?poll=soon",
        "s3://bucket?poll=0",
        "s3://bucket?attempts=0",
        "s3://bucket?route=in/{id}.docx->a.kind->in/out-{id}.docx",
        "s3://bucket?route=a/{id}.x->k->b/{id}.y&route=b/{id}.y->k->a/{id}.x",
        "gs://bucket",
    ],
)
def test_a_url_that_can_not_be_meant_is_refused(url: str) -> None:
    with pytest.raises(ConfigError) as refused:
        parse(url)
    assert "secret" not in f"{refused.value} {refused.value.hint}"


@pytest.mark.parametrize("queue", ["default", "a/b", "ü ", "..", ".", "@", "x%2Fy"])
@pytest.mark.parametrize("job_id", ["0190-ab", "a@b", "a/b", ".", "a.json"])
@pytest.mark.parametrize("due_at", [0, 1_790_000_000_000_000])
def test_the_key_of_a_job_tells_all_of_it(queue: str, job_id: str, due_at: int) -> None:
    key = job_key(queue, job_id, due_at)
    assert key.count("/") == 2
    assert parse_job_key(key) == (queue, job_id, due_at)
    assert failed_key(key) == f"failed/{job_key(queue, job_id)}"
    assert noted_key(note_key(key)) == key


@pytest.mark.parametrize(
    "key", ["jobs/a.json", "jobs/q/a", "jobs/q/a/b.json", "jobs/q/a@soon.json", "jobs/q/.json", "x/q/a.json"]
)
def test_a_key_that_is_no_job_of_ours(key: str) -> None:
    assert parse_job_key(key) is None


def test_failures_keep_their_names() -> None:
    assert failed_key("to-convert/a.docx") == "failed/to-convert/a.docx"
    assert reason_key("to-convert/a.docx") == "failed/to-convert/a.docx.json"
