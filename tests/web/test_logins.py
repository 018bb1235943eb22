"""Who gets in: users, tokens, the brake on guesses, and the host app's own word."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from flask import Flask
from werkzeug.datastructures import Authorization
from werkzeug.security import generate_password_hash

from flask_dispy.web.access.credentials import Credentials
from flask_dispy.web.access.guard import Guard
from flask_dispy.web.access.throttle import Throttle
from flask_dispy.web.http.errors import HttpError

API = "/api/v1"
HASH = generate_password_hash("right", method="pbkdf2:sha256:1000")
USERS = {"ann": (HASH, "operator"), "Vera ü": (HASH, "viewer")}


def _basic(name: str, password: str) -> dict[str, str]:
    token = base64.b64encode(f"{name}:{password}".encode()).decode()
    return {"Authorization": f"Basic {token}"}


def _admits(guard: Guard, name: str, password: str) -> bool:
    with Flask("host").test_request_context("/", headers=_basic(name, password)):
        return guard.allows("view")


def _change(client: Any, **headers: str) -> int:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    answer = client.patch(f"{API}/settings", json={"poll_sec": 5}, headers=named)
    return int(answer.status_code)


class TestUsers:
    def test_nobody_is_asked_to_log_in(self, make_client: Any) -> None:
        answer = make_client(users=USERS).get(f"{API}/clusters")
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"].startswith("Basic ")
        assert answer.json["error"]["code"] == "unauthorized"

    def test_page_too(self, make_client: Any) -> None:
        answer = make_client(users=USERS).get("/")
        assert (answer.status_code, answer.mimetype) == (401, "text/html")

    def test_operator_may_do_all(self, make_client: Any) -> None:
        client = make_client(users=USERS)
        assert _change(client, **_basic("ann", "right")) == 200

    def test_viewer_may_look_only(self, make_client: Any) -> None:
        client = make_client(users=USERS)
        headers = _basic("Vera ü", "right")
        assert client.get(f"{API}/clusters", headers=headers).status_code == 200
        assert _change(client, **headers) == 403

    @pytest.mark.parametrize(
        ("name", "password"),
        [("ann", "wrong"), ("ann", ""), ("bob", "right"), ("", ""), ("ann", "right ")],
    )
    def test_wrong_login_is_refused(self, make_client: Any, name: str, password: str) -> None:
        answer = make_client(users=USERS).get(f"{API}/clusters", headers=_basic(name, password))
        assert answer.status_code == 401

    @pytest.mark.parametrize(
        "header", ["Basic", "Basic !!!", "Basic YQ==", "Digest x", "Bearer ", "nonsense"]
    )
    def test_broken_header_is_refused(self, make_client: Any, header: str) -> None:
        client = make_client(users=USERS, tokens={"t0ken": "viewer"})
        answer = client.get(f"{API}/clusters", headers={"Authorization": header})
        assert answer.status_code == 401

    def test_unknown_user_costs_a_hash_as_well(self) -> None:
        checked: list[str] = []

        def check(password_hash: str, _password: str) -> bool:
            checked.append(password_hash)
            return False

        credentials = Credentials(USERS, check=check)
        for name in ("ann", "nobody"):
            offered = Authorization("basic", {"username": name, "password": "x"})
            assert credentials.prove(offered) is None
        assert len(checked) == 2
        assert checked[1].startswith("pbkdf2:sha256:1000$")

    def test_unknown_users_can_not_be_distinguished(self) -> None:
        slow = generate_password_hash("right", method="pbkdf2:sha256:2000")
        users = {"ann": (HASH, "viewer"), "bob": (slow, "viewer")}
        kinds: dict[str, set[str]] = {}

        def check(password_hash: str, _password: str) -> bool:
            kinds.setdefault(name, set()).add(password_hash.partition("$")[0])
            return False

        credentials = Credentials(users, check=check)
        for name in [f"nobody {number}" for number in range(64)] * 2:
            credentials.prove(Authorization("basic", {"username": name, "password": "x"}))
        assert all(len(kind) == 1 for kind in kinds.values())
        assert set.union(*kinds.values()) == {"pbkdf2:sha256:1000", "pbkdf2:sha256:2000"}

    def test_right_password_is_hashed_once(self) -> None:
        calls: list[int] = []

        def check(*_arguments: str) -> bool:
            calls.append(1)
            return True

        guard = Guard(credentials=Credentials(USERS, check=check))
        assert [_admits(guard, "ann", "right") for _ in range(5)] == [True] * 5
        assert len(calls) == 1

    @pytest.mark.parametrize(
        ("users", "tokens", "part"),
        [
            ({"ann": ("plain password", "viewer")}, None, "generate_password_hash"),
            ({"ann": (HASH, "admin")}, None, "'admin'"),
            ({"ann": (HASH, "viewer"), "bob": ("pbkdf2:none:1$a$b", "viewer")}, None, "'bob'"),
            ({"a:b": (HASH, "viewer")}, None, "colon"),
            (None, {"": "viewer"}, "empty"),
            (None, {"t": "root"}, "'root'"),
        ],
    )
    def test_mistaken_option_names_the_remedy(self, users: Any, tokens: Any, part: str) -> None:
        with pytest.raises(ValueError, match=part):
            Credentials(users, tokens)


class TestTokens:
    def test_token_gives_its_role(self, make_client: Any) -> None:
        client = make_client(tokens={"look": "viewer", "work": "operator"})
        assert _change(client, Authorization="Bearer work") == 200
        assert _change(client, Authorization="Bearer look") == 403
        assert _change(client, Authorization="Bearer guess") == 401

    def test_challenge_is_for_a_token(self, make_client: Any) -> None:
        answer = make_client(tokens={"t": "viewer"}).get("/")
        assert answer.headers["WWW-Authenticate"].startswith("Bearer ")


class TestThrottle:
    def test_failures_are_slowed(self, make_client: Any) -> None:
        client = make_client(users=USERS)
        statuses = [
            client.get(f"{API}/clusters", headers=_basic("ann", f"guess{n}")).status_code
            for n in range(12)
        ]
        assert statuses == [401] * 10 + [429] * 2
        refused = client.get(f"{API}/clusters", headers=_basic("ann", "right"))
        assert refused.status_code == 429
        assert 1 <= int(refused.headers["Retry-After"]) <= 60

    def test_login_lasts(self, make_client: Any) -> None:
        client = make_client(users=USERS)
        right = _basic("ann", "right")
        assert client.get(f"{API}/clusters", headers=right).status_code == 200
        for n in range(12):
            client.get(f"{API}/clusters", headers=_basic("ann", f"guess{n}"))
        assert client.get(f"{API}/clusters", headers=right).status_code == 200

    def test_another_address_is_not_slowed(self, make_client: Any) -> None:
        client = make_client(users=USERS)
        for n in range(12):
            client.get(f"{API}/clusters", headers=_basic("ann", f"guess{n}"))
        answer = client.get(
            f"{API}/clusters",
            headers=_basic("ann", "right"),
            environ_base={"REMOTE_ADDR": "10.9.9.9"},
        )
        assert answer.status_code == 200

    def test_wait_doubles_up_to_its_longest_and_is_forgotten(self) -> None:
        now = [0.0]
        throttle = Throttle(free=1, longest_sec=8, forget_sec=100, clock=lambda: now[0])
        waits = []
        for _ in range(6):
            throttle.admit("10.0.0.1")
            try:
                throttle.admit("10.0.0.1")
            except HttpError as error:
                waits.append(int(error.headers["Retry-After"]))
                now[0] += waits[-1]
        assert waits == [1, 2, 4, 8, 8, 8]
        now[0] += 1000
        throttle.admit("10.0.0.1")
        now[0] += 1
        throttle.admit("10.0.0.1")

    def test_ipv6_client_counts_by_its_network(self) -> None:
        throttle = Throttle(free=1, clock=lambda: 0.0)
        throttle.admit("2001:db8::1")
        with pytest.raises(HttpError):
            throttle.admit("2001:db8::2")
        throttle.admit("2001:db8:0:1::1")

    def test_table_is_bounded(self) -> None:
        throttle = Throttle(size=10, clock=lambda: 0.0)
        for number in range(1000):
            throttle.admit(f"10.0.{number // 250}.{number % 250}")
        assert len(throttle._clients) == 10

    def test_names_that_nobody_has_are_bounded(self) -> None:
        throttle = Throttle(names=10, clock=lambda: 0.0)
        for number in range(1000):
            throttle.admit("10.0.0.1", f"name {number}", known=False)
        assert len(throttle._clients["10.0.0.1"].strangers) == 10

    def test_one_user_of_an_address_does_not_slow_another(self, make_client: Any) -> None:
        client = make_client(users=USERS)
        for n in range(30):
            client.get(f"{API}/clusters", headers=_basic("ann", f"guess{n}"))
        slowed = client.get(f"{API}/clusters", headers=_basic("ann", "right"))
        other = client.get(f"{API}/clusters", headers=_basic("Vera ü", "right"))
        assert (slowed.status_code, other.status_code) == (429, 200)

    def test_guesser_of_many_names_slows_no_user(self) -> None:
        checks: list[str] = []

        def check(password_hash: str, password: str) -> bool:
            checks.append(password)
            return password == "right"

        guard = Guard(credentials=Credentials(USERS, check=check, pause=lambda _sec: None))
        for n in range(400):
            assert not _admits(guard, f"nobody {n}", "guess")
        # Nor does it cost more than so many checks.
        assert len(checks) == 100
        assert _admits(guard, "ann", "right")

    def test_other_user_names_do_not_lift_the_brake(self) -> None:
        now = [0.0]
        throttle = Throttle(free=3, names=5, size=5, clock=lambda: now[0])

        def fails(user: str, *, known: bool = False) -> bool:
            try:
                throttle.admit("10.0.0.1", user, known=known)
            except HttpError:
                return False
            return True

        assert [fails("ann", known=True) for _ in range(4)] == [True, True, True, False]
        for number in range(50):
            for _ in range(5):
                fails(f"name {number}")
        assert not fails("ann", known=True)
        for number in range(50):
            throttle.admit(f"10.0.1.{number}", "ann")
        assert not fails("ann", known=True)

    def test_name_that_nobody_has_is_braked_like_any(self, make_client: Any) -> None:
        client = make_client(users=USERS)
        for name in ("ann", "nobody"):
            statuses = [
                client.get(f"{API}/clusters", headers=_basic(name, f"guess{n}")).status_code
                for n in range(12)
            ]
            assert statuses == [401] * 10 + [429] * 2

    def test_unchecked_login_takes_as_long_as_a_checked_one(self) -> None:
        waits: list[float] = []
        credentials = Credentials(USERS, pause=waits.append)
        credentials.prove(Authorization("basic", {"username": "ann", "password": "x"}))
        credentials.wait_as_long()
        assert waits == [credentials._check_sec]
        assert waits[0] > 0


class TestAuthorize:
    def test_undecided_authorize_leaves_the_answer_to_the_users(self, make_client: Any) -> None:
        client = make_client(authorize=lambda _permission, _request: None, users=USERS)
        assert client.get(f"{API}/clusters").status_code == 401
        assert client.get(f"{API}/clusters", headers=_basic("ann", "right")).status_code == 200

    def test_authorize_overrules_the_users(self, make_client: Any) -> None:
        client = make_client(authorize=lambda _permission, _request: False, users=USERS)
        assert client.get(f"{API}/clusters", headers=_basic("ann", "right")).status_code == 403

    @pytest.mark.parametrize("answer", ["yes", 1, [1], object()])
    def test_authorize_must_return_a_bool(
        self, make_client: Any, answer: object, caplog: Any
    ) -> None:
        client = make_client(authorize=lambda _permission, _request: answer)
        assert client.get(f"{API}/clusters").status_code == 403
        assert "access is denied" in caplog.text

    def test_authorize_that_raises_denies_access(self, make_client: Any, caplog: Any) -> None:
        def fail(_permission: str, _request: Any) -> bool:
            raise KeyError("session")

        answer = make_client(authorize=fail).get(f"{API}/clusters")
        assert answer.status_code == 403
        assert "session" not in answer.text
        assert "KeyError" in caplog.text

    def test_authorize_gets_the_request(self, make_client: Any) -> None:
        client = make_client(
            authorize=lambda _permission, request: request.headers.get("X-User") == "ann"
        )
        assert client.get(f"{API}/clusters", headers={"X-User": "ann"}).status_code == 200
        assert client.get(f"{API}/clusters").status_code == 403


def test_read_only_refuses_changes_despite_authorize(make_client: Any, scene: Any) -> None:
    client = make_client(read_only=True, authorize=lambda _permission, _request: True)
    assert client.get(f"{API}/clusters").status_code == 200
    for method, url in (
        ("POST", f"{API}/clusters/compute/jobs/cancel"),
        ("POST", "/cancel_jobs"),
        ("PATCH", f"{API}/settings"),
        ("POST", "/update"),
        ("POST", f"{API}/clusters/*/nodes/10.0.0.2/close"),
    ):
        answer = client.open(url, method=method, json={})
        assert (answer.status_code, answer.json["error"]["code"]) == (403, "read_only")
    assert client.post("/node_info", data={"host": "alpha"}).status_code == 200
    assert scene.cluster.calls == []
