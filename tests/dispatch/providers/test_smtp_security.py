from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dispatch.errors import ServiceError
from dispatch.providers import get_provider
from tests.dispatch.providers.certificates import Certificate, self_signed
from tests.dispatch.providers.samples import a_message, at_once, patience, smtp_transport
from tests.smtp_server import SmtpServer

LOGIN: dict[str, Any] = {"user": "mailer", "password": "pässword ✓"}


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    folder: Path = tmp_path_factory.mktemp("certificates")
    return self_signed("localhost", folder)


@pytest.fixture(params=["starttls", "tls"])
def security(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def secure_server(certificate: Certificate, security: str, **options: Any) -> SmtpServer:
    return SmtpServer(tls=certificate.context, implicit_tls=security == "tls", **options)


def test_a_message_goes_out_over_tls(certificate: Certificate, security: str) -> None:
    with secure_server(certificate, security, **LOGIN) as server:
        transport = smtp_transport(
            server.port, security=security, ca_certificates=certificate.pem, **LOGIN
        )
        for _ in range(3):
            transport.send(a_message(), at_once)
        transport.close()
    assert len(server.messages) == 3
    assert server.connections == 1


def test_an_unknown_certificate_needs_a_person(certificate: Certificate, security: str) -> None:
    with (
        secure_server(certificate, security) as server,
        pytest.raises(ServiceError, match="certificate") as caught,
    ):
        smtp_transport(server.port, security=security).open()
    assert caught.value.needs_person


def test_a_certificate_of_another_host_needs_a_person(tmp_path: Path, security: str) -> None:
    foreign = self_signed("mail.example.net", tmp_path)
    with secure_server(foreign, security) as server:
        transport = smtp_transport(server.port, security=security, ca_certificates=foreign.pem)
        with pytest.raises(ServiceError, match="certificate") as caught:
            transport.open()
    assert caught.value.needs_person


def test_a_server_without_starttls_needs_a_person_and_sees_no_password() -> None:
    with SmtpServer(**LOGIN) as server, pytest.raises(ServiceError) as caught:
        smtp_transport(server.port, security="starttls", **LOGIN).open()
    assert caught.value.needs_person


@pytest.mark.parametrize(
    ("misdeed", "needs_person"),
    [
        ("close", False),
        ("hang", False),
        ("garbage", False),
        ("reply:421 4.3.2 Bye", False),
        ("reply:454 4.7.0 TLS not available due to temporary reason", False),
        ("reply:554 5.7.3 Cannot start TLS", True),
    ],
)
def test_a_failing_starttls_blames_the_service(
    certificate: Certificate, misdeed: str, needs_person: bool
) -> None:
    with (
        secure_server(certificate, "starttls", behaviours=[f"starttls:{misdeed}"]) as server,
        pytest.raises(ServiceError) as caught,
    ):
        smtp_transport(server.port, security="starttls", patience=patience(misdeed)).open()
    assert caught.value.needs_person is needs_person


def test_tls_to_a_server_in_the_clear_blames_the_service() -> None:
    with SmtpServer() as server, pytest.raises(ServiceError):
        smtp_transport(server.port, security="tls").open()


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN"])
def test_both_common_mechanisms_log_in(mechanism: str) -> None:
    with SmtpServer(mechanisms=mechanism, **LOGIN) as server:
        transport = smtp_transport(server.port, **LOGIN)
        transport.open()
        transport.close()
    assert server.farewells == 1


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN"])
def test_a_wrong_password_needs_a_person(mechanism: str) -> None:
    with SmtpServer(mechanisms=mechanism, **LOGIN) as server, pytest.raises(ServiceError) as caught:
        smtp_transport(server.port, user="mailer", password="wrong").open()
    assert (caught.value.code, caught.value.needs_person) == (535, True)


def test_a_server_that_takes_no_login_needs_a_person() -> None:
    with SmtpServer() as server, pytest.raises(ServiceError) as caught:
        smtp_transport(server.port, **LOGIN).open()
    assert caught.value.needs_person


def test_a_temporary_login_failure_passes_by_itself() -> None:
    behaviour = "auth:reply:454 4.7.0 Temporary authentication failure"
    with SmtpServer([behaviour], **LOGIN) as server, pytest.raises(ServiceError) as caught:
        smtp_transport(server.port, **LOGIN).open()
    assert not caught.value.needs_person


def test_settings_show_no_password_in_tracebacks() -> None:
    assert "sesame" not in repr(smtp_transport(25, user="x", password="sesame")._settings)


def test_a_connection_describes_itself(certificate: Certificate) -> None:
    with secure_server(certificate, "tls", **LOGIN) as server:
        said = get_provider("smtp").describe_connection(
            {
                "host": "localhost",
                "port": server.port,
                "security": "tls",
                "ca_certificates": certificate.pem,
                **LOGIN,
            }
        )
    assert said == (
        f"localhost:{server.port} answered, TLSv1.3, logged in as mailer. It takes messages of 20 MB."
    )


@pytest.mark.parametrize(
    ("announced", "assumed", "said"),
    [
        ("SIZE 5242880", 10, " 5.2 MB at most, and “largest message” says 10: "),
        ("SIZE 52428800", None, " It takes messages of 52.4 MB."),
        ("SIZE", 10, "without encryption."),
        ("SIZE 0", 10, "without encryption."),
        ("SIZE -1", 10, "without encryption."),
        ("SIZE " + "9" * 5_000, 10, "without encryption."),
        ("SIZE ١٢٣٤٥٦٧٨", 10, "without encryption."),
    ],
)
def test_a_test_of_the_connection_says_how_large_a_message_may_be(
    announced: str, assumed: int | None, said: str
) -> None:
    with SmtpServer() as server:
        server.extensions = [announced]
        told = get_provider("smtp").describe_connection(
            {
                "host": "127.0.0.1",
                "port": server.port,
                "security": "none",
                "largest_megabytes": assumed,
            }
        )
    assert said in told
