"""What the pages rely upon in allauth, unfold, django-csp and gunicorn."""

from __future__ import annotations

import inspect
import logging
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest import mock

import allauth
import gunicorn.http.wsgi
import pytest
import unfold
from allauth.account.internal.flows import login as allauth_login
from allauth.core.context import request_context
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.base.forms import BaseAuthenticateForm
from allauth.mfa.models import Authenticator
from allauth.socialaccount.providers.openid_connect import views as openid_connect
from csp.middleware import CSPMiddleware, PolicyParts
from django.contrib.auth.models import User
from django.http import HttpResponse
from django.test import RequestFactory
from gunicorn.config import Config
from gunicorn.glogging import Logger
from gunicorn.http.body import ChunkedReader
from gunicorn.http.errors import ParseException
from gunicorn.http.unreader import IterUnreader

from tests.factories import UserFactory

PROJECT = Path(__file__).resolve().parent.parent.parent


class TestAllauth:
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
            def _get_user_identifier(self, user: User) -> str:
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
    def test_its_loggers_have_handlers_with_formatters(self) -> None:
        config = Config()
        config.set("accesslog", "-")
        logger = Logger(config)
        added = [*logger.error_log.handlers, *logger.access_log.handlers]
        handlers = [handler for handler in added if type(handler) is logging.StreamHandler]
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
