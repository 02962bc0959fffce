"""What instructors and learners type, parsed at the edge. Every refusal is a sentence for its field."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext_lazy as _

from lessons.classroom.models import ClassSection
from lessons.pseudonyms import clean_pseudonym
from lessons.tries import passwords_by_address, passwords_by_name

EMAIL_LENGTH_MAX = 254


class SignInForm(AuthenticationForm):
    """E-mail and password. Too many misses have to wait, whether the e-mail exists or not."""

    error_messages = {  # noqa: RUF012 - Django's own way
        "invalid_login": _("This e-mail and password do not belong together."),
        "inactive": _("This account is closed."),
    }

    def __init__(self, request: Any = None, *args: Any, address: str = "", **kwargs: Any) -> None:
        super().__init__(request, *args, **kwargs)
        self._address = address
        self.fields["username"].label = _("E-mail")
        self.fields["username"].max_length = EMAIL_LENGTH_MAX

    def clean_username(self) -> str:
        return str(self.cleaned_data["username"]).strip().lower()

    def clean(self) -> dict[str, Any]:
        name = str(self.cleaned_data.get("username", ""))
        wait = max(passwords_by_name.seconds_to_wait(name), passwords_by_address.seconds_to_wait(self._address))
        if wait:
            message = _("Too many tries. The next one works in %(seconds)s s.")
            raise ValidationError(message, code="wait", params={"seconds": wait})
        try:
            return dict(super().clean())
        except ValidationError:
            passwords_by_name.missed(name)
            passwords_by_address.missed(self._address)
            raise


class SectionForm(forms.ModelForm):
    """A name that fits a heading, and half a sentence beside it."""

    class Meta:
        model = ClassSection
        fields = ("name", "about")
        labels = {"name": _("Name"), "about": _("About it")}  # noqa: RUF012
        error_messages = {"name": {"required": _("Give the class a name, such as 9b.")}}  # noqa: RUF012

    def clean_name(self) -> str:
        return _one_line(self.cleaned_data["name"])

    def clean_about(self) -> str:
        return _one_line(self.cleaned_data["about"])


def clean_instructor(name: str, email: str, password: str) -> tuple[str, str, str]:
    """All three as they are kept. Raises ValidationError with sentences."""
    name, email = clean_pseudonym(name), email.strip().lower()
    if len(email) > EMAIL_LENGTH_MAX:
        raise ValidationError(_("This e-mail is too long."), code="max_length")
    validate_email(email)
    validate_password(password)
    if password.lower() in (name.lower(), email):
        raise ValidationError(_("The password must not be the name or the e-mail."), code="similar")
    return name, email, password


def _one_line(text: str) -> str:
    line = " ".join(text.split())
    if not line.isprintable():
        raise ValidationError(_("Use only characters that can be seen."), code="invalid")
    return line
