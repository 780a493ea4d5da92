"""Who gets in: keys, sessions, roles, tenants, and forms of other sites."""

from tests.integration.dashboard.conftest import Visitor, text
from tests.integration.web.conftest import OWNER, Served


def _signed_in(closed: Served, key: str) -> Visitor:
    visitor = Visitor(closed)
    visitor.get("/sign-in")
    assert visitor.post("/sign-in", key=key, next="/").headers["location"] == "/"
    return visitor


def test_nobody_sees_a_page_without_a_key(closed: Served) -> None:
    for path in ("/", "/jobs", f"/jobs/{closed.jobs['acme']}", "/queues", "/system", "/new", "/live"):
        answer = Visitor(closed).get(path)
        assert answer.status == 303, path
        assert answer.headers["location"].startswith("/sign-in?next=/"), path


def test_a_wrong_key_opens_nothing(closed: Served) -> None:
    visitor = Visitor(closed)
    visitor.get("/sign-in")
    answer = visitor.post("/sign-in", key="mh_wrong", next="/")
    assert (answer.status, "This key opens nothing" in text(answer)) == (401, True)
    assert visitor.get("/jobs").status == 303


def test_signing_in_leads_where_one_wanted_to_go_and_never_to_another_site(closed: Served) -> None:
    visitor = Visitor(closed)
    visitor.get("/jobs?q=state:running")
    visitor.get("/sign-in")
    before = dict(visitor.cookies)
    answer = visitor.post("/sign-in", key=OWNER, next="/jobs?q=state:running")
    assert answer.headers["location"] == "/jobs?q=state:running"
    assert visitor.cookies != before
    assert "httponly" in answer.headers["set-cookie"].lower()
    for place in ("https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"):
        other = Visitor(closed)
        other.get("/sign-in")
        assert other.post("/sign-in", key=OWNER, next=place).headers["location"] == "/"


def test_signing_out_ends_the_session(closed: Served) -> None:
    visitor = _signed_in(closed, OWNER)
    visitor.get("/")
    cookies = dict(visitor.cookies)
    assert visitor.post("/sign-out").headers["location"] == "/sign-in"
    visitor.cookies = cookies
    assert visitor.get("/").status == 303


def test_a_form_without_the_token_of_this_visitor_does_nothing(closed: Served) -> None:
    visitor, other = _signed_in(closed, OWNER), _signed_in(closed, OWNER)
    other.get("/jobs")
    visitor.token = other.token
    answer = visitor.post(f"/jobs/{closed.jobs['acme']}/cancel")
    assert (answer.status, "foreign_form" in text(answer)) == (403, True)


def test_a_viewer_is_given_no_buttons_and_may_not_do_without(closed: Served) -> None:
    visitor = _signed_in(closed, closed.keys["viewer", None])
    page = visitor.get(f"/jobs/{closed.jobs['acme']}")
    assert b"/cancel" not in page.body
    assert visitor.post(f"/jobs/{closed.jobs['acme']}/cancel").status == 403
    assert visitor.get("/new").status == 403
    assert b'name="all"' not in visitor.get("/jobs?q=kind:note.*").body
    for act in ("retry", "cancel"):
        assert visitor.get(f"/jobs/all/{act}?q=kind:note.*").status == 403
        assert visitor.post(f"/jobs/all/{act}", q="kind:note.*").status == 403
    assert visitor.get("/system").status == 403
    assert visitor.get("/queues").status == 200


def test_a_tenant_sees_its_own_jobs_and_nothing_of_others(closed: Served) -> None:
    visitor = _signed_in(closed, closed.keys["operator", "acme"])
    assert visitor.get("/").headers["location"] == "/jobs"
    page = visitor.get("/jobs").body.decode()
    assert closed.jobs["acme"] in page
    assert closed.jobs["bolt"] not in page
    assert visitor.get("/artefacts").status == 200
    assert visitor.get("/jobs/all/cancel?q=tenant:bolt").status == 403
    assert "1 job fits" in text(visitor.get("/jobs/all/cancel?q=kind:note.*"))
    assert visitor.get(f"/jobs/{closed.jobs['bolt']}").status == 404
    assert visitor.post(f"/jobs/{closed.jobs['bolt']}/cancel").status == 404
    for path in ("/failures", "/queues", "/workers", "/schedules", "/system"):
        assert visitor.get(path).status == 403, path
    visitor.post("/jobs/cancel", job=closed.jobs["bolt"])
    assert "cancelled" not in text(_signed_in(closed, OWNER).get(f"/jobs/{closed.jobs['bolt']}"))
