"""The sentences of the rehearsal model in its three languages."""

from __future__ import annotations

from typing import Any

from bot.playground.rehearsal.language import Language

ABILITIES: dict[str, list[str]] = {
    "en": [
        "hand over facts that you say about yourself: “My name is Ann, I live in Oslo and I don't eat meat”",
        "“Remember that …”",
        (
            "answer from the facts in its prompt: “What do you know about me?”, “Where do I live?”, “What "
            "should I cook?”"
        ),
        "take an appointment step by step: “Book me a manicure”",
        "look up who said what: “Who is bringing the tent?”, “What did Borys say about the car?”",
        "search the memory: “Search my memory for the tent”",
        "say what the conversation was about: “What were we talking about?”",
        (
            "write at length, so that streaming and Stop can be tried: “Count slowly to 30”, “Tell me a long "
            "story”"
        ),
        "go on after a stop: “Continue”",
        "tell the size and the main colour of a picture (what it shows it cannot see)",
        "tell the date and time of its prompt, and work out 2 + 2 · (7 - 3)",
    ],
    "uk": [
        "передати факти, які ви кажете про себе: «Мене звати Оксана, я живу в Києві і не їм м'яса»",
        "«Запам'ятай, що …»",
        "відповісти з фактів у своєму запиті: «Що ти про мене знаєш?», «Де я живу?», «Що мені приготувати?»",
        "записати крок за кроком: «Хочу записатися на манікюр»",
        "знайти, хто що казав: «Хто бере намет?», «Що Борис казав про машину?»",
        "пошукати в пам'яті: «Пошукай у пам'яті намет»",
        "сказати, про що була розмова: «Про що ми говорили?»",
        "писати довго, щоб спробувати потік і Стоп: «Порахуй повільно до 30», «Розкажи довгу історію»",
        "продовжити після зупинки: «Продовжуй»",
        "назвати розмір і головний колір картинки (що на ній, репетиція не бачить)",
        "назвати дату й час зі свого запиту, порахувати 2 + 2 · (7 - 3)",
    ],
    "ru": [
        "передать факты, которые вы говорите о себе: «Меня зовут Оксана, я живу в Киеве и не ем мяса»",
        "«Запомни, что …»",
        "ответить из фактов в своём запросе: «Что ты обо мне знаешь?», «Где я живу?», «Что приготовить?»",
        "записать шаг за шагом: «Хочу записаться на маникюр»",
        "найти, кто что говорил: «Кто берёт палатку?», «Что Борис говорил о машине?»",
        "поискать в памяти: «Поищи в памяти палатку»",
        "сказать, о чём был разговор: «О чём мы говорили?»",
        "писать долго, чтобы попробовать поток и Стоп: «Посчитай медленно до 30», «Расскажи длинную историю»",
        "продолжить после остановки: «Продолжай»",
        "назвать размер и главный цвет картинки (что на ней, репетиция не видит)",
        "назвать дату и время из своего запроса, посчитать 2 + 2 · (7 - 3)",
    ],
}

_SENTENCES: dict[str, tuple[str, str, str]] = {
    "fallback": (
        (
            "I am a rehearsal model: I know a few rules and understand nothing else. I can:\n{abilities}\n\n"
            "For real answers connect a real model: set LLM_BASE_URL, LLM_API_KEY and LLM_MODEL, "
            "or run Ollama and set LLM_BASE_URL=http://localhost:11434/v1."
        ),
        (
            "Я репетиційна модель: знаю кілька правил і більше нічого не розумію. Я вмію:\n{abilities}\n\n"
            "Для справжніх відповідей під'єднайте справжню модель: задайте LLM_BASE_URL, LLM_API_KEY і "
            "LLM_MODEL "
            "або запустіть Ollama і задайте LLM_BASE_URL=http://localhost:11434/v1."
        ),
        (
            "Я репетиционная модель: знаю несколько правил и больше ничего не понимаю. Я "
            "умею:\n{abilities}\n\n"
            "Для настоящих ответов подключите настоящую модель: задайте LLM_BASE_URL, LLM_API_KEY и "
            "LLM_MODEL "
            "или запустите Ollama и задайте LLM_BASE_URL=http://localhost:11434/v1."
        ),
    ),
    "abilities": (
        "This is a rehearsal model with a few rules. It can:\n{abilities}",
        "Це репетиційна модель з кількома правилами. Вона вміє:\n{abilities}",
        "Это репетиционная модель с несколькими правилами. Она умеет:\n{abilities}",
    ),
    "hello": ("Hello!", "Привіт!", "Привет!"),
    "thanks": ("You're welcome!", "Будь ласка!", "Пожалуйста!"),
    "bye": ("Goodbye!", "До зустрічі!", "До встречи!"),
    "how_are_you": (
        "I am a rehearsal model, so I am always the same. And how are you?",
        "Я репетиційна модель, тож у мене все як завжди. А як ви?",
        "Я репетиционная модель, так что у меня всё как всегда. А как вы?",
    ),
    "hello_more": (
        "Tell me something about yourself, or ask what I can do.",
        "Розкажіть щось про себе або запитайте, що я вмію.",
        "Расскажите что-нибудь о себе или спросите, что я умею.",
    ),
    "met": (
        "Nice to meet you, {name}!",
        "Приємно познайомитися! Отже, {name}.",
        "Приятно познакомиться! Итак, {name}.",
    ),
    "saved": ("Saved: {facts}.", "Збережено: {facts}.", "Сохранено: {facts}."),
    "not_saved": (
        "This was not saved: {facts}. The memory answered: “{why}”",
        "Це не збережено: {facts}. Пам'ять відповіла: «{why}»",
        "Это не сохранено: {facts}. Память ответила: «{why}»",
    ),
    "no_tool": (
        "I read {facts}, but no memory tool was offered to me here, so I have saved nothing.",
        "Прочитано: {facts}. Але інструмента пам'яті мені тут не дали, тож нічого не збережено.",
        "Прочитано: {facts}. Но инструмента памяти мне здесь не дали, так что ничего не сохранено.",
    ),
    "about_you": (
        "This is what my prompt says about you:",
        "Ось що мій запит каже про вас:",
        "Вот что мой запрос говорит о вас:",
    ),
    "from_facts": (
        "From what is remembered: {facts}.",
        "Із запам'ятаного: {facts}.",
        "Из того, что запомнено: {facts}.",
    ),
    "label_name": (
        "No name is remembered, but your messages are signed “{name}”.",
        "Імені не запам'ятовано, але ваші повідомлення підписані «{name}».",
        "Имя не запомнено, но ваши сообщения подписаны «{name}».",
    ),
    "unknown_you": (
        "I don't know that: nothing in my prompt says it.",
        "Цього я не знаю: у моєму запиті про це нічого немає.",
        "Этого я не знаю: в моём запросе об этом ничего нет.",
    ),
    "wrote": ("{who} wrote: “{line}”", "{who}: «{line}»", "{who}: «{line}»"),
    "you_wrote": ("You wrote: “{line}”", "Ви писали: «{line}»", "Вы писали: «{line}»"),
    "i_wrote": ("I answered: “{line}”", "Моя відповідь була: «{line}»", "Мой ответ был: «{line}»"),
    "noted": (
        "My prompt says: “{line}”",
        "У моєму запиті сказано: «{line}»",
        "В моём запросе сказано: «{line}»",
    ),
    "not_said": (
        "I find nothing about that in the part of the conversation that I was given.",
        "У тій частині розмови, яку мені дали, про це нічого немає.",
        "В той части разговора, которую мне дали, об этом ничего нет.",
    ),
    "talked": ("The main lines of the conversation:", "Головне з розмови:", "Главное из разговора:"),
    "no_talk": (
        "This is the beginning of our conversation.",
        "Це початок нашої розмови.",
        "Это начало нашего разговора.",
    ),
    "found": ("The search found: {found}", "Пошук знайшов: {found}", "Поиск нашёл: {found}"),
    "cook": ("How about {dishes}?", "Можна приготувати {dishes}.", "Можно приготовить {dishes}."),
    "cook_why": ("I kept to this: {facts}.", "Враховано: {facts}.", "Учтено: {facts}."),
    "cook_plain": (
        "My prompt says nothing about what you eat.",
        "У моєму запиті нічого не сказано про те, що ви їсте.",
        "В моём запросе ничего не сказано о том, что вы едите.",
    ),
    "cook_none": (
        "None of the few dishes I know fits.",
        "Жодна з небагатьох страв, які я знаю, не підходить.",
        "Ни одно из немногих блюд, которые я знаю, не подходит.",
    ),
    "result": ("{sum} = {value}", "{sum} = {value}", "{sum} = {value}"),
    "now": ("My prompt says it is {now}.", "У моєму запиті стоїть: {now}.", "В моём запросе стоит: {now}."),
    "no_now": (
        "I don't know: my prompt holds no time.",
        "Не знаю: у моєму запиті немає часу.",
        "Не знаю: в моём запросе нет времени.",
    ),
    "pictures": (
        "Pictures I was sent: {count}.",
        "Мені надіслано картинок: {count}.",
        "Мне прислано картинок: {count}.",
    ),
    "picture": (
        "{number}: {width} × {height} pixels, mostly {colour}",
        "{number}: {width} × {height} пікселів, переважає колір: {colour}",
        "{number}: {width} × {height} пикселей, преобладает цвет: {colour}",
    ),
    "picture_bad": (
        "{number}: cannot be decoded",
        "{number}: не вдалося розкодувати",
        "{number}: не удалось раскодировать",
    ),
    "picture_end": (
        "What they show a rehearsal model cannot recognise.",
        "Що на них зображено, репетиційна модель розпізнати не може.",
        "Что на них изображено, репетиционная модель распознать не может.",
    ),
    "story_start": (
        "Here is a long text of numbered sentences.",
        "Ось довгий текст із пронумерованих речень.",
        "Вот длинный текст из пронумерованных предложений.",
    ),
    "nothing_to_continue": (
        "I see no answer of mine that could be continued.",
        "Не бачу своєї відповіді, яку можна продовжити.",
        "Не вижу своего ответа, который можно продолжить.",
    ),
}
_COLUMN = {"en": 0, "uk": 1, "ru": 2}


def say(language: Language, key: str, **values: Any) -> str:
    """A sentence in a language; values enter as inert text."""
    return _SENTENCES[key][_COLUMN[language]].format(**values)


def abilities(language: Language) -> str:
    """The list of abilities as Markdown bullets."""
    return "\n".join(f"- {line}" for line in ABILITIES[language])


def quoted(language: Language, texts: list[str]) -> str:
    """Texts in the language's quotation marks, separated by commas."""
    left, right = ("“", "”") if language == "en" else ("«", "»")
    return ", ".join(f"{left}{text}{right}" for text in texts)
