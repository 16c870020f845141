"""What handing over by HTTP relies upon in urllib3, requests and django-anymail."""

from __future__ import annotations

import socket
from unittest import mock

import anymail.webhooks.postmark
import requests
from anymail.backends.postmark import EmailBackend
from django.core.mail import EmailMultiAlternatives
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection
from urllib3.connectionpool import HTTPConnectionPool
from urllib3.poolmanager import PoolManager


class TestUrllib3AndRequests:
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
