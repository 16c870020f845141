"""Suppressing a whole domain stops the mail of every owner: it takes a permission of its own."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import pytest
from django.contrib.auth.models import Permission, User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command

from campaigns.models import Suppression
from tests.campaigns.admin.staff import (
    MANAGER,
    OPERATOR,
    address,
    member,
    page_of,
    signed_in,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def manager() -> User:
    return member(MANAGER)


class TestAWholeDomain:
    """Suppressed for every owner: that takes a permission of its own."""

    DOMAINS = ("@gmail.example", "*@gmail.example", " @Gmail.Example ")

    def add(self, user: User, email: str) -> str:
        form = {"email": email, "reason": "manual"}
        url = address("campaigns.suppression", "add")
        return page_of(signed_in(user).post(url, form, follow=True))

    def paste(self, user: User, email: str) -> str:
        form = {"addresses": f"ada@example.com\n{email}", "reason": "manual"}
        url = address("campaigns.suppression", "add_many")
        return page_of(signed_in(user).post(url, form, follow=True))

    def upload(self, user: User, email: str, heading: str = "email") -> str:
        content = f"{heading}\n{email}\n".encode()
        form = {"file": SimpleUploadedFile("list.csv", content), "reason": "manual"}
        url = address("campaigns.suppression", "import_file")
        return page_of(signed_in(user).post(url, form))

    @pytest.mark.parametrize("way", ["add", "paste", "upload"])
    @pytest.mark.parametrize("entered", DOMAINS)
    def test_is_refused_to_a_campaign_manager(self, way: str, entered: str, manager: User) -> None:
        assert "Ask an operator to do it" in getattr(self, way)(manager, entered)
        assert not Suppression.objects.exists()

    def test_is_refused_in_a_file_that_names_domains_without_the_sign(self, manager: User) -> None:
        assert "Ask an operator" in self.upload(manager, "gmail.example", heading="domain")
        assert not Suppression.objects.exists()

    @pytest.mark.parametrize("way", ["add", "paste", "upload"])
    def test_is_suppressed_by_an_operator(self, way: str) -> None:
        getattr(self, way)(member(OPERATOR), "@gmail.example")
        assert Suppression.objects.filter(email="@gmail.example").exists()

    def test_is_not_made_of_an_address_or_lifted_without_the_permission(self) -> None:
        user = member(OPERATOR)
        user.groups.clear()
        for name in ("view", "change", "delete"):
            user.user_permissions.add(Permission.objects.get(codename=f"{name}_suppression"))
        user.user_permissions.add(Permission.objects.get(codename="see_everything"))
        domain = Suppression.objects.create(email="@gmail.example")
        single = Suppression.objects.create(email="ada@example.com")
        client = signed_in(user)
        form = {"email": "@gmail.example.org", "reason": "manual"}
        client.post(address("campaigns.suppression", "change", single.pk), form)
        client.post(address("campaigns.suppression", "change", domain.pk), form)
        client.post(address("campaigns.suppression", "delete", domain.pk), {"post": "yes"})
        many = {"action": "delete_selected", "_selected_action": domain.pk, "post": "yes"}
        client.post(address("campaigns.suppression", "changelist"), many)
        found = set(Suppression.objects.values_list("email", flat=True))
        assert found == {"@gmail.example", "ada@example.com"}

    def test_is_taken_by_the_command_when_told_so(self, tmp_path: Path) -> None:
        path = tmp_path / "list.csv"
        path.write_text("email\n@gmail.example\nada@example.com\n")
        call_command("import_suppressions", str(path), stdout=StringIO())
        assert [row.email for row in Suppression.objects.all()] == ["ada@example.com"]
        call_command("import_suppressions", str(path), "--domains", stdout=StringIO())
        assert Suppression.objects.filter(email="@gmail.example").exists()
