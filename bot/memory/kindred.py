"""Words of near or narrower meaning in three languages: people ask by one word and tell by another."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from bot.memory.lexing import terms

# Before the colon: words that people ask with, which find each other. Behind it: what answers name instead.
# An indented line goes on with the one before it.
_GROUPS = """
family сім'я родина родичі семья родственники: husband wife son daughter kids children parents
    mother father mom dad brother sister grandma grandpa чоловік дружина син дочка донька діти батьки мати
    мама батько тато брат сестра бабуся дідусь муж жена сын дочь дети родители мать папа брат сестра
    бабушка дедушка
parents батьки родители: mother father mom dad mum мати мама батько тато отец папа мать
mother mom mum мати мама мать
father dad батько тато отец папа
kids children child son daughter діти дитина дети ребенок: son daughter toddler baby син донька дочка сын
    дочь
childhood дитинство детство: child kid young grew little дитина малий ребенок маленький
husband spouse partner married marriage чоловік подружжя муж супруг брак: wedding wife husband весілля
    свадьба жена дружина
wife spouse partner дружина жена супруга: wedding married husband одружений женат
sibling брати братья: brother sister брат сестра
relationship dating romantic стосунки отношения: boyfriend girlfriend single partner divorce breakup
    хлопець дівчина розлучення парень девушка развод
friend buddy pal mate друг подруга товариш приятель
colleague coworker колега коллега: team boss office manager команда начальник команда
pet animal тварина улюбленець животное питомец: dog cat puppy kitten parrot fish hamster rabbit turtle
    bird snake horse собака пес кіт кішка цуценя папуга рибка кролик черепаха щенок кот кошка попугай
    рыбка
dog puppy pup собака пес цуценя щенок
cat kitten kitty кіт кішка кошеня кот кошка котенок
job work career occupation profession employment робота професія кар'єра посада работа профессия карьера
    должность: company office employer position hired boss salary engineer teacher doctor nurse lawyer
    manager designer developer компанія фірма офіс інженер вчитель лікар юрист компания фирма офис инженер
    учитель врач юрист
company business firm startup компанія бізнес фірма компания бизнес фирма: shop store office
salary money income finance financial зарплата гроші дохід деньги доход: pay paid afford budget loan debt
    rent savings борг кредит оренда заощадження долг кредит аренда
school university college education degree study освіта навчання університет школа образование учеба
    университет: class course student exam graduate major teacher diploma курс студент іспит диплом
    экзамен
home house apartment flat дім будинок квартира дом: move room rent kitchen bedroom roommate кімната
    комната
live reside residence address жити проживати жить проживать адреса адрес: move home apartment house city
    переїхати переехать
city town place location country visit travel trip місто країна місце подорож город страна место
    путешествие: trip visit vacation holiday flight abroad tour hotel beach відпустка готель рейс отпуск
    отель рейс поездка поїздка
travel trip vacation holiday journey getaway подорож поїздка відпустка путешествие поездка отпуск: flight
    hotel beach camping hiking tour airport abroad рейс готель літак отель самолет
food meal dish cuisine їжа страва еда блюдо: cook recipe dinner lunch breakfast eat ate pizza pasta soup
    salad cake готувати рецепт вечеря обід сніданок суп готовить ужин обед завтрак
dessert sweet солодке десерт сладкое: cake cookie chocolate pie ice cream pastry торт печиво шоколад
    морозиво торт печенье шоколад мороженое
diet allergy allergic intolerant дієта алергія диета аллергия: vegan vegetarian gluten lactose dairy nuts
    веган вегетаріанець вегетарианец
drink beverage напій напиток: coffee tea wine beer juice water кава чай вино пиво кофе сок
restaurant cafe ресторан кафе: dinner lunch bar place menu
health illness disease medical здоров'я хвороба здоровье болезнь: doctor hospital pain sick surgery injury
    medicine therapy diagnosis лікар лікарня біль хворий операція врач больница боль больной операция
injury hurt травма: broke ankle knee leg arm pain sprain нога рука
stress relax unwind стрес розслабитися стресс расслабиться: calm yoga meditation rest overwhelmed anxious
exercise workout fitness sport training спорт тренування тренировка: gym run running yoga swim swimming
    hike bike football basketball soccer tennis біг басейн футбол зал бег бассейн
sport спорт: football basketball soccer tennis swimming surfing running skiing hockey volleyball футбол
    баскетбол теніс плавання теннис плавание
hobby activity interest pastime хобі захоплення дозвілля хобби увлечение занятие: painting drawing reading
    hiking camping gardening cooking dancing photography music guitar game swimming pottery малювання
    читання танці рисование чтение танцы
art painting drawing мистецтво живопис искусство живопись: paint draw sketch canvas sculpture pottery
    gallery museum
music музика музыка: song band concert album guitar piano violin singer пісня гурт концерт гітара песня
    группа гитара
instrument інструмент инструмент: guitar piano violin drums flute clarinet гітара піаніно гитара пианино
book reading novel author книга роман читати читать автор: read story series library chapter прочитати
    прочитать
movie film cinema show series фільм кіно серіал фильм кино сериал: watch watched actor director trilogy
    netflix
game gaming гра игра: play console tournament board chess грати играть
car vehicle машина авто автомобіль автомобиль: drive toyota honda ford bmw repair mechanic garage
event occasion celebration подія захід свято событие мероприятие праздник: party concert festival parade
    wedding conference meeting birthday ceremony fair вечірка концерт весілля вечеринка свадьба
birthday народження рождения: born party gift cake народився родился
gift present подарунок подарок: gave bought birthday подарувати подарить
buy purchase acquire shop купити придбати покупка купить приобрести: bought got ordered store new shopping
    paid
clothes clothing outfit одяг одежда: shirt dress shoes jacket jeans hat boots взуття обувь
phone gadget device electronics телефон гаджет пристрій устройство: laptop computer tablet camera iphone
    headphones
trip journey road поїздка поездка
volunteer charity donate волонтер благодійність благотворительность: shelter homeless donation fundraiser
    help community
religion faith church релігія віра религия вера: church god pray temple mosque церква бог
plan goal future intend plans план мета майбутнє цель будущее: want hope dream хочу мрія мечта
feel emotion mood почуття настрій чувство настроение: happy sad excited proud anxious scared nervous angry
    grateful
problem issue trouble challenge проблема труднощі проблема трудности: broken difficult hard struggle tough
win award prize achievement перемога нагорода победа награда: won medal trophy tournament champion
fear afraid scared боятися страх бояться
favorite favourite prefer улюблений любимый: love like best enjoy люблю подобається нравится
name called named ім'я звати имя зовут
age вік возраст: birthday born turned
nature outdoors природа: hike hiking forest mountain beach lake camping park ліс гори море лес горы
garden plants сад рослини растения: flower vegetables tomatoes grow planted квіти цветы
teacher coach mentor вчитель тренер наставник учитель
doctor physician лікар врач: dentist therapist clinic
meet met encounter познайомитися зустріти познакомиться встретить
talk discuss chat conversation розмова обговорити разговор обсудить
repair fix mend полагодити відремонтувати починить отремонтировать: broken fixed replaced
photo picture pic image фото світлина картинка фотография
dinner lunch breakfast supper вечеря обід сніданок ужин обед завтрак: cook recipe meal eat food restaurant
    їжа еда
ingredients інгредієнти продукти ингредиенты продукты: vegetables fruit herbs meat flour sugar овочі
    фрукти овощи фрукты
kitchen кухня: cook oven fridge stove sink faucet pan pot knife microwave toaster kettle blender mixer grill
    плита холодильник духовка
furniture меблі мебель: sofa couch table chair bed desk shelf wardrobe диван стіл ліжко шафа стол кровать
    шкаф
bathroom ванна ванная: shower toilet sink bath душ туалет
bike bicycle велосипед: ride cycling wheel cycle
bank card account банк карта рахунок счет: loan credit debit mortgage кредит іпотека ипотека
tax податок налог: refund return file
beauty hair makeup зачіска волосся прическа волосы: salon haircut skincare shampoo nails манікюр маникюр
weather погода: rain snow sunny hot cold storm дощ сніг дождь снег
subscription підписка подписка: subscribe magazine newspaper streaming monthly
language мова язык: english spanish french german speak learn lessons англійська немецкий
flight plane рейс переліт літак перелет самолет: airport fly ticket airline аеропорт квиток аэропорт билет
hotel готель отель: room booking stay reservation airbnb номер
baby newborn немовля малюк младенец малыш: pregnant born crib вагітна беременна
pregnant вагітна беременна: baby due born
password code pin пароль код
document passport visa документ паспорт віза виза
appointment прийом запис прием запись: doctor dentist booked schedule
weight lose вага схуднути вес похудеть: diet gym calories kilos кг
sleep insomnia сон безсоння бессонница: bed night awake tired
smoke alcohol палити курить: cigarettes quit
course class lesson lecture курс урок лекція лекция: teacher learn enroll signed
exam test іспит экзамен: passed failed score grade
news announcement новини новость: announced heard
delivery order package доставка посилка посылка заказ: arrived shipped courier
relocate moved переїзд переїхати переезд переехать: move apartment new city
degree diploma диплом: graduated university bachelor master
"""


@lru_cache(maxsize=1)
def _table() -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for group in _GROUPS.replace("\n    ", " ").strip().splitlines():
        asked, _, told = group.partition(":")
        heads = _stems(asked.split())
        for head in heads:
            found.setdefault(head, set()).update(heads | _stems(told.split()))
    return {head: frozenset(words - {head}) for head, words in found.items()}


def _stems(words: Iterable[str]) -> set[str]:
    return {term for word in words for term in terms(word)}


def kindred(term: str) -> frozenset[str]:
    """The index terms that may stand for a question's term; empty for most."""
    return _table().get(term, frozenset())
