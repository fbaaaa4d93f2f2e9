"""Which words carry no meaning of their own, and which language a text is clearly in."""

from __future__ import annotations

from collections.abc import Iterable

_ENGLISH = """
a about above after again against all also am an and any are as at be because been before being below
between both but by can cannot could did do does doing don down during each ever every few for from further
get gets getting got had has have having he her here hers herself him himself his how i if in into is it its
itself just let like lot ll me more most my myself no nor not now of off ok on once only or other our ours
ourselves out over own please re really same shall she should so some such tell than that the their theirs
them themselves then there these they this those through to too under until up us ve very was we were what
when where whether which while who whom whose why will with would yes you your yours yourself yourselves
aint arent cant couldnt didnt doesnt dont hadnt hasnt havent isnt mustnt shouldnt wasnt werent wont wouldnt
"""

_RUSSIAN = """
а без бы возле был была были было быть в вам вами вас ваш ваша ваше ваши весь во вот все всего всей всем
всеми всех всю вся вы где да даже для до его ее ей ему если есть еще ею же за здесь и из или им ими их к
каждый как какая какие какое какой какую когда которая которого которой которые который которых кто куда ли
либо лишь мне много мной мог могла могли может можно мой моя мое мои моего моей моем моих моим мою мы на над
надо нам нами нас наш наша наше наши не него нее ней нет ни нибудь никто них ничего но ну о об обо один
однако он она они оно от откуда очень перед по под почему потом потому при про с сам сама сами самый свой
своя свое свои своего своей своем своих свою себе себя скажи сколько со так такая такие также такое такой
там тебе тебя тем теперь то тобой тогда того тоже той только том тот ту тут ты у уже хотя чего чей чем через
что чтобы чья эта эти этим этих это этого этой этом этот эту я
"""

_UKRAINIAN = """
а або але б без біля бо був буде була були було бути в вам вами вас ваш ваша ваше ваші весь ви від він вона
вони воно все всі вся всього всій всіх всім всю да де для до дуже є ж за зараз з зі із і й його її їй йому
їх їм їхній інший кожен коли колись кому котра котрий крім кого куди ледь лише ми мене мені мій моя моє мої
мого моєї моїх мою можна може на над навіть нам нами нас наш наша наше наші не нема немає ні ніж них нього
неї ній ним ну о об один однак перед під по поки потім про при свій своя своє свої свого своєї своїх свою
себе собі скажи скільки та так така таке такий такі там такою те теж тебе тепер ти тим тих то тобі тобою
тоді того тої тому той ту тут у усе усі хіба хоч хто це цей ця ці цього цієї цьому цим цих цю чи чий чия
чого чому чомусь ще що щоб щось як яка яке який якій яких які якого якої яку якщо я
"""

STOP_WORDS: frozenset[str] = frozenset(
    word.replace("'", "") for word in f"{_ENGLISH} {_RUSSIAN} {_UKRAINIAN}".split()
)
"""Function words of English, Russian and Ukrainian, folded as `bot.memory.lexing` folds words."""

# Words that no English text holds often; what two of these languages share counts for both.
_FOREIGN: dict[str, str] = {
    "german": """
        aber als auch auf aus bei bin die bist das dass dem den der des dich dir du ein eine einem einen
        einer er es für habe haben hast hat ich ihr ihre im ist ja kann kein keine mein meine mich mir mit
        muss nach nicht noch nur oder schon sehr sich sie sind und uns unser von vom warum wenn werden wie
        wir wird wo zu zum zur über
        """,
    "french": """
        alors au aussi aux avec bien ce cela ces cette chez dans de des dont du elle elles en est et ette
        être fait il ils je jai la le les leur leurs lui mais mes moi mon ne nous notre ou où par pas plus
        pour pourquoi quand que quel quelle qui quoi sa sans ses son sont sur ta tes toi très tu un une vos
        votre vous été était
        """,
    "spanish": """
        al algo aquí como con cuando cuándo cómo de del desde donde dónde el ella ellos en era eres es esta
        estaba estar este esto estoy está están fue ha hace hay he la las le les lo los más me mi mis mucho
        muy nada no nos nosotros para pero por porque que qué quién se ser si sin sobre son soy su sus
        también te tengo tiene todo tu un una uno y ya yo
        """,
    "italian": """
        abbiamo al alla anche che chi ci come con cosa così da dal dalla degli dei del della delle di dove e
        ed era gli ha hai hanno ho i il in io la le lei lo loro lui ma mi mia mio molto nel nella non o per
        perché più poi quando quella quello questa questo se sei si sono sua sul sulla suo ti tu tutti tutto
        un una uno è
        """,
    "portuguese": """
        ao aos aqui as com como da das de dela dele depois do dos e ela ele eles em era essa esse esta
        estava este estou está eu foi há isso isto já lhe mais mas me meu meus minha muito na nas nem no nos
        não nós o onde os ou para pela pelo por porque quando que quem se sem ser seu sua são só também te
        tem tenho tinha tudo um uma você à é
        """,
}
_WORDS_OF: dict[str, frozenset[str]] = {
    language: frozenset(text.split()) for language, text in _FOREIGN.items()
}
_ANY = frozenset[str]().union(*_WORDS_OF.values())
_ENGLISH_WORDS = frozenset(_ENGLISH.split())
_SHARE = 0.25
"""Function words among all words of a text that is clearly in a language."""


def language_of(words: Iterable[str]) -> str | None:
    """The Snowball name of the language that a Latin text is clearly in; None for English or in doubt.

    `words` are folded words with their accents.
    """
    distinct = set(words)
    known = distinct & _ANY
    if len(known) < 2:
        return None
    counts = sorted(((len(known & of), name) for name, of in _WORDS_OF.items()), reverse=True)
    (best, name), (second, _) = counts[0], counts[1]
    english = len(distinct & _ENGLISH_WORDS)
    if best < 2 or best <= second or best <= english or best < _SHARE * len(distinct):
        return None
    return name


def function_words(language: str | None) -> frozenset[str]:
    """The function words that count for nothing in a text of that language, next to `STOP_WORDS`."""
    return _WORDS_OF.get(language or "", frozenset())
