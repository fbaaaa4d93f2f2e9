"""The people and chats that an empty playground begins with."""

from __future__ import annotations

from bot.playground.emulator.core import Emulator
from bot.playground.people import rooms
from bot.playground.records import Person, Status

DEFAULT_TOKEN = "7000000001:playground-needs-no-secret-token-00"  # noqa: S105 - opens nothing but the emulator

_PEOPLE = (
    ("Oksana", "Kovalenko", "oksana_k", "uk"),
    ("Ann", "Miller", "ann_miller", "en"),
    ("Borys", "Shevchuk", "borys_sh", "uk"),
    ("Chen", "Wei", "chen_wei", "en"),
)


async def seed_default(emulator: Emulator, token: str = DEFAULT_TOKEN) -> None:
    """A bot, four people with private chats, and the group "Camping", if nobody is there yet.

    The first person is marked as the owner.
    """
    bot = await emulator.add_bot(token)
    if emulator.world.people:
        return
    people: list[Person] = []
    for number, (first, last, username, language) in enumerate(_PEOPLE):
        person = await rooms.add_person(
            emulator, first, last_name=last, username=username, language_code=language, owner=number == 0
        )
        await rooms.private_chat(emulator, person.id)
        people.append(person)
    oksana, ann, borys, chen = people
    statuses: dict[int, Status] = {
        ann.id: "creator",
        borys.id: "member",
        chen.id: "member",
        oksana.id: "member",
    }
    group = await rooms.add_group(emulator, "Camping", statuses)
    await rooms.set_status(emulator, group.id, bot.id, "member", ann.id)
