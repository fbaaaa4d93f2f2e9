"""A few dishes, and which of them agree with what somebody eats."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from bot.playground.rehearsal.language import Language, stems

DIET = re.compile(
    r"\b(?:eats?|drinks?|vegetarian|vegan|pescatarian|allerg\w+|intoleran\w+|diet\w*|food|likes?|loves?"
    r"|hates?|dislikes?"
    r"|їсть|їм|п'є|вегетар\w+|веган\w*|алергі\w+|непереносим\w+|любить|обожнює|ненавидить|подоба\w+"
    r"|ест|ем|пь[её]т|вегетариан\w*|аллерги\w+|любит|обожает|ненавидит|нрав\w+)\b",
    re.IGNORECASE,
)
_AVOID = re.compile(
    r"\b(?:not|no|never|n't|without|allerg\w+|intoleran\w+|hates?|dislikes?|avoids?|не|без|алергі\w+"
    r"|аллерги\w+"
    r"|непереносим\w+|ненавид\w+)(?:\b|(?<=t))|n't\b",
    re.IGNORECASE,
)
_FLESH = "meat beef chicken pork м'ясо курка свинина мясо курица свинина"
_MEAT = "meat м'ясо мясо"
_FISH = "fish salmon seafood риба лосось морепродукти рыба лосось морепродукты"
_DAIRY = "milk cheese cream dairy lactose молоко сир вершки молоко сыр сливки лактоза"
_EGGS = "egg eggs яйце яйця яйцо яйца"
_GROUPS = (
    (re.compile(r"\b(?:vegan|веган)\w*", re.IGNORECASE), f"{_FLESH} {_FISH} {_DAIRY} {_EGGS} honey мед мёд"),
    (re.compile(r"\b(?:vegetarian|вегетар)\w*", re.IGNORECASE), f"{_FLESH} {_FISH}"),
    (re.compile(r"\bpescatarian\b", re.IGNORECASE), _FLESH),
)


@dataclass(frozen=True, slots=True)
class Dish:
    """A dish by its names, with everything in it in all three languages."""

    names: tuple[str, str, str]
    holds: str

    def name(self, language: Language) -> str:
        return self.names[("en", "uk", "ru").index(language)]


_DISHES = (
    Dish(
        ("baked salmon with lemon", "запеченого лосося з лимоном", "запечённого лосося с лимоном"),
        f"{_FISH} lemon лимон",
    ),
    Dish(
        ("mushroom risotto", "різото з грибами", "ризотто с грибами"),
        f"mushrooms rice cheese гриби рис сир грибы сыр {_DAIRY}",
    ),
    Dish(
        ("chicken soup with noodles", "курячий суп з локшиною", "куриный суп с лапшой"),
        f"{_FLESH} noodles wheat gluten локшина пшениця глютен лапша пшеница {_EGGS}",
    ),
    Dish(
        ("lentil curry with rice", "карі із сочевиці з рисом", "карри из чечевицы с рисом"),
        "lentils rice onion spice сочевиця рис цибуля чечевица лук специи",
    ),
    Dish(
        ("an omelette with tomatoes", "омлет з помідорами", "омлет с помидорами"),
        f"{_EGGS} {_DAIRY} tomatoes помідори помидоры томаты",
    ),
    Dish(
        ("roast potatoes with beans", "печену картоплю з квасолею", "печёную картошку с фасолью"),
        "potatoes beans картопля квасоля картошка картофель фасоль бобы",
    ),
    Dish(
        ("beetroot borscht without meat", "пісний борщ", "постный борщ"),
        "beetroot cabbage борщ буряк капуста свекла цибуля лук",
    ),
)


def about_food(facts: Iterable[str]) -> list[str]:
    """The facts that speak of eating and drinking, or of what is hurtful to eat."""
    return [fact for fact in facts if DIET.search(fact)]


def suggest(facts: list[str], language: Language) -> list[str]:
    """Up to two dishes that nothing in the facts forbids, liked ones first."""
    forbidden: set[str] = set()
    liked: set[str] = set()
    for fact in facts:
        (forbidden if _AVOID.search(fact) else liked).update(stems(fact))
        for diet, foods in _GROUPS:
            if diet.search(fact):
                forbidden |= stems(foods)
                liked -= stems(fact)
    # Who eats no meat and says nothing of fish may mean either: offer what nobody can mind.
    if any(_AVOID.search(fact) and stems(fact) & stems(_MEAT) for fact in facts) and not liked & stems(_FISH):
        forbidden |= stems(_FISH)
    forbidden |= {
        other
        for group in (_FLESH, _FISH, _DAIRY, _EGGS)
        if forbidden & _general(group)
        for other in stems(group)
    }
    fitting = [dish for dish in _DISHES if not stems(dish.holds) & forbidden]
    fitting.sort(key=lambda dish: -len(stems(dish.holds) & (liked - forbidden)))
    return [dish.name(language) for dish in fitting[:2]]


def _general(group: str) -> set[str]:
    """The words for the group as a whole: who eats no beef may eat chicken, who eats no meat neither."""
    names = {
        "meat",
        "fish",
        "dairy",
        "lactose",
        "milk",
        "egg",
        "eggs",
        "м'ясо",
        "мясо",
        "риба",
        "рыба",
        "молоко",
    }
    names |= {"яйця", "яйце", "яйца", "яйцо", "лактоза"}
    return {stem for word in group.split() if word in names for stem in stems(word)}
