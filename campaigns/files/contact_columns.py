"""The columns of a contact list, recognised by their headings."""

from __future__ import annotations

import re
import unicodedata

LONGEST_HEADING = 1_000
"""The most characters of a heading that are read."""

_HEADINGS = {
    "email": """
        email, mail, e mail address, mail address, email id, your email, email 1, e mail 1,
        e mail 1 value, email address 1, primary email, subscriber email, contact email,
        recipient email, work email, email home, email work, subscriber email address, person email,
        adres e mail, e posta, e posta adresi, адрес электронной почты, 電子郵件地址,
        customer email, user email, subscriber, channels.email.address, e mail adresse,
        mail adresse, adresse e mail, adresse mail, adresse email, courriel, correo,
        correo electrónico, correo electronico, indirizzo email, posta elettronica,
        endereço de email, epost,
        e postadress, электронная почта, эл почта, почта, البريد الإلكتروني, email地址, 邮箱,
        邮箱地址, 收件人, 收件人邮箱, 收件地址, 联系邮箱, 客户邮箱, 用户邮箱, 邮箱账号,
        邮件, 邮件地址, 电子邮件, 电子邮箱, 电子邮件地址, 電子郵件, 電子信箱, 電郵, 郵箱,
        メール, メールアドレス, 이메일, 이메일 주소""",
    "name": """
        name, full name, contact name, display name, contact, subscriber name, customer name,
        vollständiger name, nom complet,
        nom et prénom, nombre completo, nome, nome completo, фио, имя и фамилия, الاسم, 姓名, 全名,
        名称, 名字, 联系人, 客户姓名, 聯絡人, 氏名, お名前, 名前, 이름, 성명,
        imię i nazwisko, jméno a příjmení, név, teljes név, ad soyad, adı soyadı, navn,
        fullt navn, namn, fullständigt namn, nimi, ονοματεπώνυμο""",
    "first_name": """
        first name, fname, given name, forename, first, vorname, voornaam, prénom,
        prenom, nombre, имя, 名, imię, jméno, křestní jméno, keresztnév, adı, fornavn, förnamn,
        etunimi, prenume, όνομα""",
    "last_name": """
        last name, lname, surname, family name, last, nachname, achternaam, familienname,
        nom, nom de famille,
        apellido, apellidos, cognome, sobrenome, фамилия, 姓, 姓氏,
        nazwisko, příjmení, vezetéknév, soyad, soyadı, efternavn, etternavn, efternamn, sukunimi,
        επώνυμο""",
    "company": """
        company, company name, associated company, organisation, organization,
        firma, unternehmen, société, societe,
        entreprise, empresa, azienda, компания, организация, 公司, 公司名称, 单位, 企业, 企业名称,
        公司名稱, 会社, 会社名, 회사, 회사명""",
    "tags": """
        tags, tag, labels, label, groups, group, group membership, categories, schlagworte,
        schlagwörter, étiquettes, etiquetas,
        etichette, теги, метки, 标签, 標籤, 分组, 组, 群组, タグ, 태그""",
    "attributes": "attributes, attribs",
    "tracking_consent": """
        tracking consent, consent to tracking, consent to track, permission to track,
        agrees to open tracking, open tracking,
        einwilligung tracking, tracking einwilligung, consentement au suivi, 同意跟踪, 跟踪同意""",
}

_BUILT_IN = {
    "unsubscribe_url", "web_view_url", "preferences_url", "now", "today", "partial",
    "forloop", "tablerowloop",
}  # fmt: skip
# Names a template could not use, or that must not be replaced by what a list contains.
_RESERVED = {"email", "name", "tags", "tracking_consent"} | _BUILT_IN | {
    "true", "false", "nil", "null", "empty", "blank",
    "and", "or", "not", "contains", "if", "else",
}  # fmt: skip


def is_built_in(name: str) -> bool:
    """Whether templates have a variable of this name for every recipient."""
    return name in _BUILT_IN or name.startswith("edm_")


def is_reserved(key: str) -> bool:
    """Whether no attribute may have this name: in templates it is something else."""
    return key in _RESERVED or key.startswith("edm_")


def attribute_key(heading: str) -> str:
    """The merge variable for a heading: `Letzter Kauf (€)` gives `letzter_kauf`, `颜色` is `颜色`.

    Letters of any alphabet work in Liquid. "" when the heading has no letters or digits.
    """
    text = unicodedata.normalize("NFKC", heading[:LONGEST_HEADING])
    text = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", text)
    key = re.sub(r"\W++", "_", text.lower()).strip("_")[:100]
    return f"field_{key}" if is_reserved(key) or key[:1].isdigit() else key


def known_column(heading: str) -> str | None:
    """email, name, first_name, last_name, company, tags, attributes or tracking_consent, if the
    heading says so, else None.
    """
    return _KNOWN.get(folded(heading))


def keys_of(header: list[str]) -> list[str]:
    """Name every column, each name once; "" for a column without a heading.

    The first column of a meaning has it; a second one becomes an attribute, like unknown columns.
    A name beside a last name, and without a first one, is the first name.
    """
    keys: dict[str, int] = {}
    found = [_key(heading, keys) for heading in header]
    if "last_name" in keys and "first_name" not in keys:
        return ["first_name" if key == "name" else key for key in found]
    return found


def _key(heading: str, taken: dict[str, int]) -> str:
    """Adds the key to those in use, each of which knows its last number."""
    key = known_column(heading)
    if key is None or key in taken:
        key = _unused(attribute_key(heading), taken)
    if key:
        taken.setdefault(key, 1)
    return key


def _unused(key: str, taken: dict[str, int]) -> str:
    candidate = key
    while candidate in taken:
        taken[key] += 1
        candidate = f"{key}_{taken[key]}"
    return candidate


def folded(heading: str) -> str:
    """Normalises a heading: case, width, spaces and punctuation do not matter."""
    plain = unicodedata.normalize("NFKC", heading[:LONGEST_HEADING]).casefold()
    return re.sub(r"[\W_]++", "", plain)


_KNOWN = {
    folded(heading): role for role, headings in _HEADINGS.items() for heading in headings.split(",")
}
