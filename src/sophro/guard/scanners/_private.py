"""Secrets and personal data, with the places where they stand.

Libraries: secrets by ``detect-secrets`` (Yelp, Apache-2.0; its regular expressions only, nothing is verified over the
network), telephone numbers by ``phonenumbers`` (the port of Google's libphonenumber, Apache-2.0). Presidio was weighed
and not taken: it needs spaCy and a language model that is not on PyPI, so it does not install offline, and without
the model only its patterns remain, which these libraries and four checksums give as well.

Contract: a number counts only if its check digits are right (cards: Luhn; IBAN: ISO 7064; Chinese resident identity
numbers: GB 11643), so that order numbers and phone-like digits pass. Names and postal addresses are not found: that
takes a language model. ``spans`` are what a rewrite replaces.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from sophro.files import digest
from sophro.guard._types import Detection
from sophro.guard.scanners._types import View
from sophro.guard.scanners._windows import windows

_EMAIL = re.compile(
    r"(?<![\w.+-])[A-Za-z0-9][A-Za-z0-9._%+-]{0,63}@(?:[A-Za-z0-9-]{1,63}\.){1,4}[A-Za-z]{2,24}(?![\w-])"
)
_EXAMPLE = re.compile(
    r"@(?:[\w-]+\.)*(?:example\.(?:com|org|net)|example|test|invalid|localhost)$", re.IGNORECASE
)
_CARD = re.compile(r"(?<![\w.-])(?:\d[ -]?){12,18}\d(?![\w-])")
_IBAN = re.compile(r"(?<!\w)[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,4})?(?!\w)")
_CN_ID = re.compile(r"(?<!\d)[1-9]\d{5}(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:[0-2]\d|3[01])\d{3}[\dXx](?![\dXx])")
_SSN = re.compile(r"(?<![\w-])(?!000|666|9\d\d)\d{3}-(?!00)\d{2}-(?!0000)\d{4}(?![\w-])")
_IP = re.compile(r"(?<![\w.])(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)(?![\w.])")
_PHONES = 400_000  # characters in which telephone numbers are looked for
_REGIONS = ("US", "CN")
PERSONAL = ("email", "phone", "card", "iban", "id_number")


def luhn(digits: str) -> bool:
    """Whether the digits pass Luhn's check (ISO/IEC 7812) and are not all the same."""
    total = 0
    for place, char in enumerate(reversed(digits)):
        value = int(char) * (2 if place % 2 else 1)
        total += value - 9 if value > 9 else value
    return len(digits) >= 13 and total % 10 == 0 and len(set(digits)) > 1


def iban(text: str) -> bool:
    """Whether an IBAN's check digits are right (ISO 7064, modulo 97)."""
    packed = text.replace(" ", "")
    turned = packed[4:] + packed[:4]
    return 15 <= len(packed) <= 34 and int("".join(str(int(c, 36)) for c in turned)) % 97 == 1


def cn_id(text: str) -> bool:
    """Whether a Chinese resident identity number's last character is right (GB 11643)."""
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    total = sum(w * int(c) for w, c in zip(weights, text, strict=False))
    return "10X98765432"[total % 11] == text[-1].upper()


class PersonalData:
    """E-mail addresses, telephone, card, account and identity numbers."""

    name = "personal_data"
    thresholds = dict.fromkeys(PERSONAL, 0.5)

    def __init__(self) -> None:
        self.version = digest(
            _EMAIL.pattern, _CARD.pattern, _IBAN.pattern, _CN_ID.pattern, _SSN.pattern, _REGIONS
        )

    def __call__(self, views: Sequence[View]) -> list[Detection]:
        """Return one detection per view, in order."""
        return [_detection(self, v.text, list(_personal(v.text))) for v in views]


class Secrets:
    """Keys, tokens and passwords in the forms that services give them."""

    name = "secrets"
    thresholds = {"secret": 0.5}  # noqa: RUF012 (a constant of the protocol)

    def __init__(self) -> None:
        from importlib.metadata import version

        self.version = digest(self.name, version("detect-secrets"))

    def __call__(self, views: Sequence[View]) -> list[Detection]:
        """Return one detection per view, in order."""
        return [_detection(self, v.text, [(a, b, "secret") for a, b in _secrets(v.text)]) for v in views]


def _detection(by: Any, text: str, spans: list[tuple[int, int, str]]) -> Detection:
    if not text.strip():
        return Detection({}, by.thresholds, by.name, by.version, reason="nothing to read: the text is empty")
    scores = {label: float(any(s[2] == label for s in spans)) for label in by.thresholds}
    places = {label: (s[0], s[1]) for s in reversed(spans) for label in [s[2]]}
    window = spans[0][:2] if spans else (0, len(text))
    return Detection(
        scores, by.thresholds, by.name, by.version, window, spans=tuple(sorted(spans)), windows=places
    )


def _personal(text: str) -> Iterator[tuple[int, int, str]]:
    checks: tuple[tuple[str, re.Pattern[str], Callable[[str], bool]], ...] = (
        ("email", _EMAIL, lambda t: _EXAMPLE.search(t) is None),
        ("id_number", _CN_ID, cn_id),
        ("id_number", _SSN, lambda t: True),
        ("iban", _IBAN, iban),
        ("card", _CARD, lambda t: luhn(re.sub(r"\D", "", t))),
    )
    taken: list[tuple[int, int]] = []
    for label, pattern, right in checks:
        if label == "email" and "@" not in text:
            continue
        for match in pattern.finditer(text):
            if right(match.group()):
                taken.append(match.span())
                yield (*match.span(), label)
    if sum(c.isdigit() for c in text[:_PHONES]) >= 7:
        for a, b in _phones(text):
            if not any(a < d and c < b for c, d in taken):
                taken.append((a, b))
                yield a, b, "phone"


def _phones(text: str) -> Iterator[tuple[int, int]]:
    import phonenumbers

    for match in re.finditer(r"[+(]?\d[\d\s().-]{5,20}\d", text[:_PHONES]):
        run = match.group()
        plain = re.sub(r"\D", "", run)
        if not 7 <= len(plain) <= 15:
            continue
        marked = run.startswith(("+", "(")) or "-" in run or re.fullmatch(r"1[3-9]\d{9}", plain)
        if not marked:
            continue  # bare digits are amounts, dates and order numbers far more often
        for region in _REGIONS:
            try:
                number = phonenumbers.parse(run, region)
            except phonenumbers.NumberParseException:
                continue
            if phonenumbers.is_valid_number(number):
                yield match.span()
                break


@functools.cache
def _plugins() -> tuple[Any, ...]:
    from detect_secrets.plugins import (
        artifactory,
        aws,
        azure_storage_key,
        basic_auth,
        discord,
        github_token,
        gitlab_token,
        jwt,
        mailchimp,
        npm,
        openai,
        private_key,
        pypi_token,
        sendgrid,
        slack,
        square_oauth,
        stripe,
        telegram_token,
        twilio,
    )  # fmt: skip

    return (
        artifactory.ArtifactoryDetector(), aws.AWSKeyDetector(), azure_storage_key.AzureStorageKeyDetector(),
        basic_auth.BasicAuthDetector(), discord.DiscordBotTokenDetector(), github_token.GitHubTokenDetector(),
        gitlab_token.GitLabTokenDetector(), jwt.JwtTokenDetector(), mailchimp.MailchimpDetector(), npm.NpmDetector(),
        openai.OpenAIDetector(), private_key.PrivateKeyDetector(), pypi_token.PypiTokenDetector(),
        sendgrid.SendGridDetector(), slack.SlackDetector(), square_oauth.SquareOAuthDetector(),
        stripe.StripeDetector(), telegram_token.TelegramBotTokenDetector(), twilio.TwilioKeyDetector(),
    )  # fmt: skip


_OWN = re.compile(
    r"\bsk-(?:ant-|proj-|or-)?[A-Za-z0-9_-]{20,}|\bAIza[0-9A-Za-z_-]{35}\b|\bhf_[A-Za-z0-9]{30,}\b|"
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]{0,6000}?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)"
)


def _secrets(text: str) -> Iterator[tuple[int, int]]:
    """Yield the places of secrets; a key with its begin and end marks is one place."""
    taken = [m.span() for m in _OWN.finditer(text)]
    yield from taken
    # The library reads lines; windows keep one endless line from costing more than its length.
    for start, end in windows(text, 4000, 400):
        piece = text[start:end]
        for plugin in _plugins():
            for pattern in plugin.denylist:
                for match in pattern.finditer(piece):
                    # A pattern may match an empty group only; a place of no width hides nothing.
                    place = (start + match.start(), start + match.end())
                    if place[0] < place[1] and not any(a < place[1] and place[0] < b for a, b in taken):
                        taken.append(place)
                        yield place
