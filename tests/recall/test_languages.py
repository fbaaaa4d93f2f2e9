"""Each language's questions find what was told in it, in other words and forms."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.db.engine import Database
from tests.recall.telling import tell, texts

TOLD = [
    "My daughter started ballet classes in the old theatre",
    "We bought a second-hand Toyota and it broke down twice",
    "I went to the dentist because of my wisdom tooth",
    "The landlord raised the rent again",
    "Мене запросили на весілля до Львова у червні",
    "Кіт Мурчик знову не їсть сухий корм",
    "Я купила квитки на потяг до Харкова",
    "Бабуся печe пироги з вишнею щонеділі",
    "Сын пошёл в музыкальную школу, учится играть на скрипке",
    "Я устроилась бухгалтером в небольшую фирму",
    "Врач запретил мне кофе на месяц",
    "Ремонт на кухне закончим к осени",
    "แม่ชอบทำแกงเขียวหวานทุกวันอาทิตย์",
    "ฉันทำงานที่ธนาคารในเชียงใหม่",
    "我妹妹下个月要去东京留学",
    "我们家的猫最近不爱吃东西",
    "Kaffee trinke ich nur mit Hafermilch",
]

ASKED = [
    ("which dance class does my daughter take? ballet?", 0),
    ("What car did we buy?", 1),
    ("dentist tooth", 2),
    ("What happened with the rent?", 3),
    ("Куди мене запрошували на весілля?", 4),
    ("Що їсть мій кіт Мурчик?", 5),
    ("квиток до Харкова на потягах", 6),
    ("хто пече пиріг із вишнями", 7),
    ("в какую школу ходит сын", 8),
    ("кем я работаю, бухгалтер?", 9),
    ("что сказал врач про кофе", 10),
    ("когда ремонт кухни закончится", 11),
    ("แม่ทำแกงอะไร", 12),
    ("ทำงานธนาคารที่ไหน", 13),
    ("妹妹去哪里留学", 14),
    ("猫不吃东西", 15),
    ("Womit trinke ich meinen Kaffee?", 16),
    ("Which pet do I have?", 5),  # asked in English, told in Ukrainian
]


async def test_a_question_finds_its_answer_first(database: Database) -> None:
    # A week lies between any two: no word reaches over to the neighbour.
    scope, _ = await tell(database, TOLD, step=timedelta(days=7))
    wrong = {}
    for asked, place in ASKED:
        found = await texts(database, scope, asked, limit=3)
        first = 1 if asked != "Which pet do I have?" else 3
        if TOLD[place] not in found[:first]:
            wrong[asked] = found[:2]
    assert wrong == {}


@pytest.mark.parametrize("nothing", ["", "   ", "?!", "🙂", "і в на"])
async def test_a_question_without_words_finds_little_and_breaks_nothing(
    sqlite_database: Database, nothing: str
) -> None:
    scope, _ = await tell(sqlite_database, TOLD[:4])
    assert len(await texts(sqlite_database, scope, nothing)) <= 2
