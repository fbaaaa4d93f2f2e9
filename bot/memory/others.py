"""Whether a statement is about somebody else than the person who makes it."""

from __future__ import annotations

import re
from collections.abc import Iterable

from bot.memory.stemming import stem
from bot.memory.text import normal

_RELATION = (
    r"(?:wife|husband|spouse|partner|girlfriend|boyfriend|son|daughter|kid|kids|child|children|mother|mom|mum"
    r"|father|dad|sister|brother|grandmother|grandma|grandfather|grandpa|aunt|uncle|cousin|niece|nephew|friend"
    r"|friends|boss|colleague|neighbou?r|roommate|cat|dog|ex|дружин\w+|чоловік\w*|хлопець|дівчин\w|син\w{0,2}"
    r"|доньк\w|доч\w+|діти|мам\w|мати|тат\w|батьк\w+|сестр\w|брат\w{0,2}|бабус\w|дідус\w*|тітк\w|дядьк\w"
    r"|друг\w{0,2}|подруг\w|начальни\w+|колег\w|сусід\w{0,2}|кіт|кішк\w|собак\w|жен\w|муж\w{0,2}|парень"
    r"|девушк\w|сын\w{0,2}|дети|пап\w|отец|отц\w|бабушк\w|дедушк\w|тет\w|дяд\w|друзья|начальни\w+|коллег\w"
    r"|сосед\w{0,2}|кошк\w)"
)
_OWNED = (
    r"(?:my|our|мій|моя|моє|мої|моїй|моєї|мого|наш\w*|мой|мое|мои|моей|моего|у мого|у моєї|у моего|у моей)"
)
_ABOUT = re.compile(rf"^(?:\w+ )?{_OWNED} (?:\w+ )?{_RELATION}(?!\w)")
_SELF = re.compile(
    r"(?<!\w)(?:i|i'm|i've|i'd|i'll|me|my|mine|myself|we|я|мене|мені|мною|мій|моя|моє|мої|мого|ми|нас|нам|меня|мне"
    r"|мной|мой|мое|мои|моя|моего|моей|мы)(?!\w)"
)


def about_other(quote: str, names: Iterable[str] = ()) -> bool:
    """Whether the words speak of a relative, a friend or one of the named people, and not of the speaker.

    Words decide, so what is said without a name or a relation passes; the model's own word counts beside it.
    """
    words = normal(quote)
    if _ABOUT.match(words):
        return True
    if _SELF.search(words):
        return False
    spoken = {stem(word) for word in words.split()}
    return any(stem(part) in spoken for name in names for part in normal(name).split()[:1] if len(part) > 2)
