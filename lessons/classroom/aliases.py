"""Animals instead of names, for a projector. One number in one section is the same animal for ever."""

from __future__ import annotations

import random
from functools import lru_cache

ANIMALS = (
    "Avocet", "Badger", "Beaver", "Bison", "Bittern", "Caracal", "Chamois", "Civet", "Coati", "Condor", "Coot",
    "Cormorant", "Corncrake", "Crane", "Curlew", "Dipper", "Dolphin", "Dormouse", "Dotterel", "Dunlin", "Dunnock",
    "Egret", "Eider", "Ermine", "Falcon", "Fennec", "Fieldfare", "Firecrest", "Fulmar", "Gannet", "Gazelle", "Gecko",
    "Genet", "Godwit", "Goldfinch", "Goshawk", "Grebe", "Harrier", "Hedgehog", "Heron", "Hoopoe", "Ibex", "Ibis",
    "Jackdaw", "Jay", "Kestrel", "Kingfisher", "Kite", "Kittiwake", "Lapwing", "Lark", "Lemur", "Linnet", "Lynx",
    "Magpie", "Manatee", "Marten", "Martin", "Meerkat", "Merganser", "Merlin", "Mongoose", "Narwhal", "Newt",
    "Nightjar", "Nuthatch", "Ocelot", "Okapi", "Oriole", "Oryx", "Osprey", "Otter", "Ouzel", "Pangolin", "Pelican",
    "Petrel", "Pika", "Pintail", "Pipit", "Plover", "Pochard", "Polecat", "Porpoise", "Puffin", "Quail", "Quokka",
    "Raven", "Redshank", "Redstart", "Redwing", "Reindeer", "Ruff", "Sanderling", "Sandpiper", "Seal", "Serval",
    "Shrike", "Siskin", "Skua", "Snipe", "Squirrel", "Starling", "Stoat", "Stonechat", "Stork", "Swift", "Tamarin",
    "Tapir", "Teal", "Tern", "Terrapin", "Tortoise", "Turnstone", "Veery", "Vole", "Wagtail", "Wapiti", "Warbler",
    "Waxwing", "Wheatear", "Whimbrel", "Whinchat", "Wigeon", "Wombat", "Wren", "Wryneck", "Xerus", "Yaffle", "Zebra",
    "Zorilla",
)  # fmt: skip


def alias_of(section_id: str, number: int) -> str:
    """Numbers count from 1. Beyond the animals there are, a second round says so: “Heron 2”."""
    order = _order(section_id)
    animal = order[(number - 1) % len(order)]
    again = (number - 1) // len(order)
    return f"{animal} {again + 1}" if again else animal


@lru_cache(maxsize=256)
def _order(section_id: str) -> tuple[str, ...]:
    animals = list(ANIMALS)
    random.Random(section_id).shuffle(animals)  # noqa: S311 - an order, not a secret
    return tuple(animals)
