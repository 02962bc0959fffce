from __future__ import annotations

import pytest
from django.contrib.auth.models import AnonymousUser
from django.http import Http404

from lessons.access import access_workspace, workspace_for_socket
from lessons.models import Person, Workspace

pytestmark = pytest.mark.django_db(transaction=True)


async def test_people_get_their_own_workspace(workspace: Workspace, person: Person) -> None:
    assert await access_workspace(person, workspace.id) == workspace
    assert await workspace_for_socket(person, workspace.id) == workspace


async def test_anybody_elses_workspace_does_not_exist(workspace: Workspace) -> None:
    other = await Person.objects.acreate(pseudonym="Tern")
    for stranger in (other, AnonymousUser()):
        assert await workspace_for_socket(stranger, workspace.id) is None
        with pytest.raises(Http404):
            await access_workspace(stranger, workspace.id)


@pytest.mark.parametrize("workspace_id", ["", "nope", "../../etc", "x" * 400, "\x00"])
async def test_ids_that_nobody_has_are_not_found(person: Person, workspace_id: str) -> None:
    with pytest.raises(Http404):
        await access_workspace(person, workspace_id)
