"""What other sites can make a browser do, and what each answer says to browsers."""

from __future__ import annotations

import base64
import re
from typing import Any

import pytest
from werkzeug.security import generate_password_hash

from flask_dispy.web.access import origins
from flask_dispy.web.routes import ROUTES

API = "/api/v1"
HASH = generate_password_hash("right", method="pbkdf2:sha256:1000")
USERS = {"ann": (HASH, "operator"), "Vera ü": (HASH, "viewer")}


def _basic(name: str, password: str) -> dict[str, str]:
    token = base64.b64encode(f"{name}:{password}".encode()).decode()
    return {"Authorization": f"Basic {token}"}


def _change(client: Any, **headers: str) -> int:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    answer = client.patch(f"{API}/settings", json={"poll_sec": 5}, headers=named)
    return int(answer.status_code)


class TestCrossSite:
    @pytest.mark.parametrize("site", ["cross-site", "same-site", "other", ""])
    def test_write_from_another_site_is_refused(self, client: Any, site: str) -> None:
        assert _change(client, Sec_Fetch_Site=site) == 403

    @pytest.mark.parametrize("site", ["same-origin", "none"])
    def test_write_from_the_same_site_is_taken(self, client: Any, site: str) -> None:
        assert _change(client, Sec_Fetch_Site=site, Origin="https://ignored.example") == 200

    @pytest.mark.parametrize(
        "origin",
        [
            "http://evil.example",
            "null",
            "http://localhost:81",
            "http://localhost.evil.example",
            "file://",
            "http://[",
            "",
            "http://evil@localhost",
        ],
    )
    def test_write_with_another_origin_is_refused(self, client: Any, origin: str) -> None:
        assert _change(client, Origin=origin) == 403

    @pytest.mark.parametrize(
        "origin", ["http://localhost", "https://localhost", "http://LOCALHOST:80"]
    )
    def test_write_with_our_origin_is_taken(self, client: Any, origin: str) -> None:
        assert _change(client, Origin=origin) == 200

    def test_script_without_either_header_is_taken(self, client: Any) -> None:
        assert _change(client) == 200

    @pytest.mark.parametrize("url", ["/cancel_jobs", "/set_cpus", "/update", "/add_node"])
    def test_legacy_commands_too(self, client: Any, url: str) -> None:
        for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "http://evil.example"}):
            assert client.post(url, headers=headers).status_code == 403

    @pytest.mark.parametrize(
        "url", [f"{API}/clusters", f"{API}/changes", f"{API}/stream", "/cluster_status", "/metrics"]
    )
    def test_data_is_refused_to_another_site(self, client: Any, url: str) -> None:
        answer = client.get(url, headers={"Sec-Fetch-Site": "cross-site"})
        assert (answer.status_code, answer.json["error"]["code"]) == (403, "cross_site")

    def test_link_from_another_site_leads_to_the_page(self, client: Any) -> None:
        answer = client.get(
            "/dispy-assets/0/js/data/api.js", headers={"Sec-Fetch-Site": "cross-site"}
        )
        assert answer.status_code == 200

    def test_no_answer_invites_other_origins(self, client: Any) -> None:
        for url in ("/", f"{API}/clusters", "/cluster_status"):
            answer = client.get(url, headers={"Origin": "http://evil.example"})
            assert not [name for name, _ in answer.headers if name.startswith("Access-Control")]


class TestHost:
    @pytest.mark.parametrize(
        "host",
        [
            "127.0.0.1:8181",
            "[::1]:8181",
            "10.1.2.3",
            "localhost:8181",
            "app.localhost",
            "LocalHost",
        ],
    )
    def test_open_server_answers_by_address(self, make_client: Any, host: str) -> None:
        client = make_client(standalone=True)
        assert _change(client, Host=host) == 200
        assert client.get(f"{API}/clusters", headers={"Host": host}).status_code == 200

    @pytest.mark.parametrize(
        "host",
        [
            "evil.example",
            "evil.example:8181",
            "10.0.0.1.evil.example",
            "127.0.0.1.evil.example:8181",
            "evil.localhost.example",
            "127.0.0.1:80@evil.example",
            "[::1]evil.example",
            "localhost/evil",
        ],
    )
    def test_open_server_refuses_rebound_names(
        self, make_client: Any, scene: Any, host: str
    ) -> None:
        client = make_client(standalone=True)
        assert _change(client, Host=host) in (400, 403)
        for route in ROUTES:
            if route.permission == "public" or route.method not in ("GET", "POST"):
                continue
            url = re.sub("<[^>]*>", "1", route.rule)
            answer = client.open(url, method=route.method, headers={"Host": host})
            # 400: Flask itself takes it for no host at all.
            assert answer.status_code in (400, 403), url
            assert "secret" not in answer.text

    def test_refusal_names_the_remedy(self, make_client: Any) -> None:
        answer = make_client(standalone=True).get(
            f"{API}/clusters", headers={"Host": "dash.example:8181"}
        )
        assert answer.json["error"]["code"] == "untrusted_host"
        assert "trusted_hosts=['dash.example']" in answer.json["error"]["message"]
        page = make_client(standalone=True).get("/", headers={"Host": "dash.example:8181"})
        assert page.status_code == 403
        assert "trusted_hosts" in page.text

    def test_probe_of_any_name_learns_the_status_only(self, make_client: Any) -> None:
        client = make_client(standalone=True)
        assert client.get("/healthz", headers={"Host": "evil.example"}).json == {"status": "ok"}
        assert "pump" in client.get("/healthz").json

    def test_own_name_is_known_with_and_without_its_domain(
        self, make_client: Any, monkeypatch: Any
    ) -> None:
        monkeypatch.setattr("socket.gethostname", lambda: "Node7")
        monkeypatch.setattr("socket.getfqdn", lambda: "node7.lab.example")
        origins._own_names.cache_clear()
        try:
            client = make_client(standalone=True)
            for name in ("node7", "NODE7.lab.example", "node7.lab.example.", "node7.local:8181"):
                assert client.get(f"{API}/clusters", headers={"Host": name}).status_code == 200
            answer = client.get(f"{API}/clusters", headers={"Host": "node7.evil.example"})
            assert answer.status_code == 403
        finally:
            origins._own_names.cache_clear()

    @pytest.mark.parametrize(
        "name",
        ["Dash.Example", "dash.example.", "dash.example:8181", ".example", ".dash.example", "*"],
    )
    def test_trusted_name_is_known(self, make_client: Any, name: str) -> None:
        client = make_client(standalone=True, trusted_hosts=[name])
        assert _change(client, Host="dash.example:8181") == 200
        assert client.get("/", headers={"Host": "dash.example"}).status_code == 200

    def test_trusted_domain_ends_at_a_dot(self, make_client: Any) -> None:
        client = make_client(standalone=True, trusted_hosts=[".dash.example"])
        assert client.get("/", headers={"Host": "evil-dash.example"}).status_code == 403

    @pytest.mark.parametrize("entry", ["", ".", "https://dash.example/", "a b", 7])
    def test_invalid_trusted_host_is_refused(self, make_client: Any, entry: Any) -> None:
        with pytest.raises(ValueError, match="trusted_hosts"):
            make_client(trusted_hosts=[entry])

    def test_app_that_names_its_hosts_has_them_checked(self, make_client: Any) -> None:
        client = make_client(trusted_hosts=["dash.example"])
        assert client.get(f"{API}/clusters", headers={"Host": "dash.example"}).status_code == 200
        assert client.get(f"{API}/clusters", headers={"Host": "evil.example"}).status_code == 403

    def test_server_with_logins_checks_those_instead(self, make_client: Any) -> None:
        client = make_client(standalone=True, tokens={"t": "operator"})
        assert _change(client, Host="dash.example", Authorization="Bearer t") == 200

    def test_mounted_blueprint_leaves_hosts_to_the_app(self, client: Any) -> None:
        assert _change(client, Host="dash.example") == 200

    def test_one_name_instead_of_a_list_is_refused(self, make_client: Any) -> None:
        with pytest.raises(ValueError, match="trusted_hosts"):
            make_client(trusted_hosts="dash.example")


class TestHeaders:
    def test_every_answer_is_hardened(self, client: Any, scene: Any) -> None:
        for url in (
            "/",
            "/dispy-assets/0/icons/x.svg",
            f"{API}/clusters",
            f"{API}/none",
            "/metrics",
        ):
            headers = client.get(url).headers
            assert headers["Content-Security-Policy"] == (
                "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
                "connect-src 'self'; font-src 'self'; manifest-src 'self'; base-uri 'none'; "
                "form-action 'self'; frame-ancestors 'none'"
            )
            assert headers["X-Content-Type-Options"] == "nosniff"
            assert headers["Referrer-Policy"] == "same-origin"
            assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
            assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
            assert headers["X-Frame-Options"] == "DENY"

    def test_scripts_and_styles_have_only_the_headers_that_apply_to_them(self, client: Any) -> None:
        for url in ("/dispy-assets/0/js/data/api.js", "/dispy-assets/0/css/app.css"):
            headers = client.get(url).headers
            assert headers["X-Content-Type-Options"] == "nosniff"
            assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
            assert "Content-Security-Policy" not in headers

    def test_data_is_not_stored(self, client: Any, scene: Any) -> None:
        for url in (f"{API}/clusters", f"{API}/none", "/cluster_status", "/healthz"):
            assert client.get(url).headers["Cache-Control"] == "no-store"

    def test_frame_ancestors_are_a_setting(self, make_client: Any) -> None:
        client = make_client(frame_ancestors=["https://portal.example", "'self'"])
        headers = client.get("/healthz").headers
        assert headers["Content-Security-Policy"].endswith(
            "frame-ancestors https://portal.example 'self'"
        )
        assert "X-Frame-Options" not in headers

    @pytest.mark.parametrize("source", ["", "a b", "https://x; script-src *", "x,y", "x\r\nA: b"])
    def test_frame_ancestors_cannot_break_out(self, make_client: Any, source: str) -> None:
        with pytest.raises(ValueError, match="frame_ancestors"):
            make_client(frame_ancestors=[source])


def test_health_shows_strangers_the_status_only(make_client: Any) -> None:
    answer = make_client(users=USERS).get("/healthz")
    assert (answer.status_code, answer.json) == (200, {"status": "ok"})
    assert "pump" in make_client().get("/healthz").json
