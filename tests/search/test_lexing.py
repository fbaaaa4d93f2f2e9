"""Words meet their other forms, and no other words."""

from __future__ import annotations

import random

import pytest

from bot.memory.lexing import TERM_LENGTH, query_terms, terms

# A line: forms of one word.
ENGLISH = """
dog dogs dog's dogs'
move moved moving moves
buy bought buying buys
child children
teach taught teaching
city cities
apartment apartments
allergy allergies
running run ran runs
Caroline Caroline's CAROLINE
café cafe
naïve naive
José Jose
"""
RUSSIAN = """
квартира квартиру квартирой квартиры квартире квартир
переезд переезда переезду переездом
работа работу работать работаю работал работала работают работает
хороший хорошего хорошая хорошую хорошим хороших
врач врача врачу врачом врачи врачей
любить люблю любит любил любила любят
подарок подарка подарки подарков подарком
отец отца отцу отцом
девочка девочки девочку девочек
знание знания знаний знанию
история истории историю историй
ёлка елка ёлки елку
друг друга друзья друзей
вокзал вокзала вокзалу вокзале
журнал журнала журналов журналом
учиться учусь учится учился
идти иду шёл шла пошли
сказать скажу сказал сказала
новость новости новостей
съесть съел съела
месяц месяца месяцев
дочь дочери дочка дочку
время времени времена
ребёнок ребенка
человек человека человеку
"""
UKRAINIAN = """
Київ Києва Києві Києву Києвом Киев Киева
Львів Львова Львові Львову Львовом
Харків Харкова Харкові
Одеса Одеси Одесі Одесу Одесою
м'ясо м’яса мʼясом м'ясі
рік року роки років роком році
жити живу жила живе жив живуть
мова мови мову мовою мові
робота роботу роботи роботою роботі робіт
школа школи школу школою школі шкіл
вікно вікна вікном вікні вікон
дім дому дома домом
кіт кота коту котом коти котів
ніч ночі ніччю ночей
радість радості радістю
можливість можливості можливостей
вечір вечора вечору вечори
осінь осені осінню
камінь каменя каменю каменем
день дня дню днів дні
вересень вересня вересні
хлопець хлопця хлопцю хлопці хлопців
будинок будинку будинки будинків
жінка жінки жінку жінці жінкою жінок
сумка сумки сумці сумкою сумок
дорога дороги дорогу дорозі дорогою доріг
допомога допомоги допомозі
база бази базі базою
читати читаю читає читав читала читали
робити роблю робить робив робила роблять
любов любові любов'ю
знання знань знанням
питання питань питанням
українська українську український українські
київський київського київська
гарний гарна гарне гарні гарного
сестра сестри сестру сестрі сестер
сім'я сім'ї сім'ю сім'єю
вчитися вчуся вчиться вчився
музей музею музеї музеєм
поїзд поїзда поїзду поїздом
зустріч зустрічі зустріччю
вулиця вулиці вулицю вулиць
тиждень тижня тижні
алергія алергії алергію
горіх горіхи горіхів
"""
BOTH = """
книга книги книгу книгой книгою книге книзі
машина машину машины машини машиной машиною машине машині
театр театра театру театре театрі
кава каву кави кавою каві
номер номера номери номеров номерів
"""
APART = """
рука ручка
кот кит
кіт кит
стол стул
лес лист
мама мак
час чашка
ніс ніж
нога ніж
мост мастер
дом дым
страна странный
сон сын
молоко молоток
зима земля
кава кавун
лук лак
пес песня
рис риск
сіль село
білий болото
осінь основа
мед мода
горіх горох
міра море
год город
univers university2
dog dig
cat category
house horse
planet plan
"""


def lines(table: str) -> list[list[str]]:
    return [line.split() for line in table.strip().splitlines()]


@pytest.mark.parametrize("table", [ENGLISH, RUSSIAN, UKRAINIAN, BOTH], ids=["en", "ru", "uk", "both"])
def test_forms_of_a_word_meet(table: str) -> None:
    split = {
        " ".join(forms): [terms(form) for form in forms]
        for forms in lines(table)
        if len({tuple(terms(form)) for form in forms}) > 1
    }
    assert split == {}


def test_different_words_stay_apart() -> None:
    assert [pair for pair in lines(APART) if terms(pair[0]) == terms(pair[1])] == []


def test_a_word_is_the_same_term_in_texts_of_either_language() -> None:
    russian = terms("Мы купили эту книгу в субботу, школа закрыта")
    ukrainian = terms("Ми взяли цю книгу вчора, школа зачинена")
    for word in ("книгу", "школа"):
        assert terms(word)[0] in russian
        assert terms(word)[0] in ukrainian


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("1,000 km at 18:30", ["1000", "km", "at", "18:30"]),
        ("3.14 and 3,14", ["3.14", "and", "3.14"]),
        ("on 05.07.2023, 2023-07-05", ["on", "5", "7", "2023", "2023", "7", "5"]),
        ("call +380 44 1234567", ["call", "380", "44", "1234567"]),
        ("C++, C# and F#", ["c++", "c#", "and", "f#"]),
        ("#holiday plans", ["holiday", "plan"]),
        ("@ann_lee, hi", ["@ann_lee", "ann", "lee", "hi"]),
        ("ann@example.com", ["ann", "exampl", "com"]),
        ("5pm ٣٤ ＡＢＣ", ["5", "pm", "34", "abc"]),
        ("nice 👍🏽 🍕", ["nice", "👍", "🍕"]),
        ("soft\u00adware ware\u200bhouse", ["softwar", "warehous"]),
        ("…!? '' -- \n", []),
        ("", []),
    ],
)
def test_numbers_names_and_signs(text: str, found: list[str]) -> None:
    assert terms(text) == found


def test_scripts_without_spaces_become_characters_and_pairs() -> None:
    assert terms("东京塔") == ["东", "东京", "京", "京塔", "塔"]
    assert query_terms("东京塔") == ["东京", "京塔"]
    assert query_terms("茶") == ["茶"]
    assert terms("ที่นี่") == ["ที่", "ที่นี่", "นี่"]
    assert terms("用Python写") == ["用", "python", "写"]
    for text, asked in (("พรุ่งนี้ไปเชียงใหม่", "เชียงใหม่"), ("ខ្ញុំរស់នៅភ្នំពេញ", "ភ្នំពេញ"), ("내일 부산에", "부산")):
        assert set(query_terms(asked)) <= set(terms(text))


def test_queries_are_freed_of_function_words_unless_nothing_is_left() -> None:
    assert query_terms("Where did Caroline buy the dog?") == query_terms("Caroline buys dogs")
    assert query_terms("Де жила моя бабуся?") == query_terms("жила бабуся")
    assert query_terms("Что я говорил про отпуск?") == query_terms("говорил отпуск")
    assert query_terms("The Who") == ["the", "who"]
    assert query_terms("dogs dog DOG") == ["dog"]
    assert query_terms("?!") == []


def test_other_latin_languages_are_stemmed_only_where_they_are_clear() -> None:
    german = terms("Ich habe die Häuser in der Stadt nicht gesehen")
    assert {"haus", "hauser"} <= set(german)  # found with and without the words around
    assert set(query_terms("Häuser")) <= set(german)
    assert set(query_terms("Wo sind die Häuser und Städte?")) & set(german) >= {"haus", "hauser"}
    spanish = terms("Mañana tengo que ir a la ciudad con mis hermanos")
    assert set(query_terms("hermanos")) <= set(spanish)
    assert "ich" not in query_terms("Was habe ich über die Ferien gesagt?")


def test_terms_are_short_plain_and_repeatable() -> None:
    dice = random.Random(7)
    alphabet = "aZя'їЁ的ก้\u0301\u200d👍🏽@#+.,:_-\"\\ \n\x00\ud83d0123456789٣½ⅷß"
    for _ in range(300):
        text = "".join(dice.choices(alphabet, k=dice.randint(0, 60)))
        found = terms(text)
        assert found == terms(text)
        assert all(
            0 < len(term) <= TERM_LENGTH + 4 and not set(term) & set(" '\"\\\n\x00-") for term in found
        ), text
        assert set(query_terms(text)) <= set(found)
