"""Whatever the pieces, an import counts and stores the same; and so does a dry run count."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from campaigns.imports.reading import pieces
from campaigns.imports.settings import Existing
from campaigns.models import Contact, MailConsent, Suppression, Tag
from tests.campaigns.imports.importing import database, imported
from tests.factories import UserFactory

ADDRESSES = ["a@b.example", "B@b.example", "c@b.example", "d@x.example", "bad", ""]
row = st.tuples(
    st.sampled_from(ADDRESSES),
    st.sampled_from(["", "Ann", "Bob"]),
    st.sampled_from(["", "1", "2"]),
    st.sampled_from(["", "vip", "VIP;news"]),
    st.sampled_from(["", "yes", "no", "perhaps"]),
    st.sampled_from(["", "yes", "no"]),
    st.sampled_from(["", "", "active", "pending", "unsubscribed", "hard bounce"]),
)
before = st.lists(
    st.tuples(
        st.sampled_from(["a@b.example", "b@b.example", "c@b.example"]),
        st.sampled_from(["", "Old"]),
        st.sampled_from(MailConsent.values),
        st.booleans(),
    ),
    unique_by=lambda each: each[0],
)
HEAD = "email,name,age,tags,consent,tracking consent,status\n"
NOT_COUNTED = ("listed", "links_until", "tags_created", "attributes_created")


def counted(result: Any) -> dict[str, Any]:
    listed = {name: [tuple(each) for each in rows] for name, rows in result["listed"].items()}
    return {key: value for key, value in result.items() if key not in NOT_COUNTED} | listed


class TestAnyPieces(TestCase):
    @settings(
        max_examples=40, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True
    )
    @given(
        rows=st.lists(row, max_size=12),
        before=before,
        existing=st.sampled_from(Existing),
        may_suppress=st.booleans(),
    )
    def test_give_the_same(
        self, rows: list[Any], before: list[Any], existing: Existing, may_suppress: bool
    ) -> None:
        raw = (HEAD + "".join(",".join(each) + "\n" for each in rows)).encode()
        found = []
        with pytest.MonkeyPatch.context() as patch:
            for size, dry_run in [(1_000, False), (1, False), (3, False), (1, True), (7, True)]:
                owner = UserFactory()
                for email, name, consent, is_tagged in before:
                    contact = Contact.objects.create(
                        owner=owner, email=email, name=name, mail_consent=consent
                    )
                    if is_tagged:
                        contact.tags.add(Tag.objects.get_or_create(owner=owner, name="vip")[0])
                patch.setattr(pieces, "ROWS", size)
                result = imported(
                    raw, owner, existing=existing, may_suppress=may_suppress, dry_run=dry_run
                )
                suppressed = sorted(Suppression.objects.values_list("email", "reason", "source"))
                Suppression.objects.all().delete()
                found.append((counted(result), database(owner), suppressed))
        whole, *others = found
        for counts, stored, suppressed in others[:2]:
            assert (counts, stored, suppressed) == whole
        for counts, _, suppressed in others[2:]:
            assert (counts, suppressed) == (whole[0], [])
