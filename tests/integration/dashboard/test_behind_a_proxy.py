"""Under a path prefix of a reverse proxy, which takes the prefix off or leaves it there: every link stays below it."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.integration.dashboard.conftest import Visitor, text
from tests.integration.web.conftest import OWNER, Served, serving
from tests.integration.web.forwarder import ADDRESS, PREFIX, forwarding

_PLACE = re.compile(r'[\s(][a-z:-]+="(/[^"]*)"')


@pytest.fixture(scope="module")
def behind(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A site that lies under a prefix and trusts one proxy."""
    folder = tmp_path_factory.mktemp("behind")
    told = {
        "trusted": ADDRESS,
        "user_header": "X-Forwarded-User",
        "groups_header": "X-Groups",
        "operators": "print,ops",
    }
    variables = {f"MILLHAND_PROXY__{name.upper()}": value for name, value in told.items()}
    with serving(
        folder, "up", "--executors", "1", "--path-prefix", PREFIX, MILLHAND_HTTP__KEY=OWNER, **variables
    ) as port:
        yield Served(folder, port)


def _signed_in(port: int, behind: Served) -> Visitor:
    visitor = Visitor(Served(behind.folder, port))
    asked = visitor.get(f"{PREFIX}/jobs?q=state:running")
    assert asked.headers["location"].startswith(f"{PREFIX}/sign-in?next=/jobs")
    visitor.get(asked.headers["location"])
    signed = visitor.post(f"{PREFIX}/sign-in", key=OWNER, next="/jobs?q=state:running")
    assert signed.headers["location"] == f"{PREFIX}/jobs?q=state:running"
    assert f"Path={PREFIX};" in signed.headers["set-cookie"]
    assert "Secure" in signed.headers["set-cookie"]
    return visitor


@pytest.mark.parametrize("strips", [True, False])
def test_every_link_stays_below_the_prefix(behind: Served, strips: bool) -> None:  # noqa: FBT001 - a parameter
    with forwarding(behind.port, strips=strips, told={"X-Forwarded-Proto": "https"}) as port:
        through = Served(behind.folder, port)
        sent = through.ask("POST", f"{PREFIX}/v1/jobs?wait=20", {"kind": "note.fail", "args": {"reason": "x"}})
        assert sent.headers["location"] == sent.json["url"] == f"{PREFIX}/v1/jobs/{sent.json['id']}"
        assert through.ask("GET", sent.json["url"]).status == 200
        assert through.ask("GET", f"{PREFIX}/v1/openapi.json").json["servers"] == [{"url": PREFIX}]
        assert through.ask("GET", f"{PREFIX}/health").status == 200
        visitor = _signed_in(port, behind)
        job = f"{PREFIX}/jobs/{sent.json['id']}"
        seen = set(_PLACE.findall(visitor.get(f"{PREFIX}/").body.decode()))
        linked = [place for place in seen if place.count("/") == 2 and "?" not in place]
        assert {f"{PREFIX}/jobs", f"{PREFIX}/queues", f"{PREFIX}/system"} < set(linked)
        for page in (*linked, job, f"{PREFIX}/new?job={sent.json['id']}", f"{job}x", f"{PREFIX}/jobs?q=nothing:1"):
            answer = visitor.get(page)
            if "location" in answer.headers:
                answer = visitor.get(answer.headers["location"])
            seen |= set(_PLACE.findall(answer.body.decode()))
        assert {place for place in seen if not place.startswith(f"{PREFIX}/")} == set()
        assets = {place for place in seen if "/static/" in place}
        assert len(assets) > 4
        assert {visitor.get(place).status for place in assets} == {200}
        assert visitor.act(f"{job}/retry").status == 200


def test_without_the_proxy_it_answers_as_well(behind: Served) -> None:
    assert behind.ask("GET", "/ready", key=None).status == 200
    assert behind.ask("GET", "/v1/jobs").status == 200
    assert behind.ask("GET", PREFIX, key=None).headers["location"] == f"{PREFIX}/sign-in?next=/"
    assert behind.ask("GET", f"{PREFIX}els/jobs", key=None).status == 404


def test_the_prefix_can_be_told_by_a_trusted_proxy(behind: Served) -> None:
    with forwarding(behind.port, strips=True, told={"X-Forwarded-Prefix": "/tools/jobs"}) as port:
        answer = Served(behind.folder, port).ask("GET", f"{PREFIX}/jobs", key=None)
        assert answer.headers["location"] == "/tools/jobs/sign-in?next=/jobs"
    answer = behind.ask("GET", "/jobs", key=None, X_Forwarded_Prefix="/evil")
    assert answer.headers["location"] == f"{PREFIX}/sign-in?next=/jobs"


def test_wrong_keys_count_for_the_client_and_not_for_the_proxy(behind: Served) -> None:
    def tried(client: str) -> int:
        with forwarding(behind.port, strips=False, told={"X-Forwarded-For": client}) as port:
            visitor = Visitor(Served(behind.folder, port))
            visitor.get(f"{PREFIX}/sign-in")
            return [visitor.post(f"{PREFIX}/sign-in", key="mh_wrong").status for _ in range(11)][-1]

    assert (tried("198.51.100.1"), tried("198.51.100.2")) == (429, 429)
    other = {"X-Forwarded-For": "198.51.100.1, 198.51.100.3", "X-Forwarded-Proto": "https"}
    with forwarding(behind.port, strips=False, told=other) as port:
        _signed_in(port, behind)


def test_people_whom_the_proxy_names_have_the_role_of_their_groups(behind: Served) -> None:
    job = behind.send("note.fail", {"reason": "x"})["id"]
    with forwarding(behind.port, strips=True, told={"X-Forwarded-User": "Zoë"}) as port:
        viewer = Visitor(Served(behind.folder, port))
        page = viewer.get(f"{PREFIX}/jobs/{job}")
        assert (page.status, b"Sign out" in page.body, b"/retry" in page.body) == (200, False, False)
        refused = viewer.post(f"{PREFIX}/jobs/{job}/retry")
        assert (refused.status, "'proxy:Zoë' has the role viewer" in text(refused)) == (403, True)
        assert viewer.served.ask("GET", "/v1/jobs", key=None).status == 200
        assert viewer.served.ask("GET", "/v1/audit", key=None).status == 403
        assert viewer.served.ask("GET", "/v1/audit", key=OWNER).status == 200
        assert viewer.served.ask("GET", "/v1/jobs", key="mh_wrong").status == 401
    with forwarding(behind.port, strips=True, told={"X-Forwarded-User": "Zoë", "X-Groups": "staff, ops"}) as port:
        operator = Visitor(Served(behind.folder, port))
        operator.get(f"{PREFIX}/jobs/{job}")
        assert operator.act(f"{PREFIX}/jobs/{job}/retry").status == 200
        assert operator.get(f"{PREFIX}/system").status == 403
    [done] = [one for one in behind.ask("GET", "/v1/audit").json["items"] if one["target"] == job]
    assert (done["action"], done["actor"]) == ("job.retry", "web:proxy:Zoë")


def test_nobody_else_can_name_a_person(behind: Served) -> None:
    said = {"X_Forwarded_User": "mallory", "X_Groups": "ops"}
    assert [behind.ask("GET", "/v1/jobs", key=None, **said).status for _ in range(2)] == [401, 401]
    assert behind.ask("GET", "/jobs", key=None, **said).status == 303
    assert (behind.folder / "log").read_text().count("nobody is signed in by a proxy that is not trusted") == 1
    with forwarding(behind.port, strips=True, told={"X-Groups": "ops"}) as port:
        assert Served(behind.folder, port).ask("GET", "/v1/jobs", key=None).status == 401


def test_in_a_browser_the_pages_are_live_and_actions_work(browser: Browser, behind: Served) -> None:
    with forwarding(behind.port, strips=True) as port:
        page = browser.new_page(base_url=f"http://127.0.0.1:{port}")
        said: list[str] = []
        page.on("console", lambda message: said.append(message.text))
        page.goto(f"{PREFIX}/jobs?q=queue:live")
        page.locator("#key").fill(OWNER)
        page.get_by_role("button", name="Sign in").click()
        page.locator("#live[data-how=live]").wait_for()
        job = behind.send("note.write", {"text": "x"}, queue="live")
        page.locator(f"#job-{job['id']} .state.completed").wait_for(timeout=8_000)
        page.locator(f"#job-{job['id']} a").first.click()
        page.get_by_role("button", name="Run again").click()
        page.get_by_text("It runs again.").wait_for()
        assert page.url.startswith(f"http://127.0.0.1:{port}{PREFIX}/jobs/")
        page.goto(f"{PREFIX}/queues")
        page.keyboard.press("/")
        page.wait_for_url(f"**{PREFIX}/jobs")
        page.get_by_role("button", name="Sign out").click()
        page.locator("#key").wait_for()
        assert said == []
        page.close()
