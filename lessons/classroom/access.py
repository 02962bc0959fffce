"""Who may have which class section and which learner of it. Views and sockets get them from here and nowhere else.

Whoever may not have a thing learns as little as somebody who made its id up: Http404.
"""

from __future__ import annotations

from typing import Any

from django.http import Http404

from lessons.classroom.models import ClassSection, Enrollment, Instructor


def access_instructor(user: Any) -> Instructor:
    """The signed-in instructor. Raises Http404 for everybody else."""
    instructor = Instructor.objects.filter(person_id=user.pk).select_related("person").first()
    if not user.is_authenticated or instructor is None:
        raise Http404("No such page")
    return instructor


def access_section(user: Any, section_id: str) -> ClassSection:
    """The section if this person teaches it. Raises Http404."""
    section = section_for_socket(user, section_id)
    if section is None:
        raise Http404("No such class")
    return section


def section_for_socket(user: Any, section_id: str) -> ClassSection | None:
    """The same for a socket, which closes instead of answering 404."""
    if not user.is_authenticated:
        return None
    return ClassSection.objects.filter(
        pk=section_id,
        enrollments__person_id=user.pk,
        enrollments__role=Enrollment.Role.INSTRUCTOR,
        enrollments__person__instructor__isnull=False,
    ).first()


def access_learner(user: Any, section_id: str, enrollment_id: int) -> Enrollment:
    """A learner of a section that this person teaches. Raises Http404."""
    section = access_section(user, section_id)
    learners = section.enrollments.filter(role=Enrollment.Role.LEARNER).select_related("person")
    enrollment = learners.filter(pk=enrollment_id).first()
    if enrollment is None:
        raise Http404("No such learner")
    enrollment.section = section
    return enrollment


def access_enrollment(user: Any, section_id: str) -> Enrollment:
    """A learner's own enrollment. Raises Http404."""
    enrollment = None
    if user.is_authenticated:
        own = Enrollment.objects.filter(section_id=section_id, person_id=user.pk, role=Enrollment.Role.LEARNER)
        enrollment = own.select_related("section").first()
    if enrollment is None:
        raise Http404("No such class")
    return enrollment
