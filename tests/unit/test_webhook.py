"""What a webhook may be, and what each service is sent."""

from __future__ import annotations

import json
from typing import Any

import pytest

from flask_dispy import BadRequest, ClusterRegistry, EventRow, Webhook
from flask_dispy.alerts.messages import BODIES, message_of
from flask_dispy.alerts.posting import _is_public
from flask_dispy.core.journal import Entry
from flask_dispy.core.webhook import Service
from flask_dispy.wire.journal import event_row

URL = "https://hooks.example/services/T0/secret?key=secret"
SECRETS = {"secret": "secret-secret-secret", "headers": {"Authorization": "Bearer secret"}}
# What each service would take for more than text.
HOSTILE = "<!channel> *b* [x](http://h) @all `c` & ~s~ #t \\ \x1b[0m \u202e"


def row(kind: Any = "node_lost", cluster: str | None = "compute", **said: Any) -> EventRow:
    entry = Entry(1, 1_000.0, kind, "10.0.0.1", said.pop("name", "alpha"), detail=said)
    return event_row(entry, cluster, private=False)


def body(service: Service, *events: EventRow, more: int = 0, **options: Any) -> dict[str, Any]:
    url = "https://push.example/dispy/my-topic"
    webhook = Webhook(url, service=service, **options)
    return BODIES[service](message_of(webhook, events or (row(),), more), webhook)


@pytest.mark.parametrize(
    ("field", "value"),
    [("url", "hooks.example/x"), ("url", "http://hooks.example/x"), ("url", "ftp://h/x"),
     ("url", "https://ann:pw@h/x"), ("url", "https://h/a b"), ("url", "https://h:0/"),
     ("url", "https://h:x/"), ("url", "https:///x"), ("url", "https://h/\r\nX: y"), ("url", None),
     ("url", "https://[h/"), ("service", "irc"), ("secret", "short"), ("secret", "whsec_!!"),
     ("secret", 5), ("events", []), ("events", ["node_eaten"]), ("events", "done"),
     ("events", None), ("events", 5), ("events", [[1]]), ("ca_file", 5), ("ca_file", "/no/ca.pem"),
     ("ca_file", "a\0b"),
     ("headers", {"Host": "h"}), ("headers", {"webhook-id": "1"}), ("headers", {"a b": "c"}),
     ("headers", {"X": "a\nb"}), ("headers", {"X": 1}), ("headers", "X: y"),
     ("dashboard_url", "/dispy"), ("details", 1), ("allow_private", "no"), ("quiet_sec", -1),
     ("quiet_sec", 86_401), ("quiet_sec", float("nan")), ("timeout_sec", 0),
     ("timeout_sec", 61), ("name", "a\nb")],
)  # fmt: skip
def test_option_that_makes_no_sense_is_named_without_its_secrets(field: str, value: Any) -> None:
    options = {"url": URL, field: value}
    with pytest.raises(BadRequest) as caught:
        Webhook(**options)
    assert caught.value.field == field
    assert not any(text in str(caught.value) for text in ("ann", "short", "/x", "services"))


def test_topic_of_ntfy_is_the_last_part_of_its_address() -> None:
    with pytest.raises(BadRequest, match="the topic's address"):
        Webhook("https://ntfy.sh/", service="ntfy")


def test_its_representation_shows_the_host_alone() -> None:
    webhook = Webhook(URL, **SECRETS)  # type: ignore[arg-type]
    assert repr(webhook) == str([webhook])[1:-1] == "<Webhook hooks.example (json)>"
    assert repr(Webhook(URL, name="team", service="slack")) == "<Webhook team (slack)>"


def test_a_registry_takes_ten() -> None:
    with pytest.raises(BadRequest, match="10 are the most"):
        ClusterRegistry(alerts=[Webhook(URL)] * 11)
    with pytest.raises(BadRequest, match="Webhook objects"):
        ClusterRegistry(alerts=[URL])  # type: ignore[list-item]


@pytest.mark.parametrize(
    ("address", "public"),
    [("8.8.8.8", True), ("2606:4700::1", True), ("127.0.0.1", False), ("10.1.2.3", False),
     ("172.16.0.1", False), ("192.168.1.1", False), ("169.254.169.254", False),
     ("100.64.0.1", False), ("0.0.0.0", False), ("224.0.0.1", False), ("255.255.255.255", False),
     ("::1", False), ("::", False), ("fe80::1%lo", False), ("fc00::1", False), ("ff02::1", False),
     ("::ffff:10.0.0.1", False), ("::ffff:8.8.8.8", True), ("64:ff9b::7f00:1", False),
     ("64:ff9b::808:808", True), ("2002:7f00:1::", False), ("2002:808:808::", True),
     ("fec0::1", False), ("2606:4700::5efe:7f00:1", False), ("2606:4700::200:5efe:a00:1", False),
     ("2606:4700::5efe:808:808", True), ("fe80::5efe:808:808", False),
     ("2001:0:1::1", False), ("192.0.2.1", False), ("2001:db8::1", False)],
)  # fmt: skip
def test_address_is_public_unless_it_is_private_whatever_it_hides_in(
    address: str, public: bool
) -> None:
    assert _is_public(address) is public


# -- what is sent -----------------------------------------------------------------------------


def test_json_has_the_text_and_the_events() -> None:
    found = body("json", row(jobs=3), more=2, dashboard_url="https://dash.example/dispy/")
    assert found.pop("events")[0]["node"] == "10.0.0.1"
    assert len(found.pop("id")) == 32
    assert found == {
        "type": "node_lost",
        "cluster": "compute",
        "title": "compute: node lost",
        "text": "alpha was lost, 3 jobs ran there\nand 2 more",
        "more": 2,
        "link": "https://dash.example/dispy/events.html?cluster=compute",
    }


def test_what_concerns_all_names_no_cluster() -> None:
    found = body("json", row("history_failing", None, message="disk full"),
                 dashboard_url="https://d.example")  # fmt: skip
    assert found["title"] == "dispy: history can't be written"
    assert found["link"] == "https://d.example/events.html"


def test_pattern_of_nodes_is_named_as_one() -> None:
    entry = Entry(1, 1_000.0, "node_overdue", "10.0.0.*")
    assert (
        event_row(entry, None, private=True)["text"] == "No node that matches 10.0.0.* has joined"
    )


def test_slack_gets_text_with_its_three_characters_escaped_and_no_markup() -> None:
    found = body("slack", row(name=HOSTILE))
    assert found["text"].startswith("compute: node lost\n&lt;!channel&gt; *b*")
    assert "&amp; ~s~" in found["text"]
    assert not set("<>\x1b\u202e") & set(found["text"])
    assert found["mrkdwn"] is found["unfurl_links"] is False


def test_mattermost_gets_markdown_in_which_names_are_text() -> None:
    found = body("mattermost", row(name=HOSTILE), dashboard_url="https://d.example/a_b")
    title, text, link = found["text"].split("\n")
    assert (title, link) == (
        "**compute: node lost**", "https://d.example/a_b/events.html?cluster=compute",
    )  # fmt: skip
    assert r"\<" not in text
    escaped = r"<!channel\> \*b\* \[x\](http:!//h) @!all \`c\` & \~s\~ \#t"
    assert escaped.replace(":!", ":\u200b").replace("@!", "@\u200b") in text
    assert set(found) == {"text"}


@pytest.mark.parametrize("service", ["slack", "mattermost", "teams", "ntfy"])
def test_address_in_a_name_becomes_no_link_for_people(service: Service) -> None:
    name = "http://evil.example HTTPS://evil.example WWW.evil.example"
    inert = "http:!//evil.example HTTPS:!//evil.example WWW!.evil.example".replace("!", "\u200b")
    said = json.dumps(
        body(service, row(cluster=name, name=name), dashboard_url="https://d.example"),
        ensure_ascii=False,
    )
    assert said.count(inert) >= 2  # in the title and in the text
    assert name not in said
    assert "https://d.example/events.html?cluster=http%3A" in said


def test_address_in_a_name_is_left_to_programs_as_it_is() -> None:
    assert body("json", row(name="http://h www.h"))["text"].startswith("http://h www.h was lost")


def test_mattermost_shows_no_picture_in_place_of_a_name() -> None:
    said = body("mattermost", row(name=":sos: fe80::1:100:2 10:30"))["text"].split("\n")[1]
    shown = ":!sos: fe80::!1:!100:2 10:30".replace("!", "\u200b")
    assert said.startswith(shown)


def test_teams_gets_an_adaptive_card_of_text_runs() -> None:
    found = body("teams", row(name=HOSTILE), row(), dashboard_url="https://d.example")
    (attachment,) = found["attachments"]
    card = attachment["content"]
    assert found["type"] == "message"
    assert attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
    assert (card["type"], card["version"]) == ("AdaptiveCard", "1.2")
    runs = [run for block in card["body"] for run in block["inlines"]]
    assert {block["type"] for block in card["body"]} == {"RichTextBlock"}
    assert {run["type"] for run in runs} == {"TextRun"}
    assert runs[0]["text"] == "compute: node lost"
    assert runs[1]["text"].startswith("<!channel> *b* [x](http:\u200b//h)")
    assert card["actions"][0]["url"].startswith("https://d.example/events.html")


def test_ntfy_gets_its_topic_and_a_text_that_is_no_attachment() -> None:
    many = [row(name="ü" * 60) for _ in range(10)] * 10
    found = body("ntfy", *many, dashboard_url="https://d.example")
    assert found["topic"] == "my-topic"
    assert (found["title"], found["priority"], found["tags"]) == (
        "compute: node lost",
        4,
        ["warning"],
    )
    assert len(found["message"].encode()) <= 4_096
    assert found["click"].startswith("https://d.example/")
    done = body("ntfy", row("done", jobs=5, failed=0))
    assert (done["message"], done["priority"]) == ("All 5 jobs are done", 3)
    assert "click" not in done
