"""Who this browser is: signing in and out, the password, return codes, and the classes somebody is in."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import login
from django.contrib.auth import views as auth_views
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse_lazy
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from lessons import return_codes
from lessons.classroom.forms import SignInForm
from lessons.classroom.join_views import MODEL_BACKEND
from lessons.classroom.models import Enrollment
from lessons.navigation import navigation, show
from lessons.tries import TOO_MANY, address_of, codes_by_address


class HeadLine:
    """Gives Django's own views the head line of our pages."""

    request: HttpRequest

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)  # type: ignore[misc]
        person = self.request.user if self.request.user.is_authenticated else None
        return {**context, "person": person, "nav": navigation(person)}


class SignIn(HeadLine, auth_views.LoginView):
    template_name = "classroom/sign_in.html"
    authentication_form = SignInForm

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "address": address_of(self.request.META)}

    def form_invalid(self, form: Any) -> HttpResponse:
        response = super().form_invalid(form)
        if form.has_error("__all__", "wait"):
            response.status_code = TOO_MANY
        return response


class ChangePassword(HeadLine, auth_views.PasswordChangeView):
    template_name = "classroom/password.html"
    success_url = reverse_lazy("account")

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if request.user.is_authenticated and not request.user.has_usable_password():
            return redirect("account")
        return super().dispatch(request, *args, **kwargs)


sign_in = never_cache(SignIn.as_view())
change_password = never_cache(ChangePassword.as_view())
sign_out = auth_views.LogoutView.as_view(http_method_names=["post", "options"])


@login_required
@never_cache
@require_safe
def account(request: HttpRequest) -> HttpResponse:
    """Who you are here, how you come back, and who sees what."""
    enrollments = Enrollment.objects.filter(person=request.user).select_related("section")
    learning = [one for one in enrollments if one.role == Enrollment.Role.LEARNER]
    context = {
        "learning": learning,
        "has_password": request.user.has_usable_password(),
        "has_code": bool(request.user.return_code_hmac),
    }
    return show(request, "classroom/account.html", context)


@login_required
@never_cache
@require_POST
def make_return_code(request: HttpRequest) -> HttpResponse:
    """A new return code for oneself, shown this once."""
    try:
        code = return_codes.make(request.user)
    except ValueError:
        return redirect("account")
    return show(request, "classroom/return_code.html", {"code": code, "pseudonym": request.user.pseudonym})


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def come_back(request: HttpRequest) -> HttpResponse:
    """A return code makes this browser the person it belongs to."""
    if request.method != "POST":
        return _ask(request)
    address = address_of(request.META)
    wait = codes_by_address.seconds_to_wait(address)
    if wait:
        said = _("Too many codes were tried from here. The next one works in %(seconds)d s.")
        return _ask(request, said % {"seconds": wait}, TOO_MANY)
    person = return_codes.find(request.POST.get("code", ""))
    if person is None:
        codes_by_address.missed(address)
        return _ask(request, _("Nobody has this return code. A newer one may have been made since."))
    login(request, person, backend=MODEL_BACKEND)
    return redirect("course")


def _ask(request: HttpRequest, problem: str = "", status: int = 200) -> HttpResponse:
    return show(request, "classroom/come_back.html", {"problem": problem}, status=status)
